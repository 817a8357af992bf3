from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from residency.model import Role
from residency.reports import render
from residency.reports.markdown import LIMIT
from residency.reports.result import Result
from tests.build import a_copy, a_store
from tests.reports.results import SG, every_rule, result_of

LANGUAGES = ["en", "ja"]
COMMENT = 65_536  # characters that GitHub takes for a comment
# What a name must not become: the end of a cell, markup, a tag, a mention, a reference, a link.
HOSTILE = {
    "a|b": "a|b",
    "a\\|b": "|",
    "a`b`": "`",
    "<img src=x>": "<img",
    "</code></table>": "</table",
    "<!-- residency -->": "<!-- residency --></code>",
    "a\n\n# Title": "# Title",
    "[x](y)": "[x]",
    "![x](y)": "![",
    "*a* _b_ ~c~ $d$": "*a*",
    "@octocat": "@octocat",
    "repo#1": "#1",
    "https://evil.example": "https://",
    "WWW.evil.example": "WWW.",
    "&lt;b&gt;": "&lt;",
    "\x1b[2J\u202e": "\x1b",
}


def text_of(result: Result, *languages: str) -> str:
    return "".join(render("markdown", result, languages or ("en",)))


def rows_of(text: str) -> list[list[str]]:
    """The cells of every row, with the two heads of each table."""
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_is_a_row_and_every_row_has_six_cells(tmp_path: Path, language: str) -> None:
    result = every_rule(tmp_path)
    rows = rows_of(text_of(result, language))
    tables = 3
    assert {len(row) for row in rows} == {6}
    assert len(rows) - 2 * tables == len(result.findings)


@pytest.mark.parametrize(
    ("language", "word"), [("en", "FAIL, AND NOT ALL CHECKED · No: "), ("ja", "不適合・未確認あり · いいえ: ")]
)
def test_the_verdict_is_the_first_line_and_four_numbers_follow(tmp_path: Path, language: str, word: str) -> None:
    first, _, numbers, *_ = text_of(every_rule(tmp_path), language).splitlines()
    assert first.startswith(f"**{word}")
    assert first.endswith(" 4)**")
    assert re.findall(r"\*\*(\d+)\*\*", numbers) == ["10", "1", "1", "1"]


def test_violations_and_what_was_not_checked_stand_open_and_the_rest_is_folded(tmp_path: Path) -> None:
    result = every_rule(tmp_path)
    shown, *folded = text_of(result).split("<details>")
    assert [row[0].split()[0] for row in rows_of(shown)[2:]] == sorted(
        [f.status.value.split("-")[0].upper() for f in result.findings if f.status in ("violation", "not-checked")],
        reverse=True,
    )
    warnings, excepted = (sum(f.status == status for f in result.findings) for status in ("warning", "excepted"))
    folds = [f"<summary>Warnings: {warnings}", f"<summary>Excepted: {excepted}"]
    assert [fold.split("</summary>")[0] for fold in folded] == folds


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_name_is_markup_or_leads_anywhere(tmp_path: Path, name: str, language: str) -> None:
    copies = (a_copy(SG), a_copy(SG, Role.SHARE, account=name))
    text = text_of(result_of(tmp_path, a_store(f"arn:aws:s3:::{name}", *copies)), language)
    rows = rows_of(text)
    assert {len(row) for row in rows} == {6}
    assert len(rows) == 2 + len({"outside", "shared"})
    assert HOSTILE[name] not in "".join(cell for row in rows[2:] for cell in row)
    assert all(char.isprintable() or char == "\n" for char in text)
    assert text.count("<!--") == 1


@pytest.mark.parametrize(("language", "word"), [("en", "**PASS · Yes: "), ("ja", "**適合 · はい: ")])
def test_a_clean_run_has_no_table(tmp_path: Path, language: str, word: str) -> None:
    text = text_of(result_of(tmp_path, a_store()), language)
    assert text.startswith(word)
    assert "|" not in text
    assert len(text.splitlines()) == 5


@pytest.mark.parametrize(("language", "word"), [("en", "**NOTHING CHECKED · "), ("ja", "**確認対象なし · ")])
def test_where_nothing_was_checked_it_says_so(tmp_path: Path, language: str, word: str) -> None:
    nothing = replace(result_of(tmp_path, a_store()), verdict="nothing-checked", exit_code=5)
    assert text_of(nothing, language).startswith(word)


@pytest.mark.parametrize("languages", [("en",), ("ja",), ("ja", "en")])
@pytest.mark.parametrize("name", ["x", "個人情報🗾" * 40, "|" * 5_000])
def test_a_report_fits_into_a_comment_and_says_how_much_is_left_out(
    tmp_path: Path, languages: tuple[str, ...], name: str
) -> None:
    stores = [a_store(f"arn:aws:s3:::{number}{name}", a_copy(SG)) for number in range(600)]
    text = text_of(result_of(tmp_path, *stores), *languages)
    assert LIMIT // 2 < len(text) <= LIMIT < COMMENT
    shown = (len(rows_of(text)) - 2 * len(languages)) / len(languages)
    left = [int(number) for number in re.findall(r"^ … .*?(\d+)", text, re.MULTILINE)]
    assert shown + sum(left) / len(languages) == len(stores)


def test_a_long_name_takes_no_room_from_others(tmp_path: Path) -> None:
    stores = [a_store("arn:aws:s3:::" + "x" * 100_000, a_copy(SG)), a_store("arn:aws:s3:::z", a_copy(SG))]
    text = text_of(result_of(tmp_path, *stores))
    assert "<code>arn:aws:s3:::z</code>" in text
    assert len(text) < 5_000


def test_the_verdict_names_to_what_the_run_was_narrowed(tmp_path: Path) -> None:
    narrowed = replace(result_of(tmp_path, a_store()), selection={"region": ["eu-west-1"]})
    first, *_ = text_of(narrowed).splitlines()
    assert "This run was narrowed to region=eu-west-1." in first


def test_two_languages_follow_one_another_and_one_mark_ends_them(tmp_path: Path) -> None:
    text = text_of(result_of(tmp_path, a_store()), "ja", "en")
    assert text.index("適合") < text.index("PASS")
    assert text.endswith("<!-- residency -->\n")
