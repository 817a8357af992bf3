"""The shipped atlas against AWS's own records, and what it says of places that it does not hold."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import moto
import pytest

from residency.atlas import COLUMNS, NOWHERE, Atlas, AtlasError, Entry, Location, read_entries
from residency.countries import countries
from residency.model import Place
from residency.shipped import shipped_config

SSM_RECORD = Path(moto.__file__).parent / "ssm/resources/regions.json.gz"
FILES = sorted((shipped_config() / "atlas").glob("*.csv"))


def rows() -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for path in FILES:
        with path.open(encoding="utf-8", newline="") as file:
            found += csv.DictReader(file)
    return found


def shipped_atlas(without: tuple[str, str] | None = None) -> Atlas:
    atlas = Atlas()
    for path in FILES:
        atlas.add(entry for entry in read_entries(path) if (entry.namespace, entry.code) != without)
    return atlas


ATLAS = shipped_atlas()


def at(place: str, atlas: Atlas = ATLAS) -> Location:
    return atlas.find(Place.parse(place))


@cache
def ssm_regions() -> dict[str, Any]:
    record = json.loads(gzip.decompress(SSM_RECORD.read_bytes()))
    regions = record["aws"]["service"]["global-infrastructure"]["regions"]
    return {code: region for code, region in regions.items() if code != "Value"}


def namespace(region: dict[str, Any]) -> str:
    return str(region["partition"]["Value"])


def zones(kind: str) -> Iterator[tuple[str, str]]:
    """Namespace and id of every zone of one kind in AWS's own record."""
    for region in ssm_regions().values():
        for code in region.get(kind, {}):
            if code != "Value":
                yield namespace(region), code


def botocore_regions() -> list[tuple[str, str]]:
    session = botocore.session.get_session()
    partitions = session.get_data("partitions")["partitions"]
    pairs = [(partition["id"], code) for partition in partitions for code in partition["regions"]]
    return [(name, code) for name, code in pairs if not code.endswith("-global")]


def test_every_region_that_botocore_knows_has_a_row() -> None:
    known = botocore_regions()
    assert len(known) > 40
    held = {(row["namespace"], row["code"]) for row in rows() if row["kind"] == "region"}
    assert sorted(set(known) - held) == []


def test_a_region_without_a_country_is_marked_as_not_verified() -> None:
    empty = {f"{row['namespace']}:{row['code']}": row for row in rows() if not (row["countries"] or row["members"])}
    assert sorted(empty) == ["aws-iso-e:eu-isoe-west-1", "aws:us-east-2-mci-1a", "aws:us-east-2-mci-1b"]
    for place, row in empty.items():
        assert row["confidence"] == "unverified"
        assert "No source states the country" in row["note"]
        assert at(place).countries == ()
        assert not at(place).complete


@pytest.mark.parametrize(("kind", "least"), [("availability-zones", 110), ("local-zones", 30), ("wavelength-zones", 5)])
def test_every_zone_of_the_record_of_aws_has_a_row(kind: str, least: int) -> None:
    known = list(zones(kind))
    assert len(known) >= least
    assert [zone for zone in known if zone not in ATLAS.entries] == []


@pytest.mark.parametrize("code", sorted(ssm_regions()))
def test_the_country_of_a_region_is_the_one_that_aws_records(code: str) -> None:
    region = ssm_regions()[code]
    said = region["geolocationCountry"]["Value"]
    ours = "HK" if code == "ap-east-1" else said  # AWS says CN with the region CN-HK
    assert at(f"{namespace(region)}:{code}").countries == (ours,)
    for zone in region["availability-zones"]:
        if zone != "Value":
            assert at(f"{namespace(region)}:{zone}").countries == (ours,)


def test_hong_kong_is_the_one_place_where_we_do_not_follow_aws() -> None:
    region = ssm_regions()["ap-east-1"]
    assert region["geolocationCountry"]["Value"] == "CN"
    assert region["geolocationRegion"]["Value"] == "CN-HK"


