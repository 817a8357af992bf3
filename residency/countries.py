"""Country codes (ISO 3166-1 alpha-2) with the names that reports print."""

from __future__ import annotations

import csv
from functools import cache

from residency.shipped import shipped_config


@cache
def countries() -> dict[str, dict[str, str]]:
    """Code -> {"en": name, "ja": name}, from config/countries.csv: a closed list."""
    with (shipped_config() / "countries.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: {"en": row["en"], "ja": row["ja"]} for row in csv.DictReader(file)}


def country_name(code: str, language: str) -> str:
    """The country's name; the code itself for the marks "??" and "mixed"."""
    return countries().get(code, {}).get(language, code)
