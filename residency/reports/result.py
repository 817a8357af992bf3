"""A judged run as every report sees it: the head in memory, the stores streamed from a spool."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import IO, Any

from residency.coverage import CellLevel
from residency.model import Finding, FindingStatus
from residency.policy.models import Approval
from residency.rules.base import JudgedCopy, JudgedStore

SCHEMA = "residency/result/v1"
_STATUS_ORDER = list(FindingStatus)


@dataclass
class Result:
    """What `residency/result/v1` holds, before it is written in any format."""

    run: dict[str, Any]
    verdict: str
    exit_code: int
    summary: dict[str, Any]
    vendors: list[dict[str, Any]]
    findings: list[Finding]
    levels: list[CellLevel]
    spool: Spool
    today: date
    selection: dict[str, Any] = field(default_factory=dict)
    approvals: dict[str, Approval] = field(default_factory=dict)  # the exceptions and acceptances that were used
    replaced: list[str] = field(default_factory=list)
    allowed: tuple[str, ...] = ()
    allowed_names: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by language

    @property
    def narrowed_to(self) -> str:
        """To what the run was narrowed, in one line; empty where it was not."""
        return " ".join(f"{key}={','.join(values)}" for key, values in self.selection.items())

    @property
    def taken_over(self) -> str:
        """Of which earlier runs, started when, facts stand in this one; empty where there are none."""
        return ", ".join(f"{run['id']} ({run['started']})" for run in self.run.get("took_over", ()))

    def sorted_findings(self) -> list[Finding]:
        """Violations first, the gravest first."""
        return sorted(
            self.findings,
            key=lambda f: (_STATUS_ORDER.index(f.status), f.severity.rank, f.rule, f.subject.id, str(f.subject.place)),
        )


class Spool:
    """Judged stores as JSON lines in an unnamed temporary file, so that no run has to fit into memory.

    With `kept` false there are none: who asks for them all the same gets a RuntimeError, and no empty list.
    """

    def __init__(self, kept: bool = True) -> None:
        self.kept = kept
        self._file: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8", prefix="residency-")  # noqa: SIM115

    def add(self, store: dict[str, Any]) -> None:
        self._file.write(json.dumps(store, ensure_ascii=False, separators=(", ", ": ")) + "\n")

    def lines(self) -> Iterator[str]:
        if not self.kept:
            raise RuntimeError("the stores of this run were not kept")
        self._file.seek(0)
        for line in self._file:
            yield line.rstrip("\n")

    def close(self) -> None:
        self._file.close()


def store_as_json(judged: JudgedStore) -> dict[str, Any]:
    """One entry of `stores` in residency/result/v1."""
    store = judged.store
    return {
        "id": store.id,
        "address": store.address,
        "kind": store.kind,
        "provider": store.provider,
        "account": store.account,
        "name": store.name,
        "sources": list(store.sources),
        "owner": judged.owner,
        "tags": store.tags,
        "policy": judged.policy.id,
        "data_class": judged.data_class.value,
        "classified_by": judged.classified_by,
        "assumed": judged.assumed,
        "followed": store.followed.value,
        "verdict": judged.verdict,
        "copies": [_copy_as_json(copy) for copy in judged.copies],
    }


def _copy_as_json(judged: JudgedCopy) -> dict[str, Any]:
    copy, control = judged.copy, judged.copy.control
    return {
        "role": copy.role.value,
        "place": str(copy.place) if copy.place else None,
        "candidates": [str(place) for place in copy.candidates],
        "countries": list(judged.countries),
        "verdict": judged.verdict,
        "why": judged.why,
        "state": copy.state.value,
        "former": copy.former,
        "holder": copy.holder,
        "account": copy.account,
        "operator": judged.operator,
        "operator_country": judged.operator_country,
        "control": control
        and {
            "grade": control.grade,
            "modifiers": list(control.modifiers),
            "key": control.key,
            "key_place": str(control.key_place) if control.key_place else None,
        },
        "said_by": [str(said) for said in copy.said_by],
    }
