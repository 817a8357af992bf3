"""What the tests of the rules share: a few words for a store abroad, and one call that judges it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from residency.model import Account, Edge, Finding, Gap, Geography, Store
from residency.policy.load import Config
from residency.rules.texts import fix, message
from tests.build import TODAY, a_config, judge, said, save_run

JP, JP2, US, SG, ID = (
    "aws:ap-northeast-1",
    "aws:ap-northeast-3",
    "aws:us-east-1",
    "aws:ap-southeast-1",
    "aws:ap-southeast-3",
)
NOWHERE = "aws:xx-nowhere-1"  # the atlas does not hold it
SPECIAL = {"data": "special"}
NONE = {"data": "public"}
POLICY = "version: 1\nkind: policy\nid: own\n"


def found(
    folder: Path,
    rule: str,
    *records: Store | Edge,
    gaps: Iterable[Gap] = (),
    accounts: Iterable[Account] = (),
    geographies: Iterable[Geography] = (),
    today: date = TODAY,
    **files: str,
) -> list[Finding]:
    """The findings of one rule on a run of these records, under a config of these files."""
    run = save_run(folder / "run.jsonl", *records, gaps=gaps, accounts=accounts, geographies=geographies)
    findings = said(judge(run, config_of(**files), today)[1], rule)
    assert [text for finding in findings for text in sentences(finding) if not _is_filled(text)] == []
    return findings


def config_of(**files: str) -> Config:
    """A config of these files. It is read once: a config does not look at its folder again."""
    return _config_of(tuple(sorted(files.items())))


@cache
def _config_of(files: tuple[tuple[str, str], ...]) -> Config:
    with TemporaryDirectory(prefix="residency-config-") as folder:
        return a_config(Path(folder), **dict(files))


def row(finding: Finding) -> tuple[str, str]:
    return finding.status.value, finding.severity.value


def sentences(finding: Finding) -> list[str]:
    """Message and fix in both languages."""
    return [text(finding, language) for text in (message, fix) for language in ("en", "ja")]


def _is_filled(text: str) -> bool:
    return bool(text.strip()) and not re.search(r"\{[a-z_]*\}|None", text)


def changed(rule: str, status: str = "warning") -> str:
    """A policy that changes status and severities of one rule."""
    severity = "severity: {personal: low, special_care: critical}"
    return f"{POLICY}rules:\n  {rule}: {{status: {status}, {severity}, reason: counsel said so}}\n"