@pytest.mark.parametrize(
    ("place", "country", "status", "operator"),
    [
        ("aws:ap-northeast-1", "JP", "current", "aws"),
        ("aws:ap-northeast-3", "JP", "current", "aws"),
        ("aws:apne1-az4", "JP", "current", "aws"),
        ("aws:eu-west-2", "GB", "current", "aws"),
        ("aws:eu-central-2", "CH", "current", "aws"),
        ("aws:ap-east-1", "HK", "current", "aws"),
        ("aws:ap-east-2", "TW", "current", "aws"),
        ("aws:ca-central-1", "CA", "current", "aws"),
        ("aws:mx-central-1", "MX", "current", "aws"),
        ("aws:il-central-1", "IL", "current", "aws"),
        ("aws:eu-central-1-ist-1a", "TR", "current", "aws"),
        ("aws:ap-northeast-1-tpe-1a", "TW", "retired", "aws"),
        ("aws:us-east-1-bue-1a", "AR", "current", "aws"),
        ("aws:us-east-1-lim-1a", "PE", "current", "aws"),
        ("aws:us-east-1-scl-1a", "CL", "current", "aws"),
        ("aws:af-south-1-los-1a", "NG", "current", "aws"),
        ("aws-us-gov:us-gov-west-1", "US", "current", "aws"),
        ("aws-cn:cn-north-1", "CN", "current", "sinnet"),
        ("aws-cn:cn-northwest-1", "CN", "current", "nwcd"),
        ("aws-eusc:eusc-de-east-1", "DE", "current", "aws-eusc"),
        ("aws.s3:EU", "IE", "current", "aws"),
        ("aws.s3:", "US", "current", "aws"),
    ],
)
def test_a_tricky_place_stands_where_a_person_looked_it_up(
    place: str, country: str, status: str, operator: str
) -> None:
    location = at(place)
    assert (location.countries, location.complete, location.operator) == ((country,), True, operator)
    assert location.entry
    assert location.entry.status == status


def test_every_row_is_found_by_one_key_and_has_a_source_and_a_day() -> None:
    keys = [(row["namespace"], row["code"]) for row in rows()]
    assert len(keys) == len(set(keys)) == len(ATLAS.entries) > 400
    for row in rows():
        assert row["source"].strip()
        assert row["confidence"]
        assert row["status"] in ("current", "retired")
        assert date(2026, 1, 1) <= date.fromisoformat(row["read_on"])
        assert set(row["countries"].split()) <= countries().keys()


def test_every_zone_names_the_region_it_belongs_to() -> None:
    for row in rows():
        if row["kind"] not in ("region", "location-constraint"):
            assert (row["namespace"], row["parent"]) in ATLAS.entries, row["code"]


@pytest.mark.parametrize(
    "place",
    ["aws:ap-northeast-9", "aws:ap-northeast-1z", "aws:AP-NORTHEAST-1", "aws:", "aws:ap", "aws-xx:ap-northeast-1",
     "gcp.nothing:asia-northeast1", "site:tokyo", "aws.s3:ap-northeast-1", "aws:ap-northeast-1 "],
)  # fmt: skip
def test_a_place_that_is_not_held_is_nowhere_and_never_that_of_its_prefix(place: str) -> None:
    assert at(place) is NOWHERE
    assert (NOWHERE.countries, NOWHERE.complete, NOWHERE.operator, NOWHERE.entry) == ((), False, None, None)


@pytest.mark.parametrize("code", ["ap-northeast-1", "eu-central-1-ist-1a", "apne1-az4", "us-east-1"])
def test_a_place_whose_row_is_removed_is_undetermined_and_no_other(code: str) -> None:
    atlas = shipped_atlas(without=("aws", code))
    assert len(atlas.entries) == len(ATLAS.entries) - 1
    assert at(f"aws:{code}", atlas) is NOWHERE
    assert atlas.sha256 != ATLAS.sha256


