from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from residency.rules.texts import message
from tests.build import VENDOR_AWS, a_copy, a_store, run_from
from tests.rules.cases import JP, NONE, POLICY, SPECIAL, changed, found, row

RULE = "access-prevention-undocumented"
PERSONAL = a_store("arn:aws:s3:::personal")
ANY = (PERSONAL, a_store("arn:aws:s3:::special", tags=SPECIAL))
DRAFT = VENDOR_AWS.replace("state: approved", "state: in-review")
DOMESTIC, FROM_JAPAN = DRAFT.replace("country: US", "country: JP"), run_from("JP")
REQUIRED_AT_HOME = f"{POLICY}vendors: {{require: {{domestic: [agreement, access_prevention]}}}}\n"


def test_an_accepted_current_paper_is_no_finding(tmp_path: Path) -> None:
    assert found(tmp_path, RULE, *ANY) == []


def test_a_foreign_operator_without_an_accepted_paper_is_a_violation(tmp_path: Path) -> None:
    (personal,) = found(tmp_path / "p", RULE, PERSONAL, vendors__aws=DRAFT)
    (special,) = found(tmp_path / "s", RULE, *ANY, vendors__aws=DRAFT)
    assert [row(personal), row(special)] == [("violation", "high"), ("violation", "critical")]
    assert "2 stores of personal data stand with aws, and no accepted, current paper" in message(special, "en")


@pytest.mark.parametrize("basis", ["rule16_contract", "consent", "entrustment_domestic"])
def test_an_entrusted_vendor_without_a_paper_is_a_lesser_violation(tmp_path: Path, basis: str) -> None:
    (finding,) = found(tmp_path, RULE, *ANY, vendors__aws=f"{DRAFT}appi_basis: {basis}\n")
    assert row(finding) == ("violation", "medium")


def test_a_domestic_vendor_is_asked_for_the_paper_only_where_the_policy_says_so(tmp_path: Path) -> None:
    assert found(tmp_path / "a", RULE, *ANY, vendors__aws=DOMESTIC, operators=FROM_JAPAN) == []
    (finding,) = found(tmp_path / "b", RULE, *ANY, vendors__aws=DOMESTIC, operators=FROM_JAPAN, policy=REQUIRED_AT_HOME)
    assert row(finding) == ("violation", "medium")


def test_a_paper_for_other_services_leaves_this_one_undocumented(tmp_path: Path) -> None:
    vendor = VENDOR_AWS.replace('scope: ["*"]', "scope: [rds]")
    (finding,) = found(tmp_path, RULE, PERSONAL, vendors__aws=vendor)
    assert finding.subject.detail == "s3"
    assert "aws (s3)" in message(finding, "ja")


@pytest.mark.parametrize(
    ("last_good_day", "next_day"),
    [
        (date(2027, 12, 1), date(2027, 12, 2))  # retrieved on 2026-11-01, 365 days of age and 30 of grace
    ],
)
def test_a_paper_counts_until_its_grace_is_over(tmp_path: Path, last_good_day: date, next_day: date) -> None:
    assert found(tmp_path / "a", RULE, PERSONAL, today=last_good_day) == []
    assert len(found(tmp_path / "b", RULE, PERSONAL, today=next_day)) == 1


def test_two_operators_of_one_vendor_are_one_finding(tmp_path: Path) -> None:
    vendor = DRAFT.replace("operates: [aws]", "operates: [aws, aws-iso]")
    stores = (PERSONAL, a_store("arn:aws-iso:s3:::two", a_copy("aws-iso:us-iso-east-1")))
    (finding,) = found(tmp_path, RULE, *stores, vendors__aws=vendor)
    assert finding.evidence == tuple(sorted(store.id for store in stores))


def test_an_unregistered_operator_is_another_rules_finding(tmp_path: Path) -> None:
    vendor = DRAFT.replace("operates: [aws]", "operates: []")
    assert found(tmp_path, RULE, PERSONAL, vendors__aws=vendor) == []


def test_a_place_without_a_known_operator_is_no_finding_here(tmp_path: Path) -> None:
    assert found(tmp_path, RULE, a_store("arn:aws:s3:::one", a_copy(None)), vendors__aws=DRAFT) == []


def test_data_that_are_not_personal_need_no_paper(tmp_path: Path) -> None:
    assert found(tmp_path, RULE, a_store("arn:aws:s3:::one", a_copy(JP), tags=NONE), vendors__aws=DRAFT) == []


def test_a_policy_may_change_status_and_severity(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, RULE, *ANY, vendors__aws=DRAFT, policy=changed(RULE))
    assert row(finding) == ("warning", "critical")
