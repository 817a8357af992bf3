"""Amazon RDS and Aurora: instances, clusters, global databases, snapshots, automated backups, exports.

An instance stands in its zone, on the Outpost of its subnet, or in a Local Zone that may be abroad. A cluster
keeps its data in three Availability Zones of one region (Aurora user guide, Amazon Aurora storage), and
Aurora is in no Local Zone (ibid., Regions and Availability Zones): it stands in its region, and its instances
show the zones. Instances and clusters of DocumentDB and Neptune are listed here too. (All pages of AWS that are
named in this file were read 2026-11-22.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from residency.clouds.answers import Body, Document, Unknown, edge_from, edges_of
from residency.clouds.aws import copies, keys
from residency.clouds.aws.arn import Arn, parse_arn, region_in
from residency.model import Control, Copy, Edge, Place, Role, Said, SeenFrom, State, Store, Why
from residency.services.base import REGION, TAGS, Always, Each, Listing, Placed, Scope, Several, Template, TemplateField

if TYPE_CHECKING:
    from residency.clouds.aws.api import Api

INSTANCES, CLUSTERS, GLOBALS = "rds:DescribeDBInstances", "rds:DescribeDBClusters", "rds:DescribeGlobalClusters"
SNAPSHOTS, SHARES = "rds:DescribeDBSnapshots", "rds:DescribeDBSnapshotAttributes"
CLUSTER_SNAPSHOTS, CLUSTER_SHARES = "rds:DescribeDBClusterSnapshots", "rds:DescribeDBClusterSnapshotAttributes"
BACKUPS, CLUSTER_BACKUPS = "rds:DescribeDBInstanceAutomatedBackups", "rds:DescribeDBClusterAutomatedBackups"
EXPORTS, INTEGRATIONS = "rds:DescribeExportTasks", "rds:DescribeIntegrations"
# Only a template asks these: an instance names its subnets, and they their zones, itself.
GROUPS, SUBNETS = "rds:DescribeDBSubnetGroups", "ec2:DescribeSubnets"

INSTANCE, CLUSTER = f"{INSTANCES}.DBInstances[]", f"{CLUSTERS}.DBClusters[]"
MEMBERS = f"{GLOBALS}.GlobalClusters[].GlobalClusterMembers[]"
SNAPSHOT, CLUSTER_SNAPSHOT = f"{SNAPSHOTS}.DBSnapshots[]", f"{CLUSTER_SNAPSHOTS}.DBClusterSnapshots[]"
ATTRIBUTES = f"{SHARES}.DBSnapshotAttributesResult.DBSnapshotAttributes[]"
CLUSTER_ATTRIBUTES = f"{CLUSTER_SHARES}.DBClusterSnapshotAttributesResult.DBClusterSnapshotAttributes[]"
BACKUP = f"{BACKUPS}.DBInstanceAutomatedBackups[]"
CLUSTER_BACKUP = f"{CLUSTER_BACKUPS}.DBClusterAutomatedBackups[]"
EXPORT, INTEGRATION = f"{EXPORTS}.ExportTasks[]", f"{INTEGRATIONS}.Integrations[]"
ZONE, GROUP = f"{INSTANCE}.AvailabilityZone", f"{INSTANCE}.DBSubnetGroup.DBSubnetGroupName"
REPLICA_OF = f"{INSTANCE}.ReadReplicaSourceDBInstanceIdentifier"
GLOBAL_NAME = "GlobalClusters[].GlobalClusterIdentifier"
CLUSTER_OF, REPLICA_OF_CLUSTER = f"{INSTANCE}.DBClusterIdentifier", f"{INSTANCE}.ReadReplicaSourceDBClusterIdentifier"
# What something was made from; only a template says it.
SNAPSHOT_OF, RESTORED, BACKED_UP = "@snapshot", "@restored", "@backup"
CLUSTER_SNAPSHOT_OF, SOURCE_REGION = "@cluster-snapshot", "@source-region"
INSTANCE_ORIGINS = (
    SNAPSHOT_OF,
    CLUSTER_SNAPSHOT_OF,
    RESTORED,
    BACKED_UP,
    REPLICA_OF,
    REPLICA_OF_CLUSTER,
    CLUSTER_OF,  # where it is not sure that there is one
)
CLUSTER_ORIGINS = (SNAPSHOT_OF, RESTORED, f"{CLUSTER}.ReplicationSourceIdentifier")
# Where a template sends automated backups to; live, they are named by their ARN.
BACKUP_REGION, BACKUP_KEY = "@backup-region", "@backup-key"
# That it is a member by its type; that it may stand already, for a template does not say what it changes.
MEMBER, MAY_STAND = "@member", "@may-stand"
ARN = "arn:{partition}:rds:{region}:{account}:"
OUTPOST = "aws.outpost"
# Nobody can share an automated snapshot, nor one of AWS Backup (RDS user guide, Sharing a DB snapshot).
NOT_SHARED = ("automated", "awsbackup")

Placing = Callable[[Document], Placed]
Codes = list[tuple[Any, str | None]]  # each with its namespace; several where it is one of them


# --- live -------------------------------------------------------------------------------------


def instances(api: Api) -> Iterator[Body]:
    for body in api.each(INSTANCES, "DBInstances[]", "DBInstanceArn"):
        listed = body[INSTANCES]["DBInstances[]"]
        member = listed.get("DBClusterIdentifier")  # its key is read where the cluster is listed
        yield body if member else _with_keys(api, body, listed, listed["DBInstanceArn"])


def clusters(api: Api) -> Iterator[Body]:
    for body in api.each(CLUSTERS, "DBClusters[]", "DBClusterArn"):
        listed = body[CLUSTERS]["DBClusters[]"]
        yield _with_keys(api, body, listed, listed["DBClusterArn"])


def global_clusters(api: Api) -> Iterator[Body]:
    # Every region seems to answer with all of the account; AWS does not say so, and each relation is one.
    yield from api.each(GLOBALS, "GlobalClusters[]", "GlobalClusterIdentifier")


def snapshots(api: Api) -> Iterator[Body]:
    # Without a type those of others are left out; those of AWS Backup seem to be in (unverified), and AWS Backup
    # lists them by the same name.
    yield from api.spread(_snapshot_shares, api.each(SNAPSHOTS, "DBSnapshots[]", "DBSnapshotArn"))


def _snapshot_shares(api: Api, body: Body) -> Body:
    listed = body[SNAPSHOTS]["DBSnapshots[]"]
    arn, name = listed["DBSnapshotArn"], listed.get("DBSnapshotIdentifier")
    if listed.get("SnapshotType") not in NOT_SHARED:
        api.ask(
            body,
            SHARES,
            expect="DBSnapshotAttributesResult.DBSnapshotAttributes",
            subject=arn,
            DBSnapshotIdentifier=name,
        )
    return _with_keys(api, body, listed, arn)


def cluster_snapshots(api: Api) -> Iterator[Body]:
    found = api.each(CLUSTER_SNAPSHOTS, "DBClusterSnapshots[]", "DBClusterSnapshotArn")
    yield from api.spread(_cluster_snapshot_shares, found)


def _cluster_snapshot_shares(api: Api, body: Body) -> Body:
    listed = body[CLUSTER_SNAPSHOTS]["DBClusterSnapshots[]"]
    arn, name = listed["DBClusterSnapshotArn"], listed.get("DBClusterSnapshotIdentifier")
    if listed.get("SnapshotType") not in NOT_SHARED:
        api.ask(
            body,
            CLUSTER_SHARES,
            expect="DBClusterSnapshotAttributesResult.DBClusterSnapshotAttributes",
            subject=arn,
            DBClusterSnapshotIdentifier=name,
        )
    return _with_keys(api, body, listed, arn)


def automated_backups(api: Api) -> Iterator[Body]:
    for body in api.each(BACKUPS, "DBInstanceAutomatedBackups[]", "DBInstanceIdentifier"):
        listed = body[BACKUPS]["DBInstanceAutomatedBackups[]"]
        yield from _alone(api, body, listed, "DBInstance")


def cluster_automated_backups(api: Api) -> Iterator[Body]:
    for body in api.each(CLUSTER_BACKUPS, "DBClusterAutomatedBackups[]", "DBClusterIdentifier"):
        listed = body[CLUSTER_BACKUPS]["DBClusterAutomatedBackups[]"]
        yield from _alone(api, body, listed, "DBCluster")


def _alone(api: Api, body: Body, listed: Body, of: str) -> Iterator[Body]:
    """A backup of what stands elsewhere, or no more. That of a living instance is a copy that the instance tells of.

    `Region` is the region of the source (RDS user guide, Replicating automated backups).
    """
    if listed.get("Region") not in (None, api.region) or listed.get("Status") not in ("active", "creating"):
        own = f"arn:{api.partition}:rds:{api.region}:{api.cell.account}:auto-backup:{listed[f'{of}Identifier']}"
        arn = listed.get(f"{of}AutomatedBackupsArn") or own
        yield _with_keys(api, body, listed, arn) | {"@arn": arn}


def exports(api: Api) -> Iterator[Body]:
    yield from api.each(EXPORTS, "ExportTasks[]", "ExportTaskIdentifier")


def integrations(api: Api) -> Iterator[Body]:
    yield from api.each(INTEGRATIONS, "Integrations[]", "IntegrationArn")


def _with_keys(api: Api, body: Body, listed: Body, subject: str) -> Body:
    """Write what its keys are into the document. A key that AWS owns is not asked for: nobody may describe it."""
    encrypted = listed.get("StorageEncrypted", listed.get("Encrypted"))
    own = listed.get("KmsKeyId") if encrypted and listed.get("StorageEncryptionType") != "sse-rds" else None
    for key in (own, listed.get("ActivityStreamKmsKeyId")):
        keys.describe(api, body, key, subject=subject, region=api.region)
    return body


# --- instances --------------------------------------------------------------------------------


def place_instance(db: Document) -> Placed:
    store_id = db.id("{arn}", arn=db.get(f"{INSTANCE}.DBInstanceArn"))
    cluster = _id_of(db, "cluster", db.get(CLUSTER_OF))
    name = db.get(f"{INSTANCE}.DBInstanceIdentifier")
    found = _copies_of_instance(db, cluster)
    store = db.store("aws.rds.instance", store_id, name, found, tags=f"{INSTANCE}.TagList[]")
    yield store
    yield from (edge for edge in edges_of(store) if edge.role is not Role.PRIMARY)
    yield from _from(db, cluster, store, Role.REPLICA, CLUSTER_OF)
    for path, resource in _INSTANCE_SOURCES:
        yield from _replica_of(db, store, path, resource)


_INSTANCE_SOURCES = (
    (REPLICA_OF, "db"),
    (REPLICA_OF_CLUSTER, "cluster"),
    (SNAPSHOT_OF, "snapshot"),
    (CLUSTER_SNAPSHOT_OF, "cluster-snapshot"),
    (RESTORED, "db"),
    (BACKED_UP, "auto-backup"),
)


def _copies_of_instance(db: Document, cluster: str | None) -> Iterator[Copy]:
    # What a member of a cluster keeps is the cluster's: it is shown in this zone, and counted and judged there.
    control = None if _is_member(db) else _control(db, INSTANCE, "DBInstanceArn")
    places, path, why = _standing(db)
    primary = _copy(db, Role.PRIMARY, places, db.said(path), why=why, holder=cluster, control=control)
    yield primary
    yield from _standby(db, control)
    yield from _instance_replicas(db)
    yield from _cluster_replicas(db, f"{INSTANCE}.ReadReplicaDBClusterIdentifiers")
    if not _is_member(db):
        yield from _backups(db, primary)
        yield from _planned_backups(db)
        yield from _activity(db, INSTANCE)
    yield from keys.replicas(db, db.get(f"{INSTANCE}.KmsKeyId"))


def _is_member(db: Document) -> bool:
    """Whether what it keeps is a cluster's.

    A template may name a cluster under a condition, or by a value that is not known: then nobody says so.
    """
    cluster = db.get(CLUSTER_OF)
    return isinstance(cluster, str) or bool(db.get(MEMBER) or (isinstance(cluster, Unknown) and cluster.refers_to))


def _standing(db: Document) -> tuple[Codes, str, Why | None]:
    """Where an instance stands, the path that says so, and why that is not sure.

    Live, it names its zone or stands nowhere that is known. A template seldom names one: then its subnet group
    decides, and the instance stands in one of the zones of the group's subnets. Where the group is not in the
    plan, its region is a candidate and no place, so that a region abroad is told and one inside is not believed.
    """
    zone, subnets = db.get(ZONE), _subnets(db)
    if isinstance(zone, str):
        return _in_zone(zone, subnets), ZONE, None
    if not db.origin.planned:
        return [(zone, None)], ZONE, None
    if isinstance(subnets, list):
        return [_most_exact(*subnet) for subnet in subnets], GROUP, None
    region = _region(db)
    if _is_regional(db, zone, subnets):
        return [(region, None)], "@region", None
    unknown = subnets or zone
    path = GROUP if zone is None else ZONE
    return [(region, None)], path, unknown.why if isinstance(unknown, Unknown) else Why.UNRESOLVED


def _is_regional(db: Document, zone: Any, subnets: Unknown | None) -> bool:
    """A template from which no Local Zone can be meant although it names no zone.

    Aurora is in none, and no Multi-AZ deployment has one (RDS user guide, Regions, Availability Zones, and Local
    Zones). Without a subnet group RDS chooses an Availability Zone of the region (RDS API reference,
    CreateDBInstance, AvailabilityZone); but a replica takes the group of its source in the same region.
    """
    source = db.get(REPLICA_OF)
    arn = parse_arn(source)
    elsewhere = arn.region if arn else db.get(SOURCE_REGION)
    own_group = source is None or (isinstance(elsewhere, str) and elsewhere != _region(db))
    chosen_by_rds = zone is None and subnets is None and own_group
    return _is_member(db) or db.get(f"{INSTANCE}.MultiAZ") is True or chosen_by_rds


def _in_zone(zone: str, subnets: Any) -> Codes:
    """The zone, or the Outposts of its subnets there: an instance on an Outpost names the zone of its parent region."""
    inside = [subnet for subnet in subnets if subnet[0] == zone] if isinstance(subnets, list) else []
    return [_most_exact(*subnet) for subnet in inside] or [(zone, None)]


def _most_exact(zone: Any, outpost: Any) -> tuple[Any, str | None]:
    if not outpost:
        return zone, None
    arn = parse_arn(outpost)
    return arn.resource.rpartition("/")[2] if arn else outpost if isinstance(outpost, Unknown) else None, OUTPOST


def _subnets(db: Document) -> list[tuple[Any, Any]] | Unknown | None:
    """Zone and Outpost of each subnet of its group; None where a template names no group."""
    if db.origin.planned:
        return None if db.get(GROUP) is None else _planned_subnets(db, db.get(GROUP))
    listed = db.each(f"{INSTANCE}.DBSubnetGroup.Subnets[]")
    known = [] if isinstance(listed, Unknown) else listed
    return [(subnet.get("SubnetAvailabilityZone.Name"), subnet.get("SubnetOutpost.Arn")) for subnet in known]


def _planned_subnets(db: Document, name: Any) -> list[tuple[Any, Any]] | Unknown:
    """Unknown unless the plan holds the group and a zone for every subnet of it."""
    groups = _meant(db, GROUPS, name, "DBSubnetGroups[].DBSubnetGroupName")
    found = [_zone_of(subnet) for group in groups for subnet in _meant(db, SUBNETS, _beside(group, "@subnets"))]
    if found and all(isinstance(zone, str) for zone, _ in found):
        return found
    return name if isinstance(name, Unknown) else Unknown(Why.UNRESOLVED, "its subnets are not in the plan")


def _zone_of(subnet: Document) -> tuple[Any, Any]:
    zones = [subnet.get(f"Subnets[].{field}") for field in ("AvailabilityZone", "AvailabilityZoneId")]
    return next((zone for zone in zones if isinstance(zone, str)), None), subnet.get("Subnets[].OutpostArn")


def _meant(document: Document, call: str, value: Any, name: str = "") -> list[Document]:
    """What the plan says of the things that a value may mean; an empty document for what it does not make.

    A thing is known by its id or address; with `name`, by the value there, in the same region where it has one: as
    a name it may mean something of another kind as well.
    """
    if isinstance(value, list):
        return [thing for item in value for thing in _meant(document, call, item, name)]
    known: Body = document.root.body.get(call) or {}
    if isinstance(value, Unknown):
        bodies = [known.get(address) for address in ((value.refers_to,) if value.refers_to else value.one_of)]
    elif name:
        things = [Document(body, document.origin, f"{call}.") for body in known.values()]
        here = _region(document)
        same = [thing for thing in things if thing.get(name) == value and _beside(thing, "@region") in (None, here)]
        bodies = [thing.body for thing in same[:1]]
    else:
        bodies = [known.get(value)]
    return [Document(body, document.origin, f"{call}.") for body in bodies or [None]]


def _beside(thing: Document, key: str) -> Any:
    """What a plan says of a thing beside the fields of the provider's answer."""
    return thing.body.get(key) if isinstance(thing.body, Mapping) else thing.body


