from __future__ import annotations

from datetime import date
from pathlib import Path

from residency.rules.texts import message
from tests.build import a_store
from tests.rules.cases import changed, found, row

RULE = "exception-expired"
APPROVED = (
    "reason: migration, owner: a@example.com, approved_by: b@example.com, approved_on: 2026-11-01, expires: 2026-12-31"
)
EXCEPTIONS = (
    "version: 1\nkind: exceptions\nexceptions:\n"
    f'  - {{id: EX-1, rule: copy-outside-territory, match: {{id: "*"}}, {APPROVED}}}\n'
)
COVERAGE = (
    "version: 1\nkind: coverage\n"
    f'scope: {{out: [{{id: OUT-1, match: {{account: "210987654321"}}, {APPROVED}}}]}}\n'
    f"accept: [{{id: CG-1, match: {{region: sa-east-1}}, cause: {{status: denied}}, {APPROVED}}}]\n"
)
LAST_DAY, DAY_AFTER = date(2026, 12, 31), date(2027, 1, 1)


def test_every_kind_of_approval_is_reported_from_the_day_after_its_last(tmp_path: Path) -> None:
    findings = found(tmp_path, RULE, a_store(), today=DAY_AFTER, exceptions=EXCEPTIONS, coverage=COVERAGE)
    assert [finding.subject.id for finding in findings] == ["EX-1", "CG-1", "OUT-1"]
    assert {(*row(finding), finding.subject.kind) for finding in findings} == {("warning", "medium", "exception")}
    assert message(findings[0], "en") == "EX-1 expired on 2026-12-31: what it covered counts again"
    assert message(findings[0], "ja").startswith("EX-1 は 2026-12-31 に期限切れ")
    assert findings[0].owner == "a@example.com"


def test_the_last_day_still_counts(tmp_path: Path) -> None:
    assert found(tmp_path, RULE, a_store(), today=LAST_DAY, exceptions=EXCEPTIONS, coverage=COVERAGE) == []


def test_a_policy_may_change_status_and_severity(tmp_path: Path) -> None:
    policy = changed(RULE, "violation")
    (finding,) = found(tmp_path, RULE, a_store(), today=DAY_AFTER, exceptions=EXCEPTIONS, policy=policy)
    assert row(finding) == ("violation", "low")
