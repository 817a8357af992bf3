"""Ways in which a template could let something abroad look as if it were not there: each of them is seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from residency.sources.template_files import FileError, Given, open_template
from tests.sources import plans, stacks
from tests.sources.plans import SINGAPORE, TOKYO, a_plan, a_resource

TAIPEI = f"{TOKYO}-tpe-1a"
VOLUME = {"availability_zone": f"{SINGAPORE}a", "id": "vol-0123456789abcdef0", "tags": {"data": "personal"}}
EMPTY_PLAN = '{"format_version": "1.2", "resource_changes": []}'
TEMPLATE = f"""\
Resources:
  Volume:
    Type: AWS::EC2::Volume
    Properties: {{AvailabilityZone: {SINGAPORE}a}}
"""


def a_change(actions: list[str], after: dict[str, Any] | None) -> dict[str, Any]:
    volume = a_resource("aws_ebs_volume.v", after or {})
    volume["change"]["change"] |= {"actions": actions, "before": VOLUME, "after": after}
    return volume


@pytest.mark.parametrize(
    ("actions", "after", "places"),
    [
        (["forget"], None, [f"aws:{SINGAPORE}a"]),
        (["create", "forget"], {**VOLUME, "availability_zone": f"{TOKYO}a"}, [f"aws:{TOKYO}a", f"aws:{SINGAPORE}a"]),
        (["delete"], None, []),
        (["create", "delete"], {**VOLUME, "availability_zone": f"{TOKYO}a"}, [f"aws:{TOKYO}a"]),
    ],
)
def test_what_terraform_lets_go_of_stays_and_what_it_deletes_does_not(
    actions: list[str], after: dict[str, Any] | None, places: list[str]
) -> None:
    read = plans.Read(a_plan(a_change(actions, after)))
    assert sorted(read.place(address) for address in read.stores) == places


@pytest.mark.parametrize(
    "text",
    [
        f"Description: >\n  a test plan is {EMPTY_PLAN}\n{TEMPLATE}",
        TEMPLATE + '  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code:\n        ZipFile: |\n'
        '          EXAMPLE = {"StackName": "x", "Changes": []}\n',
        json.dumps({"Resources": {"V": {"Type": "AWS::EC2::Volume"}}}) + "\n" + EMPTY_PLAN,
    ],
)  # fmt: skip
def test_a_template_is_not_left_unread_for_a_plan_that_stands_in_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "both"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileError, match="give one a file"):
        open_template(str(path), Given())


MACRO = {"Fn::Transform": {"Name": "Mine"}}


@pytest.mark.parametrize(
    "sections",
    [
        {"Conditions": {"C": {"Fn::Equals": ["a", "b"]}, **MACRO}},
        {"Parameters": {"P": {"Type": "String", "Default": "b"}, **MACRO}},
        {"Resources": {"Fn::ForEach::X": ["I", ["a"], {"Q${I}": {"Type": "AWS::SQS::Queue", **MACRO}}]}},
    ],
)
def test_a_macro_is_a_gap_wherever_it_is_called(sections: dict[str, Any]) -> None:
    document = {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}} | sections
    assert {gap.code for gap in stacks.Read(json.dumps(document) + "\n").result.gaps} >= {"macro"}


CLOUDFORMATION = [
    ("AWS::ElastiCache::CacheCluster", {"PreferredAvailabilityZone": TAIPEI}, f"aws:{TAIPEI}"),
    ("AWS::ElastiCache::CacheCluster", {"PreferredAvailabilityZones": [TAIPEI]}, f"aws:{TAIPEI}"),
    ("AWS::ElastiCache::ReplicationGroup", {"PreferredCacheClusterAZs": [TAIPEI]}, f"aws:{TAIPEI}"),
    ("AWS::AutoScaling::AutoScalingGroup", {"VPCZoneIdentifier": [{"Ref": "S"}]}, "unresolved"),
    ("AWS::EMR::Cluster", {"Instances": {"Ec2SubnetId": {"Ref": "S"}}}, "unresolved"),
    ("AWS::S3Outposts::Bucket", {"OutpostId": "op-0123456789abcdef0"}, "unresolved"),
]


@pytest.mark.parametrize(("kind", "properties", "place"), CLOUDFORMATION)
def test_a_kind_stands_where_any_of_its_properties_puts_it(kind: str, properties: dict[str, Any], place: str) -> None:
    subnet = {"Type": "AWS::EC2::Subnet", "Properties": {"AvailabilityZone": TAIPEI}}
    document = {"Resources": {"S": subnet, "X": {"Type": kind, "Properties": properties}}}
    assert stacks.Read(json.dumps(document) + "\n").place("X") == place


@pytest.mark.parametrize(
    ("kind", "after", "place"),
    [
        ("aws_elasticache_cluster", {"preferred_availability_zones": [TAIPEI]}, f"aws:{TAIPEI}"),
        ("aws_elasticache_replication_group", {"preferred_cache_cluster_azs": [TAIPEI]}, f"aws:{TAIPEI}"),
        ("aws_instance", {"primary_network_interface": [{"network_interface_id": "eni-1"}]}, "unresolved"),
        ("aws_cloudformation_stack", {"template_url": "https://example.com/t.yaml"}, "unresolved"),
    ],
)
def test_the_same_holds_of_a_plan(kind: str, after: dict[str, Any], place: str) -> None:
    assert plans.Read(a_plan(a_resource(f"{kind}.x", after))).place(f"{kind}.x") == place


def test_a_provider_that_somebody_else_calls_local_is_not_known_to_make_nothing() -> None:
    theirs, ours = a_resource("local_thing.x", {}), a_resource("random_id.y", {})
    theirs["change"]["provider_name"] = "registry.terraform.io/acme/local"
    ours["change"]["provider_name"] = "registry.terraform.io/hashicorp/random"
    assert list(plans.Read(a_plan(theirs, ours)).stores) == ["local_thing.x"]


def test_deferred_changes_are_a_gap() -> None:
    document = a_plan(deferred_changes=[{"reason": "provider_config_unknown"}])
    assert [gap.code for gap in plans.Read(document).result.gaps] == ["deferred_changes"]