def _standby(db: Document, control: Control | None) -> Iterator[Copy]:
    path, several = f"{INSTANCE}.SecondaryAvailabilityZone", db.get(f"{INSTANCE}.MultiAZ")
    zone = db.get(path)
    if isinstance(zone, str):
        yield _copy(db, Role.STANDBY, _in_zone(zone, _subnets(db)), db.said(path), control=control)
    elif several and not _is_member(db):
        said = db.said(f"{INSTANCE}.MultiAZ")
        if db.origin.planned:
            places, _, why = _standing(db)
            state = State.MAY_APPEAR if isinstance(several, Unknown) else State.PLANNED
            yield _copy(db, Role.STANDBY, places, said, why=why, control=control, state=state)
        else:
            yield db.copy(Role.STANDBY, None, said, control=control)


def _instance_replicas(db: Document) -> Iterator[Copy]:
    """Its read replicas. Their names say a region, and which zone of it, or none of its own, only they say."""
    path = f"{INSTANCE}.ReadReplicaDBInstanceIdentifiers"
    for name in db.get(path) or ():
        arn = parse_arn(_id_of(db, "db", name))
        yield Copy(
            role=Role.REPLICA,
            place=None,
            candidates=(arn.place,) if arn and arn.place else (),
            why=Why.UNRESOLVED,
            holder=_id_of(db, "db", name),
            account=arn.account if arn else None,
            said_by=(db.said(f"{path}[]"),),
        )


