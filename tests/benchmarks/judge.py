"""Judging saved facts again: time per copy, and memory as the estate grows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from residency.inventory import RunWriter
from residency.model import CellResult, Status
from tests.benchmarks.measure import best_of, row
from tests.build import NOON, a_cell, a_copy, a_store, write_config

COPIES_PER_STORE = 2
SIZES = (20_000, 200_000)  # stores


def save(path: Path, size: int) -> None:
    """A run of stores with two copies each, written as it comes so that this process stays small."""
    writer = RunWriter(path, {"id": "bench", "started": "2026-11-22T03:00:00Z"})
    (number,) = writer.plan([a_cell()])
    copies = (a_copy(), a_copy("aws:ap-northeast-3"))
    for store in range(size):
        writer.store(number, a_store(f"arn:aws:s3:::b{store}", *copies))
    writer.result(number, CellResult(cell=a_cell(), status=Status.LISTED, stores=size, began=NOON, ended=NOON))
    writer.end()


def rows() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        config = str(write_config(Path(folder) / "config"))
        costs = []
        for size in SIZES:
            path = Path(folder) / f"{size}.jsonl"
            save(path, size)
            cost = best_of(1, ["-m", "residency", "scan", "--from", str(path), "-c", config, "-q", "-f", "json"])
            costs.append(cost)
            path.unlink()
            yield row(f"judge {size * COPIES_PER_STORE:,} saved copies", cost)
        growth = costs[1].peak_mb / costs[0].peak_mb
        yield f"{'memory of ten times the estate':42} {growth:7.2f} × of one"
