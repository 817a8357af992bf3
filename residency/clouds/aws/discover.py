"""Who asks, which accounts there are, and which regions each of them has switched on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from residency.clouds.answers import Body
from residency.clouds.aws.api import Api
from residency.clouds.aws.arn import parse_arn
from residency.model import Geography, Place, Said, Status

IDENTITY, REGIONS, ACCOUNTS = "sts:GetCallerIdentity", "ec2:DescribeRegions", "organizations:ListAccounts"
ZONES = "ec2:DescribeAvailabilityZones"
PARENTS = "organizations:ListParents"
NEEDS = {IDENTITY: IDENTITY, REGIONS: REGIONS, ACCOUNTS: ACCOUNTS, PARENTS: PARENTS, ZONES: ZONES}

# What an organisation says of an account that cannot be scanned (Organizations API reference, Account.Status).
UNREACHABLE_ACCOUNTS = {
    "SUSPENDED": Status.ACCOUNT_SUSPENDED,
    # Closed, and not yet gone: for 90 days it can be opened again, and its data are still there.
    "CLOSED": Status.ACCOUNT_SUSPENDED,
    "PENDING_CLOSURE": Status.ACCOUNT_PENDING,
    "PENDING_ACTIVATION": Status.ACCOUNT_PENDING,
}


@dataclass(frozen=True)
class Identity:
    account: str
    partition: str
    principal: str


def identity(api: Api) -> Iterator[Body]:
    yield api.one(IDENTITY, "Account", "Arn")


def regions(api: Api) -> Iterator[Body]:
    yield from api.each(REGIONS, "Regions[]", "RegionName", AllRegions=True)


def zones(api: Api) -> Iterator[Body]:
    """Every zone of a region, also those that the account has not switched on."""
    yield from api.each(ZONES, "AvailabilityZones[]", "ZoneName", AllAvailabilityZones=True)


def geographies(body: Body, source: str, partition: str) -> Iterator[Geography]:
    """The country of a region or of a zone, where AWS gives it, for its name and for its id."""
    for call, element, names in (
        (REGIONS, "Regions[]", ("RegionName",)),
        (ZONES, "AvailabilityZones[]", ("ZoneName", "ZoneId")),
    ):
        thing = body.get(call, {}).get(element, {})
        # Both are lists of names. Several countries are told together: no atlas holds such a one.
        words = ", ".join(row["Name"] for row in thing.get("Geography", ()) if row.get("Name"))
        for name in names if words else ():
            if thing.get(name):
                place = Place(namespace=partition, code=thing[name])
                said = Said(call=call, field=f"{element}.Geography[].Name")
                yield Geography(source=source, place=place, words=words, said_by=said)


def accounts(api: Api) -> Iterator[Body]:
    """Every account, with the units above it where they may be asked."""
    for body in api.each(ACCOUNTS, "Accounts[]", "Id"):
        account = body[ACCOUNTS]["Accounts[]"]["Id"]
        api.ask(body, PARENTS, expect="Parents", subject=f"account {account}", ChildId=account)
        yield body


def who(body: Body) -> Identity:
    answer = body[IDENTITY]
    arn = parse_arn(answer["Arn"])
    return Identity(str(answer["Account"]), arn.partition if arn else "aws", str(answer["Arn"]))


def units(body: Body) -> tuple[str, ...]:
    """The organisational units named in the answer; none where it was refused."""
    answer = body.get(PARENTS)
    parents = answer.get("Parents", ()) if isinstance(answer, dict) else ()
    return tuple(parent["Id"] for parent in parents)
