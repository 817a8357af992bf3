from __future__ import annotations

from pathlib import Path

import pytest

from residency.model import Role, Store
from residency.rules.texts import message
from tests.build import VENDOR_AWS, a_control, a_copy, a_store, an_edge
from tests.rules.cases import JP, JP2, NONE, NOWHERE, POLICY, SPECIAL, changed, found, row

RULE = "access-prevention-not-in-effect"
DOCUMENTS_2 = VENDOR_AWS.replace("grade: 3", "grade: 2")
UNDOCUMENTED = VENDOR_AWS.replace("state: approved", "state: draft")
VIOLATION, CRITICAL = ("violation", "high"), ("violation", "critical")
TARGET = ("warning", "low")


def locked(grade: int | None, *, special: bool = False, name: str = "one", kind: str = "aws.s3.bucket") -> Store:
    tags = SPECIAL if special else {"data": "personal"}
    return a_store(f"arn:aws:s3:::{name}", a_copy(JP, control=a_control(grade)), tags=tags, kind=kind)


@pytest.mark.parametrize(
    ("grade", "vendor", "personal", "special"),
    [
        # documented 3; the policy's minimum is 2, for special-care 3; the target 3, for special-care 4
        (0, VENDOR_AWS, [VIOLATION], [CRITICAL]),
        (2, VENDOR_AWS, [VIOLATION], [CRITICAL]),
        (3, VENDOR_AWS, [], [TARGET]),
        (4, VENDOR_AWS, [], []),
        (1, DOCUMENTS_2, [VIOLATION], [CRITICAL]),
        (2, DOCUMENTS_2, [TARGET], [CRITICAL]),
        (3, DOCUMENTS_2, [], [TARGET]),
        (1, UNDOCUMENTED, [VIOLATION], [CRITICAL]),
        (2, UNDOCUMENTED, [TARGET], [CRITICAL]),
        (None, VENDOR_AWS, [("not-checked", "medium")], [("not-checked", "medium")]),
    ],
)
def test_the_grade_is_held_against_paper_minimum_and_target(
    tmp_path: Path, grade: int | None, vendor: str, personal: list[object], special: list[object]
) -> None:
    assert [row(f) for f in found(tmp_path / "p", RULE, locked(grade), vendors__aws=vendor)] == personal
    assert [row(f) for f in found(tmp_path / "s", RULE, locked(grade, special=True), vendors__aws=vendor)] == special


def test_the_lowest_accepted_measure_whose_scope_names_the_service_is_what_is_documented(tmp_path: Path) -> None:
    measure = VENDOR_AWS[VENDOR_AWS.index("  - grade: 3") : VENDOR_AWS.index("regulations:")]
    others = measure.replace("grade: 3", "grade: 2").replace('"*"', "rds") + measure.replace("3", "4", 1)
    vendor = VENDOR_AWS.replace("regulations:", f"{others}regulations:")
    (finding,) = found(tmp_path, RULE, locked(2), vendors__aws=vendor)
    assert "the papers promise grade 3" in message(finding, "en")
    assert "文書上は等級 3" in message(finding, "ja")


def test_the_message_says_when_it_is_the_policy_that_demands_more(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, RULE, locked(1), vendors__aws=UNDOCUMENTED)
    assert message(finding, "en").endswith("grade 1; the policy demands at least grade 2")
    assert message(finding, "ja").endswith("等級 1。方針は等級 2 以上を求める")


@pytest.mark.parametrize("role", [Role.REPLICA, Role.BACKUP, Role.SNAPSHOT, Role.LOG, Role.STREAM, Role.CACHE])
def test_every_saved_copy_needs_the_measure_for_itself(tmp_path: Path, role: Role) -> None:
    store = a_store("arn:aws:s3:::one", a_copy(JP), a_copy(JP2, role, control=a_control(1)))
    assert [finding.subject.role for finding in found(tmp_path, RULE, store)] == [role]


@pytest.mark.parametrize("role", [Role.SHARE, Role.WITNESS, Role.INFERENCE, Role.METADATA, Role.KEY])
def test_what_is_not_saved_is_not_asked_for_a_measure(tmp_path: Path, role: Role) -> None:
    store = a_store("arn:aws:s3:::one", a_copy(JP), a_copy(JP, role, control=a_control(0), account="*"))
    assert found(tmp_path, RULE, store) == []


def test_a_copy_that_nobody_asked_about_is_not_checked(tmp_path: Path) -> None:
    store = a_store("arn:aws:s3:::one", a_copy(JP), a_copy(JP2, Role.REPLICA, control=None))
    (finding,) = found(tmp_path, RULE, store)
    assert "could not be read" in message(finding, "en")
    assert "読み取れない" in message(finding, "ja")


def test_a_held_copy_is_judged_where_it_is_held(tmp_path: Path) -> None:
    source = a_store("arn:aws:s3:::one", a_copy(JP), a_copy(JP2, Role.REPLICA, holder="arn:aws:s3:::two", control=None))
    held = a_store("arn:aws:s3:::two", a_copy(JP2, control=a_control(1)))
    (finding,) = found(tmp_path, RULE, source, held, an_edge(source.id, held.id))
    assert (finding.subject.id, row(finding)) == (held.id, VIOLATION)


def test_an_unplaced_copy_is_another_rules_finding(tmp_path: Path) -> None:
    store = a_store("arn:aws:s3:::one", a_copy(NOWHERE, control=a_control(None)))
    assert found(tmp_path, RULE, store) == []


def test_data_that_are_not_personal_need_no_measure(tmp_path: Path) -> None:
    assert found(tmp_path, RULE, a_store("arn:aws:s3:::one", a_copy(JP, control=a_control(0)), tags=NONE)) == []


def test_the_target_is_one_warning_per_vendor_and_kind_with_n_of_m(tmp_path: Path) -> None:
    stores = [locked(grade, name=f"bucket-{n}") for n, grade in enumerate((2, 2, 3))]
    stores.append(locked(2, name="disk", kind="aws.ebs.volume"))
    findings = found(tmp_path, RULE, *stores, vendors__aws=DOCUMENTS_2)
    assert [(row(finding), finding.subject.kind, finding.subject.id) for finding in findings] == [
        (TARGET, "vendor", "aws")
    ] * 2
    assert [message(finding, "en").rpartition("; ")[2] for finding in findings] == [
        "2 of 3 copies in aws.s3.bucket are below the target",
        "1 of 1 copies in aws.ebs.volume are below the target",
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_the_target_that_is_named_is_the_one_that_was_missed(tmp_path: Path, order: int) -> None:
    stores = [locked(3, special=True, name="special"), locked(3, name="personal")][::order]
    (finding,) = found(tmp_path, RULE, *stores)
    assert "grade < 4; 1 of 2 copies" in message(finding, "en")


def test_a_policy_may_change_status_and_severity(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, RULE, locked(0), policy=changed(RULE))
    assert row(finding) == ("warning", "low")


def test_a_policy_may_set_other_grades(tmp_path: Path) -> None:
    policy = f"{POLICY}access_prevention: {{min_grade: 4, target_grade: 4}}\n"
    (finding,) = found(tmp_path, RULE, locked(3), policy=policy)
    assert "at least grade 4" in message(finding, "en")