def _backups(db: Document, primary: Copy) -> Iterator[Copy]:
    """Its automated backups, and those that are replicated to other regions. A cluster keeps those of its members."""
    retention = db.get(f"{INSTANCE}.BackupRetentionPeriod")
    if retention != 0:
        code, namespace = _kept_at(db, f"{INSTANCE}.BackupTarget", primary.place)
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


def _kept_at(document: Document, path: str, beside: Place | None = None) -> tuple[Any, str | None]:
    """Where backups are kept: in the region unless another target is named (CreateDBInstance, BackupTarget).

    On the Outpost of what they are of, where that is on one. Which Dedicated Local Zone `local` means is not said.
    """
    target = document.get(path)
    if target in (None, "region"):
        return _region(document), None
    if target == "outposts" and beside and beside.namespace == OUTPOST:
        return beside.code, OUTPOST
    return target if isinstance(target, Unknown) else None, None


def _activity(document: Document, path: str) -> Iterator[Copy]:
    """The stream of what is done in the database, with its statements: a Kinesis stream beside it."""
    name, key = (document.get(f"{path}.ActivityStream{field}") for field in ("KinesisStreamName", "KmsKeyId"))
    if name:
        holder = document.id_of("arn:{partition}:kinesis:{region}:{account}:stream/{0}", name, document.origin.region)
        control = keys.of_key(document, key, document.said(f"{path}.ActivityStreamKmsKeyId"))
        said = document.said(f"{path}.ActivityStreamKinesisStreamName")
        yield document.copy(Role.LOG, _region(document), said, holder=holder, control=control)


