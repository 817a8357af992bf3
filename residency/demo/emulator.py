"""What moto is silent about or gets wrong, answered as the service answers it.

`EMPTY` is the answer to an account that has none of a thing that moto does not know at all. What a
company has of such things stands in front of it (estate.py).
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from residency.demo.server import ACCOUNT, Answer, Call, Layer, Reply, changed


def _query(operation: str, name: str) -> str:
    """An empty list in the XML of a query service."""
    return f"<{operation}Response><{operation}Result><{name}/></{operation}Result></{operation}Response>"


# Call -> the body that says that there is none.
EMPTY: dict[str, dict[str, Any] | str] = {
    "backup:ListRecoveryPointsByBackupVault": {"RecoveryPoints": []},
    "dynamodb:ListGlobalTables": {"GlobalTables": []},
    "dynamodb:ListExports": {"ExportSummaries": []},
    "efs:DescribeReplicationConfigurations": {"Replications": []},
    "kms:DescribeCustomKeyStores": {"CustomKeyStores": [], "Truncated": False},
    "rds:DescribeDBClusterAutomatedBackups": _query("DescribeDBClusterAutomatedBackups", "DBClusterAutomatedBackups"),
    "rds:DescribeIntegrations": _query("DescribeIntegrations", "Integrations"),
    # moto answers with the ordinary buckets.
    "s3:ListDirectoryBuckets": "<ListAllMyDirectoryBucketsResult><Buckets/></ListAllMyDirectoryBucketsResult>",
}


def teach(layer: Layer) -> Layer:
    """The layer with everything that moto cannot answer by itself."""
    layer.answers += [_buckets, _empty]
    layer.changes.append(_only_this_partition)
    return layer


def says(body: dict[str, Any] | str) -> Reply:
    """An answer in JSON, or in the XML that is given."""
    if isinstance(body, str):
        return Reply(200, [("Content-Type", "text/xml")], body.encode())
    return Reply(200, [("Content-Type", "application/x-amz-json-1.1")], json.dumps(body).encode())


def holds(name: str, account: str, region: str, body: dict[str, Any] | str, path: str | None = None) -> Answer:
    """An account's answer to one call in one region: what the company has of a thing that moto does not know."""

    def answer(call: Call) -> Reply | None:
        here = (call.name, call.account or ACCOUNT, call.region) == (name, account, region)
        return says(body) if here and path in (None, call.path) else None

    return answer


def _empty(call: Call) -> Reply | None:
    body = EMPTY.get(call.name)
    return None if body is None else says(body)


def _buckets(call: Call) -> Reply | None:
    """ListBuckets with the region of each bucket and with pages, which moto's answer lacks."""
    if call.name != "s3:ListBuckets":
        return None
    from moto.s3.models import s3_backends
    from moto.utilities.utils import get_partition

    asked = parse_qs(call.query)
    backend: Any = s3_backends[call.account or ACCOUNT][get_partition(call.region)]
    names = sorted(name for name in backend.buckets if name > asked.get("continuation-token", [""])[0])
    most = int(asked.get("max-buckets", ["10000"])[0])
    found = "".join(_bucket(name, backend.buckets[name].region_name) for name in names[:most])
    token = f"<ContinuationToken>{names[most - 1]}</ContinuationToken>" if len(names) > most else ""
    return says(f"<ListAllMyBucketsResult><Buckets>{found}</Buckets>{token}</ListAllMyBucketsResult>")


def _bucket(name: str, region: str) -> str:
    return f"<Bucket><Name>{escape(name)}</Name><BucketRegion>{region}</BucketRegion></Bucket>"


def _only_this_partition(call: Call, reply: Reply) -> Reply:
    """moto lists regions of other partitions to an account that cannot have them."""
    if call.name != "ec2:DescribeRegions":
        return reply
    from moto.utilities.utils import get_partition

    own = get_partition(call.region)

    def kept(item: re.Match[bytes]) -> bytes:
        return item[0] if get_partition(item[1].decode()) == own else b""

    item = re.compile(rb"<item>(?:(?!</item>).)*?<regionName>([\w-]+)</regionName>(?:(?!</item>).)*</item>", re.DOTALL)
    return changed(reply, item.sub(kept, reply.body))
