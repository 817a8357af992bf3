from __future__ import annotations

from pathlib import Path

from residency.model import Status
from residency.rules.texts import fix, message
from tests.build import a_cell, a_copy, a_gap, a_store
from tests.rules.cases import SG, changed, found, row
from tests.rules.test_exception_expired import COVERAGE, DAY_AFTER, EXCEPTIONS

RULE = "exception-unused"
OUTSIDE = a_store("arn:aws:s3:::one", a_copy(SG))
DENIED = a_gap(a_cell(region="sa-east-1"), Status.DENIED)
SANDBOX = a_gap(a_cell(account="210987654321"))


def test_approvals_that_match_nothing_are_reported_with_their_file(tmp_path: Path) -> None:
    findings = found(tmp_path, RULE, a_store(), exceptions=EXCEPTIONS, coverage=COVERAGE)
    assert [finding.subject.id for finding in findings] == ["EX-1", "CG-1", "OUT-1"]
    assert {(*row(finding), finding.subject.kind) for finding in findings} == {("warning", "low", "exception")}
    assert message(findings[0], "en") == "EX-1 matches nothing that was seen"
    assert [fix(finding, "ja") for finding in findings] == [
        "exceptions.yaml から削除する",
        "coverage.yaml から削除する",
        "coverage.yaml から削除する",
    ]


def test_approvals_that_are_used_are_not_reported(tmp_path: Path) -> None:
    assert found(tmp_path, RULE, OUTSIDE, gaps=[DENIED, SANDBOX], exceptions=EXCEPTIONS, coverage=COVERAGE) == []


def test_an_expired_approval_is_reported_once_and_not_as_unused(tmp_path: Path) -> None:
    assert found(tmp_path, RULE, a_store(), today=DAY_AFTER, exceptions=EXCEPTIONS, coverage=COVERAGE) == []


def test_a_policy_may_change_status_and_severity(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, RULE, a_store(), exceptions=EXCEPTIONS, policy=changed(RULE, "not-checked"))
    assert row(finding) == ("not-checked", "low")