# --- clusters ---------------------------------------------------------------------------------


def place_cluster(cluster: Document) -> Placed:
    store_id = cluster.id("{arn}", arn=cluster.get(f"{CLUSTER}.DBClusterArn"))
    name = cluster.get(f"{CLUSTER}.DBClusterIdentifier")
    found = _copies_of_cluster(cluster)
    store = cluster.store("aws.rds.cluster", store_id, name, found, tags=f"{CLUSTER}.TagList[]")
    yield store
    yield from edges_of(store)
    for path, resource in _CLUSTER_SOURCES:
        yield from _replica_of(cluster, store, path, resource)
    for group in _global_cluster(cluster):
        source = _beside(group, "@source")
        unknown = isinstance(source, Unknown)
        first = cluster.origin.names.get(source.refers_to or "") if unknown else _id_of(cluster, "cluster", source)
        yield from _each_other([first, store.id], cluster.said(f"{CLUSTER}.GlobalClusterIdentifier"))


_CLUSTER_SOURCES = (
    (f"{CLUSTER}.ReplicationSourceIdentifier", "cluster"),
    (SNAPSHOT_OF, "cluster-snapshot"),
    (RESTORED, "cluster"),
)


def _copies_of_cluster(cluster: Document) -> Iterator[Copy]:
    """Its automated backups stand in its region as it does, and are no copies of their own here."""
    control, said = _control(cluster, CLUSTER, "DBClusterArn"), _said(cluster, f"{CLUSTER}.DBClusterArn")
    yield cluster.copy(Role.PRIMARY, _region(cluster), said, control=control)
    yield from _cluster_replicas(cluster, f"{CLUSTER}.ReadReplicaIdentifiers")
    yield from _unseen_members(cluster)
    yield from _activity(cluster, CLUSTER)
    yield from keys.replicas(cluster, cluster.get(f"{CLUSTER}.KmsKeyId"))


