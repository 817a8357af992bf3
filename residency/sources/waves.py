"""Plans cells in waves and runs them: each wave is saved in the plan before the first of its calls.

A source is a generator that yields a wave of planned cells and is sent what they found; what it finds
out (accounts, regions) decides its next wave.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, datetime

from residency.clouds.answers import Body
from residency.inventory import RunWriter, SavedRun
from residency.model import Cell, CellResult, Edge, Gap, Status, Store

log = logging.getLogger(__name__)

Save = Callable[[Store | Edge], None]
Progress = Callable[[int, int, Cell], None]


@dataclass(frozen=True)
class Planned:
    """One cell and what will list it; without `run` its status is known without asking."""

    cell: Cell
    run: Callable[[Save], tuple[CellResult, list[Body]]] | None = None
    status: Status = Status.LISTED
    code: str = ""
    reason: str = ""
    discovers: bool = False  # what it finds decides the next wave

    @property
    def looks_for_stores(self) -> bool:
        """What it finds is saved with its cell; accounts, regions and zones are not."""
        return self.cell.lists and not self.discovers


@dataclass(frozen=True)
class Found:
    """What came of one planned cell."""

    planned: Planned
    result: CellResult
    bodies: list[Body] = field(default_factory=list)


Wave = Generator[list[Planned], list[Found], None]
Keep = Callable[[Planned], bool]


def run_waves(
    sources: Iterable[Wave],
    writer: RunWriter,
    executor: Executor,
    *,
    keep: Keep = lambda planned: True,
    resumed: SavedRun | None = None,
    found_out: dict[Cell, Found] | None = None,
    progress: Progress | None = None,
) -> None:
    """Run every wave of every source.

    `keep` drops cells that were not selected. What `resumed` saw whole is taken over and not asked again.
    `found_out`: the accounts, regions and zones that an earlier try of the same scan found; this one adds its own.
    """
    waiting = [(source, next(source, [])) for source in sources]
    every: list[Found] = []
    while waiting:
        chosen = [(source, [planned for planned in wave if keep(planned)]) for source, wave in waiting]
        wave = [planned for _, part in chosen for planned in part]
        found = _run_wave(wave, writer, executor, resumed, {} if found_out is None else found_out, progress)
        every += found.values()
        waiting = []
        for source, wave in chosen:
            following = _send(source, [found[id(planned)] for planned in wave])
            if following is not None:
                waiting.append((source, following))
    if resumed:
        _keep_unreached(resumed, writer, every, keep)


def _send(source: Wave, found: list[Found]) -> list[Planned] | None:
    try:
        return source.send(found)
    except StopIteration:
        return None


def _run_wave(
    wave: list[Planned],
    writer: RunWriter,
    executor: Executor,
    resumed: SavedRun | None,
    found_out: dict[Cell, Found],
    progress: Progress | None,
) -> dict[int, Found]:
    numbers = writer.plan([planned.cell for planned in wave])
    known = _take_over(resumed, writer, wave, numbers)
    found: dict[int, Found] = {}
    running, poor = {}, {}
    for number, planned in zip(numbers, wave, strict=True):
        if number in known:
            found[id(planned)] = Found(planned, known[number])
        elif planned.run and planned.cell in found_out:
            before = found_out[planned.cell]
            found[id(planned)] = Found(planned, before.result, before.bodies)
            writer.result(number, before.result)
        elif planned.run is None:
            found[id(planned)] = Found(planned, _without_asking(planned))
            writer.result(number, found[id(planned)].result)
        else:
            running[executor.submit(planned.run, saver(writer, number))] = (number, planned)
    for finished in as_completed(running):
        number, planned = running[finished]
        result, bodies = finished.result()
        found[id(planned)] = Found(planned, result, bodies)
        if resumed and not _whole(result):
            poor[number] = result
        else:
            writer.result(number, result)
        if _whole(result) and not planned.looks_for_stores:
            found_out[planned.cell] = found[id(planned)]
        log.info("%s: %s, %d stores, %d calls", planned.cell, result.status, result.stores, result.calls)
        if progress:
            progress(len(found), len(wave), planned.cell)
    if resumed and poor:
        _keep_beside(resumed, writer, poor)
    return found


def _take_over(
    resumed: SavedRun | None, writer: RunWriter, wave: list[Planned], numbers: range
) -> dict[int, CellResult]:
    """Copy the records of the cells that an earlier run saw whole; number in this run -> result."""
    if resumed is None:
        return {}
    # What is known without asking is known better now: a region that was off may have been switched on.
    asked = [(planned, number) for number, planned in zip(numbers, wave, strict=True) if planned.run is not None]
    wanted = {planned.cell: number for planned, number in asked if planned.looks_for_stores}
    new_number, known = {}, {}
    for old_number, result in resumed.results.items():
        if result.cell in wanted and _saw_whole(resumed, old_number, result):
            new_number[old_number] = wanted[result.cell]
            known[wanted[result.cell]] = result
    writer.copy(resumed, new_number)
    for number, result in known.items():
        writer.result(number, result)
    return known


def _saw_whole(run: SavedRun, number: int, result: CellResult) -> bool:
    """The cell was listed without a gap, and every record of it is still there."""
    return _whole(result) and run.seen.get(number, [0, 0]) == [result.stores, result.edges]


def _whole(result: CellResult) -> bool:
    return result.status is Status.LISTED and not result.gaps


def _keep_beside(resumed: SavedRun, writer: RunWriter, poor: dict[int, CellResult]) -> None:
    """Cells that were not seen whole this time either: what the earlier run saw of them stands beside it."""
    before = {cell: number for number, cell in enumerate(resumed.cells) if number in resumed.seen}
    writer.copy(resumed, {before[r.cell]: number for number, r in poor.items() if r.cell in before})
    for number, result in poor.items():
        stores, edges = resumed.seen[before[result.cell]] if result.cell in before else (0, 0)
        counts = {"stores": result.stores + stores, "edges": result.edges + edges}
        writer.result(number, CellResult.model_validate(dict(result) | counts))


def _keep_unreached(resumed: SavedRun, writer: RunWriter, found: list[Found], keep: Keep) -> None:
    """Where the accounts or regions of a source could not be found, its cells stand as the earlier run left them."""
    lost = {f.planned.cell.source for f in found if f.planned.discovers and not f.result.status.complete}
    cells = {f.planned.cell for f in found}
    old = {
        number: cell
        for number, cell in enumerate(resumed.cells)
        if cell.source in lost and cell not in cells and keep(Planned(cell))
    }
    numbers = dict(zip(old, writer.plan(list(old.values())), strict=True)) if old else {}
    writer.copy(resumed, numbers)
    for before, number in numbers.items():
        if before in resumed.results:
            writer.result(number, resumed.results[before])
    for account in resumed.accounts if numbers else ():
        if account.source in lost:
            writer.account(account)


def saver(writer: RunWriter, number: int) -> Save:
    """Writes the records of one cell as they come."""

    def save(record: Store | Edge) -> None:
        writer.store(number, record) if isinstance(record, Store) else writer.edge(number, record)

    return save


def _without_asking(planned: Planned) -> CellResult:
    now = datetime.now(UTC)
    gaps: tuple[Gap, ...] = ()
    if not planned.status.complete:
        gaps = (
            Gap(
                cell=planned.cell,
                call=planned.cell.listing,
                status=planned.status,
                code=planned.code,
                reason=planned.reason,
                attempts=0,
            ),
        )
    return CellResult(cell=planned.cell, status=planned.status, gaps=gaps, began=now, ended=now)
