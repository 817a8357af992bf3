"""What page one says: one sentence that answers the promise, and the few things to do first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from residency.model import Finding, FindingStatus, Severity
from residency.reports.result import Result
from residency.reports.words import word
from residency.rules.texts import action

MAX_REPLACED = 5  # replaced facts that are named where the answer stands; all of them stand in the JSON result
_OUTSIDE, _GAP = "copy-outside-territory", "coverage-gap"
_TO_DO = (FindingStatus.VIOLATION, FindingStatus.NOT_CHECKED)


def sentence(result: Result, language: str) -> str:
    """The answer in one sentence: what stands against it, and what was left open."""
    parts = [word(key, language, n, **_places(result, key, language)) for key, n in _parts(result) if n]
    left = sum(finding.status is FindingStatus.NOT_CHECKED for finding in result.findings)
    with_relief = result.verdict.startswith("no-violation") and parts
    key = "no-violation-but" if with_relief else result.verdict
    return word(key, language, parts=_listed(parts, language), left=word("left", language, left))


def conditions(result: Result, language: str) -> list[str]:
    """Under what the answer holds, a sentence each: the selection, older facts, shipped facts that are replaced."""
    said = [word("selection", language, what=result.narrowed_to)] if result.selection else []
    said += [word("took_over", language, what=result.taken_over)] if result.taken_over else []
    if result.replaced:
        count, left = len(result.replaced), len(result.replaced) - MAX_REPLACED
        what = "; ".join(result.replaced[:MAX_REPLACED])
        what += f" … {word('more', language, left)}" if left > 0 else ""
        said.append(word("replaces", language, count, what=what))
    return said


def _parts(result: Result) -> list[tuple[str, int]]:
    """What the sentence counts, as (word, number). A violation may be a key or a paper: not each is a place."""
    violations = [finding for finding in result.findings if finding.status is FindingStatus.VIOLATION]
    if violations:
        outside = sum(finding.rule == _OUTSIDE for finding in violations)
        return [("outside", outside), ("other_violated" if outside else "violated", len(violations) - outside)]
    excepted = sum(f.status is FindingStatus.EXCEPTED and f.rule != _GAP for f in result.findings)
    return [("accepted_gaps", result.summary["accepted_gaps"]), ("excepted_findings", excepted)]


def _places(result: Result, key: str, language: str) -> dict[str, str]:
    if key != "outside":
        return {}
    if len(result.run["policies"]) > 1:
        return {"places": word("places_of_policies", language)}
    return {"places": word("places", language, names=allowed_places(result, language))}


def allowed_places(result: Result, language: str) -> str:
    """The jurisdictions of the policy: a country by its name, any other by its id."""
    return word("comma", language).join(result.allowed_names.get(language, result.allowed))


def _listed(parts: Sequence[str], language: str) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    first = word("comma", language).join(parts[:-1])
    return word("and", language, first=first, last=parts[-1])


@dataclass(frozen=True)
class Action:
    """One thing that one person does, and the findings that it closes."""

    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        return self.findings[0]


def actions(findings: Iterable[Finding]) -> list[Action]:
    """Violations before what was not checked, the gravest first, and of these what closes most."""
    open_ones = sorted((f for f in findings if f.status in _TO_DO), key=_doing)
    grouped = [Action(tuple(same)) for _, same in groupby(open_ones, key=_doing)]
    return sorted(grouped, key=lambda action: (*_gravity(action), -len(action.findings)))


def _doing(finding: Finding) -> tuple[str, str, str]:
    return (finding.rule, action(finding, "en"), finding.owner or "")


def _gravity(action: Action) -> tuple[int, int]:
    """A violation weighs more than what was not checked; an action weighs as its gravest finding."""
    return min((_TO_DO.index(f.status), list(Severity).index(f.severity)) for f in action.findings)


@dataclass(frozen=True)
class Unchecked:
    """The findings that were not checked, by what closes them."""

    decisions: list[Finding]
    causes: list[Finding]
    others: list[Finding]


def unchecked(findings: Iterable[Finding]) -> Unchecked:
    left = [finding for finding in findings if finding.status is FindingStatus.NOT_CHECKED]
    decisions = [finding for finding in left if finding.assumed]
    causes = [finding for finding in left if finding.rule == _GAP]
    return Unchecked(decisions, causes, [f for f in left if not f.assumed and f.rule != _GAP])
