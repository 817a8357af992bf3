"""What the answers about volumes, snapshots and images mean."""

from __future__ import annotations

from typing import Any

import pytest

from residency.clouds.aws.keys import DESCRIBE
from residency.services.aws import ebs
from tests.services.documents import ACCOUNT, KEY, PARTNER, REFUSED, key_metadata, lines, live, placed

HERE = f"arn:aws:ec2:ap-northeast-1:{ACCOUNT}"
OUTPOST = f"arn:aws:outposts:ap-northeast-1:{ACCOUNT}:outpost/op-1"


def volume(**more: Any) -> dict[str, Any]:
    said = {"VolumeId": "vol-1", "AvailabilityZone": "ap-northeast-1a", "Encrypted": False}
    return {ebs.VOLUMES: {"Volumes[]": said | more}}


def snapshot(shares: Any = (), **more: Any) -> dict[str, Any]:
    said = {"SnapshotId": "snap-1", "VolumeId": "vol-1", "Encrypted": False}
    asked = shares if shares is REFUSED else {"CreateVolumePermissions": list(shares)}
    return {ebs.SNAPSHOTS: {"Snapshots[]": said | more}, ebs.SHARES: asked}


def image(launchers: Any = (), **more: Any) -> dict[str, Any]:
    asked = launchers if launchers is REFUSED else {"LaunchPermissions": list(launchers)}
    return {ebs.IMAGES: {"Images[]": {"ImageId": "ami-1", "BlockDeviceMappings": []} | more}, ebs.LAUNCH: asked}


def test_a_volume_is_named_and_tagged_as_it_is_listed() -> None:
    store, edges = placed(ebs.place_volume(live(volume(Tags=[{"Key": "data", "Value": "personal"}]))))
    assert (store.id, store.name, store.tags) == (f"{HERE}:volume/vol-1", "vol-1", {"data": "personal"})
    assert (store.account, store.region, edges) == (ACCOUNT, "ap-northeast-1", [])
    assert str(store.copies[0].said_by[0]) == "ec2:DescribeVolumes Volumes[].AvailabilityZone"


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({}, "aws:ap-northeast-1a"),
        ({"AvailabilityZone": "ap-northeast-1-tpe-1a"}, "aws:ap-northeast-1-tpe-1a"),
        ({"AvailabilityZoneId": "apne1-az4"}, "aws:apne1-az4"),
        ({"OutpostArn": OUTPOST}, "aws.outpost:op-1"),
        ({"OutpostArn": OUTPOST, "AvailabilityZoneId": "apne1-az4"}, "aws.outpost:op-1"),
        ({"OutpostArn": "none"}, "unresolved"),
        ({"AvailabilityZone": None}, "unresolved"),
        ({"AvailabilityZone": ""}, "unresolved"),
    ],
)
def test_a_volume_stands_at_the_most_exact_word_and_never_in_its_region(said: dict[str, Any], place: str) -> None:
    (told,) = lines(placed(ebs.place_volume(live(volume(**said))))[0])
    assert told == f"primary {place} grade 0"


@pytest.mark.parametrize(
    ("said", "control"),
    [
        ({}, "grade 0"),
        ({"Encrypted": True, "KmsKeyId": KEY}, "grade 3"),
        ({"Encrypted": True, "KmsKeyId": "arn:aws:kms:ap-northeast-1:1:key/refused"}, "grade None"),
        ({"Encrypted": True}, "grade None"),  # an encrypted volume always names its key
        ({"Encrypted": REFUSED}, "grade None"),
    ],
)
def test_the_grade_of_a_volume_is_that_of_its_key(said: dict[str, Any], control: str) -> None:
    body = volume(**said) | {DESCRIBE: {KEY: key_metadata()}}
    assert lines(placed(ebs.place_volume(live(body)))[0]) == [f"primary aws:ap-northeast-1a {control}"]


def test_a_snapshot_stands_in_its_region_and_comes_from_its_volume() -> None:
    store, edges = placed(ebs.place_snapshot(live(snapshot())))
    assert store.id == "arn:aws:ec2:ap-northeast-1::snapshot/snap-1"
    assert lines(store) == ["primary aws:ap-northeast-1 grade 0"]
    assert edges == [f"{HERE}:volume/vol-1 -> {store.id}"]


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"OutpostArn": OUTPOST}, "aws.outpost:op-1"),
        ({"AvailabilityZone": "ap-northeast-1-tpe-1a"}, "aws:ap-northeast-1-tpe-1a"),
    ],
)
def test_a_local_snapshot_stands_where_its_volume_does(said: dict[str, Any], place: str) -> None:
    assert lines(placed(ebs.place_snapshot(live(snapshot(**said))))[0]) == [f"primary {place} grade 0"]


