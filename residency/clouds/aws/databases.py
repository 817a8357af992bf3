"""What the databases of the RDS API have in common: instances, clusters, snapshots, automated backups.

Where the answers about two kinds of them call the same thing otherwise, its path is an argument. (All pages of AWS
that are named in this file were read 2026-11-22.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from residency.clouds.answers import Body, Document, Unknown, edge_from
from residency.clouds.aws import copies, keys
from residency.clouds.aws.arn import Arn, parse_arn, region_in
from residency.model import Control, Copy, Edge, Place, Role, Said, SeenFrom, State, Store, Why

if TYPE_CHECKING:
    from residency.clouds.aws.api import Api

# Only a template asks these: an instance names its subnets, and they their zones, itself.
GROUPS, SUBNETS = "rds:DescribeDBSubnetGroups", "ec2:DescribeSubnets"
# What something was made from; only a template says it.
SNAPSHOT_OF, RESTORED = "@snapshot", "@restored"
ARN = "arn:{partition}:rds:{region}:{account}:"
OUTPOST = "aws.outpost"
# Nobody can share an automated snapshot, nor one of AWS Backup (RDS user guide, Sharing a DB snapshot).
NOT_SHARED = ("automated", "awsbackup")

Codes = list[tuple[Any, str | None]]  # each with its namespace; several where it is one of them
Subnets = list[tuple[Any, Any]]  # zone and Outpost of each


# --- live -------------------------------------------------------------------------------------


def with_keys(api: Api, body: Body, listed: Body, subject: str) -> Body:
    """Write what its keys are into the document. A key that AWS owns is not asked for: nobody may describe it."""
    encrypted = listed.get("StorageEncrypted", listed.get("Encrypted"))
    own = listed.get("KmsKeyId") if encrypted and listed.get("StorageEncryptionType") != "sse-rds" else None
    for key in (own, listed.get("ActivityStreamKmsKeyId")):
        keys.describe(api, body, key, subject=subject, region=api.region)
    return body


def backups_alone(api: Api, body: Body, listed: Body, of: str) -> Iterator[Body]:
    """A backup of what stands elsewhere, or no more. That of a living `of` is a copy that the database tells of.

    `Region` is the region of the source (RDS user guide, Replicating automated backups).
    """
    if listed.get("Region") not in (None, api.region) or listed.get("Status") not in ("active", "creating"):
        own = f"arn:{api.partition}:rds:{api.region}:{api.cell.account}:auto-backup:{listed[f'{of}Identifier']}"
        arn = listed.get(f"{of}AutomatedBackupsArn") or own
        yield with_keys(api, body, listed, arn) | {"@arn": arn}


# --- places -----------------------------------------------------------------------------------


def region_of(document: Document) -> Any:
    """The region that was asked; of a template that of its name, or what it says of its own."""
    return document.origin.region or region_in(document.origin.stands_for) or document.get("@region")


def region_said(document: Document, path: str) -> Said:
    """Who says the region: live the ARN at a path, of what a template makes its provider."""
    return document.said("@region" if document.origin.planned else path)


def standing(db: Document, zone: str, group: str, listed: str, *, regional: bool) -> tuple[Codes, str, Why | None]:
    """Where an instance stands, the path that says so, and why that is not sure.

    Live, it names its `zone` or stands nowhere that is known. A template seldom names one: then its subnet group
    decides, and the instance stands in one of the zones of the group's subnets. Where the group is not in the
    plan, its region is a candidate and no place, so that a region abroad is told and one inside is not believed;
    unless no Local Zone can be meant (`regional`).
    """
    named, subnets, region = db.get(zone), _subnets_of(db, group, listed), region_of(db)
    if isinstance(named, str):
        return in_zone(db, named, group, listed), zone, None
    if not db.origin.planned:
        return [(named, None)], zone, None
    if isinstance(subnets, list):
        return [_most_exact(*subnet) for subnet in subnets], group, None
    if regional:
        return [(region, None)], "@region", None
    unknown = subnets or named
    path = group if named is None else zone
    return [(region, None)], path, unknown.why if isinstance(unknown, Unknown) else Why.UNRESOLVED


def in_zone(db: Document, zone: str, group: str, listed: str) -> Codes:
    """The zone, or the Outposts of its subnets there: an instance on an Outpost names the zone of its parent region."""
    subnets = _subnets_of(db, group, listed)
    inside = [subnet for subnet in subnets if subnet[0] == zone] if isinstance(subnets, list) else []
    return [_most_exact(*subnet) for subnet in inside] or [(zone, None)]


def _most_exact(zone: Any, outpost: Any) -> tuple[Any, str | None]:
    if not outpost:
        return zone, None
    arn = parse_arn(outpost)
    return arn.resource.rpartition("/")[2] if arn else outpost if isinstance(outpost, Unknown) else None, OUTPOST


def _subnets_of(db: Document, group: str, listed: str) -> Subnets | Unknown | None:
    """The subnets of its group: a template names the group, a live answer lists them; None where none is named."""
    if db.origin.planned:
        return None if db.get(group) is None else _planned_subnets(db, db.get(group))
    found = db.each(listed)
    known = [] if isinstance(found, Unknown) else found
    return [(subnet.get("SubnetAvailabilityZone.Name"), subnet.get("SubnetOutpost.Arn")) for subnet in known]


def _planned_subnets(db: Document, name: Any) -> Subnets | Unknown:
    """Unknown unless the plan holds the group and a zone for every subnet of it."""
    groups = meant(db, GROUPS, name, "DBSubnetGroups[].DBSubnetGroupName")
    found = [_zone_of(subnet) for group in groups for subnet in meant(db, SUBNETS, beside(group, "@subnets"))]
    if found and all(isinstance(zone, str) for zone, _ in found):
        return found
    return name if isinstance(name, Unknown) else Unknown(Why.UNRESOLVED, "its subnets are not in the plan")


def _zone_of(subnet: Document) -> tuple[Any, Any]:
    zones = [subnet.get(f"Subnets[].{field}") for field in ("AvailabilityZone", "AvailabilityZoneId")]
    return next((zone for zone in zones if isinstance(zone, str)), None), subnet.get("Subnets[].OutpostArn")


def kept_at(document: Document, path: str, near: Place | None = None) -> tuple[Any, str | None]:
    """Where backups are kept: in the region unless another target is named (CreateDBInstance, BackupTarget).

    On the Outpost of what they are of, where that is on one. Which Dedicated Local Zone `local` means is not said.
    """
    target = document.get(path)
    if target in (None, "region"):
        return region_of(document), None
    if target == "outposts" and near and near.namespace == OUTPOST:
        return near.code, OUTPOST
    return target if isinstance(target, Unknown) else None, None


def also_at_destination(snapshot: Document, places: Codes) -> Codes:
    """A template's copy stands in the region of its provider, where the provider asks for it, or in the destination.

    The documentation of `destination_region` says that the copy goes there; the provider's source only signs a URL
    for it. So it is in one of the two.
    """
    destination = snapshot.get("@destination")
    return places if destination is None else list(dict.fromkeys([*places, (destination, None)]))


# --- what a plan says of other things ---------------------------------------------------------


def meant(document: Document, call: str, value: Any, name: str = "") -> list[Document]:
    """What the plan says of the things that a value may mean; an empty document for what it does not make.

    A thing is known by its id or address; with `name`, by the value there, in the same region where it has one: as
    a name it may mean something of another kind as well.
    """
    if isinstance(value, list):
        return [thing for item in value for thing in meant(document, call, item, name)]
    known: Body = document.root.body.get(call) or {}
    if isinstance(value, Unknown):
        bodies = [known.get(address) for address in ((value.refers_to,) if value.refers_to else value.one_of)]
    elif name:
        things = [Document(body, document.origin, f"{call}.") for body in known.values()]
        here = region_of(document)
        same = [thing for thing in things if thing.get(name) == value and beside(thing, "@region") in (None, here)]
        bodies = [thing.body for thing in same[:1]]
    else:
        bodies = [known.get(value)]
    return [Document(body, document.origin, f"{call}.") for body in bodies or [None]]


def beside(thing: Document, key: str) -> Any:
    """What a plan says of a thing beside the fields of the provider's answer."""
    return thing.body.get(key) if isinstance(thing.body, Mapping) else thing.body


