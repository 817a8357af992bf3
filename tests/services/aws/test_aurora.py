"""What the answers about clusters, their snapshots and backups mean, and what plans of them say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from residency.clouds.aws.keys import DESCRIBE
from residency.services.aws import aurora, rds
from tests.services.databases import CLUSTER, ENCRYPTED, HERE, THERE, answer, edges_of, scan, stores_of
from tests.services.documents import ACCOUNT, KEY, PARTNER, key_metadata, lines, live, placed
from tests.serving import SINGAPORE, TOKYO, Served, a_server
from tests.sources.plans import Read, a_plan, a_provider, a_resource, read, refer


def cluster(**more: Any) -> dict[str, Any]:
    said = {"DBClusterIdentifier": "members", "DBClusterArn": CLUSTER, "StorageEncrypted": False}
    return {aurora.CLUSTERS: {"DBClusters[]": said | more}}


# --- clusters ---------------------------------------------------------------------------------


def test_a_cluster_stands_in_its_region_whatever_zones_it_lists() -> None:
    zones = [f"{TOKYO}{letter}" for letter in "acd"]
    store, edges = placed(aurora.place_cluster(live(cluster(AvailabilityZones=zones, TagList=[]))))
    assert (store.id, store.kind, store.name, store.tags) == (CLUSTER, "aws.rds.cluster", "members", {})
    assert (lines(store), edges) == ([f"primary aws:{TOKYO} grade 0"], [])


@pytest.mark.parametrize(("said", "control"), ENCRYPTED)
def test_the_type_of_encryption_says_more_than_the_flag(said: dict[str, Any], control: str) -> None:
    body = cluster(**said) | {DESCRIBE: {KEY: key_metadata()}}
    assert lines(placed(aurora.place_cluster(live(body)))[0]) == [f"primary aws:{TOKYO} {control}"]


def test_a_cluster_is_replicated_to_and_from_others() -> None:
    said = {"ReadReplicaIdentifiers": [f"{THERE}:cluster:far"], "ReplicationSourceIdentifier": f"{THERE}:db:first"}
    records = list(aurora.place_cluster(live(cluster(**said))))
    store, _ = placed(iter(records))
    assert lines(store)[1:] == [f"replica aws:{SINGAPORE} held by {THERE}:cluster:far of {ACCOUNT}"]
    assert edges_of(records) == [
        f"replica {CLUSTER} -> {THERE}:cluster:far at aws:{SINGAPORE}",
        f"replica {THERE}:db:first -> {CLUSTER} at aws:{TOKYO}",
    ]


def test_each_member_of_a_global_database_has_what_the_others_have() -> None:
    far, third = f"{THERE}:cluster:far", f"arn:aws:rds:us-east-1:{ACCOUNT}:cluster:third"
    members = [
        {"DBClusterArn": CLUSTER, "IsWriter": True, "Readers": [far, third]},
        {"DBClusterArn": far, "IsWriter": False, "Readers": []},
    ]
    group = {"GlobalClusterIdentifier": "world", "GlobalClusterMembers": members}
    assert edges_of(aurora.place_global_cluster(live({aurora.GLOBALS: {"GlobalClusters[]": group}}))) == [
        f"replica {CLUSTER} -> {far} at aws:{SINGAPORE}",
        f"replica {CLUSTER} -> {third} at aws:us-east-1",
        f"replica {far} -> {CLUSTER} at aws:{TOKYO}",
        f"replica {far} -> {third} at aws:us-east-1",
        f"replica {third} -> {CLUSTER} at aws:{TOKYO}",
        f"replica {third} -> {far} at aws:{SINGAPORE}",
    ]


def test_a_global_database_without_members_relates_nothing() -> None:
    group = {"GlobalClusterIdentifier": "world", "GlobalClusterMembers": []}
    assert edges_of(aurora.place_global_cluster(live({aurora.GLOBALS: {"GlobalClusters[]": group}}))) == []


# --- snapshots and backups --------------------------------------------------------------------


def test_a_snapshot_of_a_cluster_is_read_alike() -> None:
    name = f"{HERE}:cluster-snapshot:daily"
    listed = {
        "DBClusterSnapshotIdentifier": "daily",
        "DBClusterSnapshotArn": name,
        "DBClusterIdentifier": "members",
        "SourceDBClusterSnapshotArn": f"{THERE}:cluster-snapshot:first",
        "StorageEncrypted": False,
        "StorageEncryptionType": "sse-rds",
    }
    attributes = [{"AttributeName": "restore", "AttributeValues": [PARTNER]}]
    asked = {"DBClusterSnapshotAttributesResult": {"DBClusterSnapshotAttributes": attributes}}
    body = {aurora.SNAPSHOTS: {"DBClusterSnapshots[]": listed}, aurora.SHARES: asked}
    store, edges = placed(aurora.place_snapshot(live(body)))
    assert (store.id, store.kind, store.name) == (name, "aws.rds.cluster-snapshot", "daily")
    assert lines(store) == [f"primary aws:{TOKYO} grade 2", f"share aws:{TOKYO} of {PARTNER}"]
    assert edges == [f"{THERE}:cluster:members -> {name}", f"{THERE}:cluster-snapshot:first -> {name}"]


def test_the_backup_of_a_cluster_that_is_gone_stands_in_its_region() -> None:
    listed = {"DBClusterIdentifier": "members", "DBClusterArn": CLUSTER, "StorageEncryptionType": "sse-rds"}
    arn = f"{HERE}:cluster-auto-backup:ab-1"
    body = {aurora.BACKUPS: {"DBClusterAutomatedBackups[]": listed}, "@arn": arn}
    store, edges = placed(aurora.place_automated_backup(live(body)))
    assert (store.id, lines(store)) == (arn, [f"primary aws:{TOKYO} grade 2"])
    assert edges == [f"{CLUSTER} -> {arn}"]


# --- live -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def at() -> Iterator[Served]:
    with a_server() as server:
        yield server


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def test_clusters_are_listed_with_their_members_and_global_databases(at: Served) -> None:
    new = {"Engine": "aurora-mysql", "MasterUsername": "admin", "MasterUserPassword": "password1"}
    at.client("rds").create_global_cluster(GlobalClusterIdentifier="world", Engine="aurora-mysql")
    at.client("rds").create_db_cluster(DBClusterIdentifier="first", GlobalClusterIdentifier="world", **new)
    at.client("rds", SINGAPORE).create_db_cluster(
        DBClusterIdentifier="second", GlobalClusterIdentifier="world", Engine="aurora-mysql"
    )
    at.client("rds").create_db_instance(
        DBInstanceIdentifier="one", DBInstanceClass="db.r5.large", Engine="aurora-mysql", DBClusterIdentifier="first"
    )
    records, _ = scan(at, aurora.CLUSTERS)
    assert stores_of(records) == {"first": [f"primary aws:{TOKYO} grade 0"]}
    records, gaps = scan(at, aurora.GLOBALS)
    first, second = f"{HERE}:cluster:first", f"{THERE}:cluster:second"
    assert edges_of(records) == [
        f"replica {first} -> {second} at aws:{SINGAPORE}",
        f"replica {second} -> {first} at aws:{TOKYO}",
    ]
    assert gaps == []
    records, gaps = scan(at, rds.INSTANCES)
    assert f"replica {first} -> {HERE}:db:one at aws:{TOKYO}a" in edges_of(records)
    assert gaps == []  # the key of a member is asked for with its cluster


def test_snapshots_of_clusters_are_listed_with_their_shares(at: Served) -> None:
    client = at.client("rds")
    client.create_db_cluster(
        DBClusterIdentifier="shown", Engine="aurora-mysql", MasterUsername="admin", MasterUserPassword="password1"
    )
    client.create_db_cluster_snapshot(DBClusterIdentifier="shown", DBClusterSnapshotIdentifier="shown-daily")
    client.modify_db_cluster_snapshot_attribute(
        DBClusterSnapshotIdentifier="shown-daily", AttributeName="restore", ValuesToAdd=["all"]
    )
    records, _ = scan(at, aurora.SNAPSHOTS)
    assert stores_of(records)["shown-daily"] == [f"primary aws:{TOKYO} grade 0", f"share aws:{TOKYO} of *"]
    named = f"{HERE}:cluster-snapshot:shown-daily"
    assert f"snapshot {HERE}:cluster:shown -> {named} at aws:{TOKYO}" in edges_of(records)


def test_backups_of_clusters_are_listed(at: Served) -> None:
    arn = f"{HERE}:cluster-auto-backup:ab-1"
    found = (
        "<DBClusterAutomatedBackups><DBClusterAutomatedBackup><DBClusterIdentifier>gone</DBClusterIdentifier>"
        f"<DBClusterArn>{HERE}:cluster:gone</DBClusterArn><Region>{TOKYO}</Region><Status>retained</Status>"
        f"<DBClusterAutomatedBackupsArn>{arn}</DBClusterAutomatedBackupsArn><StorageEncrypted>false</StorageEncrypted>"
        "</DBClusterAutomatedBackup></DBClusterAutomatedBackups>"
    )
    with at.rules(answer("DescribeDBClusterAutomatedBackups", found)):
        records, gaps = scan(at, aurora.BACKUPS)
    assert stores_of(records) == {"gone": [f"primary aws:{TOKYO} grade 0"]}
    assert (edges_of(records), gaps) == ([f"backup {HERE}:cluster:gone -> {arn} at aws:{TOKYO}"], [])


# --- as code ----------------------------------------------------------------------------------


@pytest.fixture
def plan() -> Read:
    return read("databases")


@pytest.mark.parametrize(
    ("address", "control"),
    [
        ("aws_rds_cluster.plain", "grade 2"),  # every new Aurora cluster is encrypted
        ("aws_rds_cluster.managed", "grade 2 provider-managed-key"),
        ("aws_rds_cluster.three", "grade 0"),
        ("aws_rds_cluster.first", "grade 2 provider-managed-key"),
        ("aws_rds_cluster.joined", "grade None"),
        ("aws_rds_cluster.restored", "grade None"),
    ],
)
def test_a_plan_says_what_protects_a_cluster(plan: Read, address: str, control: str) -> None:
    primary = plan.told(address)[1].partition(" <- ")[0]
    assert primary.partition(" grade ")[2] == control.removeprefix("grade ")


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("aws_rds_cluster.home", [f"primary aws:{TOKYO} grade 3 by aws_kms_key.own in aws:{TOKYO} <- region of {{0}}"]),
        (
            "aws_rds_cluster.joins_stranger",
            [
                f"primary aws:{TOKYO} grade None <- region of {{0}}",
                "replica unresolved may-appear <- global_cluster_identifier of {0}",
            ],
        ),
        (
            "aws_db_cluster_snapshot.daily",
            [
                f"primary aws:{TOKYO} grade None <- region of {{0}}",
                f"share aws:{TOKYO} of {PARTNER} <- shared_accounts of {{0}}",
            ],
        ),
        ("aws_rds_cluster_snapshot_copy.sg", [f"primary aws:{SINGAPORE} grade None <- region of {{0}}"]),
    ],
)
def test_a_plan_tells_each_copy_with_the_attribute_that_says_so(plan: Read, address: str, told: list[str]) -> None:
    assert plan.told(address)[1:] == [line.format(address) for line in told]


def test_an_aurora_cluster_that_stands_already_does_not_say_whether_it_is_encrypted() -> None:
    after = {"arn": CLUSTER, "cluster_identifier": "members", "engine": "aurora-mysql", "storage_encrypted": False}
    found = Read(a_plan(a_resource("aws_rds_cluster.x", after))).told("aws_rds_cluster.x")
    assert found[1] == f"primary aws:{TOKYO} grade None <- region of aws_rds_cluster.x"


def test_a_global_database_has_one_name_in_all_regions() -> None:
    home = a_resource("aws_rds_cluster.home", {"engine": "aurora-mysql"}, {"arn": True})
    group = a_resource(
        "aws_rds_global_cluster.g",
        {"global_cluster_identifier": "world"},
        {"source_db_cluster_identifier": True},
        {"source_db_cluster_identifier": refer("aws_rds_cluster.home.arn")},
    )
    joined = a_resource("aws_rds_cluster.joined", {"global_cluster_identifier": "world"}, {"arn": True}, key="aws.sg")
    found = Read(a_plan(home, group, joined, providers={"aws": a_provider(), "aws.sg": a_provider(SINGAPORE)}))
    assert found.edges == [
        "tf:s/aws_rds_cluster.home -> tf:s/aws_rds_cluster.joined",
        "tf:s/aws_rds_cluster.joined -> tf:s/aws_rds_cluster.home",
    ]
    assert len(found.stores["aws_rds_cluster.joined"].copies) == 1
