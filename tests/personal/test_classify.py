"""The data class of a store: the strongest word about it, and unknown without any."""

from __future__ import annotations

from typing import Any

import pytest

from residency.personal.classify import classify
from residency.policy.models import Classification, DataClass
from tests.build import a_store

CLASSES = [data_class.value for data_class in DataClass]


def a_classification(*rules: dict[str, Any], **more: Any) -> Classification:
    relief = {"reason": "looked at", "owner": "data@example.co.jp"}
    settings: dict[str, Any] = {
        "version": 1,
        "kind": "classification",
        "tag_keys": ["data", "DataClass"],
        "values": {"pii": "personal", "open": "none", "shop": "person-related", "sick": "special-care"},
        "rules": [relief | rule for rule in rules],
    }
    return Classification.model_validate(settings | more)


def classified(tags: dict[str, str] | None, *rules: dict[str, Any]) -> tuple[str, str]:
    """The class of a store named `one` with these tags."""
    data_class, by = classify(a_store("one", tags=tags), {"id": "one", "name": "one"}, a_classification(*rules))
    return data_class.value, by


def rule(data_class: str, **match: str) -> dict[str, Any]:
    return {"match": match or {"id": "*"}, "data_class": data_class}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, ("unknown", "nothing says what it holds")),
        ({"team": "a"}, ("unknown", "nothing says what it holds")),
        ({"data": "pii"}, ("personal", "tag data=pii")),
        ({"data": "open"}, ("none", "tag data=open")),
        ({"data": "open", "DataClass": "sick"}, ("special-care", "tag DataClass=sick")),
        ({"data": "what?"}, ("unknown", "tag data=what?, which no value explains")),
        ({"data": ""}, ("unknown", "tag data=, which no value explains")),
        ({"data": "open", "DataClass": "what?"}, ("unknown", "tag DataClass=what?, which no value explains")),
        ({"Data": "pii"}, ("unknown", "nothing says what it holds")),
        (None, ("unknown", "its tags could not be read")),
    ],
)
def test_tags_say_what_a_store_holds(tags: dict[str, str] | None, expected: tuple[str, str]) -> None:
    assert classified(tags) == expected


@pytest.mark.parametrize("first", CLASSES)
@pytest.mark.parametrize("second", CLASSES)
def test_the_strongest_of_two_rules_wins_in_any_order(first: str, second: str) -> None:
    strongest = max(DataClass(first), DataClass(second), key=lambda data_class: data_class.strength).value
    assert classified({}, rule(first), rule(second))[0] == strongest
    assert classified({}, rule(second), rule(first))[0] == strongest


@pytest.mark.parametrize("other", [name for name in CLASSES if name != "none"])
def test_a_store_holds_nothing_only_if_every_rule_that_matches_says_so(other: str) -> None:
    assert classified({}, rule("none"), rule("none"))[0] == "none"
    assert classified({}, rule("none"), rule(other))[0] == other
    assert classified({}, rule("none"), rule(other, id="another"))[0] == "none"


@pytest.mark.parametrize(("data_class", "found"), [
    ("none", "unknown"), ("anonymised", "unknown"), ("statistical", "unknown"), ("person-related", "unknown"),
    ("pseudonymised", "pseudonymised"), ("personal", "personal"), ("my-number", "my-number"),
])  # fmt: skip
def test_tags_that_could_not_be_read_leave_no_relief(data_class: str, found: str) -> None:
    assert classified(None, rule(data_class))[0] == found


def test_a_tag_does_not_absolve_what_a_rule_calls_personal() -> None:
    assert classified({"data": "open"}, rule("personal", name="one")) == (
        "personal",
        "classification.yaml rule 1: looked at",
    )


def test_a_rule_does_not_absolve_what_a_tag_calls_personal() -> None:
    assert classified({"data": "pii"}, rule("none")) == ("personal", "tag data=pii")


def test_the_rule_that_decided_is_named_by_its_number_and_reason() -> None:
    rules = (rule("none", name="other"), rule("statistical"), rule("anonymised"))
    assert classified({}, *rules) == ("statistical", "classification.yaml rule 2: looked at")
