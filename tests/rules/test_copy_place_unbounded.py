from __future__ import annotations

from pathlib import Path

import pytest

from residency.model import Role, Store, Why
from residency.rules.texts import message
from tests.build import a_copy, a_store
from tests.rules.cases import JP, NONE, SPECIAL, changed, found, row

RULE = "copy-place-unbounded"


def unlimited(role: Role, why: Why = Why.UNBOUNDED) -> tuple[Store, Store]:
    copies = (a_copy(JP), a_copy(None, role, why=why))
    return a_store("arn:aws:s3:::personal", *copies), a_store("arn:aws:s3:::special", *copies, tags=SPECIAL)


@pytest.mark.parametrize("role", [Role.REPLICA, Role.BACKUP, Role.LOG, Role.EXPORT, Role.SNAPSHOT, Role.STANDBY])
def test_a_saved_copy_without_a_limit_is_a_grave_violation(tmp_path: Path, role: Role) -> None:
    findings = found(tmp_path, RULE, *unlimited(role))
    assert [row(finding) for finding in findings] == [("violation", "high"), ("violation", "critical")]


@pytest.mark.parametrize("role", [Role.STREAM, Role.CACHE, Role.WITNESS, Role.INFERENCE, Role.METADATA])
def test_any_other_copy_without_a_limit_is_a_lesser_violation(tmp_path: Path, role: Role) -> None:
    findings = found(tmp_path, RULE, *unlimited(role))
    assert [row(finding) for finding in findings] == [("violation", "medium"), ("violation", "high")]


def test_a_key_without_a_limit_is_not_judged_as_a_copy(tmp_path: Path) -> None:
    assert found(tmp_path, RULE, *unlimited(Role.KEY)) == []


@pytest.mark.parametrize("why", [Why.UNRESOLVED, Why.NOT_KNOWN_YET])
def test_a_place_that_nobody_told_is_not_called_unlimited(tmp_path: Path, why: Why) -> None:
    assert found(tmp_path, RULE, *unlimited(Role.REPLICA, why)) == []


def test_data_that_are_not_personal_need_no_limit(tmp_path: Path) -> None:
    store = a_store("arn:aws:s3:::one", a_copy(None, why=Why.UNBOUNDED), tags=NONE)
    assert found(tmp_path, RULE, store) == []


def test_the_sentence_is_written_in_both_languages(tmp_path: Path) -> None:
    (finding, _) = found(tmp_path, RULE, *unlimited(Role.CACHE))
    assert message(finding, "en") == "the provider does not limit where the cache of personal data stands"
    assert message(finding, "ja") == "個人データ の キャッシュ の保存先を事業者が限定していない"


def test_a_policy_may_change_status_and_severity(tmp_path: Path) -> None:
    findings = found(tmp_path, RULE, *unlimited(Role.REPLICA), policy=changed(RULE))
    assert [row(finding) for finding in findings] == [("warning", "low"), ("warning", "critical")]
