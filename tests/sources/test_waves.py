"""Waves of cells: planned and saved before they are asked, each with one result, resumed where they were seen whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from residency.clouds.answers import Body
from residency.inventory import RunWriter, SavedRun, read_run
from residency.model import Cell, CellResult, Gap, Status
from residency.sources.waves import Found, Planned, Save, Wave, run_waves
from tests.build import NOON, a_cell, a_gap, a_store, an_edge

HEAD = {"id": "run", "started": "2026-11-22T03:00:00Z", "tool": "test", "use": "scan"}
Run = Callable[[Save], tuple[CellResult, list[Body]]]


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def cell(listing: str, **more: Any) -> Cell:
    return a_cell(listing=listing, **more)


def listed(
    listing: str, stores: int = 0, edges: int = 0, gaps: tuple[Gap, ...] = (), status: Status = Status.LISTED
) -> CellResult:
    return CellResult(
        cell=cell(listing), status=status, stores=stores, edges=edges, gaps=gaps, calls=1, began=NOON, ended=NOON
    )


def asks(asked: list[str], listing: str, stores: int = 1, **more: Any) -> Planned:
    """A cell that notes that it was asked and saves a few stores."""

    def run(save: Save) -> tuple[CellResult, list[Body]]:
        asked.append(listing)
        for number in range(stores):
            save(a_store(f"arn:aws:s3:::{listing}-{number}"))
        return listed(listing, stores, **more.pop("result", {})), [{"of": listing}]

    return Planned(cell(listing), run, **more)


def one_wave(*planned: Planned) -> Wave:
    yield list(planned)


def run_all(path: Path, executor: ThreadPoolExecutor, *sources: Wave, **more: Any) -> SavedRun:
    writer = RunWriter(path, HEAD)
    run_waves(sources, writer, executor, **more)
    writer.end()
    return read_run(path)


def planned_in(path: Path) -> list[str]:
    found = []
    for line in path.read_text("utf-8").splitlines():
        found += [cell["listing"] for cell in json.loads(line).get("cells", ())]
    return found


def test_the_plan_of_a_wave_is_on_disk_before_its_first_cell_is_asked(
    tmp_path: Path, executor: ThreadPoolExecutor
) -> None:
    path = tmp_path / "run.jsonl"
    seen: list[list[str]] = []

    def run(save: Save) -> tuple[CellResult, list[Body]]:
        seen.append(planned_in(path))
        return listed(f"cell-{len(seen)}"), []

    def two_waves() -> Wave:
        yield [Planned(cell("cell-1"), run)]
        yield [Planned(cell("cell-2"), run)]

    run_all(path, executor, two_waves())
    assert seen == [["cell-1"], ["cell-1", "cell-2"]]


def test_what_a_wave_found_decides_the_next(tmp_path: Path, executor: ThreadPoolExecutor) -> None:
    asked: list[str] = []
    answers: list[list[Found]] = []

    def source() -> Wave:
        found = yield [asks(asked, "accounts"), asks(asked, "regions")]
        answers.append(found)
        yield [asks(asked, f"of-{item.bodies[0]['of']}") for item in found]

    run = run_all(tmp_path / "run.jsonl", executor, source())
    assert [item.planned.cell.listing for item in answers[0]] == ["accounts", "regions"]
    assert [found.listing for found in run.cells] == ["accounts", "regions", "of-accounts", "of-regions"]
    assert sorted(asked[2:]) == ["of-accounts", "of-regions"]
    assert sorted(run.results) == [0, 1, 2, 3]


def test_a_source_that_ends_early_stops_no_other(tmp_path: Path, executor: ThreadPoolExecutor) -> None:
    asked: list[str] = []

    def nothing() -> Wave:
        return
        yield []

    def two() -> Wave:
        yield [asks(asked, "first")]
        yield [asks(asked, "second")]

    run = run_all(tmp_path / "run.jsonl", executor, nothing(), one_wave(asks(asked, "only")), two())
    assert sorted(asked) == ["first", "only", "second"]
    assert len(run.results) == len(run.cells) == 3


@pytest.mark.parametrize("status", Status)
def test_a_cell_that_is_known_without_asking_is_complete_or_a_gap(
    tmp_path: Path, executor: ThreadPoolExecutor, status: Status
) -> None:
    planned = Planned(cell("known"), status=status, code="why", reason="because")
    (result,) = run_all(tmp_path / "run.jsonl", executor, one_wave(planned)).results.values()
    assert (result.status, result.calls) == (status, 0)
    assert [(gap.status, gap.code, gap.reason) for gap in result.gaps] == (
        [] if status.complete else [(status, "why", "because")]
    )


def test_what_is_not_kept_is_neither_planned_nor_asked(tmp_path: Path, executor: ThreadPoolExecutor) -> None:
    asked: list[str] = []

    def source() -> Wave:
        found = yield [asks(asked, "kept"), asks(asked, "dropped")]
        assert [item.planned.cell.listing for item in found] == ["kept"]

    run = run_all(tmp_path / "run.jsonl", executor, source(), keep=lambda planned: planned.cell.listing == "kept")
    assert (asked, [found.listing for found in run.cells]) == (["kept"], ["kept"])


def test_a_defect_of_ours_ends_the_run_and_is_no_gap(tmp_path: Path, executor: ThreadPoolExecutor) -> None:
    def run(save: Save) -> tuple[CellResult, list[Body]]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_all(tmp_path / "run.jsonl", executor, one_wave(Planned(cell("broken"), run)))
    assert not read_run(tmp_path / "run.jsonl").whole


def test_stores_and_edges_are_saved_under_their_cell(tmp_path: Path, executor: ThreadPoolExecutor) -> None:
    def run(save: Save) -> tuple[CellResult, list[Body]]:
        save(a_store("arn:aws:s3:::a"))
        save(an_edge("arn:aws:s3:::a", "arn:aws:s3:::b"))
        return listed("both", stores=1, edges=1), []

    saved = run_all(tmp_path / "run.jsonl", executor, one_wave(asks([], "other", 2), Planned(cell("both"), run)))
    assert saved.seen == {0: [2, 0], 1: [1, 1]}
    assert {result.status for result in saved.closed_results()} == {Status.LISTED}


def test_progress_is_told_of_every_cell_that_was_asked(tmp_path: Path, executor: ThreadPoolExecutor) -> None:
    told: list[tuple[int, int, str]] = []
    wave = one_wave(asks([], "a"), asks([], "b"), Planned(cell("off"), status=Status.REGION_OFF))
    run_all(tmp_path / "run.jsonl", executor, wave, progress=lambda n, of, c: told.append((n, of, c.listing)))
    assert [(done, of) for done, of, _ in told] == [(2, 3), (3, 3)]
    assert {listing for _, _, listing in told} == {"a", "b"}


# --- going on with an earlier run -------------------------------------------------------------


def earlier(tmp_path: Path, executor: ThreadPoolExecutor, *planned: Planned) -> SavedRun:
    return run_all(tmp_path / "earlier.jsonl", executor, one_wave(*planned))


def test_what_was_seen_whole_is_taken_over_with_its_stores(tmp_path: Path, executor: ThreadPoolExecutor) -> None:
    asked: list[str] = []
    before = earlier(tmp_path, executor, asks([], "seen", 2))
    wave = one_wave(asks(asked, "new"), asks(asked, "seen"))
    run = run_all(tmp_path / "run.jsonl", executor, wave, resumed=before)
    assert asked == ["new"]
    assert {store.name for store in run.stores()} == {"new-0", "seen-0", "seen-1"}
    assert run.seen == {0: [1, 0], 1: [2, 0]}
    assert {result.status for result in run.closed_results()} == {Status.LISTED}


def test_discovery_is_asked_again_even_if_it_was_seen(tmp_path: Path, executor: ThreadPoolExecutor) -> None:
    asked: list[str] = []
    before = earlier(tmp_path, executor, asks([], "regions"))
    again = asks(asked, "regions", discovers=True)
    run_all(tmp_path / "run.jsonl", executor, one_wave(again), resumed=before)
    assert asked == ["regions"]


A_GAP = a_gap(cell("seen"), subject="arn:aws:s3:::seen-0", call="s3:GetBucketTagging")


@pytest.mark.parametrize(
    "was",
    [
        Planned(cell("seen"), status=Status.REGION_OFF),
        Planned(cell("seen"), status=Status.UNSUPPORTED),
        Planned(cell("seen"), lambda save: (listed("seen", gaps=(A_GAP,)), [])),
        Planned(cell("seen"), lambda save: (listed("seen", gaps=(a_gap(cell("seen")),), status=Status.DENIED), [])),
        Planned(cell("seen"), lambda save: (listed("seen", stores=3), [])),
        Planned(cell("other"), lambda save: (listed("other"), [])),
    ],
    ids=["off", "left out", "a gap on a store", "refused", "stores that were lost", "never planned"],
)
def test_whatever_else_was_is_asked(tmp_path: Path, executor: ThreadPoolExecutor, was: Planned) -> None:
    asked: list[str] = []
    before = earlier(tmp_path, executor, was)
    run = run_all(tmp_path / "run.jsonl", executor, one_wave(asks(asked, "seen")), resumed=before)
    assert asked == ["seen"]
    assert [(result.status, result.stores) for result in run.results.values()] == [(Status.LISTED, 1)]


def test_what_is_known_without_asking_is_not_taken_from_an_earlier_run(
    tmp_path: Path, executor: ThreadPoolExecutor
) -> None:
    """A region that was listed and is now left out is left out."""
    before = earlier(tmp_path, executor, asks([], "seen"))
    now = Planned(cell("seen"), status=Status.UNSUPPORTED, code="excluded")
    run = run_all(tmp_path / "run.jsonl", executor, one_wave(now), resumed=before)
    assert [result.status for result in run.results.values()] == [Status.UNSUPPORTED]
    assert list(run.stores()) == []


# --- nothing that was seen gets lost ----------------------------------------------------------

REFUSED = listed("regions", gaps=(a_gap(cell("regions"), Status.THROTTLED),), status=Status.THROTTLED)


def finds(result: CellResult, *then: Planned) -> Wave:
    """A source that plans the rest only where its discovery was whole."""
    (found,) = yield [Planned(cell("regions"), lambda save: (result, []), discovers=True)]
    if found.result.status.complete:
        yield list(then)


def test_what_an_earlier_run_saw_stands_where_the_regions_cannot_be_found_now(
    tmp_path: Path, executor: ThreadPoolExecutor
) -> None:
    known = (asks([], "seen", 2), Planned(cell("known"), status=Status.DENIED), asks([], "dropped"))
    before = run_all(tmp_path / "earlier.jsonl", executor, finds(listed("regions"), *known))
    keep = lambda planned: planned.cell.listing != "dropped"  # noqa: E731
    run = run_all(tmp_path / "run.jsonl", executor, finds(REFUSED, *known), resumed=before, keep=keep)
    assert [(result.cell.listing, result.status) for result in run.closed_results()] == [
        ("regions", Status.THROTTLED),
        ("seen", Status.LISTED),
        ("known", Status.DENIED),
    ]
    assert {store.name for store in run.stores()} == {"seen-0", "seen-1"}


def test_a_cell_that_is_gone_from_the_plan_is_gone_where_all_was_found(
    tmp_path: Path, executor: ThreadPoolExecutor
) -> None:
    before = run_all(tmp_path / "earlier.jsonl", executor, finds(listed("regions"), asks([], "gone")))
    run = run_all(tmp_path / "run.jsonl", executor, finds(listed("regions"), asks([], "new")), resumed=before)
    assert [store.name for store in run.stores()] == ["new-0"]


def test_what_was_found_out_whole_is_not_asked_again_in_the_same_scan(
    tmp_path: Path, executor: ThreadPoolExecutor
) -> None:
    asked: list[str] = []
    found_out: dict[Cell, Found] = {}
    for name, result in (("one", listed("regions")), ("two", REFUSED)):
        path = tmp_path / f"{name}.jsonl"
        run = run_all(path, executor, finds(result, asks(asked, "then")), found_out=found_out)
        assert {result.status for result in run.results.values()} == {Status.LISTED}
    assert asked == ["then", "then"]


def test_what_was_seen_of_a_cell_stands_beside_what_is_seen_of_it_now_until_it_is_whole(
    tmp_path: Path, executor: ThreadPoolExecutor
) -> None:
    def cut(save: Save) -> tuple[CellResult, list[Body]]:
        for number in range(2):
            save(a_store(f"arn:aws:s3:::cut-{number}"))
        return listed("cut", 2, gaps=(a_gap(cell("cut")),), status=Status.PARTIAL), []

    before = earlier(tmp_path, executor, Planned(cell("cut"), cut))
    refused = listed("cut", gaps=(a_gap(cell("cut")),), status=Status.DENIED)
    for now, names in ((Planned(cell("cut"), lambda save: (refused, [])), 2), (asks([], "cut", 3), 3)):
        run = run_all(tmp_path / f"{names}.jsonl", executor, one_wave(now), resumed=before)
        (result,) = run.closed_results()
        assert (result.stores, len(list(run.stores()))) == (names, names)
