from __future__ import annotations

from pathlib import Path

import pytest

from residency.rules.texts import message
from tests.build import VENDOR_AWS, a_copy, a_store, run_from
from tests.rules.cases import JP, NONE, POLICY, SPECIAL, changed, found, row

RULE = "operator-not-permitted"
SINGAPORE, FROM_SINGAPORE = VENDOR_AWS.replace("country: US", "country: SG"), run_from("SG")
PARENT = 'parent: {name: "Amazon.com, Inc.", country: US}, '
OTHER = VENDOR_AWS.replace("operates: [aws]", "operates: []")
PERSONAL = (a_store("arn:aws:s3:::personal"),)
ANY = (*PERSONAL, a_store("arn:aws:s3:::special", tags=SPECIAL))


def operator(allowed: str, parent: str = "warn") -> str:
    return f"{POLICY}operator: {{domestic: [JP], allow_foreign: [{allowed}], parent: {parent}}}\n"


def test_entities_in_allowed_countries_are_no_finding(tmp_path: Path) -> None:
    assert found(tmp_path, RULE, *ANY) == []


def test_an_operating_entity_that_is_based_elsewhere_is_a_violation(tmp_path: Path) -> None:
    (personal,) = found(tmp_path / "p", RULE, *PERSONAL, vendors__aws=SINGAPORE, operators=FROM_SINGAPORE)
    (special,) = found(tmp_path / "s", RULE, *ANY, vendors__aws=SINGAPORE, operators=FROM_SINGAPORE)
    assert [row(personal), row(special)] == [("violation", "high"), ("violation", "critical")]
    assert "the operating entity of aws, Amazon Web Services, Inc., is based in Singapore (SG)" in message(
        special, "en"
    )
    assert "2 stores" in message(special, "en")
    assert "運営 法人" in message(special, "ja")


def test_a_contracting_entity_that_is_based_elsewhere_is_a_violation(tmp_path: Path) -> None:
    vendor = VENDOR_AWS.replace("country: JP", "country: GB")
    (finding,) = found(tmp_path, RULE, *PERSONAL, vendors__aws=vendor)
    assert (row(finding), finding.subject.detail) == (("violation", "high"), "contracting")


def test_without_a_vendor_record_the_shipped_operator_counts(tmp_path: Path) -> None:
    findings = found(tmp_path, RULE, *PERSONAL, vendors__aws=OTHER, policy=operator("EU"))
    assert [finding.subject.detail for finding in findings] == ["operating", "parent"]


@pytest.mark.parametrize(
    ("parent", "rows"),
    [("warn", [("warning", "medium")]), ("reject", [("violation", "critical")]), ("ignore", [])],
)
def test_a_policy_says_what_a_parent_elsewhere_means(tmp_path: Path, parent: str, rows: list[tuple[str, str]]) -> None:
    vendor, germany = VENDOR_AWS.replace("country: US", "country: DE"), run_from("DE", PARENT)
    findings = found(tmp_path, RULE, *ANY, vendors__aws=vendor, operators=germany, policy=operator("EU", parent))
    assert [row(finding) for finding in findings] == rows


def test_two_operators_of_one_vendor_are_one_finding_for_each_entity(tmp_path: Path) -> None:
    vendor = VENDOR_AWS.replace("operates: [aws]", "operates: [aws, aws-iso]")
    stores = (*PERSONAL, a_store("arn:aws-iso:s3:::two", a_copy("aws-iso:us-iso-east-1")))
    findings = found(tmp_path, RULE, *stores, vendors__aws=vendor, policy=operator("EU"))
    assert [finding.subject.detail for finding in findings] == ["operating", "parent"]
    assert {finding.evidence for finding in findings} == {tuple(sorted(store.id for store in stores))}


def test_shipped_entities_of_two_operators_of_one_vendor_stay_apart(tmp_path: Path) -> None:
    vendor = "version: 1\nkind: vendor\nid: china\nstate: draft\noperates: [sinnet, nwcd]\n"
    places = ("aws-cn:cn-north-1", "aws-cn:cn-northwest-1")
    stores = [a_store(f"arn:aws-cn:s3:::{n}", a_copy(place)) for n, place in enumerate(places)]
    findings = found(tmp_path, RULE, *stores, vendors__china=vendor)
    assert [finding.subject.detail for finding in findings] == ["operating/sinnet", "operating/nwcd"]


def test_a_place_without_a_known_operator_accuses_nobody(tmp_path: Path) -> None:
    assert (
        found(
            tmp_path, RULE, a_store("arn:aws:s3:::one", a_copy(None)), vendors__aws=SINGAPORE, operators=FROM_SINGAPORE
        )
        == []
    )


def test_an_operator_without_personal_data_may_be_based_anywhere(tmp_path: Path) -> None:
    store = a_store("arn:aws:s3:::one", a_copy(JP), tags=NONE)
    assert found(tmp_path, RULE, store, vendors__aws=SINGAPORE, operators=FROM_SINGAPORE) == []


def test_a_policy_may_change_status_and_severity(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, RULE, *ANY, vendors__aws=SINGAPORE, operators=FROM_SINGAPORE, policy=changed(RULE))
    assert row(finding) == ("warning", "critical")