def _global_cluster(cluster: Document) -> list[Document]:
    """What the same plan says of the global database that a cluster joins."""
    name = cluster.get(f"{CLUSTER}.GlobalClusterIdentifier")
    found = _meant(cluster, GLOBALS, name, GLOBAL_NAME) if cluster.origin.planned and name is not None else []
    return [group for group in found if group.body is not None]


def _unseen_members(cluster: Document) -> Iterator[Copy]:
    """Of a global database that the plan does not make nobody says here where the other members stand."""
    path = f"{CLUSTER}.GlobalClusterIdentifier"
    if cluster.origin.planned and cluster.get(path) is not None and not _global_cluster(cluster):
        yield cluster.copy(Role.REPLICA, None, cluster.said(path), state=State.MAY_APPEAR)


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
        yield from (_edge(source, target, Role.REPLICA, said) for target in known if target != source)


# --- snapshots and backups --------------------------------------------------------------------


def place_snapshot(snapshot: Document) -> Placed:
    store_id = snapshot.id("{arn}", arn=snapshot.get(f"{SNAPSHOT}.DBSnapshotArn"))
    control = _control(snapshot, SNAPSHOT, "DBSnapshotArn", flag="Encrypted")
    places, path = _snapshot_at(snapshot)
    primary = _copy(snapshot, Role.PRIMARY, places, snapshot.said(path), control=control)
    shared = list(_shared(snapshot, ATTRIBUTES, primary))
    found = (primary, *shared, *keys.replicas(snapshot, snapshot.get(f"{SNAPSHOT}.KmsKeyId")))
    name = snapshot.get(f"{SNAPSHOT}.DBSnapshotIdentifier")
    store = snapshot.store("aws.rds.snapshot", store_id, name, found, tags=f"{SNAPSHOT}.TagList[]")
    yield store
    source = snapshot.get(f"{SNAPSHOT}.SourceDBSnapshotIdentifier")
    origin = _id_of(snapshot, "db", snapshot.get(f"{SNAPSHOT}.DBInstanceIdentifier"), parse_arn(source))
    yield from _from(snapshot, origin, store, Role.SNAPSHOT, f"{SNAPSHOT}.DBInstanceIdentifier")
    copied = _id_of(snapshot, "snapshot", source)
    yield from _from(snapshot, copied, store, Role.SNAPSHOT, f"{SNAPSHOT}.SourceDBSnapshotIdentifier")


def _snapshot_at(snapshot: Document) -> tuple[Codes, str]:
    """Where a snapshot is kept, and the path that says so: a Dedicated Local Zone, a custom one, else its region.

    Nothing says which Outpost keeps it.
    """
    zone, target = f"{SNAPSHOT}.SnapshotAvailabilityZone", f"{SNAPSHOT}.SnapshotTarget"
    for path in (zone, "@custom"):
        if snapshot.get(path):
            return [(snapshot.get(path), None)], path
    places = [_kept_at(snapshot, target)]
    own = "@region" if snapshot.origin.planned else f"{SNAPSHOT}.DBSnapshotArn"
    return _also_at_destination(snapshot, places), target if snapshot.get(target) else own


def _also_at_destination(snapshot: Document, places: Codes) -> Codes:
    """A template's copy stands in the region of its provider, where the provider asks for it, or in the destination.

    The documentation of `destination_region` says that the copy goes there; the provider's source only signs a URL
    for it. So it is in one of the two.
    """
    destination = snapshot.get("@destination")
    return places if destination is None else list(dict.fromkeys([*places, (destination, None)]))


def place_cluster_snapshot(snapshot: Document) -> Placed:
    store_id = snapshot.id("{arn}", arn=snapshot.get(f"{CLUSTER_SNAPSHOT}.DBClusterSnapshotArn"))
    control = _control(snapshot, CLUSTER_SNAPSHOT, "DBClusterSnapshotArn")
    places = _also_at_destination(snapshot, [(_region(snapshot), None)])
    said = _said(snapshot, f"{CLUSTER_SNAPSHOT}.DBClusterSnapshotArn")
    primary = _copy(snapshot, Role.PRIMARY, places, said, control=control)
    shared = list(_shared(snapshot, CLUSTER_ATTRIBUTES, primary))
    found = (primary, *shared, *keys.replicas(snapshot, snapshot.get(f"{CLUSTER_SNAPSHOT}.KmsKeyId")))
    name = snapshot.get(f"{CLUSTER_SNAPSHOT}.DBClusterSnapshotIdentifier")
    store = snapshot.store("aws.rds.cluster-snapshot", store_id, name, found, tags=f"{CLUSTER_SNAPSHOT}.TagList[]")
    yield store
    source = snapshot.get(f"{CLUSTER_SNAPSHOT}.SourceDBClusterSnapshotArn")
    origin = _id_of(snapshot, "cluster", snapshot.get(f"{CLUSTER_SNAPSHOT}.DBClusterIdentifier"), parse_arn(source))
    yield from _from(snapshot, origin, store, Role.SNAPSHOT, f"{CLUSTER_SNAPSHOT}.DBClusterIdentifier")
    copied = _id_of(snapshot, "cluster-snapshot", source)
    yield from _from(snapshot, copied, store, Role.SNAPSHOT, f"{CLUSTER_SNAPSHOT}.SourceDBClusterSnapshotArn")


def _shared(snapshot: Document, path: str, primary: Copy) -> Iterator[Copy]:
    """One share for each account that may restore it; `all` is everyone (RDS API reference, DBSnapshotAttribute)."""
    attributes = snapshot.each(path)
    if isinstance(attributes, Unknown):
        yield snapshot.copy(Role.SHARE, attributes, snapshot.said(path), state=State.MAY_APPEAR)
        return
    for attribute in attributes:
        accounts, said = attribute.get("AttributeValues"), attribute.said("AttributeValues")
        if isinstance(accounts, Unknown):
            yield snapshot.copy(Role.SHARE, accounts, said, state=State.MAY_APPEAR)
        elif attribute.get("AttributeName") == "restore":
            yield from copies.shares(primary, ((account, said) for account in accounts or ()))


