"""Every row of every table, known inside, outside and not at all: it decides something, and invents nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import pytest

from residency.services import cloudformation_types, terraform_types
from residency.services.base import Each, Several, Template, TemplateField
from residency.sources.cloudformation_text import read_text
from tests.sources import plans, stacks
from tests.sources.plans import PLANS, SINGAPORE, TOKYO, recorded
from tests.sources.stacks import TEMPLATES
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


# Rows that none of these values decides by itself: they count only beside another attribute.
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
    "AWS::Backup::BackupPlan.BackupPlan.BackupPlanRule.TargetBackupVault",
    "AWS::DynamoDB::GlobalTable.Replicas.SSESpecification.KMSMasterKeyId",
    "AWS::EC2::Volume.SourceVolumeId",
    "AWS::KMS::ReplicaKey.PrimaryKeyArn",
    "AWS::ECR::ReplicationConfiguration.ReplicationConfiguration.Rules.RepositoryFilters.Filter",
    "AWS::ECR::ReplicationConfiguration.ReplicationConfiguration.Rules.RepositoryFilters.FilterType",
    "AWS::RDS::DBInstance.DBSubnetGroupName",
    "AWS::RDS::DBCluster.Engine",
    "AWS::RDS::DBCluster.GlobalClusterIdentifier",
    "AWS::RDS::DBInstance.StorageEncrypted",
    "AWS::RDS::DBSubnetGroup.DBSubnetGroupName",
    "AWS::RDS::DBSubnetGroup.SubnetIds",
    "AWS::RDS::GlobalCluster.GlobalClusterIdentifier",
}
Rows = list[tuple[str, str, bool]]


def rows_of(types: Mapping[str, Template]) -> Rows:
    tables = ((kind, dict(rows(types[kind].fields))) for kind in sorted(types))
    return [(kind, path, several) for kind, found in tables for path, several in found.items()]


MADE_BY_PLANS = {kind: template for kind, template in terraform_types().items() if kind in plans_of()}
TERRAFORM, CLOUDFORMATION = rows_of(MADE_BY_PLANS), rows_of(cloudformation_types())


class Variant(Protocol):
    """A recorded plan or template, read again with another value of one attribute of one resource."""

    address: str

    def known(self, value: Any) -> list[str]: ...
    def unknown(self) -> list[str]: ...
    def recorded(self) -> list[str]: ...


@dataclass
class InPlan:
    name: str
    address: str
    path: str

    def known(self, value: Any) -> list[str]:
        document, change = self._change()
        (change.get("after_unknown") or {}).pop(self.path.partition(".")[0], None)
        put(change["after"], self.path, value)
        return facts(plans.Read(document, region=TOKYO))

    def unknown(self) -> list[str]:
        document, change = self._change()
        first = self.path.partition(".")[0]
        change["after"].pop(first, None)
        change["after_unknown"] = (change.get("after_unknown") or {}) | {first: True}
        for resource in document["configuration"]["root_module"].get("resources") or ():
            if resource["address"] == self.address.partition("[")[0]:
                resource.setdefault("expressions", {})[first] = {"references": ["var.nobody_knows"]}
        return facts(plans.Read(document, region=TOKYO))

    def recorded(self) -> list[str]:
        return facts(plans.Read(recorded(self.name), region=TOKYO))

    def _change(self) -> tuple[dict[str, Any], dict[str, Any]]:
        document = recorded(self.name)
        changes = [row for row in document["resource_changes"] if row["address"] == self.address]
        (change,) = (row["change"] for row in changes if "deposed" not in row)
        return document, change


@dataclass
class InTemplate:
    name: str
    address: str
    path: str

    def known(self, value: Any) -> list[str]:
        document = deepcopy(template(self.name))
        document["Resources"][self.address].pop("Condition", None)
        put(document["Resources"][self.address].setdefault("Properties", {}), self.path, value)
        return facts(stacks.Read(json.dumps(document) + "\n"))

    def unknown(self) -> list[str]:
        document = deepcopy(template(self.name))
        document.setdefault("Parameters", {})["Nobody"] = {"Type": "String"}
        document["Resources"][self.address].pop("Condition", None)
        put(document["Resources"][self.address].setdefault("Properties", {}), self.path, {"Ref": "Nobody"})
        return facts(stacks.Read(json.dumps(document) + "\n"))

    def recorded(self) -> list[str]:
        return facts(stacks.Read(json.dumps(template(self.name)) + "\n"))


@cache
def template(name: str) -> dict[str, Any]:
    found: dict[str, Any] = read_text((TEMPLATES / name).read_text("utf-8"), name).value
    return found


def in_plans(kind: str, path: str) -> list[Variant]:
    found: list[tuple[bool, Variant]] = []
    for file in sorted(PLANS.glob("*.json")):
        for row in recorded(file.stem).get("resource_changes", ()):
            after = row["change"]["after"]
            if row["type"] == kind and row["mode"] == "managed" and after and "deposed" not in row:
                found.append((bool(after.get(path.partition(".")[0])), InPlan(file.stem, row["address"], path)))
    return _those_that_set_it_first(found)


def in_templates(kind: str, path: str) -> list[Variant]:
    found: list[tuple[bool, Variant]] = []
    for file in sorted(TEMPLATES.glob("*.yaml")):
        for name, row in template(file.name)["Resources"].items():
            if row["Type"] == kind:
                sets = path.partition(".")[0] in (row.get("Properties") or {})
                found.append((sets, InTemplate(file.name, name, path)))
    return _those_that_set_it_first(found)


def _those_that_set_it_first(found: list[tuple[bool, Variant]]) -> list[Variant]:
    return [variant for _, variant in sorted(found, key=lambda pair: not pair[0])][:MOST]


def facts(read: plans.Read) -> list[str]:
    told = (f"{address} {line}" for address in read.stores for line in read.told(address))
    return [*told, *(store.name for store in read.stores.values()), *read.edges]


def primary(told: list[str], address: str) -> list[str]:
    """Where a store stands, without what protects it there."""
    return [line.partition(" grade")[0] for line in told if line.startswith(f"{address} primary ")]


def decides(variants: list[Variant], several: bool) -> bool:
    """Whether any value changes anything that is told; abroad it is told so, and unknown it stands nowhere new."""
    decided = False
    for variant in variants:
        inside, outside = ([_known(variant, pair[side], several) for pair in PAIRS] for side in (0, 1))
        unknown, others = variant.unknown(), [_known(variant, value, several) for value in OTHERS]
        for here, there in zip(inside, outside, strict=True):
            assert here == there or any(SINGAPORE in line for line in there), "outside looks like inside"
        stands = primary(unknown, variant.address)
        places = [primary(found, variant.address) for found in (variant.recorded(), variant.known(None))]
        somewhere = any(f"{variant.address} primary aws" in line for line in stands)
        assert stands in places or not somewhere, "it stands somewhere else"
        decided = decided or len({tuple(found) for found in (*inside, *outside, *others, unknown)}) > 1
    return decided


def _known(variant: Variant, value: Any, several: bool) -> list[str]:
    return variant.known([value] if several else value)


SAYS = "what it decides is not what ONLY_TOGETHER says of it"


@pytest.mark.unmeasured
@pytest.mark.parametrize(("kind", "path", "several"), TERRAFORM, ids=[f"{kind}-{path}" for kind, path, _ in TERRAFORM])
def test_a_row_of_a_plan_decides_something_and_unknown_it_invents_nothing(kind: str, path: str, several: bool) -> None:
    assert decides(in_plans(kind, path), several) is (f"{kind}.{path}" not in ONLY_TOGETHER), SAYS


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    ("kind", "path", "several"), CLOUDFORMATION, ids=[f"{kind}-{path}" for kind, path, _ in CLOUDFORMATION]
)
def test_a_row_of_a_template_decides_something_and_unknown_it_invents_nothing(
    kind: str, path: str, several: bool
) -> None:
    assert decides(in_templates(kind, path), several) is (f"{kind}.{path}" not in ONLY_TOGETHER), SAYS
