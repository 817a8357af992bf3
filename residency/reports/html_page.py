"""One file for a browser and for paper. It loads nothing, runs nothing, and streams its stores one by one."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from residency.countries import country_name
from residency.model import EVERYONE, Finding, FindingStatus, Role
from residency.policy.models import Acceptance, Approval, ExceptionRow
from residency.reports.json_result import fingerprint
from residency.reports.matrix import matrices, unseen
from residency.reports.page_one import actions, allowed_places, conditions, sentence, unchecked
from residency.reports.result import Result
from residency.reports.text import SEVERITIES_JA, STATUSES, printable
from residency.reports.words import word
from residency.rules import rule_of
from residency.rules.base import NOT_PERSONAL, PERMITTED, Rule, Texts
from residency.rules.texts import CLASSES, ROLES_JA, action, fix, message
from residency.rules.texts import WORDS as RULE_WORDS

_FOLDER = Path(__file__).with_name("page")
_URL = re.compile(r"(https://[^\s)]+)")


def render(result: Result, languages: tuple[str, ...], colour: bool = False) -> Iterator[str]:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(_speech(languages))
    environment.filters.update(anchor=_anchor, number="{:,}".format, source_parts=_URL.split, print=fingerprint)
    yield from environment.get_template("report.html.j2").generate(**_page(result, languages))


def _harmless(value: object) -> object:
    """Names come from whoever made the store: what would steer or reorder the page is not printed."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


# --- every text in each language of the page --------------------------------------------------


def _speech(languages: tuple[str, ...]) -> dict[str, Callable[..., Markup]]:
    """The functions by which the template speaks. The stylesheet hides the language that is not chosen."""

    def each(say: Callable[[str], str]) -> Markup:
        said = {language: printable(say(language)) for language in languages}
        if len(set(said.values())) == 1:
            return Markup.escape(said[languages[0]])
        return Markup("").join(Markup('<span class="{0}" lang="{0}">{1}</span>').format(*pair) for pair in said.items())

    def both(texts: Texts) -> Markup:
        return each(lambda language: texts.ja if language == "ja" else texts.en)

    def english(text: str) -> Markup:
        return Markup('<span lang="en">{}</span>').format(printable(text))

    known = RULE_WORDS["classified_by"]

    return {
        "t": lambda key, n=None, **facts: each(lambda language: word(key, language, n, **facts)),
        "sentence": lambda result: each(lambda language: sentence(result, language)),
        "allowed": lambda result: each(lambda language: allowed_places(result, language)),
        "message": lambda finding: each(lambda language: message(finding, language)),
        "fix": lambda finding: each(lambda language: fix(finding, language)),
        "to_do": lambda finding: each(lambda language: action(finding, language)),
        "country": lambda code: each(lambda language: _country(code, language)),
        "both": both,
        "each": lambda texts: each(texts.__getitem__),
        "role": lambda name: both(Texts(name, ROLES_JA[name])),
        "status": lambda name: both(Texts(STATUSES["en"][name].lower(), STATUSES["ja"][name])),
        "severity": lambda name: both(Texts(name, SEVERITIES_JA[name])),
        "why": lambda name: both(RULE_WORDS["why"][name]),
        "data_class": lambda name: both(CLASSES.get(name, Texts(name, name))),
        "classified_by": lambda by: both(known[by]) if by in known else english(by),
    }


def _country(code: str, language: str) -> str:
    return word(code, language) if code in ("??", "mixed") else f"{country_name(code, language)} ({code})"


# --- what the template is given ---------------------------------------------------------------


Passing = tuple[str, tuple[str, ...], str, str]  # verdict, countries, account, kind


@dataclass
class Passed:
    """What is counted while the stores pass by, and known when the last one has."""

    stores: Counter[Passing] = field(default_factory=Counter)
    copies: Counter[Passing] = field(default_factory=Counter)
    followed: Counter[tuple[str, str]] = field(default_factory=Counter)  # kind, some or none

    def groups(self) -> Iterator[tuple[tuple[str, tuple[str, ...]], list[Passing]]]:
        """Verdict and countries once, and under it the accounts and kinds."""
        permitted_first = sorted(self.stores, key=lambda key: (key[0] != PERMITTED, key))
        for heading, same in groupby(permitted_first, key=lambda key: key[:2]):
            yield heading, list(same)


