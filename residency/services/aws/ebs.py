"""Amazon EBS: volumes, snapshots and machine images, with the zone they stand in and who may copy them.

A volume stands in its zone, and a Local Zone may be in another country than its region. A snapshot
stands in its region unless it names a zone or an Outpost. A share lets another account copy the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from residency.clouds.answers import Body, Document, Unknown, edge_from
from residency.clouds.aws import copies, keys
from residency.clouds.aws.arn import parse_arn
from residency.model import Control, Copy, Role, Said, State
from residency.services.base import REGION, TAGS, Each, Listing, Placed, Scope, Template

if TYPE_CHECKING:
    from residency.clouds.aws.api import Api

VOLUMES, SNAPSHOTS, IMAGES = "ec2:DescribeVolumes", "ec2:DescribeSnapshots", "ec2:DescribeImages"
SHARES, LAUNCH = "ec2:DescribeSnapshotAttribute", "ec2:DescribeImageAttribute"
VOLUME, SNAPSHOT, IMAGE = f"{VOLUMES}.Volumes[]", f"{SNAPSHOTS}.Snapshots[]", f"{IMAGES}.Images[]"
PERMISSIONS, LAUNCHERS = f"{SHARES}.CreateVolumePermissions[]", f"{LAUNCH}.LaunchPermissions[]"
DISKS = f"{IMAGE}.BlockDeviceMappings[]"
# Only a template says these: the copy itself forgets.
COPIED_FROM, COPIED_FROM_REGION = "ec2:CopySnapshot.SourceSnapshotId", "ec2:CopySnapshot.SourceRegion"
COPIED_TO = "ec2:CopyImage.DestinationOutpostArn"
MADE_FROM, COPY_OF = "@snapshot", "@volume"  # what a volume was made from; live it is not looked at

ARN = "arn:{partition}:ec2:{region}:{account}:"
VOLUME_ARN, SNAPSHOT_ARN = ARN + "volume/{id}", "arn:{partition}:ec2:{region}::snapshot/{id}"
IMAGE_ARN = "arn:{partition}:ec2:{region}::image/{id}"
# Made from a snapshot that was copied from elsewhere, a snapshot names this volume, which never was
# (EC2 API reference, Snapshot, VolumeId: an arbitrary id that is not to be used).
NO_VOLUME = "vol-ffffffff"
OUTPOST = "aws.outpost"

VOLUME_NEEDS = {VOLUMES: VOLUMES, **keys.NEEDS}
SNAPSHOT_NEEDS = {SNAPSHOTS: SNAPSHOTS, SHARES: SHARES, **keys.NEEDS}
IMAGE_NEEDS = {IMAGES: IMAGES, LAUNCH: LAUNCH}


# --- live -------------------------------------------------------------------------------------


def volumes(api: Api) -> Iterator[Body]:
    for body in api.each(VOLUMES, "Volumes[]", "VolumeId"):
        listed = body[VOLUMES]["Volumes[]"]
        subject = f"arn:{api.partition}:ec2:{api.region}:{api.cell.account}:volume/{listed['VolumeId']}"
        keys.describe(api, body, listed.get("KmsKeyId"), subject=subject, region=api.region)
        yield body


def snapshots(api: Api) -> Iterator[Body]:
    yield from api.spread(_shares, api.each(SNAPSHOTS, "Snapshots[]", "SnapshotId", OwnerIds=["self"]))


def _shares(api: Api, body: Body) -> Body:
    listed = body[SNAPSHOTS]["Snapshots[]"]
    subject = f"arn:{api.partition}:ec2:{api.region}::snapshot/{listed['SnapshotId']}"
    keys.describe(api, body, listed.get("KmsKeyId"), subject=subject, region=api.region)
    api.ask(
        body,
        SHARES,
        expect="CreateVolumePermissions",
        subject=subject,
        SnapshotId=listed["SnapshotId"],
        Attribute="createVolumePermission",
    )
    return body


def images(api: Api) -> Iterator[Body]:
    found = api.each(IMAGES, "Images[]", "ImageId", Owners=["self"], IncludeDeprecated=True, IncludeDisabled=True)
    yield from api.spread(_launchers, found)


def _launchers(api: Api, body: Body) -> Body:
    image = body[IMAGES]["Images[]"]["ImageId"]
    subject = f"arn:{api.partition}:ec2:{api.region}::image/{image}"
    api.ask(body, LAUNCH, expect="LaunchPermissions", subject=subject, ImageId=image, Attribute="launchPermission")
    return body


# --- what a document says ---------------------------------------------------------------------


def place_volume(volume: Document) -> Placed:
    name = volume.get(f"{VOLUME}.VolumeId")
    code, path, namespace = _most_exact(volume, VOLUME, zone=True)
    store = volume.store(
        "aws.ebs.volume",
        volume.id(VOLUME_ARN, region=volume.origin.region, id=name),
        name,
        (
            volume.copy(Role.PRIMARY, code, volume.said(path), namespace=namespace, control=_control(volume, VOLUME)),
            *keys.replicas(volume, volume.get(f"{VOLUME}.KmsKeyId")),
        ),
        tags=f"{VOLUME}.Tags[]",
    )
    yield store
    for path, template in ((MADE_FROM, SNAPSHOT_ARN), (COPY_OF, VOLUME_ARN)):
        if made_from := volume.get(path):
            origin = volume.id_of(_open(template), made_from, volume.origin.region)
            yield from edge_from(origin, store, Role.REPLICA, volume.said(path))


def place_snapshot(snapshot: Document) -> Placed:
    name, source = snapshot.get(f"{SNAPSHOT}.SnapshotId"), snapshot.get(f"{SNAPSHOT}.VolumeId")
    store_id = snapshot.id(SNAPSHOT_ARN, region=snapshot.origin.region, id=name)
    code, path, namespace = _most_exact(snapshot, SNAPSHOT, zone=False)
    control = _control(snapshot, SNAPSHOT)
    primary = snapshot.copy(Role.PRIMARY, code, snapshot.said(path), namespace=namespace, control=control)
    shared = list(_shared(snapshot, PERMISSIONS, primary))
    key_copies = keys.replicas(snapshot, snapshot.get(f"{SNAPSHOT}.KmsKeyId"))
    found = (primary, *shared, *key_copies)
    store = snapshot.store("aws.ebs.snapshot", store_id, name, found, tags=f"{SNAPSHOT}.Tags[]")
    yield store
    volume = None if source == NO_VOLUME else snapshot.id_of(_open(VOLUME_ARN), source, snapshot.origin.region)
    region = snapshot.get(COPIED_FROM_REGION)
    copied_from = snapshot.id_of(_open(SNAPSHOT_ARN), snapshot.get(COPIED_FROM), region)
    for origin, path in ((volume, f"{SNAPSHOT}.VolumeId"), (copied_from, COPIED_FROM)):
        yield from edge_from(origin, store, Role.SNAPSHOT, snapshot.said(path))


def place_image(image: Document) -> Placed:
    name = image.get(f"{IMAGE}.ImageId")
    store_id = image.id(IMAGE_ARN, region=image.origin.region, id=name)
    disks = image.each(DISKS)
    disks = [] if isinstance(disks, Unknown) else disks
    code, said, namespace = _place_of_image(image, disks)
    named = [image.id_of(_open(SNAPSHOT_ARN), disk.get("Ebs.SnapshotId"), image.origin.region) for disk in disks]
    snapshots = dict(zip(named, disks, strict=True))
    snapshots.pop(None, None)
    # Its data are the snapshots that it is made of: their key is read where they are listed.
    primaries = [
        image.copy(Role.PRIMARY, code, said, namespace=namespace, holder=holder) for holder in snapshots or (None,)
    ]
    primary = primaries[0]
    shared = list(_shared(image, LAUNCHERS, primary))
    store = image.store("aws.ebs.image", store_id, name, (*primaries, *shared), tags=f"{IMAGE}.Tags[]")
    yield store
    for snapshot, disk in snapshots.items():
        yield from edge_from(snapshot, store, Role.SNAPSHOT, disk.said("Ebs.SnapshotId"))
    region, source = image.get(f"{IMAGE}.SourceImageRegion"), image.get(f"{IMAGE}.SourceImageId")
    original = image.id_of(_open(IMAGE_ARN), source, region)
    yield from edge_from(original, store, Role.SNAPSHOT, image.said(f"{IMAGE}.SourceImageId"))


def _open(template: str) -> str:
    """The template of another store's id, with its name left open."""
    return template.replace("{id}", "{0}")


