"""What a run did not see, by the one thing that would close it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from residency.coverage import CellLevel, Coverage, results_of
from residency.inventory import SavedRun
from residency.policy.load import Config
from residency.policy.models import Approval
from residency.rules.base import GapCause
from residency.rules.causes import how_to_close

Tree = dict[str, Any]

BY = ("cause", "owner", "account")
LEVELS = ("required", "tracked", "out")


@dataclass
class Seen:
    """The cells of a run with their levels, the causes of their gaps, and the rows that take cells out."""

    levels: list[CellLevel]
    causes: list[GapCause]
    out: dict[str, set[str]]  # id of a cause -> ids of the rows of `scope.out` that cover its cells


def seen_of(run: SavedRun, config: Config, today: date) -> Seen:
    """Judge the cells of a run. No store is read for it."""
    accounts = {(account.provider, account.id): account for account in run.accounts}
    coverage = Coverage(config, today, accounts, set())
    rows = {row.id for row in config.coverage.scope.out}
    out: dict[str, set[str]] = {}
    for result in results_of(run, config):
        coverage.used = set()
        coverage.judge([result])
        level = coverage.levels[-1]
        if level.level == "out" and level.cause:
            out.setdefault(level.cause, set()).update(coverage.used & rows)
    return Seen(coverage.levels, coverage.causes, out)


def tree_of(run: SavedRun, config: Config, today: date, by: str) -> Tree:
    """All gaps of a run, grouped by `cause`, `owner` or `account`; the gravest group first."""
    seen = seen_of(run, config, today)
    groups: dict[str, list[GapCause]] = {}
    for cause in sorted(seen.causes, key=gravity):
        groups.setdefault(_group(cause, by), []).append(cause)
    return {
        "run": {"id": run.id, "started": run.head["started"]},
        "cells": _counted(seen.levels),
        "levels": {level: _total(level, seen) for level in LEVELS},
        "by": by,
        "groups": [
            {"name": name, "causes": [_cause(cause, seen, config, today) for cause in causes]}
            for name, causes in groups.items()
        ],
    }


def gravity(cause: GapCause) -> tuple[int, bool, int, str]:
    return LEVELS.index(cause.level), bool(cause.accepted_by), -len(cause.gaps), cause.id


def _group(cause: GapCause, by: str) -> str:
    cell = cause.gaps[0].cell  # a cause never goes beyond one account of one source
    return {"cause": cause.id, "owner": cause.owner or "", "account": cell.account or cell.source}[by]


def _counted(levels: Iterable[CellLevel]) -> Tree:
    """How many cells were planned, and how many were seen whole."""
    planned = list(levels)
    listed = sum(level.result.status.complete and not level.result.gaps for level in planned)
    return {"planned": len(planned), "listed": listed}


def _total(level: str, seen: Seen) -> Tree:
    causes = [cause for cause in seen.causes if cause.level == level]
    return {
        **_counted(cell for cell in seen.levels if cell.level == level),
        "causes": len(causes),
        "accepted": sum(bool(cause.accepted_by) for cause in causes),
        "gaps": sum(len(cause.gaps) for cause in causes),
    }


def _cause(cause: GapCause, seen: Seen, config: Config, today: date) -> Tree:
    gap = cause.gaps[0]
    how = how_to_close(gap)
    rows = {cause.accepted_by} if cause.level != "out" else seen.out.get(cause.id, set())
    return {
        "id": cause.id,
        "level": cause.level,
        "status": gap.status.value,
        "owner": cause.owner,
        "cells": len({gap.cell for gap in cause.gaps}),
        "stores": len({gap.subject for gap in cause.gaps if gap.subject}),
        "gaps": len(cause.gaps),
        "calls": sorted({gap.call for gap in cause.gaps}),
        "codes": sorted({gap.code for gap in cause.gaps}),
        "needs": sorted({gap.needs for gap in cause.gaps if gap.needs}),
        "regions": sorted({gap.cell.region for gap in cause.gaps if gap.cell.region}),
        "services": sorted({gap.cell.service for gap in cause.gaps}),
        "fix": {"en": how.en, "ja": how.ja},
        "approvals": [_approval(row, today) for row in rows_of(config) if row.id in rows],
    }


def rows_of(config: Config) -> tuple[Approval, ...]:
    return (*config.coverage.accept, *config.coverage.scope.out)


def _approval(row: Approval, today: date) -> Tree:
    return {
        "id": row.id,
        "reason": row.reason,
        "owner": row.owner,
        "approved_by": row.approved_by,
        "expires": row.expires.isoformat(),
        "days_left": (row.expires - today).days,
    }
