from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from residency.model import Copy, Finding, FindingStatus, Role, Said, Severity, Subject
from residency.reports import render
from residency.reports.json_result import fingerprint
from residency.reports.result import Result
from residency.reports.sarif import LEVELS, MAX_RESULTS, SOURCES, gravity
from residency.rules import rules
from residency.run import judge_run
from tests.build import TODAY, a_cell, a_config, a_copy, a_gap, a_store, save_run
from tests.reports.results import JP, SG, every_rule, json_of, result_of

# From the npm package @microsoft/jest-sarif 1.0.0-beta.0 (MIT), lib/schemas/sarif-2.1.0-rtm.5.json.
SCHEMA = json.loads((Path(__file__).parents[1] / "data" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft4Validator(SCHEMA)
LANGUAGES = ["en", "ja"]
HOSTILE = ["a\nb", "\x00\x1b[31m", '"}]}', "[click](https://evil.example)", "\u202egnp", "{0}", "x" * 5_000]
# GitHub's ranges of the security severity (docs.github.com, "SARIF support for code scanning", read 2026-11-22)
RANGES = {"critical": (9.01, 10.0), "high": (7.0, 8.9), "medium": (4.0, 6.9), "low": (0.1, 3.9)}


def log_of(result: Result, language: str = "en") -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads("".join(render("sarif", result, (language,))))
    return parsed


def run_of(result: Result, language: str = "en") -> dict[str, Any]:
    (run,) = log_of(result, language)["runs"]
    found: dict[str, Any] = run
    return found


def places(result: Result) -> set[tuple[str, int]]:
    """The file and the line of each result; each has exactly one."""
    found = set()
    for entry in run_of(result)["results"]:
        (location,) = entry["locations"]
        physical = location["physicalLocation"]
        found.add((physical["artifactLocation"]["uri"], physical["region"]["startLine"]))
    return found


def a_finding(number: int, status: FindingStatus = FindingStatus.VIOLATION, severity: str = "high") -> Finding:
    facts = {"role": "primary", "data_class": "personal", "countries": "SG", "place": SG, "former": ""}
    facts |= {"allowed_en": "", "allowed_ja": ""}
    subject = Subject(kind="store", id=f"arn:aws:s3:::bucket-of-the-customers-{number}", account="123456789012")
    rule = "copy-outside-territory"
    return Finding(
        rule=rule, status=status, severity=Severity(severity), subject=subject, facts=facts, policy="p", at=None
    )


def gated(folder: Path, *files: str, at: str | None = None, made_by: str | None = None) -> Result:
    """A run over template files, of which one makes a bucket abroad; `at` says where it is written."""
    cells = [a_cell(source=file, provider="terraform", account=None, service="plan", region=None) for file in files]
    said = Said(call="terraform:aws_s3_bucket", field="region", at=at or "aws_s3_bucket.x")
    standard = a_copy(SG)
    copy = Copy(role=Role.PRIMARY, place=standard.place, control=standard.control, said_by=(said,))
    store = a_store("tf:prod/aws_s3_bucket.x", copy, address="aws_s3_bucket.x", sources=(made_by or files[0],))
    run = save_run(folder / "run.jsonl", store, cells=cells)
    return judge_run(run, a_config(folder / "config"), TODAY, Severity.HIGH)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_report_keeps_the_schema(tmp_path: Path, language: str) -> None:
    clean, nothing = result_of(tmp_path / "clean", a_store()), replace(every_rule(tmp_path / "e"), findings=[])
    for result in (every_rule(tmp_path / "every"), clean, replace(nothing, verdict="nothing-checked", exit_code=5)):
        assert [error.message for error in VALIDATOR.iter_errors(log_of(result, language))] == []


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_changes_neither_the_form_nor_the_message(tmp_path: Path, name: str) -> None:
    log = log_of(result_of(tmp_path, a_store(f"arn:aws:s3:::{name}", a_copy(SG))))
    VALIDATOR.validate(log)
    (entry,) = (entry for entry in log["runs"][0]["results"] if entry["ruleId"] == "copy-outside-territory")
    text = entry["message"]["text"]
    assert text.count("\n") == 1, "the message, and the fix"
    assert "](" not in text
    assert all(char.isprintable() for char in text.replace("\n", ""))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_says_what_github_requires(tmp_path: Path, language: str) -> None:
    described = run_of(every_rule(tmp_path), language)["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in described] == list(rules())
    for rule in described:
        head = rules()[rule["id"]].RULE
        texts = [rule["shortDescription"]["text"], rule["fullDescription"]["text"]]
        assert all(0 < len(text) <= 1024 for text in texts)
        for text in rule["help"].values():
            assert getattr(head.clause, language) in text
            assert head.source in text
            assert not re.search(r"\{\w+\}", text), "a placeholder is nothing to read"


def test_every_result_has_what_github_requires(tmp_path: Path) -> None:
    run = run_of(every_rule(tmp_path))
    described = run["tool"]["driver"]["rules"]
    for entry in run["results"]:
        assert described[entry["ruleIndex"]]["id"] == entry["ruleId"]
        assert entry["message"]["text"]
        (location,) = entry["locations"]
        assert set(location["physicalLocation"]["region"]) == {"startLine", "startColumn", "endLine", "endColumn"}


def test_the_fingerprint_is_the_one_of_the_result_and_unique(tmp_path: Path) -> None:
    result = every_rule(tmp_path)
    prints = [entry["partialFingerprints"]["primaryLocationLineHash"] for entry in run_of(result)["results"]]
    assert len(prints) == len(set(prints))
    assert set(prints) == {fingerprint(f) for f in result.findings if f.status is not FindingStatus.EXCEPTED}


def test_nothing_is_suppressed_and_what_is_excepted_is_counted(tmp_path: Path) -> None:
    result = every_rule(tmp_path)
    excepted = [f for f in json_of(result)["findings"] if f["status"] == "excepted"]
    run = run_of(result)
    assert len(excepted) == run["properties"]["excepted"] > 0
    assert len(run["results"]) == len(result.findings) - len(excepted)
    assert "suppressions" not in json.dumps(run)


@pytest.mark.parametrize(
    ("status", "severity", "level", "band"),
    [
        ("violation", "critical", "error", "critical"),
        ("violation", "high", "error", "high"),
        ("violation", "medium", "warning", "medium"),
        ("violation", "low", "note", "low"),
        ("not-checked", "critical", "error", "critical"),
        ("not-checked", "medium", "error", "high"),
        ("not-checked", "low", "error", "high"),
        ("warning", "high", "warning", "medium"),
        ("warning", "low", "note", "low"),
    ],
)
def test_what_was_not_checked_fails_and_a_warning_does_not(
    tmp_path: Path, status: str, severity: str, level: str, band: str
) -> None:
    finding = a_finding(1, FindingStatus(status), severity)
    assert (LEVELS[gravity(finding)], gravity(finding).value) == (level, band)
    run = run_of(replace(result_of(tmp_path, a_store()), findings=[finding]))
    (rule,) = (rule for rule in run["tool"]["driver"]["rules"] if rule["id"] == finding.rule)
    low, high = RANGES[band]
    assert low <= float(rule["properties"]["security-severity"]) <= high
    assert run["results"][0]["level"] == level


def test_what_stands_in_a_cloud_is_told_of_where_the_scan_is_configured(tmp_path: Path) -> None:
    assert places(every_rule(tmp_path)) == {(SOURCES, 1)}


def test_what_a_template_makes_is_told_of_at_its_line_or_else_at_its_file(tmp_path: Path) -> None:
    assert places(gated(tmp_path / "line", "plan.json", at="modules/db/main.tf:14")) == {("modules/db/main.tf", 14)}
    assert places(gated(tmp_path / "file", "plan.json")) == {("plan.json", 1)}
    assert places(gated(tmp_path / "second", "a.json", "b.json", made_by="b.json")) == {("b.json", 1)}


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("plan.json", "plan.json"),
        ("./envs/prod.json", "envs/prod.json"),
        ("../other/plan.json", "other/plan.json"),
        ("/elsewhere/plan.json", "elsewhere/plan.json"),
        ("{here}/envs/prod.json", "envs/prod.json"),
        ("file:///plan.json", "file%3A/plan.json"),
        ("debian:8/計画 1.json", "debian%3A8/%E8%A8%88%E7%94%BB%201.json"),
        ("-", "stdin"),
    ],
)
def test_a_uri_is_relative_and_has_no_scheme(tmp_path: Path, file: str, uri: str) -> None:
    result = gated(tmp_path, file.format(here=Path.cwd()))
    assert places(result) == {(uri, 1)}


def test_a_gap_is_told_of_at_the_template_that_has_it(tmp_path: Path) -> None:
    files = [a_cell(source=f"{n}.json", account=None, region=None, service="plan") for n in "ab"]
    result = result_of(tmp_path, gaps=[a_gap(cell) for cell in files])
    assert places(result) >= {("a.json", 1), ("b.json", 1)}


def test_what_was_not_seen_makes_the_run_unsuccessful(tmp_path: Path) -> None:
    seen, unseen = result_of(tmp_path / "a", a_store()), result_of(tmp_path / "b", a_store(), gaps=[a_gap()])
    (whole,), (broken,) = run_of(seen)["invocations"], run_of(unseen)["invocations"]
    assert whole["executionSuccessful"]
    assert [said["level"] for said in whole["toolExecutionNotifications"]] == ["note"]
    assert (broken["executionSuccessful"], broken["exitCode"]) == (False, 3)
    assert broken["toolExecutionNotifications"][0]["message"]["text"].startswith("NOT CHECKED · We cannot say yet")


@pytest.mark.unmeasured
def test_github_takes_the_largest_file_and_is_told_how_much_is_left_out(tmp_path: Path) -> None:
    low = [a_finding(number, severity="low") for number in range(MAX_RESULTS)]
    grave = [a_finding(MAX_RESULTS + number, FindingStatus.NOT_CHECKED, "medium") for number in range(3)]
    text = "".join(render("sarif", replace(result_of(tmp_path, a_store()), findings=low + grave), ("en",)))
    (run,) = json.loads(text)["runs"]
    assert len(run["results"]) == MAX_RESULTS
    assert [entry["level"] for entry in run["results"][:4]] == ["error"] * 3 + ["note"]
    assert run["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"] == "and 3 more"
    assert len(gzip.compress(text.encode())) < 10_000_000, "GitHub's limit of a compressed file"


def test_a_report_is_written_piece_by_piece(tmp_path: Path) -> None:
    result = result_of(
        tmp_path, *(a_store(f"arn:aws:s3:::{n}", a_copy(SG)) for n in range(20)), a_store("b", a_copy(JP))
    )
    assert len(list(render("sarif", result, ("en",)))) > 20
