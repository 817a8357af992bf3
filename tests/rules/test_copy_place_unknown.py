from __future__ import annotations

from pathlib import Path

import pytest

from residency.model import Place, Role, Why
from residency.rules.texts import message
from tests.build import a_copy, a_store
from tests.rules.cases import JP, JP2, NONE, NOWHERE, SG, SPECIAL, changed, found, row

RULE = "copy-place-unknown"

UNKNOWN = [
    (a_copy(NOWHERE), "the atlas does not hold this location", "位置台帳にない場所"),
    (a_copy(None, why=Why.UNRESOLVED), "nobody told", "回答が得られなかった"),
    (a_copy(None, why=Why.NOT_KNOWN_YET), "known only after apply", "適用後に確定する"),
]


@pytest.mark.parametrize(("copy", "english", "japanese"), UNKNOWN)
def test_a_copy_that_nothing_places_is_not_checked_and_says_why(
    tmp_path: Path, copy: object, english: str, japanese: str
) -> None:
    stores = [a_store(f"arn:aws:s3:::{n}", copy, tags=tags) for n, tags in enumerate(({"data": "personal"}, SPECIAL))]  # type: ignore[arg-type]
    findings = found(tmp_path, RULE, *stores)
    assert [row(finding) for finding in findings] == [("not-checked", "high"), ("not-checked", "high")]
    assert english in message(findings[0], "en")
    assert japanese in message(findings[0], "ja")


@pytest.mark.parametrize("place", [JP, SG])
def test_a_known_place_is_no_finding_wherever_it_is(tmp_path: Path, place: str) -> None:
    assert found(tmp_path, RULE, a_store("arn:aws:s3:::one", a_copy(place))) == []


def test_candidates_that_are_all_allowed_are_known_enough(tmp_path: Path) -> None:
    candidates = tuple(Place.parse(place) for place in (JP, JP2))
    assert found(tmp_path, RULE, a_store("arn:aws:s3:::one", a_copy(None, candidates=candidates))) == []


def test_a_candidate_that_the_atlas_does_not_hold_leaves_the_answer_open(tmp_path: Path) -> None:
    candidates = tuple(Place.parse(place) for place in (JP, NOWHERE))
    (finding,) = found(tmp_path, RULE, a_store("arn:aws:s3:::one", a_copy(None, candidates=candidates)))
    assert NOWHERE in message(finding, "en")


@pytest.mark.parametrize(
    "copy",
    [
        a_copy(None, why=Why.UNBOUNDED),  # an answer, and another rule's
        a_copy(NOWHERE, Role.SHARE, account="210987654321"),  # who may read it is the question, not where
        a_copy(NOWHERE, Role.KEY),
    ],
    ids=["unbounded", "share", "key"],
)
def test_what_other_rules_speak_of_is_left_to_them(tmp_path: Path, copy: object) -> None:
    assert found(tmp_path, RULE, a_store("arn:aws:s3:::one", a_copy(), copy)) == []  # type: ignore[arg-type]


def test_data_that_are_not_personal_may_stand_anywhere(tmp_path: Path) -> None:
    assert found(tmp_path, RULE, a_store("arn:aws:s3:::one", a_copy(NOWHERE), tags=NONE)) == []


def test_a_policy_may_change_the_severity_and_not_that_it_was_not_checked(tmp_path: Path) -> None:
    store = a_store("arn:aws:s3:::one", a_copy(NOWHERE))
    (finding,) = found(tmp_path, RULE, store, policy=changed(RULE, "violation"))
    assert row(finding) == ("not-checked", "low")
