"""GitHub-flavoured Markdown for a pull request or a step summary: the verdict first, and never more than fits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from residency.model import Finding, FindingStatus
from residency.reports.page_one import conditions, sentence
from residency.reports.result import Result
from residency.reports.text import SEVERITIES_JA, STATUSES, printable
from residency.reports.words import word
from residency.rules.texts import fix, message

# A comment holds 65,536 characters (mshick/add-pr-comment#93, read 2026-11-22); a step summary holds 1024k.
LIMIT = 65_000
MOST = 300  # characters of one cell: one long name must not push out everybody else's finding
MARKER = "<!-- residency -->"  # by which a pipeline finds its own comment again, to update it
_RESERVED = 600  # for the lines that say how much was left out
# What is markup anywhere in a line, and what GitHub makes a mention, a reference or a link of after that.
_ACTIVE = re.compile(r"[\\`*_\[\]<>|~&$!]|@|#|:(?=//)|www(?=\.)", re.IGNORECASE)
_LINKED = ("@", "#", ":", "www")
_NUMBERS = {
    "violations": "violations",
    "decisions": "decisions",
    "causes": "gap_causes",
    "accepted": "accepted_gaps",
}


def render(result: Result, languages: tuple[str, ...], colour: bool = False) -> Iterator[str]:
    for language in languages:
        yield from _page(result, language, (LIMIT - len(MARKER) - 1) // len(languages))
    yield MARKER + "\n"


def verdict_line(result: Result, language: str) -> str:
    """The answer in one line: the word, the sentence, the exit code, and under what it holds."""
    line = f"{word(f'word:{result.verdict}', language)} · {sentence(result, language)}"
    line += f" ({word('exit_code', language)} {result.exit_code})"
    return " ".join((line, *conditions(result, language)))


def _page(result: Result, language: str, room: int) -> Iterator[str]:
    head = f"**{_quiet(verdict_line(result, language), 1_000)}**\n\n{_numbers(result, language)}\n\n"
    yield head
    room -= len(head) + _RESERVED
    for findings, title in _sections(result, language):
        part, taken = _section(findings, title, language, room) if findings else ("", 0)
        yield part
        room -= taken


def _numbers(result: Result, language: str) -> str:
    counts = [(key, result.summary[name]) for key, name in _NUMBERS.items()]
    policy = f"{word('policy', language)}: {_code(result.run['policy']['id'])}"
    return " · ".join([*(f"**{n:,}** {word(f'n:{key}', language, n)}" for key, n in counts), policy])


def _sections(result: Result, language: str) -> Iterator[tuple[list[Finding], str]]:
    """What has to be done stands open; the rest is folded away under its title."""
    by_status: dict[FindingStatus, list[Finding]] = {status: [] for status in FindingStatus}
    for finding in result.sorted_findings():
        by_status[finding.status].append(finding)
    yield by_status[FindingStatus.VIOLATION] + by_status[FindingStatus.NOT_CHECKED], ""
    for status in (FindingStatus.WARNING, FindingStatus.EXCEPTED):
        yield by_status[status], f"{word(f'section:{status.value}', language)}: {len(by_status[status]):,}"


def _section(findings: list[Finding], title: str, language: str, room: int) -> tuple[str, int]:
    """A table of as many rows as there is room for, and how much of the room it took."""
    before, after = ("", "\n") if not title else (f"<details><summary>{title}</summary>\n\n", "\n</details>\n\n")
    before += _table_head(language)
    rows = list(_fitting((_row(finding, language) for finding in findings), room - len(before + after)))
    left = len(findings) - len(rows)
    more = f"\n{title} … {word('more', language, left)}\n" if left else ""
    table = before + "".join(rows) + after if rows else ""
    return table + more, len(table)


def _fitting(rows: Iterable[str], room: int) -> Iterator[str]:
    for row in rows:
        room -= len(row)
        if room < 0:
            return
        yield row


def _table_head(language: str) -> str:
    names = [word(key, language) for key in ("status", "rule", "n_stores", "place", "reason", "fix")]
    return f"| {' | '.join(names)} |\n|{' --- |' * len(names)}\n"


def _row(finding: Finding, language: str) -> str:
    severity = SEVERITIES_JA[finding.severity.value] if language == "ja" else finding.severity.value
    why = message(finding, language) + (f" ({finding.excepted_by})" if finding.excepted_by else "")
    cells = (
        f"{STATUSES[language][finding.status.value]} {severity}",
        finding.rule,
        _code(finding.facts.get("store") or finding.subject.id),
        _code(finding.facts.get("place", "")),
        _quiet(why),
        _quiet(fix(finding, language)),
    )
    return f"| {' | '.join(cells)} |\n"


def _code(text: str) -> str:
    return f"<code>{_quiet(text)}</code>" if text else ""


def _quiet(text: str, most: int = MOST) -> str:
    """The text as it was said: nothing in it is markup, ends the cell, calls somebody or leads somewhere."""
    text = printable(text)
    text = text if len(text) <= most else text[: most - 1] + "…"
    return _ACTIVE.sub(_harmless, text)


def _harmless(found: re.Match[str]) -> str:
    """A character reference is no markup. A link is sought in the finished text, so a zero-width space parts it."""
    text = found[0]
    return f"{text}&#8203;" if text.lower() in _LINKED else f"&#{ord(text)};"
