"""The saved form of facts, `residency/inventory/v1`: one JSON record a line.

    head     schema, run id, tool, when it started, what was selected
    plan     the cells that will be listed; written before the first of them is asked
    account  an account that a source reached
    geography  where a provider itself says that one of its locations stands
    store    {"record": "store", "cell": N, "store": {…}}: as they come, N counts the planned cells
    edge     {"record": "edge", "cell": N, "edge": {…}}
    cell     {"record": "cell", "cell": N, "result": {…}}: how the cell ended, and how many records it has
    end      counts, and the sha256 of every byte before this line

A run that was cut off has no `end`. What it holds is still read: every planned cell without a
result is a gap `interrupted`, and so is the missing end.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, TypeVar

from residency.model import Account, Cell, CellResult, Edge, Gap, Geography, Noun, Status, Store

SCHEMA = "residency/inventory/v1"

N = TypeVar("N", bound=Noun)

_STORE, _EDGE = b'{"record":"store","cell":', b'{"record":"edge","cell":'


class SavedRunError(Exception):
    """A saved run cannot be read as one: exit code 2. The message says where and what to do."""


class RunWriter:
    """Writes facts as they come; safe to call from several threads."""

    def __init__(self, path: Path, head: dict[str, Any]) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._digest = hashlib.sha256()
        self._counts = {"cells": 0, "stores": 0, "edges": 0}
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        path.chmod(0o600)  # a file that was there keeps its mode otherwise
        self._file: IO[bytes] = os.fdopen(descriptor, "wb")
        self._write(_line({"record": "head", "schema": SCHEMA, **head}), flush=True)

    def plan(self, cells: list[Cell]) -> range:
        """Write cells into the plan; their numbers."""
        line = _line({"record": "plan", "cells": [_dump(cell) for cell in cells]})
        with self._lock:  # the numbers follow the order of the lines
            first = self._counts["cells"]
            self._counts["cells"] += len(cells)
            self._write(line, flush=True)
        return range(first, first + len(cells))

    def account(self, account: Account) -> None:
        self._write(_line({"record": "account", "account": _dump(account)}))

    def geography(self, geography: Geography) -> None:
        self._write(_line({"record": "geography", "geography": _dump(geography)}))

    def store(self, cell: int, store: Store) -> None:
        self._write(_STORE + b'%d,"store":%s}\n' % (cell, store.model_dump_json(exclude_defaults=True).encode()))

    def edge(self, cell: int, edge: Edge) -> None:
        self._write(_EDGE + b'%d,"edge":%s}\n' % (cell, edge.model_dump_json(exclude_defaults=True).encode()))

    def result(self, cell: int, result: CellResult) -> None:
        self._write(_line({"record": "cell", "cell": cell, "result": _dump(result)}), flush=True)

    def copy(self, run: SavedRun, numbers: dict[int, int]) -> None:
        """Take over the stores and edges of some cells of an earlier run; `numbers`: there -> here."""
        for prefix in (_STORE, _EDGE):
            for line in run._lines(prefix) if numbers else ():
                comma = line.index(b",", len(prefix))
                number = numbers.get(int(line[len(prefix) : comma]))
                if number is not None:
                    self._write(prefix + b"%d" % number + line[comma:])

    def end(self) -> None:
        """Close the run as whole. Without this call it stays a run that was cut off."""
        with self._lock:
            end = {"record": "end", "ended": _now(), "counts": self._counts, "sha256": self._digest.hexdigest()}
            self._file.write(_line(end))
        self.close()

    def close(self) -> None:
        with self._lock:
            self._file.close()

    def _write(self, line: bytes, flush: bool = False) -> None:
        with self._lock:
            if self._file.closed:  # the run was interrupted; a listing that is still under way ends unheard
                return
            self._file.write(line)
            self._digest.update(line)
            if line.startswith(_STORE):
                self._counts["stores"] += 1
            elif line.startswith(_EDGE):
                self._counts["edges"] += 1
            if flush:
                self._file.flush()


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _dump(noun: Noun) -> dict[str, Any]:
    return noun.model_dump(mode="json", exclude_defaults=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass
class SavedRun:
    """A saved run, read once for its frame; stores and edges are streamed from the file."""

    path: Path
    head: dict[str, Any]
    cells: list[Cell] = field(default_factory=list)
    results: dict[int, CellResult] = field(default_factory=dict)
    accounts: list[Account] = field(default_factory=list)
    geographies: list[Geography] = field(default_factory=list)
    seen: dict[int, list[int]] = field(default_factory=dict)  # cell -> [stores, edges] that the file holds
    twice: set[bytes] = field(default_factory=set)  # ids (as JSON) of stores that more than one record describes
    ended: str | None = None
    sha256: str = ""  # of every byte before the end record, or of all there is

    @property
    def id(self) -> str:
        return str(self.head.get("id", self.path.stem))

    @property
    def whole(self) -> bool:
        """False when the run was cut off before its end."""
        return self.ended is not None

    def closed_results(self) -> Iterator[CellResult]:
        """One result for every planned cell; what was lost or never came is `interrupted`."""
        for number, cell in enumerate(self.cells):
            result = self.results.get(number)
            yield self._checked(number, result) if result else self._interrupted(cell, number, "no result")
        if not self.whole:
            end = Cell(source="run", provider="run", account=None, region=None, service="run", listing="end")
            yield self._interrupted(end, -1, "the run was cut off before its end")

    def _interrupted(self, cell: Cell, number: int, reason: str) -> CellResult:
        stores, edges = self.seen.get(number, [0, 0])
        gap = Gap(cell=cell, call=cell.listing, status=Status.INTERRUPTED, code="interrupted", reason=reason)
        when = datetime.fromisoformat(str(self.head["started"]))
        return CellResult(
            cell=cell, status=Status.INTERRUPTED, stores=stores, edges=edges, gaps=(gap,), began=when, ended=when
        )

    def _checked(self, number: int, result: CellResult) -> CellResult:
        """A cell whose records are not all there is not listed, whatever it says of itself."""
        stores, edges = self.seen.get(number, [0, 0])
        if (stores, edges) == (result.stores, result.edges):
            return result
        reason = f"{result.stores} stores and {result.edges} edges were saved, {stores} and {edges} are there"
        gap = Gap(cell=result.cell, call=result.cell.listing, status=Status.TRUNCATED, code="lost", reason=reason)
        return CellResult(
            cell=result.cell,
            status=Status.TRUNCATED,
            stores=stores,
            edges=edges,
            gaps=(*result.gaps, gap),
            calls=result.calls,
            began=result.began,
            ended=result.ended,
        )

    def stores(self) -> Iterator[Store]:
        """Every store, streamed; SavedRunError where a line of a run that was cut off is no store."""
        for line in self._lines(_STORE):
            yield self._noun(Store, line)

    def stores_with_id(self, wanted: set[bytes]) -> Iterator[Store]:
        """Only the stores whose id, as JSON, is wanted; the others are not even parsed."""
        for line in self._lines(_STORE):
            if _id_of(line) in wanted:
                yield self._noun(Store, line)

    def edges(self) -> Iterator[Edge]:
        for line in self._lines(_EDGE):
            yield self._noun(Edge, line)

    def _noun(self, noun: type[N], line: bytes) -> N:
        name = noun.__name__.lower()
        try:
            return noun.model_validate_json(line[line.index(b',"%s":' % name.encode()) + len(name) + 4 : -2])
        except ValueError as error:
            raise SavedRunError(f"{self.path}: {name} record that cannot be read: {str(error)[:120]}") from error

    def _lines(self, prefix: bytes) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            for line in file:
                if line.startswith(prefix) and line.endswith(b"}\n"):
                    yield line


def _id_of(line: bytes) -> bytes:
    """The store's id as it stands in the line (`id` is its first field)."""
    start = line.index(b'"id":') + 5
    return line[start : line.index(b',"kind":', start)]