def place_automated_backup(backup: Document) -> Placed:
    yield from _automated(backup, BACKUP, "DBInstance", _kept_at(backup, f"{BACKUP}.BackupTarget"), "Encrypted")


def place_cluster_automated_backup(backup: Document) -> Placed:
    yield from _automated(backup, CLUSTER_BACKUP, "DBCluster", (_region(backup), None), "StorageEncrypted")


def _automated(backup: Document, path: str, of: str, at: tuple[Any, str | None], flag: str) -> Placed:
    own = f"{of}AutomatedBackupsArn"
    store_id = backup.id("{arn}", arn=backup.get("@arn"))
    control = _control(backup, path, own, flag=flag)
    primary = backup.copy(Role.PRIMARY, at[0], _said(backup, f"{path}.{own}"), namespace=at[1], control=control)
    found = (primary, *keys.replicas(backup, backup.get(f"{path}.KmsKeyId")))
    name = backup.get(f"{path}.{of}Identifier")
    store = backup.store("aws.rds.automated-backup", store_id, name, found, tags=f"{path}.TagList[]")
    yield store
    source = backup.id_of("{0}", backup.get(f"{path}.{of}Arn"))
    yield from _from(backup, source, store, Role.BACKUP, f"{path}.{of}Arn")


# --- what leaves ------------------------------------------------------------------------------


def place_export(task: Document) -> Placed:
    """A relation: the bucket is listed by itself. What an export that failed wrote before may remain."""
    source = task.id_of("{0}", task.get(f"{EXPORT}.SourceArn")) or task.origin.stands_for
    bucket = task.id_of("arn:{partition}:s3:::{0}", task.get(f"{EXPORT}.S3Bucket"))
    former = task.get(f"{EXPORT}.Status") in ("FAILED", "CANCELED")
    if source:
        yield _edge(source, bucket, Role.EXPORT, task.said(f"{EXPORT}.S3Bucket"), former=former)


def place_integration(integration: Document) -> Placed:
    """A relation: the source is replicated into the target, a data warehouse, as long as it stands."""
    source, target = (integration.id_of("{0}", integration.get(f"{INTEGRATION}.{end}Arn")) for end in _ENDS)
    former = integration.get(f"{INTEGRATION}.Status") in ("failed", "deleting")
    source = source or integration.origin.stands_for
    if source:
        yield _edge(source, target, Role.REPLICA, integration.said(f"{INTEGRATION}.TargetArn"), former=former)


_ENDS = ("Source", "Target")


# --- shared -----------------------------------------------------------------------------------


def _region(document: Document) -> Any:
    """The region that was asked; of a template that of its name, or what it says of its own."""
    return document.origin.region or region_in(document.origin.stands_for) or document.get("@region")


def _said(document: Document, path: str) -> Said:
    """Who says the region: live the ARN at a path, of what a template makes its provider."""
    return document.said("@region" if document.origin.planned else path)


def _copy(document: Document, role: Role, places: Codes, said: Said, *, why: Why | None = None, **more: Any) -> Copy:
    """A copy at a place, or in one of several. `why`: they are named, but not that it is in one of them."""
    unknown = next((place for place in places if not isinstance(place[0], str)), None)
    code, namespace = unknown or places[0]
    if unknown or (len(set(places)) == 1 and why is None):
        return document.copy(role, code, said, namespace=namespace, **more)
    candidates = [document.place(*place) for place in dict.fromkeys(places)]
    return Copy(
        role=role,
        place=None,
        candidates=tuple(place for place in candidates if place),
        why=why,
        said_by=(said,),
        **({"state": State.PLANNED if document.origin.planned else State.EXISTS} | more),
    )


def _id_of(document: Document, resource: str, name: Any, near: Arn | None = None) -> str | None:
    """The id of what a name means: of another region or account RDS says an ARN, else the bare name.

    `near`: the name is of the region and account of this one.
    """
    if not isinstance(name, str) or parse_arn(name):
        return document.id_of("{0}", name)
    if near:
        return f"arn:{near.partition}:rds:{near.region}:{near.account}:{resource}:{name}"
    return document.id_of(f"{ARN}{resource}:{{0}}", name, _region(document))


def _cluster_replicas(document: Document, path: str) -> Iterator[Copy]:
    for name in document.get(path) or ():
        yield copies.at_arn(document, Role.REPLICA, _id_of(document, "cluster", name), document.said(f"{path}[]"))


def _replica_of(document: Document, store: Store, path: str, resource: str) -> Iterable[Edge]:
    return _from(document, _id_of(document, resource, document.get(path)), store, Role.REPLICA, path)


def _from(document: Document, origin: str | None, store: Store, role: Role, path: str) -> Iterator[Edge]:
    """The edge from what a path names. Of a store that may be in several places the edge says the region.

    Where in it, only the store itself says: so it is not taken as told by its origin.
    """
    told = edge_from(origin, store, role, document.said(path))
    if not store.copies[0].candidates:
        yield from told
        return
    here = document.place(_region(document))
    for edge in told:
        yield _edge(edge.source, store.id, role, document.said(path), place=here, seen_from=SeenFrom.TARGET)


def _edge(source: str, target: str | None, role: Role, said: Said, *, place: Place | None = None, **more: Any) -> Edge:
    """One relation; a target that an ARN names stands in the region of its name."""
    arn = parse_arn(target)
    return Edge(
        source=source,
        target=target,
        role=role,
        target_place=place or (arn.place if arn else None),
        target_account=arn.account if arn else None,
        said_by=(said,),
        **({"seen_from": SeenFrom.SOURCE} | more),
    )


