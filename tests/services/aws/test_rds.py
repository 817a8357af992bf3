"""What the answers about instances, their snapshots, backups and exports mean, and what plans of them say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from residency.clouds.aws.keys import DESCRIBE
from residency.demo.server import Call, Reply, changed
from residency.model import Edge, Store
from residency.services.aws import rds
from tests.services.databases import CLUSTER, DB, ENCRYPTED, HERE, THERE, answer, edges_of, scan, stores_of, where
from tests.services.documents import ACCOUNT, KEY, PARTNER, REFUSED, key_metadata, lines, live, placed
from tests.serving import SINGAPORE, TOKYO, Served, a_server, when
from tests.sources.plans import (
    Block,
    Read,
    a_bucket,
    a_plan,
    a_provider,
    a_replication,
    a_resource,
    constant,
    read,
    refer,
)

OUTPOST = f"arn:aws:outposts:{TOKYO}:{ACCOUNT}:outpost/op-1"
REPLICATED = f"{THERE}:auto-backup:ab-1"


def instance(**more: Any) -> dict[str, Any]:
    said = {
        "DBInstanceIdentifier": "members",
        "DBInstanceArn": DB,
        "AvailabilityZone": f"{TOKYO}a",
        "BackupRetentionPeriod": 0,
        "StorageEncrypted": False,
    }
    return {rds.INSTANCES: {"DBInstances[]": said | more}}


def snapshot(shares: Any = None, **more: Any) -> dict[str, Any]:
    said = {
        "DBSnapshotIdentifier": "daily",
        "DBSnapshotArn": f"{HERE}:snapshot:daily",
        "DBInstanceIdentifier": "members",
        "SnapshotType": "manual",
        "Encrypted": False,
    }
    attributes = [{"AttributeName": "restore", "AttributeValues": shares or []}]
    asked = REFUSED if shares is REFUSED else {"DBSnapshotAttributesResult": {"DBSnapshotAttributes": attributes}}
    return {rds.SNAPSHOTS: {"DBSnapshots[]": said | more}, rds.SHARES: asked}


def subnets(*outposts: str | None, zone: str = f"{TOKYO}a") -> dict[str, Any]:
    """A subnet group with a subnet in one zone for each Outpost, and one on none in another zone."""
    here = [
        {"SubnetAvailabilityZone": {"Name": zone}, "SubnetOutpost": {"Arn": arn} if arn else {}} for arn in outposts
    ]
    return {"Subnets": [*here, {"SubnetAvailabilityZone": {"Name": f"{TOKYO}c"}, "SubnetOutpost": {}}]}


def told(body: dict[str, Any]) -> list[str]:
    """An instance's copies, its keys described as a customer's."""
    return lines(placed(rds.place_instance(live(body | {DESCRIBE: {KEY: key_metadata()}})))[0])


# --- instances --------------------------------------------------------------------------------


def test_an_instance_is_named_and_tagged_as_it_is_listed() -> None:
    store, edges = placed(rds.place_instance(live(instance(TagList=[{"Key": "data", "Value": "personal"}]))))
    assert (store.id, store.kind, store.name) == (DB, "aws.rds.instance", "members")
    assert (store.tags, store.account, store.region, edges) == ({"data": "personal"}, ACCOUNT, TOKYO, [])
    assert lines(store) == [f"primary aws:{TOKYO}a grade 0"]
    assert str(store.copies[0].said_by[0]) == "rds:DescribeDBInstances DBInstances[].AvailabilityZone"


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"AvailabilityZone": f"{TOKYO}-tpe-1a"}, f"aws:{TOKYO}-tpe-1a"),
        ({"AvailabilityZone": None}, "unresolved"),  # it is being made
        ({"AvailabilityZone": ""}, "unresolved"),
        ({"DBSubnetGroup": subnets(None)}, f"aws:{TOKYO}a"),
        ({"DBSubnetGroup": subnets(OUTPOST)}, "aws.outpost:op-1"),
        ({"DBSubnetGroup": subnets(OUTPOST, OUTPOST)}, "aws.outpost:op-1"),
        ({"DBSubnetGroup": subnets(OUTPOST, None)}, f"one of aws.outpost:op-1 aws:{TOKYO}a None"),
        ({"DBSubnetGroup": subnets("none")}, "unresolved"),
        ({"DBSubnetGroup": subnets(OUTPOST, zone=f"{TOKYO}d")}, f"aws:{TOKYO}a"),
    ],
)
def test_an_instance_stands_in_its_zone_or_on_the_outpost_of_its_subnet(said: dict[str, Any], place: str) -> None:
    store, _ = placed(rds.place_instance(live(instance(**said))))
    assert where(store.copies[0]) == place


@pytest.mark.parametrize(
    ("said", "standby"),
    [
        ({"MultiAZ": True, "SecondaryAvailabilityZone": f"{TOKYO}c"}, [f"standby aws:{TOKYO}c grade 0"]),
        ({"MultiAZ": True}, ["standby unresolved grade 0"]),
        ({"MultiAZ": False}, []),
        ({"MultiAZ": True, "DBClusterIdentifier": "members"}, []),  # the other members are its standbys
    ],
)
def test_a_standby_stands_in_the_second_zone(said: dict[str, Any], standby: list[str]) -> None:
    assert told(instance(**said))[1:] == standby


@pytest.mark.parametrize(
    ("said", "backup"),
    [
        ({"BackupTarget": "region"}, [f"backup aws:{TOKYO} grade 0"]),
        ({}, [f"backup aws:{TOKYO} grade 0"]),
        ({"AvailabilityZone": f"{TOKYO}-tpe-1a"}, [f"backup aws:{TOKYO} grade 0"]),
        ({"BackupTarget": "outposts", "DBSubnetGroup": subnets(OUTPOST)}, ["backup aws.outpost:op-1 grade 0"]),
        ({"BackupTarget": "outposts"}, ["backup unresolved grade 0"]),
        ({"BackupTarget": "local"}, ["backup unresolved grade 0"]),
        ({"BackupRetentionPeriod": 0}, []),
        ({"BackupRetentionPeriod": None}, [f"backup aws:{TOKYO} may-appear grade 0"]),
        ({"DBClusterIdentifier": "members"}, []),
    ],
)
def test_automated_backups_stand_at_their_target(said: dict[str, Any], backup: list[str]) -> None:
    assert told(instance(**({"BackupRetentionPeriod": 7} | said)))[1:] == backup


def test_backups_that_are_replicated_stand_in_the_region_of_their_name() -> None:
    replications = [{"DBInstanceAutomatedBackupsArn": REPLICATED}]
    store, edges = placed(rds.place_instance(live(instance(DBInstanceAutomatedBackupsReplications=replications))))
    assert lines(store)[1:] == [f"backup aws:{SINGAPORE} held by {REPLICATED} of {ACCOUNT}"]
    assert edges == [f"{DB} -> {REPLICATED}"]


@pytest.mark.parametrize(("said", "control"), ENCRYPTED)
def test_the_type_of_encryption_says_more_than_the_flag(said: dict[str, Any], control: str) -> None:
    assert told(instance(**said)) == [f"primary aws:{TOKYO}a {control}"]


def test_replicas_are_named_in_the_region_and_have_arns_in_others() -> None:
    replicas = ["near", f"{THERE}:db:far"]
    store, edges = placed(rds.place_instance(live(instance(ReadReplicaDBInstanceIdentifiers=replicas))))
    assert [(copy.role, where(copy), copy.holder) for copy in store.copies[1:]] == [
        ("replica", f"one of aws:{TOKYO} unresolved", f"{HERE}:db:near"),  # the zone is told by the replica
        ("replica", f"one of aws:{SINGAPORE} unresolved", f"{THERE}:db:far"),
    ]
    assert edges == [f"{DB} -> {HERE}:db:near", f"{DB} -> {THERE}:db:far"]


def test_a_cluster_that_replicates_an_instance_stands_in_its_region() -> None:
    store, edges = placed(rds.place_instance(live(instance(ReadReplicaDBClusterIdentifiers=["aurora"]))))
    assert lines(store)[1:] == [f"replica aws:{TOKYO} held by {HERE}:cluster:aurora of {ACCOUNT}"]
    assert edges == [f"{DB} -> {HERE}:cluster:aurora"]


@pytest.mark.parametrize(
    ("said", "source"),
    [
        ({"ReadReplicaSourceDBInstanceIdentifier": "first"}, f"{HERE}:db:first"),
        ({"ReadReplicaSourceDBInstanceIdentifier": f"{THERE}:db:first"}, f"{THERE}:db:first"),
        ({"ReadReplicaSourceDBClusterIdentifier": "first"}, f"{HERE}:cluster:first"),
    ],
)
def test_a_replica_comes_from_its_source(said: dict[str, Any], source: str) -> None:
    records = list(rds.place_instance(live(instance(**said))))
    assert edges_of(records) == [f"replica {source} -> {DB} at aws:{TOKYO}a"]


def test_a_member_shows_the_zone_of_what_its_cluster_holds() -> None:
    records = list(rds.place_instance(live(instance(DBClusterIdentifier="members", BackupRetentionPeriod=7))))
    store, _ = placed(iter(records))
    assert lines(store) == [f"primary aws:{TOKYO}a held by {CLUSTER}"]  # with the key of the cluster
    assert edges_of(records) == [f"replica {CLUSTER} -> {DB} at aws:{TOKYO}a"]


def test_an_activity_stream_has_a_key_of_its_own() -> None:
    stream = {"ActivityStreamKinesisStreamName": "aws-rds-das-1", "ActivityStreamKmsKeyId": KEY}
    name = f"arn:aws:kinesis:{TOKYO}:{ACCOUNT}:stream/aws-rds-das-1"
    assert told(instance(**stream))[1:] == [f"log aws:{TOKYO} held by {name} grade 3"]


# --- snapshots and backups --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({}, f"aws:{TOKYO}"),
        ({"SnapshotTarget": "region", "AvailabilityZone": f"{TOKYO}-tpe-1a"}, f"aws:{TOKYO}"),
        ({"SnapshotTarget": "local", "SnapshotAvailabilityZone": f"{TOKYO}-dlz-1a"}, f"aws:{TOKYO}-dlz-1a"),
        ({"SnapshotTarget": "local"}, "unresolved"),
        ({"SnapshotTarget": "outposts"}, "unresolved"),
    ],
)
def test_a_snapshot_stands_where_it_is_kept_and_not_where_its_instance_was(said: dict[str, Any], place: str) -> None:
    store, edges = placed(rds.place_snapshot(live(snapshot(**said))))
    assert (store.id, store.kind, store.name) == (f"{HERE}:snapshot:daily", "aws.rds.snapshot", "daily")
    assert lines(store) == [f"primary {place} grade 0"]
    assert edges == [f"{DB} -> {store.id}"]


@pytest.mark.parametrize("origin", [THERE, THERE.replace(ACCOUNT, PARTNER)])
def test_a_copied_snapshot_comes_from_the_instance_beside_the_original(origin: str) -> None:
    body = snapshot(SourceDBSnapshotIdentifier=f"{origin}:snapshot:first", SourceRegion=SINGAPORE)
    assert placed(rds.place_snapshot(live(body)))[1] == [
        f"{origin}:db:members -> {HERE}:snapshot:daily",
        f"{origin}:snapshot:first -> {HERE}:snapshot:daily",
    ]


@pytest.mark.parametrize(
    ("shares", "copies"),
    [
        ([], []),
        ([PARTNER, "all"], [f"share aws:{TOKYO} of {PARTNER}", f"share aws:{TOKYO} of *"]),
        (REFUSED, ["share unresolved may-appear"]),
    ],
)
def test_a_snapshot_is_shared_with_those_who_may_restore_it(shares: Any, copies: list[str]) -> None:
    assert lines(placed(rds.place_snapshot(live(snapshot(shares))))[0])[1:] == copies


def test_another_attribute_than_restore_shares_nothing() -> None:
    attributes = [{"AttributeName": "something", "AttributeValues": [PARTNER]}]
    body = snapshot() | {rds.SHARES: {"DBSnapshotAttributesResult": {"DBSnapshotAttributes": attributes}}}
    assert len(placed(rds.place_snapshot(live(body)))[0].copies) == 1


@pytest.mark.parametrize(
    ("target", "place"),
    [("region", f"aws:{SINGAPORE}"), (None, f"aws:{SINGAPORE}"), ("outposts", "unresolved"), ("local", "unresolved")],
)
def test_a_replicated_backup_stands_in_the_region_that_lists_it(target: str | None, place: str) -> None:
    listed = {
        "DBInstanceIdentifier": "members",
        "DBInstanceArn": DB,
        "Region": TOKYO,
        "Encrypted": True,
        "KmsKeyId": KEY,
        "BackupTarget": target,
    }
    body = {rds.BACKUPS: {"DBInstanceAutomatedBackups[]": listed}, DESCRIBE: {KEY: REFUSED}, "@arn": REPLICATED}
    store, edges = placed(rds.place_automated_backup(live(body, region=SINGAPORE)))
    assert (store.id, store.kind, store.name) == (REPLICATED, "aws.rds.automated-backup", "members")
    assert lines(store) == [f"primary {place} grade None"]
    assert edges == [f"{DB} -> {REPLICATED}"]


# --- what leaves ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "former"), [("COMPLETE", ""), ("IN_PROGRESS", ""), ("FAILED", " former"), ("CANCELED", " former")]
)
def test_an_export_leads_to_its_bucket(status: str, former: str) -> None:
    task = {"SourceArn": f"{HERE}:snapshot:daily", "S3Bucket": "out", "Status": status}
    records = rds.place_export(live({rds.EXPORTS: {"ExportTasks[]": task}}))
    assert edges_of(records) == [f"export {HERE}:snapshot:daily -> arn:aws:s3:::out at None{former}"]


@pytest.mark.parametrize(
    ("status", "former"), [("active", ""), ("needs_attention", ""), ("failed", " former"), ("deleting", " former")]
)
def test_an_integration_replicates_into_a_warehouse(status: str, former: str) -> None:
    target = f"arn:aws:redshift:{TOKYO}:{PARTNER}:namespace:1"
    found = {"SourceArn": CLUSTER, "TargetArn": target, "Status": status}
    (edge,) = rds.place_integration(live({rds.INTEGRATIONS: {"Integrations[]": found}}))
    assert isinstance(edge, Edge)
    assert edges_of([edge]) == [f"replica {CLUSTER} -> {target} at aws:{TOKYO}{former}"]
    assert edge.target_account == PARTNER


# --- live -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def at() -> Iterator[Served]:
    with a_server() as server:
        yield server


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def make(at: Served, name: str, region: str = TOKYO, **more: Any) -> None:
    at.client("rds", region).create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t3.micro",
        Engine="mysql",
        AllocatedStorage=10,
        MasterUsername="admin",
        MasterUserPassword="password1",
        **more,
    )


def test_instances_are_listed_with_their_keys_and_replicas(at: Served) -> None:
    key = at.client("kms").create_key()["KeyMetadata"]["Arn"]
    make(at, "kept", StorageEncrypted=True, KmsKeyId=key, BackupRetentionPeriod=7)
    at.client("rds", SINGAPORE).create_db_instance_read_replica(
        DBInstanceIdentifier="far", SourceDBInstanceIdentifier=f"{HERE}:db:kept"
    )
    records, gaps = scan(at, rds.INSTANCES)
    assert stores_of(records)["kept"] == [
        f"primary aws:{TOKYO}a grade 3",
        f"replica unresolved held by {THERE}:db:far of {ACCOUNT}",
        f"backup aws:{TOKYO} grade 3",
    ]
    assert (edges_of(records), gaps) == ([f"replica {HERE}:db:kept -> {THERE}:db:far at None"], [])
    records, _ = scan(at, rds.INSTANCES, SINGAPORE)
    assert any(edge.startswith(f"replica {HERE}:db:kept -> {THERE}:db:far") for edge in edges_of(records))


def test_what_the_server_is_silent_about_is_read_from_its_answer(at: Served) -> None:
    """A second zone, a Local Zone, backups that are replicated, a snapshot that was copied."""
    make(at, "silent", MultiAZ=True, BackupRetentionPeriod=7)
    at.client("rds").create_db_snapshot(DBInstanceIdentifier="silent", DBSnapshotIdentifier="silent-daily")
    zones = (
        f"<AvailabilityZone>{TOKYO}-tpe-1a</AvailabilityZone><BackupTarget>region</BackupTarget>"
        f"<SecondaryAvailabilityZone>{TOKYO}c</SecondaryAvailabilityZone><DBInstanceAutomatedBackupsReplications>"
        "<DBInstanceAutomatedBackupsReplication>"
        f"<DBInstanceAutomatedBackupsArn>{REPLICATED}</DBInstanceAutomatedBackupsArn>"
        "</DBInstanceAutomatedBackupsReplication></DBInstanceAutomatedBackupsReplications>"
    )
    origin = f"<SourceDBSnapshotIdentifier>{THERE}:snapshot:first</SourceDBSnapshotIdentifier>"
    said = {
        "DescribeDBInstances": (f"<AvailabilityZone>{TOKYO}a</AvailabilityZone>", zones),
        "DescribeDBSnapshots": ("<SnapshotType>manual", f"{origin}<SnapshotType>manual"),
    }

    def change(call: Call, reply: Reply) -> Reply:
        old, new = said.get(call.action, ("", ""))
        return changed(reply, reply.body.replace(old.encode(), new.encode())) if old else reply

    with at.rules(changes=[change]):
        records, _ = scan(at, rds.INSTANCES)
        assert stores_of(records)["silent"] == [
            f"primary aws:{TOKYO}-tpe-1a grade 0",
            f"standby aws:{TOKYO}c grade 0",
            f"backup aws:{TOKYO} grade 0",
            f"backup aws:{SINGAPORE} held by {REPLICATED} of {ACCOUNT}",
        ]
        records, _ = scan(at, rds.SNAPSHOTS)
        edges = edges_of(records)
    assert f"snapshot {THERE}:snapshot:first -> {HERE}:snapshot:silent-daily at aws:{TOKYO}" in edges


def test_manual_snapshots_are_asked_for_their_shares_and_automated_ones_are_not(at: Served) -> None:
    client = at.client("rds")
    make(at, "shown")
    client.create_db_snapshot(DBInstanceIdentifier="shown", DBSnapshotIdentifier="daily")
    client.modify_db_snapshot_attribute(DBSnapshotIdentifier="daily", AttributeName="restore", ValuesToAdd=[PARTNER])
    at.layer.calls.clear()
    records, _ = scan(at, rds.SNAPSHOTS)
    found = stores_of(records)
    assert found["daily"][1:] == [f"share aws:{TOKYO} of {PARTNER}"]
    assert [name for name in found if name.startswith("rds:shown")]
    assert f"snapshot {HERE}:db:shown -> {HERE}:snapshot:daily at aws:{TOKYO}" in edges_of(records)
    asked = [call.body for call in at.layer.calls if call.action == "DescribeDBSnapshotAttributes"]
    assert asked
    assert not [body for body in asked if b"=rds%3A" in body]


def test_shares_that_are_refused_are_a_gap_of_that_snapshot(at: Served) -> None:
    refusal = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
    make(at, "closed")
    at.client("rds").create_db_snapshot(DBInstanceIdentifier="closed", DBSnapshotIdentifier="closed-daily")
    reply = Reply(403, [("Content-Type", "text/xml"), ("Content-Length", str(len(refusal)))], refusal.encode())
    with at.rules(when("rds", "DescribeDBSnapshotAttributes", reply)):
        records, gaps = scan(at, rds.SNAPSHOTS)
    assert stores_of(records)["closed-daily"][1:] == ["share unresolved may-appear"]
    assert f"{rds.SHARES} denied {HERE}:snapshot:closed-daily" in gaps


def backup(name: str, region: str, status: str, arn: str = "") -> str:
    named = f"<DBInstanceAutomatedBackupsArn>{arn}</DBInstanceAutomatedBackupsArn>" if arn else ""
    return (
        f"<DBInstanceAutomatedBackup><DBInstanceArn>{HERE}:db:{name}</DBInstanceArn><Region>{region}</Region>"
        f"<DBInstanceIdentifier>{name}</DBInstanceIdentifier><Status>{status}</Status><Encrypted>false</Encrypted>"
        f"<DbiResourceId>db-1</DbiResourceId>{named}</DBInstanceAutomatedBackup>"
    )


def test_only_backups_of_what_is_elsewhere_or_gone_are_stores(at: Served) -> None:
    listed = (
        backup("living", SINGAPORE, "active", f"{THERE}:auto-backup:ab-0"),
        backup("new", SINGAPORE, "creating"),
        backup("members", TOKYO, "replicating", REPLICATED),
        backup("gone", SINGAPORE, "retained"),
    )
    found = f"<DBInstanceAutomatedBackups>{''.join(listed)}</DBInstanceAutomatedBackups>"
    with at.rules(answer("DescribeDBInstanceAutomatedBackups", found)):
        records, gaps = scan(at, rds.BACKUPS, SINGAPORE)
    assert [(r.id, lines(r)) for r in records if isinstance(r, Store)] == [
        (REPLICATED, [f"primary aws:{SINGAPORE} grade 0"]),
        (f"{THERE}:auto-backup:gone", [f"primary aws:{SINGAPORE} grade 0"]),
    ]
    assert edges_of(records)[0] == f"backup {DB} -> {REPLICATED} at aws:{SINGAPORE}"
    assert gaps == []


def test_the_ordinary_backups_of_the_server_are_no_stores(at: Served) -> None:
    make(at, "living", BackupRetentionPeriod=1)
    assert at.client("rds").describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"]
    assert scan(at, rds.BACKUPS) == ([], [])


def test_exports_are_listed(at: Served) -> None:
    client = at.client("rds")
    make(at, "exported")
    client.create_db_snapshot(DBInstanceIdentifier="exported", DBSnapshotIdentifier="exported-daily")
    source = f"{HERE}:snapshot:exported-daily"
    client.start_export_task(
        ExportTaskIdentifier="once",
        SourceArn=source,
        S3BucketName="out",
        IamRoleArn=f"arn:aws:iam::{ACCOUNT}:role/export",
        KmsKeyId=KEY,
    )
    records, gaps = scan(at, rds.EXPORTS)
    assert (edges_of(records), gaps) == ([f"export {source} -> arn:aws:s3:::out at None"], [])


def test_integrations_are_listed(at: Served) -> None:
    target = f"arn:aws:redshift-serverless:{TOKYO}:{ACCOUNT}:namespace/1"
    found = (
        f"<Integrations><Integration><SourceArn>{CLUSTER}</SourceArn><TargetArn>{target}</TargetArn>"
        f"<IntegrationArn>{HERE}:integration:1</IntegrationArn><Status>active</Status></Integration></Integrations>"
    )
    with at.rules(answer("DescribeIntegrations", found)):
        records, gaps = scan(at, rds.INTEGRATIONS)
    assert (edges_of(records), gaps) == ([f"replica {CLUSTER} -> {target} at aws:{TOKYO}"], [])


# --- as code ----------------------------------------------------------------------------------


@pytest.fixture
def plan() -> Read:
    return read("databases")


REGION_ALONE = f"one of aws:{TOKYO}"


@pytest.mark.parametrize(
    ("name", "place", "said"),
    [
        ("plain", f"aws:{TOKYO}", "region"),  # RDS chooses an Availability Zone
        ("chosen", "aws:eu-west-1", "region"),
        ("zoned", f"aws:{TOKYO}-tpe-1a", "availability_zone"),
        ("home", f"aws:{TOKYO}a", "availability_zone"),
        ("outpost", "aws.outpost:op-1234567890abcdef0", "availability_zone"),
        ("grouped", f"one of aws:{TOKYO}a aws:{TOKYO}c None", "db_subnet_group_name"),
        ("mixed", f"one of aws:{TOKYO}a aws:apne1-tpe1-az1 None", "db_subnet_group_name"),
        ("open", f"{REGION_ALONE} not-known-yet", "db_subnet_group_name"),  # EC2 chooses the zone of a subnet
        ("elsewhere", f"{REGION_ALONE} unresolved", "db_subnet_group_name"),
        ("sg", f"one of aws:{SINGAPORE} unresolved", "db_subnet_group_name"),  # Tokyo has a group of that name
        ("not_yet", f"{REGION_ALONE} not-known-yet", "availability_zone"),
        ("pair", f"aws:{TOKYO}", "region"),  # no Multi-AZ deployment has a Local Zone
        ("grouped_pair", f"one of aws:{TOKYO}a aws:{TOKYO}c None", "db_subnet_group_name"),
        ("replica", f"{REGION_ALONE} unresolved", "db_subnet_group_name"),  # in the group of its source
        ("replica_sg", f"one of aws:{SINGAPORE} unresolved", "db_subnet_group_name"),
        ("replica_of_stranger", f"aws:{TOKYO}", "region"),
        ("restored", f"aws:{SINGAPORE}", "region"),
    ],
)
def test_a_planned_instance_stands_in_its_zone_or_where_its_subnets_are(
    plan: Read, name: str, place: str, said: str
) -> None:
    primary = plan.stores[f"aws_db_instance.{name}"].copies[0]
    assert (where(primary), primary.said_by[0].field) == (place, said)


@pytest.mark.parametrize(
    ("name", "copies"),
    [
        (
            "pair",
            [f"standby aws:{TOKYO} grade 0 <- multi_az", f"backup aws:{TOKYO} may-appear grade 0 <- backup_target"],
        ),
        ("grouped_pair", [f"standby aws:{TOKYO}a or aws:{TOKYO}c grade 0 <- multi_az"]),
        ("perhaps_pair", [f"standby aws:{TOKYO} may-appear grade 0 <- multi_az"]),
        ("unkept", []),
        ("outpost", ["backup aws.outpost:op-1234567890abcdef0 may-appear grade 0 <- backup_target"]),
        ("zoned", [f"backup aws:{TOKYO} may-appear grade 2 provider-managed-key <- backup_target"]),
        ("home", [f"backup aws:{TOKYO} grade 3 by aws_kms_key.own in aws:{TOKYO} <- backup_target"]),
    ],
)
def test_a_planned_instance_has_a_standby_and_backups_as_its_template_says(
    plan: Read, name: str, copies: list[str]
) -> None:
    found = plan.told(f"aws_db_instance.{name}")[2:]
    assert [line.partition(" of ")[0] for line in found][: len(copies) or None] == copies


@pytest.mark.parametrize(
    ("address", "control"),
    [
        ("aws_db_instance.plain", "grade 0"),
        ("aws_db_instance.zoned", "grade 2 provider-managed-key"),
        ("aws_db_instance.home", f"grade 3 by aws_kms_key.own in aws:{TOKYO}"),
        ("aws_db_instance.replica", "grade None"),  # as its source
        ("aws_db_instance.replica_sg", f"grade 3 by aws_kms_key.sg in aws:{SINGAPORE}"),
        ("aws_db_instance.restored", "grade None"),
        ("aws_db_instance.rewound", "grade None"),
        ("aws_db_snapshot.daily", "grade None"),
        ("aws_db_snapshot_copy.sg", f"grade 3 by aws_kms_key.sg in aws:{SINGAPORE}"),
        ("aws_db_instance_automated_backups_replication.sg", f"grade 3 by aws_kms_key.sg in aws:{SINGAPORE}"),
        ("aws_db_instance_automated_backups_replication.of_stranger", "grade None"),
    ],
)
def test_a_plan_says_what_protects_a_database(plan: Read, address: str, control: str) -> None:
    primary = plan.told(address)[1].partition(" <- ")[0]
    assert primary.partition(" grade ")[2] == control.removeprefix("grade ")


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (
            "aws_rds_cluster_instance.home",
            [f"primary aws:{TOKYO} held by tf:s/aws_rds_cluster.home <- region of {{0}}"],
        ),
        (
            "aws_rds_cluster_instance.zoned",
            [f"primary aws:{TOKYO}c held by tf:s/aws_rds_cluster.home <- availability_zone of {{0}}"],
        ),
        ("aws_rds_cluster_instance.of_stranger", [f"primary aws:{TOKYO} <- region of {{0}}"]),
        (
            "aws_db_snapshot.daily",
            [
                f"primary aws:{TOKYO} grade None <- region of {{0}}",
                f"share aws:{TOKYO} of {PARTNER} <- shared_accounts of {{0}}",
                f"share aws:{TOKYO} of * <- shared_accounts of {{0}}",
            ],
        ),
        (
            "aws_db_snapshot_copy.destination",
            [f"primary aws:{TOKYO} or aws:eu-west-1 grade None <- region of {{0}}"],
        ),
        (
            "aws_db_snapshot_copy.custom",
            [
                "primary aws:rds-caz-1234abcd grade None <- target_custom_availability_zone of {0}",
                "share not-known-yet may-appear <- shared_accounts of {0}",
            ],
        ),
        (
            "aws_db_instance_automated_backups_replication.of_stranger",
            [f"primary aws:{TOKYO} grade None <- region of {{0}}"],
        ),
    ],
)
def test_a_plan_tells_each_copy_with_the_attribute_that_says_so(plan: Read, address: str, told: list[str]) -> None:
    assert plan.told(address)[1:] == [line.format(address) for line in told]


def test_a_plan_relates_what_it_copies(plan: Read) -> None:
    stranger = f"arn:aws:rds:us-east-1:{ACCOUNT}"
    of = {end: f"tf:s/aws_{end}" for end in ("db_instance.home", "rds_cluster.home", "db_snapshot.daily")}
    home, group, daily = of.values()
    assert {edge for edge in plan.edges if "aws_db" in edge or "aws_rds" in edge} == {
        f"{home} -> tf:s/aws_db_instance.replica",
        f"{home} -> tf:s/aws_db_instance.replica_sg",
        f"{home} -> tf:s/aws_db_instance.rewound",
        f"{home} -> {daily}",
        f"{group} -> tf:s/aws_rds_cluster_instance.zoned",
        f"{group} -> tf:s/aws_rds_cluster.rewound",
        f"{home} -> tf:s/aws_db_instance_automated_backups_replication.sg",
        f"{daily} -> tf:s/aws_db_snapshot_copy.sg",
        f"{daily} -> tf:s/aws_s3_bucket.exports",
        "tf:s/aws_db_snapshot_copy.sg -> tf:s/aws_db_instance.restored",
        f"{stranger}:db:stranger -> tf:s/aws_db_instance.replica_of_stranger",
        f"{stranger}:db:stranger -> tf:s/aws_db_instance_automated_backups_replication.of_stranger",
        f"{stranger}:snapshot:stranger -> tf:s/aws_db_snapshot_copy.custom",
        f"{stranger}:snapshot:stranger -> tf:s/aws_db_snapshot_copy.destination",
        f"{group} -> tf:s/aws_rds_cluster_instance.home",
        f"{group} -> tf:s/aws_rds_cluster.joined",
        f"tf:s/aws_rds_cluster.joined -> {group}",
        f"{group} -> tf:s/aws_rds_cluster.replica",
        f"{group} -> tf:s/aws_db_cluster_snapshot.daily",
        f"{group} -> arn:aws:redshift-serverless:{TOKYO}:{ACCOUNT}:namespace/11111111-2222-3333-4444-555555555555",
        "tf:s/aws_db_cluster_snapshot.daily -> tf:s/aws_rds_cluster.restored",
        "tf:s/aws_db_cluster_snapshot.daily -> tf:s/aws_rds_cluster_snapshot_copy.sg",
    }


def test_of_an_instance_that_may_be_in_several_zones_its_origin_knows_the_region(plan: Read) -> None:
    found = {edge.target: str(edge.target_place) for edge in plan.records if isinstance(edge, Edge)}
    assert found["tf:s/aws_db_instance.replica_sg"] == f"aws:{SINGAPORE}"
    assert found["tf:s/aws_db_snapshot_copy.destination"] == f"aws:{TOKYO}"
    assert found["tf:s/aws_rds_cluster_instance.home"] == f"aws:{TOKYO}"


def test_an_export_to_a_bucket_by_its_name_is_followed_in_a_plan(plan: Read) -> None:
    assert f"{HERE}:cluster:stranger -> arn:aws:s3:::partner-exports" in plan.edges


STANDING = {"arn": DB, "identifier": "members", "availability_zone": f"{TOKYO}a", "backup_retention_period": 0}


@pytest.mark.parametrize(
    ("after", "control"),
    [
        ({"storage_encrypted": False}, "grade 0"),
        ({"storage_encrypted": True, "kms_key_id": KEY}, "grade None"),  # the plan does not hold the key
        ({"storage_encrypted": True}, "grade None"),
    ],
)
def test_an_instance_that_stands_already_is_protected_as_its_state_says(after: Block, control: str) -> None:
    found = Read(a_plan(a_resource("aws_db_instance.x", STANDING | after))).told("aws_db_instance.x")
    assert found[0].startswith(f"{DB} aws.rds.instance")
    assert found[1].startswith(f"primary aws:{TOKYO}a {control}")


def test_a_group_of_subnets_that_nobody_knows_all_of_places_nothing() -> None:
    subnet = a_resource("aws_subnet.a", {"availability_zone": f"{TOKYO}a"}, {"id": True})
    group = a_resource(
        "aws_db_subnet_group.g",
        {"name": "g", "subnet_ids": ["subnet-1", None]},
        {"subnet_ids": [False, True]},
        {"name": constant("g"), "subnet_ids": refer("var.ids", "aws_subnet.a.id")},
    )
    expressions = {"db_subnet_group_name": constant("g")}
    db = a_resource("aws_db_instance.x", {"db_subnet_group_name": "g"}, {"arn": True}, expressions)
    primary = Read(a_plan(subnet, group, db)).stores["aws_db_instance.x"].copies[0]
    assert where(primary) == f"{REGION_ALONE} unresolved"


def test_a_bare_name_is_that_of_the_same_kind_and_region() -> None:
    bucket = a_bucket("aws_s3_bucket.b", "members")
    replication = a_replication("aws_s3_bucket_replication_configuration.b", "members", "arn:aws:s3:::far")
    standing = a_resource("aws_rds_cluster.c", {"arn": CLUSTER, "cluster_identifier": "members"})
    made = a_resource("aws_db_instance.z", {"identifier": "members"}, {"arn": True})
    abroad = a_resource("aws_db_instance.sg", {"identifier": "members"}, {"arn": True}, key="aws.sg")
    member = a_resource("aws_rds_cluster_instance.m", {"cluster_identifier": "members"}, {"arn": True})
    daily = a_resource("aws_db_snapshot.d", {"db_instance_identifier": "members"}, {"db_snapshot_arn": True})
    task = a_resource("aws_rds_export_task.e", {"source_arn": CLUSTER, "s3_bucket_name": "members"})
    providers = {"aws": a_provider(), "aws.sg": a_provider(SINGAPORE)}
    plan = a_plan(bucket, replication, standing, made, abroad, member, daily, task, providers=providers)
    assert Read(plan).edges == [
        "arn:aws:s3:::members -> arn:aws:s3:::far",
        f"{CLUSTER} -> tf:s/aws_rds_cluster_instance.m",
        "tf:s/aws_db_instance.z -> tf:s/aws_db_snapshot.d",
        f"{CLUSTER} -> arn:aws:s3:::members",
    ]


def test_an_instance_may_be_restored_from_a_backup_that_was_replicated() -> None:
    after = {"restore_to_point_in_time": [{"source_db_instance_automated_backups_arn": REPLICATED}]}
    assert Read(a_plan(a_resource("aws_db_instance.x", after, {"arn": True}))).edges == [
        f"{REPLICATED} -> tf:s/aws_db_instance.x"
    ]


def test_a_region_that_nobody_knows_places_no_instance() -> None:
    db = a_resource("aws_db_instance.x", {}, {"arn": True, "region": True}, {"region": refer("local.region")})
    primary = Read(a_plan(db)).stores["aws_db_instance.x"].copies[0]
    assert where(primary) == "not-known-yet"
