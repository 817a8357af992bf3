"""A finding that is made of many stores: about a vendor, a key, a cause of gaps, an exception."""

from __future__ import annotations

from datetime import date

from residency.explain.concerns import concerned, gaps_behind
from residency.explain.nodes import (
    Tree,
    approval_node,
    finding_node,
    gap_node,
    operator_node,
    place_node,
    short_node,
    vendor_node,
)
from residency.inventory import SavedRun
from residency.judge import Judge
from residency.model import Finding
from residency.policy.load import Config
from residency.rules.base import GapCause, World

LISTED = 20  # stores and gaps that are named; of the rest only the number is told


def wide_tree(finding: Finding, run: SavedRun, config: Config, today: date) -> Tree:
    """A finding that is made of many stores: its evidence, its subject, and the stores concerned."""
    judge = Judge(run, config, today)
    named: list[Tree] = []
    total = 0
    for judged in concerned(finding, judge):
        total += 1
        if total <= LISTED:
            named.append(short_node(judged))
    judge.conclude()  # only then it is known which exceptions were used
    return {
        "findings": [finding_node(finding, run)],
        "subject": _subject(finding, judge.world, today),
        "stores": {"total": total, "first": named},
        "approvals": _approvals_of(finding, judge.world, today),
    }


def _subject(finding: Finding, world: World, today: date) -> Tree:
    """What is known of that which the finding is about, beside the finding itself."""
    subject, config = finding.subject, world.config
    policy = next(policy for policy in config.policies if policy.id == finding.policy)
    if subject.kind == "key" and subject.place:
        return {"key": subject.id, "place": place_node(subject.place, policy, world)}
    if subject.kind == "vendor" and subject.id in config.vendors:
        return {"vendor": vendor_node(config.vendors[subject.id], policy, today)}
    if subject.kind == "vendor" and subject.id in config.operators:
        return {"operator": operator_node(config.operators[subject.id])}
    if finding.rule == "coverage-gap":
        return {"cause": _cause(finding, world)}
    return {}


def _cause(finding: Finding, world: World) -> Tree:
    gaps = gaps_behind(finding, world)
    level = (finding.subject.detail or "").partition("/")[0]
    cause = GapCause(finding.subject.id, level, finding.excepted_by, owner=finding.owner)
    return {
        "id": cause.id,
        "level": level,
        "cells": len({gap.cell for gap in gaps}),
        "total": len(gaps),
        "first": [gap_node(gap, cause) for gap in gaps[:LISTED]],
    }


def _approvals_of(finding: Finding, world: World, today: date) -> list[Tree]:
    """The row that excepts a finding, or that the finding is about."""
    config = world.config
    rows = (*config.exceptions.exceptions, *config.coverage.accept, *config.coverage.scope.out)
    wanted = {finding.excepted_by, finding.subject.id if finding.subject.kind == "exception" else None}
    return [approval_node(row, row.id in world.used, today) for row in rows if row.id in wanted]
