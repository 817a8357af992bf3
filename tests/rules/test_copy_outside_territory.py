from __future__ import annotations

from pathlib import Path

import pytest

from residency.model import Place, Role, Store
from residency.rules.texts import fix, message
from tests.build import a_copy, a_store, an_edge
from tests.rules.cases import JP, NONE, NOWHERE, POLICY, SG, SPECIAL, US, changed, found, row

RULE = "copy-outside-territory"


def abroad(role: Role = Role.PRIMARY, place: str = SG, **more: bool) -> tuple[Store, Store]:
    """A personal and a special-care store with one copy of this role abroad."""
    at_home = () if role is Role.PRIMARY else (a_copy(JP),)
    copies = (*at_home, a_copy(place, role, **more))
    return a_store("arn:aws:s3:::personal", *copies), a_store("arn:aws:s3:::special", *copies, tags=SPECIAL)


@pytest.mark.parametrize("place", [JP, US, "aws.s3:EU", "aws:ap-northeast-1-wl1-kix-wlz-1"])
def test_a_copy_in_an_allowed_country_is_no_finding(tmp_path: Path, place: str) -> None:
    assert found(tmp_path, RULE, *abroad(place=place)) == []


@pytest.mark.parametrize("place", [SG, "aws:ap-southeast-1-han-1a", "aws:eu-west-2"])
def test_a_zone_counts_by_its_own_country_not_by_its_region(tmp_path: Path, place: str) -> None:
    assert [str(finding.subject.place) for finding in found(tmp_path, RULE, *abroad(place=place))] == [place, place]


@pytest.mark.parametrize(
    ("role", "personal", "special"),
    [
        (Role.PRIMARY, ("violation", "high"), ("violation", "critical")),
        (Role.REPLICA, ("violation", "high"), ("violation", "critical")),
        (Role.STANDBY, ("violation", "high"), ("violation", "critical")),
        (Role.BACKUP, ("violation", "high"), ("violation", "critical")),
        (Role.SNAPSHOT, ("violation", "high"), ("violation", "critical")),
        (Role.LOG, ("violation", "high"), ("violation", "critical")),
        (Role.EXPORT, ("violation", "high"), ("violation", "critical")),
        (Role.SHARE, ("violation", "high"), ("violation", "critical")),
        (Role.STREAM, ("violation", "medium"), ("violation", "high")),
        (Role.CACHE, ("violation", "medium"), ("violation", "high")),
        (Role.WITNESS, ("violation", "medium"), ("violation", "high")),
        (Role.INFERENCE, ("violation", "medium"), ("violation", "high")),
        (Role.METADATA, ("warning", "low"), ("warning", "medium")),
    ],
)
def test_what_a_role_counts_as_decides_the_row(
    tmp_path: Path, role: Role, personal: tuple[str, str], special: tuple[str, str]
) -> None:
    assert [row(finding) for finding in found(tmp_path, RULE, *abroad(role))] == [personal, special]


def test_every_role_but_the_key_is_judged_by_this_rule(tmp_path: Path) -> None:
    silent = {role for role in Role if not found(tmp_path / role.value, RULE, *abroad(role))}
    assert silent == {Role.KEY}


def test_a_policy_may_say_what_a_role_counts_as(tmp_path: Path) -> None:
    (finding, _) = found(tmp_path, RULE, *abroad(Role.CACHE), policy=f"{POLICY}copies: {{cache: identifiers}}\n")
    assert row(finding) == ("warning", "low")


def test_what_is_left_of_a_former_copy_has_to_be_checked(tmp_path: Path) -> None:
    findings = found(tmp_path, RULE, *abroad(Role.REPLICA, former=True))
    assert [row(finding) for finding in findings] == [("not-checked", "medium"), ("not-checked", "medium")]


def test_a_setting_that_is_switched_on_counts_before_one_to_the_same_place_that_is_off(tmp_path: Path) -> None:
    copies = (a_copy(JP), a_copy(SG, Role.REPLICA, former=True), a_copy(SG, Role.REPLICA))
    (finding,) = found(tmp_path, RULE, a_store("arn:aws:s3:::one", *copies))
    assert row(finding) == ("violation", "high")


