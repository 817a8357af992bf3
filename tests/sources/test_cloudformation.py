"""Which resources templates, change sets and CDK assemblies make, where, and what of them could not be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from residency.cli import run_cli
from residency.cli.commands import cli
from residency.gating import GateOptions, gated, open_files
from residency.inventory import SavedRun
from residency.model import Status, Store
from residency.shipped import shipped_config
from residency.sources import templates, terraform
from residency.sources.cloudformation import Given, assembly, read_stacks, stacks_of
from residency.sources.cloudformation_text import TemplateError, Text
from tests.sources import plans
from tests.sources.plans import SINGAPORE, TOKYO
from tests.sources.stacks import Read

BUCKET, TABLE, STREAM = "AWS::S3::Bucket", "AWS::DynamoDB::GlobalTable", "AWS::Kinesis::Stream"
STACK, STACK_SET = "AWS::CloudFormation::Stack", "AWS::CloudFormation::StackSet"
ACCOUNT = "123456789012"


def template(resources: Any, **sections: Any) -> str:
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources} | sections, indent=1)


def bucket(name: Any = None, **more: Any) -> dict[str, Any]:
    return {"Type": BUCKET, "Properties": {"BucketName": name} if name else {}} | more


def table(region: Any) -> dict[str, Any]:
    return {"Type": TABLE, "Properties": {"Replicas": [{"Region": region}]}}


def write(folder: Path, **files: str) -> str:
    """Files of templates; the path of the first."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(folder / f"{next(iter(files))}.json")


def gaps(read: Read) -> list[str]:
    return [gap.code for gap in read.result.gaps]


def refusal_of(text: str) -> str:
    with pytest.raises(TemplateError) as refused:
        Read(text + "\n")
    return str(refused.value)


# --- resources ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "is_read"),
    [("Never", False), ("Always", True), ("Perhaps", True), ("Missing", True), ({"Fn::Equals": ["a", "b"]}, True)],
)
def test_a_resource_is_left_out_only_when_its_condition_is_known_to_fail(condition: Any, is_read: bool) -> None:
    conditions = {
        "Never": {"Fn::Equals": ["a", "b"]},
        "Always": {"Fn::Equals": ["a", "a"]},
        "Perhaps": {"Fn::Equals": ["a", {"Ref": "AWS::AccountId"}]},
    }
    text = template({"B": bucket(Condition=condition)}, Conditions=conditions)
    assert ("B" in Read(text).stores) is is_read


@pytest.mark.parametrize("row", [{}, {"Type": 7}, {"Type": "Bucket"}, {"Type": "::S3"}, {"Type": "AWS::"}, None, []])
def test_a_resource_without_a_type_is_refused_with_its_line(row: Any) -> None:
    text = template({"A": bucket(), "B": row})
    line = next(number for number, line in enumerate(text.splitlines(), 1) if '"B"' in line)
    assert refusal_of(text) == f"template.yaml:{line}: the resource 'B' has no type"


@pytest.mark.parametrize("text", ["[]", "{}", "text", "", '{"Resources": {}}', '{"Resources": []}', "Resources: x"])
def test_a_document_without_resources_is_no_template(text: str) -> None:
    assert "is no CloudFormation template" in refusal_of(text)


@pytest.mark.parametrize(
    ("kind", "store", "place"),
    [
        ("AWS::New::Thing", "B", TOKYO),  # nobody says what it holds, so it counts as data
        ("AWS::Kinesis::Video", "B", TOKYO),
    ],
)
def test_a_kind_without_a_service_file_is_judged_by_its_own_place(kind: str, store: str, place: str) -> None:
    read = Read(template({"B": {"Type": kind}}))
    assert read.place(store) == f"aws:{place}"
    assert read.stores[store].followed == "none"


@pytest.mark.parametrize("kind", ["Datadog::Logs::Archive", "Mine::S3::Bucket::MODULE"])
def test_a_type_of_somebody_else_stands_nobody_knows_where(kind: str) -> None:
    assert Read(template({"B": {"Type": kind}})).place("B") == "unresolved"


