from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from residency.model import FindingStatus, Gap, Role, Severity
from residency.reports.page_one import actions, sentence, unchecked
from residency.reports.result import Result
from residency.rules.texts import action, fix
from residency.run import judge_run
from tests.build import TODAY, a_cell, a_config, a_copy, a_gap, a_store, save_run
from tests.reports.results import APPROVED, EXCEPTIONS, JP, SG, every_rule, result_of

ONE, USED = "arn:aws:s3:::one", "arn:aws:s3:::used"
ACCEPTED = f"""\
version: 1
kind: coverage
accept: [{{id: CG-1, match: {{service: s3}}, cause: {{status: denied}}, {APPROVED}, expires: 2027-10-31}}]
"""
OWN_POLICY = "version: 1\nkind: policy\nid: service\napplies_to: [{name: two}]\nlocation: {allow: [JP]}\n"
SHARED = a_copy(JP, Role.SHARE, account="210987654321")
OUTSIDE = "outside the allowed places (Japan, United States, European Union)"
OUTSIDE_JA = "許可された保存先(日本、米国、欧州連合)以外に保存された個人データの複製"


@pytest.mark.parametrize(
    ("copies", "gaps", "english", "japanese"),
    [
        (
            [a_copy(JP)],
            [],
            "Yes: everything in the required scope was seen, and nothing breaks the promise.",
            "はい: 必須の対象範囲をすべて確認し、不適合はない。",
        ),
        (
            [a_copy(JP)],
            [a_gap()],
            "Yes, with 1 accepted gap: everything else in the required scope was seen, and nothing else breaks the "
            "promise.",
            "はい(受容済みの未確認 1 件を除く): 必須の対象範囲のほかのすべてを確認し、ほかに不適合はない。",
        ),
        (
            [a_copy(SG)],
            [],
            f"No: this run found 1 copy of personal data {OUTSIDE}.",
            f"いいえ: {OUTSIDE_JA} 1 件がある。",
        ),
        ([a_copy(JP), SHARED], [], "No: this run found 1 violation.", "いいえ: 不適合 1 件がある。"),
        (
            [a_copy(SG), a_copy(SG, Role.REPLICA), SHARED],
            [a_gap(a_cell(service="ebs")), a_gap(a_cell(service="ebs"), needs="other")],
            f"No: this run found 2 copies of personal data {OUTSIDE} and 1 other violation, and left 2 things not "
            "checked or not decided.",
            f"いいえ: {OUTSIDE_JA} 2 件、その他の不適合 1 件があり、未確認・未判断が 2 件ある。",
        ),
        (
            [a_copy(None)],
            [],
            "We cannot say yet: nothing that was seen breaks the promise, but this run left 1 thing not checked or "
            "not decided.",
            "まだ判断できない: 確認した範囲に不適合はないが、未確認・未判断が 1 件ある。",
        ),
    ],
    ids=["clean", "accepted", "outside", "shared", "both", "incomplete"],
)
def test_each_verdict_is_one_sentence(
    tmp_path: Path, copies: list[Any], gaps: list[Gap], english: str, japanese: str
) -> None:
    result = result_of(tmp_path, a_store(ONE, *copies), gaps=gaps, coverage=ACCEPTED)
    assert (sentence(result, "en"), sentence(result, "ja")) == (english, japanese)


def test_a_plan_without_cells_answers_nothing(tmp_path: Path) -> None:
    run = save_run(tmp_path / "run.jsonl", cells=[a_cell(service="account")])
    result = judge_run(run, a_config(tmp_path / "config"), TODAY, Severity.HIGH)
    assert result.verdict == "nothing-checked"
    assert sentence(result, "en").startswith("Nothing was checked")
    assert sentence(result, "ja").startswith("何も確認していない")


def test_a_yes_names_what_is_excepted(tmp_path: Path) -> None:
    result = result_of(tmp_path, a_store(USED, a_copy(SG)), exceptions=EXCEPTIONS)
    assert result.verdict == "no-violation"
    assert sentence(result, "en").startswith("Yes, with 1 excepted finding: everything else")
    assert sentence(result, "ja").startswith("はい(例外 1 件を除く): ")


