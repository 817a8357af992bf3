"""Amazon DynamoDB: tables with the replicas and the witness of a global table, backups, and exports.

A table of a global table is listed in each of its regions, and names the others. Global tables of the
version of 2017 are listed by themselves. An export is written once to a bucket, and stays there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from residency.clouds.answers import Body, Document, Unknown, edge_from, edges_of
from residency.clouds.aws import keys
from residency.clouds.aws.arn import region_in
from residency.model import Control, Copy, Edge, Place, Role, SeenFrom, State
from residency.services.base import REGION, TAGS, Each, Listing, Placed, Scope, Template

if TYPE_CHECKING:
    from residency.clouds.aws.api import Api

LIST, DESCRIBE, TAGGED = "dynamodb:ListTables", "dynamodb:DescribeTable", "dynamodb:ListTagsOfResource"
GLOBAL_TABLES, BACKUPS, BACKUP = "dynamodb:ListGlobalTables", "dynamodb:ListBackups", "dynamodb:DescribeBackup"
EXPORTS, EXPORT = "dynamodb:ListExports", "dynamodb:DescribeExport"
NAME, TABLE = f"{LIST}.TableNames[]", f"{DESCRIBE}.Table"
REPLICAS, WITNESSES = f"{TABLE}.Replicas[]", f"{TABLE}.GlobalTableWitnesses[]"
SUMMARY = f"{BACKUPS}.BackupSummaries[]"
BACKED_UP = f"{BACKUP}.BackupDescription.SourceTableFeatureDetails"
GROUP, EXPORTED = f"{GLOBAL_TABLES}.GlobalTables[]", f"{EXPORT}.ExportDescription"
ARN = "arn:{partition}:dynamodb:{region}:{account}:table/"

TABLE_NEEDS = {name: name for name in (LIST, DESCRIBE, TAGGED)} | keys.NEEDS
BACKUP_NEEDS = {name: name for name in (BACKUPS, BACKUP)} | keys.NEEDS
EXPORT_NEEDS = {name: name for name in (EXPORTS, EXPORT)}


# --- live -------------------------------------------------------------------------------------


def tables(api: Api) -> Iterator[Body]:
    yield from api.spread(_describe, api.each(LIST, "TableNames[]", None))


def _describe(api: Api, body: Body) -> Body:
    name = body[LIST]["TableNames[]"]
    subject = f"arn:{api.partition}:dynamodb:{api.region}:{api.cell.account}:table/{name}"
    answer = api.ask(body, DESCRIBE, expect="Table.TableArn", subject=subject, TableName=name)
    api.ask(body, TAGGED, expect="Tags", subject=subject, ResourceArn=subject)
    if isinstance(answer, Unknown):
        return body
    table = answer["Table"]
    key = (table.get("SSEDescription") or {}).get("KMSMasterKeyArn")
    keys.describe(api, body, key, subject=subject, region=api.region)
    for replica in table.get("Replicas") or ():
        keys.describe(api, body, replica.get("KMSMasterKeyId"), subject=subject, region=replica.get("RegionName"))
    return body


def global_tables(api: Api) -> Iterator[Body]:
    paging = ("LastEvaluatedGlobalTableName", "ExclusiveStartGlobalTableName")
    yield from api.each(GLOBAL_TABLES, "GlobalTables[]", "GlobalTableName", token=paging)


def backups(api: Api) -> Iterator[Body]:
    # Without a type the backups of AWS Backup are left out (DynamoDB API reference, ListBackups, BackupType).
    yield from api.spread(_describe_backup, api.each(BACKUPS, "BackupSummaries[]", "BackupArn", BackupType="ALL"))


def _describe_backup(api: Api, body: Body) -> Body:
    arn = body[BACKUPS]["BackupSummaries[]"]["BackupArn"]
    answer = api.ask(body, BACKUP, expect="BackupDescription.BackupDetails", subject=arn, BackupArn=arn)
    if not isinstance(answer, Unknown):
        features = answer["BackupDescription"].get("SourceTableFeatureDetails") or {}
        key = (features.get("SSEDescription") or {}).get("KMSMasterKeyArn")
        keys.describe(api, body, key, subject=arn, region=api.region)
    return body


def exports(api: Api) -> Iterator[Body]:
    found = api.each(EXPORTS, "ExportSummaries[]", "ExportArn", token=("NextToken", "NextToken"))
    yield from api.spread(_describe_export, found)


def _describe_export(api: Api, body: Body) -> Body:
    arn = body[EXPORTS]["ExportSummaries[]"]["ExportArn"]
    # An export is named below its table; what cannot be read of it is a copy of that table.
    subject = arn.partition("/export/")[0]
    api.ask(body, EXPORT, expect="ExportDescription.S3Bucket", subject=subject, ExportArn=arn)
    return body


# --- what a document says ---------------------------------------------------------------------


def place_table(table: Document) -> Placed:
    name = table.get(NAME) or table.get(f"{TABLE}.TableName")
    store_id = table.id(f"{ARN}{{name}}", region=table.origin.region, name=name)
    here = table.origin.region or region_in(store_id) or table.get("@region")
    said = table.said("@region" if table.origin.planned else f"{TABLE}.TableArn")
    primary = table.copy(Role.PRIMARY, here, said, control=_own_replica(table, here) or _control(table, TABLE))
    replicas, witnesses = list(_replicas(table, store_id, here)), list(_witnesses(table))
    copies = (primary, *replicas, *witnesses, *keys.replicas(table, _key(table, TABLE)))
    store = table.store("aws.dynamodb.table", store_id, name, copies, tags=f"{TAGGED}.Tags[]")
    yield store
    yield from edges_of(store)


def _replicas(table: Document, store_id: str, here: Any) -> Iterator[Copy]:
    replicas = table.each(REPLICAS)
    if isinstance(replicas, Unknown):
        yield table.copy(Role.REPLICA, replicas, table.said(REPLICAS), state=State.MAY_APPEAR)
        return
    for replica in replicas:
        region, key, arn = (replica.get(field) for field in ("RegionName", "KMSMasterKeyId", "ReplicaArn"))
        if region == here and isinstance(region, str):
            continue
        holder = arn if isinstance(arn, str) else _same_name(store_id, region)
        control = keys.of_key(table, key, replica.said("KMSMasterKeyId"), region=region) if key else None
        yield table.copy(Role.REPLICA, region, replica.said("RegionName"), holder=holder, control=control)


def _own_replica(table: Document, here: Any) -> Control | None:
    """A template of a global table names the key of each region with its replica, the own one included."""
    replicas = table.each(REPLICAS)
    for replica in () if isinstance(replicas, Unknown) else replicas:
        key = replica.get("KMSMasterKeyId")
        if key is not None and replica.get("RegionName") == here and isinstance(here, str):
            return keys.of_key(table, key, replica.said("KMSMasterKeyId"))
    return None


def _same_name(store_id: str, region: Any) -> str | None:
    """The id of the table of the same name and account in another region; None where that is not known."""
    parts = store_id.split(":")
    if len(parts) < 6 or parts[0] != "arn" or not isinstance(region, str):
        return None
    return ":".join([*parts[:3], region, *parts[4:]])


def _witnesses(table: Document) -> Iterator[Copy]:
    witnesses = table.each(WITNESSES)
    if isinstance(witnesses, Unknown):
        if table.origin.planned:  # live, the refusal is told with the replicas
            yield table.copy(Role.WITNESS, witnesses, table.said(WITNESSES), state=State.MAY_APPEAR)
        return
    for witness in witnesses:
        yield table.copy(Role.WITNESS, witness.get("RegionName"), witness.said("RegionName"))


def _key(document: Document, path: str) -> Any:
    return document.get(f"{path}.SSEDescription.KMSMasterKeyArn")


def _control(document: Document, path: str) -> Control:
    """Without SSEDescription the key is one that AWS owns (DynamoDB API reference, SSESpecification, Enabled)."""
    said, key = document.said(f"{path}.SSEDescription.KMSMasterKeyArn"), _key(document, path)
    enabled = document.get(f"{path}.SSEDescription.Status")
    switched_off = enabled is False or enabled in ("DISABLING", "DISABLED")
    if key is not None and not switched_off:
        return keys.of_key(document, key, said)
    if isinstance(enabled, Unknown):
        return keys.plain(None, said)
    if enabled is True:
        # A template that switches it on and names no key takes alias/aws/dynamodb (ibid.).
        return keys.plain(keys.PROVIDER_OWNED, said, "provider-managed-key")
    return keys.plain(keys.PROVIDER_OWNED, said)


def place_global_table(group: Document) -> Placed:
    """The relations of a table of the version of 2017; its tables are listed as such."""
    name, here = group.get(f"{GROUP}.GlobalTableName"), group.origin.region
    replicas = group.each(f"{GROUP}.ReplicationGroup[]")
    for replica in [] if isinstance(replicas, Unknown) else replicas:
        region = replica.get("RegionName")
        if region != here and isinstance(region, str):
            yield Edge(
                source=group.id(f"{ARN}{{name}}", region=here, name=name),
                target=group.id(f"{ARN}{{name}}", region=region, name=name),
                role=Role.REPLICA,
                target_place=Place(namespace=group.origin.partition, code=region),
                seen_from=SeenFrom.SOURCE,
                said_by=(replica.said("RegionName"),),
            )


def place_backup(backup: Document) -> Placed:
    arn, name = backup.get(f"{SUMMARY}.BackupArn"), backup.get(f"{SUMMARY}.BackupName")
    said = backup.said(f"{SUMMARY}.BackupArn")
    primary = backup.copy(Role.PRIMARY, backup.origin.region, said, control=_control(backup, BACKED_UP))
    # A backup takes no tags; what it holds is what its table holds.
    store = backup.store("aws.dynamodb.backup", arn, name, [primary], tags="@none")
    yield store
    yield from edge_from(backup.get(f"{SUMMARY}.TableArn"), store, Role.BACKUP, backup.said(f"{SUMMARY}.TableArn"))


def place_export(export: Document) -> Placed:
    """A relation: the bucket is listed by itself, and a bucket that nobody lists has no place that is known."""
    table, bucket = (export.get(f"{EXPORTED}.{field}") for field in ("TableArn", "S3Bucket"))
    listed = export.get(f"{EXPORTS}.ExportSummaries[].ExportArn")
    source = export.id_of("{0}", table) or (str(listed).partition("/export/")[0] if listed else None)
    source = source or export.origin.stands_for
    owner = export.get(f"{EXPORTED}.S3BucketOwner")
    if source:
        yield Edge(
            source=source,
            target=export.id_of("arn:{partition}:s3:::{0}", bucket),
            role=Role.EXPORT,
            target_account=owner if isinstance(owner, str) else None,
            seen_from=SeenFrom.SOURCE,
            former=export.get(f"{EXPORTED}.ExportStatus") == "FAILED",  # what was written before may remain
            said_by=(export.said(f"{EXPORTED}.S3Bucket"),),
        )


LISTINGS = (
    Listing("aws", "dynamodb", LIST, Scope.REGION, TABLE_NEEDS, tables, place_table),
    Listing(
        "aws",
        "dynamodb",
        GLOBAL_TABLES,
        Scope.REGION,
        {GLOBAL_TABLES: GLOBAL_TABLES},
        global_tables,
        place_global_table,
    ),
    Listing("aws", "dynamodb", BACKUPS, Scope.REGION, BACKUP_NEEDS, backups, place_backup),
    Listing("aws", "dynamodb", EXPORTS, Scope.REGION, EXPORT_NEEDS, exports, place_export),
)


# --- as code ----------------------------------------------------------------------------------

_REPLICA = {"RegionName": "region_name", "KMSMasterKeyId": "kms_key_arn"}
TERRAFORM = {
    "aws_dynamodb_table": Template(
        fields={
            f"{TABLE}.TableName": "name",
            f"{TABLE}.SSEDescription.Status": "server_side_encryption.enabled",
            f"{TABLE}.SSEDescription.KMSMasterKeyArn": "server_side_encryption.kms_key_arn",
            REPLICAS: Each("replica", _REPLICA),
            WITNESSES: Each("global_table_witness", {"RegionName": "region_name"}),
            f"{TAGGED}.Tags[]": TAGS,
            "@region": REGION,
        },
        place=place_table,
        names=("id", "arn", "name"),
        computed=("server_side_encryption", "global_table_witness", "replica.kms_key_arn"),
    ),
    "aws_dynamodb_table_replica": Template(
        fields={REPLICAS: Each("", {"RegionName": REGION, "KMSMasterKeyId": "kms_key_arn"})},
        place=place_table,
        id="{global_table_arn}",
        attaches_to=("global_table_arn", "aws_dynamodb_table"),
        computed=("kms_key_arn",),
    ),
    "aws_dynamodb_global_table": Template(
        fields={f"{TABLE}.TableName": "name", REPLICAS: Each("replica", {"RegionName": "region_name"})},
        place=place_table,
        attaches_to=("name", "aws_dynamodb_table"),
    ),
    "aws_dynamodb_table_export": Template(
        fields={
            f"{EXPORTED}.TableArn": "table_arn",
            f"{EXPORTED}.S3Bucket": "s3_bucket",
            f"{EXPORTED}.S3BucketOwner": "s3_bucket_owner",
        },
        place=place_export,
        computed=("s3_bucket_owner",),
    ),
}

_TABLE = {
    f"{TABLE}.TableName": "TableName",
    f"{TABLE}.SSEDescription.Status": "SSESpecification.SSEEnabled",
    f"{TABLE}.SSEDescription.KMSMasterKeyArn": "SSESpecification.KMSMasterKeyId",
    f"{TAGGED}.Tags[]": TAGS,
    "@region": REGION,
}
# Property names: CloudFormation template reference of each type (read 2026-11-22).
CLOUDFORMATION = {
    "AWS::DynamoDB::Table": Template(fields=_TABLE, place=place_table, names=("TableName",)),
    "AWS::DynamoDB::GlobalTable": Template(
        fields={path: name for path, name in _TABLE.items() if name != "SSESpecification.KMSMasterKeyId"}
        | {
            REPLICAS: Each("Replicas", {"RegionName": "Region", "KMSMasterKeyId": "SSESpecification.KMSMasterKeyId"}),
            WITNESSES: Each("GlobalTableWitnesses", {"RegionName": "Region"}),
        },
        place=place_table,
        names=("TableName",),
    ),
    "AWS::Serverless::SimpleTable": Template(
        fields={path: name for path, name in _TABLE.items() if name != "SSESpecification.KMSMasterKeyId"},
        place=place_table,
        names=("TableName",),
    ),
}
