"""The verdict of a place: its countries against the countries that a policy allows."""

from __future__ import annotations

from dataclasses import dataclass

from residency.atlas import Atlas, Entry, Location
from residency.model import Place, Why
from residency.policy.models import Policy
from residency.rules.base import PERMITTED, PROHIBITED, UNDETERMINED

UNKNOWN_ID = "unknown-id"


@dataclass(frozen=True, slots=True)
class PlaceVerdict:
    countries: tuple[str, ...]
    verdict: str
    why: str | None
    operator: str | None
    entries: tuple[Entry, ...]


class Places:
    """Judges places under one policy; each place once."""

    def __init__(self, atlas: Atlas, policy: Policy) -> None:
        self._atlas = atlas
        self._policy = policy
        self._allowed = policy.countries_of(policy.location.allow)
        self._known: dict[tuple[Place, ...], PlaceVerdict] = {}
        self._regions: dict[str, tuple[str, ...]] = {}

    def of(self, *places: Place) -> PlaceVerdict:
        """Permitted only if every country of every place is known and allowed."""
        known = self._known.get(places)
        if known is None:
            known = self._known[places] = self._judge([self._atlas.find(place) for place in places])
        return known

    def regions(self, namespace: str) -> tuple[str, ...]:
        """The regions of a namespace that the policy allows, in the order in which it names its jurisdictions."""
        if namespace not in self._regions:
            entries = [e for e in self._atlas.entries.values() if e.namespace == namespace and e.kind == "region"]
            open_ones = [e for e in entries if e.status == "current" and self.of(e.place).verdict == PERMITTED]
            self._regions[namespace] = tuple(e.code for e in sorted(open_ones, key=lambda e: (self._rank(e), e.code)))
        return self._regions[namespace]

    def _rank(self, entry: Entry) -> int:
        """How early the policy names the place of a region."""
        countries = self.of(entry.place).countries
        names = {name for country in countries for name in (country, *self._policy.jurisdictions_of(country))}
        allow = list(self._policy.location.allow)
        return min((allow.index(name) for name in names if name in allow), default=len(allow))

    def _judge(self, locations: list[Location]) -> PlaceVerdict:
        countries = sorted({country for location in locations for country in location.countries})
        complete = bool(locations) and all(location.complete for location in locations)
        operators = {location.operator for location in locations if location.operator}
        entries = tuple(location.entry for location in locations if location.entry)
        if any(country not in self._allowed for country in countries):
            verdict = PROHIBITED
        else:
            verdict = PERMITTED if complete and len(operators) < 2 else UNDETERMINED  # nobody answers for it
        unbounded = any(location.unbounded for location in locations)
        undecided = Why.UNRESOLVED.value if len(operators) > 1 else None
        why = Why.UNBOUNDED.value if unbounded else undecided if complete else UNKNOWN_ID
        operator = operators.pop() if len(operators) == 1 else None
        return PlaceVerdict(tuple(countries), verdict, why, operator, entries)


def unplaced(why: Why | None) -> PlaceVerdict:
    """What is known of a copy that nothing places."""
    return PlaceVerdict((), UNDETERMINED, why.value if why else Why.UNRESOLVED.value, None, ())