@pytest.mark.parametrize(
    "properties",
    [
        {"Fn::Transform": {"Name": "AWS::Include"}},
        {"BucketName": "b", "Fn::Transform": {"Name": "AWS::Include"}},
        {"BucketName": "b", "Fn::ForEach::Rules": ["R", ["a"], {}]},
        {"Fn::If": ["Perhaps", {}, {"BucketName": "b"}]},
        "text",
        ["text"],
    ],
)
def test_properties_that_cannot_be_told_are_unknown_and_not_absent(properties: Any) -> None:
    read = Read(template({"B": {"Type": BUCKET, "Properties": properties}}))
    (_, copy, *others) = read.told("B")
    assert copy.startswith(f"primary aws:{TOKYO} grade None")
    assert others  # what replicates it cannot be told either


@pytest.mark.parametrize(
    ("tags", "read_as"),
    [
        ([{"Key": "data", "Value": "personal"}], {"data": "personal"}),
        ([{"Key": "data"}], {"data": ""}),
        ({"data": "personal"}, {"data": "personal"}),
        ([], {}),
        (None, {}),
        ([{"Key": {"Ref": "AWS::StackId"}, "Value": "x"}], None),
        ([{"Key": "data", "Value": {"Ref": "AWS::StackId"}}], None),
        ({"data": {"Ref": "AWS::StackId"}}, None),
        ([{"Fn::If": ["Perhaps", {"Key": "a", "Value": "b"}, {"Ref": "AWS::NoValue"}]}], None),
        ({"Ref": "AWS::StackId"}, None),
        ("text", None),
        (["text"], None),
        (7, None),
    ],
)
def test_tags_are_read_as_a_list_and_as_a_mapping(tags: Any, read_as: Any) -> None:
    for kind in (BUCKET, "AWS::Kinesis::Video"):
        row = {"Type": kind, "Properties": {"Tags": tags}}
        assert Read(template({"B": row})).stores["B"].tags == read_as


def test_some_types_write_their_tags_elsewhere() -> None:
    row = {"Type": "AWS::Cognito::UserPool", "Properties": {"UserPoolTags": {"data": "personal"}}}
    assert Read(template({"B": row})).stores["B"].tags == {"data": "personal"}


def test_allowed_values_and_columns_that_nobody_looks_up_are_no_places() -> None:
    read = Read("stores.yaml")
    told = json.dumps([record.model_dump(mode="json") for record in read.records])
    assert "eu-west-2" not in told
    assert "us-west-2" in told  # the default of a parameter is one


# --- loops, macros, SAM ---------------------------------------------------------------------------


def loop(items: Any, body: Any = None) -> dict[str, Any]:
    body = body or {"Store&{X}": bucket({"Fn::Sub": "b-${X}"}, Tags=[{"Ref": "X"}])}
    return {"Fn::ForEach::Loop": ["X", items, body]}


def test_a_loop_makes_a_resource_of_each_item() -> None:
    read = Read(template({"First": bucket(), **loop(["a-1", "b.2"])}))
    assert {address: store.name for address, store in read.stores.items()} == {
        "First": "",
        "Storea1": "b-a-1",
        "Storeb2": "b-b.2",
    }
    assert read.result.gaps == ()
    assert {copy.said_by[0].at for store in read.stores.values() for copy in store.copies} == {
        "template.yaml:4",
        "template.yaml:8",
    }


def test_a_loop_in_a_loop_makes_a_resource_of_each_pair() -> None:
    inner = {"Fn::ForEach::Inner": ["Y", ["1", "2"], {"S${X}${Y}": table({"Ref": "X"})}]}
    read = Read(template(loop(["a", "b"], inner)))
    assert list(read.stores) == ["Sa1", "Sa2", "Sb1", "Sb2"]


def test_a_resource_of_a_loop_can_be_named_by_others() -> None:
    dead = {"Type": "AWS::SQS::Queue", "Properties": {"RedrivePolicy": {"deadLetterTargetArn": {"Ref": "Qa"}}}}
    read = Read(template({"Dead": dead, **loop(["a"], {"Q${X}": {"Type": "AWS::SQS::Queue"}})}))
    assert read.edges == ["tf:s/Dead -> tf:s/Qa"]


