"""Every row of every table, known inside, outside and not at all: it decides something, and invents nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from residency.services import terraform_types
from residency.services.base import Each, Several, TemplateField
from tests.sources import plans
from tests.sources.plans import PLANS, SINGAPORE, TOKYO, recorded
from tests.sources.test_wrong_types import plans_of, put

ACCOUNT = "123456789012"
MOST = 4  # resources of one type that are tried
# What an attribute may be, here and there.
PAIRS: tuple[tuple[Any, Any], ...] = tuple(
    (form.format(TOKYO), form.format(SINGAPORE))
    for form in (
        "{}",
        "{}a",
        "arn:aws:kms:{}:" + ACCOUNT + ":key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws:rds:{}:" + ACCOUNT + ":db:other",
        '{{"deadLetterTargetArn":"arn:aws:sqs:{}:' + ACCOUNT + ':dead"}}',
    )
)
OTHERS: tuple[Any, ...] = (True, False, "aws:kms", "AES256", "KMS", "Disabled", "all", "text", 7)


def rows(fields: Mapping[str, TemplateField], above: str = "") -> Iterator[tuple[str, bool]]:
    """Every attribute that a table reads, by its whole path, and whether it has several values."""
    for field in fields.values():
        if isinstance(field, Each):
            yield from rows(field.fields, f"{above}{field.block}." if field.block else above)
        elif isinstance(field, str) and not field.startswith("@"):
            yield f"{above}{field}", isinstance(field, Several)


# Rows that decide something only together with another attribute: their services' own tests have a case of each.
ONLY_TOGETHER = {
    "aws_ami.source_ami_id",
    "aws_ami.source_ami_region",
    "aws_db_cluster_snapshot.storage_encrypted",
    "aws_ami_launch_permission.organizational_unit_arn",
    "aws_db_snapshot.encrypted",
    "aws_db_snapshot_copy.encrypted",
    "aws_db_subnet_group.subnet_ids",
    "aws_default_subnet.availability_zone_id",
    "aws_dynamodb_table_export.s3_bucket_owner",
    "aws_ebs_snapshot.volume_id",
    "aws_db_instance.db_subnet_group_name",
    "aws_kms_custom_key_store.id",
    "aws_kms_custom_key_store.xks_proxy_uri_endpoint",
    "aws_kms_key.xks_key_id",
    "aws_kms_replica_external_key.primary_key_arn",
    "aws_rds_cluster.engine",
    "aws_rds_cluster.global_cluster_identifier",
    "aws_rds_cluster_instance.db_subnet_group_name",
    "aws_rds_cluster_snapshot_copy.storage_encrypted",
    "aws_rds_global_cluster.global_cluster_identifier",
    "aws_sqs_queue_redrive_policy.queue_url",
}
ROWS = [
    (kind, path, several)
    for kind in sorted(terraform_types().keys() & plans_of().keys())
    for path, several in dict(rows(terraform_types()[kind].fields)).items()
]


@cache
def made(kind: str) -> tuple[tuple[str, str], ...]:
    """Every resource of a type in the recorded plans: the plan, and its address."""
    found = []
    for file in sorted(PLANS.glob("*.json")):
        for row in recorded(file.stem).get("resource_changes", ()):
            if row["type"] == kind and row["mode"] == "managed" and row["change"]["after"] and "deposed" not in row:
                found.append((file.stem, row["address"]))
    return tuple(found[:MOST])


@dataclass(frozen=True)
class Variant:
    """A recorded plan, read again with another value of one attribute of one resource."""

    name: str
    address: str
    path: str
    several: bool

    def known(self, value: Any) -> list[str]:
        document, change = self._change()
        (change.get("after_unknown") or {}).pop(self.path.partition(".")[0], None)
        put(change["after"], self.path, [value] if self.several else value)
        return facts(document)

    def unknown(self) -> list[str]:
        document, change = self._change()
        first = self.path.partition(".")[0]
        change["after"].pop(first, None)
        change["after_unknown"] = (change.get("after_unknown") or {}) | {first: True}
        for resource in document["configuration"]["root_module"].get("resources") or ():
            if resource["address"] == self.address.partition("[")[0]:
                resource.setdefault("expressions", {})[first] = {"references": ["var.nobody_knows"]}
        return facts(document)

    def _change(self) -> tuple[dict[str, Any], dict[str, Any]]:
        document = recorded(self.name)
        rows = [row for row in document["resource_changes"] if row["address"] == self.address]
        (change,) = (row["change"] for row in rows if "deposed" not in row)
        return document, change


def facts(document: dict[str, Any]) -> list[str]:
    read = plans.Read(document, region=TOKYO)
    told = (f"{address} {line}" for address in read.stores for line in read.told(address))
    return [*told, *(store.name for store in read.stores.values()), *read.edges]


def primary(told: list[str], address: str) -> list[str]:
    """Where a store stands, without what protects it there."""
    return [line.partition(" grade")[0] for line in told if line.startswith(f"{address} primary ")]


@pytest.mark.unmeasured
@pytest.mark.parametrize(("kind", "path", "several"), ROWS, ids=[f"{kind}-{path}" for kind, path, _ in ROWS])
def test_a_row_decides_something_and_unknown_it_invents_nothing(kind: str, path: str, several: bool) -> None:
    decided = False
    for name, address in made(kind):
        row = Variant(name, address, path, several)
        inside, outside = ([row.known(pair[side]) for pair in PAIRS] for side in (0, 1))
        unknown = row.unknown()
        for here, there in zip(inside, outside, strict=True):
            assert here == there or any(SINGAPORE in line for line in there), "outside looks like inside"
        stands = primary(unknown, address)
        places = [primary(facts(recorded(name)), address), primary(row.known(None), address)]
        somewhere = any(f"{address} primary aws" in line for line in stands)
        assert stands in places or not somewhere, "it stands somewhere else"
        told = {tuple(found) for found in (*inside, *outside, unknown, *map(row.known, OTHERS))}
        decided = decided or len(told) > 1
    assert decided is (f"{kind}.{path}" not in ONLY_TOGETHER), "what it decides is not what ONLY_TOGETHER says of it"
