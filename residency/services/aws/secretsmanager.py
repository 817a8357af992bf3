"""AWS Secrets Manager: secrets, their replicas in other regions, and those in other accounts.

A replica is listed in its own region and names the region of its primary. Its ARN is that of the primary
with another region, the random end included (Secrets Manager user guide, replicate secrets across
regions, read 2026-11-22). What is to be deleted can still be recovered, and is listed too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from residency.clouds.answers import Body, Document, Unknown, edge_from, edges_of
from residency.clouds.aws import copies, keys
from residency.clouds.aws.arn import parse_arn, region_in
from residency.model import Control, Copy, Role, Said, State, Store
from residency.services.base import REGION, TAGS, Each, Listing, Placed, Scope, Template

if TYPE_CHECKING:
    from residency.clouds.aws.api import Api

LIST, DESCRIBE = "secretsmanager:ListSecrets", "secretsmanager:DescribeSecret"
SECRET, KEY = f"{LIST}.SecretList[]", f"{LIST}.SecretList[].KmsKeyId"
REGIONS, ACCOUNTS = f"{DESCRIBE}.ReplicationStatus[]", f"{DESCRIBE}.CrossAccountReplicas[]"
PRIMARY = f"{DESCRIBE}.CrossAccountPrimary"
DEFAULT_KEY = "alias/aws/secretsmanager"

NEEDS = {name: name for name in (LIST, DESCRIBE)} | keys.NEEDS


# --- live -------------------------------------------------------------------------------------


def secrets(api: Api) -> Iterator[Body]:
    yield from api.spread(_describe, api.each(LIST, "SecretList[]", "ARN", IncludePlannedDeletion=True))


def _describe(api: Api, body: Body) -> Body:
    listed = body[LIST]["SecretList[]"]
    arn, account = listed["ARN"], api.cell.account
    answer = api.ask(body, DESCRIBE, expect="ARN", subject=arn, SecretId=arn)
    replicas = [] if isinstance(answer, Unknown) else answer.get("ReplicationStatus") or []
    used = [(listed.get("KmsKeyId"), api.region), *((one.get("KmsKeyId"), one.get("Region")) for one in replicas)]
    for key, region in used:
        if not _is_default(key):
            keys.describe(api, body, _named(key, api.partition, region, account), subject=arn, region=region)
    return body


def _is_default(key: Any) -> bool:
    """It is the key that AWS manages for this service, named or left out."""
    return key is None or (isinstance(key, str) and key.endswith(DEFAULT_KEY))


def _named(key: Any, partition: str, region: Any, account: str | None) -> Any:
    """The ARN of an alias or a bare id: several regions have keys of the same name."""
    if not isinstance(key, str) or parse_arn(key) or not (region and account):
        return key
    return f"arn:{partition}:kms:{region}:{account}:{key if key.startswith('alias/') else f'key/{key}'}"


# --- what a document says ---------------------------------------------------------------------


def place_secret(secret: Document) -> Placed:
    arn = secret.get(f"{SECRET}.ARN")
    store_id = secret.id("{arn}", arn=arn)
    here = secret.origin.region or region_in(store_id) or region_in(arn) or secret.get("@region")
    said = secret.said(f"{SECRET}.ARN" if region_in(arn) else "@region")
    control = _control(secret, secret.get(KEY), here, secret.said(KEY))
    primary = secret.copy(Role.PRIMARY, here, said, control=control)
    key = _named(secret.get(KEY), secret.origin.partition, here, secret.origin.account)
    found = (primary, *_replicas(secret, store_id, here), *keys.replicas(secret, key))
    name = secret.get(f"{SECRET}.Name")
    store = secret.store("aws.secretsmanager.secret", store_id, name, found, tags=f"{SECRET}.Tags[]", region=here)
    yield store
    yield from edges_of(store)
    source = _in_region(store_id, secret.get(f"{SECRET}.PrimaryRegion"))
    yield from edge_from(source, store, Role.REPLICA, secret.said(f"{SECRET}.PrimaryRegion"))
    yield from _from_other_account(secret, store)


def _control(secret: Document, key: Any, region: Any, said: Said) -> Control:
    """Without a key it is the one that AWS manages in the account (Secrets Manager API reference, KmsKeyId)."""
    if _is_default(key):
        return keys.plain(keys.PROVIDER_OWNED, said, "provider-managed-key")
    named = _named(key, secret.origin.partition, region, secret.origin.account)
    return keys.of_key(secret, named, said, region=region)


def _replicas(secret: Document, store_id: str, here: Any) -> Iterator[Copy]:
    regions, accounts = secret.each(REGIONS), secret.each(ACCOUNTS)
    if isinstance(regions, Unknown) or isinstance(accounts, Unknown):
        yield secret.copy(Role.REPLICA, regions, secret.said(REGIONS), state=State.MAY_APPEAR)
        return
    is_primary = secret.get(f"{SECRET}.PrimaryRegion") in (None, here)  # only a primary has replicas
    for replica in regions if is_primary else ():
        region, key = replica.get("Region"), replica.get("KmsKeyId")
        yield secret.copy(
            Role.REPLICA,
            region,
            replica.said("Region"),
            holder=_in_region(store_id, region),
            control=_control(secret, key, region, replica.said("KmsKeyId")),
            **_reached(replica.get("Status")),
        )
    for replica in accounts:
        arn, said = replica.get("ReplicaSecretARN"), replica.said("ReplicaSecretARN")
        yield copies.at_arn(secret, Role.REPLICA, arn, said, **_reached(replica.get("ReplicationStatus")))


def _reached(status: Any) -> dict[str, Any]:
    """Whether a replica is there: one that failed or waits was not made, though an earlier value may have come.

    What a detached one holds stays (Secrets Manager API reference, DescribeSecret, ReplicationStatus).
    """
    if status in ("Failed", "Pending"):
        return {"state": State.MAY_APPEAR}
    return {"former": status == "Detached"}


def _in_region(name: str, region: Any) -> str | None:
    """The same secret's name in another region; None where that is not known."""
    arn = parse_arn(name)
    return str(replace(arn, region=region)) if arn and isinstance(region, str) else None