@pytest.mark.parametrize(
    ("items", "made"),
    [
        ({"Ref": "Known"}, ["Storea", "Storeb"]),
        ({"Ref": "Unknown"}, None),
        ({"Fn::FindInMap": ["M", "a", "b"]}, ["Storec"]),
        ({"Ref": "Bucket"}, None),
        (["a", {"Ref": "Unknown"}], None),
        ([7], None),
        ("a", None),
        ([], []),
    ],
)
def test_what_a_loop_repeats_over_is_known_or_a_gap(items: Any, made: list[str] | None) -> None:
    parameters = {
        "Known": {"Type": "CommaDelimitedList", "Default": "a,b"},
        "Unknown": {"Type": "CommaDelimitedList"},
    }
    read = Read(template(loop(items), Parameters=parameters, Mappings={"M": {"a": {"b": ["c"]}}}))
    assert list(read.stores) == (made or [])
    assert gaps(read) == ([] if made is not None else ["for-each"])


def test_loops_in_loops_without_end_are_a_gap() -> None:
    body: dict[str, Any] = {"B": bucket()}
    for depth in range(30):
        body = {f"Fn::ForEach::L{depth}": [f"X{depth}", ["a", "b"], body]}
    assert gaps(Read(template(body))) == ["for-each"]


@pytest.mark.parametrize(
    ("sections", "is_gap"),
    [
        ({"Transform": "AWS::Serverless-2016-10-31"}, False),
        ({"Transform": ["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"]}, False),
        ({"Transform": "Mine"}, True),
        ({"Transform": ["AWS::LanguageExtensions", "Mine"]}, True),
        ({"Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}}}, True),
        ({"Transform": 7}, True),
        ({"Fn::Transform": {"Name": "AWS::Include"}}, True),
        ({"Resources": {"B": bucket(), "Fn::Transform": {"Name": "AWS::Include"}}}, True),
        ({"Resources": {"B": bucket(**{"Fn::Transform": {"Name": "AWS::Include"}})}}, True),
        ({"Mappings": {"M": {"Fn::Transform": {"Name": "AWS::Include"}}}}, True),
        ({"Metadata": {"Fn::Transform": {"Name": "AWS::Include"}}}, False),
    ],
)
def test_a_macro_that_may_change_anything_is_a_gap(sections: dict[str, Any], is_gap: bool) -> None:
    read = Read(template({"B": bucket()}, **sections))
    assert list(read.stores) == ["B"]
    assert gaps(read) == ["macro"] * is_gap
    assert read.result.status == (Status.PARTIAL if is_gap else Status.LISTED)


def test_what_globals_give_to_a_kind_holds_for_each_of_it() -> None:
    function, simple = "AWS::Serverless::Function", "AWS::Serverless::SimpleTable"
    given = {
        "Function": {"Tags": {"data": "personal", "team": "a"}},
        "SimpleTable": {"SSESpecification": {"SSEEnabled": True}},
    }
    resources = {
        "F": {"Type": function, "Properties": {"Tags": {"team": "b"}}},
        "T": {"Type": simple},
        "Plain": {"Type": simple, "Properties": {"SSESpecification": {"SSEEnabled": False}}},
    }
    with_globals, without = (Read(template(resources, Globals=part)) for part in (given, {}))
    assert with_globals.stores["F"].tags == {"data": "personal", "team": "b"}
    assert with_globals.copies("T") != without.copies("T")
    assert with_globals.copies("Plain") == without.copies("T")


# --- nested stacks --------------------------------------------------------------------------------


def nest(url: Any = "inner.json", parameters: Any = None, **more: Any) -> dict[str, Any]:
    properties = {"TemplateURL": url} | ({"Parameters": parameters} if parameters else {})
    return {"Type": STACK, "Properties": properties} | more


INNER = template(
    {"Table": table({"Ref": "Abroad"}), "B": bucket({"Fn::Sub": "${AWS::StackName}-b"})},
    Parameters={"Abroad": {"Type": "String", "Default": "us-east-1"}},
    Outputs={"Name": {"Value": {"Ref": "B"}}, "Abroad": {"Value": {"Ref": "Abroad"}}},
)


@pytest.mark.parametrize(
    ("parameters", "place"),
    [
        (None, "aws:us-east-1"),
        ({"Abroad": "eu-west-1"}, "aws:eu-west-1"),
        ({"Abroad": {"Ref": "AWS::Region"}}, f"aws:{TOKYO}"),
        ({"Abroad": {"Ref": "AWS::StackId"}}, "not-known-yet"),
        ({"Ref": "AWS::StackId"}, "not-known-yet"),  # then its default says nothing
    ],
)
def test_parameters_go_into_a_nested_stack(tmp_path: Path, parameters: Any, place: str) -> None:
    read = Read(write(tmp_path, main=template({"Inner": nest(parameters=parameters)}), inner=INNER))
    places = [plans.where(copy) for copy in read.stores["Inner/Table"].copies]
    assert place in places
    assert read.result.gaps == ()
    said = read.stores["Inner/Table"].copies[0].said_by[0].at
    assert said == f"{tmp_path}/inner.json:4"


def test_outputs_come_out_of_a_nested_stack_wherever_it_stands(tmp_path: Path) -> None:
    resources = {
        "Outer": table({"Fn::GetAtt": ["Inner", "Outputs.Abroad"]}),
        "Missing": table({"Fn::GetAtt": ["Inner", "Outputs.Nothing"]}),
        "Inner": nest(parameters={"Abroad": "eu-west-1"}),
    }
    read = Read(write(tmp_path, main=template(resources), inner=INNER))
    assert "aws:eu-west-1" in map(plans.where, read.stores["Outer"].copies)
    assert "not-known-yet" in map(plans.where, read.stores["Missing"].copies)


def test_a_nested_stack_has_another_name_than_the_one_around_it(tmp_path: Path) -> None:
    resources = {"Inner": nest(), "Other": nest(), "B": bucket({"Fn::Sub": "${AWS::StackName}-b"})}
    read = Read(write(tmp_path, main=template(resources), inner=INNER), stack="app")
    ids = [store.id for store in read.stores.values() if store.kind == "aws.s3.bucket"]
    assert sorted(ids) == ["arn:aws:s3:::app-b", "tf:app/Inner/B", "tf:app/Other/B"]


@pytest.mark.parametrize(
    "url",
    [
        "https://s3.amazonaws.com/b/inner.json",
        "s3://b/inner.json",
        "missing.json",
        "../outside.json",
        "/etc/hostname",
        ".",
        "",
        "inner.json\0",
        "x" * 5000,
        {"Fn::Sub": "https://${AWS::URLSuffix}/inner.json"},
        None,
        7,
    ],
)
def test_a_nested_template_that_is_not_at_hand_is_a_gap(tmp_path: Path, url: Any) -> None:
    write(tmp_path, outside=INNER)
    read = Read(write(tmp_path / "app", main=template({"Inner": nest(url), "B": bucket()}), inner=INNER))
    assert list(read.stores) == ["B"]
    assert gaps(read) == ["nested-stack"]


def test_a_link_that_leads_out_of_the_folder_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path, outside=INNER)
    main = write(tmp_path / "app", main=template({"Inner": nest()}))
    (tmp_path / "app" / "inner.json").symlink_to(tmp_path / "outside.json")
    assert gaps(Read(main)) == ["nested-stack"]


def test_a_stack_that_nests_itself_ends_in_a_gap(tmp_path: Path) -> None:
    main = write(tmp_path, main=template({"B": bucket(), "One": nest("main.json"), "Two": nest("other.json")}))
    write(tmp_path, other=template({"C": bucket(), "Back": nest("main.json")}))
    read = Read(main)
    assert sorted(read.stores) == ["B", "Two/C"]
    assert gaps(read) == ["nested-stack", "nested-stack"]


@pytest.mark.parametrize("text", ["", "[]", "{}", "text", "{"])
def test_a_nested_file_that_is_no_template_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(TemplateError, match=r"inner\.json"):
        Read(write(tmp_path, main=template({"Inner": nest()}), inner=text))


def test_cdk_and_sam_say_where_their_nested_templates_are(tmp_path: Path) -> None:
    resources = {
        "Cdk": nest({"Fn::Sub": "https://${AWS::URLSuffix}/x"}, Metadata={"aws:asset:path": "inner.json"}),
        "Sam": {"Type": "AWS::Serverless::Application", "Properties": {"Location": "inner.json"}},
        "Shop": {"Type": "AWS::Serverless::Application", "Properties": {"Location": {"ApplicationId": "x"}}},
    }
    read = Read(write(tmp_path, main=template(resources), inner=INNER))
    assert sorted(read.stores) == ["Cdk/B", "Cdk/Table", "Sam/B", "Sam/Table"]
    assert gaps(read) == ["nested-stack"]


# --- stack sets -----------------------------------------------------------------------------------


def stack_set(regions: Any = (SINGAPORE, "us-east-1"), body: Any = INNER, own: Any = None, **more: Any) -> str:
    group = {"Regions": list(regions) if isinstance(regions, tuple) else regions}
    if own:
        group["ParameterOverrides"] = [{"ParameterKey": "Abroad", "ParameterValue": own}]
    properties = {"TemplateBody": body, "StackInstancesGroup": [group]} | more
    return template({"Set": {"Type": STACK_SET, "Properties": properties}})


def test_a_stack_set_makes_its_stacks_in_each_of_its_regions() -> None:
    read = Read(stack_set())
    assert {address: read.place(address) for address in read.stores if address.endswith("/B")} == {
        f"Set/{SINGAPORE}/B": f"aws:{SINGAPORE}",
        "Set/us-east-1/B": "aws:us-east-1",
    }
    assert len({store.id for store in read.stores.values()}) == 4
    assert read.stores["Set/us-east-1/B"].copies[0].said_by[0].at.startswith("template.yaml#Set:")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("given", "own", "place"),
    [
        (None, None, "aws:us-east-1"),
        ("eu-west-1", None, "aws:eu-west-1"),
        ("eu-west-1", "eu-west-2", "not-known-yet"),
        ({"Ref": "AWS::StackId"}, None, "not-known-yet"),
    ],
)
def test_a_stack_set_gives_parameters_and_some_stacks_have_their_own(given: Any, own: Any, place: str) -> None:
    more = {"Parameters": [{"ParameterKey": "Abroad", "ParameterValue": given}]} if given else {}
    read = Read(stack_set((SINGAPORE,), own=own, **more))
    assert place in map(plans.where, read.stores[f"Set/{SINGAPORE}/Table"].copies)


