"""What unclassified stores have in common: found by kind, name, account and tag, and never decided."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from residency.model import Store
from residency.personal import suggest
from residency.personal.suggest import BY, Candidate, candidates, hints, name_patterns
from residency.policy.matching import matches
from residency.policy.models import Classification, DataClass, Match
from tests.build import a_store

EMPTY = Classification(version=1, kind="classification")
BY_TAG = Classification(version=1, kind="classification", tag_keys=("data",), values={"public": DataClass.NONE})


def a_bucket(name: str, tags: dict[str, str] | None = None, **more: Any) -> Store:
    return a_store(f"arn:aws:s3:::{name}", tags={} if tags is None else tags, **more)


def found(*stores: Store, by: str, config: Classification = EMPTY) -> list[str]:
    """The candidates of one sort for stores that need one decision each."""
    return [c.text for c in candidates([(store, 1) for store in stores], config) if c.by == by]


# --- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["user-a", "user-b"], ["user-*"]),
        (["app-logs", "web-logs"], ["*-logs"]),
        (["user_export.a", "user_export.b"], ["user_export.*"]),
        (["a1-member-x", "b2_member_y"], ["*member*"]),
        (["会員-1", "会員-2"], ["会員-*"]),
        (["user-a", "user-b", "user-export-1", "user-export-2"], ["user-*", "user-export-*"]),
        (["one", "two"], []),
        (["7-1", "7-2"], []),
        (["db-1", "db-2"], []),
        (["vol-0a1b2c3d4e5f6a7b8", "vol-1a1b2c3d4e5f6a7b8"], []),
        (["-", "-"], []),
        (["", ""], []),
    ],
)
def test_a_name_is_known_by_what_others_share(names: list[str], expected: list[str]) -> None:
    stores = [a_store(f"id-{i}", name=name, tags={}) for i, name in enumerate(names)]
    assert found(*stores, by="name") == expected


def test_of_several_patterns_for_the_same_stores_only_the_closest_is_there() -> None:
    stores = [a_bucket("user-export-eu-a"), a_bucket("user-export-eu-b")]
    assert found(*stores, by="name") == ["user-export-eu-*"]


@given(st.text(st.characters(codec="utf-8"), max_size=40) | st.from_regex(r"[a-z\[*?._ -]{1,30}", fullmatch=True))
def test_every_pattern_of_a_name_matches_that_name(name: str) -> None:
    for pattern in name_patterns(name):
        assert matches(Match(name=(pattern,)), {"name": name}), pattern


def test_the_globs_of_a_name_are_taken_literally() -> None:
    (pattern,) = found(a_bucket("user*[x]-a"), a_bucket("user*[x]-b"), by="name")
    assert matches(Match(name=(pattern,)), {"name": "user*[x]-c"})
    assert not matches(Match(name=(pattern,)), {"name": "user-x-c"})


# --- kinds, accounts, tags, ids ---------------------------------------------------------------


def test_kinds_and_accounts_that_several_stores_share_are_found() -> None:
    stores = [a_bucket("one"), a_bucket("two", account="210987654321"), a_bucket("three", kind="aws.ebs.volume")]
    assert found(*stores, by="kind") == ["aws.s3.bucket"]
    assert found(*stores, by="account") == ["123456789012"]


def test_a_tag_that_several_stores_share_is_found() -> None:
    stores = [a_bucket("one", {"team": "shop", "n": "1"}), a_bucket("two", {"team": "shop", "n": "2"})]
    assert found(*stores, by="tag") == ["team=shop"]


def test_a_value_that_nobody_explained_is_found_and_an_explained_one_is_not() -> None:
    stores = [a_bucket("one", {"data": "secret"}), a_bucket("two", {"data": "public"})]
    assert found(*stores, by="value", config=BY_TAG) == ["secret"]
    assert found(*stores, by="tag", config=BY_TAG) == []


@pytest.mark.parametrize("key", ["DataClass", "data_classification", "Sensitivity", "pii", "データ分類"])
def test_a_tag_that_seems_to_name_classes_is_found_with_its_values(key: str) -> None:
    stores = [(a_bucket("one", {key: "b"}), 1), (a_bucket("two", {key: "a"}), 0)]
    assert Candidate("tag_key", key, ("a", "b")) in candidates(stores, EMPTY)


def test_a_tag_with_a_value_of_its_own_for_each_store_names_no_classes() -> None:
    stores = [a_bucket(f"n{i}", {"DataClass": f"v{i}"}) for i in range(suggest.MAX_VALUES + 1)]
    assert found(*stores, by="tag_key") == []
    assert len(found(*stores[1:], by="tag_key")) == 1


def test_a_store_that_shares_nothing_but_its_kind_is_proposed_by_its_id() -> None:
    stores = [a_bucket("user-a"), a_bucket("user-b"), a_bucket("alone")]
    assert found(*stores, by="id") == ["arn:aws:s3:::alone"]


def test_many_stores_are_not_decided_one_by_one() -> None:
    stores = [a_bucket(f"n{i}") for i in range(suggest.MAX_ALONE + 1)]
    assert found(*stores, by="id") == []
    assert len(found(*stores[1:], by="id")) == suggest.MAX_ALONE


def test_tags_that_could_not_be_read_say_nothing() -> None:
    store = a_store("arn:aws:s3:::one", tags=None)
    assert [c.by for c in candidates([(store, 1)], BY_TAG)] == ["id"]


def test_no_store_no_candidate() -> None:
    assert candidates([], EMPTY) == []


# --- their order, and how many ----------------------------------------------------------------


def test_each_way_to_say_it_comes_in_turn_and_the_most_decisions_first() -> None:
    stores = [(a_bucket(f"user-{i}", account=f"{i // 2}"), 1) for i in range(8)]
    stores += [(a_bucket(f"log-{i}", kind="aws.ebs.volume", account="9"), 5) for i in range(2)]
    order = [(c.by, c.text) for c in candidates(stores, EMPTY)]
    assert order[:4] == [("name", "log-*"), ("kind", "aws.ebs.volume"), ("account", "9"), ("name", "user-*")]
    assert order[4:] == [("kind", "aws.s3.bucket"), *(("account", f"{i}") for i in range(4))]


def test_the_memory_is_bounded_and_what_many_share_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggest, "MAX_FEATURES", 40)
    shared = suggest._Shared(EMPTY)
    for i in range(500):
        shared.add(a_bucket(f"user-{'abcdefgh'[i % 8]}xyz{i}-{i}"), 1)
        assert len(shared.tallies) <= 40
    assert ("name", "user-*") in shared.tallies
    assert shared.tallies["kind", "aws.s3.bucket"].stores == 500


# --- what a candidate would say ---------------------------------------------------------------


@pytest.mark.parametrize("data_class", list(DataClass))
@pytest.mark.parametrize("by", BY)
def test_a_candidate_becomes_part_of_the_classification_only_with_a_class(by: str, data_class: DataClass) -> None:
    applied = Candidate(by, "x", values=("a", "public")).applied(BY_TAG, data_class)
    assert BY_TAG.rules == ()
    assert applied.values["public"] is DataClass.NONE
    assert {
        "value": applied.values.get("x"),
        "tag_key": applied.values.get("a"),
    }.get(by, applied.rules[0].data_class if applied.rules else None) is data_class
    assert applied.tag_keys == (("data", "x") if by == "tag_key" else ("data",))


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        (Candidate("value", "secret"), [True, False, False]),
        (Candidate("tag_key", "data"), [True, True, False]),
        (Candidate("name", "user-*"), [True, False, True]),
    ],
)
def test_a_candidate_covers_what_it_would_speak_of(candidate: Candidate, expected: list[bool]) -> None:
    stores = [a_bucket("user-a", {"data": "secret"}), a_bucket("b", {"data": "public"}), a_bucket("user-c")]
    assert [candidate.covers(store, {"name": store.name}, BY_TAG) for store in stores] == expected


# --- hints ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "tags", "expected"),
    [
        ("users-export", {}, {"user"}),
        ("Payroll_2026", {"app": "HR"}, {"payroll", "hr"}),
        ("会員名簿", {}, {"会員", "名簿"}),
        ("superuser", {"usermode": "x"}, set()),
        ("logs", {"contents": "kojin data"}, {"kojin"}),
        ("x", None, set()),
    ],
)
def test_words_that_speak_of_people_are_shown(name: str, tags: dict[str, str] | None, expected: set[str]) -> None:
    assert hints(a_store("id", name=name, tags=tags)) == expected


def test_a_hint_decides_nothing() -> None:
    def shape(word: str) -> list[tuple[str, str]]:
        stores = [(a_bucket(f"{word}-{end}"), 1) for end in ("aaa", "bbb", "ccc")]
        return [(c.by, c.text.replace(word, "?")) for c in candidates(stores, EMPTY)]

    assert shape("payroll") == shape("weather")