def _control(document: Document, path: str, arn: str, *, flag: str = "StorageEncrypted") -> Control:
    """StorageEncryptionType says more than the flag, which is false with a key that AWS owns (RDS API reference)."""
    kind, encrypted, key = (document.get(f"{path}.{name}") for name in ("StorageEncryptionType", flag, "KmsKeyId"))
    said = document.said(f"{path}.{flag}")
    if kind in ("none", "sse-rds"):
        grade = keys.PROVIDER_OWNED if kind == "sse-rds" else keys.UNENCRYPTED
        return keys.plain(grade, document.said(f"{path}.StorageEncryptionType"))
    if key is not None and (encrypted or document.origin.planned):
        return keys.of_key(document, key, document.said(f"{path}.KmsKeyId"))
    if document.origin.planned:
        return _planned_control(document, path, arn, encrypted, said)
    return keys.plain(None if encrypted else keys.UNENCRYPTED, said)


def _planned_control(document: Document, path: str, arn: str, encrypted: Any, said: Said) -> Control:
    """A template without a key.

    What is made from something else is encrypted as that is, whatever the switch says. With the switch it is the
    key that AWS manages in the account, without it an instance is not encrypted (CreateDBInstance, KmsKeyId and
    StorageEncrypted). Every new Aurora cluster is encrypted, with a key of AWS's own (Aurora user guide, Encrypting
    Amazon Aurora resources: since 2026-02-18); of one that stands already the switch does not tell which it is.
    """
    aurora = path == CLUSTER and str(document.get(f"{CLUSTER}.Engine")).startswith("aurora")
    if isinstance(document.get(f"{path}.{arn}"), str):  # it stands already
        return keys.plain(None if encrypted or path not in (INSTANCE, SNAPSHOT) else keys.UNENCRYPTED, said)
    if isinstance(encrypted, Unknown) or _is_derived(document, path):
        return keys.plain(None, said)
    if encrypted:
        return keys.plain(keys.PROVIDER_OWNED, document.said(f"{path}.KmsKeyId"), "provider-managed-key")
    if aurora:
        # The members of a global database are encrypted as the first of them is.
        joined = document.get(f"{CLUSTER}.GlobalClusterIdentifier") is not None
        return keys.plain(None if joined or document.get(MAY_STAND) else keys.PROVIDER_OWNED, said)
    return keys.plain(keys.UNENCRYPTED, said)


def _is_derived(document: Document, path: str) -> bool:
    """It takes its data from something else, as every snapshot and backup does."""
    origins = {INSTANCE: INSTANCE_ORIGINS, CLUSTER: CLUSTER_ORIGINS}
    return path not in origins or any(document.get(origin) is not None for origin in origins[path])


def _listing(call: str, found: Callable[[Api], Iterator[Body]], place: Placing, *asked: str, **more: str) -> Listing:
    return Listing("aws", "rds", call, Scope.REGION, {name: name for name in (call, *asked)} | more, found, place)


