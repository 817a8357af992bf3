"""From a key reference to what it proves: who can turn saved data into plaintext.

Grades and their reading of DescribeKey follow the key's origin: a key of an external key store is
4, of a CloudHSM key store 3 with `hsm`, any other customer-managed key 3, a key that AWS manages in
the account 2 with `provider-managed-key` (AWS KMS API reference, KeyMetadata, read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from residency.clouds.answers import HERE, Body, Document, Unknown, silent
from residency.clouds.aws.arn import parse_arn
from residency.model import Control, Copy, Role, Said

if TYPE_CHECKING:
    from residency.clouds.aws.api import Api

NEEDS = {"kms:DescribeKey": "kms:DescribeKey"}
PROVIDER_OWNED = 2
UNENCRYPTED = 0
DESCRIBE = "kms:DescribeKey"
PRIMARY = "KeyMetadata.MultiRegionConfiguration.PrimaryKey.Arn"
REGION = "@region"  # of a key of a template; what the provider answers has none

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


def of_key(document: Document, key: Any, said: Said, *, region: Any = HERE) -> Control:
    """The control that a key gives, by what DescribeKey says of it; grade None where nothing does.

    `region`: where the copy stands that the key protects, if not where the document was asked.
    """
    reference = _reference(document, key, region)
    arn = parse_arn(reference)
    metadata = _metadata(document, reference)
    known = parse_arn(metadata.get("Arn")) or arn
    grade, modifiers = _grade(metadata)
    answer = (metadata and _answer(document, reference)) or {}
    region = answer.get(REGION)  # a template knows it before there is a name
    return Control(
        grade=grade,
        modifiers=modifiers,
        key=str(known) if known else reference,
        key_account=known.account if known else None,
        key_place=known.place if known else document.place(region),
        said_by=(said, *_said_of(document, reference)),
    )


def _said_of(document: Document, reference: str | None) -> Iterator[Said]:
    """Who said what the key is; of one that could not be described, why."""
    said = Said(call=DESCRIBE, field="KeyMetadata.Origin")
    answer = (document.root.body.get(DESCRIBE) or {}).get(reference)
    if isinstance(answer, Unknown):
        yield silent(said, answer)
    elif _metadata(document, reference):
        yield said


def _reference(document: Document, key: Any, region: Any = HERE) -> str | None:
    """The name under which a key is described. An alias that a template makes stands for its key.

    `alias/x` names no region: it is the alias in the region of what uses it.
    """
    name = key.refers_to if isinstance(key, Unknown) else key
    if not isinstance(name, str):
        return None  # a template may write anything
    answer = _answer(document, name) or {}
    where = document.origin.region if region is HERE else region
    if REGION not in answer or (str(name).startswith("alias/") and answer[REGION] != where):
        return name
    target = answer.get("KeyMetadata", {}).get("KeyId")
    known = target.refers_to if isinstance(target, Unknown) else target
    return known if isinstance(known, str) and known else name


def _metadata(document: Document, reference: str | None) -> Mapping[str, Any]:
    """KeyMetadata of a key; empty where it could not be read, and for an alias that is not followed."""
    found = (_answer(document, reference) or {}).get("KeyMetadata")
    return found if isinstance(found, Mapping) and found.get("KeyManager") else {}


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
    reference = _reference(document, key)
    yield from _planned_replicas(document, reference)
    metadata = _metadata(document, reference)
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


def _planned_replicas(document: Document, reference: str | None) -> Iterator[Copy]:
    """The same of a template, where a replica names its primary and the primary names none."""
    described = document.root.body.get(DESCRIBE)
    if not described:
        return
    answers = {name: answer for name, answer in described.items() if isinstance(answer, Mapping) and REGION in answer}
    first = {id(answer): name for name, answer in reversed(answers.items())}  # a key has several names
    primaries = {name: _primary_of(answers[name]) for name in first.values()}
    primaries = {name: first.get(id(answers.get(primary)), primary) for name, primary in primaries.items()}
    own = first.get(id(answers.get(reference)), reference)
    primary = primaries.get(own) or own
    for name in (primary, *(name for name, of in primaries.items() if of is not None and of == primary)):
        if name is not None and name != own:
            arn = parse_arn(name)
            region = answers[name][REGION] if name in answers else arn.region if arn else name
            at = name if isinstance(name, str) else None
            yield document.copy(Role.KEY, region, Said(call=DESCRIBE, field=PRIMARY, at=at), holder=at)


def _primary_of(answer: Any) -> Any:
    """The key that one of a template replicates; None where it replicates none."""
    primary = answer
    for step in PRIMARY.split("."):
        primary = primary.get(step) if isinstance(primary, Mapping) else None
    return (primary.refers_to or primary) if isinstance(primary, Unknown) else primary
