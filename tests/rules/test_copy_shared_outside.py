from __future__ import annotations

from pathlib import Path

import pytest

from residency.model import EVERYONE, Account, Role, Store
from residency.rules.texts import message
from tests.build import ACCOUNT, a_copy, a_store
from tests.rules.cases import JP, NONE, SPECIAL, changed, found, row

RULE = "copy-shared-outside"
STRANGER = "999999999999"
SOURCES = f"""\
version: 1
kind: sources
sources: [{{name: other, provider: aws, account: "{STRANGER}"}}]
"""


def shared(account: str | None) -> tuple[Store, Store]:
    copies = (a_copy(JP), a_copy(JP, Role.SHARE, account=account))
    return a_store("arn:aws:s3:::personal", *copies), a_store("arn:aws:s3:::special", *copies, tags=SPECIAL)


@pytest.mark.parametrize(
    ("account", "personal", "special"),
    [
        (STRANGER, ("violation", "high"), ("violation", "critical")),
        (EVERYONE, ("violation", "critical"), ("violation", "critical")),
        (None, ("not-checked", "high"), ("not-checked", "high")),
    ],
    ids=["an account that no source names", "everyone", "unreadable"],
)
def test_who_may_read_it_decides_the_row(
    tmp_path: Path, account: str | None, personal: tuple[str, str], special: tuple[str, str]
) -> None:
    assert [row(finding) for finding in found(tmp_path, RULE, *shared(account))] == [personal, special]


def test_an_account_that_a_source_names_is_ours(tmp_path: Path) -> None:
    assert found(tmp_path, RULE, *shared(STRANGER), sources=SOURCES) == []


def test_an_account_that_a_source_reached_is_ours(tmp_path: Path) -> None:
    reached = Account(source="org", provider="aws", id=STRANGER)
    assert found(tmp_path, RULE, *shared(STRANGER), accounts=[reached]) == []


def test_the_same_number_at_another_provider_is_not_ours(tmp_path: Path) -> None:
    reached = Account(source="org", provider="alibaba", id=STRANGER)
    assert len(found(tmp_path, RULE, *shared(STRANGER), accounts=[reached])) == 2


def test_a_replica_in_another_account_is_no_share(tmp_path: Path) -> None:
    store = a_store("arn:aws:s3:::one", a_copy(JP), a_copy(JP, Role.REPLICA, account=STRANGER))
    assert found(tmp_path, RULE, store) == []


def test_data_that_are_not_personal_may_be_shared(tmp_path: Path) -> None:
    copies = (a_copy(JP, account=ACCOUNT), a_copy(JP, Role.SHARE, account=EVERYONE))
    assert found(tmp_path, RULE, a_store("arn:aws:s3:::one", *copies, tags=NONE)) == []


@pytest.mark.parametrize(("language", "everyone"), [("en", "shared with everyone"), ("ja", "全員 と共有")])
def test_everyone_has_a_word_in_both_languages(tmp_path: Path, language: str, everyone: str) -> None:
    assert everyone in message(found(tmp_path, RULE, *shared(EVERYONE))[0], language)


def test_a_policy_may_change_status_and_severity(tmp_path: Path) -> None:
    findings = found(tmp_path, RULE, *shared(STRANGER), policy=changed(RULE))
    assert [row(finding) for finding in findings] == [("warning", "low"), ("warning", "critical")]
