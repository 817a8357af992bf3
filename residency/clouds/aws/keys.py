"""From a key reference to what it proves: who can turn saved data into plaintext.

Grades and their reading of DescribeKey follow the key's origin: a key of an external key store is
4, of a CloudHSM key store 3 with `hsm`, any other customer-managed key 3, a key that AWS manages in
the account 2 with `provider-managed-key` (AWS KMS API reference, KeyMetadata, read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from residency.clouds.answers import Body, Document, Unknown
from residency.clouds.aws.api import Api
from residency.clouds.aws.arn import parse_arn
from residency.model import Control, Copy, Role, Said

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


def describe(api: Api, body: Body, key: Any, *, subject: str, region: str | None) -> None:
    """Write DescribeKey's answer about a key into the document; asked once per key and cell."""
    if not isinstance(key, str) or not key:
        return
    arn = parse_arn(key)
    where = (arn.region if arn else None) or region
    answer = api.ask_once(
        ("key", where, key), DESCRIBE, expect="KeyMetadata.KeyId", subject=subject, region=where, KeyId=key
    )
    body.setdefault(DESCRIBE, {})[key] = answer


def plain(grade: int | None, said: Said, *modifiers: str) -> Control:
    """The control of a copy whose key is not the customer's."""
    return Control(grade=grade, modifiers=modifiers, said_by=(said,))


def of_key(document: Document, key: Any, said: Said) -> Control:
    """The control that a key gives, by what DescribeKey says of it; grade None where nothing does."""
    reference = key.refers_to if isinstance(key, Unknown) else key
    arn = parse_arn(reference)
    metadata = _metadata(document, reference)
    known = parse_arn(metadata.get("Arn")) or arn
    grade, modifiers = _grade(metadata)
    region = (_answer(document, reference) or {}).get("@region")  # a template knows it before there is a name
    return Control(
        grade=grade,
        modifiers=modifiers,
        key=str(known) if known else reference,
        key_account=known.account if known else None,
        key_place=known.place if known else document.place(region),
        said_by=(said, Said(call=DESCRIBE, field="KeyMetadata.Origin")) if metadata else (said,),
    )


def _metadata(document: Document, reference: str | None) -> Mapping[str, Any]:
    """KeyMetadata of a key, empty where it could not be read."""
    found = (_answer(document, reference) or {}).get("KeyMetadata")
    return found if isinstance(found, Mapping) else {}


def _answer(document: Document, reference: str | None) -> Mapping[str, Any] | None:
    answer = (document.root.body.get(DESCRIBE) or {}).get(reference)
    return answer if isinstance(answer, Mapping) else None


def _grade(metadata: Mapping[str, Any]) -> tuple[int | None, tuple[str, ...]]:
    manager, origin = metadata.get("KeyManager"), metadata.get("Origin")
    if isinstance(origin, str) and metadata.get("CustomKeyStoreId"):
        # A template says no origin, but in which store it stands and that it is a key from outside.
        origin = "EXTERNAL_KEY_STORE" if metadata.get("XksKeyConfiguration") else "AWS_CLOUDHSM"
    if manager == "AWS":
        return PROVIDER_OWNED, ("provider-managed-key",)
    if manager == "CUSTOMER" and origin in _BY_ORIGIN:
        return _BY_ORIGIN[origin]
    return None, ()


def replicas(document: Document, key: Any) -> Iterator[Copy]:
    """The other regions in which the same multi-Region key stands."""
    metadata = _metadata(document, key.refers_to if isinstance(key, Unknown) else key)
    if not metadata.get("MultiRegion"):
        return
    own = parse_arn(metadata.get("Arn"))
    related = metadata.get("MultiRegionConfiguration") or {}
    for field, others in (("PrimaryKey", [related.get("PrimaryKey")]), ("ReplicaKeys[]", related.get("ReplicaKeys"))):
        for other in others or ():
            region = other.get("Region") if other else None
            if other and region and (own is None or region != own.region):
                said = Said(call=DESCRIBE, field=f"KeyMetadata.MultiRegionConfiguration.{field}.Region")
                yield document.copy(Role.KEY, region, said, holder=other.get("Arn"))
