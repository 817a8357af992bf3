"""Writes the differences of a survey into atlas files, so that a person can review them as a diff."""

from __future__ import annotations

import bisect
import csv
import difflib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from residency.atlas import COLUMNS
from residency.survey import Difference, Known

Row = dict[str, str]
UNKNOWN_OPERATOR = "?"  # no row of the atlas says who runs it: the reviewer has to


@dataclass(frozen=True)
class Change:
    """One atlas file before and after."""

    path: Path
    before: str
    after: str

    def diff(self) -> Iterator[str]:
        """The lines of a unified diff."""
        name = f"config/atlas/{self.path.name}"
        lines = (self.before.splitlines(), self.after.splitlines())
        yield from difflib.unified_diff(*lines, f"a/{name}", f"b/{name}", n=1, lineterm="")


def changes(folder: Path, differences: Iterable[Difference], day: date) -> Iterator[Change]:
    """The atlas files that differ, with what the records say written into them."""
    files = {path: _File(path) for path in sorted(folder.glob("*.csv"))}
    of_namespace = {row["namespace"]: file for file in files.values() for row in file.rows}
    for difference in differences:
        namespace = difference.namespace
        path = folder / f"{namespace.partition('.')[0]}.csv"
        file = of_namespace.get(namespace) or files.get(path) or _File(path)
        files[file.path], of_namespace[namespace] = file, file
        file.take(difference, day)
    for file in files.values():
        if file.text() != file.before:
            yield Change(file.path, file.before, file.text())


class _File:
    """The rows of one atlas file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.before = path.read_text("utf-8") if path.is_file() else ""
        reader = csv.DictReader(io.StringIO(self.before))
        self.columns = list(reader.fieldnames or COLUMNS)
        self.rows: list[Row] = list(reader)

    def text(self) -> str:
        if not self.rows:
            return self.before
        out = io.StringIO()
        writer = csv.DictWriter(out, self.columns, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(self.rows)
        return out.getvalue()

    def take(self, difference: Difference, day: date) -> None:
        if difference.what == "new" and difference.known:
            self._insert(self._new_row(difference.known, difference.record, day))
            return
        row = next(row for row in self.rows if _is_about(row, difference))
        if difference.what == "vanished":
            note = f"not in {difference.record} on {day}"
            row["status"], row["note"] = "retired", f"{row['note']}; {note}" if row["note"] else f"N{note[1:]}"
        elif difference.known:
            row.update(_said(difference.known, difference.record, day))

    def _new_row(self, known: Known, record: str, day: date) -> Row:
        return {
            **dict.fromkeys(self.columns, ""),
            "namespace": known.namespace,
            "code": known.code,
            "kind": known.kind,
            "parent": known.parent,
            "operator": known.operator or self._operator(known),
            "status": "current",
            **_said(known, record, day),
        }

    def _operator(self, known: Known) -> str:
        """That of the region that the zone belongs to, or the only one of the namespace."""
        here = [row for row in self.rows if row["namespace"] == known.namespace]
        of_parent = {row["operator"] for row in here if known.parent and row["code"] == known.parent}
        found = of_parent or {row["operator"] for row in here}
        return found.pop() if len(found) == 1 else UNKNOWN_OPERATOR

    def _insert(self, row: Row) -> None:
        self.rows.insert(bisect.bisect([_order(other) for other in self.rows], _order(row)), row)


def _said(known: Known, record: str, day: date) -> Row:
    placed = known.country or known.members
    return {
        "countries": "" if known.members else known.country or "",
        "members": " ".join(known.members),
        "confidence": "high" if placed else "unverified",
        "source": record,
        "read_on": day.isoformat(),
    }


def _order(row: Row) -> tuple[str, ...]:
    return (row["namespace"], row["parent"] or row["code"], row["kind"], row["code"])


def _is_about(row: Row, difference: Difference) -> bool:
    return (row["namespace"], row["code"]) == (difference.namespace, difference.code)
