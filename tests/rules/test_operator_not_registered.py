from __future__ import annotations

from pathlib import Path

from residency.model import Followed
from residency.rules.texts import fix, message
from tests.build import VENDOR_AWS, a_copy, a_store
from tests.rules.cases import JP, NONE, SPECIAL, changed, found, row

RULE = "operator-not-registered"
OTHER = VENDOR_AWS.replace("operates: [aws]", "operates: [aws-iso]")  # a record, but not of this operator
PERSONAL, SPECIAL_CARE = a_store("arn:aws:s3:::one"), a_store("arn:aws:s3:::two", tags=SPECIAL)


def test_an_operator_that_no_record_names_is_a_violation(tmp_path: Path) -> None:
    (personal,) = found(tmp_path / "p", RULE, PERSONAL, vendors__aws=OTHER)
    (special,) = found(tmp_path / "s", RULE, PERSONAL, SPECIAL_CARE, vendors__aws=OTHER)
    assert [row(personal), row(special)] == [("violation", "high"), ("violation", "high")]
    assert "2 stores of personal data stand with aws" in message(special, "en")
    assert special.evidence == (PERSONAL.id, SPECIAL_CARE.id)


def test_the_fix_names_the_operator(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, RULE, PERSONAL, vendors__aws=OTHER)
    assert "`operates: [aws]`" in fix(finding, "en")
    assert "`operates: [aws]`" in fix(finding, "ja")


def test_a_registered_operator_is_no_finding(tmp_path: Path) -> None:
    assert found(tmp_path, RULE, PERSONAL) == []


def test_many_stores_are_one_finding_with_ten_examples(tmp_path: Path) -> None:
    stores = [a_store(f"arn:aws:s3:::store-{number}") for number in range(12)]
    (finding,) = found(tmp_path, RULE, *stores, vendors__aws=OTHER)
    assert (len(finding.evidence), finding.evidence[-1]) == (11, "… and 2 more")


def test_a_place_without_a_known_operator_is_no_finding_here(tmp_path: Path) -> None:
    assert found(tmp_path, RULE, a_store("arn:aws:s3:::one", a_copy(None)), vendors__aws=OTHER) == []


def test_an_operator_without_personal_data_needs_no_record(tmp_path: Path) -> None:
    assert found(tmp_path, RULE, a_store("arn:aws:s3:::one", a_copy(JP), tags=NONE), vendors__aws=OTHER) == []


def test_a_policy_may_change_status_and_severity(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, RULE, PERSONAL, vendors__aws=OTHER, policy=changed(RULE))
    assert row(finding) == ("warning", "low")


DATADOG = a_store("tf:s/provider/datadog", a_copy(None), kind="datadog.resource", followed=Followed.NONE, tags={})
GOOGLE = a_store("tf:s/provider/google", a_copy(None), kind="google.resource", followed=Followed.NONE, tags={})


def test_another_provider_of_a_plan_is_one_warning(tmp_path: Path) -> None:
    datadog, google = found(tmp_path, RULE, DATADOG, GOOGLE)
    assert [(row(finding), finding.subject.id) for finding in (datadog, google)] == [
        (("warning", "medium"), "datadog"),
        (("warning", "medium"), "google"),
    ]
    assert message(datadog, "en").startswith("a plan makes things that nothing reads yet with datadog")
    assert "datadog" in message(datadog, "ja")


def test_another_provider_with_a_record_or_without_personal_data_is_none(tmp_path: Path) -> None:
    vendor = VENDOR_AWS.replace("id: aws", "id: google").replace("operates: [aws]", "operates: [google]")
    assert found(tmp_path, RULE, GOOGLE, vendors__google=vendor) == []
    public = "version: 1\nkind: classification\nrules:\n  - {match: {kind: datadog.resource}, data_class: none, "
    public += 'reason: "monitors only, no personal data", owner: a@example.co.jp, reviewed: 2026-10-01}\n'
    assert found(tmp_path, RULE, DATADOG, classification=public) == []