def _most_exact(document: Document, path: str, *, zone: bool) -> tuple[Any, str, str | None]:
    """The most exact word for where it stands: an Outpost, a zone's id or name, and only then the region.

    A zonal thing (`zone`) that names no zone stands nowhere that is known: its region would be a guess.
    """
    outpost = document.get(f"{path}.OutpostArn")
    if outpost:
        return _outpost(outpost), f"{path}.OutpostArn", OUTPOST
    # Only a volume says the zone's id.
    for field in ("AvailabilityZoneId", "AvailabilityZone") if zone else ("AvailabilityZone",):
        if document.get(f"{path}.{field}"):
            return document.get(f"{path}.{field}"), f"{path}.{field}", None
    if zone:
        return None, f"{path}.AvailabilityZone", None
    return document.origin.region or _region(document), f"{path}.SnapshotId", None


def _outpost(name: Any) -> Any:
    """The id of an Outpost: it stands in its owner's building, which its region does not say."""
    arn = parse_arn(name)
    return arn.resource.rpartition("/")[2] if arn else name if isinstance(name, Unknown) else None


def _region(document: Document) -> Any:
    """The region that a template leaves open."""
    return document.get("@region")


def _place_of_image(image: Document, disks: list[Document]) -> tuple[Any, Said, str | None]:
    """Location, said and namespace: the Outpost that holds its snapshots, its region otherwise."""
    holding = [disk for disk in disks if disk.get("Ebs.OutpostArn")]
    outpost = image.get(COPIED_TO)
    if outpost:
        return _outpost(outpost), image.said(COPIED_TO), OUTPOST
    if holding:
        return _outpost(holding[0].get("Ebs.OutpostArn")), holding[0].said("Ebs.OutpostArn"), OUTPOST
    return image.origin.region or _region(image), image.said(f"{IMAGE}.ImageId"), None


