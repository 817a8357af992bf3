"""File systems: one replicated inside the territory, one out of it."""

from __future__ import annotations

from typing import Any

from residency.demo.estate.company import MEMBERS, OSAKA, PERSONAL, SINGAPORE, TOKYO, Company, tags

# Name, label, and where it is replicated to.
FILE_SYSTEMS = (("home", PERSONAL, OSAKA), ("scans", PERSONAL, SINGAPORE), ("build-cache", None, None))


def move_in(company: Company) -> None:
    replications: dict[str, list[dict[str, Any]]] = {TOKYO: [], OSAKA: [], SINGAPORE: []}
    for name, label, region in FILE_SYSTEMS:
        source = _make(company, name, TOKYO, label)
        if region:
            replication = _replication(source, _make(company, f"{name}-replica", region, None), region)
            replications[TOKYO].append(replication)
            replications[region].append(replication)
    for region, found in replications.items():
        company.has("efs:DescribeReplicationConfigurations", region, {"Replications": found})


def _make(company: Company, name: str, region: str, label: str | None) -> str:
    made = company.client("efs", region).create_file_system(
        CreationToken=name,
        Encrypted=True,
        KmsKeyId=company.key(region),
        Tags=[{"Key": "Name", "Value": name}, *tags(label)],
    )
    return str(made["FileSystemId"])


def _replication(source: str, target: str, region: str) -> dict[str, Any]:
    """moto knows no replication."""
    arn = f"arn:aws:elasticfilesystem:{TOKYO}:{MEMBERS}:file-system/{source}"
    return {
        "SourceFileSystemId": source,
        "SourceFileSystemRegion": TOKYO,
        "SourceFileSystemArn": arn,
        "OriginalSourceFileSystemArn": arn,
        "CreationTime": 1780000000,
        "Destinations": [{"FileSystemId": target, "Region": region, "OwnerId": MEMBERS, "Status": "ENABLED"}],
    }
