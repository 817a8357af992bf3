"""The shipped atlas: places that a person looked up, the providers' own records, and what holds of every row."""

from __future__ import annotations

import csv
import gzip
import json
import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import moto
import pytest

from residency.atlas import NOWHERE, Atlas, read_entries
from residency.countries import countries
from residency.model import Place
from residency.policy.load import load_config
from residency.rules.places import Places
from residency.shipped import shipped_config

FOLDER = shipped_config() / "atlas"
CONFIG = load_config(shipped_config())
ATLAS = CONFIG.atlas
PLACES = Places(ATLAS, CONFIG.policy)
EXPECTED = [
    re.match(r"(.*?) ((?:[A-Z]{2} ?)+\??|\?|unbounded|nowhere)$", line)
    for line in (Path(__file__).parent / "data/atlas/expected.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
NAMESPACES = """\
aws aws-cn aws-us-gov aws-iso aws-iso-b aws-iso-e aws-iso-f aws-eusc aws.s3 gcp gcp.storage gcp.bigquery
gcp.spanner gcp.firestore gcp.kms gcp.artifactregistry gcp.secretmanager gcp.pubsub gcp.appengine azure
azure-usgov azure-china oci ibm alibaba tencent huawei ovh hetzner scaleway outscale ionos exoscale sakura
idcf iij ntt naver cloudflare-r2 backblaze wasabi digitalocean linode vultr snowflake mongodb-atlas databricks
confluent
"""


def rows() -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for path in sorted(FOLDER.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found += csv.DictReader(file)
    return found


def told(place: str) -> str:
    """What the shipped atlas says, in the words of expected.txt."""
    location, known = ATLAS.find(Place.parse(place)), PLACES.of(Place.parse(place))
    if location is NOWHERE:
        return "nowhere"
    return "unbounded" if location.unbounded else " ".join(known.countries) + ("?" if known.why else "")


@pytest.mark.parametrize("row", EXPECTED, ids=lambda row: row and row[1])
def test_a_place_stands_where_a_person_looked_it_up(row: re.Match[str] | None) -> None:
    assert row, "a line of expected.txt has not the form PLACE COUNTRIES"
    assert told(row[1]) == row[2]


def test_every_namespace_of_the_contract_has_rows() -> None:
    assert sorted(set(NAMESPACES.split()) - {row["namespace"] for row in rows()}) == []


# --- the records of AWS -----------------------------------------------------------------------


@cache
def ssm_regions() -> dict[str, Any]:
    path = Path(moto.__file__).parent / "ssm/resources/regions.json.gz"
    regions = json.loads(gzip.decompress(path.read_bytes()))["aws"]["service"]["global-infrastructure"]["regions"]
    return {code: region for code, region in regions.items() if code != "Value"}


@pytest.mark.parametrize("code", sorted(ssm_regions()))
def test_the_country_of_a_region_is_the_one_that_aws_records(code: str) -> None:
    region = ssm_regions()[code]
    partition, said = region["partition"]["Value"], region["geolocationCountry"]["Value"]
    for place in (code, *(zone for zone in region["availability-zones"] if zone != "Value")):
        entry = ATLAS.entries[partition, place]
        assert said in (*entry.countries, entry.recorded_as)
        assert (entry.recorded_as != "") is (code == "ap-east-1")


def test_hong_kong_is_the_one_place_where_we_do_not_follow_aws() -> None:
    region = ssm_regions()["ap-east-1"]
    assert (region["geolocationCountry"]["Value"], region["geolocationRegion"]["Value"]) == ("CN", "CN-HK")
    assert {entry.parent or entry.code for entry in ATLAS.entries.values() if entry.recorded_as} == {"ap-east-1"}


# --- what prefix rules and defaults would get wrong -------------------------------------------


def test_no_code_stands_for_what_begins_or_ends_like_it() -> None:
    held = ATLAS.entries
    for namespace, code in held:
        for other in (*(code[:end] for end in range(1, len(code))), f"{code}x", f"{code}-1", f" {code}", f"{code} "):
            if (namespace, other) not in held:
                assert ATLAS.find(Place(namespace=namespace, code=other)) is NOWHERE


def test_without_its_row_a_place_is_nowhere_and_every_other_stands_as_before() -> None:
    atlas = Atlas(dict(ATLAS.entries))
    leads = {member for entry in ATLAS.entries.values() for member in entry.members}
    alone = [key for key in ATLAS.entries if ":".join(key) not in leads]
    assert len(alone) > 2000
    for key in alone[::10]:
        entry = atlas.entries.pop(key)
        assert atlas.find(entry.place) is NOWHERE
        atlas.entries[key] = entry
    assert atlas.sha256 == ATLAS.sha256


def test_without_a_member_a_multi_region_never_passes() -> None:
    whole = [entry for entry in ATLAS.entries.values() if entry.members]
    assert len(whole) > 500
    for entry in whole[::5]:
        for member in entry.members:
            namespace, _, code = member.partition(":")
            less = Atlas({key: value for key, value in ATLAS.entries.items() if key != (namespace, code)})
            assert Places(less, CONFIG.policy).of(entry.place).verdict != "permitted"


def test_what_is_not_confirmed_never_passes() -> None:
    weak = [entry for entry in ATLAS.entries.values() if not entry.confirmed]
    assert len(weak) > 50
    assert any("JP" in entry.countries for entry in weak)
    assert [str(e.place) for e in weak if PLACES.of(e.place).verdict == "permitted"] == []


def test_what_is_not_limited_to_a_place_never_passes() -> None:
    anywhere = [entry.place for entry in ATLAS.entries.values() if entry.unbounded]
    assert {str(place) for place in anywhere} >= {"gcp.secretmanager:automatic", "gcp.pubsub:global", "azure:global"}
    assert {(PLACES.of(place).verdict, PLACES.of(place).why) for place in anywhere} == {("undetermined", "unbounded")}


def test_a_hint_is_no_promise() -> None:
    hints = [entry for entry in ATLAS.entries.values() if entry.kind == "hint"]
    assert {entry.namespace for entry in hints} == {"cloudflare-r2"}
    assert [entry.code for entry in hints if entry.countries or entry.members] == []


def test_a_zone_of_azure_or_google_stands_in_the_country_of_its_region() -> None:
    zones = [e for e in ATLAS.entries.values() if e.namespace in ("azure", "gcp") and e.kind in ("zone", "ai-zone")]
    assert len(zones) > 200
    for zone in zones:
        assert (
            ATLAS.find(zone.place).countries == ATLAS.find(Place(namespace=zone.namespace, code=zone.parent)).countries
        )


# --- pairs ------------------------------------------------------------------------------------


def test_exactly_one_pair_of_azure_leaves_the_places_of_the_promise_or_enters_them() -> None:
    crossing = []
    for entry in ATLAS.entries.values():
        if entry.pair and entry.kind == "region":
            pair = ATLAS.entries[entry.namespace, entry.pair]
            verdicts = {PLACES.of(place).verdict for place in (entry.place, pair.place)}
            if verdicts == {"permitted", "prohibited"}:
                crossing.append(f"{entry.code} -> {entry.pair}")
    assert crossing == ["brazilsouth -> southcentralus"]


@pytest.mark.parametrize(
    ("code", "pair", "back"),
    [("japaneast", "japanwest", "japaneast"), ("northeurope", "westeurope", "northeurope"),
     ("brazilsouth", "southcentralus", "northcentralus"), ("westus3", "eastus", "westus"),
     ("westindia", "southindia", "centralindia"), ("brazilsoutheast", "brazilsouth", "southcentralus")],
)  # fmt: skip
def test_a_pair_may_go_one_way(code: str, pair: str, back: str) -> None:
    assert (ATLAS.entries["azure", code].pair, ATLAS.entries["azure", pair].pair) == (pair, back)


def test_every_pair_is_a_location() -> None:
    assert [e for e in ATLAS.entries.values() if e.pair and (e.namespace, e.pair) not in ATLAS.entries] == []


# --- every row --------------------------------------------------------------------------------


def test_every_row_has_a_source_that_a_stranger_can_open_and_a_day() -> None:
    opens = re.compile(r"https?://\S+|PyPI package|botocore|AWS SSM public|Amazon EBS User Guide|[Rr]ecorded answer")
    for row in rows():
        place = f"{row['namespace']}:{row['code']}"
        assert opens.match(row["source"]), place
        assert date(2026, 1, 1) <= date.fromisoformat(row["read_on"]) <= date(2027, 12, 31), place
        assert set(row["countries"].split()) <= countries().keys(), place


def test_every_row_is_found_by_one_key() -> None:
    keys = [(row["namespace"], row["code"]) for row in rows()]
    assert len(keys) == len(set(keys)) == len(ATLAS.entries) > 2500
    assert ATLAS.as_of == max(row["read_on"] for row in rows())


def test_a_row_that_names_no_place_says_so_by_its_kind_or_is_not_confirmed() -> None:
    """A confirmed row without a country names what the provider says of no country, and the note says why."""
    silent = [row for row in rows() if not (row["countries"] or row["members"] or row["kind"] == "unbounded")]
    unexplained = [row for row in silent if row["confidence"] != "unverified" and not row["note"]]
    assert [f"{row['namespace']}:{row['code']}" for row in unexplained] == []


def test_every_parent_is_a_location() -> None:
    without = [row for row in rows() if row["parent"] and (row["namespace"], row["parent"]) not in ATLAS.entries]
    assert [(row["namespace"], row["code"]) for row in without] == [("aws.s3", "EU"), ("aws.s3", "")]


def test_every_file_reads_back_as_it_was_written() -> None:
    from residency.survey.rows import _File

    for path in FOLDER.glob("*.csv"):
        assert _File(path).text() == path.read_text("utf-8"), path.name
        assert list(read_entries(path))


def test_every_operator_of_the_register_runs_a_namespace_that_is_there() -> None:
    named = {row["operator"] for row in rows()}
    unused = {operator for operator in CONFIG.operators if operator not in named}
    assert unused == set()
