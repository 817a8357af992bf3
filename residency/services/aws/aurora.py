"""Amazon Aurora and Multi-AZ DB clusters: clusters, global databases, their snapshots and automated backups.

A cluster keeps its data in three Availability Zones of one region (Aurora user guide, Amazon Aurora storage), and
Aurora is in no Local Zone (ibid., Regions and Availability Zones): it stands in its region, and its instances
(rds.py) show the zones. Clusters of DocumentDB and Neptune are listed here too. (All pages of AWS that are named in
this file were read 2026-11-22.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from residency.clouds.answers import Body, Document, Unknown, edges_of
from residency.clouds.aws import databases, keys
from residency.clouds.aws.databases import ARN, RESTORED, SNAPSHOT_OF
from residency.model import Control, Copy, Edge, Role, Said, State
from residency.services.base import REGION, TAGS, Always, Each, Listing, Placed, Scope, Several, Template, TemplateField

if TYPE_CHECKING:
    from residency.clouds.aws.api import Api

CLUSTERS, GLOBALS = "rds:DescribeDBClusters", "rds:DescribeGlobalClusters"
SNAPSHOTS, SHARES = "rds:DescribeDBClusterSnapshots", "rds:DescribeDBClusterSnapshotAttributes"
BACKUPS = "rds:DescribeDBClusterAutomatedBackups"

CLUSTER, SNAPSHOT = f"{CLUSTERS}.DBClusters[]", f"{SNAPSHOTS}.DBClusterSnapshots[]"
MEMBERS = f"{GLOBALS}.GlobalClusters[].GlobalClusterMembers[]"
ATTRIBUTES = f"{SHARES}.DBClusterSnapshotAttributesResult.DBClusterSnapshotAttributes[]"
BACKUP = f"{BACKUPS}.DBClusterAutomatedBackups[]"
REPLICA_OF, JOINS = f"{CLUSTER}.ReplicationSourceIdentifier", f"{CLUSTER}.GlobalClusterIdentifier"
GLOBAL_NAME = "GlobalClusters[].GlobalClusterIdentifier"
# That it may stand already, for a template does not say what it changes.
MAY_STAND = "@may-stand"
_SOURCES = ((REPLICA_OF, "cluster"), (SNAPSHOT_OF, "cluster-snapshot"), (RESTORED, "cluster"))
_SNAPSHOT = databases.SnapshotKind(
    kind="aws.rds.cluster-snapshot",
    path=SNAPSHOT,
    arn=f"{SNAPSHOT}.DBClusterSnapshotArn",
    name=f"{SNAPSHOT}.DBClusterSnapshotIdentifier",
    taken_of=f"{SNAPSHOT}.DBClusterIdentifier",
    taken_resource="cluster",
    copied_from=f"{SNAPSHOT}.SourceDBClusterSnapshotArn",
    resource="cluster-snapshot",
    shares=ATTRIBUTES,
)


# --- live -------------------------------------------------------------------------------------


def clusters(api: Api) -> Iterator[Body]:
    for body in api.each(CLUSTERS, "DBClusters[]", "DBClusterArn"):
        listed = body[CLUSTERS]["DBClusters[]"]
        yield databases.with_keys(api, body, listed, listed["DBClusterArn"])


def global_clusters(api: Api) -> Iterator[Body]:
    # Every region seems to answer with all of the account; AWS does not say so, and each relation is one.
    yield from api.each(GLOBALS, "GlobalClusters[]", "GlobalClusterIdentifier")


def snapshots(api: Api) -> Iterator[Body]:
    yield from api.spread(_shares, api.each(SNAPSHOTS, "DBClusterSnapshots[]", "DBClusterSnapshotArn"))


def _shares(api: Api, body: Body) -> Body:
    listed = body[SNAPSHOTS]["DBClusterSnapshots[]"]
    arn, name = listed["DBClusterSnapshotArn"], listed.get("DBClusterSnapshotIdentifier")
    if listed.get("SnapshotType") not in databases.NOT_SHARED:
        api.ask(
            body,
            SHARES,
            expect="DBClusterSnapshotAttributesResult.DBClusterSnapshotAttributes",
            subject=arn,
            DBClusterSnapshotIdentifier=name,
        )
    return databases.with_keys(api, body, listed, arn)


def backups(api: Api) -> Iterator[Body]:
    for body in api.each(BACKUPS, "DBClusterAutomatedBackups[]", "DBClusterIdentifier"):
        yield from databases.backups_alone(api, body, body[BACKUPS]["DBClusterAutomatedBackups[]"], "DBCluster")


# --- clusters ---------------------------------------------------------------------------------


def place_cluster(cluster: Document) -> Placed:
    store_id = cluster.id("{arn}", arn=cluster.get(f"{CLUSTER}.DBClusterArn"))
    name = cluster.get(f"{CLUSTER}.DBClusterIdentifier")
    store = cluster.store("aws.rds.cluster", store_id, name, _copies(cluster), tags=f"{CLUSTER}.TagList[]")
    yield store
    yield from edges_of(store)
    for path, resource in _SOURCES:
        yield from databases.replica_of(cluster, store, path, resource)
    for group in _global_cluster(cluster):
        yield from _each_other([_first_of(cluster, group), store.id], cluster.said(JOINS))


def _copies(cluster: Document) -> Iterator[Copy]:
    """Its automated backups stand in its region as it does, and are no copies of their own here."""
    said = databases.region_said(cluster, f"{CLUSTER}.DBClusterArn")
    yield cluster.copy(Role.PRIMARY, databases.region_of(cluster), said, control=_control(cluster))
    yield from databases.cluster_replicas(cluster, f"{CLUSTER}.ReadReplicaIdentifiers")
    yield from _unseen_members(cluster)
    yield from databases.activity(cluster, CLUSTER)
    yield from keys.replicas(cluster, cluster.get(f"{CLUSTER}.KmsKeyId"))


def _control(cluster: Document) -> Control:
    derived = any(cluster.get(path) is not None for path, _ in _SOURCES)
    arn = f"{CLUSTER}.DBClusterArn"
    return databases.control(cluster, CLUSTER, arn, off=_grade_without_flag(cluster, arn), derived=derived)


def _grade_without_flag(cluster: Document, arn: str) -> int | None:
    """The grade of a cluster whose StorageEncrypted is off.

    Every new Aurora cluster is encrypted, with a key of AWS's own (Aurora user guide, Encrypting Amazon Aurora
    resources: since 2026-02-18); of one that stands already a template does not tell which it is.
    """
    if not cluster.origin.planned:
        return keys.UNENCRYPTED
    if isinstance(cluster.get(arn), str):
        return None
    if not str(cluster.get(f"{CLUSTER}.Engine")).startswith("aurora"):
        return keys.UNENCRYPTED
    # The members of a global database are encrypted as the first of them is.
    return None if cluster.get(JOINS) is not None or cluster.get(MAY_STAND) else keys.PROVIDER_OWNED


# --- global databases -------------------------------------------------------------------------


def place_global_cluster(group: Document) -> Placed:
    """Each member has what the others have, and which of them is written to may change."""
    members = group.each(MEMBERS)
    known = [] if isinstance(members, Unknown) else members
    named = [name for member in known for name in (member.get("DBClusterArn"), *(member.get("Readers") or ()))]
    yield from _each_other(named, group.said(MEMBERS))


def _each_other(members: Iterable[Any], said: Said) -> Iterator[Edge]:
    """One edge from each member to each other one."""
    known = list(dict.fromkeys(name for name in members if isinstance(name, str)))
    for source in known:
        yield from (databases.edge(source, target, Role.REPLICA, said) for target in known if target != source)


def _global_cluster(cluster: Document) -> list[Document]:
    """What the same plan says of the global database that a cluster joins."""
    name = cluster.get(JOINS)
    planned = cluster.origin.planned and name is not None
    found = databases.meant(cluster, GLOBALS, name, GLOBAL_NAME) if planned else []
    return [group for group in found if group.body is not None]


def _first_of(cluster: Document, group: Document) -> str | None:
    """The id of the cluster that a global database was made of."""
    source = databases.beside(group, "@source")
    if isinstance(source, Unknown):
        return cluster.origin.names.get(source.refers_to or "")
    return databases.id_of(cluster, "cluster", source)


def _unseen_members(cluster: Document) -> Iterator[Copy]:
    """Of a global database that the plan does not make nobody says here where the other members stand."""
    if cluster.origin.planned and cluster.get(JOINS) is not None and not _global_cluster(cluster):
        yield cluster.copy(Role.REPLICA, None, cluster.said(JOINS), state=State.MAY_APPEAR)


# --- snapshots and backups --------------------------------------------------------------------


def place_snapshot(snapshot: Document) -> Placed:
    places = databases.also_at_destination(snapshot, [(databases.region_of(snapshot), None)])
    yield from databases.placed_snapshot(snapshot, _SNAPSHOT, places, databases.region_said(snapshot, _SNAPSHOT.arn))


def place_automated_backup(backup: Document) -> Placed:
    yield from databases.placed_backup(backup, BACKUP, "DBCluster", (databases.region_of(backup), None))


SNAPSHOT_NEEDS = {SNAPSHOTS: SNAPSHOTS, SHARES: SHARES} | keys.NEEDS
LISTINGS = (
    Listing("aws", "rds", CLUSTERS, Scope.REGION, {CLUSTERS: CLUSTERS} | keys.NEEDS, clusters, place_cluster),
    Listing("aws", "rds", GLOBALS, Scope.REGION, {GLOBALS: GLOBALS}, global_clusters, place_global_cluster),
    Listing("aws", "rds", SNAPSHOTS, Scope.REGION, SNAPSHOT_NEEDS, snapshots, place_snapshot),
    Listing("aws", "rds", BACKUPS, Scope.REGION, {BACKUPS: BACKUPS} | keys.NEEDS, backups, place_automated_backup),
)


# --- as code ----------------------------------------------------------------------------------

_SNAPSHOT_FIELDS: dict[str, TemplateField] = {
    f"{SNAPSHOT}.StorageEncrypted": "storage_encrypted",
    f"{SNAPSHOT}.KmsKeyId": "kms_key_id",
    f"{SNAPSHOT}.TagList[]": TAGS,
    ATTRIBUTES: Each("", {"AttributeName": Always("restore"), "AttributeValues": Several("shared_accounts")}),
    "@region": REGION,
}
TERRAFORM = {
    "aws_rds_cluster": Template(
        fields={
            f"{CLUSTER}.DBClusterArn": "arn",
            f"{CLUSTER}.DBClusterIdentifier": "cluster_identifier",
            f"{CLUSTER}.Engine": "engine",
            f"{CLUSTER}.StorageEncrypted": "storage_encrypted",
            f"{CLUSTER}.KmsKeyId": "kms_key_id",
            JOINS: "global_cluster_identifier",
            REPLICA_OF: "replication_source_identifier",
            SNAPSHOT_OF: "snapshot_identifier",
            RESTORED: "restore_to_point_in_time.source_cluster_identifier",
            f"{CLUSTER}.TagList[]": TAGS,
            "@region": REGION,
        },
        place=place_cluster,
        names=("id", "arn", "cluster_identifier"),
        arn=f"{ARN}cluster:{{0}}",
        computed=("kms_key_id", "storage_encrypted"),
    ),
    "aws_rds_global_cluster": Template(
        fields={GLOBAL_NAME: "global_cluster_identifier", "@source": "source_db_cluster_identifier"},
        answers=GLOBALS,
        names=("arn",),
        computed=("source_db_cluster_identifier",),
    ),
    "aws_db_cluster_snapshot": Template(
        fields={
            **_SNAPSHOT_FIELDS,
            f"{SNAPSHOT}.DBClusterSnapshotIdentifier": "db_cluster_snapshot_identifier",
            f"{SNAPSHOT}.DBClusterIdentifier": "db_cluster_identifier",
        },
        place=place_snapshot,
        id="{db_cluster_snapshot_arn}",
        names=("id", "db_cluster_snapshot_arn", "db_cluster_snapshot_identifier"),
        arn=f"{ARN}cluster-snapshot:{{0}}",
        computed=("kms_key_id",),
    ),
    "aws_rds_cluster_snapshot_copy": Template(
        fields={
            **_SNAPSHOT_FIELDS,
            f"{SNAPSHOT}.DBClusterSnapshotIdentifier": "target_db_cluster_snapshot_identifier",
            f"{SNAPSHOT}.SourceDBClusterSnapshotArn": "source_db_cluster_snapshot_identifier",
            "@destination": "destination_region",
        },
        place=place_snapshot,
        id="{db_cluster_snapshot_arn}",
        names=("id", "db_cluster_snapshot_arn", "target_db_cluster_snapshot_identifier"),
        arn=f"{ARN}cluster-snapshot:{{0}}",
    ),
}

# Property names: CloudFormation template reference of each type (read 2026-11-22).
CLOUDFORMATION = {
    "AWS::RDS::DBCluster": Template(
        fields={
            f"{CLUSTER}.DBClusterIdentifier": "DBClusterIdentifier",
            f"{CLUSTER}.Engine": "Engine",
            f"{CLUSTER}.StorageEncrypted": "StorageEncrypted",
            f"{CLUSTER}.KmsKeyId": "KmsKeyId",
            JOINS: "GlobalClusterIdentifier",
            REPLICA_OF: "ReplicationSourceIdentifier",
            SNAPSHOT_OF: "SnapshotIdentifier",
            RESTORED: "SourceDBClusterIdentifier",
            f"{CLUSTER}.TagList[]": TAGS,
            MAY_STAND: Always(True),
            "@region": REGION,
        },
        place=place_cluster,
        names=("DBClusterIdentifier",),
        arn=f"{ARN}cluster:{{0}}",
    ),
    "AWS::RDS::GlobalCluster": Template(
        fields={GLOBAL_NAME: "GlobalClusterIdentifier", "@source": "SourceDBClusterIdentifier"},
        answers=GLOBALS,
        names=(),
    ),
    "AWS::RDS::ClusterSnapshot": Template(
        fields={
            f"{SNAPSHOT}.DBClusterSnapshotIdentifier": "DBClusterSnapshotIdentifier",
            f"{SNAPSHOT}.DBClusterIdentifier": "DBClusterIdentifier",
            f"{SNAPSHOT}.TagList[]": TAGS,
            "@region": REGION,
        },
        place=place_snapshot,
        names=("DBClusterSnapshotIdentifier",),
        arn=f"{ARN}cluster-snapshot:{{0}}",
    ),
}
