"""Provider documents for the tests, in the shape in which a live listing writes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from residency.clouds.answers import Document, Origin, Unknown
from residency.model import Copy, Edge, Store, Why

ACCOUNT, PARTNER = "123456789012", "210987654321"
TOKYO, SINGAPORE = "ap-northeast-1", "ap-southeast-1"
REFUSED = Unknown(Why.UNRESOLVED, "denied AccessDenied")
KEY = f"arn:aws:kms:{TOKYO}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"


def live(body: dict[str, Any], region: str | None = TOKYO, partition: str = "aws") -> Document:
    return Document(body, Origin(source="prod", partition=partition, account=ACCOUNT, region=region))


def placed(records: Iterator[Store | Edge]) -> tuple[Store, list[str]]:
    """The one store that a document is, and its edges as text."""
    found = list(records)
    (store,) = (record for record in found if isinstance(record, Store))
    edges = [record for record in found if isinstance(record, Edge)]
    return store, [f"{edge.source} -> {edge.target}{' former' * edge.former}" for edge in edges]


def line(copy: Copy) -> str:
    """A copy in a few words: role, place or why there is none, who holds it, what protects it."""
    words = [copy.role.value, str(copy.place or copy.why)]
    words += [copy.state.value] if copy.state != "exists" else []
    words += ["former"] if copy.former else []
    words += [f"held by {copy.holder}"] if copy.holder else []
    words += [f"of {copy.account}"] if copy.account else []
    if copy.control:
        words += [f"grade {copy.control.grade}", *copy.control.modifiers]
    return " ".join(words)


def lines(store: Store) -> list[str]:
    return [line(copy) for copy in store.copies]


def key_metadata(**more: Any) -> dict[str, Any]:
    """What kms:DescribeKey says of a customer's key."""
    said = {"Arn": KEY, "AWSAccountId": ACCOUNT, "KeyManager": "CUSTOMER", "Origin": "AWS_KMS", "MultiRegion": False}
    return {"KeyMetadata": said | more}
