"""Where every location stands, and who runs it. A location that is not held is an answer: unknown.

Nothing is ever inherited from a parent, guessed from a prefix or given a default. What no source
confirms (`unverified`) counts against a location and never for it.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import date
from operator import attrgetter
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
OPTIONAL = ("pair", "recorded_as", "reason")
STATUSES = ("current", "announced", "retired")
# high: the provider says where; medium: its words leave no doubt, or two others agree; low: one other
# source; unverified: none; own: what a company says of its own sites.
CONFIDENCES = ("high", "medium", "low", "unverified", "own")
# A kind of location of which the provider says that it is not limited to any place.
UNBOUNDED = "unbounded"


class AtlasError(Exception):
    """A row of an atlas file cannot be used. `line` counts from 1; 0 = whoever reads the file knows it."""

    def __init__(self, text: str, line: int = 0) -> None:
        super().__init__(text)
        self.line = line


@dataclass(slots=True)  # not frozen: thousands are made at every start
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
    pair: str = ""  # the region that the provider's own redundancy copies to
    recorded_as: str = ""  # the country code that the provider's own records have, where it is not ours
    reason: str = ""  # why a config replaces the shipped entry
    file: str = field(default="", compare=False, repr=False)
    line: int = field(default=0, compare=False, repr=False)

    @property
    def place(self) -> Place:
        return Place(namespace=self.namespace, code=self.code)

    @property
    def evidence(self) -> str:
        """Where it stands and who says so, in one line."""
        where = " ".join(self.countries)
        return f"atlas {self.namespace}:{self.code}: {where}; {self.source}; read {self.read_on}"

    @property
    def unbounded(self) -> bool:
        """The provider itself says that what stands here may stand anywhere."""
        return self.kind == UNBOUNDED

    @property
    def confirmed(self) -> bool:
        return self.confidence != "unverified"


# All that an entry says; not in which file it stands.
_CONTENT = attrgetter(*(part.name for part in fields(Entry) if part.compare))


@dataclass(frozen=True)
class Location:
    """What the atlas says of one place; `countries` is empty when it holds nothing of it."""

    countries: tuple[str, ...] = ()
    complete: bool = False  # False: some member is not held or not confirmed, so a country may be missing
    operator: str | None = None
    entry: Entry | None = None
    unbounded: bool = False  # it, or a member of it, is not limited to any place


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
        members = [self._find(Place.parse(member), above | {place}) for member in entry.members]
        found = {*entry.countries, *(country for member in members for country in member.countries)}
        return Location(
            countries=tuple(sorted(found)),
            complete=bool(found) and entry.confirmed and all(member.complete for member in members),
            unbounded=entry.unbounded or any(member.unbounded for member in members),
            operator=entry.operator or None,
            entry=entry,
        )

    def add(self, entries: Iterable[Entry], *, replacing: bool = False) -> None:
        """Add entries; with `replacing`, one that is held already needs a reason (AtlasError)."""
        for entry in entries:
            key = (entry.namespace, entry.code)
            if key in self.entries:
                if not (replacing and entry.reason):
                    raise AtlasError(f"{entry.namespace}:{entry.code} is there already: give a `reason` to replace it")
                self.replaced.append(entry)
            self.entries[key] = entry

    def mistakes(self, operators: Container[str]) -> Iterator[tuple[Entry, str]]:
        """What is wrong between entries: an unknown member or operator, a multi-region inside itself."""
        for entry in self.entries.values():
            if entry.operator not in operators:
                yield (
                    entry,
                    f"the operator {entry.operator[:80]!r} is not in operators.yaml: add it there, with a source",
                )
            for member in entry.members:
                if _key(member) not in self.entries:
                    yield entry, f"the member {member[:80]!r} is not in the atlas: add a row for it"
            if entry.members and self._leads_to(entry, entry, set()):
                yield entry, f"{entry.place} is a member of itself"

    def _leads_to(self, entry: Entry, goal: Entry, seen: set[str]) -> bool:
        for member in entry.members:
            below = self.entries.get(_key(member))
            if below is goal:
                return True
            if below and member not in seen:
                seen.add(member)
                if self._leads_to(below, goal, seen):
                    return True
        return False

    def near(self, place: Place, most: int = 3) -> list[Place]:
        """Held locations that somebody who wrote this one may have meant; a hint for people, never an answer."""
        here = [entry.code for entry in self.entries.values() if entry.namespace == place.namespace]
        other = [entry.namespace for entry in self.entries.values() if entry.code == place.code]
        found = [Place(namespace=name, code=place.code) for name in other]
        folded = {code.casefold(): code for code in here}
        near = difflib.get_close_matches(place.code.casefold(), folded, n=most, cutoff=0.75)
        return [*(Place(namespace=place.namespace, code=folded[code]) for code in sorted(near)), *found][:most]

    @property
    def as_of(self) -> str:
        """The newest day on which an entry was read."""
        return max((entry.read_on for entry in self.entries.values()), default="")

    @property
    def sha256(self) -> str:
        """Names the whole content, whatever file a row came from."""
        digest = hashlib.sha256()
        for key in sorted(self.entries):
            digest.update(repr(_CONTENT(self.entries[key])).encode())
        return digest.hexdigest()


def read_entries(path: Path) -> Iterator[Entry]:
    """The rows of one atlas file; AtlasError with the line where one cannot be used."""
    for line, row in read_rows(path, COLUMNS):
        yield _entry(row, path, line)


def read_rows(path: Path, columns: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a CSV file with their lines; AtlasError where a column or a field is missing."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        names = next(reader, [])
        missing = [name for name in columns if name not in names]
        if missing:
            raise AtlasError(f"these columns are missing: {', '.join(missing)}", 1)
        for fields in filter(None, reader):  # an empty line is no row
            if len(fields) != len(names):
                raise AtlasError("the number of fields is not that of the header", reader.line_num)
            yield reader.line_num, dict(zip(names, fields, strict=True))


def _entry(row: dict[str, str], path: Path, line: int) -> Entry:
    here, members = tuple(row["countries"].split()), tuple(row["members"].split())
    _check_where(row, here, members, line)
    check_read(row, ("namespace", "kind", "operator"), line)
    for name, words in (("status", STATUSES), ("confidence", CONFIDENCES)):
        if row[name] not in words:
            raise AtlasError(f"{name} {row[name][:80]!r} is none of {', '.join(words)}", line)
    texts = {name: row[name] for name in COLUMNS} | {name: row.get(name, "") for name in OPTIONAL}
    return Entry(**texts | {"countries": here, "members": members, "file": str(path), "line": line})  # type: ignore[arg-type]


def _check_where(row: dict[str, str], here: tuple[str, ...], members: tuple[str, ...], line: int) -> None:
    for code in here:
        check_country(code, line)
    for member in members:
        if not all(member.partition(":")[:2]):
            raise AtlasError(f"{member[:80]!r} is not a location of the form NAMESPACE:CODE", line)
    for name, words in (("country", here), ("member", members)):
        if len(set(words)) < len(words):
            raise AtlasError(f"a {name} is given twice", line)
    if row["kind"] == UNBOUNDED and (here or members):
        raise AtlasError("a location that is not limited to any place has neither countries nor members", line)


def _key(member: str) -> tuple[str, str]:
    namespace, _, code = member.partition(":")
    return namespace, code


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
