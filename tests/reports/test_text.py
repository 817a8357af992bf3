from __future__ import annotations

from pathlib import Path

import pytest
from wcwidth import wcswidth

from residency.model import Followed, Role
from residency.rules import rules
from tests.build import a_cell, a_copy, a_gap, a_store
from tests.reports.results import APPROVED, JP, SG, every_rule, result_of, text_of

LONG = "arn:aws:s3:::" + "x" * 300
WIDE = "arn:aws:s3:::" + "個人情報" * 60
SPACED = "arn:aws:s3:::" + "a-long name " * 30
ESCAPES = [
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "a\rb",
    "a\nPASS  no violation",
    "\x9b2J",
    "\u202egnp",
    "\x7f",
    "\x00",
]
EXCEPTED = """\
version: 1
kind: exceptions
exceptions:
  - {id: EX-1, rule: copy-outside-territory, match: {id: "*"}, reason: known, owner: a@example.com,
     approved_by: b@example.com, approved_on: 2026-11-01, expires: 2026-12-31}
"""


def widest(text: str) -> int:
    return max(wcswidth(line) for line in text.splitlines())


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_clean_run_is_exactly_three_lines(tmp_path: Path, language: str) -> None:
    text = text_of(result_of(tmp_path, a_store()), language)
    assert text.count("\n") == 3
    assert text.endswith("\n")
    assert widest(text) <= 100


def test_a_clean_run_says_policy_coverage_and_verdict(tmp_path: Path) -> None:
    policy, checked, verdict = text_of(result_of(tmp_path, a_store())).splitlines()
    assert policy.startswith("Policy    personal-information-jp-us-eu  sha256:")
    assert policy.endswith("(JP, US, EU)")
    assert checked.startswith("Checked   1 of 1 cells · 1 stores · 1 copies  2026-11-22 12:00 JST  atlas 20")
    assert verdict == "PASS  no violation, nothing unseen  exit 0"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_line_is_wider_than_100_columns_whatever_a_rule_says(tmp_path: Path, language: str) -> None:
    text = text_of(every_rule(tmp_path), language)
    assert {rule for rule in rules() if rule not in text} == set()
    assert widest(text) <= 100


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", [LONG, WIDE, SPACED], ids=["long", "wide", "spaced"])
def test_no_line_is_wider_than_100_columns_however_long_a_name_is(tmp_path: Path, language: str, name: str) -> None:
    copies = (a_copy(SG), a_copy(JP, Role.SHARE, account="9" * 200), a_copy(None, Role.REPLICA, holder=name))
    text = text_of(result_of(tmp_path, a_store(name, *copies)), language)
    assert widest(text) <= 100
    squeezed = "".join(text.split())
    assert "".join(name.split()) in squeezed, "nothing of the name is cut off"


@pytest.mark.parametrize("name", ESCAPES)
def test_control_characters_of_a_name_never_reach_the_terminal(tmp_path: Path, name: str) -> None:
    copies = (a_copy(SG), a_copy(SG, Role.REPLICA, holder=name, account=name))
    text = text_of(result_of(tmp_path, a_store(f"arn:aws:s3:::{name}", *copies)), "en", "ja")
    assert [char for char in text if not char.isprintable() and char != "\n"] == []
    assert "\ufffd" in text
    assert "\nPASS" not in text


def test_there_is_no_colour_unless_it_is_asked_for(tmp_path: Path) -> None:
    result = every_rule(tmp_path)
    plain, painted = text_of(result), text_of(result, colour=True)
    assert "\x1b" not in plain
    assert "\x1b[1;31mVIOLATION" in painted
    assert _without_colour(painted) == plain


@pytest.mark.parametrize(
    ("copy", "word"),
    [(a_copy(SG), "FAIL  1 violations  exit 1"), (a_copy(None), "NOT CHECKED  1 not checked  exit 3")],
)
def test_the_last_line_is_the_verdict(tmp_path: Path, copy: object, word: str) -> None:
    text = text_of(result_of(tmp_path, a_store("arn:aws:s3:::one", copy)))  # type: ignore[arg-type]
    assert text.splitlines()[-1] == word


