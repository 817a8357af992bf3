"""What holds copies of stores and is no store of the run: the bucket of a partner, a vault that nobody listed."""

from __future__ import annotations

from datetime import date

from residency.explain.nodes import Tree, short_node
from residency.explain.store import look, narrowed_tree
from residency.explain.wide import LISTED
from residency.inventory import SavedRun
from residency.judge import Judge
from residency.policy.load import Config

EXPLAINED = 3  # stores whose chain is told; of more there is only the list


def holder_tree(question: str, run: SavedRun, config: Config, today: date) -> Tree | None:
    """The stores that have a copy there, and the chains of these copies; None where no copy is held there."""
    holders: set[str] = set()
    named: list[Tree] = []
    total = 0
    for judged, _ in Judge(run, config, today).stores():
        called = {copy.copy.holder for copy in judged.copies if _is_called(copy.copy.holder, question)}
        total += bool(called)
        holders |= {holder for holder in called if holder}
        if called and total <= LISTED:
            named.append(short_node(judged))
    if not holders:
        return None
    chains = [_chain(store["id"], question, run, config, today) for store in named] if total <= EXPLAINED else []
    return {"holders": sorted(holders), "stores": {"total": total, "first": named}, "chains": chains}


def _chain(store_id: str, question: str, run: SavedRun, config: Config, today: date) -> Tree:
    """The chain of a store, narrowed to the copies that are held there."""
    seen = look(store_id, run, config, today)
    seen.findings = [finding for finding in seen.findings if _is_called(finding.subject.holder, question)]
    held = [copy for copy in seen.judged.copies if _is_called(copy.copy.holder, question)]
    return {"is": "store"} | narrowed_tree(seen, held, run, today)


def _is_called(holder: str | None, question: str) -> bool:
    """By its id, or by the last part of it, which is its name."""
    if not holder or not question:
        return False
    return holder == question or holder.endswith((f":{question}", f"/{question}"))