@pytest.mark.parametrize(
    "text",
    [
        stack_set([]),
        stack_set(None),
        stack_set({"Ref": "AWS::StackId"}),
        stack_set([SINGAPORE, {"Ref": "AWS::StackId"}]),
        stack_set(body=None),
        stack_set(body={"Resources": {}}),
        stack_set(StackInstancesGroup=[]),
        stack_set(StackInstancesGroup="x"),
        stack_set(body=None, TemplateURL="https://s3.amazonaws.com/b/inner.json"),
    ],
)
def test_a_stack_set_whose_template_or_regions_are_not_known_is_a_gap(text: str) -> None:
    assert gaps(Read(text)) == ["stack-set"]


@pytest.mark.parametrize("body", ["{", "text", ""])
def test_the_body_of_a_stack_set_that_is_no_template_is_refused(body: str) -> None:
    assert refusal_of(stack_set(body=body)).startswith("template.yaml#Set")


# --- change sets ----------------------------------------------------------------------------------

STACK_ID = f"arn:aws:cloudformation:{SINGAPORE}:{ACCOUNT}:stack/app/1"


def change_set(*changes: dict[str, Any], **more: Any) -> Read:
    document = {"StackName": "app", "StackId": STACK_ID, "Changes": [{"ResourceChange": c} for c in changes]} | more
    stacks = stacks_of(Text(document), "c.json", Given(TOKYO, "s", {}))
    return read_of(stacks, "s")


