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
    progress: Progress | None = None,
) -> None:
    """Run every wave of every source.

    `keep` drops cells that were not selected. What `resumed` saw whole is taken over and not asked again.
    """
    waiting = [(source, next(source, [])) for source in sources]
    while waiting:
        chosen = [(source, [planned for planned in wave if keep(planned)]) for source, wave in waiting]
        found = _run_wave([planned for _, wave in chosen for planned in wave], writer, executor, resumed, progress)
        waiting = []
        for source, wave in chosen:
            following = _send(source, [found[id(planned)] for planned in wave])
            if following is not None:
                waiting.append((source, following))


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
    progress: Progress | None,
) -> dict[int, Found]:
    numbers = writer.plan([planned.cell for planned in wave])
    known = _take_over(resumed, writer, wave, numbers)
    found: dict[int, Found] = {}
    running = {}
    for number, planned in zip(numbers, wave, strict=True):
        if number in known:
            found[id(planned)] = Found(planned, known[number])
        elif planned.run is None:
            found[id(planned)] = Found(planned, _without_asking(planned))
            writer.result(number, found[id(planned)].result)
        else:
            running[executor.submit(planned.run, saver(writer, number))] = (number, planned)
    for finished in as_completed(running):
        number, planned = running[finished]
        result, bodies = finished.result()
        found[id(planned)] = Found(planned, result, bodies)
        writer.result(number, result)
        log.info("%s: %s, %d stores, %d calls", planned.cell, result.status, result.stores, result.calls)
        if progress:
            progress(len(found), len(wave), planned.cell)
    return found


def _take_over(
    resumed: SavedRun | None, writer: RunWriter, wave: list[Planned], numbers: range
) -> dict[int, CellResult]:
    """Copy the records of the cells that an earlier run saw whole; number in this run -> result."""
    if resumed is None:
        return {}
    # What is known without asking is known better now: a region that was off may have been switched on.
    asked = [(planned, number) for number, planned in zip(numbers, wave, strict=True) if planned.run is not None]
    wanted = {planned.cell: number for planned, number in asked if not planned.discovers}
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
    there = run.seen.get(number, [0, 0])
    return result.status is Status.LISTED and not result.gaps and there == [result.stores, result.edges]


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
