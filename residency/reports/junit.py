"""JUnit XML as GitLab and Jenkins read it: a suite a rule, a case a finding, and one case for the verdict.

GitLab takes the class name for the suite and drops cases of the same name and files of 30 MB (docs.gitlab.com, "Unit
test reports", read 2026-11-22). A rule without a finding has no passing case: what was not seen did not pass.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable, Iterator

from junitparser import Attr, Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from residency.model import Finding, FindingStatus
from residency.reports.json_result import fingerprint
from residency.reports.markdown import verdict_line
from residency.reports.result import Result
from residency.reports.sarif import Location, gravest_first, locator
from residency.reports.text import STATUSES, printable
from residency.reports.words import word
from residency.rules.texts import fix, message

MAX_BYTES = 28_000_000  # of all cases; GitLab drops a file of 30 MB
_PASSES = frozenset({"no-violation", "no-violation-with-accepted-gaps"})

Outcome = Failure | Error | Skipped
_OUTCOMES: dict[FindingStatus, type[Outcome]] = {
    FindingStatus.VIOLATION: Failure,
    FindingStatus.NOT_CHECKED: Error,
    FindingStatus.EXCEPTED: Skipped,
}


class Case(TestCase):
    """A case with the file that GitLab links to."""

    file = Attr()


def render(result: Result, languages: tuple[str, ...], colour: bool = False) -> Iterator[str]:
    """In one piece: every element begins with the counts of what is in it, and the size is limited."""
    language, locate = languages[0], locator(result)
    excepted = [finding for finding in result.sorted_findings() if finding.status is FindingStatus.EXCEPTED]
    findings = [*gravest_first(result), *excepted]
    cases = list(_fitting(_case(finding, locate(finding), language) for finding in findings))
    document = JUnitXml("residency")
    document.append(_verdict(result, len(findings) - len(cases), language))
    for suite in _suites(cases):
        document.append(suite)
    document.update_statistics()
    written = io.BytesIO()
    document.write(written)
    yield written.getvalue().decode() + "\n"


def _fitting(cases: Iterable[TestCase]) -> Iterator[TestCase]:
    room = MAX_BYTES
    for case in cases:
        room -= len(case.tostring())
        if room < 0:
            return
        yield case


def _suites(cases: Iterable[TestCase]) -> Iterator[TestSuite]:
    by_rule: defaultdict[str, list[TestCase]] = defaultdict(list)
    for case in cases:
        by_rule[case.classname].append(case)
    for rule, own in by_rule.items():
        suite = TestSuite(rule)
        suite.extend(own)
        yield suite


def _verdict(result: Result, left_out: int, language: str) -> TestSuite:
    """The suite that is always there, so that a file without a finding is a report too."""
    suite = TestSuite("residency")
    run = result.run
    facts = {
        "verdict": result.verdict,
        "exit_code": str(result.exit_code),
        "run": run["id"],
        "tool": run["tool"],
        "policy": run["policy"]["id"],
        "policy_sha256": run["policy"]["sha256"],
        "facts_sha256": run["facts_sha256"],
    }
    facts |= {"selection": result.narrowed_to} if result.selection else {}
    facts |= {"replaced": "; ".join(result.replaced)} if result.replaced else {}
    for name, value in facts.items():
        suite.add_property(name, printable(value))
    line = printable(verdict_line(result, language))
    verdict = TestCase("verdict", "residency")
    if result.verdict in _PASSES:
        verdict.system_out = line  # what is excepted, accepted or left out is a part of the answer
    else:
        outcome = Failure if result.verdict.startswith("violations") else Error
        verdict.append(_told(outcome(line, result.verdict), line))
    suite.append(verdict)
    if left_out:
        more = TestCase("left out", "residency")
        more.append(_told(Error(word("more", language, left_out), "size"), word("more", language, left_out)))
        suite.append(more)
    return suite


def _case(finding: Finding, location: Location | None, language: str) -> TestCase:
    """A violation fails, what was not checked is an error, a warning passes and speaks, an exception is skipped."""
    subject, digest = finding.subject, fingerprint(finding)
    parts = (finding.facts.get("store") or subject.id, subject.role, subject.place, f"#{digest[:12]}")
    case = _named(" ".join(str(part) for part in parts if part), finding.rule, location)
    line = printable(message(finding, language))
    text = "\n".join(map(printable, _lines(finding, location, language)))
    if finding.status is FindingStatus.WARNING:
        case.system_out = text
        return case
    case.append(_told(_OUTCOMES[finding.status](line, finding.severity.value), text))
    return case


def _named(name: str, rule: str, location: Location | None) -> TestCase:
    case = Case(printable(name), rule)
    if location:
        case.file = printable(location[0])
    return case


def _told(outcome: Outcome, text: str) -> Outcome:
    """GitLab reads the text and not the attribute (lib/gitlab/ci/parsers/test/junit.rb, read 2026-11-22)."""
    outcome.text = text
    return outcome


def _lines(finding: Finding, location: Location | None, language: str) -> Iterator[str]:
    yield f"{STATUSES[language][finding.status.value]}: {message(finding, language)}"
    yield f"{word('fix', language)}: {fix(finding, language)}"
    facts = {
        "where": f"{location[0]}:{location[1]}" if location else None,
        "held_by": finding.subject.holder,
        "owner": finding.owner,
        "excepted_by": finding.excepted_by,
    }
    yield from (f"{word(key, language)}: {value}" for key, value in facts.items() if value)
    yield from (f"{word('evidence', language)}: {line}" for line in finding.evidence)
