"""The chain behind one rule, store or finding: store → copy → place → source → jurisdiction → clause → fix.

Pure: a saved run, a config and a day become a small tree of plain data, with its texts in both languages.
The stores pass through one by one, and only what concerns the question is kept.
"""

from __future__ import annotations

from datetime import date

from residency.explain.naming import named_by
from residency.explain.nodes import Tree
from residency.explain.rule import is_rule, rule_tree
from residency.explain.store import look, narrowed_tree, store_tree
from residency.explain.wide import wide_tree
from residency.inventory import SavedRun
from residency.policy.load import Config

__all__ = ["Tree", "is_rule", "rule_tree", "tree_of"]


def tree_of(question: str, run: SavedRun, config: Config, today: date) -> Tree:
    """The chain of a store or of a finding. InputError where the question names neither, or several."""
    named = named_by(question, run, config, today)
    told = {"id": run.id, "started": run.head["started"]}
    head = {"question": question, "is": "store" if isinstance(named, str) else "finding", "run": told}
    if isinstance(named, str):
        return head | store_tree(look(named, run, config, today), run, today)
    if named.subject.kind == "store":
        return head | narrowed_tree(named, look(named.subject.id, run, config, today), run, today)
    return head | wide_tree(named, run, config, today)
