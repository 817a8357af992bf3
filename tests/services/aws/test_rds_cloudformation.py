"""What CloudFormation templates say of instances, their copies and what they are made from."""

from __future__ import annotations

import pytest

from tests.sources.stacks import Read

TOKYO, LOCAL_ZONE = "aws:ap-northeast-1", "aws:ap-northeast-1-tpe-1a"
FAR = "arn:aws:rds:us-east-1:123456789012"


def read() -> Read:
    return Read("rds.yaml")


def stands(stack: Read, address: str) -> str:
    """Where a database stands, and why that is not sure."""
    return " ".join(filter(None, [stack.place(address), stack.stores[address].copies[0].why]))


def test_an_instance_stands_in_its_zone_or_where_its_subnets_are() -> None:
    stack = read()
    expected = {
        "InZone": f"{TOKYO}a",
        "InLocalZone": LOCAL_ZONE,
        "InOpenZone": f"{TOKYO} not-known-yet",
        "ChosenByRds": TOKYO,
        "InGroup": f"{TOKYO}a or aws:apne1-az1",
        "InNamedGroup": f"{LOCAL_ZONE} or {TOKYO}a",
        "InChosenGroup": f"{TOKYO} not-known-yet",
        "InImportedGroup": f"{TOKYO} not-known-yet",
        "InTwoZones": TOKYO,
        "OnOutpost": "aws.outpost:op-1",
    }
    assert {address: stands(stack, address) for address in expected} == expected


def test_a_value_that_is_given_is_the_place() -> None:
    stack = Read("rds.yaml", Open="ap-northeast-1-tpe-1a")
    assert stack.place("InOpenZone") == LOCAL_ZONE
    assert stack.place("InChosenGroup") == f"{LOCAL_ZONE} or {TOKYO}a"


def test_without_a_region_nothing_stands_in_one() -> None:
    stack = Read("rds.yaml", region=None)
    assert {stack.place(address) for address in ("ChosenByRds", "Cluster", "Snapshot")} == {"unresolved"}


def test_a_standby_stands_beside_its_instance() -> None:
    assert read().copies("InTwoZones")[1] == f"standby {TOKYO} grade 0"


@pytest.mark.parametrize(
    ("address", "backups"),
    [
        ("InZone", []),
        ("InLocalZone", []),
        ("ChosenByRds", [f"backup {TOKYO} may-appear"]),
        ("BackupsStay", [f"backup {TOKYO}"]),
        ("BackupsMayBe", [f"backup {TOKYO} may-appear"]),
        ("BackupsGo", [f"backup {TOKYO} may-appear", "backup aws:ap-southeast-1"]),
        ("BackupsGoSomewhere", [f"backup {TOKYO} may-appear", "backup not-known-yet may-appear"]),
        ("BackupsPerhapsGo", [f"backup {TOKYO} may-appear", "backup not-known-yet may-appear"]),
        ("BackupsLocal", ["backup unresolved may-appear"]),
        ("OnOutpost", ["backup aws.outpost:op-1 may-appear"]),
        ("Member", []),
    ],
)
def test_backups_are_where_the_template_sends_them(address: str, backups: list[str]) -> None:
    copies = [copy.partition(" grade")[0] for copy in read().copies(address)]
    assert [copy for copy in copies if copy.startswith("backup")] == backups


def test_a_replicated_backup_has_the_key_of_its_region() -> None:
    key = "arn:aws:kms:ap-southeast-1:123456789012:key/1"
    stack = read()
    assert stack.copies("BackupsGo")[2].endswith(f"grade None by {key} in aws:ap-southeast-1")
    assert " <- AutomaticBackupReplicationRegion of rds.yaml:" in stack.told("BackupsGo")[3]


def test_the_key_of_a_database_is_told_however_it_is_named() -> None:
    stack = read()
    expected = {
        "KeyByRef": f"grade 3 by Key in {TOKYO}",
        "KeyByAtt": f"grade 3 by Key in {TOKYO}",
        "KeyByAlias": f"grade 3 by Key in {TOKYO}",
        "KeyByArn": "grade None by arn:aws:kms:us-east-1:123456789012:key/1 in aws:us-east-1",
        "KeyOfAws": "grade 2 provider-managed-key",
        "KeyPerhaps": "grade None",
        "NoKey": "grade 0",
        "ChosenByRds": "grade 0",
        "FromSnapshot": "grade None",
        "FromResource": "grade None",
        "FromNothing": "grade 0",
        "Snapshot": "grade None",
    }
    found = {address: stack.copies(address)[0].partition(" grade")[2] for address in expected}
    assert {address: f"grade{control}" for address, control in found.items()} == expected


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("tf:s/Source", "ReplicaByRef"),
        ("tf:s/Source", "ReplicaByName"),
        (f"{FAR}:db:far", "ReplicaOfAbroad"),
        ("tf:s/Cluster", "ReplicaOfCluster"),
        ("tf:s/Snapshot", "FromSnapshot"),
        ("tf:s/ClusterSnapshot", "FromClusterSnapshot"),
        ("tf:s/Source", "FromResource"),
        (f"{FAR}:auto-backup:ab-1", "FromBackup"),
        ("tf:s/Source", "Snapshot"),
        ("tf:s/Cluster", "Member"),
    ],
)
def test_what_is_made_from_something_else_says_so(source: str, target: str) -> None:
    assert f"{source} -> tf:s/{target}" in read().edges


def test_a_replica_of_another_region_has_a_group_of_its_own() -> None:
    stack = read()
    assert stands(stack, "ReplicaByRef") == f"{TOKYO} unresolved"  # it takes the group of its source
    assert stands(stack, "ReplicaOfAbroad") == TOKYO
    assert stands(stack, "ReplicaOfOpen") == TOKYO


def test_a_member_keeps_nothing_of_its_own() -> None:
    assert read().copies("Member") == [f"primary {TOKYO} held by tf:s/Cluster"]


def test_what_is_perhaps_a_member_is_judged_as_what_is_none() -> None:
    stack = read()
    assert stands(stack, "MemberPerhaps") == f"{TOKYO} not-known-yet"
    assert stack.copies("MemberPerhaps")[1:] == [
        f"backup {TOKYO} may-appear grade None",
        "backup aws:ap-southeast-1 grade None",
    ]


def test_an_integration_goes_where_its_target_is() -> None:
    stack = read()
    assert "tf:s/Cluster -> arn:aws:redshift-serverless:us-east-1:123456789012:namespace/n" in stack.edges
    assert "tf:s/Cluster -> None" in stack.edges


def test_tags_are_read() -> None:
    assert read().stores["InZone"].tags == {"data": "personal"}