# --- copies -----------------------------------------------------------------------------------


def copy_at(document: Document, role: Role, places: Codes, said: Said, *, why: Why | None = None, **more: Any) -> Copy:
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


def instance_replicas(document: Document, path: str) -> Iterator[Copy]:
    """Its read replicas. Their names say a region, and which zone of it, or none of its own, only they say."""
    for name in document.get(path) or ():
        holder = id_of(document, "db", name)
        arn = parse_arn(holder)
        yield Copy(
            role=Role.REPLICA,
            place=None,
            candidates=(arn.place,) if arn and arn.place else (),
            why=Why.UNRESOLVED,
            holder=holder,
            account=arn.account if arn else None,
            said_by=(document.said(f"{path}[]"),),
        )


def cluster_replicas(document: Document, path: str) -> Iterator[Copy]:
    """The clusters that replicate it; a cluster stands in the region of its name."""
    for name in document.get(path) or ():
        yield copies.at_arn(document, Role.REPLICA, id_of(document, "cluster", name), document.said(f"{path}[]"))


def activity(document: Document, path: str) -> Iterator[Copy]:
    """The stream of what is done in the database, with its statements: a Kinesis stream beside it."""
    name, key = (document.get(f"{path}.ActivityStream{field}") for field in ("KinesisStreamName", "KmsKeyId"))
    if name:
        holder = document.id_of("arn:{partition}:kinesis:{region}:{account}:stream/{0}", name, document.origin.region)
        control = keys.of_key(document, key, document.said(f"{path}.ActivityStreamKmsKeyId"))
        said = document.said(f"{path}.ActivityStreamKinesisStreamName")
        yield document.copy(Role.LOG, region_of(document), said, holder=holder, control=control)


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