def _control(document: Document, path: str) -> Control:
    encrypted, key = document.get(f"{path}.Encrypted"), document.get(f"{path}.KmsKeyId")
    said = document.said(f"{path}.Encrypted")
    own_id = document.get(f"{path}.{'VolumeId' if path == VOLUME else 'SnapshotId'}")
    will_be_made = document.origin.planned and not isinstance(own_id, str)
    if isinstance(encrypted, Unknown) or (encrypted and key is None and not will_be_made):
        return keys.plain(None, said)
    if key is None and any(document.get(origin) is not None for origin in (MADE_FROM, COPY_OF)):
        # It may have the key of what it is made from (CloudFormation template reference, AWS::EC2::Volume, KmsKeyId).
        return keys.plain(None, said)
    if encrypted and key is None:
        # A template without a key takes the one that AWS manages, alias/aws/ebs (CreateVolume, KmsKeyId).
        return keys.plain(keys.PROVIDER_OWNED, document.said(f"{path}.KmsKeyId"), "provider-managed-key")
    if not encrypted and will_be_made and document.get(COPIED_FROM):
        # A copy of an encrypted snapshot is encrypted whatever the template says (CopySnapshot, Encrypted).
        return keys.plain(None, said)
    if not encrypted:
        # Without the switch a template makes it unencrypted (EC2 API reference, CreateVolume, Encrypted).
        return keys.plain(keys.UNENCRYPTED, said)
    return keys.of_key(document, key, document.said(f"{path}.KmsKeyId"))


def _shared(document: Document, path: str, primary: Copy) -> Iterator[Copy]:
    """One share for each recipient; it gives access where the data stand, so it has the same place."""
    permissions = document.each(path)
    if isinstance(permissions, Unknown):
        yield document.copy(Role.SHARE, permissions, document.said(path), state=State.MAY_APPEAR)
        return
    yield from copies.shares(primary, (_recipient(permission, RECIPIENTS[path]) for permission in permissions))


def _recipient(permission: Document, fields: tuple[str, ...]) -> tuple[Any, Said]:
    """Who may use it, by the first field that names somebody."""
    field = next((field for field in fields if permission.get(field)), fields[0])
    return permission.get(field), permission.said(field)


RECIPIENTS = {
    PERMISSIONS: ("UserId", "Group"),
    LAUNCHERS: ("UserId", "Group", "OrganizationArn", "OrganizationalUnitArn"),
}

