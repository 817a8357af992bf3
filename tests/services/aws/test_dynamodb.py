"""What the answers about tables, their replicas, backups and exports mean."""

from __future__ import annotations

from typing import Any

import pytest

from residency.clouds.aws.keys import DESCRIBE
from residency.model import Edge, Store
from residency.services.aws import dynamodb
from tests.services.documents import ACCOUNT, KEY, PARTNER, REFUSED, key_metadata, lines, live, placed
from tests.sources.plans import read

HERE = f"arn:aws:dynamodb:ap-northeast-1:{ACCOUNT}:table/members"
SINGAPORE = HERE.replace("ap-northeast-1", "ap-southeast-1")
FAR_KEY = KEY.replace("ap-northeast-1", "ap-southeast-1")


def table(tags: Any = (), **more: Any) -> dict[str, Any]:
    described = {"Table": {"TableName": "members", "TableArn": HERE} | more}
    return {
        dynamodb.LIST: {"TableNames[]": "members"},
        dynamodb.DESCRIBE: described,
        dynamodb.TAGGED: tags if tags is REFUSED else {"Tags": list(tags)},
    }


def edges_of(records: Any) -> list[str]:
    return [f"{r.role} {r.source} -> {r.target} at {r.target_place}{' former' * r.former}" for r in records]


def test_a_table_is_named_and_tagged_as_it_is_described() -> None:
    store, edges = placed(dynamodb.place_table(live(table([{"Key": "data", "Value": "personal"}]))))
    assert (store.id, store.name, store.tags) == (HERE, "members", {"data": "personal"})
    assert (store.account, store.region, edges) == (ACCOUNT, "ap-northeast-1", [])
    assert lines(store) == ["primary aws:ap-northeast-1 grade 2"]
    assert str(store.copies[0].said_by[0]) == "dynamodb:DescribeTable Table.TableArn"


@pytest.mark.parametrize(
    ("said", "control"),
    [
        ({}, "grade 2"),
        ({"SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": KEY}}, "grade 3"),
        ({"SSEDescription": {"Status": "UPDATING", "SSEType": "KMS", "KMSMasterKeyArn": KEY}}, "grade 3"),
        ({"SSEDescription": {"Status": "DISABLED", "KMSMasterKeyArn": KEY}}, "grade 2"),
        ({"SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": FAR_KEY}}, "grade None"),
    ],
)
def test_a_table_has_the_grade_of_its_key(said: dict[str, Any], control: str) -> None:
    body = table(**said) | {DESCRIBE: {KEY: key_metadata()}}
    assert lines(placed(dynamodb.place_table(live(body)))[0]) == [f"primary aws:ap-northeast-1 {control}"]


def test_a_replica_is_the_table_of_that_name_in_the_other_region() -> None:
    replicas = [{"RegionName": "ap-southeast-1"}, {"RegionName": "ap-northeast-1"}]
    store, edges = placed(dynamodb.place_table(live(table(Replicas=replicas))))
    assert lines(store)[1:] == [f"replica aws:ap-southeast-1 held by {SINGAPORE}"]
    assert edges == [f"{HERE} -> {SINGAPORE}"]


def test_a_replica_in_another_account_is_known_by_its_name() -> None:
    far = SINGAPORE.replace(ACCOUNT, PARTNER)
    replica = {"RegionName": "ap-southeast-1", "ReplicaArn": far, "KMSMasterKeyId": FAR_KEY}
    store, edges = placed(dynamodb.place_table(live(table(Replicas=[replica]))))
    assert lines(store)[1:] == [f"replica aws:ap-southeast-1 held by {far} grade None"]
    assert edges == [f"{HERE} -> {far}"]


def test_a_witness_holds_a_part_and_is_no_store() -> None:
    store, edges = placed(dynamodb.place_table(live(table(GlobalTableWitnesses=[{"RegionName": "us-west-2"}]))))
    assert (lines(store)[1:], edges) == (["witness aws:us-west-2"], [])


def test_a_table_that_nobody_may_describe_may_have_replicas() -> None:
    store, _ = placed(dynamodb.place_table(live(table(REFUSED) | {dynamodb.DESCRIBE: REFUSED})))
    assert (store.id, store.tags) == (HERE, None)
    assert lines(store) == ["primary aws:ap-northeast-1 grade None", "replica unresolved may-appear"]


def test_a_global_table_of_2017_relates_its_tables() -> None:
    group = {
        "GlobalTableName": "members",
        "ReplicationGroup": [{"RegionName": "ap-northeast-1"}, {"RegionName": "eu-west-2"}],
    }
    records = list(dynamodb.place_global_table(live({dynamodb.GLOBAL_TABLES: {"GlobalTables[]": group}})))
    london = HERE.replace("ap-northeast-1", "eu-west-2")
    assert edges_of(records) == [f"replica {HERE} -> {london} at aws:eu-west-2"]