def control(
    document: Document,
    path: str,
    arn: str,
    *,
    flag: str = "StorageEncrypted",
    off: int | None = keys.UNENCRYPTED,
    derived: bool = True,
) -> Control:
    """What protects a database, snapshot or backup.

    StorageEncryptionType says more than the flag, which is false with a key that AWS owns (RDS API reference).
    What a template makes from something else (`derived`) is encrypted as that is, whatever the flag says. With the
    flag and no key it is the key that AWS manages in the account (CreateDBInstance, KmsKeyId). What stands already
    has its `arn`. `off`: the grade without the flag.
    """
    kind, encrypted, key = (document.get(f"{path}.{name}") for name in ("StorageEncryptionType", flag, "KmsKeyId"))
    said = document.said(f"{path}.{flag}")
    if kind in ("none", "sse-rds"):
        grade = keys.PROVIDER_OWNED if kind == "sse-rds" else keys.UNENCRYPTED
        return keys.plain(grade, document.said(f"{path}.StorageEncryptionType"))
    if key is not None and (encrypted or document.origin.planned):
        return keys.of_key(document, key, document.said(f"{path}.KmsKeyId"))
    if document.origin.planned and not isinstance(document.get(arn), str):
        if derived or isinstance(encrypted, Unknown):
            return keys.plain(None, said)
        if encrypted:
            return keys.plain(keys.PROVIDER_OWNED, document.said(f"{path}.KmsKeyId"), "provider-managed-key")
    return keys.plain(None if encrypted else off, said)


# --- names and relations ----------------------------------------------------------------------


