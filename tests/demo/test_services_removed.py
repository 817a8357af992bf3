"""Take one thing away from the estate: it is missed, and nothing gets better in silence."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from residency.atlas import Atlas
from residency.inventory import SavedRunError, read_run
from residency.judge import exit_code_of
from residency.model import Cell, Edge, Finding, Gap, Severity, Status, Store
from residency.policy.load import Config
from residency.rules.base import JudgedStore
from residency.run import open_config
from residency.services import listings
from residency.shipped import shipped_config
from tests.build import judge, save_run
from tests.demo.conftest import ScannedEstate

LISTINGS = [(listing.service, listing.operation) for listing in listings("aws")]
EMPTY = {("s3", "ListDirectoryBuckets"), ("ebs", "DescribeImages")}  # the estate has none of these
PASSES = {"permitted", "not-personal"}


@pytest.fixture(scope="module")
def config() -> Config:
    return open_config(shipped_config() / "demo")


def said_of(findings: list[Finding]) -> set[tuple[str, str, str]]:
    return {(finding.rule, finding.status.value, finding.subject.id) for finding in findings}


@pytest.mark.parametrize("listing", LISTINGS, ids=":".join)
def test_a_service_that_is_gone_changes_what_the_estate_says(
    estate: ScannedEstate, config: Config, tmp_path: Path, listing: tuple[str, str]
) -> None:
    """As if its file had never been written: no cell, no store. The estate tells, and the run is not complete."""
    run = estate.run
    kept: list[Cell] = [cell for cell in run.cells if (cell.service, cell.listing) != listing]
    numbers = {n for n, cell in enumerate(run.cells) if (cell.service, cell.listing) == listing}
    gaps: list[Gap] = [gap for n, result in run.results.items() if n not in numbers for gap in result.gaps]
    lost = _records_of(estate.saved, numbers)
    everything: list[Store | Edge] = [*run.stores(), *run.edges()]
    records = [record for record in everything if record not in lost]
    without = save_run(tmp_path / "without.jsonl", *records, gaps=gaps, cells=kept, accounts=run.accounts)
    _, before = judge(run, config)
    _, findings = judge(without, config)
    assert (said_of(findings) != said_of(before)) is (listing not in EMPTY)
    assert exit_code_of(findings, len(without.cells), Severity.HIGH) in (3, 4)


def _records_of(path: Path, numbers: set[int]) -> list[Store | Edge]:
    found: list[Store | Edge] = []
    for line in path.read_text("utf-8").splitlines():
        record = json.loads(line)
        if record["record"] in ("store", "edge") and record["cell"] in numbers:
            kind = Store if record["record"] == "store" else Edge
            found.append(kind.model_validate_json(json.dumps(record[record["record"]])))
    return found


PLACES = [
    "ap-northeast-1",
    "ap-northeast-1a",
    "ap-northeast-3",
    "ap-southeast-1",
    "eu-west-2",
    "eu-central-1-ist-1a",
]


@pytest.mark.parametrize("code", PLACES)
def test_without_its_row_of_the_atlas_a_place_is_unknown(estate: ScannedEstate, config: Config, code: str) -> None:
    entries = {key: entry for key, entry in config.atlas.entries.items() if key != ("aws", code)}
    assert len(entries) == len(config.atlas.entries) - 1
    before, _ = judge(estate.run, config)
    after, findings = judge(estate.run, dataclasses.replace(config, atlas=Atlas(entries)))
    there = [_copies_at(stores, f"aws:{code}") for stores in (before, after)]
    assert there[0]
    assert {verdict for _, verdict in there[0]} <= {"permitted", "prohibited"}
    assert there[1] == [(store_id, "undetermined") for store_id, _ in there[0]]
    unknown = {f.subject.id for f in findings if f.rule in ("copy-place-unknown", "store-unclassified")}
    personal = {i for i, s in after.items() if s.personal or s.data_class.value == "unknown"}
    held = {store_id for store_id, judged in after.items() if judged.covered}
    assert {store_id for store_id, _ in there[1]} & personal <= unknown | held | _former_and_shared(after)


def _former_and_shared(stores: dict[str, JudgedStore]) -> set[str]:
    """A share has the place of what is shared, and is told with it."""
    return {i for i, judged in stores.items() for copy in judged.copies if copy.copy.role == "share"}


def _copies_at(stores: dict[str, JudgedStore], place: str) -> list[tuple[str, str]]:
    return [
        (store_id, copy.verdict)
        for store_id, judged in stores.items()
        for copy in judged.copies
        if str(copy.copy.place) == place
    ]


def lines_of(estate: ScannedEstate) -> list[str]:
    return estate.saved.read_text("utf-8").splitlines(keepends=True)


def test_a_whole_run_from_which_a_line_was_taken_is_refused(estate: ScannedEstate, tmp_path: Path) -> None:
    lines = lines_of(estate)
    for kind in ("plan", "account", "store", "edge", "cell"):
        number = next(n for n, line in enumerate(lines) if json.loads(line)["record"] == kind)
        path = tmp_path / f"{kind}.jsonl"
        path.write_text("".join(lines[:number] + lines[number + 1 :]), "utf-8")
        with pytest.raises(SavedRunError):
            read_run(path)


def test_every_lost_cell_of_a_run_that_was_cut_off_is_interrupted(
    estate: ScannedEstate, config: Config, tmp_path: Path
) -> None:
    lines = lines_of(estate)[:-1]
    cells = [n for n, line in enumerate(lines) if json.loads(line)["record"] == "cell"]
    assert len(cells) == len(estate.run.cells)
    for number in cells:
        path = tmp_path / "cut.jsonl"
        path.write_text("".join(lines[:number] + lines[number + 1 :]), "utf-8")
        run = read_run(path)
        lost = run.cells[json.loads(lines[number])["cell"]]
        assert [r.status for r in run.closed_results() if r.cell == lost] == [Status.INTERRUPTED]
        _, findings = judge(run, config)
        assert exit_code_of(findings, len(run.cells), Severity.HIGH) == 4
        cause = f"{lost.source}/{lost.account or '?'}: interrupted"
        (gap,) = [f for f in findings if f.rule == "coverage-gap" and f.subject.id == cause]
        assert str(lost) in " ".join(gap.evidence)


def test_every_lost_store_is_missed_by_its_cell(estate: ScannedEstate, config: Config, tmp_path: Path) -> None:
    lines = lines_of(estate)[:-1]
    stores = [n for n, line in enumerate(lines) if json.loads(line)["record"] in ("store", "edge")]
    assert len(stores) > len(list(estate.run.stores()))
    for number in stores:
        path = tmp_path / "lost.jsonl"
        path.write_text("".join(lines[:number] + lines[number + 1 :]), "utf-8")
        run = read_run(path)
        cell = run.cells[json.loads(lines[number])["cell"]]
        assert [r.status for r in run.closed_results() if r.cell == cell] == [Status.TRUNCATED]
        _, findings = judge(run, config)
        assert any(f.rule == "coverage-gap" and "truncated" in f.subject.id for f in findings)


@pytest.mark.parametrize("right", ["kms:DescribeKey", "s3:GetBucketTagging"])
def test_no_store_passes_that_did_not_before_because_an_answer_is_missing(
    estate: ScannedEstate, config: Config, tmp_path: Path, right: str
) -> None:
    """As if one follow-up had been refused everywhere: controls without a grade, tags that nobody read."""
    before, _ = judge(estate.run, config)
    records = [_unread(store, right) for store in estate.run.stores()]
    run = save_run(tmp_path / "unread.jsonl", *records, *estate.run.edges(), accounts=estate.run.accounts)
    after, findings = judge(run, config)
    assert said_of(findings) != said_of(judge(estate.run, config)[1])
    assert {i for i in before if after[i].verdict in PASSES} <= {i for i in before if before[i].verdict in PASSES}


def _unread(store: Store, right: str) -> Store:
    facts = json.loads(store.model_dump_json())
    if right == "s3:GetBucketTagging":
        facts["tags"] = None
    for copy in facts["copies"]:
        if right == "kms:DescribeKey" and copy["control"]:
            copy["control"]["grade"] = None
    return Store.model_validate_json(json.dumps(facts))
