"""Where every location stands, and who runs it. A location that is not held is an answer: unknown.

Nothing is ever inherited from a parent, guessed from a prefix or given a default.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
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
    """A row of an atlas file cannot be used; the message names file and line."""


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
        entry = self.entries.get((place.namespace, place.code))
        if entry is None:
            return NOWHERE
        if not entry.members:
            return Location(entry.countries, bool(entry.countries), entry.operator or None, entry)
        return self._of_members(entry)

    def _of_members(self, entry: Entry) -> Location:
        found = set(entry.countries)
        complete = True
        for member in entry.members:
            location = self.find(Place.parse(member))
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


def read_entries(path: Path, shown_as: str) -> Iterator[Entry]:
    """The rows of one atlas file; AtlasError with file and line where one cannot be used."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise AtlasError(f"{shown_as}:1: these columns are missing: {', '.join(missing)}")
        for row in reader:
            yield _entry(row, f"{shown_as}:{reader.line_num}")


def _entry(row: dict[str, str], where: str) -> Entry:
    if None in row.values() or None in row:
        raise AtlasError(f"{where}: the number of fields is not that of the header")
    here = tuple(row["countries"].split())
    for code in here:
        if code not in countries():
            raise AtlasError(f"{where}: {code!r} is not an ISO 3166-1 country code")
    for name in ("namespace", "source", "read_on"):
        if not row[name]:
            raise AtlasError(f"{where}: `{name}` is empty: every location has a source and a date")
    values = {name: row[name] for name in COLUMNS} | {"reason": row.get("reason", "")}
    return Entry(**values | {"countries": here, "members": tuple(row["members"].split())})  # type: ignore[arg-type]