def id_of(document: Document, resource: str, name: Any, near: Arn | None = None) -> str | None:
    """The id of what a name means: of another region or account RDS says an ARN, else the bare name.

    `near`: the name is of the region and account of this one.
    """
    if not isinstance(name, str) or parse_arn(name):
        return document.id_of("{0}", name)
    if near:
        return f"arn:{near.partition}:rds:{near.region}:{near.account}:{resource}:{name}"
    return document.id_of(f"{ARN}{resource}:{{0}}", name, region_of(document))


def replica_of(document: Document, store: Store, path: str, resource: str) -> Iterable[Edge]:
    """The edge from a database of a kind (`resource`) that a path names."""
    return made_from(document, id_of(document, resource, document.get(path)), store, Role.REPLICA, path)


def made_from(document: Document, origin: str | None, store: Store, role: Role, path: str) -> Iterator[Edge]:
    """The edge from what a path names. Of a store that may be in several places the edge says the region.

    Where in it, only the store itself says: so it is not taken as told by its origin.
    """
    told = edge_from(origin, store, role, document.said(path))
    if not store.copies[0].candidates:
        yield from told
        return
    here = document.place(region_of(document))
    for found in told:
        yield edge(found.source, store.id, role, document.said(path), place=here, seen_from=SeenFrom.TARGET)


def edge(source: str, target: str | None, role: Role, said: Said, *, place: Place | None = None, **more: Any) -> Edge:
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


# --- snapshots and automated backups ----------------------------------------------------------


@dataclass(frozen=True)
class SnapshotKind:
    """How the snapshots of a kind of database call what all snapshots say; what is no word of an ARN is a path."""

    kind: str
    path: str
    arn: str
    name: str
    taken_of: str
    taken_resource: str  # "db", as the ARN of what it was taken of says
    copied_from: str
    resource: str  # "snapshot", as its own ARN says
    shares: str
    flag: str = "StorageEncrypted"


def placed_snapshot(snapshot: Document, of: SnapshotKind, places: Codes, said: Said) -> Iterator[Store | Edge]:
    """A snapshot, kept at one of the places, with what it was taken of or copied from."""
    protection = control(snapshot, of.path, of.arn, flag=of.flag)
    primary = copy_at(snapshot, Role.PRIMARY, places, said, control=protection)
    shared = list(_shared(snapshot, of.shares, primary))
    found = (primary, *shared, *keys.replicas(snapshot, snapshot.get(f"{of.path}.KmsKeyId")))
    store_id = snapshot.id("{arn}", arn=snapshot.get(of.arn))
    store = snapshot.store(of.kind, store_id, snapshot.get(of.name), found, tags=f"{of.path}.TagList[]")
    yield store
    copied = snapshot.get(of.copied_from)
    origin = id_of(snapshot, of.taken_resource, snapshot.get(of.taken_of), parse_arn(copied))
    yield from made_from(snapshot, origin, store, Role.SNAPSHOT, of.taken_of)
    yield from made_from(snapshot, id_of(snapshot, of.resource, copied), store, Role.SNAPSHOT, of.copied_from)


def placed_backup(
    backup: Document, path: str, of: str, at: tuple[Any, str | None], *, flag: str = "StorageEncrypted"
) -> Iterator[Store | Edge]:
    """The automated backup of an `of` ("DBInstance"), by which its fields are named."""
    arn = f"{path}.{of}AutomatedBackupsArn"
    protection, said = control(backup, path, arn, flag=flag), region_said(backup, arn)
    primary = backup.copy(Role.PRIMARY, at[0], said, namespace=at[1], control=protection)
    found = (primary, *keys.replicas(backup, backup.get(f"{path}.KmsKeyId")))
    store_id, name = backup.id("{arn}", arn=backup.get("@arn")), backup.get(f"{path}.{of}Identifier")
    store = backup.store("aws.rds.automated-backup", store_id, name, found, tags=f"{path}.TagList[]")
    yield store
    source = backup.id_of("{0}", backup.get(f"{path}.{of}Arn"))
    yield from made_from(backup, source, store, Role.BACKUP, f"{path}.{of}Arn")