def read_of(stacks: Any, stack: str) -> Read:
    config = plans._config()
    context = templates.Context(stack, config.atlas, config.holds, config.local_providers, config.regionless, TOKYO)
    read = Read.__new__(Read)
    read.records = []
    read.result = read_stacks(stacks, terraform.cell_of("c.json"), context, read.records.append)
    read.stores = {str(r.address): r for r in read.records if isinstance(r, Store)}
    return read


def a_change(action: str = "Add", kind: str = BUCKET, after: Any = None, name: str = "B") -> dict[str, Any]:
    change = {"Action": action, "ResourceType": kind, "LogicalResourceId": name}
    return change if after is None else change | {"AfterContext": json.dumps({"Properties": after})}


@pytest.mark.parametrize(
    ("action", "is_read"), [("Add", True), ("Modify", True), ("Import", True), ("Dynamic", True), ("Remove", False)]
)
def test_a_change_set_says_what_will_be(action: str, is_read: bool) -> None:
    read = change_set(a_change(action, after={"BucketName": "b"}))
    assert [store.name for store in read.stores.values()] == ["b"] * is_read
    assert gaps(read) == []


def test_a_change_set_is_made_in_the_region_of_its_stack() -> None:
    assert change_set(a_change(after={})).place("B") == f"aws:{SINGAPORE}"
    assert change_set(a_change(after={}), StackId=None).place("B") == f"aws:{TOKYO}"


