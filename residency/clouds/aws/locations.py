"""Where AWS itself says that its regions and zones stand: EC2 with names, Systems Manager with codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from residency.clouds.answers import Body
from residency.clouds.aws import discover
from residency.clouds.aws.api import Api
from residency.clouds.aws.discover import IDENTITY, REGIONS, ZONES
from residency.clouds.aws.session import Access, AccountSession
from residency.countries import country_of
from residency.model import Cell, Status
from residency.survey import Known, NotSeen, Record

BY_PATH, PARAMETERS = "ssm:GetParametersByPath", "ssm:GetParameters"
NEEDS = {REGIONS: REGIONS, ZONES: ZONES, IDENTITY: IDENTITY, BY_PATH: BY_PATH, PARAMETERS: PARAMETERS}
# Public parameters (Systems Manager User Guide, "Calling AWS service, Region, endpoint … public parameters",
# read 2026-11-22). Only some regions answer; us-east-1 is one of them.
ROOT = "/aws/service/global-infrastructure"
ANSWERS_IN = "us-east-1"
MOST_NAMES = 10  # in one GetParameters (API reference)
# Type of a zone -> what the atlas calls its name, and its id.
ZONE_KINDS = {
    "availability-zone": ("zone-name", "availability-zone"),
    "local-zone": ("local-zone", "local-zone-id"),
    "wavelength-zone": ("wavelength-zone", "wavelength-zone-id"),
}


def records(access: Access) -> Iterator[Record]:
    """What EC2 and Systems Manager say in one account. NotSeen where a call does not come."""
    asked = _Asked(access)
    partition = discover.who(next(asked.bodies("global", discover.identity))).partition
    yield _ec2(asked, partition)
    yield _parameters(asked)


class _Asked:
    """Asks in one account; what is refused ends the survey."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._session = AccountSession(access, frozenset(NEEDS))

    def bodies(self, region: str, listing: Callable[[Api], Iterator[Body]]) -> Iterator[Body]:
        cell = Cell(source="atlas", provider="aws", account=None, region=region, service="geography", listing="atlas")
        api = Api(self._session, cell, NEEDS, self._access.partition)
        yield from api.documents(listing)
        if api.status is not Status.LISTED or api.gaps:
            gap = api.gaps[0]
            raise NotSeen(
                f"{gap.call} in {region}: {gap.status} {gap.code}; allow {gap.needs or gap.call} and ask again"
            )


def _ec2(asked: _Asked, partition: str) -> Record:
    """Every region, and every zone of the regions that the account has switched on: no full list of zones."""
    regions = [body[REGIONS]["Regions[]"] for body in asked.bodies("global", discover.regions)]
    known = [Known(partition, row["RegionName"], "region", country=_country(row)) for row in regions]
    for row in regions:
        if row.get("OptInStatus") != "not-opted-in":
            for body in asked.bodies(row["RegionName"], discover.zones):
                known += _zone(partition, body[ZONES]["AvailabilityZones[]"])
    return Record("AWS EC2 DescribeAvailabilityZones", tuple(known), frozenset({(partition, "region")}))


def _zone(partition: str, zone: dict[str, Any]) -> Iterator[Known]:
    kinds = ZONE_KINDS.get(zone.get("ZoneType", ""))
    for kind, name in zip(kinds or (), (zone.get("ZoneName"), zone.get("ZoneId")), strict=False):
        if name:
            yield Known(partition, name, kind, zone.get("RegionName", ""), _country(zone))


def _country(row: dict[str, Any]) -> str | None:
    """The one country that EC2 names, by its English name."""
    words = [geography.get("Name", "") for geography in row.get("Geography", ())]
    return country_of(words[0]) if len(words) == 1 else None


def _parameters(asked: _Asked) -> Record:
    """Regions of every partition that the record knows, and Local and Wavelength Zones."""
    places = [(f"regions/{code}", "region") for code in _below(asked, "regions")]
    for folder, kind in (("local-zones", "local-zone-id"), ("wavelength-zones", "wavelength-zone-id")):
        places += [(f"{folder}/{code}", kind) for code in _below(asked, folder)]
    fields = ("geolocationCountry", "partition", "parent-region")
    said = _values(asked, [f"{ROOT}/{path}/{field}" for path, _ in places for field in fields])
    partitions = {path.partition("/")[2]: said.get(f"{ROOT}/{path}/partition", "") for path, _ in places}
    known = []
    for path, kind in places:
        code = path.partition("/")[2]
        country, _, parent = (said.get(f"{ROOT}/{path}/{field}", "") for field in fields)
        partition = partitions[code] or partitions.get(parent, "")
        if partition:
            known.append(Known(partition, code, kind, parent, country_of(country)))
    complete = frozenset((place.namespace, place.kind) for place in known)
    return Record("AWS SSM public parameters", tuple(known), complete, lacking="not in the SSM record")


def _below(asked: _Asked, folder: str) -> list[str]:
    """The codes in one folder of the record."""

    def listing(api: Api) -> Iterator[Body]:
        yield from api.each(BY_PATH, "Parameters[]", "Name", Path=f"{ROOT}/{folder}")

    names = [body[BY_PATH]["Parameters[]"]["Name"] for body in asked.bodies(ANSWERS_IN, listing)]
    return sorted({name.removeprefix(f"{ROOT}/{folder}/").partition("/")[0] for name in names})


def _values(asked: _Asked, names: list[str]) -> dict[str, str]:
    """Parameter -> value; those that there are not are left out, as AWS does."""
    found: dict[str, str] = {}
    for start in range(0, len(names), MOST_NAMES):

        def listing(api: Api, some: list[str] = names[start : start + MOST_NAMES]) -> Iterator[Body]:
            yield api.one(PARAMETERS, "Parameters", Names=some)

        for body in asked.bodies(ANSWERS_IN, listing):
            found |= {row["Name"]: row["Value"] for row in body[PARAMETERS]["Parameters"]}
    return found
