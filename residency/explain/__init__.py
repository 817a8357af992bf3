"""The chain behind one rule, store, finding or holder: store → copy → place → source → jurisdiction → clause → fix.

Pure: a saved run, a config and a day become a small tree of plain data, with its texts in both languages.
The stores pass through one by one, and only what concerns the question is kept.
"""

from __future__ import annotations

from datetime import date

from residency.explain.holder import holder_tree
from residency.explain.naming import named_by, unknown
from residency.explain.nodes import Tree
from residency.explain.rule import is_rule, rule_tree
from residency.explain.store import finding_tree, look, store_tree
from residency.explain.wide import wide_tree
from residency.inventory import SavedRun
from residency.policy.load import Config

__all__ = ["Tree", "is_rule", "rule_tree", "tree_of"]


def tree_of(question: str, run: SavedRun, config: Config, today: date) -> Tree:
    """The chain of a store, of a finding, or of what a holder has. InputError where it names none, or several."""
    named = named_by(question, run, config, today)
    head: Tree = {"question": question, "run": {"id": run.id, "started": run.head["started"]}}
    if isinstance(named, str):
        return head | {"is": "store"} | store_tree(look(named, run, config, today), run, today)
    if named is None:
        return head | {"is": "holder"} | _held(question, run, config, today)
    if named.subject.kind == "store":
        seen = look(named.subject.id, run, config, today)
        return head | {"is": "finding"} | finding_tree(named, seen, run, today)
    return head | {"is": "finding"} | wide_tree(named, run, config, today)


def _held(question: str, run: SavedRun, config: Config, today: date) -> Tree:
    held = holder_tree(question, run, config, today)
    if held is None:
        raise unknown(question, run, config, today)
    return held
