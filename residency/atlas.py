"""Where every location stands, and who runs it. A location that is not held is an answer: unknown.

Nothing is ever inherited from a parent, guessed from a prefix or given a default.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from residency.countries import countries
from residency.model import Place

COLUMNS = [
    "namespace",
    "code",
    "kind",
    "parent",
    "countries",
    "members",
    "operator",
    "status",
    "confidence",
    "source",
    "read_on",
    "note",
]


class AtlasError(Exception):
    """A row of an atlas file cannot be used. `line` counts from 1; 0 = whoever reads the file knows it."""

    def __init__(self, text: str, line: int = 0) -> None:
        super().__init__(text)
        self.line = line


@dataclass(frozen=True, slots=True)
class Entry:
    """One location: the countries it stands in (several for a multi-region) and its operator."""

    namespace: str
    code: str
    kind: str
    parent: str
    countries: tuple[str, ...]
    members: tuple[str, ...]  # "namespace:code" of each place of a multi-region
    operator: str
    status: str
    confidence: str
    source: str
    read_on: str
    note: str
    reason: str = ""  # why a config replaces the shipped entry

    @property
    def place(self) -> Place:
        return Place(namespace=self.namespace, code=self.code)


@dataclass(frozen=True)
class Location:
    """What the atlas says of one place; `countries` is empty when it holds nothing of it."""

    countries: tuple[str, ...] = ()
    complete: bool = False  # False: some member is not held, so a country may be missing
    operator: str | None = None
    entry: Entry | None = None


NOWHERE = Location()


@dataclass
class Atlas:
    """All entries, by namespace and code."""

    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    replaced: list[Entry] = field(default_factory=list)  # entries of a config that override shipped ones

    def find(self, place: Place) -> Location:
        """The countries and the operator of a place; NOWHERE when its id is not held."""
        return self._find(place, frozenset())

    def _find(self, place: Place, above: frozenset[Place]) -> Location:
        """`above`: the multi-regions that led here; one that is a member of itself has no answer."""
        entry = self.entries.get((place.namespace, place.code))
        if entry is None or place in above:
            return NOWHERE
        if not entry.members:
            return Location(entry.countries, bool(entry.countries), entry.operator or None, entry)
        found = set(entry.countries)
        complete = True
        for member in entry.members:
            location = self._find(Place.parse(member), above | {place})
            found.update(location.countries)
            complete = complete and location.complete
        return Location(tuple(sorted(found)), complete, entry.operator or None, entry)

    def add(self, entries: Iterable[Entry], *, replacing: bool = False) -> None:
        """Add entries; with `replacing`, one that is held already needs a reason (AtlasError)."""
        for entry in entries:
            key = (entry.namespace, entry.code)
            if key in self.entries:
                if not (replacing and entry.reason):
                    raise AtlasError(f"{entry.namespace}:{entry.code} is there already: give a `reason` to replace it")
                self.replaced.append(entry)
            self.entries[key] = entry

    @property
    def as_of(self) -> str:
        """The newest day on which an entry was read."""
        return max((entry.read_on for entry in self.entries.values()), default="")

    @property
    def sha256(self) -> str:
        """Names the whole content, whatever file a row came from."""
        digest = hashlib.sha256()
        for key in sorted(self.entries):
            digest.update(repr(self.entries[key]).encode())
        return digest.hexdigest()


def read_entries(path: Path) -> Iterator[Entry]:
    """The rows of one atlas file; AtlasError with the line where one cannot be used."""
    for line, row in read_rows(path, COLUMNS):
        yield _entry(row, line)


def read_rows(path: Path, columns: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a CSV file with their lines; AtlasError where a column or a field is missing."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            raise AtlasError(f"these columns are missing: {', '.join(missing)}", 1)
        for row in reader:
            if None in row.values() or None in row:
                raise AtlasError("the number of fields is not that of the header", reader.line_num)
            yield reader.line_num, row


def _entry(row: dict[str, str], line: int) -> Entry:
    here, members = tuple(row["countries"].split()), tuple(row["members"].split())
    for code in here:
        check_country(code, line)
    for member in members:
        if not all(member.partition(":")[:2]):
            raise AtlasError(f"{member[:80]!r} is not a location of the form NAMESPACE:CODE", line)
    check_read(row, ("namespace", "operator"), line)
    values = {name: row[name] for name in COLUMNS} | {"reason": row.get("reason", "")}
    return Entry(**values | {"countries": here, "members": members})  # type: ignore[arg-type]


def check_country(code: str, line: int) -> None:
    """AtlasError when a code is not in the closed list of countries."""
    if code not in countries():
        raise AtlasError(f"{code[:80]!r} is not an ISO 3166-1 country code", line)


def check_read(row: dict[str, str], names: Iterable[str], line: int) -> None:
    """AtlasError when a name, the source or the day on which it was read is missing."""
    for name in (*names, "source", "read_on"):
        if not row[name]:
            raise AtlasError(f"`{name}` is empty: every location has a source and a date", line)
    try:
        date.fromisoformat(row["read_on"])
    except ValueError as error:
        raise AtlasError(f"{row['read_on'][:80]!r} is not a day such as 2026-11-22", line) from error
