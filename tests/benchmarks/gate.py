"""A plan of 10,000 resources, beside json alone, and beside checkov where CHECKOV names its program."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import best_of, of_command, row
from tests.build import write_config

RESOURCES = 10_000


def a_plan(count: int) -> dict[str, Any]:
    """Half buckets, each with its encryption companion, and a volume for every fourth resource."""
    changes: list[dict[str, Any]] = []
    configured: list[dict[str, Any]] = []
    for number in range(count // 2):
        name = f"b{number}"
        add(changes, configured, "aws_s3_bucket", name, {"bucket": name, "tags": {"data": "personal"}})
        if number % 2:
            add(
                changes, configured, "aws_ebs_volume", name, {"availability_zone": "ap-northeast-1a", "encrypted": True}
            )
        else:
            default = {"sse_algorithm": "AES256", "kms_master_key_id": ""}
            rule = [{"apply_server_side_encryption_by_default": [default]}]
            companion = "aws_s3_bucket_server_side_encryption_configuration"
            add(changes, configured, companion, name, {"bucket": name, "rule": rule})
    words = ("address", "mode", "type", "name", "provider_name")
    planned = [{**{word: row[word] for word in words}, "values": row["change"]["after"]} for row in changes]
    provider = {"aws": {"name": "aws", "expressions": {"region": {"constant_value": "ap-northeast-1"}}}}
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {"provider_config": provider, "root_module": {"resources": configured}},
    }


def add(
    changes: list[dict[str, Any]], configured: list[dict[str, Any]], kind: str, name: str, after: dict[str, Any]
) -> None:
    address = f"{kind}.{name}"
    common = {"address": address, "mode": "managed", "type": kind, "name": name}
    provider = "registry.terraform.io/hashicorp/aws"
    change = {"actions": ["create"], "before": None, "after": after, "after_unknown": {"id": True, "arn": True}}
    changes.append({**common, "provider_name": provider, "change": change})
    expressions = {key: {"constant_value": value} for key, value in after.items()}
    configured.append({**common, "provider_config_key": "aws", "expressions": expressions})


def rows() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        path, config = Path(folder) / "plan.json", str(write_config(Path(folder) / "config"))
        path.write_text(json.dumps(a_plan(RESOURCES)), encoding="utf-8")
        start = best_of(3, ["-m", "residency", "validate", "-c", config])
        plain = best_of(3, ["-c", f"import json; json.load(open({str(path)!r}))"])
        gate = best_of(3, ["-m", "residency", "gate", "-c", config, "-q", str(path)])
        yield row("start: residency validate", start)
        yield row(f"json.load of {RESOURCES:,} resources", plain)
        yield row(f"residency gate, {RESOURCES:,} resources", gate, "json.load", plain)
        if os.environ.get("CHECKOV"):
            arguments = ["-f", str(path), "--framework", "terraform_plan", "--quiet", "--compact"]
            checkov = of_command(arguments, program=os.environ["CHECKOV"])
            yield row(f"checkov, {RESOURCES:,} resources", checkov, "residency gate", gate)
