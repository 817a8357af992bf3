"""The terminal: at most 100 columns, three lines when all is well, a word beside every colour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from residency.countries import country_name
from residency.model import Finding, FindingStatus
from residency.reports.columns import ljust, width, wrap
from residency.reports.result import Result
from residency.rules.texts import fix, message

WIDTH = 100
INDENT = "    "

_COLOURS = {
    FindingStatus.VIOLATION: "\x1b[1;31m",
    FindingStatus.NOT_CHECKED: "\x1b[1;33m",
    FindingStatus.WARNING: "\x1b[36m",
    FindingStatus.EXCEPTED: "\x1b[2m",
}
_RESET = "\x1b[0m"

WORDS = {
    "en": {
        "policy": "Policy",
        "checked": "Checked",
        "atlas": "atlas",
        "cells": "{done} of {all} cells · {stores} stores · {copies} copies",
        "selection": "only {what}",
        "took_over": "with facts of {what}",
        "copies": "Copies",
        "evidence": "said by",
        "holder": "held by",
        "owner": "owner",
        "rule": "rule",
        "fix": "fix",
        "excepted": "excepted by {id}, {days} days left",
        "PASS": "PASS",
        "FAIL": "FAIL",
        "INCOMPLETE": "NOT CHECKED",
        "EMPTY": "NOTHING CHECKED",
        "violations": "{n} violations",
        "unchecked": "{n} not checked",
        "warnings": "{n} warnings",
        "exceptions": "{n} excepted ({ids})",
        "none": "no violation, nothing unseen",
        "none-required": "no violation, nothing required unseen",
        "tracked": "{n} tracked listings with gaps",
        "out": "{n} listings out of scope with gaps",
        "accepted": "no violation, {n} accepted gaps",
        "exit": "exit {n}",
        "left": "{id}: {days} days left",
        "empty": "no cell to check: name a source in sources.yaml, and take out of scope less than all",
        "replaced": "Replaced",
        "run": "run {id}",
    },
    "ja": {
        "policy": "方針",
        "checked": "確認",
        "atlas": "位置台帳",
        "cells": "{all} 区画中 {done} 区画 · 保存先 {stores} 件 · 複製 {copies} 件",
        "selection": "対象を限定: {what}",
        "took_over": "以前の実行の事実を含む: {what}",
        "copies": "所在国",
        "evidence": "根拠",
        "holder": "保有",
        "owner": "責任者",
        "rule": "規則",
        "fix": "対処",
        "excepted": "例外 {id}、残り {days} 日",
        "PASS": "適合",
        "FAIL": "不適合",
        "INCOMPLETE": "未確認あり",
        "EMPTY": "確認対象なし",
        "violations": "不適合 {n} 件",
        "unchecked": "未確認 {n} 件",
        "warnings": "警告 {n} 件",
        "exceptions": "例外 {n} 件({ids})",
        "none": "不適合なし・未確認なし",
        "none-required": "不適合なし・必須範囲に未確認なし",
        "tracked": "参考扱いの未確認 {n} 区画",
        "out": "対象外の未確認 {n} 区画",
        "accepted": "不適合なし・受容済みの未確認 {n} 件",
        "exit": "終了コード {n}",
        "left": "{id}: 残り {days} 日",
        "empty": "確認する区画がない: sources.yaml に走査対象を記し、すべてを対象外としない",
        "replaced": "置換",
        "run": "実行 {id}",
    },
}
STATUSES = {
    "en": {"violation": "VIOLATION", "not-checked": "NOT CHECKED", "warning": "WARNING", "excepted": "EXCEPTED"},
    "ja": {"violation": "不適合", "not-checked": "未確認", "warning": "警告", "excepted": "例外"},
}
_UNFOLLOWED = "copies-not-followed"
_NOTHING_WRONG = {
    "no-violation": "none",
    "no-violation-with-accepted-gaps": "accepted",
    "nothing-checked": "empty",
}
SEVERITIES_JA = {"critical": "重大", "high": "高", "medium": "中", "low": "低"}


def render(result: Result, languages: tuple[str, ...], colour: bool = False) -> Iterator[str]:
    for number, language in enumerate(languages):
        if number:
            yield "\n"
        yield from _Text(result, language, colour).lines()


class _Text:
    def __init__(self, result: Result, language: str, colour: bool) -> None:
        self.result = result
        self.language = language
        self.words = WORDS[language]
        self.colour = colour

    def lines(self) -> Iterator[str]:
        findings = self.result.sorted_findings()
        shown = [finding for finding in findings if finding.status is not FindingStatus.EXCEPTED]
        yield from self._head()
        if shown or self.result.replaced:
            yield "\n"
        for finding in shown:
            yield from self._finding(finding)
        for reason in self.result.replaced:
            yield from self._wrapped(f"{self.words['replaced']}: {reason}", "")
        if shown:
            yield from self._countries()
        yield from self._verdict(findings)

    def _head(self) -> Iterator[str]:
        run, words = self.result.run, self.words
        allowed = ", ".join(self.result.allowed)
        policy = f"{run['policy']['id']}  sha256:{run['policy']['sha256'][:12]}  ({allowed})"
        yield from self._row(words["policy"], policy)
        started = datetime.fromisoformat(run["started"]).astimezone(ZoneInfo(run["timezone"]))
        done = sum(level.result.status.complete and not level.result.gaps for level in self.result.levels)
        cells = words["cells"].format(
            done=done,
            all=len(self.result.levels),
            stores=f"{self.result.summary['stores']:,}",
            copies=f"{self.result.summary['copies']:,}",
        )
        atlas = f"{words['atlas']} {run['atlas']['as_of']}"
        yield from self._row(words["checked"], f"{cells}  {started:%Y-%m-%d %H:%M %Z}  {atlas}")

    def _row(self, word: str, text: str) -> Iterator[str]:
        lines = wrap(printable(text), WIDTH - 10)
        for number, line in enumerate(lines):
            yield f"{ljust('' if number else word, 9)} {line}\n"

    def _finding(self, finding: Finding) -> Iterator[str]:
        status = STATUSES[self.language][finding.status.value]
        severity = finding.severity.value
        severity = SEVERITIES_JA[severity] if self.language == "ja" else severity
        head = self._paint(ljust(status, 12), finding.status)
        subject = f"{head} {ljust(severity, 9)} {printable(finding.facts.get('store') or finding.subject.id)}"
        yield from wrapped(subject, INDENT)
        yield from self._wrapped(message(finding, self.language), INDENT)
        if finding.subject.holder:
            yield from self._wrapped(f"{self.words['holder']}: {finding.subject.holder}", INDENT)
        for line in finding.evidence[:1]:  # the rest is in the JSON
            yield from self._wrapped(f"{self.words['evidence']}: {line}", INDENT)
        if finding.policy != self.result.run["policy"]["id"]:
            yield from self._wrapped(f"{self.words['policy']}: {finding.policy}", INDENT)
        yield from self._wrapped(f"{self.words['fix']}: {fix(finding, self.language)}", INDENT)
        owner = f"  {self.words['owner']}: {finding.owner}" if finding.owner else ""
        yield from self._wrapped(f"{self.words['rule']}: {finding.rule}{owner}", INDENT)

    def _wrapped(self, text: str, indent: str) -> Iterator[str]:
        text = printable(text)
        room = WIDTH - len(indent) - 2
        if width(text) <= room:
            yield f"{indent}{text}\n"
            return
        for number, line in enumerate(wrap(text, room)):
            yield f"{indent}{'  ' if number else ''}{line}\n"

    def _countries(self) -> Iterator[str]:
        counts = {code: count for code, count in self.result.summary["by_country"].items() if count}
        if counts:
            names = [f"{self._country(code)} {count:,}" for code, count in sorted(counts.items(), key=lambda i: -i[1])]
            yield "\n"
            yield from self._row(self.words["copies"], " · ".join(names))

    def _country(self, code: str) -> str:
        return code if code in ("??", "mixed") else f"{country_name(code, self.language)} ({code})"

    def _verdict(self, findings: list[Finding]) -> Iterator[str]:
        words, result = self.words, self.result
        counts = {status: sum(f.status is status for f in findings) for status in FindingStatus}
        parts = []
        for status, word in (
            (FindingStatus.VIOLATION, "violations"),
            (FindingStatus.NOT_CHECKED, "unchecked"),
            (FindingStatus.WARNING, "warnings"),
        ):
            if counts[status]:
                parts.append(words[word].format(n=counts[status]))
        if not counts[FindingStatus.VIOLATION] and not counts[FindingStatus.NOT_CHECKED]:
            parts = [*self._nothing_wrong(), *parts]
        if result.approvals:
            ids = ", ".join(self._days_left(row_id) for row_id in sorted(result.approvals))
            parts.append(words["exceptions"].format(n=counts[FindingStatus.EXCEPTED], ids=printable(ids)))
        if result.selection:
            parts.append(words["selection"].format(what=printable(result.narrowed_to)))
        if result.taken_over:
            parts.append(words["took_over"].format(what=printable(result.taken_over)))
        word, colour = self._word(counts)
        line = f"{self._paint(words[word], colour)}  {' · '.join(parts)}  {words['exit'].format(n=result.exit_code)}"
        yield from wrapped(line)

    def _nothing_wrong(self) -> Iterator[str]:
        """That no violation was found, and what was not seen all the same; "nothing" only where it is nothing."""
        result, words = self.result, self.words
        unseen = Counter(level.level for level in result.levels if level.cause is not None)
        key = _NOTHING_WRONG[result.verdict]
        if key == "none" and (unseen or any(finding.rule == _UNFOLLOWED for finding in result.findings)):
            key = "none-required"
        yield words[key].format(n=result.summary["accepted_gaps"])
        yield from (words[level].format(n=unseen[level]) for level in ("tracked", "out") if unseen[level])

    def _days_left(self, row_id: str) -> str:
        days = (self.result.approvals[row_id].expires - self.result.today).days
        return self.words["left"].format(id=row_id, days=days)

    def _word(self, counts: dict[FindingStatus, int]) -> tuple[str, FindingStatus | None]:
        if self.result.verdict == "nothing-checked":
            return "EMPTY", FindingStatus.NOT_CHECKED
        if counts[FindingStatus.VIOLATION]:
            return "FAIL", FindingStatus.VIOLATION
        if counts[FindingStatus.NOT_CHECKED]:
            return "INCOMPLETE", FindingStatus.NOT_CHECKED
        return "PASS", None

    def _paint(self, text: str, status: FindingStatus | None) -> str:
        if not self.colour or status is None:
            return text
        return f"{_COLOURS[status]}{text}{_RESET}"


def printable(text: str) -> str:
    """The text without what would steer a terminal: names come from whoever made the store."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def wrapped(line: str, indent: str = "") -> Iterator[str]:
    """One line where it fits, columns and all; folded with an indent where it does not."""
    if width(line) <= WIDTH:
        yield line + "\n"
        return
    for number, part in enumerate(wrap(line, WIDTH - len(indent))):
        yield f"{indent if number else ''}{part}\n"
