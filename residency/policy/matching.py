"""Globs of config rows against what a thing is called. Anchored at both ends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import translate
from functools import cache

from residency.policy.models import Match

# What a thing says of itself: one value, several (tags, sources), or None = it has none.
Names = Mapping[str, str | Iterable[str] | None]


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob))


def matches(match: Match, names: Names) -> bool:
    """True when every key of the row matches one of the thing's values for that key."""
    return all(_any(globs, names.get(key)) for key, globs in match.given().items())


def _any(globs: Iterable[str], value: str | Iterable[str] | None) -> bool:
    if value is None:
        return False
    values = (value,) if isinstance(value, str) else value
    return any(_pattern(glob).match(text) for text in values for glob in globs)