@pytest.mark.parametrize("context", [None, "", "{", "[]", 7])
def test_a_change_set_without_property_values_is_a_gap_and_its_properties_are_unknown(context: Any) -> None:
    read = change_set(a_change() | {"AfterContext": context})
    assert gaps(read) == ["no-values"]
    assert read.stores["B"].tags is None


def test_what_a_change_set_knows_only_after_it_is_applied_is_unknown() -> None:
    later = "{{changeSet:KNOWN_AFTER_APPLY}}"
    read = change_set(a_change(after={"BucketName": later, "Tags": [{"Key": "data", "Value": later}]}))
    assert (read.stores["B"].name, read.stores["B"].tags) == ("", None)


@pytest.mark.parametrize(
    ("more", "code"),
    [({"NextToken": "x"}, "NextToken"), ({"Status": "CREATE_IN_PROGRESS"}, "NextToken"), ({}, None)],
)
def test_a_change_set_that_goes_on_is_a_gap(more: dict[str, Any], code: str | None) -> None:
    assert gaps(change_set(a_change(after={}), **more)) == ([code] if code else [])


@pytest.mark.parametrize("action", ["Add", "Remove"])  # what it made may be kept
@pytest.mark.parametrize("kind", [STACK, STACK_SET, "AWS::Serverless::Application"])
def test_a_nested_stack_of_a_change_set_is_a_gap(kind: str, action: str) -> None:
    read = change_set(a_change(action, kind, {"TemplateURL": "inner.json"}))
    assert (list(read.stores), gaps(read)) == ([], ["nested-stack"])


@pytest.mark.parametrize("change", [{}, {"Action": "Add", "ResourceType": BUCKET}, {"LogicalResourceId": "B"}])
def test_a_change_that_names_nothing_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(TemplateError, match=r"c\.json: a change names no resource"):
        change_set(change)


# --- CDK assemblies -------------------------------------------------------------------------------


def a_stack(file: Any = "app.json", environment: str = f"aws://{ACCOUNT}/{SINGAPORE}", **more: Any) -> dict[str, Any]:
    return {
        "type": "aws:cloudformation:stack",
        "environment": environment,
        "properties": {"templateFile": file} | more,
    }


APP = template(
    {"B": bucket(), "Table": table({"Ref": "Abroad"}), "N": bucket({"Fn::Sub": "${AWS::StackName}-${AWS::AccountId}"})},
    Parameters={"Abroad": {"Type": "String", "Default": "us-east-1"}},
)


