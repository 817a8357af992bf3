from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from residency.model import Finding, FindingStatus, Role, Subject
from residency.reports import render
from residency.reports.junit import MAX_BYTES
from residency.reports.result import Result
from tests.build import a_copy, a_gap, a_store
from tests.reports.results import SG, every_rule, result_of

LANGUAGES = ["en", "ja"]
FORBIDDEN = [
    "\x00",
    "\x08",
    "\x0b",
    "\x1b[31m",
    "\ufffe",
    "\uffff",
    "\x85",
    "]]>",
    '<a b="c">&amp;',
    "個人\n情報",
]
OUTCOMES = {"violation": "failure", "not-checked": "error", "excepted": "skipped", "warning": "system-out"}


def text_of(result: Result, language: str = "en") -> str:
    return "".join(render("junit", result, (language,)))


def suites_of(result: Result, language: str = "en") -> list[ElementTree.Element]:
    root = ElementTree.fromstring(text_of(result, language).encode())
    assert root.tag == "testsuites"
    return list(root)


def cases_of(result: Result, language: str = "en") -> list[ElementTree.Element]:
    return [case for suite in suites_of(result, language) for case in suite.iter("testcase")]


def named(finding: Finding, name: str) -> Finding:
    """The same finding on a store of another name."""
    subject, facts = Subject(kind="store", id=name), {**finding.facts, "store": name}
    return Finding(**{**dict(finding), "subject": subject, "facts": facts})


def outcomes(case: ElementTree.Element) -> list[str]:
    return [child.tag for child in case]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_is_a_case_in_the_suite_of_its_rule(tmp_path: Path, language: str) -> None:
    result = every_rule(tmp_path)
    for suite in suites_of(result, language)[1:]:
        found = sorted(OUTCOMES[f.status.value] for f in result.findings if f.rule == suite.get("name"))
        assert sorted(tag for case in suite for tag in outcomes(case)) == found
        assert {case.get("classname") for case in suite} == {suite.get("name")}
    assert len(cases_of(result, language)) == len(result.findings) + 1


def test_the_counts_are_those_of_the_cases(tmp_path: Path) -> None:
    root = ElementTree.fromstring(text_of(every_rule(tmp_path)).encode())
    for element in (root, *root):
        found = {"tests": len(list(element.iter("testcase")))}
        counted = {"failures": "failure", "errors": "error", "skipped": "skipped"}
        found |= {name: len(list(element.iter(tag))) for name, tag in counted.items()}
        assert {key: int(element.get(key, "")) for key in found} == found


def test_no_two_cases_have_the_same_name(tmp_path: Path) -> None:
    copies = [a_copy(SG, Role.REPLICA, holder=f"arn:{char}") for char in ("\x00", "\x01", "\x02")]
    for result in (every_rule(tmp_path / "a"), result_of(tmp_path / "b", a_store("arn:aws:s3:::one", *copies))):
        names = [(case.get("classname"), case.get("name")) for case in cases_of(result)]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("name", FORBIDDEN)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_name_breaks_the_file(tmp_path: Path, name: str, language: str) -> None:
    copies = (a_copy(SG), a_copy(SG, Role.SHARE, account=name), a_copy(None, Role.REPLICA, holder=name))
    result = result_of(tmp_path, a_store(f"arn:aws:s3:::{name}", *copies, owner=name))
    assert len(cases_of(result, language)) == len(result.findings) + 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("clean", ["system-out"]),
        ("violation", ["failure"]),
        ("gap", ["error"]),
        ("both", ["failure"]),
        ("nothing", ["error"]),
    ],
)
def test_the_verdict_is_a_case_of_its_own(tmp_path: Path, what: str, expected: list[str], language: str) -> None:
    stores = [a_store("arn:aws:s3:::one", a_copy(SG))] if what in ("violation", "both") else [a_store()]
    result = result_of(tmp_path, *stores, gaps=[a_gap()] if what in ("gap", "both") else [])
    if what == "nothing":
        result = replace(result, verdict="nothing-checked", exit_code=5)
    suite = suites_of(result, language)[0]
    (verdict,) = suite.iter("testcase")
    assert outcomes(verdict) == expected
    facts = {fact.get("name"): fact.get("value") for fact in suite.iter("property")}
    assert (facts["verdict"], facts["exit_code"]) == (result.verdict, str(result.exit_code))
    assert facts["policy"] == result.run["policy"]["id"]


def test_a_rule_without_a_finding_does_not_pass(tmp_path: Path) -> None:
    assert [case.get("name") for case in cases_of(result_of(tmp_path, a_store()))] == ["verdict"]


def test_the_text_says_what_gitlab_does_not_read_from_the_attribute(tmp_path: Path) -> None:
    for case in cases_of(every_rule(tmp_path)):
        for outcome in case:
            assert (outcome.get("message") or "") in (outcome.text or "")


def test_a_file_that_would_be_dropped_is_cut_and_says_so(tmp_path: Path) -> None:
    one = result_of(tmp_path, a_store("arn:aws:s3:::one", a_copy(SG)))
    result = replace(one, findings=[named(one.findings[0], f"{'x' * 200_000}{number}") for number in range(200)])
    text = text_of(result)
    assert MAX_BYTES - 500_000 < len(text.encode()) < 30_000_000
    (cut,) = (case for case in ElementTree.fromstring(text.encode()).iter("testcase") if case.get("name") == "left out")
    shown = len(cases_of(result)) - 2
    assert cut[0].get("message") == f"and {200 - shown} more"
    assert cut[0].tag == "error"


def test_a_violation_comes_before_what_is_cut(tmp_path: Path) -> None:
    statuses = [case[0].tag for case in cases_of(every_rule(tmp_path)) if len(case)]
    assert statuses[0] == OUTCOMES[FindingStatus.VIOLATION.value]