def test_an_exception_is_named_with_the_days_it_has_left(tmp_path: Path) -> None:
    text = text_of(result_of(tmp_path, a_store("arn:aws:s3:::one", a_copy(SG)), exceptions=EXCEPTED))
    assert text.splitlines()[-1] == "PASS  no violation, nothing unseen · 1 excepted (EX-1: 39 days left)  exit 0"


@pytest.mark.parametrize(
    ("service", "says"),
    [
        ("kms", "PASS  no violation, nothing required unseen · 1 tracked listings with gaps · "),
        ("sqs", "PASS  no violation, nothing required unseen · 1 listings out of scope with gaps · "),
    ],
)
def test_the_last_line_says_that_nothing_is_unseen_only_where_nothing_is(
    tmp_path: Path, service: str, says: str
) -> None:
    row = f"{{id: OUT-1, match: {{service: sqs}}, {APPROVED}, expires: 2026-12-31}}"
    coverage = f"version: 1\nkind: coverage\nscope: {{out: [{row}]}}\n"
    gap = a_gap(a_cell(service=service, region="ap-northeast-1"))
    result = result_of(tmp_path, a_store(), gaps=[gap], coverage=coverage)
    assert f"\n{says}" in text_of(result)


def test_the_last_line_does_not_call_copies_that_were_not_followed_seen(tmp_path: Path) -> None:
    last = text_of(result_of(tmp_path, a_store(followed=Followed.NONE))).splitlines()[-1]
    assert last == "PASS  no violation, nothing required unseen · 1 warnings  exit 0"


def test_violations_stand_before_what_was_not_checked_and_warnings(tmp_path: Path) -> None:
    heads = [line.split("  ")[0] for line in text_of(every_rule(tmp_path)).splitlines()]
    order = [word for word in heads if word in ("VIOLATION", "NOT CHECKED", "WARNING")]
    assert order == sorted(order, key=["VIOLATION", "NOT CHECKED", "WARNING"].index)
    assert len(set(order)) == 3


def test_a_finding_names_its_store_its_holder_its_evidence_and_its_fix(tmp_path: Path) -> None:
    text = text_of(every_rule(tmp_path))
    assert "critical  arn:aws-cn:s3:::china\n" in text
    assert "    rule: copy-outside-territory" in text
    assert "    held by: arn:aws:s3:::two" in text
    assert "    said by: test:Listing Things[].Place" in text
    assert "    fix: move it, or remove what makes this copy" in text


def test_a_finding_under_another_policy_than_the_first_names_it(tmp_path: Path) -> None:
    own = "version: 1\nkind: policy\nid: service\napplies_to: [{name: one}]\nlocation: {allow: [JP]}\n"
    stores = (a_store("arn:aws:s3:::one", a_copy("aws:us-east-1")), a_store("arn:aws:s3:::two", a_copy(SG)))
    text = text_of(result_of(tmp_path, *stores, policies__service=own))
    assert text.count("    Policy: service\n") == 1


def test_two_languages_follow_one_another(tmp_path: Path) -> None:
    result = result_of(tmp_path, a_store())
    assert text_of(result, "ja", "en") == text_of(result, "ja") + "\n" + text_of(result, "en")


def test_a_japanese_report_holds_no_english_sentence(tmp_path: Path) -> None:
    lines = text_of(every_rule(tmp_path), "ja").splitlines()
    sentences = [line for line in lines if " the " in line or " of " in line]
    assert [line for line in sentences if "根拠" not in line] == []


def _without_colour(text: str) -> str:
    for code in ("\x1b[1;31m", "\x1b[1;33m", "\x1b[36m", "\x1b[2m", "\x1b[0m"):
        text = text.replace(code, "")
    return text
