"""What the company has, made through the emulator's own API. The expected verdicts are in the tests."""

from __future__ import annotations

import re
from typing import Any

import boto3

from residency.demo.server import Call, Layer, Reply, changed, denied

ACCOUNT = "123456789012"
PARTNER = "210987654321"
CREDENTIALS = {"aws_access_key_id": "demo", "aws_secret_access_key": "demo"}
PERSONAL, PUBLIC = "confidential-pii", "public"

TOKYO, OSAKA, SINGAPORE, LONDON, FRANKFURT = (
    "ap-northeast-1",
    "ap-northeast-3",
    "ap-southeast-1",
    "eu-west-2",
    "eu-central-1",
)
ISTANBUL = "eu-central-1-ist-1a"  # a Local Zone of Frankfurt that stands in Türkiye


class Company:
    """The clients of the company's engineers, and what they made with them."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def client(self, service: str, region: str) -> Any:
        return boto3.client(service, region_name=region, endpoint_url=self.endpoint, **CREDENTIALS)

    def move_in(self, layer: Layer) -> None:
        """Make everything, then teach the layer what the emulator cannot hold."""
        key = self.client("kms", TOKYO).create_key()["KeyMetadata"]["Arn"]
        osaka_key = self.client("kms", OSAKA).create_key()["KeyMetadata"]["Arn"]
        self._bucket("member-master", TOKYO, PERSONAL, key)
        self._bucket("member-master-osaka", OSAKA, None, osaka_key)
        self._replicate("member-master", "member-master-osaka")
        self._bucket("member-backup", TOKYO, PERSONAL, key)
        self._bucket("member-backup-dr", SINGAPORE, PUBLIC)
        self._replicate("member-backup", "member-backup-dr")
        self._bucket("orders", TOKYO, PERSONAL, key)
        self._bucket("orders-old-dr", SINGAPORE, PUBLIC)
        self._replicate("orders", "orders-old-dr", status="Disabled")
        self._bucket("payroll", TOKYO, PERSONAL, key)
        self._bucket("web-assets", SINGAPORE, PUBLIC)
        self._bucket("event-uploads", LONDON, None)
        volume = self._volume(TOKYO, f"{TOKYO}a", key)
        self._share(self._snapshot(TOKYO, volume), PARTNER)
        abroad = self._volume(
            FRANKFURT, f"{FRANKFURT}a", self.client("kms", FRANKFURT).create_key()["KeyMetadata"]["Arn"]
        )
        layer.changes += [_only_this_partition, _in_a_local_zone(abroad), _encrypted_with(key)]
        layer.answers += [_replication_of("payroll"), _guarded("DescribeSnapshots", LONDON)]

    def _bucket(self, name: str, region: str, data_class: str | None, key: str | None = None) -> None:
        s3 = self.client("s3", region)
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        if data_class:
            s3.put_bucket_tagging(
                Bucket=name, Tagging={"TagSet": [{"Key": "data-classification", "Value": data_class}]}
            )
        if key:
            default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
            rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
            s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=rules)

    def _replicate(self, name: str, to: str, status: str = "Enabled") -> None:
        rule = {"ID": "dr", "Status": status, "Prefix": "", "Destination": {"Bucket": f"arn:aws:s3:::{to}"}}
        role = f"arn:aws:iam::{ACCOUNT}:role/replication"
        self.client("s3", TOKYO).put_bucket_replication(
            Bucket=name, ReplicationConfiguration={"Role": role, "Rules": [rule]}
        )

    def _volume(self, region: str, zone: str, key: str) -> str:
        tags = [{"ResourceType": "volume", "Tags": [{"Key": "data-classification", "Value": PERSONAL}]}]
        made = self.client("ec2", region).create_volume(
            Size=8, AvailabilityZone=zone, Encrypted=True, KmsKeyId=key, TagSpecifications=tags
        )
        return str(made["VolumeId"])

    def _snapshot(self, region: str, volume: str) -> str:
        return str(self.client("ec2", region).create_snapshot(VolumeId=volume)["SnapshotId"])

    def _share(self, snapshot: str, account: str) -> None:
        self.client("ec2", TOKYO).modify_snapshot_attribute(
            SnapshotId=snapshot, Attribute="createVolumePermission", OperationType="add", UserIds=[account]
        )


def _only_this_partition(call: Call, reply: Reply) -> Reply:
    """moto lists regions of China and GovCloud to an account that cannot have them."""
    if call.action != "DescribeRegions":
        return reply
    item = re.compile(rb"<item>(?:(?!</item>).)*<regionName>(?:cn|us-gov)-(?:(?!</item>).)*</item>", re.DOTALL)
    return changed(reply, item.sub(b"", reply.body))


def _in_a_local_zone(volume: str) -> Any:
    """moto keeps no volume in a Local Zone."""

    def change(call: Call, reply: Reply) -> Reply:
        if call.action != "DescribeVolumes" or volume.encode() not in reply.body:
            return reply
        zone = re.compile(rb"<availabilityZone>[^<]*</availabilityZone>")
        return changed(reply, zone.sub(b"<availabilityZone>%s</availabilityZone>" % ISTANBUL.encode(), reply.body))

    return change


def _encrypted_with(key: str) -> Any:
    """moto forgets which key a snapshot is encrypted with."""

    def change(call: Call, reply: Reply) -> Reply:
        if call.action != "DescribeSnapshots":
            return reply
        flag = b"<encrypted>true</encrypted>"
        return changed(reply, reply.body.replace(flag, flag + b"<kmsKeyId>" + key.encode() + b"</kmsKeyId>"))

    return change


def _replication_of(bucket: str) -> Any:
    """A bucket policy that lets nobody read the replication rules."""

    def answer(call: Call) -> Reply | None:
        return denied() if call.action == "GET ?replication" and call.path == f"/{bucket}" else None

    return answer


def _guarded(action: str, region: str) -> Any:
    """A service control policy that denies one call in one region."""
    denied_by = "with an explicit deny in a service control policy"
    message = f"You are not authorized to perform this operation: ec2:{action} {denied_by}"

    def answer(call: Call) -> Reply | None:
        return denied(message, "UnauthorizedOperation") if (call.action, call.region) == (action, region) else None

    return answer