def json_id(store_id: str) -> bytes:
    """An id as it stands in a saved line."""
    return json.dumps(store_id, ensure_ascii=False).encode()


def read_run(path: Path) -> SavedRun:
    """Read the frame of a saved run. SavedRunError when it is no run, or was changed after it was saved."""
    try:
        with path.open("rb") as file:
            return _Reader(path).read(file)
    except OSError as error:
        raise SavedRunError(f"{path}: cannot be read: {error.strerror}") from error


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.run = SavedRun(path, {})
        self.digest = hashlib.sha256()
        self.ids: set[int] = set()
        self.number = 0

    def read(self, file: IO[bytes]) -> SavedRun:
        for self.number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                break  # the last line of a run that was killed
            if self.run.whole:
                raise self._wrong("there is something after the end of the run")
            self._take(line)
        if not self.run.head:
            raise self._wrong(f"is not a saved run: the first line must be a head of {SCHEMA}")
        if not self.run.whole:
            self.run.sha256 = self.digest.hexdigest()
        return self.run

    def _take(self, line: bytes) -> None:
        if line.startswith(_STORE):
            self._count(line, len(_STORE), 0)
        elif line.startswith(_EDGE):
            self._count(line, len(_EDGE), 1)
        else:
            self._record(line)
        if not self.run.whole:
            self.digest.update(line)

    def _count(self, line: bytes, start: int, kind: int) -> None:
        try:
            cell = int(line[start : line.index(b",", start)])
            key = None if kind else _id_of(line)
        except ValueError as error:
            raise self._wrong("is not a record of a saved run") from error
        if not 0 <= cell < len(self.run.cells):
            raise self._wrong(f"a record of cell {cell}, which is not in the plan")
        self.run.seen.setdefault(cell, [0, 0])[kind] += 1
        if key is not None:
            if hash(key) in self.ids:
                self.run.twice.add(key)
            self.ids.add(hash(key))

    def _record(self, line: bytes) -> None:
        try:
            record = json.loads(line)
            take = getattr(self, f"_take_{record['record']}")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise self._wrong("is not a record of a saved run") from error
        if self.number > 1 and not self.run.head:
            raise self._wrong("the head is missing")
        try:
            take(record)
        except (ValueError, KeyError, TypeError) as error:
            raise self._wrong(f"a {record['record']} record that cannot be read: {str(error)[:120]}") from error

    def _take_head(self, record: dict[str, Any]) -> None:
        if record.get("schema") != SCHEMA:
            raise self._wrong(f"schema {str(record.get('schema'))[:80]!r}; this version reads {SCHEMA}")
        if self.run.head:
            raise self._wrong("a second head")
        datetime.fromisoformat(record["started"])
        self.run.head = record

    def _take_plan(self, record: dict[str, Any]) -> None:
        self.run.cells.extend(Cell.model_validate(cell) for cell in record["cells"])

    def _take_account(self, record: dict[str, Any]) -> None:
        self.run.accounts.append(Account.model_validate_json(json.dumps(record["account"])))

    def _take_geography(self, record: dict[str, Any]) -> None:
        self.run.geographies.append(Geography.model_validate_json(json.dumps(record["geography"])))

    def _take_cell(self, record: dict[str, Any]) -> None:
        number = record["cell"]
        result = CellResult.model_validate_json(json.dumps(record["result"]))
        if not 0 <= number < len(self.run.cells) or self.run.cells[number] != result.cell:
            raise self._wrong("plan and results differ: this cell was not planned")
        if number in self.run.results:
            raise self._wrong(f"a second result of cell {number}")
        self.run.results[number] = result

    def _take_end(self, record: dict[str, Any]) -> None:
        if record["sha256"] != self.digest.hexdigest():
            raise self._wrong("the digest does not match: the file was changed after it was saved; scan again")
        if record["counts"]["cells"] != len(self.run.cells):
            raise self._wrong("plan and results differ: a part of the plan is missing")
        self.run.ended, self.run.sha256 = record["ended"], record["sha256"]

    def _wrong(self, text: str) -> SavedRunError:
        return SavedRunError(f"{self.path}:{self.number}: {text}")
