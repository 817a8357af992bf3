"""A small account on the embedded server, ways to break its answers, and ways to scan it for real."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3

from residency.demo.__main__ import scan_environment
from residency.demo.server import Answer, Call, Change, Layer, Reply, changed, denied, moto_layer, served
from residency.demo.server import refused as refusal
from residency.inventory import SavedRun
from residency.judge import exit_code_of
from residency.model import CellResult, Severity
from residency.run import ScanOptions, open_config, runs_folder, scan_into
from tests.build import judge, write_config

ROOT = Path(__file__).parents[1]
ACCOUNT, PARTNER = "123456789012", "210987654321"
TOKYO, SINGAPORE = "ap-northeast-1", "ap-southeast-1"
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
PERSONAL = {"Key": "data", "Value": "personal"}

# Nothing sweeps an account yet; with that known gap taken out, a clean scan can be complete.
NO_SWEEP = """\
version: 1
kind: coverage
scope:
  out:
    - {id: OUT-SWEEP, match: {service: sweep}, reason: "the test looks at listings only", owner: a@example.com,
       approved_by: b@example.com, approved_on: 2026-11-01, expires: 2027-10-31}
"""


@dataclass(frozen=True)
class Served:
    """A server that is up: where, and the layer in front of it."""

    layer: Layer
    endpoint: str

    def client(self, service: str, region: str = TOKYO, **keys: str) -> Any:
        return boto3.client(service, region_name=region, endpoint_url=self.endpoint, **(KEYS | keys))

    @contextmanager
    def rules(self, *answers: Answer, changes: Iterable[Change] = ()) -> Iterator[Layer]:
        """The layer with more rules for a while, and an empty record of calls."""
        before = list(self.layer.answers), list(self.layer.changes)
        self.layer.answers[:0] = answers
        self.layer.changes += changes
        self.layer.calls.clear()
        try:
            yield self.layer
        finally:
            self.layer.answers[:], self.layer.changes[:] = before


servers_started = 0  # moto keeps what it has in this process: a server that is started empties those before it


@contextmanager
def a_server() -> Iterator[Served]:
    """A fresh and empty server."""
    global servers_started
    servers_started += 1
    layer = moto_layer()
    moto: Any = layer.application
    moto.get_backend_for_host = cache(moto.get_backend_for_host)  # it lists its own folders at each request
    with served(layer) as endpoint:
        yield Served(layer, endpoint)


def sources(*rows: str) -> str:
    return "version: 1\nkind: sources\nsources:\n" + "".join(f"  - {{{row}}}\n" for row in rows)


def a_source(endpoint: str, more: str = "") -> str:
    """One source row for the account of the server."""
    return f'name: prod, provider: aws, account: "{ACCOUNT}", endpoint: "{endpoint}"' + (f", {more}" if more else "")


def write_scan_config(folder: Path, *rows: str, **files: str) -> Path:
    """A config for a scan, in a folder of its own."""
    return write_config(folder / "config", **({"sources": sources(*rows), "coverage": NO_SWEEP} | files))


def scan_here(config: Path, **options: Any) -> SavedRun:
    """A scan in this process, as the command does it."""
    folder = runs_folder() if options.get("save", True) else config.parent / "unsaved"
    return scan_into(folder, open_config(config), ScanOptions(**options), None)


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "residency", *map(str, arguments)]


def environment(endpoint: str, **more: str) -> dict[str, str]:
    """What a user would set to scan this server: standard variables only."""
    own = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_CONFIG_FILE": os.devnull}
    known = (
        scan_environment(endpoint)
        | own
        | {"PYTHONPATH": str(ROOT), "AWS_MAX_ATTEMPTS": "1", "AWS_DEFAULT_REGION": TOKYO}
    )
    return {name: value for name, value in (known | more).items() if value}


@contextmanager
def demo_environment(endpoint: str) -> Iterator[None]:
    """This process sees the embedded estate, and nothing of this machine's own credentials, for a while."""
    before = dict(os.environ)
    kept = {name: value for name, value in before.items() if name == "AWS_MAX_ATTEMPTS"}
    seen = scan_environment(endpoint) | kept
    os.environ.clear()
    os.environ.update(seen)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def residency(*arguments: str | Path, env: dict[str, str], cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    return subprocess.run(
        command(*arguments), env=env, cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )


def actions(layer: Layer) -> list[tuple[str, str]]:
    """Every distinct operation that was asked for, in the order of its first call."""
    return list(dict.fromkeys((call.service, call.action) for call in layer.calls))


def when(service: str, action: str, reply: Reply | Exception) -> Answer:
    """Answer one operation; an exception breaks the connection."""

    def answer(call: Call) -> Reply | None:
        if (call.service, call.action) != (service, action):
            return None
        if isinstance(reply, Exception):
            raise reply
        return reply

    return answer


def move_in(at: Served) -> None:
    """One of everything that is scanned: in Tokyo, with a replica, a key's replica and two shares abroad."""
    kms, ec2 = at.client("kms"), at.client("ec2")
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]["Arn"]
    kms.replicate_key(KeyId=key.rpartition("/")[2], ReplicaRegion=SINGAPORE)
    for name, region in (("kept", TOKYO), ("copied", TOKYO), ("abroad", SINGAPORE)):
        make_bucket(at, name, region, key if region == TOKYO else None)
    replicate(at, "copied", "abroad")
    tags = [{"ResourceType": "volume", "Tags": [PERSONAL]}]
    volume = ec2.create_volume(
        Size=1, AvailabilityZone=f"{TOKYO}a", Encrypted=True, KmsKeyId=key, TagSpecifications=tags
    )["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    at.layer.changes.append(_with_key(key))
    ec2.modify_snapshot_attribute(
        SnapshotId=snapshot, Attribute="createVolumePermission", OperationType="add", UserIds=[PARTNER]
    )
    disk = {"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot, "VolumeSize": 1}}
    image = ec2.register_image(Name="image", RootDeviceName="/dev/sda1", BlockDeviceMappings=[disk])["ImageId"]
    ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"UserId": PARTNER}]})


