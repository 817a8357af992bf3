"""GitHub annotations: workflow commands on stdout, the ten that GitHub shows and no line more."""

from __future__ import annotations

from collections.abc import Iterator

from residency.model import Finding
from residency.reports.markdown import verdict_line
from residency.reports.page_one import conditions
from residency.reports.result import Result
from residency.reports.sarif import LEVELS, Location, gravest_first, gravity, locator
from residency.reports.text import STATUSES, printable
from residency.reports.words import word
from residency.rules.texts import fix, message

# Annotations of one level a step shows (actions/toolkit, docs/problem-matchers.md, read 2026-11-22).
MAX_LINES = 10
_ANNOTATED = frozenset({"violations", "incomplete", "violations-and-incomplete"})  # each has a finding that says so
_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(result: Result, languages: tuple[str, ...], colour: bool = False) -> Iterator[str]:
    language = languages[0]
    findings = gravest_first(result)
    # Annotations do not say that a run passed, and with which relief, that it saw less, or judged under other facts.
    told = not findings or result.verdict not in _ANNOTATED or bool(conditions(result, language))
    shown = findings if len(findings) + told <= MAX_LINES else findings[: MAX_LINES - 1]
    rest = findings[len(shown) :]
    locate = locator(result)
    for finding in shown:
        yield _annotation(finding, locate(finding), language)
    verdict = printable(verdict_line(result, language))
    if rest:
        yield _command(_level(rest[0]), verdict, title=f"… {word('more', language, len(rest))}")
    elif told:
        # Nothing was found is an answer only where something was looked at.
        yield _command("error" if result.verdict == "nothing-checked" else "notice", verdict, title="residency")


def _annotation(finding: Finding, location: Location | None, language: str) -> str:
    name = finding.facts.get("store") or finding.subject.id
    lines = (f"{name}: {message(finding, language)}", f"{word('fix', language)}: {fix(finding, language)}")
    place = {"file": location[0], "line": str(location[1])} if location else {}
    title = f"{STATUSES[language][finding.status.value]} {finding.rule}"
    return _command(_level(finding), "\n".join(map(printable, lines)), **place, title=title)


def _level(finding: Finding) -> str:
    return _COMMANDS[LEVELS[gravity(finding)]]


def _command(name: str, text: str, **properties: str) -> str:
    """One line, whatever the names in it hold."""
    said = ",".join(f"{key}={_escaped_property(printable(value))}" for key, value in properties.items())
    return f"::{name} {said}::{_escaped(text)}\n"


def _escaped(text: str) -> str:
    """What actions/runner turns back (src/Runner.Common/ActionCommand.cs, read 2026-11-22)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
