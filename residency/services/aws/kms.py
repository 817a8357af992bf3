"""AWS KMS: customers' keys with the regions they are replicated to, key stores, and keys as code.

A key is not data: all copies of it have the role of a key, and nothing flows along them. What it
proves for a store is asked where the store names it (clouds/aws/keys.py). In a template the same answer
is built from the key's resource, so that the grade of a control is judged in one place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from residency.clouds.answers import Body, Document, Unknown
from residency.clouds.aws import keys
from residency.clouds.aws.keys import DESCRIBE
from residency.model import Followed, Role, Said, State, Why
from residency.services.base import REGION, Always, Listing, Placed, Scope, Template, TemplateField

if TYPE_CHECKING:
    from residency.clouds.aws.api import Api

LIST, STORES = "kms:ListKeys", "kms:DescribeCustomKeyStores"
KEY, STORE = f"{LIST}.Keys[]", f"{STORES}.CustomKeyStores[]"
PROXY = f"{STORE}.XksProxyConfiguration"
# KMS gives a key store no ARN (service authorization reference of AWS KMS): this id is our own.
STORE_ID = "arn:{partition}:kms:{region}:{account}:custom-key-store/{id}"
# A call for each key, for tags that nothing rests on: a key has no class of data.
NOT_ASKED = Unknown(Why.UNRESOLVED, "tags of keys are not asked for")


# --- live -------------------------------------------------------------------------------------


def customer_keys(api: Api) -> Iterator[Body]:
    """The keys that AWS manages in the account are listed too: they are the provider's, and left out."""
    for body in api.spread(_describe, api.each(LIST, "Keys[]", "KeyArn")):
        answer = body[DESCRIBE][body[LIST]["Keys[]"]["KeyArn"]]
        if isinstance(answer, Unknown) or answer["KeyMetadata"].get("KeyManager") != "AWS":
            yield body | {"@tags": NOT_ASKED}


def _describe(api: Api, body: Body) -> Body:
    arn = body[LIST]["Keys[]"]["KeyArn"]
    keys.describe(api, body, arn, subject=arn, region=api.region)
    return body


def key_stores(api: Api) -> Iterator[Body]:
    yield from api.each(STORES, "CustomKeyStores[]", "CustomKeyStoreId")


# --- what a document says ---------------------------------------------------------------------


def place_key(key: Document) -> Placed:
    arn, said = key.get(f"{KEY}.KeyArn"), key.said(f"{KEY}.KeyArn")
    copies = [key.copy(Role.KEY, key.origin.region, said, control=keys.of_key(key, arn, said))]
    described = key.get(DESCRIBE)[arn]
    if isinstance(described, Unknown):
        related = Said(call=DESCRIBE, field="KeyMetadata.MultiRegionConfiguration")
        copies.append(key.copy(Role.KEY, described, related, state=State.MAY_APPEAR))
    copies += keys.replicas(key, arn)
    yield key.store("aws.kms.key", arn, key.get(f"{KEY}.KeyId"), copies, tags="@tags", followed=Followed.ALL)


def place_key_store(store: Document) -> Placed:
    """A CloudHSM cluster stands in the region of its key store (KMS developer guide, AWS CloudHSM key store).

    Where the proxy of an external one stands, and the keys behind it, AWS does not tell. Whether it is
    connected changes nothing of that: the keys are where they are.
    """
    kind, name = store.get(f"{STORE}.CustomKeyStoreType"), store.get(f"{STORE}.CustomKeyStoreName")
    here = store.origin.region or store.get("@region")
    if kind is None and store.origin.planned:
        kind = "AWS_CLOUDHSM"  # KMS API reference, CreateCustomKeyStore, CustomKeyStoreType: the default
    code, path = (here, f"{STORE}.CustomKeyStoreType") if kind == "AWS_CLOUDHSM" else _outside(store, kind)
    store_id = store.id(STORE_ID, region=store.origin.region, id=store.get(f"{STORE}.CustomKeyStoreId"))
    copy = store.copy(Role.KEY, code, store.said(path))
    # A key store takes no tags (service authorization reference: TagResource is of keys).
    yield store.store("aws.kms.custom-key-store", store_id, name, [copy], tags="@none", followed=Followed.ALL)


