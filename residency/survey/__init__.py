"""Compares the atlas with what others know: records in installed packages, and live APIs.

A survey decides nothing. It names what is new, changed or vanished, for a person to look up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from residency.atlas import Atlas, Entry


class NotSeen(Exception):
    """A record could not be had whole: refused, cut off, or not what it should be. Nothing is compared with it."""


@dataclass(frozen=True)
class Known:
    """One location as somebody else has it."""

    namespace: str
    code: str
    kind: str
    parent: str = ""
    country: str | None = None  # ISO 3166-1 alpha-2; None where the record says none
    members: tuple[str, ...] = ()  # "namespace:code" of the places of a multi-region
    operator: str = ""  # of a new row; empty: that of the other rows of the namespace, where there is one


@dataclass(frozen=True)
class Record:
    """A list of locations that somebody keeps."""

    name: str  # what a row of the atlas would cite
    known: tuple[Known, ...]
    complete: frozenset[tuple[str, str]] = frozenset()  # (namespace, kind) of which it lists everything there is
    lacking: str = ""  # what the note of a row says where it is known that this record does not have it


@dataclass(frozen=True)
class Difference:
    """One location that the atlas and a record do not have alike."""

    what: str  # "new" | "changed" | "vanished"
    namespace: str
    code: str
    kind: str
    ours: str  # countries or members, as the atlas has them; empty for what is new
    theirs: str  # the same as the record has them; empty for what vanished
    record: str
    known: Known | None = None

    def __str__(self) -> str:
        change = f"{self.ours or '?'} -> {self.theirs or '?'}" if self.what == "changed" else self.ours or self.theirs
        return f"{self.what:8}  {self.namespace}:{self.code}  {self.kind}  {change or '?'}  ({self.record})"


def compare(atlas: Atlas, record: Record) -> Iterator[Difference]:
    """What the record has and the atlas has not, or has otherwise; and what only the atlas still has."""
    for known in record.known:
        entry = atlas.entries.get((known.namespace, known.code))
        theirs = " ".join(known.members) or known.country or ""
        if entry is None:
            yield Difference("new", known.namespace, known.code, known.kind, "", theirs, record.name, known)
        elif _differs(atlas, entry, known):
            ours = " ".join(entry.members if known.members else atlas.find(entry.place).countries)
            yield Difference("changed", known.namespace, known.code, entry.kind, ours, theirs, record.name, known)
    held = {(known.namespace, known.code) for known in record.known}
    for entry in atlas.entries.values():
        gone = (entry.namespace, entry.kind) in record.complete and (entry.namespace, entry.code) not in held
        if gone and entry.status == "current" and not _known_to_lack(entry, record):
            ours = " ".join(entry.members or entry.countries)
            yield Difference("vanished", entry.namespace, entry.code, entry.kind, ours, "", record.name)


def _differs(atlas: Atlas, entry: Entry, known: Known) -> bool:
    if known.members:
        return set(known.members) != set(entry.members)
    countries = (*atlas.find(entry.place).countries, *entry.recorded_as.split())
    return known.country is not None and known.country not in countries


def _known_to_lack(entry: Entry, record: Record) -> bool:
    return bool(record.lacking) and record.lacking.casefold() in entry.note.casefold()
