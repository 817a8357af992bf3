"""Databases: a replica abroad, backups that are replicated, a global database, snapshots that are shared, an export."""

from __future__ import annotations

import re
from typing import Any

from residency.demo.estate.company import (
    ANALYTICS,
    IRELAND,
    LONDON,
    MEMBERS,
    OSAKA,
    PARTNER,
    PERSONAL,
    SINGAPORE,
    TOKYO,
    Company,
    tags,
)
from residency.demo.server import Call, Change, Reply, changed

BACKUP = "DBInstanceAutomatedBackup"


def arn(kind: str, name: str, region: str, account: str = MEMBERS) -> str:
    return f"arn:aws:rds:{region}:{account}:{kind}:{name}"


def move_in(company: Company) -> None:
    _members(company)
    _orders(company)
    _survey(company)
    company.layer.changes += [_own_zones, _nights]


def _own_zones(call: Call, reply: Reply) -> Reply:
    """moto puts a replica into the zone of its source, and names no second zone."""
    if call.name != "rds:DescribeDBInstances":
        return reply
    zone = re.compile(rb"<AvailabilityZone>[^<]*</AvailabilityZone>")
    first, second = (f"{call.region}{letter}".encode() for letter in "ac")
    there = b"<AvailabilityZone>%s</AvailabilityZone>" % first
    twice = b"<MultiAZ>true</MultiAZ>"
    standby = b"<SecondaryAvailabilityZone>%s</SecondaryAvailabilityZone>" % second
    return changed(reply, zone.sub(there, reply.body).replace(twice, twice + standby))


def _nights(call: Call, reply: Reply) -> Reply:
    """Automated snapshots carry the minute at which they were made."""
    if not call.name.startswith("rds:Describe"):
        return reply
    return changed(reply, re.sub(rb"(rds:[a-z-]+?)-20\d\d(-\d\d){4}", rb"\1-nightly", reply.body))


def _members(company: Company) -> None:
    """In Tokyo, with a replica in Singapore, a snapshot that a partner may restore, and one that was exported."""
    rds = company.client("rds", TOKYO)
    _instance(rds, "member-db", company.key(TOKYO), MultiAZ=True)
    company.client("rds", SINGAPORE).create_db_instance_read_replica(
        DBInstanceIdentifier="member-db-sg",
        SourceDBInstanceIdentifier=arn("db", "member-db", TOKYO),
        KmsKeyId=company.key(SINGAPORE),
    )
    rds.create_db_snapshot(DBSnapshotIdentifier="member-db-monthly", DBInstanceIdentifier="member-db")
    rds.modify_db_snapshot_attribute(
        DBSnapshotIdentifier="member-db-monthly", AttributeName="restore", ValuesToAdd=[PARTNER]
    )
    rds.start_export_task(
        ExportTaskIdentifier="member-db-out",
        SourceArn=arn("snapshot", "member-db-monthly", TOKYO),
        S3BucketName="profile-exports",
        IamRoleArn=f"arn:aws:iam::{MEMBERS}:role/export",
        KmsKeyId=company.key(TOKYO),
    )


def _orders(company: Company) -> None:
    """In Tokyo, its automated backups replicated to Osaka: moto knows no such thing."""
    _instance(company.client("rds", TOKYO), "order-db", company.key(TOKYO))
    backups = arn("auto-backup", "ab-orders", OSAKA)
    company.layer.changes.append(_replicating_backups("order-db", backups))
    company.has("rds:DescribeDBInstanceAutomatedBackups", OSAKA, _backups("order-db", backups, company.key(OSAKA)))


def _survey(company: Company) -> None:
    """A global database of Aurora from Ireland to London, and a snapshot of it."""
    ireland = company.client("rds", IRELAND, ANALYTICS)
    ireland.create_global_cluster(GlobalClusterIdentifier="survey-global", Engine="aurora-postgresql")
    for name, region, label in (("survey", IRELAND, PERSONAL), ("survey-london", LONDON, None)):
        company.client("rds", region, ANALYTICS).create_db_cluster(
            DBClusterIdentifier=name,
            GlobalClusterIdentifier="survey-global",
            Engine="aurora-postgresql",
            MasterUsername="root",
            MasterUserPassword="demo-demo",
            StorageEncrypted=True,
            KmsKeyId=company.key(region, ANALYTICS),
            Tags=tags(label),
        )
    ireland.create_db_cluster_snapshot(DBClusterSnapshotIdentifier="survey-final", DBClusterIdentifier="survey")
    retained = _retained("old-survey", company.key(IRELAND, ANALYTICS))
    company.has("rds:DescribeDBClusterAutomatedBackups", IRELAND, retained, account=ANALYTICS)


def _instance(rds: Any, name: str, key: str, **more: Any) -> None:
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="root",
        MasterUserPassword="demo-demo",
        AvailabilityZone=f"{TOKYO}a",
        StorageEncrypted=True,
        KmsKeyId=key,
        BackupRetentionPeriod=7,
        Tags=tags(PERSONAL),
        **more,
    )


def _replicating_backups(name: str, backups: str) -> Change:
    """DescribeDBInstances names where the automated backups of an instance are replicated to."""
    named = f"<DBInstanceIdentifier>{name}</DBInstanceIdentifier>".encode()
    field, reference = f"{BACKUP}sReplication", f"<{BACKUP}sArn>{backups}</{BACKUP}sArn>"
    inner = f"<{field}s><{field}>{reference}</{field}></{field}s>".encode()

    def change(call: Call, reply: Reply) -> Reply:
        if call.name != "rds:DescribeDBInstances" or named not in reply.body:
            return reply
        return changed(reply, reply.body.replace(named, named + inner))

    return change


def _backups(name: str, backups: str, key: str) -> str:
    return _answer(
        BACKUP,
        DBInstanceArn=arn("db", name, TOKYO),
        DBInstanceIdentifier=name,
        DbiResourceId="db-ORDERS",
        Region=TOKYO,
        Status="replicating",
        DBInstanceAutomatedBackupsArn=backups,
        Encrypted="true",
        KmsKeyId=key,
        BackupTarget="region",
    )


def _retained(name: str, key: str) -> str:
    """What is kept of a cluster that is gone: moto knows no such thing."""
    return _answer(
        "DBClusterAutomatedBackup",
        DBClusterArn=arn("cluster", name, IRELAND, ANALYTICS),
        DBClusterIdentifier=name,
        DbClusterResourceId="cluster-OLD",
        Region=IRELAND,
        Status="retained",
        DBClusterAutomatedBackupsArn=arn("auto-backup", "ab-old-survey", IRELAND, ANALYTICS),
        StorageEncrypted="true",
        KmsKeyId=key,
    )


def _answer(element: str, **fields: str) -> str:
    """The XML of a list of one."""
    found = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    for outer in (element, f"{element}s", f"Describe{element}sResult", f"Describe{element}sResponse"):
        found = f"<{outer}>{found}</{outer}>"
    return found
