"""One line on the terminal while cells are listed; nothing where nobody watches."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from residency.model import Cell


@contextmanager
def silent() -> Iterator[None]:
    yield None


@contextmanager
def bar() -> Iterator[object]:
    """A line that is written over, and cleared at the end."""

    def show(done: int, planned: int, cell: Cell) -> None:
        text = f"{done}/{planned} cells  {cell.service} {cell.region or ''}"
        sys.stderr.write(f"\r\x1b[2K{text[:79]}")
        sys.stderr.flush()

    try:
        yield show
    finally:
        sys.stderr.write("\r\x1b[2K")
        sys.stderr.flush()
