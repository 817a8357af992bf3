"""SARIF 2.1.0 for GitHub code scanning: one result a finding, each in one file of the repository.

What GitHub requires, uses and refuses: docs.github.com, "SARIF support for code scanning" (github/docs, read
2026-11-22). It takes no suppressed result for closed, so what is excepted is left out and counted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from residency.model import Finding, FindingStatus, Severity
from residency.reports.json_result import finding_as_json
from residency.reports.markdown import verdict_line
from residency.reports.result import Result
from residency.reports.text import printable
from residency.reports.words import word
from residency.rules import rules
from residency.rules.base import Rule, Texts

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MAX_RESULTS = 25_000  # a file with more is refused (docs.github.com, "results exceed limit", read 2026-11-22)
# What stands in a cloud has no line of code. It is told of at the file that makes the scan look there: GitHub wants a
# file whose name stays the same from run to run, and shows an alert best on one that the repository holds.
SOURCES = "config/sources.yaml"
LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
# One number inside each of GitHub's ranges: over 9.0 critical, 7.0-8.9 high, 4.0-6.9 medium, 0.1-3.9 low.
_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.0", Severity.LOW: "2.0"}

Location = tuple[str, int]  # a file relative to where the program runs, and a line of it
Locate = Callable[[Finding], Location | None]


def render(result: Result, languages: tuple[str, ...], colour: bool = False) -> Iterator[str]:
    language = languages[0]
    findings = gravest_first(result)
    kept = findings[:MAX_RESULTS]
    run = {
        "tool": {"driver": _driver(result, findings, language)},
        "invocations": [_invocation(result, len(findings) - len(kept), language)],
        "properties": {
            "verdict": result.verdict,
            "excepted": len(result.findings) - len(findings),
            "selection": result.selection,
            "replaced": result.replaced,
        },
    }
    yield f'{{"$schema": {_json(SCHEMA)}, "version": "2.1.0", "runs": [\n{_json(run)[:-1]},\n"results": ['
    locate, numbers = locator(result), {rule_id: number for number, rule_id in enumerate(rules())}
    for number, finding in enumerate(kept):
        entry = _result(finding, numbers[finding.rule], locate(finding), language)
        yield (",\n" if number else "\n") + _json(entry)
    yield "]}]}\n"


# --- what the formats of a pipeline share -----------------------------------------------------


def gravest_first(result: Result) -> list[Finding]:
    """Every finding that is not excepted, those that fail a pipeline first."""
    shown = (finding for finding in result.sorted_findings() if finding.status is not FindingStatus.EXCEPTED)
    return sorted(shown, key=lambda finding: gravity(finding).rank)


def gravity(finding: Finding) -> Severity:
    """How gravely a pipeline takes a finding: as its severity, except that some fail always and some never.

    What was not checked ends with exit 3 whatever its severity, and GitHub fails a check by default only for an
    error, or for a security severity of high and above; a warning never changes the exit code.
    """
    if finding.status is FindingStatus.NOT_CHECKED:
        return min(finding.severity, Severity.HIGH, key=lambda severity: severity.rank)
    if finding.status is FindingStatus.WARNING:
        return max(finding.severity, Severity.MEDIUM, key=lambda severity: severity.rank)
    return finding.severity


def locator(result: Result) -> Locate:
    """Finds the place of a finding: its own file and line, else the template that it is about, else none."""
    # What is listed and belongs to no account and no region is a file, and the source is its name.
    cells = (level.result.cell for level in result.levels)
    templates = [cell.source for cell in cells if cell.lists and not cell.account and not cell.region]
    made_by = _made_by(result) if len(templates) > 1 else {}

    def locate(finding: Finding) -> Location | None:
        own = finding_as_json(finding, "")
        if own["file"]:
            return _relative(own["file"]), own["line"]
        if not templates:
            return None
        subject = finding.subject.id
        named = (template for template in templates if subject.startswith(f"{template}/"))  # a cause of gaps
        return _relative(made_by.get(subject) or next(named, templates[0])), 1

    return locate


def _made_by(result: Result) -> dict[str, str]:
    stores = (json.loads(line) for line in result.spool.lines())
    return {store["id"]: store["sources"][0] for store in stores}


def _relative(file: str) -> str:
    """The file as the repository calls it: pipelines run in its root."""
    if file == "-":
        return "stdin"
    path, here = Path(file), Path.cwd()
    path = path.relative_to(here) if path.is_relative_to(here) else path
    return "/".join(part for part in path.parts if part not in (path.anchor, ".."))


# --- SARIF alone --------------------------------------------------------------------------------


def _driver(result: Result, findings: list[Finding], language: str) -> dict[str, Any]:
    gravest: dict[str, Severity] = {}
    for finding in findings:
        gravest.setdefault(finding.rule, gravity(finding))
    heads = [module.RULE for module in rules().values()]
    described = [_rule(rule, gravest.get(rule.id, rule.personal), language) for rule in heads]
    return {"name": "residency", "version": result.run["tool"], "rules": described}


def _rule(rule: Rule, gravest: Severity, language: str) -> dict[str, Any]:
    """GitHub has one security severity for all results of a rule: the gravest of this run, or what it ships with."""
    title, clause = _in(rule.title, language), _in(rule.clause, language)
    labelled = {
        word("fix", language): re.sub(r"\{\w+\}", "…", _in(rule.fix, language)),
        word("clause", language): clause,
        word("source", language): rule.source,
    }
    plain = "\n".join(f"{label}: {text}" for label, text in labelled.items())
    marked = "\n".join(f"- **{label}**: {text.replace('<', '&lt;')}" for label, text in labelled.items())
    return {
        "id": rule.id,
        "shortDescription": {"text": title},
        "fullDescription": {"text": f"{title}. {word('clause', language)}: {clause}"},
        "help": {"text": plain, "markdown": marked},
        "defaultConfiguration": {"level": LEVELS[gravest]},
        "properties": {"security-severity": _SCORES[gravest], "precision": "high", "tags": ["security", "privacy"]},
    }


def _invocation(result: Result, left_out: int, language: str) -> dict[str, Any]:
    unseen = "incomplete" in result.verdict or result.verdict == "nothing-checked"
    said = [("error" if unseen else "note", verdict_line(result, language))]
    said += [("error", word("more", language, left_out))] if left_out else []
    ended = {"endTimeUtc": result.run["ended"]} if result.run["ended"] else {}
    return {
        "executionSuccessful": not unseen,
        "exitCode": result.exit_code,
        "startTimeUtc": result.run["started"],
        **ended,
        "toolExecutionNotifications": [{"level": level, "message": {"text": _plain(text)}} for level, text in said],
    }


def _result(finding: Finding, number: int, location: Location | None, language: str) -> dict[str, Any]:
    entry = finding_as_json(finding, "")
    file, line = location or (SOURCES, 1)
    subject = printable(finding.facts.get("store") or finding.subject.id)
    region = {"startLine": line, "startColumn": 1, "endLine": line, "endColumn": 1}
    physical = {"artifactLocation": {"uri": quote(printable(file))}, "region": region}
    lines = (f"{subject}: {entry['message'][language]}", f"{word('fix', language)}: {entry['fix'][language]}")
    return {
        "ruleId": finding.rule,
        "ruleIndex": number,
        "level": LEVELS[gravity(finding)],
        "message": {"text": "\n".join(map(_plain, lines))},
        "locations": [{"physicalLocation": physical, "logicalLocations": [{"fullyQualifiedName": subject}]}],
        # The only key that GitHub reads. Without it all findings of one rule on one line would be one alert.
        "partialFingerprints": {"primaryLocationLineHash": entry["fingerprint"]},
        "properties": {"status": entry["status"], "severity": entry["severity"]},
    }


def _plain(text: str) -> str:
    """`[text](target)` is a link in a plain message (SARIF 2.1.0, 3.11.6): a name must not become one."""
    return printable(text).replace("](", "] (")


def _in(texts: Texts, language: str) -> str:
    return texts.ja if language == "ja" else texts.en


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
