"""What the tests of the reports share: a result of a few records, and one in which every rule speaks."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from residency.model import Edge, Followed, Gap, Geography, Place, Role, Severity, Status, Store, Why
from residency.reports import render
from residency.reports.result import Result
from residency.rules import rules
from residency.run import judge_run
from tests.build import (
    TODAY,
    VENDOR_AWS,
    a_cell,
    a_config,
    a_control,
    a_copy,
    a_gap,
    a_geography,
    a_store,
    an_edge,
    save_run,
)

JP, SG, NOWHERE = "aws:ap-northeast-1", "aws:ap-southeast-1", "aws:xx-nowhere-1"
APPROVED = "reason: known, owner: a@example.com, approved_by: b@example.com, approved_on: 2026-11-01"
EXCEPTIONS = f"""\
version: 1
kind: exceptions
exceptions:
  - {{id: EX-USED, rule: copy-outside-territory, match: {{name: used}}, {APPROVED}, expires: 2026-12-31}}
  - {{id: EX-UNUSED, rule: copy-outside-territory, match: {{name: nothing}}, {APPROVED}, expires: 2026-12-31}}
  - {{id: EX-OVER, rule: copy-outside-territory, match: {{name: nothing}}, {APPROVED}, expires: 2026-11-21}}
"""
COVERAGE = f"""\
version: 1
kind: coverage
accept: [{{id: CG-1, match: {{region: sa-east-1}}, cause: {{status: denied}}, {APPROVED}, expires: 2027-10-31}}]
"""
VENDOR = VENDOR_AWS.replace("state: approved", "state: draft").replace("country: JP", "country: SG")


def result_of(
    folder: Path,
    *records: Store | Edge,
    gaps: Iterable[Gap] = (),
    geographies: Iterable[Geography] = (),
    **files: str,
) -> Result:
    run = save_run(folder / "run.jsonl", *records, gaps=gaps, geographies=geographies)
    return judge_run(run, a_config(folder / "config", **files), TODAY, Severity.HIGH)


def every_rule(folder: Path) -> Result:
    """A result in which each of the rules has at least one finding: a new rule adds a store that it speaks of."""
    one, two = "arn:aws:s3:::one", "arn:aws:s3:::two"
    key = a_control(None, key="arn:aws:kms:::key/1", key_place=Place.parse(SG))
    records: list[Store | Edge] = [
        a_store(one, a_copy(JP, control=key), a_copy(SG, Role.REPLICA, holder=two), a_copy(NOWHERE, Role.BACKUP)),
        a_store(two, a_copy(SG, control=a_control(0)), a_copy(SG, Role.SHARE, account="*"), tags={}),
        an_edge(one, two),
        a_store("arn:aws:s3:::global", a_copy(None, candidates=(Place.parse(JP),)), a_copy(None, why=Why.UNBOUNDED)),
        a_store("arn:aws:s3:::used", a_copy(SG)),
        a_store("arn:aws:s3:::untagged", a_copy(SG), tags={}),
        a_store("arn:aws-cn:s3:::china", a_copy("aws-cn:cn-north-1"), tags={"data": "special"}),
        a_store("arn:aws:sqs:::queue", kind="aws.sqs.queue", followed=Followed.NONE),
    ]
    gaps = [a_gap(a_cell(region=region)) for region in ("sa-east-1", "eu-west-1")]
    gaps.append(a_gap(a_cell(service="kms"), Status.TIMEOUT, needs=None))
    says = [a_geography(JP, "Türkiye"), a_geography(NOWHERE, "Türkiye")]
    result = result_of(
        folder, *records, gaps=gaps, geographies=says, exceptions=EXCEPTIONS, coverage=COVERAGE, vendors__aws=VENDOR
    )
    silent = sorted(set(rules()) - {finding.rule for finding in result.findings})
    assert not silent, f"{silent} has no finding: add a case to every_rule() in tests/reports/results.py"
    return result


def text_of(result: Result, *languages: str, colour: bool = False) -> str:
    return "".join(render("text", result, languages or ("en",), colour))


def json_of(result: Result) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads("".join(render("json", result, ("en",))))
    return parsed
