"""Ways in which a template could let something abroad look as if it were not there: each of them is seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from residency.sources.template_files import FileError, Given, open_template
from tests.sources import plans, stacks
from tests.sources.plans import SINGAPORE, TOKYO, a_plan, a_resource, constant, refer

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
    kept = [store for address, store in read.stores.items() if address == "aws_ebs_volume.v (forgotten)"]
    assert [store.copies[0].state.value for store in kept] == ["exists"] * ("forget" in actions)


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


# --- what stays beside what a template makes ---------------------------------------------------

BEFORE = {"AvailabilityZone": f"{SINGAPORE}a"}
AFTER = {"AvailabilityZone": f"{TOKYO}a"}
STAYS: dict[str, tuple[dict[str, Any], list[str]]] = {  # a change, and where things stand after it
    "removed": ({"Action": "Remove", "PolicyAction": "Delete"}, []),
    "removed and kept": ({"Action": "Remove", "PolicyAction": "Retain"}, [SINGAPORE]),
    "removed, with a snapshot": ({"Action": "Remove", "PolicyAction": "Snapshot"}, [SINGAPORE]),
    "removed, kept by its own word": ({"Action": "Remove", "DeletionPolicy": "Retain"}, [SINGAPORE]),
    "removed, let go by its own word": ({"Action": "Remove", "DeletionPolicy": "Delete"}, []),
    "replaced": ({"Action": "Modify", "Replacement": "True", "PolicyAction": "ReplaceAndDelete"}, [TOKYO]),
    "replaced and kept": (
        {"Action": "Modify", "Replacement": "True", "PolicyAction": "ReplaceAndRetain"},
        [TOKYO, SINGAPORE],
    ),
    "replaced, kept by its own word": (
        {"Action": "Modify", "Replacement": "Conditional", "UpdateReplacePolicy": "Retain"},
        [TOKYO, SINGAPORE],
    ),
    "changed where it stands": ({"Action": "Modify", "Replacement": "False", "UpdateReplacePolicy": "Retain"}, [TOKYO]),
    "kept in a way that is not known": ({"Action": "Remove", "PolicyAction": "Sleep"}, [SINGAPORE]),
}


def a_change_set(row: dict[str, Any], **contexts: Any) -> stacks.Read:
    own = {name: row.pop(name) for name in ("DeletionPolicy", "UpdateReplacePolicy") if name in row}
    told = {name: json.dumps({"Properties": value, **own}) for name, value in contexts.items()}
    change = {"LogicalResourceId": "V", "ResourceType": "AWS::EC2::Volume", **row, **told}
    document = {"StackName": "s", "Changes": [{"Type": "Resource", "ResourceChange": change}]}
    return stacks.Read(json.dumps(document, indent=1))


@pytest.mark.parametrize("name", STAYS)
def test_what_a_stack_lets_go_of_and_keeps_stays_where_it_was(name: str) -> None:
    row, regions = STAYS[name]
    read = a_change_set(dict(row), BeforeContext=BEFORE, AfterContext=AFTER)
    assert sorted(map(read.place, read.stores)) == sorted(f"aws:{region}a" for region in regions)
    kept = [store for address, store in read.stores.items() if address == "V (retained)"]
    assert [copy.state.value for store in kept for copy in store.copies] == ["exists"] * (SINGAPORE in regions)


def test_what_is_kept_and_not_told_of_is_a_gap() -> None:
    read = a_change_set({"Action": "Remove", "PolicyAction": "Retain"})
    assert (list(read.stores), [gap.code for gap in read.result.gaps]) == (["V (retained)"], ["no-values"])


def a_value(address: str, zone: str, **more: Any) -> dict[str, Any]:
    values = {"availability_zone": zone, "id": f"vol-{zone}"}
    return {"address": address, "mode": "managed", "type": "aws_ebs_volume", "values": values} | more


def test_what_a_plan_with_target_leaves_alone_stands_in_its_prior_state_only() -> None:
    prior = [a_value("aws_ebs_volume.v", f"{TOKYO}a"), a_value("aws_ebs_volume.old", f"{SINGAPORE}a")]
    volume = a_change(["update"], {**VOLUME, "availability_zone": f"{TOKYO}a"})
    read = plans.Read(a_plan(volume, prior_state={"values": {"root_module": {"resources": prior}}}))
    assert {address: read.place(address) for address in read.stores} == {
        "aws_ebs_volume.v": f"aws:{TOKYO}a",
        "aws_ebs_volume.old": f"aws:{SINGAPORE}a",
    }


@pytest.mark.parametrize(
    "changes", [[], [a_change(["update"], {**VOLUME, "availability_zone": f"{TOKYO}a"})["change"]]]
)
def test_a_deposed_object_stays_beside_the_one_that_took_its_place(changes: list[Any]) -> None:
    prior = [
        a_value("aws_ebs_volume.v", f"{SINGAPORE}a", deposed_key="abcdef01"),
        a_value("aws_ebs_volume.v", f"{TOKYO}a"),
    ]
    document = a_plan(prior_state={"values": {"root_module": {"resources": prior}}}) | {"resource_changes": changes}
    read = plans.Read(document)
    assert {address: read.place(address) for address in read.stores} == {
        "aws_ebs_volume.v": f"aws:{TOKYO}a",
        "aws_ebs_volume.v (deposed abcdef01)": f"aws:{SINGAPORE}a",
    }


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('{"format_version": "1.2", "resource_changes": [], "resource_changes": []}', "resource_changes"),
        (
            '{"format_version": "1.2", "planned_values": {"root_module": {"resources": 1, "resources": []}}}',
            "resources",
        ),
        ('{"version": 4, "terraform_version": "1.9.0", "resources": [1], "resources": []}', "resources"),
        ('{"StackName": "s", "Changes": [1], "Changes": []}', "Changes"),
    ],
)
def test_of_two_keys_of_one_name_none_is_left_unread(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "twice.json"
    path.write_text(f"some log\n{text}", encoding="utf-8")
    with pytest.raises(FileError, match=f"twice.json: the key '{key}' stands twice"):
        open_template(str(path), Given())


# --- what leaves a thing that a template does not make ------------------------------------------

SOURCE = f"arn:aws:rds:{TOKYO}:123456789012:db:members"
WAREHOUSE = f"arn:aws:redshift-serverless:{SINGAPORE}:123456789012:namespace/n"


@pytest.mark.parametrize(
    ("kind", "after", "unknown", "copies"),
    [
        ("aws_rds_integration", {"source_arn": SOURCE, "target_arn": WAREHOUSE}, (), [f"replica aws:{SINGAPORE}"]),
        ("aws_rds_integration", {"target_arn": WAREHOUSE}, ("source_arn",), [f"replica aws:{SINGAPORE}"]),
        ("aws_rds_integration", {"source_arn": SOURCE}, ("target_arn",), ["replica unresolved"]),
        ("aws_rds_export_task", {"s3_bucket_name": "out"}, ("source_arn",), ["export unresolved"]),
        ("aws_dynamodb_table_export", {"s3_bucket": "out"}, ("table_arn",), ["export unresolved"]),
    ],
)
def test_a_flow_out_of_another_stacks_database_is_a_store_of_its_own(
    kind: str, after: dict[str, Any], unknown: tuple[str, ...], copies: list[str]
) -> None:
    relation = a_resource(f"{kind}.r", after, dict.fromkeys(unknown, True), {name: refer("var.x") for name in unknown})
    read = plans.Read(a_plan(relation))
    assert [f"{copy.role.value} {plans.where(copy)}" for copy in read.stores[f"{kind}.r"].copies] == copies


def test_a_flow_out_of_a_database_of_the_plan_is_told_of_the_database() -> None:
    integration = a_resource("aws_rds_integration.r", {"source_arn": SOURCE, "target_arn": WAREHOUSE})
    read = plans.Read(a_plan(a_resource("aws_db_instance.d", {"arn": SOURCE}), integration))
    assert (list(read.stores), read.edges) == (["aws_db_instance.d"], [f"{SOURCE} -> {WAREHOUSE}"])


# --- whose cloud it is ------------------------------------------------------------------------

OWN = f"https://s3.{TOKYO}.amazonaws.com"
ENDPOINTS: dict[str, tuple[Any, str]] = {  # the endpoints of a provider, and where a bucket of it stands
    "none": ([], f"aws:{TOKYO}"),
    "AWS's own": ([{"s3": constant(OWN)}], f"aws:{TOKYO}"),
    "of a VPC": ([{"s3": constant(f"https://bucket.vpce-1a.s3.{TOKYO}.vpce.amazonaws.com")}], f"aws:{TOKYO}"),
    "without a scheme": ([{"s3": constant(f"s3.dualstack.{TOKYO}.amazonaws.com")}], f"aws:{TOKYO}"),
    "not set": ([{"s3": constant(None)}], f"aws:{TOKYO}"),
    "of a service that holds nothing": ([{"sts": constant("https://sts.us-east-1.amazonaws.com")}], f"aws:{TOKYO}"),
    "of another region": ([{"s3": constant(f"https://s3.{SINGAPORE}.amazonaws.com")}], "unresolved"),
    "of another cloud": ([{"s3": constant("https://s3.eu-central-1.wasabisys.com")}], "unresolved"),
    "that ends alike": ([{"s3": constant(f"https://s3.{TOKYO}.notamazonaws.com")}], "unresolved"),
    "of another cloud's STS": ([{"sts": constant("https://sts.example.com")}], "unresolved"),
    "of an emulator": ([{"s3": constant(OWN), "ec2": constant("http://localhost:4566")}], "unresolved"),
    "of a variable": ([{"s3": refer("var.endpoint")}], "unresolved"),
    "no address": ([{"s3": constant("http://[")}], "unresolved"),
    "in another form": (refer("var.endpoints"), "unresolved"),
}


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_provider_with_endpoints_of_its_own_is_not_taken_for_aws(name: str) -> None:
    endpoints, place = ENDPOINTS[name]
    provider = plans.a_provider()
    provider["expressions"]["endpoints"] = endpoints
    bucket = plans.a_bucket("aws_s3_bucket.b", "member", after={"region": TOKYO}, unknown={"region": False})
    zoned = a_resource("aws_ebs_volume.v", {"availability_zone": f"{TOKYO}a"})
    read = plans.Read(a_plan(bucket, zoned, providers={"aws": provider}))
    assert read.place("aws_s3_bucket.b") == place
    assert (read.place("aws_ebs_volume.v") == "unresolved") is (place == "unresolved")


def test_a_plan_that_was_made_on_an_emulator_places_nothing_in_aws() -> None:
    read = plans.Read(plans.printed("applied"))
    assert {plans.where(copy) for store in read.stores.values() for copy in store.copies} == {"unresolved"}
    said = read.stores["aws_s3_bucket.kept"].copies[0].said_by[0]
    assert (said.field, said.reason) == ("endpoints.ec2", "the endpoint is not AWS's own there")


OUTPOST = f"arn:aws:outposts:{TOKYO}:123456789012:outpost/op-0123456789abcdef0"


def test_what_stands_on_an_outpost_does_not_stand_in_the_zone_that_it_names() -> None:
    subnet = a_resource("aws_subnet.s", {"id": "subnet-1", "availability_zone": f"{TOKYO}a", "outpost_arn": OUTPOST})
    plan = a_plan(subnet, a_resource("aws_instance.i", {"subnet_id": "subnet-1"}))
    assert plans.Read(plan).place("aws_instance.i") == "unresolved"
    zoned = a_resource("aws_instance.i", {"availability_zone": f"{TOKYO}a", "outpost_arn": OUTPOST})
    assert plans.Read(a_plan(zoned)).place("aws_instance.i") == "unresolved"
    rows = {
        "S": {"Type": "AWS::EC2::Subnet", "Properties": {"AvailabilityZone": f"{TOKYO}a", "OutpostArn": OUTPOST}},
        "I": {"Type": "AWS::EC2::Instance", "Properties": {"SubnetId": {"Ref": "S"}}},
    }
    assert stacks.Read(json.dumps({"Resources": rows}) + "\n").place("I") == "unresolved"


@pytest.mark.parametrize("attribute", ["subnet_id", "subnet_ids"])
def test_a_cluster_of_emr_stands_in_the_zone_of_its_subnet(attribute: str) -> None:
    subnet = a_resource("aws_subnet.s", {"id": "subnet-1", "availability_zone": TAIPEI})
    value = "subnet-1" if attribute == "subnet_id" else ["subnet-1"]
    cluster = a_resource("aws_emr_cluster.c", {"ec2_attributes": [{attribute: value}]})
    assert plans.Read(a_plan(subnet, cluster)).place("aws_emr_cluster.c") == f"aws:{TAIPEI}"


def test_deferred_changes_are_a_gap() -> None:
    document = a_plan(deferred_changes=[{"reason": "provider_config_unknown"}])
    assert [gap.code for gap in plans.Read(document).result.gaps] == ["deferred_changes"]
