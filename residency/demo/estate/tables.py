"""Tables: a replica abroad, a witness abroad, a global table of the first kind, a backup and two exports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from residency.demo.estate.company import (
    IRELAND,
    MEMBERS,
    OSAKA,
    PARTNER,
    PERSONAL,
    SEOUL,
    SINGAPORE,
    TOKYO,
    Company,
    tags,
)
from residency.demo.server import Call

# Name, label, and the regions in which it stands.
TABLES = (
    ("profiles", PERSONAL, (TOKYO, SINGAPORE)),
    ("ledger", PERSONAL, (TOKYO, OSAKA)),
    ("coupons", PERSONAL, (TOKYO, IRELAND)),
    ("feature-flags", None, (TOKYO,)),
)
EXPORTS = {"exp-1": {"S3Bucket": "profile-exports"}, "exp-2": {"S3Bucket": "partner-exports", "S3BucketOwner": PARTNER}}


def arn(name: str, region: str) -> str:
    return f"arn:aws:dynamodb:{region}:{MEMBERS}:table/{name}"


def move_in(company: Company) -> None:
    for name, label, regions in TABLES:
        for region in regions:
            _make(company, name, region, label if region == TOKYO else None)
            others = [{"RegionName": other, "ReplicaStatus": "ACTIVE"} for other in regions if other != region]
            witness = [{"RegionName": SEOUL, "WitnessStatus": "ACTIVE"}] if name == "ledger" else []
            _describe(company, name, region, others if name != "coupons" else [], witness)
            if name == "coupons":
                company.has("dynamodb:ListGlobalTables", region, {"GlobalTables": [_group(name, regions)]})
    company.client("dynamodb", TOKYO).create_backup(TableName="profiles", BackupName="before-migration")
    company.adds("dynamodb:DescribeBackup", TOKYO, "profiles", _encrypted_with(company.key(TOKYO)))
    summaries = [
        {"ExportArn": f"{arn('profiles', TOKYO)}/export/{name}", "ExportStatus": "COMPLETED"} for name in EXPORTS
    ]
    company.has("dynamodb:ListExports", TOKYO, {"ExportSummaries": summaries})
    company.answers(_export)


def _make(company: Company, name: str, region: str, label: str | None) -> None:
    company.client("dynamodb", region).create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": company.key(region)},
        Tags=tags(label),
    )


def _describe(company: Company, name: str, region: str, replicas: list[Any], witnesses: list[Any]) -> None:
    """moto knows neither replicas nor witnesses."""

    def add(body: dict[str, Any]) -> None:
        if replicas:
            body["Table"]["Replicas"] = replicas
        if witnesses:
            body["Table"]["GlobalTableWitnesses"] = witnesses

    company.adds("dynamodb:DescribeTable", region, f'"{name}"', add)


def _encrypted_with(key: str) -> Callable[[dict[str, Any]], None]:
    """moto forgets how a backup is encrypted."""
    described = {"SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}}
    return lambda body: body["BackupDescription"].update(SourceTableFeatureDetails=described)


def _group(name: str, regions: tuple[str, ...]) -> dict[str, Any]:
    return {"GlobalTableName": name, "ReplicationGroup": [{"RegionName": region} for region in regions]}


def _export(call: Call) -> dict[str, Any] | None:
    if call.name != "dynamodb:DescribeExport":
        return None
    named = next((name for name in EXPORTS if name.encode() in call.body), "")
    table = arn("profiles", TOKYO)
    said = {"ExportArn": f"{table}/export/{named}", "ExportStatus": "COMPLETED", "TableArn": table}
    return {"ExportDescription": said | EXPORTS[named]} if named else None
