"""What is known of a location: `residency where`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from residency.atlas import Entry
from residency.countries import country_name, sets_of
from residency.errors import InputError
from residency.model import Place
from residency.policy.load import Config, load_config
from residency.reports.text import printable
from residency.rules.base import Texts
from residency.rules.places import UNKNOWN_ID, Places, PlaceVerdict
from residency.shipped import shipped_config

# The partitions of a cloud have namespaces of their own; for a reader they are one provider.
_FAMILIES = ("aws", "azure", "gcp")

Row = dict[str, Any]
MANY = 6
_NOWHERE = Place(namespace="?", code="")
# A cell that begins so is a formula to a spreadsheet, and with a single quote before it a text (OWASP, CSV Injection,
# as quoted at https://symfony.com/cve-2021-41270; line feed: OWASP/www-community pull request 1116; read 2026-11-22).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

WORDS = {
    "permitted": Texts("permitted", "許可"),
    "prohibited": Texts("prohibited", "不許可"),
    "undetermined": Texts("undetermined", "未確定"),
    UNKNOWN_ID: Texts("the atlas does not hold it", "位置台帳にない"),
    "unverified": Texts("no source confirms it", "出典で確認できない"),
    "unplaced": Texts("no source says where it stands", "所在を示す出典がない"),
    "unbounded": Texts("the provider does not limit it to any place", "事業者が保存先を限定していない"),
    "of": Texts("{kind} of {parent}", "{kind}({parent})"),
    "operator": Texts("operator {operator} ({country})", "事業者 {operator} ({country})"),
    "members": Texts("stands in {members}", "構成: {members}"),
    "pair": Texts("the provider's redundancy copies to {pair}", "事業者の冗長化による複製先: {pair}"),
    "one-way": Texts(", not the other way", "(逆方向はない)"),
    "eu": Texts("a Member State of the EU", "EU 加盟国"),
    "eu-also": Texts("a part of the EU with a code of its own", "EU 域内(独自コード)"),
    "eea": Texts("in the EEA", "EEA"),
    "appi-28": Texts("designated under Article 28 of the APPI", "個人情報保護法 28 条の指定国"),
    "cbpr": Texts("in the CBPR system (certified companies only)", "CBPR 参加(認証事業者のみ)"),
    "cbpr-associate": Texts("an associate of the CBPR Forum", "CBPR アソシエイト"),
    "us-territory": Texts("a territory of the US, not one of its States", "米国領(州ではない)"),
    "not-eu": Texts("not in the EU", "EU 域外"),
    "source": Texts(
        "source: {source}, read {read_on}, confidence {confidence}",
        "出典: {source}、{read_on} 確認、確度 {confidence}",
    ),
    "near": Texts("did you mean {near}?", "もしかして: {near}"),
}


class Where:
    """Answers for locations under one config, on one day."""

    def __init__(self, config: Config, day: date) -> None:
        self.config = config
        self.day = day
        self._places = Places(config.atlas, config.policy)

    def look_up(self, query: str) -> Row:
        """One location. InputError where the query has not the form NAMESPACE:CODE."""
        try:
            place = Place.parse(query)
        except ValueError as error:
            raise InputError(f"{error}; for example aws:ap-northeast-1") from error
        return self._row(query, place, self.config.atlas.entries.get((place.namespace, place.code)))

    def look_up_line(self, query: str) -> Row:
        """One location of many: a line that is none is an answer with an `error`, and the others are still told."""
        try:
            return self.look_up(query)
        except InputError as error:
            nothing = dict.fromkeys(("provider", "namespace", "code"))
            return self._row(query, _NOWHERE, None) | nothing | {"near": [], "error": str(error)}

    def list_all(self, provider: str | None, country: str | None) -> list[Row]:
        """Every location that is held, or those of one provider or namespace, or those that touch one country."""
        rows = (self._row(str(entry.place), entry.place, entry) for entry in self.config.atlas.entries.values())
        return [
            row
            for row in rows
            if (not provider or provider in (row["provider"], row["namespace"]))
            and (not country or country.upper() in row["countries"])
        ]

    def _row(self, query: str, place: Place, entry: Entry | None) -> Row:
        known = self._places.of(place)
        operator = self.config.operators.get(known.operator or "")
        jurisdictions = [j for code in known.countries for j in self.config.policy.jurisdictions_of(code)]
        pair = self.config.atlas.entries.get((place.namespace, entry.pair)) if entry and entry.pair else None
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
            "why": _why(known),
            "operator": known.operator,
            "operator_country": operator.operating.country if operator else None,
            "source": entry.source if entry else None,
            "read_on": entry.read_on if entry else None,
            "status": entry.status if entry else None,
            "confidence": entry.confidence if entry else None,
            "members": list(entry.members) if entry else [],
            "pair": (entry.pair or None) if entry else None,
            "pair_is_one_way": pair.pair not in (place.code, entry.parent) if entry and pair else None,
            "sets": {code: list(sets_of(code, self.day)) for code in known.countries},
            "note": (entry.note or None) if entry else None,
            "near": [] if entry else [str(near) for near in self.config.atlas.near(place)],
            "error": None,
        }


def open_config(folder: Path) -> Config:
    """The config; the shipped one where none is given and none is here."""
    return load_config(folder if folder.is_dir() or str(folder) != "config" else shipped_config())


def open_where(folder: Path) -> Where:
    """Answers under a config, today."""
    config = open_config(folder)
    return Where(config, datetime.now(ZoneInfo(config.policy.timezone)).date())


def is_unknown(row: Row) -> bool:
    """Nobody knows where it stands. That a provider does not limit a place is known, and so is what is outside."""
    return bool(row["why"] == UNKNOWN_ID)


def _why(known: PlaceVerdict) -> str | None:
    return None if known.countries and not known.why else known.why or UNKNOWN_ID


def _provider(namespace: str) -> str:
    first = namespace.partition(".")[0]
    family = first.partition("-")[0]
    return family if family in _FAMILIES else first


def as_json(rows: list[Row]) -> str:
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def as_csv(rows: Iterable[Row]) -> str:
    """One line a location; what is a list is separated by spaces. Quoted: a bare carriage return would begin a line."""
    out = io.StringIO()
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        flat = {key: _flat(value) for key, value in row.items()}
        if writer is None:
            writer = csv.DictWriter(out, list(flat), lineterminator="\n", quoting=csv.QUOTE_ALL)
            writer.writeheader()
        writer.writerow(flat)
    return out.getvalue()


def _flat(value: object) -> object:
    """A value as one cell, which no spreadsheet takes for a formula."""
    if isinstance(value, dict):
        value = "; ".join(f"{key}={' '.join(items)}" for key, items in value.items())
    if isinstance(value, list):
        value = " ".join(value)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def as_text(rows: Iterable[Row], language: str) -> str:
    """A few lines a location, for a reader."""
    return "".join(f"{line}\n" for row in rows for line in _lines(row, language))


def _lines(row: Row, language: str) -> Iterable[str]:
    def say(word: str, **facts: object) -> str:
        return str(getattr(WORDS[word], language)).format(**facts)

    where = ", ".join(f"{country_name(code, language)} ({code})" for code in row["countries"]) or "?"
    why = _reason(row)
    reason = row["error"] or (say(why) if why else "")
    yield f"{printable(row['query'])}  {where}  {say(row['verdict'])}" + (f": {reason}" if reason else "")
    if row["near"]:
        yield f"    {say('near', near=', '.join(row['near']))}"
    if not row["kind"]:
        return
    kind = say("of", **row) if row["parent"] else row["kind"]
    status = "" if row["status"] == "current" else f", {row['status']}"
    operator = say("operator", operator=row["operator"], country=row["operator_country"])
    yield f"    {kind}{status}; {operator}"
    if row["members"]:
        yield f"    {say('members', members=', '.join(row['members']))}"
    if row["pair"]:
        yield f"    {say('pair', pair=row['pair'])}{say('one-way') if row['pair_is_one_way'] else ''}"
    # A list of 27 countries says nothing that its name does not say.
    if len(row["countries"]) <= MANY:
        for code, names in row["sets"].items():
            if names:
                yield f"    {code}: {', '.join(say(name) for name in names)}"
    yield f"    {say('source', **row)}"
    if row["note"]:
        yield f"    {row['note']}"


def _reason(row: Row) -> str | None:
    """Why a verdict is open: of an unknown id, whether it is not held, not confirmed, or held without a place."""
    if row["why"] != UNKNOWN_ID or not row["kind"]:
        return str(row["why"]) if row["why"] else None
    return "unverified" if row["countries"] else "unplaced"
