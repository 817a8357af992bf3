"""From a key reference to what it proves: who can turn saved data into plaintext.

Grades and their reading of DescribeKey follow the key's origin: a key of an external key store is
4, of a CloudHSM key store 3 with `hsm`, any other customer-managed key 3, a key that AWS manages in
the account 2 with `provider-managed-key` (AWS KMS API reference, KeyMetadata, read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from residency.clouds.answers import Answer, Body, Document, Unknown
from residency.clouds.aws.api import Api
from residency.clouds.aws.arn import parse_arn
from residency.model import Control, Copy, Place, Role, Said, State

NEEDS = {"kms:DescribeKey": "kms:DescribeKey"}
PROVIDER_OWNED = 2
UNENCRYPTED = 0
DESCRIBE = "kms:DescribeKey"

_BY_ORIGIN: dict[str, tuple[int, tuple[str, ...]]] = {
    "AWS_KMS": (3, ()),
    "EXTERNAL": (3, ()),  # imported, but it lives in the provider's service
    "AWS_CLOUDHSM": (3, ("hsm",)),
    "EXTERNAL_KEY_STORE": (4, ()),
}


def describe(api: Api, body: Body, key: object, *, subject: str, region: str | None) -> None:
    """Write DescribeKey's answer about a key into the document; asked once per key and cell."""
    if isinstance(key, Unknown):
        body[DESCRIBE] = key
    elif key:
        arn = parse_arn(key)
        where = (arn.region if arn else None) or region
        body[DESCRIBE] = api.ask_once(
            ("key", where, key), DESCRIBE, expect="KeyMetadata", subject=subject, region=where, KeyId=str(key)
        )


def plain(grade: int, said: Said, *modifiers: str) -> Control:
    """The control of a copy whose key is not the customer's."""
    return Control(grade=grade, modifiers=modifiers, said_by=(said,))


def of_key(document: Document, key: object, said: Said) -> Control:
    """The control that a key gives, from DescribeKey's answer in the document; grade None without one."""
    answer: Answer = document.root.get(f"{DESCRIBE}.KeyMetadata")
    arn = parse_arn(key)
    place = arn.place if arn else None
    reference = str(key) if isinstance(key, str) else None
    if isinstance(answer, Unknown) or answer is None:
        return Control(grade=None, key=reference, key_account=arn.account if arn else None, key_place=place, said_by=(said,))
    known = parse_arn(answer.get("Arn")) or arn
    grade, modifiers = _grade(answer)
    return Control(
        grade=grade, modifiers=modifiers, key=str(known) if known else reference,
        key_account=answer.get("AWSAccountId") or (known.account if known else None),
        key_place=known.place if known else None,
        said_by=(said, document.root.said(f"{DESCRIBE}.KeyMetadata.Origin")),
    )  # fmt: skip


def _grade(metadata: Any) -> tuple[int | None, tuple[str, ...]]:
    manager, origin = metadata.get("KeyManager"), metadata.get("Origin")
    if manager == "AWS":
        return PROVIDER_OWNED, ("provider-managed-key",)
    if manager == "CUSTOMER" and origin in _BY_ORIGIN:
        return _BY_ORIGIN[origin]
    return None, ()


def replicas(document: Document) -> Iterator[Copy]:
    """The other regions in which the same multi-Region key stands."""
    metadata = document.root.get(f"{DESCRIBE}.KeyMetadata")
    if isinstance(metadata, Unknown) or not metadata or not metadata.get("MultiRegion"):
        return
    own = parse_arn(metadata.get("Arn"))
    path = f"{DESCRIBE}.KeyMetadata.MultiRegionConfiguration"
    related = metadata.get("MultiRegionConfiguration") or {}
    for field, keys in (("PrimaryKey", [related.get("PrimaryKey")]), ("ReplicaKeys[]", related.get("ReplicaKeys") or [])):
        for key in keys:
            region = (key or {}).get("Region")
            if region and own and region != own.region:
                yield Copy(
                    role=Role.KEY, place=Place(namespace=own.partition, code=region), holder=key.get("Arn"),
                    account=own.account, state=State.PLANNED if document.origin.planned else State.EXISTS,
                    said_by=(document.root.said(f"{path}.{field}.Region"),),
                )  # fmt: skip
