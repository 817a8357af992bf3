"""Amazon EFS: file systems, the zone or region they stand in, and the file systems that they replicate to.

A Regional file system keeps its data in several zones of its region, a One Zone file system in the zone
that it names (EFS user guide, availability and durability). A replication is listed in both of its
regions (EFS API reference, DescribeReplicationConfigurations; read 2026-11-22). Its backups are those of
AWS Backup.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from residency.clouds.answers import Body, Document, Unknown, edge_from, edges_of
from residency.clouds.aws import copies, keys
from residency.clouds.aws.arn import parse_arn, region_in
from residency.model import Control, Copy, Role, State
from residency.services.base import REGION, TAGS, Each, Listing, Placed, Scope, Template

if TYPE_CHECKING:
    from residency.clouds.aws.api import Api

LIST, REPLICATION = "efs:DescribeFileSystems", "efs:DescribeReplicationConfigurations"
SYSTEM, REPLICATIONS = f"{LIST}.FileSystems[]", f"{REPLICATION}.Replications[]"
KEY = f"{SYSTEM}.KmsKeyId"
# Only a template says these: of the file system that a replication will make, nothing is listed yet.
PLANNED = "@destinations[]"
ARN = "arn:{partition}:elasticfilesystem:{region}:{account}:file-system/{name}"

NEEDS = {
    LIST: "elasticfilesystem:DescribeFileSystems",
    REPLICATION: "elasticfilesystem:DescribeReplicationConfigurations",
    **keys.NEEDS,
}


# --- live -------------------------------------------------------------------------------------


def file_systems(api: Api) -> Iterator[Body]:
    yield from api.spread(_follow, api.each(LIST, "FileSystems[]", "FileSystemId"))


def _follow(api: Api, body: Body) -> Body:
    listed = body[LIST]["FileSystems[]"]
    parts = {"partition": api.partition, "region": api.region, "account": api.cell.account}
    subject = ARN.format(name=listed["FileSystemId"], **parts)
    # Asked without a file system it answers all replications of the region.
    body[REPLICATION] = api.ask_once(
        "replications", REPLICATION, expect="Replications", subject=subject, region=api.region
    )
    keys.describe(api, body, listed.get("KmsKeyId"), subject=subject, region=api.region)
    return body


# --- what a document says ---------------------------------------------------------------------


def place_file_system(system: Document) -> Placed:
    name = system.get(f"{SYSTEM}.FileSystemId")
    store_id = system.id(ARN, region=system.origin.region, name=name)
    code, path = _most_exact(system, store_id)
    primary = system.copy(Role.PRIMARY, code, system.said(path), control=_control(system))
    found = (primary, *_replicas(system, store_id), *_planned(system), *keys.replicas(system, system.get(KEY)))
    shown = name if isinstance(name, str) else system.get(f"{SYSTEM}.CreationToken")
    region = system.origin.region or region_in(store_id)
    store = system.store("aws.efs.file-system", store_id, shown, found, tags=f"{SYSTEM}.Tags[]", region=region)
    yield store
    yield from edges_of(store)
    for source, destination in _pairs(system):
        if _arn(system, source, destination) == store_id:
            said, former = source.said("SourceFileSystemArn"), _is_former(destination)
            yield from edge_from(source.get("SourceFileSystemArn"), store, Role.REPLICA, said, former=former)


def _most_exact(system: Document, store_id: str) -> tuple[Any, str]:
    """The zone of a One Zone file system; the region of one that names no zone, for it is in several."""
    for field in ("AvailabilityZoneId", "AvailabilityZoneName"):
        if system.get(f"{SYSTEM}.{field}"):
            return system.get(f"{SYSTEM}.{field}"), f"{SYSTEM}.{field}"
    region = system.origin.region or region_in(store_id) or system.get("@region")
    return region, "@region" if system.origin.planned else f"{SYSTEM}.FileSystemArn"


def _control(system: Document) -> Control:
    encrypted, key = system.get(f"{SYSTEM}.Encrypted"), system.get(KEY)
    said = system.said(f"{SYSTEM}.Encrypted")
    if encrypted is True and key is not None:
        return keys.of_key(system, key, system.said(KEY))
    if encrypted is True and system.origin.planned:
        # Without a key it is the one that AWS manages, aws/elasticfilesystem (CreateFileSystem, KmsKeyId).
        return keys.plain(keys.PROVIDER_OWNED, system.said(KEY), "provider-managed-key")
    if encrypted is False or (encrypted is None and system.origin.planned):
        # Made by the API it is encrypted only where it is told so (EFS user guide, encrypting data at rest).
        return keys.plain(keys.UNENCRYPTED, said)
    return keys.plain(None, said)


def _replicas(system: Document, store_id: str) -> Iterator[Copy]:
    replications = system.each(REPLICATIONS)
    if isinstance(replications, Unknown):
        yield system.copy(Role.REPLICA, replications, system.said(REPLICATIONS), state=State.MAY_APPEAR)
        return
    for source, destination in _pairs(system):
        if source.get("SourceFileSystemArn") == store_id:
            arn, said = _arn(system, source, destination), destination.said("Region")
            yield copies.at_arn(system, Role.REPLICA, arn, said, former=_is_former(destination))


def _pairs(system: Document) -> Iterator[tuple[Document, Document]]:
    """Every replication of the region with each of its destinations."""
    for source in _elements(system, REPLICATIONS):
        for destination in _elements(source, "Destinations[]"):
            yield source, destination


def _elements(document: Document, path: str) -> list[Document]:
    found = document.each(path)
    return [] if isinstance(found, Unknown) else found


def _arn(system: Document, source: Document, destination: Document) -> str | None:
    """The name of a destination. One that names no owner is of its source's account, as all once were."""
    name, region, owner = (destination.get(field) for field in ("FileSystemId", "Region", "OwnerId"))
    arn = parse_arn(source.get("SourceFileSystemArn"))
    account = owner or (arn.account if arn else None)
    if parse_arn(name):
        return str(name)
    told = bool(name and region and account)
    return ARN.format(partition=system.origin.partition, region=region, account=account, name=name) if told else None


