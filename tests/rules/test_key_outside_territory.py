from __future__ import annotations

from pathlib import Path

import pytest

from residency.model import Copy, Place, Role, Store
from residency.rules.texts import message
from tests.build import a_control, a_copy, a_store
from tests.rules.cases import JP, NONE, NOWHERE, SG, SPECIAL, changed, found, row

RULE = "key-outside-territory"
KEY = "arn:aws:kms:ap-southeast-1:123456789012:key/1"


def locked(key_place: str | None, *more: Copy, name: str = "one", special: bool = False) -> Store:
    """A store at home whose key stands at `key_place`."""
    control = a_control(key=KEY, key_place=Place.parse(key_place) if key_place else None)
    tags = SPECIAL if special else {"data": "personal"}
    return a_store(f"arn:aws:s3:::{name}", a_copy(JP, control=control), *more, tags=tags)


def key_at(place: str) -> Copy:
    return a_copy(place, Role.KEY, holder=f"{KEY}-{place}", control=None)


def test_the_only_key_of_a_store_outside_is_a_violation(tmp_path: Path) -> None:
    (personal,) = found(tmp_path / "p", RULE, locked(SG))
    (special,) = found(tmp_path / "s", RULE, locked(SG, special=True))
    assert [row(personal), row(special)] == [("violation", "medium"), ("violation", "high")]
    assert (personal.subject.kind, personal.subject.id) == ("key", KEY)


def test_a_replica_of_the_key_outside_is_a_warning(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, RULE, locked(JP, key_at(SG), special=True))
    assert row(finding) == ("warning", "low")
    assert "a replica of the key" in message(finding, "en")
    assert "鍵の複製" in message(finding, "ja")


def test_a_key_outside_with_a_replica_inside_is_not_the_only_one(tmp_path: Path) -> None:
    assert [row(finding) for finding in found(tmp_path, RULE, locked(SG, key_at(JP)))] == [("warning", "low")]


def test_one_key_of_many_stores_is_one_finding_with_the_gravest_class(tmp_path: Path) -> None:
    stores = [locked(SG, name=f"store-{number}", special=number == 2) for number in range(3)]
    (finding,) = found(tmp_path, RULE, *stores)
    assert row(finding) == ("violation", "high")
    assert finding.evidence == tuple(store.id for store in stores)
    assert message(finding, "en").startswith("the only key of 3 stores of personal data stands in Singapore (SG)")


def test_a_key_inside_is_no_finding(tmp_path: Path) -> None:
    assert found(tmp_path, RULE, locked(JP, key_at(JP))) == []


@pytest.mark.parametrize("place", [NOWHERE, None])
def test_the_only_key_in_a_place_that_nobody_knows_was_not_checked(tmp_path: Path, place: str | None) -> None:
    (finding,) = found(tmp_path, RULE, locked(place, special=True))
    assert (row(finding), str(finding.subject.place)) == (("not-checked", "medium"), str(place))
    assert "nobody knows where that is" in message(finding, "en")


@pytest.mark.parametrize(
    "store",
    [
        locked(NOWHERE, key_at(JP)),  # not the only key
        a_store("arn:aws:s3:::one", a_copy(JP, control=a_control(2, modifiers=("provider-managed-key",)))),
        a_store("arn:aws:s3:::one", a_copy(JP, control=a_control(None, key=KEY))),  # told of with its grade
    ],
)
def test_what_has_another_key_or_none_that_was_read_asks_for_no_place(tmp_path: Path, store: Store) -> None:
    assert found(tmp_path, RULE, store) == []


def test_the_key_of_data_that_are_not_personal_may_stand_anywhere(tmp_path: Path) -> None:
    control = a_control(key=KEY, key_place=Place.parse(SG))
    assert found(tmp_path, RULE, a_store("arn:aws:s3:::one", a_copy(JP, control=control), tags=NONE)) == []


def test_a_policy_may_change_status_and_severity(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, RULE, locked(SG), policy=changed(RULE))
    assert row(finding) == ("warning", "low")
