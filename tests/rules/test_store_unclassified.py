from __future__ import annotations

from pathlib import Path

import pytest

from residency.model import Place, Role, Why
from residency.rules.texts import message
from tests.build import a_config, a_copy, a_store, judge, save_run
from tests.rules.cases import JP, NONE, NOWHERE, POLICY, SG, changed, found, row

RULE = "store-unclassified"
STRICT = f"{POLICY}unclassified: {{outside: violation}}\n"
OUTSIDE = a_copy(SG)
UNBOUNDED = a_copy(None, why=Why.UNBOUNDED)
UNPLACED = [a_copy(NOWHERE), a_copy(None), a_copy(None, why=Why.NOT_KNOWN_YET)]
MIXED = a_copy(None, candidates=(Place.parse(JP), Place.parse(SG)))


@pytest.mark.parametrize("copy", [OUTSIDE, UNBOUNDED, MIXED, *UNPLACED])
def test_an_unclassified_copy_that_is_not_inside_needs_a_decision(tmp_path: Path, copy: object) -> None:
    (finding,) = found(tmp_path, RULE, a_store("arn:aws:s3:::one", a_copy(JP), copy, tags={}))  # type: ignore[arg-type]
    assert (row(finding), finding.assumed) == (("not-checked", "medium"), True)
    assert "needs a decision" in message(finding, "en")
    assert "判断が必要" in message(finding, "ja")


def test_there_is_one_finding_for_each_copy(tmp_path: Path) -> None:
    copies = (a_copy(JP), OUTSIDE, a_copy(SG, Role.BACKUP), a_copy(None, Role.REPLICA))
    findings = found(tmp_path, RULE, a_store("arn:aws:s3:::one", *copies, tags={}))
    assert [finding.subject.role for finding in findings] == [Role.PRIMARY, Role.BACKUP, Role.REPLICA]


def test_no_other_rule_speaks_of_an_unclassified_store(tmp_path: Path) -> None:
    copies = (OUTSIDE, UNBOUNDED, *UNPLACED, a_copy(SG, Role.SHARE, account="*"), a_copy(SG, Role.KEY))
    run = save_run(tmp_path / "run.jsonl", a_store("arn:aws:s3:::one", *copies, tags={}))
    config = a_config(tmp_path / "config", vendors__aws="version: 1\nkind: vendor\nid: aws\nstate: draft\n")
    _, findings = judge(run, config)
    assert {finding.rule for finding in findings} == {RULE}


def test_an_unclassified_store_that_is_wholly_inside_is_only_listed(tmp_path: Path) -> None:
    run = save_run(tmp_path / "run.jsonl", a_store("arn:aws:s3:::one", a_copy(JP), tags={}))
    stores, findings = judge(run, a_config(tmp_path / "config"))
    assert (findings, stores["arn:aws:s3:::one"].verdict) == ([], "permitted")
    assert stores["arn:aws:s3:::one"].data_class == "unknown"


def test_unreadable_tags_are_no_classification(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, RULE, a_store("arn:aws:s3:::one", OUTSIDE, tags=None))
    assert "its tags could not be read" in message(finding, "en")
    assert "タグを読み取れない" in message(finding, "ja")


@pytest.mark.parametrize("tags", [NONE, {"data": "personal"}])
def test_a_classified_store_is_judged_by_other_rules(tmp_path: Path, tags: dict[str, str]) -> None:
    assert found(tmp_path, RULE, a_store("arn:aws:s3:::one", OUTSIDE, tags=tags)) == []


@pytest.mark.parametrize("copy", [OUTSIDE, UNBOUNDED, MIXED])
def test_a_policy_may_call_what_is_outside_a_violation(tmp_path: Path, copy: object) -> None:
    (finding,) = found(tmp_path, RULE, a_store("arn:aws:s3:::one", copy, tags={}), policy=STRICT)  # type: ignore[arg-type]
    assert (row(finding), finding.assumed) == (("violation", "high"), True)


@pytest.mark.parametrize("copy", UNPLACED)
def test_what_nobody_placed_stays_not_checked_under_any_policy(tmp_path: Path, copy: object) -> None:
    (finding,) = found(tmp_path, RULE, a_store("arn:aws:s3:::one", copy, tags={}), policy=STRICT)  # type: ignore[arg-type]
    assert row(finding) == ("not-checked", "medium")


def test_a_policy_may_change_the_severity_but_not_make_it_a_warning(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, RULE, a_store("arn:aws:s3:::one", OUTSIDE, tags={}), policy=changed(RULE))
    assert row(finding) == ("not-checked", "low")