def backup(answer: Any) -> dict[str, Any]:
    summary = {"BackupArn": f"{HERE}/backup/01", "BackupName": "daily", "TableArn": HERE}
    return {dynamodb.BACKUPS: {"BackupSummaries[]": summary}, dynamodb.BACKUP: answer}


@pytest.mark.parametrize(
    ("features", "control"),
    [
        ({}, "grade 2"),
        ({"SSEDescription": {"Status": "ENABLED", "KMSMasterKeyArn": KEY}}, "grade 3"),
        (REFUSED, "grade None"),
    ],
)
def test_a_backup_stands_in_its_region_and_comes_from_its_table(features: Any, control: str) -> None:
    answer = features if features is REFUSED else {"BackupDescription": {"SourceTableFeatureDetails": features}}
    body = backup(answer) | {DESCRIBE: {KEY: key_metadata()}}
    store, edges = placed(dynamodb.place_backup(live(body)))
    assert (store.id, store.name, store.tags) == (f"{HERE}/backup/01", "daily", {})
    assert lines(store) == [f"primary aws:ap-northeast-1 {control}"]
    assert edges == [f"{HERE} -> {HERE}/backup/01"]


def export(**more: Any) -> list[Store | Edge]:
    described = {"ExportDescription": {"TableArn": HERE, "S3Bucket": "out", "ExportStatus": "COMPLETED"} | more}
    listed = {"ExportSummaries[]": {"ExportArn": f"{HERE}/export/01"}}
    return list(dynamodb.place_export(live({dynamodb.EXPORTS: listed, dynamodb.EXPORT: described})))


def test_an_export_leads_from_the_table_to_the_bucket() -> None:
    assert edges_of(export()) == [f"export {HERE} -> arn:aws:s3:::out at None"]
    assert edges_of(export(ExportStatus="FAILED")) == [f"export {HERE} -> arn:aws:s3:::out at None former"]
    (edge,) = export(S3BucketOwner=PARTNER)
    assert isinstance(edge, Edge)
    assert edge.target_account == PARTNER


def test_an_export_that_nobody_may_describe_went_somewhere() -> None:
    body = {dynamodb.EXPORTS: {"ExportSummaries[]": {"ExportArn": f"{HERE}/export/01"}}, dynamodb.EXPORT: REFUSED}
    assert edges_of(dynamodb.place_export(live(body))) == [f"export {HERE} -> None at None"]


# --- as code ----------------------------------------------------------------------------------

MEMBERS, OLD = "tf:s/aws_dynamodb_table.members", "tf:s/aws_dynamodb_table.old"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("plain", ["primary aws:ap-northeast-1 grade 2 <- region of {0}.plain"]),
        ("managed", ["primary aws:ap-northeast-1 grade 2 provider-managed-key <- region of {0}.managed"]),
        (
            "members",
            [
                "primary aws:ap-northeast-1 grade 3 by aws_kms_key.tables in aws:ap-northeast-1"
                " <- region of {0}.members",
                "replica aws:ap-northeast-3 <- replica.region_name of {0}.members",
                "replica aws:ap-southeast-1 <- replica.region_name of {0}.members",
            ],
        ),
        (
            "orders",
            [
                "primary aws:ap-northeast-1 grade 2 <- region of {0}.orders",
                "replica aws:ap-northeast-3 <- region of {0}_replica.osaka",
            ],
        ),
        (
            "old",
            [
                "primary aws:ap-northeast-1 grade 2 <- region of {0}.old",
                "replica aws:us-east-1 <- replica.region_name of aws_dynamodb_global_table.old",
            ],
        ),
    ],
)
def test_a_planned_table_stands_where_its_template_says(name: str, told: list[str]) -> None:
    kind = "aws_dynamodb_table"
    assert read("tables").told(f"{kind}.{name}")[1:] == [line.format(kind) for line in told]


def test_a_replica_of_a_table_that_the_plan_does_not_make_is_told_with_what_its_name_says() -> None:
    elsewhere = "arn:aws:dynamodb:us-east-1:123456789012:table/elsewhere"
    told = read("tables").told("aws_dynamodb_table_replica.of_elsewhere")
    assert told[0] == f"{elsewhere} aws.dynamodb.table None"
    osaka = elsewhere.replace("us-east-1", "ap-northeast-3")
    assert [line.partition(" <-")[0] for line in told[1:]] == [
        "primary aws:us-east-1 grade None",
        f"replica aws:ap-northeast-3 held by {osaka}",
        "witness unresolved may-appear",
    ]


def test_planned_exports_lead_to_their_buckets() -> None:
    edges = read("tables").edges
    assert f"{MEMBERS} -> tf:s/aws_s3_bucket.exports" in edges
    assert f"{MEMBERS} -> arn:aws:s3:::partner-exports" in edges
