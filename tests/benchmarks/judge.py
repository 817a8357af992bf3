"""Judging saved facts again: time per copy, and memory as the estate grows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import best_of, row
from tests.build import a_copy, a_store, save_run, write_config

COPIES_PER_STORE = 2
SIZES = (20_000, 200_000)  # stores


def rows() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        config = str(write_config(Path(folder) / "config"))
        costs = []
        for size in SIZES:
            path = Path(folder) / f"{size}.jsonl"
            copies = (a_copy(), a_copy("aws:ap-northeast-3"))
            save_run(path, *(a_store(f"arn:aws:s3:::b{number}", *copies) for number in range(size)))
            cost = best_of(1, ["-m", "residency", "scan", "--from", str(path), "-c", config, "-q", "-f", "json"])
            costs.append(cost)
            path.unlink()
            yield row(f"judge {size * COPIES_PER_STORE:,} saved copies", cost)
        growth = costs[1].peak_mb / costs[0].peak_mb
        yield f"{'memory of ten times the estate':42} {growth:7.2f} × of one"