def test_where_policies_differ_the_sentence_names_no_places(tmp_path: Path) -> None:
    two = a_store("arn:aws:s3:::two", a_copy("aws:us-east-1"))
    result = result_of(tmp_path, two, policies__service=OWN_POLICY)
    assert sentence(result, "en") == (
        "No: this run found 1 copy of personal data outside the places that its policy allows."
    )


def test_a_key_outside_is_no_copy_outside(tmp_path: Path) -> None:
    result = every_rule(tmp_path)
    outside = [f for f in result.findings if f.rule == "copy-outside-territory" and f.status == "violation"]
    others = [f for f in result.findings if f.rule != "copy-outside-territory" and f.status == "violation"]
    assert len(others) > 3
    assert f"{len(outside)} copies of personal data" in sentence(result, "en")
    assert f"{len(others)} other violations" in sentence(result, "en")


def test_one_action_is_one_rule_one_thing_to_do_and_one_owner(tmp_path: Path) -> None:
    result = every_rule(tmp_path)
    for one in actions(result.sorted_findings()):
        assert len({(f.rule, action(f, "en"), f.owner) for f in one.findings}) == 1


def test_every_open_finding_is_closed_by_one_action(tmp_path: Path) -> None:
    result = every_rule(tmp_path)
    closed = [finding for action in actions(result.sorted_findings()) for finding in action.findings]
    assert sorted(map(str, closed)) == sorted(
        str(f) for f in result.findings if f.status in ("violation", "not-checked")
    )


def test_the_gravest_action_comes_first_and_then_the_one_that_closes_most(tmp_path: Path) -> None:
    stores = [a_store(f"arn:aws:s3:::outside-{number}", a_copy(SG)) for number in range(3)]
    stores += [a_store("arn:aws:s3:::shared", a_copy(JP), SHARED)]
    stores += [a_store(f"arn:aws:s3:::nowhere-{number}", a_copy(None)) for number in range(9)]
    found = actions(result_of(tmp_path, *stores).sorted_findings())
    assert [(action.first.rule, len(action.findings)) for action in found] == [
        ("copy-outside-territory", 3),
        ("copy-shared-outside", 1),
        ("copy-place-unknown", 9),
    ]


def test_different_owners_are_different_actions(tmp_path: Path) -> None:
    owners = "version: 1\nkind: owners\ntag_keys: [team]\n"
    stores = [a_store(f"arn:aws:s3:::{t}", a_copy(SG), tags={"data": "personal", "team": t}) for t in ("red", "blue")]
    found = actions(result_of(tmp_path, *stores, owners=owners).sorted_findings())
    assert sorted(str(action.first.owner) for action in found) == ["blue", "red"]


def test_what_was_not_checked_is_told_apart_by_what_closes_it(tmp_path: Path) -> None:
    result: Result = every_rule(tmp_path)
    parts = unchecked(result.findings)
    assert {finding.rule for finding in parts.causes} == {"coverage-gap"}
    assert {finding.rule for finding in parts.decisions} == {"store-unclassified"}
    assert {finding.rule for finding in parts.others} >= {"copy-place-unknown"}
    every = [finding for finding in result.findings if finding.status is FindingStatus.NOT_CHECKED]
    assert len(parts.causes) + len(parts.decisions) + len(parts.others) == len(every)


def test_the_regions_that_would_do_differ_and_what_is_to_be_done_does_not(tmp_path: Path) -> None:
    stores = [a_store(ONE, a_copy(SG)), a_store(USED, a_copy(JP), a_copy(SG, Role.REPLICA))]
    found = [f for f in result_of(tmp_path, *stores).findings if f.rule == "copy-outside-territory"]
    assert len({fix(finding, "en") for finding in found}) == 2
    (one,) = actions(found)
    assert len(one.findings) == 2
