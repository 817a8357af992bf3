"""What a command costs before it does anything, beside a Python that does nothing."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.measure import best_of, row


def rows() -> Iterator[str]:
    nothing = best_of(5, ["-c", "pass"])
    yield row("python -c pass", nothing)
    for arguments in (["--help"], ["where", "aws:ap-northeast-1"], ["scan", "--help"]):
        yield row(f"residency {' '.join(arguments)}", best_of(5, ["-m", "residency", *arguments]), "python", nothing)
