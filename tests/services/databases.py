"""The answers about databases that the tests of instances and of clusters share, and a server's listings of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from residency.clouds.aws.api import Api
from residency.clouds.aws.session import Access, AccountSession
from residency.demo.server import Reply
from residency.model import Cell, Copy, Edge, Store
from residency.services import listings
from tests.services.documents import ACCOUNT, KEY, lines, live
from tests.serving import SINGAPORE, TOKYO, Served, when

HERE, THERE = f"arn:aws:rds:{TOKYO}:{ACCOUNT}", f"arn:aws:rds:{SINGAPORE}:{ACCOUNT}"
DB, CLUSTER = f"{HERE}:db:members", f"{HERE}:cluster:members"
# StorageEncryptionType, StorageEncrypted and KmsKeyId, and what they say.
ENCRYPTED: list[tuple[dict[str, Any], str]] = [
    ({}, "grade 0"),
    ({"StorageEncryptionType": "none"}, "grade 0"),
    ({"StorageEncryptionType": "sse-rds"}, "grade 2"),
    ({"StorageEncryptionType": "sse-kms", "StorageEncrypted": True, "KmsKeyId": KEY}, "grade 3"),
    ({"StorageEncrypted": True, "KmsKeyId": KEY}, "grade 3"),
    ({"StorageEncrypted": True, "KmsKeyId": f"{KEY}0"}, "grade None"),  # nobody could describe it
    ({"StorageEncrypted": True}, "grade None"),
]


def where(copy: Copy) -> str:
    """The place of a copy; of one that may be in several, or is not surely there, all of them and why."""
    return (
        f"one of {' '.join(map(str, copy.candidates))} {copy.why}" if copy.candidates else str(copy.place or copy.why)
    )


def edges_of(records: Iterable[Store | Edge]) -> list[str]:
    found = (record for record in records if isinstance(record, Edge))
    return [f"{e.role} {e.source} -> {e.target} at {e.target_place}{' former' * e.former}" for e in found]


def scan(at: Served, call: str, region: str = TOKYO) -> tuple[list[Store | Edge], list[str]]:
    """What one listing makes of the server's answers, and its gaps."""
    (listing,) = (listing for listing in listings("aws") if listing.call == call)
    cell = Cell(source="prod", provider="aws", account=ACCOUNT, region=region, service="rds", listing=call)
    api = Api(AccountSession(Access(endpoint=at.endpoint)), cell, listing.needs, "aws")
    records = [record for body in api.documents(listing.list) for record in listing.place(live(body, region=region))]
    return records, [f"{gap.call} {gap.status} {gap.subject}" for gap in api.gaps]


def stores_of(records: Iterable[Store | Edge]) -> dict[str, list[str]]:
    return {record.name: lines(record) for record in records if isinstance(record, Store)}


def answer(action: str, result: str) -> Any:
    """The server's answer to one operation of RDS, in the form of its query protocol."""
    name = 'xmlns="http://rds.amazonaws.com/doc/2014-10-31/"'
    body = f"<{action}Response {name}><{action}Result>{result}</{action}Result></{action}Response>".encode()
    return when("rds", action, Reply(200, [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))], body))
