"""What CloudFormation templates say of volumes."""

from __future__ import annotations

from tests.sources.stacks import Read

TOKYO = "aws:ap-northeast-1"


def test_a_volume_stands_in_its_zone_and_in_no_region_instead() -> None:
    stack = Read("ebs.yaml")
    expected = {
        "InZone": f"{TOKYO}a",
        "ByZoneId": "aws:apne1-az1",
        "InLocalZone": f"{TOKYO}-tpe-1a",
        "OnOutpost": "aws.outpost:op-1",
        "BesideInstance": "not-known-yet",
        "ByParameter": "not-known-yet",
        "FirstZone": "not-known-yet",
        "Copy": "unresolved",
    }
    assert {address: stack.place(address) for address in expected} == expected


def test_a_value_that_is_given_is_the_place() -> None:
    assert Read("ebs.yaml", Open="ap-northeast-1-tpe-1a").place("ByParameter") == f"{TOKYO}-tpe-1a"
    assert Read("ebs.yaml", region=None).place("InZone") == "not-known-yet"


def test_the_key_of_a_volume_is_told_however_it_is_named() -> None:
    stack = Read("ebs.yaml")
    expected = {
        "KeyByRef": f"grade 3 by Key in {TOKYO}",
        "KeyByAtt": f"grade 3 by Key in {TOKYO}",
        "KeyByAlias": f"grade 3 by Key in {TOKYO}",
        "KeyByArn": "grade None by arn:aws:kms:us-east-1:123456789012:key/1 in aws:us-east-1",
        "KeyOfAws": "grade 2 provider-managed-key",
        "KeyPerhaps": "grade None",
        "NoKey": "grade 0",
        "InZone": "grade 0",
        "FromSnapshot": "grade None",
        "FromOpenSnapshot": f"grade 3 by Key in {TOKYO}",
        "Copy": "grade None",
    }
    found = {address: stack.copies(address)[0].partition(" grade")[2] for address in expected}
    assert {address: f"grade{control}" for address, control in found.items()} == expected


def test_a_volume_is_a_copy_of_the_snapshot_or_the_volume_that_it_is_made_from() -> None:
    assert Read("ebs.yaml").edges == [
        "arn:aws:ec2:ap-northeast-1::snapshot/snap-0123456789abcdef0 -> tf:s/FromSnapshot",
        "tf:s/InZone -> tf:s/Copy",
    ]


def test_tags_are_read() -> None:
    assert Read("ebs.yaml").stores["InZone"].tags == {"data": "personal"}