def _is_former(destination: Document) -> bool:
    """Its replication is being taken away, and what it wrote stays (EFS user guide, deleting replications).

    One that is paused or in error still stands, and so does what it wrote.
    """
    return bool(destination.get("Status") == "DELETING")


def _planned(system: Document) -> Iterator[Copy]:
    """Where a template will have it replicated to."""
    destinations = system.each(PLANNED)
    if isinstance(destinations, Unknown):
        yield system.copy(Role.REPLICA, destinations, system.said(PLANNED), state=State.MAY_APPEAR)
        return
    for destination in destinations:
        target = destination.get("FileSystemId")
        arn = parse_arn(target)
        template = "{0}" if arn else ARN.replace("{name}", "{0}")
        path = next((field for field in ("AvailabilityZoneName", "Region") if destination.get(field)), "FileSystemId")
        yield system.copy(
            Role.REPLICA,
            region_in(target) if path == "FileSystemId" else destination.get(path),
            destination.said(path),
            holder=system.id_of(template, target),
            account=arn.account if arn else None,
            control=_planned_control(system, destination),
        )


def _planned_control(system: Document, destination: Document) -> Control | None:
    """The key of the file system that is made for it; one that is there already has a key of its own."""
    key, said = destination.get("KmsKeyId"), destination.said("KmsKeyId")
    if key is not None:
        return keys.of_key(system, key, said, region=destination.get("Region"))
    if destination.get("FileSystemId") is not None:
        return None
    # It is encrypted, and without a key with aws/elasticfilesystem (EFS API reference, DestinationToCreate).
    return keys.plain(keys.PROVIDER_OWNED, said, "provider-managed-key")


LISTINGS = (Listing("aws", "efs", LIST, Scope.REGION, NEEDS, file_systems, place_file_system),)


# --- as code ----------------------------------------------------------------------------------

_DESTINATION = {
    "Region": "region",
    "AvailabilityZoneName": "availability_zone_name",
    "FileSystemId": "file_system_id",
    "KmsKeyId": "kms_key_id",
}
TERRAFORM = {
    "aws_efs_file_system": Template(
        fields={
            f"{SYSTEM}.FileSystemId": "id",
            f"{SYSTEM}.CreationToken": "creation_token",
            f"{SYSTEM}.AvailabilityZoneName": "availability_zone_name",
            f"{SYSTEM}.Encrypted": "encrypted",
            KEY: "kms_key_id",
            f"{SYSTEM}.Tags[]": TAGS,
            "@region": REGION,
        },
        place=place_file_system,
        # Without a zone it is Regional (EFS API reference, CreateFileSystem, AvailabilityZoneName).
        computed=("availability_zone_name", "encrypted", "kms_key_id"),
    ),
    "aws_efs_replication_configuration": Template(
        fields={f"{SYSTEM}.FileSystemId": "source_file_system_id", PLANNED: Each("destination", _DESTINATION)},
        place=place_file_system,
        attaches_to=("source_file_system_id", "aws_efs_file_system"),
        # Without a region it is that of the zone or of the file system that the block names instead.
        computed=("destination.region", "destination.file_system_id"),
    ),
}

# Property names: CloudFormation template reference of the type (read 2026-11-22).
CLOUDFORMATION = {
    "AWS::EFS::FileSystem": Template(
        fields={
            f"{SYSTEM}.AvailabilityZoneName": "AvailabilityZoneName",
            f"{SYSTEM}.Encrypted": "Encrypted",
            KEY: "KmsKeyId",
            PLANNED: Each(
                "ReplicationConfiguration.Destinations",
                {name: name for name in ("Region", "AvailabilityZoneName", "FileSystemId", "KmsKeyId")},
            ),
            f"{SYSTEM}.Tags[]": TAGS,
            "@region": REGION,
        },
        place=place_file_system,
        names=(),
    ),
}