def assembly_of(folder: Path, region: str | None = None, **artifacts: Any) -> dict[str, Read]:
    write(folder, manifest=json.dumps({"version": "36.0.0", "artifacts": artifacts}), app=APP)
    return {name: read_of(stacks, name) for name, stacks in assembly(folder, Given(region, "", {}))}


def test_a_stack_of_an_assembly_stands_in_its_environment(tmp_path: Path) -> None:
    (read,) = assembly_of(tmp_path, TOKYO, App=a_stack(stackName="shop"), Tree={"type": "cdk:tree"}).values()
    assert read.place("B") == f"aws:{SINGAPORE}"
    assert read.stores["N"].name == f"shop-{ACCOUNT}"
    assert read.stores["B"].copies[0].said_by[0].at == f"{tmp_path}/app.json:4"


@pytest.mark.parametrize(("region", "place"), [(TOKYO, f"aws:{TOKYO}"), (None, "unresolved")])
def test_an_environment_that_cdk_does_not_know_is_the_region_that_is_given(
    tmp_path: Path, region: str | None, place: str
) -> None:
    (read,) = assembly_of(tmp_path, region, App=a_stack(environment="aws://unknown-account/unknown-region")).values()
    assert (read.place("B"), read.stores["N"].name) == (place, "")


def test_stacks_of_one_name_in_two_regions_stay_two(tmp_path: Path) -> None:
    stacks = [a_stack(environment=f"aws://{ACCOUNT}/{region}", stackName="shop") for region in (TOKYO, SINGAPORE)]
    found = assembly_of(tmp_path, Here=stacks[0], There=stacks[1])
    assert {name: (read.stores["B"].id, read.place("B")) for name, read in found.items()} == {
        "Here": ("tf:Here/B", f"aws:{TOKYO}"),
        "There": ("tf:There/B", f"aws:{SINGAPORE}"),
    }


def test_an_assembly_may_hold_others(tmp_path: Path) -> None:
    write(tmp_path / "inner", manifest=json.dumps({"artifacts": {"App": a_stack()}}), app=APP)
    inner = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "inner"}}
    assert list(assembly_of(tmp_path, App=a_stack(), Stage=inner)) == ["App", "Stage/App"]


def test_an_assembly_gives_parameters(tmp_path: Path) -> None:
    (read,) = assembly_of(tmp_path, App=a_stack(parameters={"Abroad": "eu-west-1"})).values()
    assert "aws:eu-west-1" in map(plans.where, read.stores["Table"].copies)


def test_a_stack_without_resources_makes_nothing(tmp_path: Path) -> None:
    write(tmp_path, empty=json.dumps({"Parameters": {"BootstrapVersion": {}}, "Rules": {}}))
    (read,) = assembly_of(tmp_path, App=a_stack("empty.json")).values()
    assert (read.records, gaps(read)) == ([], [])


@pytest.mark.parametrize(
    "artifact",
    [
        a_stack("missing.json"),
        a_stack("../app.json"),
        a_stack("/etc/hostname"),
        a_stack(None),
        a_stack(""),
        a_stack("."),
        a_stack("\0"),
        a_stack("manifest.json"),
        {"type": "aws:cloudformation:stack"},
        {"type": "aws:cloudformation:stack", "properties": "x"},
        {"type": "cdk:cloud-assembly"},
        {"type": "cdk:cloud-assembly", "properties": {"directoryName": "."}},
        {"type": "cdk:cloud-assembly", "properties": {"directoryName": ".."}},
        {"type": "cdk:cloud-assembly", "properties": {"directoryName": "missing"}},
    ],
)
def test_an_artifact_without_its_file_is_refused(tmp_path: Path, artifact: Any) -> None:
    write(tmp_path, app=APP)
    with pytest.raises(TemplateError):
        assembly_of(tmp_path / "cdk", App=artifact)


@pytest.mark.parametrize("text", ["", "{", "\udcff"])
def test_a_broken_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(TemplateError, match=r"manifest\.json"):
        list(assembly(tmp_path, Given()))


