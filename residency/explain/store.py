"""A store with its copies, their places and sources, and what is said of it; or one finding about one copy of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from residency.explain.concerns import concerns, unseen_of
from residency.explain.nodes import Tree, approval_node, copy_node, finding_node, gap_node, policy_node
from residency.inventory import SavedRun
from residency.judge import Judge
from residency.model import Edge, Finding, FindingStatus
from residency.policy.load import Config
from residency.policy.matching import matches
from residency.policy.models import DataClass
from residency.reports.json_result import fingerprint
from residency.reports.result import store_as_json
from residency.rules.base import JudgedCopy, JudgedStore, World

_STATUS_ORDER = list(FindingStatus)


@dataclass
class Seen:
    """What one pass keeps of one store: its judgement, what is said of it, and the flows that reach it."""

    judged: JudgedStore
    findings: list[Finding]
    flows: dict[str, list[Edge]]
    classes: dict[str, tuple[DataClass, str]]  # of the stores at the ends of edges, and what it rests on
    world: World


def look(store_id: str, run: SavedRun, config: Config, today: date) -> Seen:
    flows = _flows(run.edges())
    judge = Judge(run, config, today)
    found: list[JudgedStore] = []
    about: list[Finding] = []
    classes: dict[str, tuple[DataClass, str]] = {}
    for judged, findings in judge.stores():
        if judged.store.id == store_id:
            found.append(judged)
        if judged.store.id in flows:
            classes[judged.store.id] = (judged.data_class, judged.classified_by)
        # A store that is a copy of another is told of by that one.
        about += [f for f in findings if store_id in (f.subject.id, f.subject.holder)]
    world = judge.world
    about += [f for f in judge.conclude() if concerns(f, found[0], world, unseen_of(f, world))]
    return Seen(found[0], sorted(about, key=_gravity), flows, classes, world)


def _flows(edges: Iterable[Edge]) -> dict[str, list[Edge]]:
    """Id of a store -> the edges that begin or end there."""
    found: dict[str, list[Edge]] = {}
    for edge in edges:
        for end in {edge.source, edge.target} - {None}:
            found.setdefault(cast(str, end), []).append(edge)
    return found


def _gravity(finding: Finding) -> tuple[int, int, str]:
    return _STATUS_ORDER.index(finding.status), finding.severity.rank, finding.rule


def store_tree(seen: Seen, run: SavedRun, today: date) -> Tree:
    judged, world = seen.judged, seen.world
    nodes = store_as_json(judged)
    copies = zip(nodes.pop("copies"), judged.copies, strict=True)
    return {
        "store": nodes,
        "policy": policy_node(judged),
        "class_from": _class_from(seen),
        "copies": [node | copy_node(judged, copy, world) for node, copy in copies],
        "findings": [finding_node(finding, run) for finding in seen.findings],
        "approvals": _approvals(seen, today),
        "gaps": [
            gap_node(gap, cause) for cause in world.causes for gap in cause.gaps if gap.subject == judged.store.id
        ],
    }


def finding_tree(finding: Finding, seen: Seen, run: SavedRun, today: date) -> Tree:
    """The chain of a store, narrowed to one finding and the copy that it is about."""
    seen.findings = [f for f in seen.findings if fingerprint(f) == fingerprint(finding)]
    copies = [copy for copy in seen.judged.copies if _is_about(finding, copy, seen.judged)]
    return narrowed_tree(seen, copies, run, today)


def narrowed_tree(seen: Seen, copies: Sequence[JudgedCopy], run: SavedRun, today: date) -> Tree:
    """The chain of a store, narrowed to some of its copies and to what covers the findings that are kept."""
    tree = store_tree(seen, run, today)
    pairs = zip(tree["copies"], seen.judged.copies, strict=True)
    tree["copies"] = [node for node, copy in pairs if copy in copies]
    rules = {None, *(finding.rule for finding in seen.findings)}
    tree["approvals"] = [row for row in tree["approvals"] if row["rule"] in rules]
    return tree


def _is_about(finding: Finding, judged_copy: JudgedCopy, judged: JudgedStore) -> bool:
    """A finding on a store as a whole, which names no role, is about each of its copies."""
    subject, copy = finding.subject, judged_copy.copy
    parts = (copy.role, copy.place, copy.holder, copy.account or judged.store.account)
    return subject.role is None or parts == (subject.role, subject.place, subject.holder, subject.account)


def _class_from(seen: Seen) -> list[Tree]:
    """The stores that the data class came from along edges, nearest first."""
    here, basis = seen.judged.store.id, seen.judged.classified_by
    data_class, passed, steps = seen.judged.data_class, {seen.judged.store.id}, []
    while step := _step(seen, here, basis, data_class):
        here, edge = step
        if here in passed:
            break
        passed.add(here)
        own_class, basis = seen.classes.get(here, (None, ""))  # "" = nobody saw it: it hands on what it was given
        steps.append(
            {
                "store": here,
                "role": edge.role.value,
                "data_class": own_class.value if own_class else None,
                "classified_by": basis or None,
                "said_by": [str(said) for said in edge.said_by],
            }
        )
    return steps


def _step(seen: Seen, here: str, basis: str, data_class: DataClass) -> tuple[str, Edge] | None:
    """The store at the far end of the edge along which a class came here, as lineage.py words it."""
    for edge in seen.flows.get(here, ()):
        source, target = edge.source, edge.target
        handed_on = not basis and not edge.former and seen.classes.get(source, (None, ""))[0] is data_class
        if target == here and (handed_on or basis == f"{edge.role.value} of {source}"):
            return source, edge
        if target and source == here and basis == f"person-related, and joined with {target}":
            return target, edge
    return None


def _approvals(seen: Seen, today: date) -> list[Tree]:
    """The exceptions that match the store, and the acceptances of what was not seen of it."""
    store, config = seen.judged.store, seen.world.config
    used = {finding.excepted_by for finding in seen.findings}
    accepting = {c.accepted_by for c in seen.world.causes if any(gap.subject == store.id for gap in c.gaps)}
    names = seen.judged.names
    exceptions = [row for row in config.exceptions.exceptions if row.id in used or matches(row.match, names)]
    acceptances = [row for row in config.coverage.accept if row.id in used | accepting]
    return [approval_node(row, row.id in used | accepting, today) for row in (*exceptions, *acceptances)]