LISTINGS = (
    _listing(INSTANCES, instances, place_instance, **keys.NEEDS),
    _listing(CLUSTERS, clusters, place_cluster, **keys.NEEDS),
    _listing(GLOBALS, global_clusters, place_global_cluster),
    _listing(SNAPSHOTS, snapshots, place_snapshot, SHARES, **keys.NEEDS),
    _listing(CLUSTER_SNAPSHOTS, cluster_snapshots, place_cluster_snapshot, CLUSTER_SHARES, **keys.NEEDS),
    _listing(BACKUPS, automated_backups, place_automated_backup, **keys.NEEDS),
    _listing(CLUSTER_BACKUPS, cluster_automated_backups, place_cluster_automated_backup, **keys.NEEDS),
    _listing(EXPORTS, exports, place_export),
    _listing(INTEGRATIONS, integrations, place_integration),
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
_SHARED_WITH = Each("", {"AttributeName": Always("restore"), "AttributeValues": Several("shared_accounts")})
_SUBNET: dict[str, TemplateField] = {
    "Subnets[].AvailabilityZone": "availability_zone",
    "Subnets[].AvailabilityZoneId": "availability_zone_id",
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
    "aws_rds_cluster": Template(
        fields={
            f"{CLUSTER}.DBClusterArn": "arn",
            f"{CLUSTER}.DBClusterIdentifier": "cluster_identifier",
            f"{CLUSTER}.Engine": "engine",
            f"{CLUSTER}.StorageEncrypted": "storage_encrypted",
            f"{CLUSTER}.KmsKeyId": "kms_key_id",
            f"{CLUSTER}.GlobalClusterIdentifier": "global_cluster_identifier",
            f"{CLUSTER}.ReplicationSourceIdentifier": "replication_source_identifier",
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
    "aws_db_subnet_group": Template(
        fields={"DBSubnetGroups[].DBSubnetGroupName": "name", "@subnets": Several("subnet_ids"), "@region": REGION},
        answers=GROUPS,
        names=("arn",),
    ),
    "aws_subnet": Template(fields=_SUBNET | {"Subnets[].OutpostArn": "outpost_arn"}, answers=SUBNETS),
    "aws_default_subnet": Template(fields=_SUBNET, answers=SUBNETS),  # none is on an Outpost
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
            f"{SNAPSHOT}.DBSnapshotArn": "db_snapshot_arn",
            f"{SNAPSHOT}.DBSnapshotIdentifier": "db_snapshot_identifier",
            f"{SNAPSHOT}.DBInstanceIdentifier": "db_instance_identifier",
            f"{SNAPSHOT}.Encrypted": "encrypted",
            f"{SNAPSHOT}.KmsKeyId": "kms_key_id",
            f"{SNAPSHOT}.TagList[]": TAGS,
            ATTRIBUTES: _SHARED_WITH,
            "@region": REGION,
        },
        place=place_snapshot,
        id="{db_snapshot_arn}",
        names=("id", "db_snapshot_arn", "db_snapshot_identifier"),
        arn=f"{ARN}snapshot:{{0}}",
        computed=("kms_key_id",),
    ),
    "aws_db_snapshot_copy": Template(
        fields={
            f"{SNAPSHOT}.DBSnapshotArn": "db_snapshot_arn",
            f"{SNAPSHOT}.DBSnapshotIdentifier": "target_db_snapshot_identifier",
            f"{SNAPSHOT}.SourceDBSnapshotIdentifier": "source_db_snapshot_identifier",
            "@destination": "destination_region",
            "@custom": "target_custom_availability_zone",
            f"{SNAPSHOT}.Encrypted": "encrypted",
            f"{SNAPSHOT}.KmsKeyId": "kms_key_id",
            f"{SNAPSHOT}.TagList[]": TAGS,
            ATTRIBUTES: _SHARED_WITH,
            "@region": REGION,
        },
        place=place_snapshot,
        id="{db_snapshot_arn}",
        names=("id", "db_snapshot_arn", "target_db_snapshot_identifier"),
        arn=f"{ARN}snapshot:{{0}}",
    ),
    "aws_db_cluster_snapshot": Template(
        fields={
            f"{CLUSTER_SNAPSHOT}.DBClusterSnapshotIdentifier": "db_cluster_snapshot_identifier",
            f"{CLUSTER_SNAPSHOT}.DBClusterIdentifier": "db_cluster_identifier",
            f"{CLUSTER_SNAPSHOT}.StorageEncrypted": "storage_encrypted",
            f"{CLUSTER_SNAPSHOT}.KmsKeyId": "kms_key_id",
            f"{CLUSTER_SNAPSHOT}.TagList[]": TAGS,
            CLUSTER_ATTRIBUTES: _SHARED_WITH,
            "@region": REGION,
        },
        place=place_cluster_snapshot,
        id="{db_cluster_snapshot_arn}",
        names=("id", "db_cluster_snapshot_arn", "db_cluster_snapshot_identifier"),
        arn=f"{ARN}cluster-snapshot:{{0}}",
        computed=("kms_key_id",),
    ),
    "aws_rds_cluster_snapshot_copy": Template(
        fields={
            f"{CLUSTER_SNAPSHOT}.DBClusterSnapshotIdentifier": "target_db_cluster_snapshot_identifier",
            f"{CLUSTER_SNAPSHOT}.SourceDBClusterSnapshotArn": "source_db_cluster_snapshot_identifier",
            "@destination": "destination_region",
            f"{CLUSTER_SNAPSHOT}.StorageEncrypted": "storage_encrypted",
            f"{CLUSTER_SNAPSHOT}.KmsKeyId": "kms_key_id",
            f"{CLUSTER_SNAPSHOT}.TagList[]": TAGS,
            CLUSTER_ATTRIBUTES: _SHARED_WITH,
            "@region": REGION,
        },
        place=place_cluster_snapshot,
        id="{db_cluster_snapshot_arn}",
        names=("id", "db_cluster_snapshot_arn", "target_db_cluster_snapshot_identifier"),
        arn=f"{ARN}cluster-snapshot:{{0}}",
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
    "AWS::RDS::DBCluster": Template(
        fields={
            f"{CLUSTER}.DBClusterIdentifier": "DBClusterIdentifier",
            f"{CLUSTER}.Engine": "Engine",
            f"{CLUSTER}.StorageEncrypted": "StorageEncrypted",
            f"{CLUSTER}.KmsKeyId": "KmsKeyId",
            f"{CLUSTER}.GlobalClusterIdentifier": "GlobalClusterIdentifier",
            f"{CLUSTER}.ReplicationSourceIdentifier": "ReplicationSourceIdentifier",
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
    "AWS::RDS::DBSubnetGroup": Template(
        fields={
            "DBSubnetGroups[].DBSubnetGroupName": "DBSubnetGroupName",
            "@subnets": Several("SubnetIds"),
            "@region": REGION,
        },
        answers=GROUPS,
        names=(),
    ),
    "AWS::EC2::Subnet": Template(
        fields={
            "Subnets[].AvailabilityZone": "AvailabilityZone",
            "Subnets[].AvailabilityZoneId": "AvailabilityZoneId",
            "Subnets[].OutpostArn": "OutpostArn",
        },
        answers=SUBNETS,
        names=(),
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
    "AWS::RDS::ClusterSnapshot": Template(
        fields={
            f"{CLUSTER_SNAPSHOT}.DBClusterSnapshotIdentifier": "DBClusterSnapshotIdentifier",
            f"{CLUSTER_SNAPSHOT}.DBClusterIdentifier": "DBClusterIdentifier",
            f"{CLUSTER_SNAPSHOT}.TagList[]": TAGS,
            "@region": REGION,
        },
        place=place_cluster_snapshot,
        names=("DBClusterSnapshotIdentifier",),
        arn=f"{ARN}cluster-snapshot:{{0}}",
    ),
    "AWS::RDS::Integration": Template(
        fields={f"{INTEGRATION}.SourceArn": "SourceArn", f"{INTEGRATION}.TargetArn": "TargetArn"},
        place=place_integration,
        names=(),
    ),
}