@pytest.mark.parametrize("manifest", ["[]", '{"artifacts": []}', '{"artifacts": {"a": "x", "b": null}}'])
def test_a_manifest_that_names_no_stack_holds_none(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    assert list(assembly(tmp_path, Given())) == []


# --- a whole run ----------------------------------------------------------------------------------


def saved(folder: Path, *files: str, region: str | None = TOKYO) -> SavedRun:
    options = GateOptions(region=region, facts=str(folder / "facts.jsonl"))
    with gated(open_files(list(files), options), plans._config(), options) as run:
        return run


def test_one_logical_id_in_two_templates_is_two_stores(tmp_path: Path) -> None:
    text = template({"B": bucket(), "S": {"Type": STREAM}, "X": {"Type": "Mine::Own::Thing"}})
    names = [write(tmp_path / folder, app=text) for folder in ("a", "b")]
    stores = list(saved(tmp_path, *names).stores())
    assert len(stores) == len({store.id for store in stores}) == 6


def test_a_secret_value_is_in_no_record(tmp_path: Path) -> None:
    parameters = {
        "Secret": {"Type": "String", "NoEcho": True, "Default": "hunter2"},
        "Path": {"Type": "String", "Default": "{{resolve:secretsmanager:hunter2}}"},
    }
    secret: Any = {"Ref": "Secret"}
    properties = {
        "BucketName": {"Fn::Sub": "b-${Secret}"},
        "Tags": [{"Key": "k", "Value": secret}, {"Key": "p", "Value": {"Ref": "Path"}}],
        "BucketEncryption": {"Fn::Join": ["", ["{{resolve:secretsmanager:hunter2}}", secret]]},
    }
    rows = {
        "A": {"Type": BUCKET, "Properties": properties},
        "B": {"Type": "AWS::RDS::DBInstance", "Properties": {"MasterUserPassword": "hunter2", "Tags": secret}},
        "C": {"Type": "Custom::Thing", "Properties": {"Password": "hunter2", "AvailabilityZone": secret}},
        "D": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "hunter2", "Name": secret}},
    }
    saved(tmp_path, write(tmp_path, app=template(rows, Parameters=parameters)))
    assert "hunter2" not in (tmp_path / "facts.jsonl").read_text()


def gate(*arguments: str) -> int:
    return run_cli(cli, ["-c", str(shipped_config()), "gate", *arguments])


def test_without_a_region_no_place_is_known_and_nothing_passes(tmp_path: Path) -> None:
    path = write(tmp_path, app=template({"B": bucket(), "Q": {"Type": "AWS::SQS::Queue"}, "S": {"Type": STREAM}}))
    places = {plans.where(copy) for store in saved(tmp_path, path, region=None).stores() for copy in store.copies}
    assert places == {"unresolved"}
    assert (gate(path), gate(path, "--region", TOKYO)) == (3, 0)


@pytest.mark.parametrize(
    "sections",
    [
        {"Transform": "Mine"},
        {"Resources": {"Inner": nest("https://s3.amazonaws.com/b/inner.json")}},
        {"Resources": loop({"Ref": "AWS::StackId"})},
    ],
)
def test_what_could_not_be_read_is_no_pass(tmp_path: Path, sections: dict[str, Any]) -> None:
    assert gate(write(tmp_path, app=template({"B": bucket()}, **sections)), "--region", TOKYO) == 3


def test_an_account_without_quotes_is_an_account() -> None:
    text = """\
Resources:
  B:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: b
      ReplicationConfiguration:
        Role: r
        Rules: [{Status: Enabled, Destination: {Bucket: "arn:aws:s3:::x", Account: 999999999999}}]
"""
    assert Read(text).copies("B")[1] == "replica unresolved held by arn:aws:s3:::x of 999999999999"


@pytest.mark.parametrize("kind", ["Custom::Anything", "AWS::CloudFormation::CustomResource"])
def test_what_a_function_of_ones_own_makes_may_stand_anywhere(kind: str) -> None:
    assert Read(f"Resources:\n  X: {{Type: '{kind}'}}\n").place("X") == "unresolved"