def _from_other_account(secret: Document, store: Store) -> Placed:
    """The relation by which a replica names its primary in another account."""
    source, status = secret.get(f"{PRIMARY}.PrimarySecretARN"), secret.get(f"{PRIMARY}.ReplicationStatus")
    if isinstance(source, str):
        said = secret.said(f"{PRIMARY}.PrimarySecretARN")
        yield from edge_from(source, store, Role.REPLICA, said, former=status == "Detached")


LISTINGS = (Listing("aws", "secretsmanager", LIST, Scope.REGION, NEEDS, secrets, place_secret),)


# --- as code ----------------------------------------------------------------------------------

TERRAFORM = {
    "aws_secretsmanager_secret": Template(
        fields={
            f"{SECRET}.ARN": "arn",
            f"{SECRET}.Name": "name",
            KEY: "kms_key_id",
            REGIONS: Each("replica", {"Region": "region", "KmsKeyId": "kms_key_id"}),
            f"{SECRET}.Tags[]": TAGS,
            "@region": REGION,
        },
        place=place_secret,
        computed=("replica", "replica.kms_key_id"),
    ),
    # The value of a secret stands where the secret does: it adds nothing to one that the plan makes.
    "aws_secretsmanager_secret_version": Template(
        fields={f"{SECRET}.ARN": "secret_id"},
        place=place_secret,
        attaches_to=("secret_id", "aws_secretsmanager_secret"),
    ),
}

# Property names: CloudFormation template reference of each type (read 2026-11-22).
CLOUDFORMATION = {
    "AWS::SecretsManager::Secret": Template(
        fields={
            f"{SECRET}.Name": "Name",
            KEY: "KmsKeyId",
            REGIONS: Each("ReplicaRegions", {"Region": "Region", "KmsKeyId": "KmsKeyId"}),
            f"{SECRET}.Tags[]": TAGS,
            "@region": REGION,
        },
        place=place_secret,
        names=("Name",),
    ),
    # What it writes into a secret stands where the secret does: it adds nothing to one that the template makes.
    "AWS::SecretsManager::SecretTargetAttachment": Template(
        fields={f"{SECRET}.ARN": "SecretId"},
        place=place_secret,
        attaches_to=("SecretId", "AWS::SecretsManager::Secret"),
    ),
}
