from __future__ import annotations

from pathlib import Path

import pytest

from residency.model import Followed
from residency.rules.texts import message
from tests.build import a_store
from tests.rules.cases import NONE, SPECIAL, changed, found, row

RULE = "copies-not-followed"
QUEUES = [
    a_store(f"arn:aws:sqs:::{n}", kind="aws.sqs.queue", followed=Followed.NONE, tags=tags)
    for n, tags in enumerate(({"data": "personal"}, SPECIAL, NONE, {}))
]


def scope(required: str, tracked: str) -> str:
    return (
        "version: 1\nkind: coverage\nscope:\n"
        f"  required: {{holds: [data, logs, secrets], unfollowed: {required}}}\n"
        f"  tracked: {{holds: [code, keys, config], unfollowed: {tracked}}}\n"
    )


def test_a_kind_that_is_judged_by_its_own_place_only_is_one_warning(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, RULE, *QUEUES)
    assert (row(finding), finding.subject.id) == (("warning", "low"), "aws.sqs.queue")
    assert message(finding, "en").startswith("4 stores of kind aws.sqs.queue")
    assert "aws.sqs.queue 4 件" in message(finding, "ja")


def test_each_kind_is_a_finding_of_its_own(tmp_path: Path) -> None:
    topic = a_store("arn:aws:sns:::t", kind="aws.sns.topic", followed=Followed.NONE)
    assert [finding.subject.id for finding in found(tmp_path, RULE, *QUEUES, topic)] == [
        "aws.sqs.queue",
        "aws.sns.topic",
    ]


@pytest.mark.parametrize("followed", [Followed.ALL, Followed.SOME])
def test_a_kind_with_a_service_file_is_no_finding(tmp_path: Path, followed: Followed) -> None:
    assert found(tmp_path, RULE, a_store("arn:aws:s3:::one", followed=followed)) == []


def test_a_config_may_require_that_copies_are_followed(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, RULE, *QUEUES, coverage=scope("true", "true"))
    assert row(finding) == ("not-checked", "low")


def test_a_config_may_leave_it_out(tmp_path: Path) -> None:
    assert found(tmp_path, RULE, *QUEUES, coverage=scope("false", "false")) == []


def test_a_policy_may_change_status_and_severity(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, RULE, *QUEUES, policy=changed(RULE, "not-checked"))
    assert row(finding) == ("not-checked", "low")