def _with_key(key: str) -> Change:
    """moto forgets which key a snapshot is encrypted with."""

    def change(call: Call, reply: Reply) -> Reply:
        if call.action != "DescribeSnapshots":
            return reply
        flag = b"<encrypted>true</encrypted>"
        return changed(reply, reply.body.replace(flag, flag + b"<kmsKeyId>" + key.encode() + b"</kmsKeyId>"))

    return change


def make_bucket(at: Served, name: str, region: str = TOKYO, key: str | None = None) -> None:
    s3 = at.client("s3", region)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [PERSONAL]})
    if key:
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=rules)


def replicate(at: Served, name: str, to: str) -> None:
    rule = {"ID": "dr", "Status": "Enabled", "Prefix": "", "Destination": {"Bucket": f"arn:aws:s3:::{to}"}}
    at.client("s3").put_bucket_replication(
        Bucket=name,
        ReplicationConfiguration={"Role": f"arn:aws:iam::{ACCOUNT}:role/replication", "Rules": [rule]},
    )


def stored(folder: Path) -> list[Path]:
    """The runs that a scan with RESIDENCY_RUNS=folder left, oldest first."""
    return sorted(folder.glob("*.jsonl"))


def without(settings: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in settings.items() if name not in names}


def own_environment(**more: str) -> dict[str, str]:
    """This process' environment without anything of AWS."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {"PYTHONPATH": str(ROOT), "AWS_EC2_METADATA_DISABLED": "true"} | more


def regions(*on: str, off: tuple[str, ...] = ()) -> Change:
    """The account's own list of regions."""

    def change(call: Call, reply: Reply) -> Reply:
        if call.action != "DescribeRegions":
            return reply
        states = [(name, "opt-in-not-required") for name in on] + [(name, "not-opted-in") for name in off]
        items = "".join(
            f"<item><regionName>{name}</regionName><optInStatus>{state}</optInStatus></item>" for name, state in states
        )
        answer = f"<DescribeRegionsResponse><regionInfo>{items}</regionInfo></DescribeRegionsResponse>"
        return changed(reply, answer.encode())

    return change


def refused(code: str = "UnauthorizedOperation", call: Call | None = None) -> Reply:
    """A refusal; in the form of the service's protocol where the call is given."""
    return refusal(call, code, "no") if call else denied("no", code)


def results(run: SavedRun, **wanted: str | None) -> list[CellResult]:
    return [r for r in run.results.values() if all(getattr(r.cell, key) == value for key, value in wanted.items())]


def exit_code(run: SavedRun, config: Path) -> int:
    _, findings = judge(run, open_config(config))
    return exit_code_of(findings, len(run.cells), Severity.HIGH)