def _outside(store: Document, kind: object) -> tuple[object, str]:
    """No location, and the field that says which proxy knows more."""
    if kind != "EXTERNAL_KEY_STORE":
        return (kind if isinstance(kind, Unknown) else None), f"{STORE}.CustomKeyStoreType"
    field = "VpcEndpointServiceName" if store.get(f"{PROXY}.VpcEndpointServiceName") else "UriEndpoint"
    return None, f"{PROXY}.{field}"


LISTINGS = (
    Listing("aws", "kms", LIST, Scope.REGION, {LIST: LIST, **keys.NEEDS}, customer_keys, place_key),
    Listing("aws", "kms", STORES, Scope.REGION, {STORES: STORES}, key_stores, place_key_store),
)


# --- as code ----------------------------------------------------------------------------------

CUSTOMER: dict[str, TemplateField] = {
    "KeyMetadata.KeyManager": Always("CUSTOMER"),
    "KeyMetadata.Arn": "arn",
    "@region": REGION,
}
IN_STORE: dict[str, TemplateField] = {
    "KeyMetadata.CustomKeyStoreId": "custom_key_store_id",
    "KeyMetadata.XksKeyConfiguration.Id": "xks_key_id",
}
# A replica has the material and the origin of its primary, and never stands in a key store (KMS API
# reference, ReplicateKey and CreateKey, MultiRegion).
REPLICATED: dict[str, TemplateField] = {keys.PRIMARY: "primary_key_arn"}
OWN, IMPORTED = ({"KeyMetadata.Origin": Always(origin)} for origin in ("AWS_KMS", "EXTERNAL"))
KEY_NAMES = ("id", "arn", "key_id")

TERRAFORM = {
    "aws_kms_key": Template(fields={**CUSTOMER, **IN_STORE, **OWN}, answers=DESCRIBE, names=KEY_NAMES),
    "aws_kms_external_key": Template(fields={**CUSTOMER, **IMPORTED}, answers=DESCRIBE, names=KEY_NAMES),
    "aws_kms_replica_key": Template(fields={**CUSTOMER, **REPLICATED, **OWN}, answers=DESCRIBE, names=KEY_NAMES),
    "aws_kms_replica_external_key": Template(
        fields={**CUSTOMER, **REPLICATED, **IMPORTED}, answers=DESCRIBE, names=KEY_NAMES
    ),
    "aws_kms_alias": Template(
        fields={"KeyMetadata.KeyId": "target_key_id", "@region": REGION}, answers=DESCRIBE, names=("id", "arn", "name")
    ),
    "aws_kms_custom_key_store": Template(
        fields={
            f"{STORE}.CustomKeyStoreId": "id",
            f"{STORE}.CustomKeyStoreName": "custom_key_store_name",
            f"{STORE}.CustomKeyStoreType": "custom_key_store_type",
            f"{PROXY}.UriEndpoint": "xks_proxy_uri_endpoint",
            f"{PROXY}.VpcEndpointServiceName": "xks_proxy_vpc_endpoint_service_name",
            "@region": REGION,
        },
        place=place_key_store,
        computed=("custom_key_store_type",),
    ),
    "data.aws_kms_key": Template(
        fields={
            "KeyMetadata.KeyManager": "key_manager",
            "KeyMetadata.Origin": "origin",
            "KeyMetadata.Arn": "arn",
        },
        answers=DESCRIBE,
        names=KEY_NAMES,
    ),
}

# Property names: CloudFormation template reference of each type (read 2026-11-22). A template makes keys of AWS KMS
# and keys for imported material, none in a key store (AWS::KMS::Key, Origin): the grade of both is the same. That a
# key is multi-Region makes no copy of it: each replica is a resource of its own, in a stack of its region.
CLOUDFORMATION = {
    "AWS::KMS::Key": Template(
        fields={"KeyMetadata.KeyManager": Always("CUSTOMER"), "@region": REGION, **OWN}, answers=DESCRIBE
    ),
    "AWS::KMS::ReplicaKey": Template(
        fields={
            "KeyMetadata.KeyManager": Always("CUSTOMER"),
            keys.PRIMARY: "PrimaryKeyArn",
            "@region": REGION,
            **OWN,
        },
        answers=DESCRIBE,
    ),
    "AWS::KMS::Alias": Template(
        fields={"KeyMetadata.KeyId": "TargetKeyId", "@region": REGION}, answers=DESCRIBE, names=("AliasName",)
    ),
}
