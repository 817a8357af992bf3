"""Amazon RDS: instances, their snapshots and automated backups, exports, integrations. Clusters: aurora.py.

An instance stands in its zone, on the Outpost of its subnet, or in a Local Zone that may be abroad. Instances of
Aurora, DocumentDB and Neptune are listed here too. (All pages of AWS that are named in this file were read
2026-11-22.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from residency.clouds.answers import Body, Document, Unknown, edges_of
from residency.clouds.aws import copies, databases, keys
from residency.clouds.aws.arn import parse_arn
from residency.clouds.aws.databases import ARN, RESTORED, SNAPSHOT_OF, Codes
from residency.model import Control, Copy, Role, State, Why
from residency.services.base import REGION, TAGS, Always, Each, Listing, Placed, Scope, Several, Template, TemplateField

if TYPE_CHECKING:
    from residency.clouds.aws.api import Api

INSTANCES, BACKUPS = "rds:DescribeDBInstances", "rds:DescribeDBInstanceAutomatedBackups"
SNAPSHOTS, SHARES = "rds:DescribeDBSnapshots", "rds:DescribeDBSnapshotAttributes"
EXPORTS, INTEGRATIONS = "rds:DescribeExportTasks", "rds:DescribeIntegrations"

INSTANCE, BACKUP = f"{INSTANCES}.DBInstances[]", f"{BACKUPS}.DBInstanceAutomatedBackups[]"
SNAPSHOT = f"{SNAPSHOTS}.DBSnapshots[]"
ATTRIBUTES = f"{SHARES}.DBSnapshotAttributesResult.DBSnapshotAttributes[]"
EXPORT, INTEGRATION = f"{EXPORTS}.ExportTasks[]", f"{INTEGRATIONS}.Integrations[]"
ZONE, GROUP = f"{INSTANCE}.AvailabilityZone", f"{INSTANCE}.DBSubnetGroup.DBSubnetGroupName"
SUBNETS = f"{INSTANCE}.DBSubnetGroup.Subnets[]"
REPLICA_OF = f"{INSTANCE}.ReadReplicaSourceDBInstanceIdentifier"
CLUSTER_OF, REPLICA_OF_CLUSTER = f"{INSTANCE}.DBClusterIdentifier", f"{INSTANCE}.ReadReplicaSourceDBClusterIdentifier"
# What else it was made from, and the region of that; only a template says it.
BACKED_UP, CLUSTER_SNAPSHOT_OF, SOURCE_REGION = "@backup", "@cluster-snapshot", "@source-region"
# Where a template sends automated backups to; live, they are named by their ARN.
BACKUP_REGION, BACKUP_KEY = "@backup-region", "@backup-key"
MEMBER = "@member"  # that it is one by its type
_SOURCES = (
    (REPLICA_OF, "db"),
    (REPLICA_OF_CLUSTER, "cluster"),
    (SNAPSHOT_OF, "snapshot"),
    (CLUSTER_SNAPSHOT_OF, "cluster-snapshot"),
    (RESTORED, "db"),
    (BACKED_UP, "auto-backup"),
)
_SNAPSHOT = databases.SnapshotKind(
    kind="aws.rds.snapshot",
    path=SNAPSHOT,
    arn=f"{SNAPSHOT}.DBSnapshotArn",
    name=f"{SNAPSHOT}.DBSnapshotIdentifier",
    taken_of=f"{SNAPSHOT}.DBInstanceIdentifier",
    taken_resource="db",
    copied_from=f"{SNAPSHOT}.SourceDBSnapshotIdentifier",
    resource="snapshot",
    shares=ATTRIBUTES,
    flag="Encrypted",
)


# --- live -------------------------------------------------------------------------------------


def instances(api: Api) -> Iterator[Body]:
    for body in api.each(INSTANCES, "DBInstances[]", "DBInstanceArn"):
        listed = body[INSTANCES]["DBInstances[]"]
        member = listed.get("DBClusterIdentifier")  # its key is read where the cluster is listed
        yield body if member else databases.with_keys(api, body, listed, listed["DBInstanceArn"])


def snapshots(api: Api) -> Iterator[Body]:
    # Without a type those of others are left out; those of AWS Backup seem to be in (unverified), and AWS Backup
    # lists them by the same name.
    yield from api.spread(_shares, api.each(SNAPSHOTS, "DBSnapshots[]", "DBSnapshotArn"))


def _shares(api: Api, body: Body) -> Body:
    listed = body[SNAPSHOTS]["DBSnapshots[]"]
    arn, name = listed["DBSnapshotArn"], listed.get("DBSnapshotIdentifier")
    if listed.get("SnapshotType") not in databases.NOT_SHARED:
        api.ask(
            body,
            SHARES,
            expect="DBSnapshotAttributesResult.DBSnapshotAttributes",
            subject=arn,
            DBSnapshotIdentifier=name,
        )
    return databases.with_keys(api, body, listed, arn)


def backups(api: Api) -> Iterator[Body]:
    for body in api.each(BACKUPS, "DBInstanceAutomatedBackups[]", "DBInstanceIdentifier"):
        yield from databases.backups_alone(api, body, body[BACKUPS]["DBInstanceAutomatedBackups[]"], "DBInstance")


def exports(api: Api) -> Iterator[Body]:
    yield from api.each(EXPORTS, "ExportTasks[]", "ExportTaskIdentifier")


def integrations(api: Api) -> Iterator[Body]:
    yield from api.each(INTEGRATIONS, "Integrations[]", "IntegrationArn")


# --- instances --------------------------------------------------------------------------------


def place_instance(db: Document) -> Placed:
    store_id = db.id("{arn}", arn=db.get(f"{INSTANCE}.DBInstanceArn"))
    cluster = databases.id_of(db, "cluster", db.get(CLUSTER_OF))
    name = db.get(f"{INSTANCE}.DBInstanceIdentifier")
    store = db.store("aws.rds.instance", store_id, name, _copies(db, cluster), tags=f"{INSTANCE}.TagList[]")
    yield store
    yield from (edge for edge in edges_of(store) if edge.role is not Role.PRIMARY)
    yield from databases.made_from(db, cluster, store, Role.REPLICA, CLUSTER_OF)
    for path, resource in _SOURCES:
        yield from databases.replica_of(db, store, path, resource)


def _copies(db: Document, cluster: str | None) -> Iterator[Copy]:
    # What a member of a cluster keeps is the cluster's: it is shown in this zone, and counted and judged there.
    control = None if _is_member(db) else _control(db)
    places, path, why = _standing(db)
    primary = databases.copy_at(db, Role.PRIMARY, places, db.said(path), why=why, holder=cluster, control=control)
    yield primary
    yield from _standby(db, control)
    yield from databases.instance_replicas(db, f"{INSTANCE}.ReadReplicaDBInstanceIdentifiers")
    yield from databases.cluster_replicas(db, f"{INSTANCE}.ReadReplicaDBClusterIdentifiers")
    if not _is_member(db):
        yield from _backups(db, primary)
        yield from _planned_backups(db)
        yield from databases.activity(db, INSTANCE)
    yield from keys.replicas(db, db.get(f"{INSTANCE}.KmsKeyId"))


def _is_member(db: Document) -> bool:
    """Whether what it keeps is a cluster's.

    A template may name a cluster under a condition, or by a value that is not known: then nobody says so.
    """
    cluster = db.get(CLUSTER_OF)
    return isinstance(cluster, str) or bool(db.get(MEMBER) or (isinstance(cluster, Unknown) and cluster.refers_to))


def _standing(db: Document) -> tuple[Codes, str, Why | None]:
    return databases.standing(db, ZONE, GROUP, SUBNETS, regional=_is_regional(db))


def _is_regional(db: Document) -> bool:
    """A template from which no Local Zone can be meant although it names no zone.

    Aurora is in none, and no Multi-AZ deployment has one (RDS user guide, Regions, Availability Zones, and Local
    Zones). Without a subnet group RDS chooses an Availability Zone of the region (RDS API reference,
    CreateDBInstance, AvailabilityZone); but a replica takes the group of its source in the same region.
    """
    source = db.get(REPLICA_OF)
    arn = parse_arn(source)
    elsewhere = arn.region if arn else db.get(SOURCE_REGION)
    own_group = source is None or (isinstance(elsewhere, str) and elsewhere != databases.region_of(db))
    chosen_by_rds = db.get(ZONE) is None and db.get(GROUP) is None and own_group
    return _is_member(db) or db.get(f"{INSTANCE}.MultiAZ") is True or chosen_by_rds


def _standby(db: Document, control: Control | None) -> Iterator[Copy]:
    path, several = f"{INSTANCE}.SecondaryAvailabilityZone", db.get(f"{INSTANCE}.MultiAZ")
    zone = db.get(path)
    if isinstance(zone, str):
        places = databases.in_zone(db, zone, GROUP, SUBNETS)
        yield databases.copy_at(db, Role.STANDBY, places, db.said(path), control=control)
    elif several and not _is_member(db):
        said = db.said(f"{INSTANCE}.MultiAZ")
        if db.origin.planned:
            places, _, why = _standing(db)
            state = State.MAY_APPEAR if isinstance(several, Unknown) else State.PLANNED
            yield databases.copy_at(db, Role.STANDBY, places, said, why=why, control=control, state=state)
        else:
            yield db.copy(Role.STANDBY, None, said, control=control)


def _backups(db: Document, primary: Copy) -> Iterator[Copy]:
    """Its automated backups, and those that are replicated to other regions. A cluster keeps those of its members."""
    retention = db.get(f"{INSTANCE}.BackupRetentionPeriod")
    if retention != 0:
        code, namespace = databases.kept_at(db, f"{INSTANCE}.BackupTarget", primary.place)
        more = {} if isinstance(retention, int) else {"state": State.MAY_APPEAR}
        said = db.said(f"{INSTANCE}.BackupTarget")
        yield db.copy(Role.BACKUP, code, said, namespace=namespace, control=primary.control, **more)
    replicated = db.each(f"{INSTANCE}.DBInstanceAutomatedBackupsReplications[]")
    for backup in [] if isinstance(replicated, Unknown) else replicated:
        arn = backup.get("DBInstanceAutomatedBackupsArn")
        yield copies.at_arn(db, Role.BACKUP, arn, backup.said("DBInstanceAutomatedBackupsArn"))


def _planned_backups(db: Document) -> Iterator[Copy]:
    """Where a template has its automated backups replicated to; without a key nobody says which protects them."""
    region, key, said = db.get(BACKUP_REGION), db.get(BACKUP_KEY), db.said(BACKUP_REGION)
    if region is not None:
        control = keys.plain(None, said) if key is None else keys.of_key(db, key, db.said(BACKUP_KEY), region=region)
        state = State.MAY_APPEAR if isinstance(region, Unknown) else State.PLANNED
        yield db.copy(Role.BACKUP, region, said, control=control, state=state)


def _control(db: Document) -> Control:
    # A cluster counts where it is not sure that there is one.
    derived = any(db.get(path) is not None for path in (CLUSTER_OF, *(path for path, _ in _SOURCES)))
    return databases.control(db, INSTANCE, f"{INSTANCE}.DBInstanceArn", derived=derived)


# --- snapshots and backups --------------------------------------------------------------------


def place_snapshot(snapshot: Document) -> Placed:
    places, path = _snapshot_at(snapshot)
    yield from databases.placed_snapshot(snapshot, _SNAPSHOT, places, snapshot.said(path))


def _snapshot_at(snapshot: Document) -> tuple[Codes, str]:
    """Where a snapshot is kept, and the path that says so: a Dedicated Local Zone, a custom one, else its region.

    Nothing says which Outpost keeps it.
    """
    zone, target = f"{SNAPSHOT}.SnapshotAvailabilityZone", f"{SNAPSHOT}.SnapshotTarget"
    for path in (zone, "@custom"):
        if snapshot.get(path):
            return [(snapshot.get(path), None)], path
    places = [databases.kept_at(snapshot, target)]
    own = "@region" if snapshot.origin.planned else f"{SNAPSHOT}.DBSnapshotArn"
    return databases.also_at_destination(snapshot, places), target if snapshot.get(target) else own


def place_automated_backup(backup: Document) -> Placed:
    at = databases.kept_at(backup, f"{BACKUP}.BackupTarget")
    yield from databases.placed_backup(backup, BACKUP, "DBInstance", at, flag="Encrypted")


# --- what leaves ------------------------------------------------------------------------------


def place_export(task: Document) -> Placed:
    """A relation: the bucket is listed by itself. What an export that failed wrote before may remain."""
    source = task.id_of("{0}", task.get(f"{EXPORT}.SourceArn")) or task.origin.stands_for
    bucket = task.id_of("arn:{partition}:s3:::{0}", task.get(f"{EXPORT}.S3Bucket"))
    former = task.get(f"{EXPORT}.Status") in ("FAILED", "CANCELED")
    if source:
        yield databases.edge(source, bucket, Role.EXPORT, task.said(f"{EXPORT}.S3Bucket"), former=former)


def place_integration(integration: Document) -> Placed:
    """A relation: the source is replicated into the target, a data warehouse, as long as it stands."""
    source = integration.id_of("{0}", integration.get(f"{INTEGRATION}.SourceArn")) or integration.origin.stands_for
    target = integration.id_of("{0}", integration.get(f"{INTEGRATION}.TargetArn"))
    former = integration.get(f"{INTEGRATION}.Status") in ("failed", "deleting")
    if source:
        yield databases.edge(source, target, Role.REPLICA, integration.said(f"{INTEGRATION}.TargetArn"), former=former)


SNAPSHOT_NEEDS = {SNAPSHOTS: SNAPSHOTS, SHARES: SHARES} | keys.NEEDS
LISTINGS = (
    Listing("aws", "rds", INSTANCES, Scope.REGION, {INSTANCES: INSTANCES} | keys.NEEDS, instances, place_instance),
    Listing("aws", "rds", SNAPSHOTS, Scope.REGION, SNAPSHOT_NEEDS, snapshots, place_snapshot),
    Listing("aws", "rds", BACKUPS, Scope.REGION, {BACKUPS: BACKUPS} | keys.NEEDS, backups, place_automated_backup),
    Listing("aws", "rds", EXPORTS, Scope.REGION, {EXPORTS: EXPORTS}, exports, place_export),
    Listing("aws", "rds", INTEGRATIONS, Scope.REGION, {INTEGRATIONS: INTEGRATIONS}, integrations, place_integration),
)


# --- as code ----------------------------------------------------------------------------------

# `availability_zone` is among them so that one that is left out is told from one that is not known yet: it is
# never a default, the subnet group decides.
INSTANCE_COMPUTED = (
    "availability_zone",
    "backup_retention_period",
    "backup_target",
    "db_subnet_group_name",
    "kms_key_id",
    "multi_az",
    "snapshot_identifier",
)
_SNAPSHOT_FIELDS: dict[str, TemplateField] = {
    f"{SNAPSHOT}.DBSnapshotArn": "db_snapshot_arn",
    f"{SNAPSHOT}.Encrypted": "encrypted",
    f"{SNAPSHOT}.KmsKeyId": "kms_key_id",
    f"{SNAPSHOT}.TagList[]": TAGS,
    ATTRIBUTES: Each("", {"AttributeName": Always("restore"), "AttributeValues": Several("shared_accounts")}),
    "@region": REGION,
}
TERRAFORM = {
    "aws_db_instance": Template(
        fields={
            f"{INSTANCE}.DBInstanceArn": "arn",
            f"{INSTANCE}.DBInstanceIdentifier": "identifier",
            ZONE: "availability_zone",
            GROUP: "db_subnet_group_name",
            f"{INSTANCE}.MultiAZ": "multi_az",
            f"{INSTANCE}.BackupRetentionPeriod": "backup_retention_period",
            f"{INSTANCE}.BackupTarget": "backup_target",
            f"{INSTANCE}.StorageEncrypted": "storage_encrypted",
            f"{INSTANCE}.KmsKeyId": "kms_key_id",
            REPLICA_OF: "replicate_source_db",
            SNAPSHOT_OF: "snapshot_identifier",
            RESTORED: "restore_to_point_in_time.source_db_instance_identifier",
            BACKED_UP: "restore_to_point_in_time.source_db_instance_automated_backups_arn",
            f"{INSTANCE}.TagList[]": TAGS,
            "@region": REGION,
        },
        place=place_instance,
        names=("id", "arn", "identifier"),
        arn=f"{ARN}db:{{0}}",
        computed=INSTANCE_COMPUTED,
    ),
    "aws_rds_cluster_instance": Template(
        fields={
            f"{INSTANCE}.DBInstanceIdentifier": "identifier",
            CLUSTER_OF: "cluster_identifier",
            MEMBER: Always(True),
            ZONE: "availability_zone",
            GROUP: "db_subnet_group_name",
            f"{INSTANCE}.TagList[]": TAGS,
            "@region": REGION,
        },
        place=place_instance,
        names=("id", "arn", "identifier"),
        arn=f"{ARN}db:{{0}}",
        computed=INSTANCE_COMPUTED,
    ),
    "aws_db_instance_automated_backups_replication": Template(
        fields={
            f"{BACKUP}.DBInstanceArn": "source_db_instance_arn",
            f"{BACKUP}.KmsKeyId": "kms_key_id",
            "@region": REGION,
        },
        place=place_automated_backup,
        id="{id}",
        computed=("kms_key_id",),
    ),
    "aws_db_snapshot": Template(
        fields={
            **_SNAPSHOT_FIELDS,
            f"{SNAPSHOT}.DBSnapshotIdentifier": "db_snapshot_identifier",
            f"{SNAPSHOT}.DBInstanceIdentifier": "db_instance_identifier",
        },
        place=place_snapshot,
        id="{db_snapshot_arn}",
        names=("id", "db_snapshot_arn", "db_snapshot_identifier"),
        arn=f"{ARN}snapshot:{{0}}",
        computed=("kms_key_id",),
    ),
    "aws_db_snapshot_copy": Template(
        fields={
            **_SNAPSHOT_FIELDS,
            f"{SNAPSHOT}.DBSnapshotIdentifier": "target_db_snapshot_identifier",
            f"{SNAPSHOT}.SourceDBSnapshotIdentifier": "source_db_snapshot_identifier",
            "@destination": "destination_region",
            "@custom": "target_custom_availability_zone",
        },
        place=place_snapshot,
        id="{db_snapshot_arn}",
        names=("id", "db_snapshot_arn", "target_db_snapshot_identifier"),
        arn=f"{ARN}snapshot:{{0}}",
    ),
    "aws_rds_export_task": Template(
        fields={f"{EXPORT}.SourceArn": "source_arn", f"{EXPORT}.S3Bucket": "s3_bucket_name"},
        place=place_export,
    ),
    "aws_rds_integration": Template(
        fields={f"{INTEGRATION}.SourceArn": "source_arn", f"{INTEGRATION}.TargetArn": "target_arn"},
        place=place_integration,
    ),
}

# Property names: CloudFormation template reference of each type (read 2026-11-22).
CLOUDFORMATION = {
    "AWS::RDS::DBInstance": Template(
        fields={
            f"{INSTANCE}.DBInstanceIdentifier": "DBInstanceIdentifier",
            CLUSTER_OF: "DBClusterIdentifier",
            ZONE: "AvailabilityZone",
            GROUP: "DBSubnetGroupName",
            f"{INSTANCE}.MultiAZ": "MultiAZ",
            f"{INSTANCE}.BackupRetentionPeriod": "BackupRetentionPeriod",
            f"{INSTANCE}.BackupTarget": "BackupTarget",
            BACKUP_REGION: "AutomaticBackupReplicationRegion",
            BACKUP_KEY: "AutomaticBackupReplicationKmsKeyId",
            f"{INSTANCE}.StorageEncrypted": "StorageEncrypted",
            f"{INSTANCE}.KmsKeyId": "KmsKeyId",
            REPLICA_OF: "SourceDBInstanceIdentifier",
            REPLICA_OF_CLUSTER: "SourceDBClusterIdentifier",
            SOURCE_REGION: "SourceRegion",
            SNAPSHOT_OF: "DBSnapshotIdentifier",
            CLUSTER_SNAPSHOT_OF: "DBClusterSnapshotIdentifier",
            RESTORED: "SourceDbiResourceId",
            BACKED_UP: "SourceDBInstanceAutomatedBackupsArn",
            f"{INSTANCE}.TagList[]": TAGS,
            "@region": REGION,
        },
        place=place_instance,
        names=("DBInstanceIdentifier",),
        arn=f"{ARN}db:{{0}}",
    ),
    "AWS::RDS::DBSnapshot": Template(
        fields={
            f"{SNAPSHOT}.DBSnapshotIdentifier": "DBSnapshotIdentifier",
            f"{SNAPSHOT}.DBInstanceIdentifier": "DBInstanceIdentifier",
            f"{SNAPSHOT}.TagList[]": TAGS,
            "@region": REGION,
        },
        place=place_snapshot,
        names=("DBSnapshotIdentifier",),
        arn=f"{ARN}snapshot:{{0}}",
    ),
    "AWS::RDS::Integration": Template(
        fields={f"{INTEGRATION}.SourceArn": "SourceArn", f"{INTEGRATION}.TargetArn": "TargetArn"},
        place=place_integration,
        names=(),
    ),
}
