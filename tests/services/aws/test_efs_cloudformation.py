"""What CloudFormation templates say of file systems and what they replicate to."""

from __future__ import annotations

from tests.sources.stacks import Read

TOKYO = "aws:ap-northeast-1"


def test_a_file_system_stands_in_its_zone_or_in_its_region() -> None:
    stack = Read("efs.yaml")
    expected = {"Regional": TOKYO, "OneZone": f"{TOKYO}c", "OpenZone": "not-known-yet"}
    assert {address: stack.place(address) for address in expected} == expected
    assert Read("efs.yaml", region=None).place("Regional") == "unresolved"
    assert Read("efs.yaml", Open="ap-northeast-1a").place("OpenZone") == f"{TOKYO}a"


def test_the_key_of_a_file_system_is_told_however_it_is_named() -> None:
    stack = Read("efs.yaml")
    expected = {
        "KeyByRef": f"grade 3 by Key in {TOKYO}",
        "KeyByAtt": f"grade 3 by Key in {TOKYO}",
        "KeyByAlias": f"grade 3 by Key in {TOKYO}",
        "KeyByArn": "grade None by arn:aws:kms:us-east-1:123456789012:key/1 in aws:us-east-1",
        "KeyOfAws": "grade 2 provider-managed-key",
        "KeyPerhaps": "grade None",
        "NoKey": "grade 0",
        "Regional": "grade 0",
    }
    found = {address: stack.copies(address)[0].partition(" grade")[2] for address in expected}
    assert {address: f"grade{control}" for address, control in found.items()} == expected


def test_a_replica_stands_where_its_destination_says() -> None:
    stack = Read("efs.yaml")
    far = "arn:aws:elasticfilesystem:us-east-1:210987654321:file-system/fs-0123456789abcdef0"
    key = "arn:aws:kms:ap-southeast-1:123456789012:key/1"
    expected = {
        "Regional": [],
        "ToRegion": ["replica aws:ap-southeast-1 grade 2 provider-managed-key"],
        "ToZone": [f"replica aws:ap-southeast-1a grade None by {key} in aws:ap-southeast-1"],
        "ToFileSystem": ["replica unresolved held by tf:s/Regional"],
        "ToArn": [f"replica aws:us-east-1 held by {far} of 210987654321"],
        "ToOpen": ["replica not-known-yet grade 2 provider-managed-key"],
        "ToPerhaps": ["replica not-known-yet may-appear"],
    }
    assert {address: stack.copies(address)[1:] for address in expected} == expected
    assert stack.edges == ["tf:s/ToFileSystem -> tf:s/Regional", f"tf:s/ToArn -> {far}"]
    assert " <- ReplicationConfiguration.Destinations.Region of efs.yaml:" in stack.told("ToRegion")[2]


def test_tags_are_read_where_this_type_writes_them() -> None:
    assert Read("efs.yaml").stores["Regional"].tags == {"data": "personal"}
