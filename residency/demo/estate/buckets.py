"""Buckets and where they replicate to: in and out of the territory, switched off, into other accounts."""

from __future__ import annotations

from residency.demo.estate.company import (
    ANALYTICS,
    BEIJING,
    BRANDENBURG,
    CHINA_NORTH,
    HEALTH,
    IRELAND,
    LONDON,
    MEMBERS,
    OSAKA,
    PARTNER,
    PERSONAL,
    PLATFORM,
    PUBLIC,
    SINGAPORE,
    SOVEREIGN,
    STATISTICS,
    TOKYO,
    VIRGINIA,
    Company,
    tags,
)

# Account, name, region, label, and the region whose key encrypts it (none: the provider's own key).
BUCKETS: tuple[tuple[str, str, str, str | None, str | None], ...] = (
    (MEMBERS, "member-master", TOKYO, PERSONAL, TOKYO),
    (MEMBERS, "member-master-osaka", OSAKA, None, OSAKA),
    (MEMBERS, "member-backup", TOKYO, PERSONAL, TOKYO),
    (MEMBERS, "member-backup-dr", SINGAPORE, PUBLIC, None),
    (MEMBERS, "orders", TOKYO, PERSONAL, TOKYO),
    (MEMBERS, "orders-old-dr", SINGAPORE, PUBLIC, None),
    (MEMBERS, "payroll", TOKYO, PERSONAL, TOKYO),
    (MEMBERS, "signups", TOKYO, PERSONAL, TOKYO),
    (MEMBERS, "contracts", TOKYO, PERSONAL, TOKYO),
    (MEMBERS, "sg-campaign", SINGAPORE, PERSONAL, SINGAPORE),
    (MEMBERS, "sg-campaign-tokyo", TOKYO, None, TOKYO),
    (MEMBERS, "sealed", TOKYO, PERSONAL, SINGAPORE),
    (MEMBERS, "health-records", TOKYO, HEALTH, TOKYO),
    (MEMBERS, "profile-exports", TOKYO, None, TOKYO),
    (MEMBERS, "web-assets", SINGAPORE, PUBLIC, None),
    (ANALYTICS, "signup-events", VIRGINIA, None, VIRGINIA),
    (ANALYTICS, "survey", IRELAND, PERSONAL, IRELAND),
    (ANALYTICS, "event-uploads", LONDON, None, None),
    (ANALYTICS, "page-views", LONDON, STATISTICS, None),
    (PLATFORM, "audit-trail", TOKYO, None, TOKYO),
    (PARTNER, "partner-contracts", SINGAPORE, None, None),
    (SOVEREIGN, "eu-members", BRANDENBURG, PERSONAL, BRANDENBURG),
    (BEIJING, "cn-campaign", CHINA_NORTH, PERSONAL, CHINA_NORTH),
)
# Source, destination, whether the rule is on, and the account that owns the copies where the rule says so.
REPLICATION = (
    ("member-master", "member-master-osaka", "Enabled", None),
    ("member-backup", "member-backup-dr", "Enabled", None),
    ("orders", "orders-old-dr", "Disabled", None),
    ("signups", "signup-events", "Enabled", ANALYTICS),
    ("contracts", "partner-contracts", "Enabled", PARTNER),
    ("sg-campaign", "sg-campaign-tokyo", "Enabled", None),
)
FAST = "clickstream--apne1-az4--x-s3"


def move_in(company: Company) -> None:
    for account, name, region, label, key_region in BUCKETS:
        key = company.key(key_region, account) if key_region else None
        _make(company, account, name, region, label, key)
    homes = {name: region for _, name, region, _, _ in BUCKETS}
    for source, target, status, owner in REPLICATION:
        _replicate(company, source, homes[source], target, status, owner)
    body = f"<Buckets><Bucket><Name>{FAST}</Name><BucketRegion>{TOKYO}</BucketRegion></Bucket></Buckets>"
    company.has("s3:ListDirectoryBuckets", TOKYO, _directories(body))


def _directories(body: str) -> str:
    return f"<ListAllMyDirectoryBucketsResult>{body}</ListAllMyDirectoryBucketsResult>"


def _make(company: Company, account: str, name: str, region: str, label: str | None, key: str | None) -> None:
    s3 = company.client("s3", region, account)
    if region == VIRGINIA:
        s3.create_bucket(Bucket=name)
    else:
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    if label:
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags(label)})
    if key:
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=rules)


def _replicate(company: Company, name: str, region: str, to: str, status: str, account: str | None) -> None:
    destination = {"Bucket": f"arn:aws:s3:::{to}"}
    if account:
        destination |= {"Account": account}
    rule = {"ID": "dr", "Status": status, "Prefix": "", "Destination": destination}
    role = f"arn:aws:iam::{MEMBERS}:role/replication"
    company.client("s3", region).put_bucket_replication(
        Bucket=name, ReplicationConfiguration={"Role": role, "Rules": [rule]}
    )
