from __future__ import annotations

import pytest

from residency.model import Finding, FindingStatus, Role, Severity, Subject
from residency.policy.models import DataClass
from residency.rules.texts import CLASSES, ROLES_JA, message


def finding(**facts: str) -> Finding:
    standard = {
        "former": "",
        "role": "primary",
        "data_class": "personal",
        "countries": "SG",
        "place": "aws:ap-southeast-1",
    }
    return Finding(
        rule="copy-outside-territory",
        status=FindingStatus.VIOLATION,
        severity=Severity.HIGH,
        subject=Subject(kind="store", id="arn:aws:s3:::one"),
        facts=standard | facts,
        policy="own",
    )


@pytest.mark.parametrize("role", list(Role))
def test_every_role_has_a_japanese_word(role: Role) -> None:
    assert ROLES_JA[role.value] in message(finding(role=role.value), "ja")


@pytest.mark.parametrize("data_class", [c for c in DataClass if c.personal or c is DataClass.UNKNOWN])
def test_every_class_that_is_judged_has_a_word_in_both_languages(data_class: DataClass) -> None:
    texts = CLASSES[data_class.value]
    assert texts.en in message(finding(data_class=data_class.value), "en")
    assert texts.ja in message(finding(data_class=data_class.value), "ja")


@pytest.mark.parametrize(
    ("countries", "text"), [("SG", "Singapore (SG)"), ("??", "in ?? ("), ("JP SG", "Japan (JP), ")]
)
def test_countries_are_printed_with_their_names(countries: str, text: str) -> None:
    assert text in message(finding(countries=countries), "en")


def test_a_name_with_braces_is_printed_as_it_is() -> None:
    assert "{place} {0}" in message(finding(place="{place} {0}"), "en")
