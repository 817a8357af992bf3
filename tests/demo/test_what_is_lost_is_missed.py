"""Take one record or one answer from a saved run: it is missed, and nothing gets better in silence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from residency.demo.estate.company import IRELAND, TOKYO
from residency.inventory import SavedRun, SavedRunError, read_run
from residency.judge import exit_code_of
from residency.model import Finding, Severity, Status, Store
from residency.policy.load import Config
from residency.run import Selection
from tests.build import judge, save_run
from tests.estates import estate

# The same judgement again and again: what it runs through is measured elsewhere.
pytestmark = pytest.mark.unmeasured
PASSES = {"permitted", "not-personal"}


@pytest.fixture(scope="module")
def config() -> Config:
    return estate().config


@pytest.fixture(scope="module")
def run() -> SavedRun:
    """Two regions of the organisation: between them they have one of everything."""
    return estate().clean(Selection(source=("company",), region=(TOKYO, IRELAND))).run


@pytest.fixture(scope="module")
def lines(run: SavedRun) -> list[str]:
    return run.path.read_text("utf-8").splitlines(keepends=True)


def said_of(findings: list[Finding]) -> set[tuple[str, str, str]]:
    return {(finding.rule, finding.status.value, finding.subject.id) for finding in findings}


def test_a_whole_run_from_which_a_line_was_taken_is_refused(lines: list[str], tmp_path: Path) -> None:
    for kind in ("plan", "account", "store", "edge", "cell"):
        number = next(n for n, line in enumerate(lines) if json.loads(line)["record"] == kind)
        path = tmp_path / f"{kind}.jsonl"
        path.write_text("".join(lines[:number] + lines[number + 1 :]), "utf-8")
        with pytest.raises(SavedRunError):
            read_run(path)


def test_every_lost_cell_of_a_run_that_was_cut_off_is_interrupted(
    run: SavedRun, lines: list[str], config: Config, tmp_path: Path
) -> None:
    begun = lines[:-1]
    cells = [n for n, line in enumerate(begun) if json.loads(line)["record"] == "cell"]
    assert len(cells) == len(run.cells) > 150
    for number in cells:
        path = tmp_path / "cut.jsonl"
        path.write_text("".join(begun[:number] + begun[number + 1 :]), "utf-8")
        cut = read_run(path)
        lost = cut.cells[json.loads(begun[number])["cell"]]
        assert [r.status for r in cut.closed_results() if r.cell == lost] == [Status.INTERRUPTED]
        _, findings = judge(cut, config)
        assert exit_code_of(findings, len(cut.cells), Severity.HIGH) == 4
        cause = f"{lost.source}/{lost.account or '?'}: interrupted"
        told = [f for f in findings if f.rule == "coverage-gap" and f.subject.id == cause]
        assert str(lost) in " ".join(line for finding in told for line in finding.evidence)


def test_every_lost_store_is_missed_by_its_cell(lines: list[str], config: Config, tmp_path: Path) -> None:
    begun = lines[:-1]
    records = [n for n, line in enumerate(begun) if json.loads(line)["record"] in ("store", "edge")]
    assert len(records) > 60
    for number in records:
        path = tmp_path / "lost.jsonl"
        path.write_text("".join(begun[:number] + begun[number + 1 :]), "utf-8")
        cut = read_run(path)
        cell = cut.cells[json.loads(begun[number])["cell"]]
        assert [r.status for r in cut.closed_results() if r.cell == cell] == [Status.TRUNCATED]
        _, findings = judge(cut, config)
        assert any(f.rule == "coverage-gap" and "truncated" in f.subject.id for f in findings)


@pytest.mark.parametrize("answer", ["the tags", "the grade of the key"])
def test_no_store_passes_that_did_not_before_because_an_answer_is_missing(
    run: SavedRun, config: Config, tmp_path: Path, answer: str
) -> None:
    """As if one follow-up had been refused everywhere: controls without a grade, tags that nobody read."""
    before, said = judge(run, config)
    records = [_unread(store, answer) for store in run.stores()]
    unread = save_run(tmp_path / "unread.jsonl", *records, *run.edges(), accounts=run.accounts)
    after, findings = judge(unread, config)
    assert said_of(findings) != said_of(said)
    assert {i for i in before if after[i].verdict in PASSES} <= {i for i in before if before[i].verdict in PASSES}


def _unread(store: Store, answer: str) -> Store:
    facts = json.loads(store.model_dump_json())
    if answer == "the tags":
        facts["tags"] = None
    for copy in facts["copies"]:
        if answer == "the grade of the key" and copy["control"]:
            copy["control"]["grade"] = None
    return Store.model_validate_json(json.dumps(facts))
