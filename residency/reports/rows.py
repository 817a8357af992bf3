"""A label and what it says: the text of an answer that is no report of a run, at most 100 columns wide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from residency.reports.columns import ljust, width, wrap
from residency.reports.text import WIDTH, printable

COLUMN = 11  # what a label and the space behind it take
ON = "  "  # how a folded line goes on

# Label and text. Without a label it goes on with the row above; a row that says nothing is left out.
Row = tuple[str, str]
BLANK: Row = ("", "\n")


def text_of(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        if row == BLANK:
            yield "\n"
            continue
        label, text = row
        for number, line in enumerate(_folded(printable(text))):
            yield f"{ljust('' if number else label, COLUMN)}{ON if number else ''}{line}\n"


def _folded(text: str) -> list[str]:
    room = WIDTH - COLUMN
    if not text or width(text) <= room:
        return [text] if text else []
    return wrap(text, room - len(ON))
