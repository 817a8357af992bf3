"""Country codes (ISO 3166-1 alpha-2), the names that reports print, and the sets of law that a country is in."""

from __future__ import annotations

import csv
from datetime import date
from functools import cache

from residency.shipped import shipped_config


@cache
def countries() -> dict[str, dict[str, str]]:
    """Code -> {"en": name, "ja": name}, from config/countries.csv: a closed list."""
    return {row["code"]: {"en": row["en"], "ja": row["ja"]} for row in _rows("countries.csv")}


def country_name(code: str, language: str) -> str:
    """The country's name; the code itself for the marks "??" and "mixed"."""
    return countries().get(code, {}).get(language, code)


def country_of(words: str) -> str | None:
    """The code of a country that somebody wrote as its code or as its English name; None where nobody knows it.

    Only for words that name a country: "Georgia" is one here, and never the State.
    """
    return _codes().get(words.strip().casefold())


@cache
def _codes() -> dict[str, str]:
    """What others write for a country, folded -> code."""
    return {
        name.casefold(): row["code"]
        for row in _rows("countries.csv")
        for name in (row["code"], row["en"], *row["also"].split("; "))
        if name
    }


def sets_of(code: str, day: date) -> tuple[str, ...]:
    """The sets that a country is in on a day, from config/country_sets.csv.

    `eu` and `eu-also` (parts of it with codes of their own), `eea`, `appi-28` (designated under Article 28 of the
    APPI), `cbpr` (its companies may be certified) and `cbpr-associate`, `us-territory`, and `not-eu` (often taken
    for it). Which of them a promise allows is for the policy to say: they are different sets.
    """
    when = day.isoformat()
    return tuple(
        row["set"]
        for row in _sets().get(code, ())
        if (not row["from"] or row["from"] <= when) and (not row["until"] or when <= row["until"])
    )


@cache
def _sets() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for row in _rows("country_sets.csv"):
        found.setdefault(row["country"], []).append(row)
    return found


def _rows(name: str) -> list[dict[str, str]]:
    with (shipped_config() / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
