"""A live scan of buckets behind latency, beside a plain boto3 loop that asks the same questions."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from residency.demo.__main__ import scan_environment
from residency.demo.server import Call, Layer, Reply, served
from tests.benchmarks.measure import of_command, row
from tests.build import write_config

BUCKETS, LATENCY = 500, 0.05
SOURCES = 'version: 1\nkind: sources\nsources: [{name: prod, provider: aws, account: "123456789012"}]\n'
XML = '<?xml version="1.0" encoding="UTF-8"?>'
PLAIN = """
import boto3, concurrent.futures
s3 = boto3.client("s3")
names = [b["Name"] for b in s3.list_buckets(MaxBuckets=10000)["Buckets"]]
def ask(name):
    for call in (s3.get_bucket_tagging, s3.get_bucket_encryption, s3.get_bucket_replication):
        try: call(Bucket=name)
        except s3.exceptions.ClientError: pass
with concurrent.futures.ThreadPoolExecutor(16) as pool: list(pool.map(ask, names))
"""


def answer(call: Call) -> Reply | None:
    """A canned estate of buckets in Tokyo, as S3, STS and EC2 would answer."""
    time.sleep(LATENCY)
    if call.action == "GetCallerIdentity":
        who = "<Arn>arn:aws:iam::123456789012:user/bench</Arn><Account>123456789012</Account>"
        return xml(
            f"<GetCallerIdentityResponse><GetCallerIdentityResult>{who}</GetCallerIdentityResult></GetCallerIdentityResponse>"
        )
    if call.action == "DescribeRegions":
        region = "<item><regionName>ap-northeast-1</regionName><optInStatus>opt-in-not-required</optInStatus></item>"
        return xml(f"<DescribeRegionsResponse><regionInfo>{region}</regionInfo></DescribeRegionsResponse>")
    if call.action == "DescribeAvailabilityZones":
        return xml(f"<{call.action}Response><availabilityZoneInfo/></{call.action}Response>")
    if call.action == "ListDirectoryBuckets":
        return xml("<ListAllMyDirectoryBucketsResult><Buckets/></ListAllMyDirectoryBucketsResult>")
    if call.path == "/":
        bucket = "<Bucket><Name>b{}</Name><BucketRegion>ap-northeast-1</BucketRegion></Bucket>"
        listed = "".join(bucket.format(number) for number in range(BUCKETS))
        return xml(f"<ListAllMyBucketsResult><Buckets>{listed}</Buckets></ListAllMyBucketsResult>")
    return absent(call)


def absent(call: Call) -> Reply:
    code = {
        "GetBucketTagging": "NoSuchTagSet",
        "GetBucketReplication": "ReplicationConfigurationNotFoundError",
        "GetBucketEncryption": "ServerSideEncryptionConfigurationNotFoundError",
    }[call.action]
    return xml(f"<Error><Code>{code}</Code><Message>none</Message></Error>", 404)


def xml(text: str, status: int = 200) -> Reply:
    body = (XML + text).encode()
    return Reply(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))], body)


def rows() -> Iterator[str]:
    layer = Layer(application=lambda environ, start: [], answers=[answer])
    with tempfile.TemporaryDirectory() as folder, served(layer) as endpoint:
        config = str(write_config(Path(folder), sources=SOURCES))
        environment = scan_environment(endpoint)
        plain = of_command(["-c", PLAIN], environment)
        layer.calls.clear()
        scan = of_command(["-m", "residency", "scan", "-c", config, "--service", "s3", "--no-save", "-q"], environment)
        calls = Counter(call.service for call in layer.calls)["s3"]
        assert calls >= BUCKETS, "the scan did not get to the buckets"
        yield row(f"plain boto3, 16 threads, {BUCKETS} buckets", plain)
        yield row(f"residency scan, {BUCKETS} buckets", scan, "plain boto3", plain)
        yield f"{'calls a bucket':42} {calls / BUCKETS:7.2f}"