LISTINGS = (
    Listing("aws", "ebs", VOLUMES, Scope.REGION, VOLUME_NEEDS, volumes, place_volume),
    Listing("aws", "ebs", SNAPSHOTS, Scope.REGION, SNAPSHOT_NEEDS, snapshots, place_snapshot),
    Listing("aws", "ebs", IMAGES, Scope.REGION, IMAGE_NEEDS, images, place_image),
)


# --- as code ----------------------------------------------------------------------------------

COMPUTED = ("encrypted", "kms_key_id")
# A snapshot is encrypted as its volume is, and a copy may be as its origin is: left alone, that is not known.
SNAPSHOT_COMPUTED = ("outpost_arn", "kms_key_id")
_SNAPSHOT_FIELDS = {
    f"{SNAPSHOT}.OutpostArn": "outpost_arn",
    f"{SNAPSHOT}.Encrypted": "encrypted",
    f"{SNAPSHOT}.KmsKeyId": "kms_key_id",
    f"{SNAPSHOT}.Tags[]": TAGS,
    "@region": REGION,
}
TERRAFORM = {
    "aws_ebs_volume": Template(
        fields={
            f"{VOLUME}.VolumeId": "id",
            f"{VOLUME}.AvailabilityZone": "availability_zone",
            f"{VOLUME}.OutpostArn": "outpost_arn",
            f"{VOLUME}.Encrypted": "encrypted",
            f"{VOLUME}.KmsKeyId": "kms_key_id",
            f"{VOLUME}.Tags[]": TAGS,
        },
        place=place_volume,
        computed=COMPUTED,
    ),
    "aws_ebs_snapshot": Template(
        fields={
            f"{SNAPSHOT}.SnapshotId": "id",
            f"{SNAPSHOT}.VolumeId": "volume_id",
            **_SNAPSHOT_FIELDS,
        },
        place=place_snapshot,
        computed=SNAPSHOT_COMPUTED,
    ),
    "aws_ebs_snapshot_copy": Template(
        fields={
            f"{SNAPSHOT}.SnapshotId": "id",
            COPIED_FROM: "source_snapshot_id",
            COPIED_FROM_REGION: "source_region",
            **_SNAPSHOT_FIELDS,
        },
        place=place_snapshot,
        computed=SNAPSHOT_COMPUTED,
    ),
    "aws_snapshot_create_volume_permission": Template(
        fields={f"{SNAPSHOT}.SnapshotId": "snapshot_id", PERMISSIONS: Each("", {"UserId": "account_id"})},
        place=place_snapshot,
        attaches_to=("snapshot_id", "aws_ebs_snapshot"),
    ),
    **{
        kind: Template(
            fields={
                f"{IMAGE}.ImageId": "id",
                f"{IMAGE}.SourceImageId": "source_ami_id",
                f"{IMAGE}.SourceImageRegion": "source_ami_region",
                COPIED_TO: "destination_outpost_arn",
                f"{IMAGE}.Tags[]": TAGS,
                DISKS: Each("ebs_block_device", {"Ebs.SnapshotId": "snapshot_id"}),
                "@region": REGION,
            },
            place=place_image,
        )
        for kind in ("aws_ami", "aws_ami_copy", "aws_ami_from_instance")
    },
    "aws_ami_launch_permission": Template(
        fields={
            f"{IMAGE}.ImageId": "image_id",
            LAUNCHERS: Each(
                "",
                {
                    "UserId": "account_id",
                    "Group": "group",
                    "OrganizationArn": "organization_arn",
                    "OrganizationalUnitArn": "organizational_unit_arn",
                },
            ),
        },
        place=place_image,
        attaches_to=("image_id", "aws_ami"),
    ),
}

# Property names: CloudFormation template reference of the type (read 2026-11-22). A copy of a volume may leave its
# zone out and then stands in that of its source, which is not followed.
CLOUDFORMATION = {
    "AWS::EC2::Volume": Template(
        fields={
            f"{VOLUME}.AvailabilityZoneId": "AvailabilityZoneId",
            f"{VOLUME}.AvailabilityZone": "AvailabilityZone",
            f"{VOLUME}.OutpostArn": "OutpostArn",
            f"{VOLUME}.Encrypted": "Encrypted",
            f"{VOLUME}.KmsKeyId": "KmsKeyId",
            MADE_FROM: "SnapshotId",
            COPY_OF: "SourceVolumeId",
            f"{VOLUME}.Tags[]": TAGS,
        },
        place=place_volume,
        names=(),
    ),
}
