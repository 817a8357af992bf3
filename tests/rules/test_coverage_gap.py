from __future__ import annotations

from pathlib import Path

import pytest

from residency.model import Status
from residency.rules.texts import fix, message
from tests.build import a_cell, a_gap, a_store
from tests.rules.cases import changed, found, row, sentences

RULE = "coverage-gap"
GAPS = [status for status in Status if not status.complete]
KEYS = a_cell(service="kms", listing="ListKeys")  # holds keys: tracked
SECRETS = a_cell(service="secretsmanager", listing="ListSecrets")
APPROVED = (
    "reason: guardrail, owner: a@example.com, approved_by: b@example.com, approved_on: 2026-11-01, expires: 2027-10-31"
)


def accept(match: str) -> str:
    return (
        f"version: 1\nkind: coverage\naccept: [{{id: CG-1, match: {{{match}}}, cause: {{status: denied}}, {APPROVED}}}]"
    )


def out(match: str) -> str:
    return f"version: 1\nkind: coverage\nscope: {{out: [{{id: OUT-1, match: {{{match}}}, {APPROVED}}}]}}"


@pytest.mark.parametrize("status", GAPS)
def test_every_status_that_left_something_unseen_is_not_checked(tmp_path: Path, status: Status) -> None:
    (finding,) = found(tmp_path, RULE, a_store(), gaps=[a_gap(status=status)])
    assert row(finding) == ("not-checked", "high")
    assert all(status.value in text for text in sentences(finding)[:2])


def test_a_whole_run_has_no_gap(tmp_path: Path) -> None:
    assert found(tmp_path, RULE, a_store()) == []


def test_there_is_one_finding_for_each_cause(tmp_path: Path) -> None:
    same = [a_gap(a_cell(region=region)) for region in ("eu-west-1", "eu-west-2", "us-east-1")]
    other = a_gap(a_cell(account="210987654321"), Status.NO_ROLE)
    findings = found(tmp_path, RULE, a_store(), gaps=[*same, other])
    assert len(findings) == 2
    assert "s3 in 3 regions of 123456789012 not seen" in message(findings[0], "en")
    assert "3 リージョン の s3" in message(findings[0], "ja")
    assert len(findings[0].evidence) == 3


def test_a_refused_question_about_stores_counts_them(tmp_path: Path) -> None:
    gaps = [a_gap(subject=f"arn:aws:s3:::{n}", call="kms:DescribeKey", needs="kms:DescribeKey") for n in range(2)]
    (finding,) = found(tmp_path, RULE, a_store(), gaps=gaps)
    assert "s3 in global (2 stores)" in message(finding, "en")
    assert "(2 件)" in message(finding, "ja")
    assert fix(finding, "en").startswith("allow kms:DescribeKey to the scanning role")


def test_what_is_only_tracked_is_a_warning(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, RULE, a_store(), gaps=[a_gap(KEYS)])
    assert row(finding) == ("warning", "low")


def test_what_is_out_of_scope_is_no_finding(tmp_path: Path) -> None:
    assert found(tmp_path, RULE, a_store(), gaps=[a_gap()], coverage=out("service: s3")) == []


def test_an_accepted_gap_is_excepted_by_its_row(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, RULE, a_store(), gaps=[a_gap()], coverage=accept("service: s3"))
    assert (row(finding), finding.excepted_by) == (("excepted", "high"), "CG-1")


def test_accepting_a_part_of_a_cause_leaves_the_rest_not_checked(tmp_path: Path) -> None:
    gaps = [a_gap(a_cell(region=region)) for region in ("sa-east-1", "eu-west-1")]
    findings = found(tmp_path, RULE, a_store(), gaps=gaps, coverage=accept("region: sa-east-1"))
    assert sorted(row(finding) for finding in findings) == [("excepted", "high"), ("not-checked", "high")]


def test_a_policy_may_change_the_severity_and_not_that_it_was_not_seen(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, RULE, a_store(), gaps=[a_gap(SECRETS)], policy=changed(RULE, "violation"))
    assert row(finding) == ("not-checked", "low")