def test_a_share_in_the_place_of_the_data_is_told_of_once(tmp_path: Path) -> None:
    store = a_store("arn:aws:s3:::one", a_copy(SG), a_copy(SG, Role.SHARE, account="210987654321"))
    assert [finding.subject.role for finding in found(tmp_path, RULE, store)] == [Role.PRIMARY]


def test_data_that_are_not_personal_may_stand_anywhere(tmp_path: Path) -> None:
    assert found(tmp_path, RULE, a_store("arn:aws:s3:::one", a_copy(SG), tags=NONE)) == []


def test_a_place_that_the_atlas_does_not_hold_is_not_called_outside(tmp_path: Path) -> None:
    assert found(tmp_path, RULE, *abroad(place=NOWHERE)) == []


def test_candidates_are_outside_as_soon_as_one_is(tmp_path: Path) -> None:
    candidates = tuple(Place.parse(place) for place in (JP, SG))
    (finding,) = found(tmp_path, RULE, a_store("arn:aws:s3:::one", a_copy(None, candidates=candidates)))
    assert f"Japan (JP), Singapore (SG) ({JP}, {SG})" in message(finding, "en")


def test_a_store_whose_possible_places_are_outside_says_so_although_it_is_a_replica_of_another(tmp_path: Path) -> None:
    """The other store only knows that nobody said where its replica stands."""
    one, two = "arn:aws:s3:::one", "arn:aws:s3:::two"
    somewhere = a_copy(None, candidates=(Place.parse(JP), Place.parse(SG)))
    stores = (a_store(one, a_copy(JP), a_copy(None, Role.REPLICA, holder=two)), a_store(two, somewhere))
    (finding,) = found(tmp_path, RULE, *stores, an_edge(one, two))
    assert finding.subject.id == two


def test_the_sentences_name_role_country_and_place(tmp_path: Path) -> None:
    (finding, _) = found(tmp_path, RULE, *abroad(Role.REPLICA))
    assert message(finding, "en") == f"the replica of personal data stands in Singapore (SG) ({SG})"
    assert message(finding, "ja") == f"個人データ の 複製 が シンガポール (SG)({SG})に保存されている"


def test_the_evidence_names_the_call_and_the_row_of_the_atlas(tmp_path: Path) -> None:
    (finding, _) = found(tmp_path, RULE, *abroad())
    assert finding.evidence[0] == "test:Listing Things[].Place"
    assert finding.evidence[1].startswith(f"atlas {SG}: SG; ")
    assert "read 20" in finding.evidence[1]


def test_a_policy_may_change_status_and_severity(tmp_path: Path) -> None:
    findings = found(tmp_path, RULE, *abroad(), policy=changed(RULE))
    assert [row(finding) for finding in findings] == [("warning", "low"), ("warning", "critical")]


def test_the_fix_names_regions_that_the_policy_allows_and_that_the_store_has_not(tmp_path: Path) -> None:
    store = a_store("arn:aws:s3:::one", a_copy(JP), a_copy(SG, Role.REPLICA))
    (finding,) = found(tmp_path, RULE, store)
    assert "to an allowed region (aws:ap-northeast-3, aws:us-east-1, aws:us-east-2)" in fix(finding, "en")
    assert "(許可: aws:ap-northeast-3, aws:us-east-1, aws:us-east-2)" in fix(finding, "ja")


def test_the_fix_follows_the_policy_and_names_nothing_where_nothing_is_allowed(tmp_path: Path) -> None:
    europe = f"{POLICY}location: {{allow: [EU]}}\n"
    (finding,) = found(tmp_path, RULE, a_store("arn:aws:s3:::one", a_copy(SG)), policy=europe)
    assert "(aws:eu-central-1, aws:eu-north-1, aws:eu-south-1)" in fix(finding, "en")
    (china,) = found(tmp_path, RULE, a_store("arn:aws-cn:s3:::c", a_copy("aws-cn:cn-north-1")))
    assert fix(china, "en").startswith("move it, or remove")
