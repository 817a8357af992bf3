"""Backups: a plan that copies to Osaka and to Singapore, and what it has copied."""

from __future__ import annotations

from typing import Any

from residency.demo.estate.company import MEMBERS, OSAKA, SINGAPORE, TOKYO, Company
from residency.demo.estate.tables import arn as table_arn
from residency.demo.server import Call

VAULT = "daily"


def vault_arn(region: str) -> str:
    return f"arn:aws:backup:{region}:{MEMBERS}:backup-vault:{VAULT}"


def move_in(company: Company) -> None:
    for region in (TOKYO, OSAKA, SINGAPORE):
        company.client("backup", region).create_backup_vault(
            BackupVaultName=VAULT, EncryptionKeyArn=company.key(region)
        )
    copies = [{"DestinationBackupVaultArn": vault_arn(region)} for region in (OSAKA, SINGAPORE)]
    rule = {"RuleName": "nightly", "TargetBackupVaultName": VAULT, "CopyActions": copies}
    company.client("backup", TOKYO).create_backup_plan(
        BackupPlan={"BackupPlanName": "nightly", "Rules": [rule]}, BackupPlanTags={}
    )
    company.answers(lambda call: _recovery_points(company, call))


def _recovery_points(company: Company, call: Call) -> dict[str, Any] | None:
    """moto knows no recovery points: the table of members was backed up in Tokyo, and copied to Osaka only."""
    if call.name != "backup:ListRecoveryPointsByBackupVault":
        return None
    there = call.account == MEMBERS and call.region in (TOKYO, OSAKA)
    return {"RecoveryPoints": [_recovery_point(company, call.region)] if there else []}


def _recovery_point(company: Company, region: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "RecoveryPointArn": f"arn:aws:backup:{region}:{MEMBERS}:recovery-point:ledger-{region}",
        "BackupVaultName": VAULT,
        "BackupVaultArn": vault_arn(region),
        "ResourceArn": table_arn("ledger", TOKYO),
        "ResourceType": "DynamoDB",
        "ResourceName": "ledger",
        "Status": "COMPLETED",
        "IsEncrypted": True,
        "EncryptionKeyArn": company.key(region),
        "CreationDate": 1780000000,
    }
    return found | ({} if region == TOKYO else {"SourceBackupVaultArn": vault_arn(TOKYO)})