def _page(result: Result, languages: tuple[str, ...]) -> dict[str, Any]:
    style = (_FOLDER / "page.css").read_text(encoding="utf-8")
    passed = Passed()
    findings = result.sorted_findings()
    spoken_of = _by_store(findings)
    return {
        "result": result,
        "run": result.run,
        "languages": languages,
        "titles": [word("title", language) for language in languages],
        "style": Markup(style),
        "style_hash": b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        "when": lambda text: _when(text, result.run["timezone"]),
        "conditions": _in_each_language(result, languages),
        "done": sum(level.result.status.complete and level.cause is None for level in result.levels),
        "planned": len(result.levels),
        "actions": actions(findings),
        "age": (result.today - _started(result)).days,
        "approvals": [_approval(row, result.today) for row in sorted(result.approvals.values(), key=_end)],
        "sections": _sections(findings),
        "rule_of": lambda finding: rule_of(finding.rule),
        "unchecked": unchecked(findings),
        "decided_elsewhere": [f for f in findings if f.assumed and f.status is not FindingStatus.NOT_CHECKED],
        "by_rule": _by_rule,
        "countries": _countries(result),
        "spoken_of": spoken_of,
        "stores": _stores(result, spoken_of, passed),
        "passed": passed,
        "matrices": matrices(result.levels),
        "unseen": unseen(result.levels),
        "everyone": EVERYONE,
    }


def _in_each_language(result: Result, languages: tuple[str, ...]) -> list[dict[str, str]]:
    """Every sentence of `conditions`, by language."""
    said = (conditions(result, language) for language in languages)
    return [dict(zip(languages, texts, strict=True)) for texts in zip(*said, strict=True)]


def _when(text: str, timezone: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M %Z}"


def _started(result: Result) -> date:
    """The day of the run where the policy lives: all findings are as old as that while no history is kept."""
    return datetime.fromisoformat(result.run["started"]).astimezone(ZoneInfo(result.run["timezone"])).date()


def _end(row: Approval) -> tuple[date, str]:
    return (row.expires, row.id)


def _approval(row: Approval, today: date) -> dict[str, Any]:
    kinds = {ExceptionRow: "exception", Acceptance: "acceptance"}
    return {"row": row, "kind": kinds.get(type(row), "out_of_scope"), "days": (row.expires - today).days}


def _sections(findings: list[Finding]) -> dict[str, list[Finding]]:
    return {status.value: [finding for finding in findings if finding.status is status] for status in FindingStatus}


def _by_rule(findings: list[Finding]) -> list[tuple[Rule, list[Finding]]]:
    """Findings that follow one another under one rule, so that its clause is quoted once."""
    return [(rule_of(rule_id), list(same)) for rule_id, same in groupby(findings, key=lambda finding: finding.rule)]


def _countries(result: Result) -> list[dict[str, Any]]:
    """Copies by country, the most first, and how many copies of personal data are found to be outside there."""
    counts = {code: count for code, count in result.summary["by_country"].items() if count}
    total = sum(counts.values())
    outside: Counter[str] = Counter()
    for finding in result.findings:
        if finding.status is FindingStatus.VIOLATION and rule_of(finding.rule).counts_as_outside:
            codes = finding.facts["countries"].split()
            outside[codes[0] if len(codes) == 1 else "mixed"] += 1
    return [
        {"code": code, "copies": count, "share": 100 * count / total, "outside": outside[code]}
        for code, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    ]


def _by_store(findings: list[Finding]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.subject.kind == "store":
            found.setdefault(finding.subject.id, []).append(finding)
    return found


def _stores(result: Result, spoken_of: Container[str], passed: Passed) -> Iterator[dict[str, Any]]:
    """Each store that does not simply pass; those that do are only counted into `passed`."""
    for line in result.spool.lines():
        store = json.loads(line)
        if store["followed"] != "all":
            passed.followed[store["kind"], store["followed"]] += 1
        if store["verdict"] not in (PERMITTED, NOT_PERSONAL) or store["id"] in spoken_of:
            yield store
            continue
        copies = [copy for copy in store["copies"] if copy["role"] != Role.KEY]
        countries = tuple(sorted({code for copy in copies for code in copy["countries"] or ["??"]}))
        group = (store["verdict"], countries, store["account"] or store["sources"][0], store["kind"])
        passed.stores[group] += 1
        passed.copies[group] += len(copies)


def _anchor(store_id: str) -> str:
    """Where a store stands on the page; its own id may hold anything."""
    return "store-" + hashlib.sha256(store_id.encode()).hexdigest()[:16]