def test_a_snapshot_that_was_copied_comes_from_no_volume() -> None:
    assert placed(ebs.place_snapshot(live(snapshot(VolumeId="vol-ffffffff"))))[1] == []


def test_everybody_who_may_copy_a_snapshot_is_told_where_it_stands() -> None:
    shares = [{"UserId": PARTNER}, {"Group": "all"}]
    assert lines(placed(ebs.place_snapshot(live(snapshot(shares))))[0])[1:] == [
        f"share aws:ap-northeast-1 of {PARTNER}",
        "share aws:ap-northeast-1 of *",
    ]


@pytest.mark.parametrize(
    "records", [ebs.place_snapshot(live(snapshot(REFUSED))), ebs.place_image(live(image(REFUSED)))]
)
def test_refused_permissions_may_be_a_share(records: Any) -> None:
    assert lines(placed(records)[0])[1:] == ["share unresolved may-appear"]


def test_a_share_with_a_recipient_that_nobody_can_read_is_still_a_share() -> None:
    assert lines(placed(ebs.place_snapshot(live(snapshot([{}]))))[0])[1:] == ["share aws:ap-northeast-1"]


def test_an_image_comes_from_its_snapshots_and_from_the_image_that_it_was_copied_from() -> None:
    disks = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": "snap-1"}}, {"VirtualName": "ephemeral0"}]
    body = image(BlockDeviceMappings=disks, SourceImageId="ami-0", SourceImageRegion="us-east-1")
    store, edges = placed(ebs.place_image(live(body)))
    held = "primary aws:ap-northeast-1 held by arn:aws:ec2:ap-northeast-1::snapshot/snap-1"
    assert (store.id, lines(store)) == ("arn:aws:ec2:ap-northeast-1::image/ami-1", [held])
    assert edges == [
        f"arn:aws:ec2:ap-northeast-1::snapshot/snap-1 -> {store.id}",
        f"arn:aws:ec2:us-east-1::image/ami-0 -> {store.id}",
    ]


def test_an_image_that_names_itself_as_its_source_has_no_edge() -> None:
    body = image(SourceImageId="ami-1", SourceImageRegion="ap-northeast-1")
    assert placed(ebs.place_image(live(body)))[1] == []


def test_a_source_image_without_its_region_has_no_made_up_name() -> None:
    assert placed(ebs.place_image(live(image(SourceImageId="ami-0"))))[1] == []


def test_an_image_stands_on_the_outpost_that_holds_its_snapshots() -> None:
    disks = [{"Ebs": {"SnapshotId": "snap-1"}}, {"Ebs": {"SnapshotId": "snap-2", "OutpostArn": OUTPOST}}]
    store, _ = placed(ebs.place_image(live(image(BlockDeviceMappings=disks))))
    held = "arn:aws:ec2:ap-northeast-1::snapshot/snap-"
    assert lines(store) == [f"primary aws.outpost:op-1 held by {held}{number}" for number in (1, 2)]
    assert str(store.copies[0].said_by[0]) == "ec2:DescribeImages Images[].BlockDeviceMappings[].Ebs.OutpostArn"


@pytest.mark.parametrize(
    ("permission", "account"),
    [
        ({"UserId": PARTNER}, PARTNER),
        ({"Group": "all"}, "*"),
        ({"OrganizationArn": "arn:aws:organizations::1:organization/o-1"}, "arn:aws:organizations::1:organization/o-1"),
        ({"OrganizationalUnitArn": "arn:aws:organizations::1:ou/o-1/ou-1"}, "arn:aws:organizations::1:ou/o-1/ou-1"),
    ],
)
def test_an_image_is_shared_with_accounts_everyone_and_organizations(permission: dict[str, str], account: str) -> None:
    store, _ = placed(ebs.place_image(live(image([permission]))))
    assert lines(store)[1:] == [f"share aws:ap-northeast-1 of {account}"]


def test_ids_and_places_are_of_the_partition() -> None:
    store, _ = placed(ebs.place_snapshot(live(snapshot(), region="cn-north-1", partition="aws-cn")))
    assert (store.id, lines(store)) == (
        "arn:aws-cn:ec2:cn-north-1::snapshot/snap-1",
        ["primary aws-cn:cn-north-1 grade 0"],
    )
