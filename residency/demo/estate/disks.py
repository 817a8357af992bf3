"""Volumes, snapshots and an image: one volume in a Local Zone abroad, a snapshot copied out and shared."""

from __future__ import annotations

import re
from typing import Any

from residency.demo.estate.company import (
    ANALYTICS,
    BUENOS_AIRES,
    MEMBERS,
    PARTNER,
    PERSONAL,
    SINGAPORE,
    TOKYO,
    VIRGINIA,
    Company,
    tags,
)
from residency.demo.server import Call, Change, Reply, changed


def move_in(company: Company) -> None:
    ec2, key = company.client("ec2", TOKYO), company.key(TOKYO)
    volume = _volume(ec2, "crm", f"{TOKYO}a", PERSONAL, key)
    virginia, its_key = company.client("ec2", VIRGINIA, ANALYTICS), company.key(VIRGINIA, ANALYTICS)
    abroad = _volume(virginia, "edge-cache", f"{VIRGINIA}a", PERSONAL, its_key)
    snapshot = ec2.create_snapshot(VolumeId=volume, TagSpecifications=_named("snapshot", "crm-daily", None))
    snapshot_id = snapshot["SnapshotId"]
    ec2.modify_snapshot_attribute(
        SnapshotId=snapshot_id, Attribute="createVolumePermission", OperationType="add", UserIds=[PARTNER]
    )
    _copied(company, snapshot_id)
    image = _image(ec2, snapshot_id, company)
    ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"UserId": ANALYTICS}]})
    company.layer.changes += [_in_a_local_zone(abroad), _encrypted(company)]


def _image(ec2: Any, snapshot: str, company: Company) -> str:
    """moto makes a snapshot of its own for an image, whatever snapshot it is to be made of."""
    disk = {"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot, "VolumeSize": 8}}
    image = ec2.register_image(Name="crm-golden", RootDeviceName="/dev/sda1", BlockDeviceMappings=[disk])["ImageId"]
    (described,) = ec2.describe_images(ImageIds=[image])["Images"]
    (own,) = (disk["Ebs"]["SnapshotId"] for disk in described["BlockDeviceMappings"])
    company.layer.changes.append(_made_of(own, snapshot))
    return str(image)


def _made_of(own: str, snapshot: str) -> Change:
    """The image is made of a snapshot that was there before, and there is no other."""
    inside = rb"(?:(?!<item>).)*?"
    item = re.compile(
        rb"<item><tagSet/>%s<snapshotId>%s</snapshotId>%s</item>" % (inside, own.encode(), inside), re.DOTALL
    )

    def change(call: Call, reply: Reply) -> Reply:
        if call.name == "ec2:DescribeSnapshots":
            return changed(reply, item.sub(b"", reply.body))
        if call.name == "ec2:DescribeImages":
            return changed(reply, reply.body.replace(own.encode(), snapshot.encode()))
        return reply

    return change


def _volume(ec2: Any, name: str, zone: str, label: str | None, key: str) -> str:
    made = ec2.create_volume(
        Size=8,
        AvailabilityZone=zone,
        Encrypted=True,
        KmsKeyId=key,
        TagSpecifications=_named("volume", name, label),
    )
    return str(made["VolumeId"])


def _named(kind: str, name: str, label: str | None) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}, *tags(label)]}]


def _copied(company: Company, snapshot: str) -> None:
    """The copy forgets what it was made from, and nobody has labelled it."""
    abroad = company.client("ec2", SINGAPORE)
    copied = abroad.copy_snapshot(SourceRegion=TOKYO, SourceSnapshotId=snapshot)["SnapshotId"]
    abroad.create_tags(Resources=[copied], Tags=[{"Key": "Name", "Value": "crm-dr"}])


def _in_a_local_zone(volume: str) -> Change:
    """moto keeps no volume in a Local Zone."""

    def change(call: Call, reply: Reply) -> Reply:
        if call.name != "ec2:DescribeVolumes" or volume.encode() not in reply.body:
            return reply
        item = re.compile(rb"<volumeId>%s</volumeId>.*?</item>" % volume.encode(), re.DOTALL)
        zone = re.compile(rb"<availabilityZone>[^<]*</availabilityZone>")
        there = b"<availabilityZone>%s</availabilityZone>" % BUENOS_AIRES.encode()
        return changed(reply, item.sub(lambda found: zone.sub(there, found[0]), reply.body))

    return change


def _encrypted(company: Company) -> Change:
    """moto forgets which key a snapshot is encrypted with."""

    def change(call: Call, reply: Reply) -> Reply:
        if call.name != "ec2:DescribeSnapshots" or call.account != MEMBERS:
            return reply
        flag = b"<encrypted>true</encrypted>"
        key = company.key(call.region).encode() if flag in reply.body else b""
        return changed(reply, reply.body.replace(flag, flag + b"<kmsKeyId>" + key + b"</kmsKeyId>"))

    return change
