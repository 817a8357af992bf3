from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from residency.model import Copy, Role, Said
from residency.reports import render
from residency.reports.result import Result
from residency.reports.text import printable
from tests.build import a_cell, a_copy, a_gap, a_store
from tests.reports.results import COVERAGE, SG, every_rule, result_of

COMMAND = re.compile(r"::(error|warning|notice) ([^:\n\r]+)::([^\n\r]*)")
LANGUAGES = ["en", "ja"]
HOSTILE = [
    "x\n::set-output name=a::b",
    "x\r\n::add-mask::y",
    "x%0A::stop-commands::z",
    "a,file=/etc/passwd",
    "a::error ::b",
    "##[add-path]/tmp",
    "\x1b[2J\u2028\u2029\x85\x0b::warning::x",
]


def lines_of(result: Result, language: str = "en") -> list[str]:
    text = "".join(render("github", result, (language,)))
    assert text.endswith("\n")
    return text[:-1].split("\n")


def read(line: str) -> tuple[str, dict[str, str], str]:
    """What the runner makes of one line: the command, its properties, its message."""
    found = COMMAND.fullmatch(line)
    assert found, line
    command, properties, message = found.groups()
    pairs = (pair.partition("=") for pair in properties.split(","))
    return command, {key: _unescaped(value, _PROPERTY) for key, _, value in pairs}, _unescaped(message, _DATA)


_DATA = {"%0D": "\r", "%0A": "\n", "%25": "%"}
_PROPERTY = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}


def _unescaped(text: str, table: dict[str, str]) -> str:
    for escaped, char in table.items():
        text = text.replace(escaped, char)
    return text


@pytest.mark.parametrize("language", LANGUAGES)
def test_ten_lines_are_the_most_and_the_last_says_how_many_are_left(tmp_path: Path, language: str) -> None:
    result = every_rule(tmp_path)
    lines = [read(line) for line in lines_of(result, language)]
    left = sum(finding.status != "excepted" for finding in result.findings) - 9
    assert len(lines) == 10
    assert str(left) in lines[-1][1]["title"]


def test_ten_findings_are_ten_lines(tmp_path: Path) -> None:
    for number, last in ((10, "VIOLATION copy-outside-territory"), (11, "… and 2 more")):
        stores = [a_store(f"arn:aws:s3:::{n}", a_copy(SG)) for n in range(number)]
        lines = lines_of(result_of(tmp_path / str(number), *stores))
        assert len(lines) == 10
        assert read(lines[-1])[1]["title"] == last


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_name_becomes_a_command_or_a_property(tmp_path: Path, name: str, language: str) -> None:
    said = Said(call="terraform:aws_s3_bucket", field="region", at=f"{name}/main.tf:14")
    copy = Copy(role=Role.PRIMARY, place=a_copy(SG).place, said_by=(said,))
    store = a_store(f"arn:aws:s3:::{name}", copy, a_copy(SG, Role.SHARE, account=name))
    lines = [read(line) for line in lines_of(result_of(tmp_path, store), language)]
    for command, properties, message in lines:
        assert command in ("error", "warning")
        assert set(properties) in ({"title"}, {"file", "line", "title"})
        assert all(char.isprintable() for text in (*properties.values(), message) for char in text.replace("\n", ""))
    placed = [(properties, message) for _, properties, message in lines if "file" in properties]
    assert {(properties["file"], properties["line"]) for properties, _ in placed} == {
        (printable(f"{name}/main.tf"), "14")
    }
    assert all(message.startswith(printable(f"arn:aws:s3:::{name}: ")) for _, message in placed)


def test_what_was_not_checked_is_an_error_whatever_its_severity(tmp_path: Path) -> None:
    ((command, properties, message),) = map(
        read, lines_of(result_of(tmp_path, a_store("arn:aws:s3:::untagged", a_copy(SG), tags={})))
    )
    assert (command, properties) == ("error", {"title": "NOT CHECKED store-unclassified"})
    assert "\nFix: tag it" in message


@pytest.mark.parametrize(("language", "word"), [("en", "PASS · Yes: "), ("ja", "適合 · はい: ")])
def test_a_clean_run_is_one_notice(tmp_path: Path, language: str, word: str) -> None:
    (line,) = lines_of(result_of(tmp_path, a_store()), language)
    command, properties, message = read(line)
    assert (command, properties) == ("notice", {"title": "residency"})
    assert message.startswith(word)


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_nothing_was_checked_the_one_line_is_an_error(tmp_path: Path, language: str) -> None:
    nothing = replace(result_of(tmp_path, a_store()), verdict="nothing-checked", exit_code=5)
    (line,) = lines_of(nothing, language)
    assert read(line)[0] == "error"


def test_what_is_excepted_is_not_annotated_and_an_accepted_gap_is_a_pass(tmp_path: Path) -> None:
    result = result_of(tmp_path, a_store(), gaps=[a_gap(a_cell(region="sa-east-1"))], coverage=COVERAGE)
    (line,) = lines_of(result)
    assert read(line)[0] == "notice"
    assert "1 accepted gap" in read(line)[2]
