"""What is known of a location: `residency where`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from residency.atlas import Entry
from residency.countries import country_name
from residency.errors import InputError
from residency.model import Place
from residency.policy.load import Config, load_config
from residency.rules.places import UNKNOWN_ID, Places

# The partitions of a cloud have namespaces of their own; for a reader they are one provider.
_FAMILIES = ("aws", "azure", "gcp")


def open_config(folder: Path) -> Config:
    """The config; the shipped one where none is given and none is here."""
    from residency.shipped import shipped_config

    return load_config(folder if folder.is_dir() or str(folder) != "config" else shipped_config())


def look_up(config: Config, query: str) -> dict[str, Any]:
    """One location. InputError where the query has not the form NAMESPACE:CODE."""
    try:
        place = Place.parse(query)
    except ValueError as error:
        raise InputError(f"{error}; for example aws:ap-northeast-1") from error
    return _row(config, query, place, config.atlas.entries.get((place.namespace, place.code)))


def list_all(config: Config, provider: str | None, country: str | None) -> list[dict[str, Any]]:
    rows = [_row(config, str(entry.place), entry.place, entry) for entry in config.atlas.entries.values()]
    return [
        row
        for row in rows
        if (not provider or provider in (row["provider"], row["namespace"]))
        and (not country or country in row["countries"])
    ]


def _row(config: Config, query: str, place: Place, entry: Entry | None) -> dict[str, Any]:
    known = Places(config.atlas, config.policy).of(place)
    operator = config.operators.get(known.operator or "")
    jurisdictions = [j for code in known.countries for j in config.policy.jurisdictions_of(code)]
    return {
        "query": query,
        "provider": _provider(place.namespace),
        "namespace": place.namespace,
        "code": place.code,
        "kind": entry.kind if entry else None,
        "parent": (entry.parent or None) if entry else None,
        "countries": list(known.countries),
        "jurisdictions": list(dict.fromkeys(jurisdictions)),
        "verdict": known.verdict,
        "why": None if known.countries and not known.why else known.why or UNKNOWN_ID,
        "operator": known.operator,
        "operator_country": operator.operating.country if operator else None,
        "source": entry.source if entry else None,
        "read_on": entry.read_on if entry else None,
        "status": entry.status if entry else None,
        "confidence": entry.confidence if entry else None,
        "note": (entry.note or None) if entry else None,
    }


def _provider(namespace: str) -> str:
    first = namespace.partition(".")[0]
    family = first.partition("-")[0]
    return family if family in _FAMILIES else first


def as_text(row: dict[str, Any], language: str) -> str:
    """A few lines for a reader."""
    countries = ", ".join(f"{country_name(code, language)} ({code})" for code in row["countries"]) or "?"
    lines = [f"{row['query']}  {countries}  {row['verdict']}" + (f"  ({row['why']})" if row["why"] else "")]
    if row["kind"]:
        parent = f" of {row['parent']}" if row["parent"] else ""
        retired = "" if row["status"] == "current" else f", {row['status']}"
        lines.append(f"    {row['kind']}{parent}{retired}; operator {row['operator']} ({row['operator_country']})")
        lines.append(f"    source: {row['source']}, read {row['read_on']}, confidence {row['confidence']}")
        if row["note"]:
            lines.append(f"    {row['note']}")
    return "\n".join(lines) + "\n"
