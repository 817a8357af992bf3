"""What no format may leave out: it would turn less, or something else, into a pass."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from residency.reports import FORMATS, render
from residency.reports.page_one import MAX_REPLACED, conditions
from residency.reports.result import Result
from tests.build import a_cell, a_copy, a_gap, a_store, run_from
from tests.reports.results import COVERAGE, EXCEPTIONS, SG, every_rule, result_of

ONE, USED = "arn:aws:s3:::one", "arn:aws:s3:::used"
LANGUAGES = ["en", "ja"]


def narrowed(result: Result) -> Result:
    selection = {"region": ["eu-weird-*"]}
    return replace(result, selection=selection, run={**result.run, "selection": selection})


def told(result: Result, form: str, language: str) -> str:
    return "".join(render(form, result, (language,)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_names_the_selection(tmp_path: Path, form: str, language: str) -> None:
    clean, broken = result_of(tmp_path / "clean", a_store()), every_rule(tmp_path / "every")
    for result in (clean, broken, replace(clean, verdict="nothing-checked", exit_code=5)):
        assert "eu-weird-" in told(narrowed(result), form, language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_names_what_the_config_replaces(tmp_path: Path, form: str, language: str) -> None:
    clean = result_of(tmp_path / "clean", a_store(), operators=run_from("US"))
    broken = result_of(tmp_path / "broken", a_store(ONE, a_copy(None)), operators=run_from("US"))
    assert (clean.exit_code, broken.exit_code) == (0, 3)
    assert ["the test says so" in told(result, form, language) for result in (clean, broken)] == [True, True]


@pytest.mark.parametrize(
    ("language", "excepted", "accepted"),
    [("en", "1 excepted finding", "1 accepted gap"), ("ja", "例外 1 件", "受容済みの未確認 1 件")],
)
@pytest.mark.parametrize("form", ["sarif", "junit", "github", "markdown", "html"])
def test_a_run_of_which_all_is_excepted_or_accepted_says_so(
    tmp_path: Path, form: str, language: str, excepted: str, accepted: str
) -> None:
    gap = a_gap(a_cell(region="sa-east-1"))
    by_exception = result_of(tmp_path / "e", a_store(USED, a_copy(SG)), exceptions=EXCEPTIONS)
    by_acceptance = result_of(tmp_path / "a", a_store(), gaps=[gap], coverage=COVERAGE)
    assert (by_exception.exit_code, by_acceptance.exit_code) == (0, 0)
    assert excepted in told(by_exception, form, language)
    assert accepted in told(by_acceptance, form, language)


def test_what_is_not_named_of_many_replaced_facts_is_counted(tmp_path: Path) -> None:
    many = replace(result_of(tmp_path, a_store()), replaced=[f"fact-{number}" for number in range(MAX_REPLACED + 2)])
    (said,) = conditions(many, "en")
    assert said.startswith("The config replaces 7 shipped facts: fact-0; ")
    assert said.endswith("; fact-4 … and 2 more")


def test_ten_annotations_are_the_most_with_the_selection_too(tmp_path: Path) -> None:
    stores = [a_store(f"arn:aws:s3:::{number}", a_copy(SG)) for number in range(10)]
    lines = told(narrowed(result_of(tmp_path, *stores)), "github", "en").splitlines()
    assert len(lines) == 10
    assert lines[-1].startswith("::error title=… and 1 more::")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_names_the_earlier_runs_whose_facts_it_holds(tmp_path: Path, form: str, language: str) -> None:
    clean = result_of(tmp_path, a_store())
    head = clean.run | {"took_over": [{"id": "earlier-run", "started": "2026-11-01T03:00:00Z"}]}
    assert "earlier-run" in told(replace(clean, run=head), form, language)