def an_entry(code: str, *here: str, members: tuple[str, ...] = (), reason: str = "") -> Entry:
    return Entry("x", code, "region", "", here, members, "aws", "current", "high", "s", "2026-11-01", "", reason)


def an_atlas(*entries: Entry) -> Atlas:
    atlas = Atlas()
    atlas.add(entries)
    return atlas


def test_a_multi_region_stands_in_the_countries_of_all_its_members() -> None:
    whole = an_entry("eu", members=("x:de", "x:fr", "x:north"))
    atlas = an_atlas(whole, an_entry("de", "DE"), an_entry("fr", "FR"), an_entry("north", "FI", "SE"))
    assert at("x:eu", atlas) == Location(("DE", "FI", "FR", "SE"), True, "aws", whole)


@pytest.mark.parametrize("missing", ["de", "fr"])
def test_a_member_that_is_not_held_makes_a_multi_region_incomplete(missing: str) -> None:
    entries = [an_entry("de", "DE"), an_entry("fr", "FR")]
    atlas = an_atlas(an_entry("eu", members=("x:de", "x:fr")), *(e for e in entries if e.code != missing))
    location = at("x:eu", atlas)
    assert len(location.countries) == 1
    assert not location.complete


def test_a_member_without_a_country_makes_a_multi_region_incomplete() -> None:
    atlas = an_atlas(an_entry("eu", "DE", members=("x:a",)), an_entry("a"))
    assert (at("x:eu", atlas).countries, at("x:eu", atlas).complete) == (("DE",), False)


def test_a_multi_region_that_is_a_member_of_itself_is_incomplete() -> None:
    atlas = an_atlas(an_entry("a", members=("x:b", "x:de")), an_entry("b", members=("x:a",)), an_entry("de", "DE"))
    assert (at("x:a", atlas).countries, at("x:a", atlas).complete) == (("DE",), False)
    assert (at("x:b", atlas).countries, at("x:b", atlas).complete) == (("DE",), False)


def test_a_multi_region_may_have_one_member_along_two_ways() -> None:
    two = [an_entry("a", members=("x:b", "x:c")), an_entry("b", members=("x:de",)), an_entry("c", members=("x:de",))]
    assert at("x:a", an_atlas(*two, an_entry("de", "DE"))).complete


@pytest.mark.parametrize(("replacing", "reason"), [(False, ""), (False, "why not"), (True, "")])
def test_a_row_is_replaced_only_on_purpose_and_with_a_reason(replacing: bool, reason: str) -> None:
    atlas = an_atlas(an_entry("a", "JP"))
    with pytest.raises(AtlasError, match="x:a is there already: give a `reason` to replace it"):
        atlas.add([an_entry("a", "US", reason=reason)], replacing=replacing)
    assert at("x:a", atlas).countries == ("JP",)
    atlas.add([an_entry("a", "US", reason="moved")], replacing=True)
    assert at("x:a", atlas).countries == ("US",)
    assert [entry.reason for entry in atlas.replaced] == ["moved"]


def test_the_atlas_names_its_newest_day_and_its_whole_content() -> None:
    assert ATLAS.as_of == max(row["read_on"] for row in rows())
    assert an_atlas(an_entry("a", "JP"), an_entry("b", "US")).sha256 == (
        an_atlas(an_entry("b", "US"), an_entry("a", "JP")).sha256
    )
    assert an_atlas(an_entry("a", "JP")).sha256 != an_atlas(an_entry("a", "US")).sha256
    assert Atlas().as_of == ""


def test_a_file_without_a_column_is_refused_at_its_head(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(",".join(name for name in COLUMNS if name != "source") + "\n")
    with pytest.raises(AtlasError, match="these columns are missing: source") as caught:
        list(read_entries(path))
    assert caught.value.line == 1
