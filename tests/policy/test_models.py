"""The typed config: what each value must be, and what a row must say before it takes anything out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from residency.policy.models import (
    Acceptance,
    AwsSource,
    Classification,
    ClassRule,
    Coverage,
    DataClass,
    ExceptionRow,
    Jurisdiction,
    Match,
    Policy,
)
from residency.policy.reader import ConfigError, parse_yaml, read_yaml, validate_as
from residency.shipped import shipped_config

# The keys of the contract, "Configuration".
MATCH_KEYS = [
    *("id", "kind", "name", "account", "ou", "tag", "place", "role", "vendor", "stack", "repo", "address"),
    *("source", "provider", "region", "service", "status", "call"),
]

APPROVAL: dict[str, Any] = {
    "id": "EX-1",
    "rule": "copy-outside-territory",
    "match": {"id": "a"},
    "reason": "migration",
    "owner": "team@example.co.jp",
    "approved_by": "dpo@example.co.jp",
    "approved_on": date(2026, 11, 1),
    "expires": date(2026, 12, 31),
}


def shipped_policy() -> dict[str, Any]:
    value = read_yaml(shipped_config() / "policy.yaml", "policy.yaml").value
    assert isinstance(value, dict)
    return value


def policy_mistakes(text: str) -> list[str]:
    """What is wrong with the shipped policy under these keys."""
    document = parse_yaml(text, "p.yaml")
    document.value.update({key: value for key, value in shipped_policy().items() if key not in document.value})
    with pytest.raises(ConfigError) as caught:
        validate_as(document, Policy)
    return list(caught.value.lines())


@pytest.mark.parametrize(
    "account", [123456789012, 12345678901.0, 12345678901, "12345678901", "1234567890123", " 123456789012", "", True]
)
def test_an_account_id_is_twelve_digits_in_quotes(account: object) -> None:
    assert AwsSource(name="a", provider="aws", account="123456789012").account == "123456789012"
    with pytest.raises(ValidationError):
        AwsSource.model_validate({"name": "a", "provider": "aws", "account": account})


@pytest.mark.parametrize("key", MATCH_KEYS)
def test_a_number_is_no_glob(key: str) -> None:
    for value in (5, [5], 1.5, ["a", 5]):
        with pytest.raises(ValidationError, match="put it in quotes"):
            Match.model_validate({key: value})


def test_the_match_keys_are_those_of_the_contract() -> None:
    assert list(Match.model_fields) == MATCH_KEYS
    assert Match.model_validate(dict.fromkeys(MATCH_KEYS, "x")).given() == dict.fromkeys(MATCH_KEYS, ("x",))


@pytest.mark.parametrize(
    "match", [{}, {"id": []}, {"id": ""}, {"id": [""]}, {"id": None}, {"id": "a", "account": None}]
)
def test_a_match_that_would_match_everything_is_refused(match: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Match.model_validate(match)


def test_a_match_without_a_value_names_the_key() -> None:
    with pytest.raises(ValidationError, match="`account` has no value"):
        Match.model_validate({"id": "a", "account": None})


@pytest.mark.parametrize("code", ["GB", "NO", "GR", "HK", "TW", "AX", "JP"])
def test_a_country_is_one_of_the_closed_list(code: str) -> None:
    assert Jurisdiction.model_validate({"id": "x", "name": {}, "countries": [code]}).members == {code}


@pytest.mark.parametrize("code", ["UK", "EL", "EU", "jp", "XX", "JPN", "", "??", "Norway", 392, False])
def test_a_word_that_is_no_country_is_refused(code: object) -> None:
    for field in ("countries", "also"):
        row = {"id": "x", "name": {}, "countries": ["JP"], field: [code]}
        with pytest.raises(ValidationError):
            Jurisdiction.model_validate(row)


def test_norway_is_not_false() -> None:
    document = parse_yaml("{id: NO, name: {en: Norway}, countries: [NO]}", "f.yaml")
    assert validate_as(document, Jurisdiction).members == {"NO"}


def test_also_belongs_to_a_jurisdiction_as_well() -> None:
    policy = Policy.model_validate(shipped_policy())
    assert {"RE", "DE"} <= policy.countries_of(("EU",))
    assert "PR" not in policy.countries_of(("JP", "US", "EU"))
    assert policy.countries_of(("JP", "NO")) == {"JP", "NO"}
    assert policy.jurisdictions_of("RE") == ("EU",)
    assert policy.jurisdictions_of("CH") == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "id: p\nlocation: {allow: [JP, UK]}\n",
            "p.yaml:2:24: allow: is neither a jurisdiction's id nor a country code (found 'UK')",
        ),
        (
            "operator: {domestic: [EUR], allow_foreign: [], parent: warn}\n",
            "p.yaml:1:23: domestic: is neither a jurisdiction's id nor a country code (found 'EUR')",
        ),
        (
            "operator:\n  domestic: [JP]\n  allow_foreign: [US, UE]\n  parent: warn\n",
            "p.yaml:3:23: allow_foreign: is neither a jurisdiction's id nor a country code (found 'UE')",
        ),
        (
            "jurisdictions:\n  - {id: JP, name: {}, countries: [JP]}\n  - {id: JP, name: {}, countries: [US]}\n",
            "p.yaml:3:10: id: two jurisdictions have the same id (found 'JP')",
        ),
        (
            "jurisdictions: [{id: JP, name: {}, countries: [JP]}]\n",
            "p.yaml:1:1: allow: is neither a jurisdiction's id nor a country code (found 'EU')",
        ),
        ("location: {allow: []}\n", "p.yaml:1:19: allow: Tuple should have at least 1 item after validation, not 0"),
        ("timezone: Tokyo\n", "p.yaml:1:11: timezone: is not an IANA time zone such as Asia/Tokyo (found 'Tokyo')"),
        ("timezone: Asia\n", "p.yaml:1:11: timezone: is not an IANA time zone such as Asia/Tokyo (found 'Asia')"),
        ("unclassified: {outside: x}\n", "p.yaml:1:25: outside: Input should be 'decide' or 'violation' (found 'x')"),
        (
            "copies: {primary: saved}\n",
            "p.yaml:1:1: copies: say what these roles count as: replica, standby, witness, backup, snapshot, stream, "
            "log, export, cache, share, inference, metadata, key",
        ),
        ("rules: {copy-outside-territory: {status: warning}}\n", "p.yaml:1:33: the key `reason` is missing"),
    ],
)  # fmt: skip
def test_a_policy_that_means_nothing_is_refused_where_it_stands(text: str, says: str) -> None:
    assert says in policy_mistakes(text)


def test_a_role_that_nobody_knows_is_refused() -> None:
    (line,) = policy_mistakes("copies: {mirror: saved}\n")
    assert line.startswith("p.yaml:1:18: mirror: Input should be 'primary', 'replica'")


@pytest.mark.parametrize(
    "change",
    [
        {"approved_by": "team@example.co.jp"},
        {"approved_by": "Team@Example.co.jp "},
        {"approved_by": ""},
        {"owner": ""},
        {"reason": ""},
        {"reason": None},
        {"expires": None},
        {"expires": date(2026, 10, 31)},
        {"expires": date(2027, 11, 3)},
        {"approved_on": None},
        {"match": {}},
        {"rule": ""},
    ],
)
def test_an_exception_without_two_people_a_reason_and_an_end_is_refused(change: dict[str, object]) -> None:
    assert ExceptionRow.model_validate(APPROVAL).ticket is None
    with pytest.raises(ValidationError):
        ExceptionRow.model_validate(APPROVAL | change)


@pytest.mark.parametrize("key", ["id", "rule", "match", "reason", "owner", "approved_by", "approved_on", "expires"])
def test_no_key_of_an_exception_can_be_left_out(key: str) -> None:
    with pytest.raises(ValidationError, match="Field required"):
        ExceptionRow.model_validate({name: value for name, value in APPROVAL.items() if name != key})


def test_an_approval_may_last_366_days_and_no_longer() -> None:
    assert ExceptionRow.model_validate(APPROVAL | {"expires": date(2027, 11, 2)}).id == "EX-1"
    with pytest.raises(ValidationError, match="more than 366 days"):
        ExceptionRow.model_validate(APPROVAL | {"expires": date(2027, 11, 3)})


def test_the_first_and_the_last_day_of_an_approval_count() -> None:
    row = ExceptionRow.model_validate(APPROVAL)
    assert (row.begun(date(2026, 10, 31)), row.begun(date(2026, 11, 1))) == (False, True)
    assert (row.expired(date(2026, 12, 31)), row.expired(date(2027, 1, 1))) == (False, True)


@pytest.mark.parametrize("cause", [None, {}, {"status": None}, {"policy": None}])
def test_an_acceptance_names_the_cause_it_accepts(cause: dict[str, object] | None) -> None:
    row = {key: value for key, value in APPROVAL.items() if key != "rule"}
    with pytest.raises(ValidationError):
        Acceptance.model_validate(row | {"cause": cause})
    assert Acceptance.model_validate(row | {"cause": {"status": "guarded"}}).cause
    assert Acceptance.model_validate(row | {"match": {"id": "a", "status": "denied"}}).cause is None


def test_the_strongest_class_stands_first_and_relief_last() -> None:
    strongest_first = sorted(DataClass, key=lambda data_class: data_class.strength, reverse=True)
    assert [data_class.value for data_class in strongest_first] == [
        "my-number",
        "special-care",
        "personal",
        "pseudonymised",
        "unknown",
        "person-related",
        "statistical",
        "anonymised",
        "none",
    ]


def test_the_first_four_classes_are_judged_as_personal() -> None:
    personal = {"my-number", "special-care", "personal", "pseudonymised"}
    assert {data_class.value for data_class in DataClass if data_class.personal} == personal
    assert {data_class.value for data_class in DataClass if data_class.special} == {"my-number", "special-care"}


@pytest.mark.parametrize("data_class", ["none", "anonymised", "statistical", "person-related"])
def test_a_rule_that_takes_a_store_out_has_a_reason_and_an_owner(data_class: str) -> None:
    row: dict[str, object] = {"match": {"id": "a"}, "data_class": data_class}
    complete = row | {"reason": "published", "owner": "data@example.co.jp"}
    assert ClassRule.model_validate(complete).data_class == data_class
    for missing in ("reason", "owner"):
        with pytest.raises(ValidationError, match="give `reason` and `owner`"):
            ClassRule.model_validate({**complete, missing: ""})


@pytest.mark.parametrize("data_class", ["my-number", "special-care", "personal", "pseudonymised", "unknown"])
def test_a_rule_that_takes_nothing_out_needs_no_reason(data_class: str) -> None:
    assert ClassRule.model_validate({"match": {"id": "a"}, "data_class": data_class}).reason is None


def test_a_tag_value_stands_for_a_class_of_the_contract() -> None:
    row = {"version": 1, "kind": "classification", "values": {"pii": "secret"}}
    with pytest.raises(ValidationError, match="my-number"):
        Classification.model_validate(row)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"organization": True, "account": "123456789012", "role_name": "r"}, "not both"),
        ({"organization": True}, "needs `role_name`"),
        ({"role_arn": "arn:aws:iam::123456789012:role/r", "role_name": "r"}, "not both"),
        ({"external_id": 12345}, "put it in quotes"),
        ({"regions": []}, "at least 1 item"),
        ({"regions": "ap-northeast-1"}, "all-enabled"),
    ],
)
def test_a_source_has_one_way_in(row: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        AwsSource.model_validate({"name": "a", "provider": "aws", **row})


def a_coverage(required: list[str], tracked: list[str]) -> Coverage:
    scope = {"required": {"holds": required}, "tracked": {"holds": tracked}}
    return Coverage.model_validate({"version": 1, "kind": "coverage", "scope": scope})


def test_no_class_of_kinds_falls_out_of_the_scope_unsaid() -> None:
    assert a_coverage(["data"], ["logs", "secrets", "code", "keys", "config"]).scope.tracked.unfollowed
    with pytest.raises(ValidationError, match="neither required nor tracked: logs, secrets"):
        a_coverage(["data"], ["code", "keys", "config"])
