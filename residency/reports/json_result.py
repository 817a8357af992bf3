"""`residency/result/v1`: everything, in both languages, streamed store by store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from residency.coverage import CellLevel
from residency.model import Finding, Gap
from residency.reports.result import SCHEMA, Result
from residency.rules.texts import fix, message


def render(result: Result, languages: tuple[str, ...], colour: bool = False) -> Iterator[str]:
    head = {
        "schema": SCHEMA,
        "run": result.run,
        "verdict": result.verdict,
        "exit_code": result.exit_code,
        "summary": result.summary,
    }
    yield "{" + ",\n ".join(f"{json.dumps(key)}: {_json(value)}" for key, value in head.items())
    yield from _array("stores", result.spool.lines())
    yield from _array("vendors", map(_json, result.vendors))
    first_seen = result.run["started"]
    yield from _array("findings", (_json(finding_as_json(f, first_seen)) for f in result.sorted_findings()))
    yield from _array("coverage", (_json(_cell_as_json(level)) for level in result.levels))
    yield "}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _array(name: str, items: Iterator[str]) -> Iterator[str]:
    yield f",\n {json.dumps(name)}: ["
    before = "\n  "
    for item in items:
        yield before + item
        before = ",\n  "
    yield "]"


def finding_as_json(finding: Finding, first_seen: str) -> dict[str, Any]:
    """One entry of `findings`: the fingerprint's parts stand in `subject`, so that it can be computed again."""
    subject = finding.subject
    file, _, line = (finding.at or "").rpartition(":")
    has_line = bool(file) and line.isascii() and line.isdigit() and not file.startswith("arn:")
    return {
        "rule": finding.rule,
        "status": finding.status.value,
        "severity": finding.severity.value,
        "assumed": finding.assumed,
        "subject": {
            "kind": subject.kind,
            "id": subject.id,
            "role": subject.role.value if subject.role else None,
            "place": str(subject.place) if subject.place else None,
            "holder": subject.holder,
            "account": subject.account,
            "stack": subject.stack,
            "detail": subject.detail,
        },
        "message": {language: message(finding, language) for language in ("en", "ja")},
        "evidence": list(finding.evidence),
        "fix": {language: fix(finding, language) for language in ("en", "ja")},
        "policy": finding.policy,
        "owner": finding.owner,
        "excepted_by": finding.excepted_by,
        "first_seen": first_seen,
        "file": file if has_line else None,
        "line": int(line) if has_line else None,
        "address": None if has_line else finding.at,
        "fingerprint": fingerprint(finding),
    }


def fingerprint(finding: Finding) -> str:
    """Names a finding across runs: what it is about, never a line number."""
    subject = finding.subject
    place = str(subject.place) if subject.place else "?"
    role = subject.role.value if subject.role else ""
    parts = (
        "v1",
        finding.rule,
        subject.kind,
        subject.id,
        role,
        place,
        subject.account or "",
        subject.holder or "",
        subject.stack or "",
        subject.detail or "",
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _cell_as_json(level: CellLevel) -> dict[str, Any]:
    result = level.result
    cell = result.cell
    return {
        "source": cell.source,
        "provider": cell.provider,
        "account": cell.account,
        "region": cell.region,
        "service": cell.service,
        "listing": cell.listing,
        "status": result.status.value,
        "level": level.level,
        "accepted_by": level.accepted_by,
        "cause": level.cause,
        "calls": result.calls,
        "stores": result.stores,
        "gaps": [_gap_as_json(gap) for gap in result.gaps],
    }


def _gap_as_json(gap: Gap) -> dict[str, Any]:
    return {
        "subject": gap.subject,
        "call": gap.call,
        "status": gap.status.value,
        "code": gap.code,
        "needs": gap.needs,
        "reason": gap.reason,
    }
