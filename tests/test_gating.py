"""The gate through the real command line: several files, what is new, what a saved run knows, what is kept."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import click
import pytest

from residency.cli import run_cli
from residency.cli.commands import cli
from residency.errors import InputError
from residency.gating import GateOptions, open_files, parameters_of
from residency.inventory import read_run
from residency.model import Role, Status
from tests.build import VENDOR_AWS, a_copy, a_gap, a_store, save_run, write_config
from tests.sources.plans import Block, a_bucket, a_plan, a_provider, a_replication, a_resource, constant

PERSONAL = {"data": "personal"}
TOKYO, ABROAD = "ap-northeast-1", "ap-southeast-1"


class Ended(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def result(self) -> Any:
        return json.loads(self.out)

    @property
    def places(self) -> dict[str, str | None]:
        """The rules that speak of copies, with the store: `replica arn:aws:s3:::b` -> its place."""
        found = [f for f in self.result["findings"] if f["subject"]["role"] and f["rule"].startswith("copy-")]
        return {f"{f['subject']['role']} {f['subject']['id']}": f["subject"]["place"] for f in found}


Gate = Callable[..., Ended]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Personal data in Japan is in order."""
    vendor = VENDOR_AWS.replace("grade: 3", "grade: 2")
    return write_config(tmp_path_factory.mktemp("config"), vendors__aws=vendor)


@pytest.fixture
def run(config: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Gate:
    monkeypatch.setattr("gc.disable", lambda: None)  # the process goes on after the program's end

    def call(*arguments: str | Path) -> Ended:
        code = run_cli(cli, ["-c", str(config), *map(str, arguments)])
        return Ended(code, *capfd.readouterr())

    return call


@pytest.fixture
def gate(run: Gate) -> Gate:
    return lambda *arguments: run("gate", "-f", "json", *arguments)


def write(path: Path, document: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


def a_volume(name: str, zone: str = f"{ABROAD}a", before: Block | None = None, **change: Any) -> Block:
    """A volume with personal data; `before` is what is there already."""
    after = {"availability_zone": zone, "encrypted": True, "tags": PERSONAL, "tags_all": PERSONAL}
    written = {"actions": ["create"], "before": before, "after": after, "after_unknown": {"arn": True}} | change
    return a_resource(f"aws_ebs_volume.{name}", after, {}, {"availability_zone": constant(zone)}, change=written)


def there(name: str, zone: str = f"{ABROAD}a") -> Block:
    """The attributes of a volume that exists."""
    arn = f"arn:aws:ec2:{zone[:-1]}:123456789012:volume/vol-0000000{name}"
    return {"arn": arn, "availability_zone": zone, "encrypted": True, "tags": PERSONAL, "tags_all": PERSONAL}


def kept(name: str, zone: str = f"{ABROAD}a", **more: Any) -> Block:
    values = there(name, zone)
    return a_volume(name, zone, values, actions=["no-op"], after=values, after_unknown={}, **more)


TEMPLATE = f"""\
Parameters: {{Zone: {{Type: String}}}}
Resources:
  Volume:
    Type: AWS::EC2::Volume
    Properties:
      AvailabilityZone: !Ref Zone
      Encrypted: true
      Tags: [{{Key: data, Value: personal}}]
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {{BucketName: member-{TOKYO}, Tags: [{{Key: data, Value: personal}}]}}
"""


def an_assembly(folder: Path, environment: str = f"aws://123456789012/{TOKYO}") -> Path:
    stack = {"type": "aws:cloudformation:stack", "environment": environment}
    properties = {"properties": {"templateFile": "One.template.json"}}
    write(folder / "manifest.json", {"version": "36.0.0", "artifacts": {"One": stack | properties}})
    table = {"Type": "AWS::S3::Bucket", "Properties": {"Tags": [{"Key": "data", "Value": "personal"}]}}
    write(folder / "One.template.json", {"Resources": {"Table": table}})
    return folder


def each_kind(folder: Path) -> dict[str, tuple[str | Path, ...]]:
    """A file of each kind with what it needs on the command line; each holds something abroad or open."""
    values = {"root_module": {"resources": [{**kept("s")["change"], "values": there("s")}]}}
    after = {"Properties": {"AvailabilityZone": f"{ABROAD}a"}}
    change = {"Action": "Add", "LogicalResourceId": "V", "ResourceType": "AWS::EC2::Volume"}
    changes = [{"ResourceChange": change | {"AfterContext": json.dumps(after)}}]
    arn = f"arn:aws:cloudformation:{ABROAD}:123456789012:stack/s/1"
    return {
        "terraform-plan": (write(folder / "plan.json", a_plan(a_volume("a"))),),
        "terraform-state": (write(folder / "state.json", {"format_version": "1.0", "values": values}),),
        "cloudformation": (
            write(folder / "template.yaml", TEMPLATE),
            "--region",
            TOKYO,
            "--parameter",
            f"Zone={ABROAD}a",
        ),
        "change-set": (
            write(folder / "change.json", {"StackName": "s", "StackId": arn, "Changes": changes}),
            "--region",
            ABROAD,
        ),
        "cdk": (an_assembly(folder / "cdk.out", f"aws://123456789012/{ABROAD}"),),
    }


KINDS = ("terraform-plan", "terraform-state", "cloudformation", "change-set", "cdk")


# --- several files ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "stacks"),
    [
        (["plan.json"], ["plan"]),
        (["a/plan.json", "b/plan.json"], ["a:plan.json", "b:plan.json"]),
        (["plan.json", "plan.yaml"], ["plan.json", "plan.yaml"]),
        (["a.json", "b.json", "c/a.json"], ["a.json", "b", "c:a.json"]),
        (["-", "stdin.json"], ["-", "stdin.json"]),
        (["a/cdk.out", "b/cdk.out"], ["a:cdk.out#One", "b:cdk.out#One"]),
    ],
)
def test_no_two_files_share_the_name_of_a_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str], stacks: list[str]
) -> None:
    text = json.dumps(a_plan(a_volume("a")))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))
    for name in names:
        an_assembly(Path(name)) if name.endswith(".out") else write(Path(name), TEMPLATE if "yaml" in name else text)
    assert [template.stack for template in open_files(names, GateOptions())] == stacks


def test_one_file_twice_holds_its_stores_once(gate: Gate, tmp_path: Path) -> None:
    plan = write(tmp_path / "plan.json", a_plan(a_volume("a")))
    assert gate(plan, plan).result["summary"]["stores"] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_stack_names_the_stores_of_one_stack(tmp_path: Path, kind: str) -> None:
    file = str(each_kind(tmp_path)[kind][0])
    (template,) = open_files([file], GateOptions(stack="prod", region=TOKYO))
    assert template.stack == "prod"
    with pytest.raises(InputError, match="--stack names the stores of one stack"):
        open_files([file, file], GateOptions(stack="prod", region=TOKYO))


def test_one_damaged_file_leaves_none_judged(gate: Gate, tmp_path: Path) -> None:
    good, bad = write(tmp_path / "good.json", a_plan(a_volume("a"))), write(tmp_path / "bad.json", "{")
    ended = gate(good, bad)
    assert (ended.code, ended.out) == (2, "")
    assert "bad.json" in ended.err


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (a_plan(), 0),  # it was read, and holds nothing
        ({}, 2),
        ({"format_version": "1.2", "resource_changes": []}, 0),
        ({"format_version": "1.2"}, 2),
        ({"version": 4, "terraform_version": "1.9.0", "resources": []}, 0),
        (a_plan(errored=True), 3),
        (a_plan(complete=False), 3),
    ],
)
def test_nothing_found_is_a_pass_only_where_everything_was_read(
    gate: Gate, tmp_path: Path, document: Block, code: int
) -> None:
    assert gate(write(tmp_path / "plan.json", document)).code == code


# --- what the command line adds ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "code"), [([], 3), (["--region", TOKYO], 0), (["--region", ABROAD], 1), (["--region", "tokyo"], 3)]
)
def test_region_fills_what_the_file_leaves_open(gate: Gate, tmp_path: Path, region: list[str], code: int) -> None:
    bucket = a_bucket("aws_s3_bucket.b", "b", after={"tags": PERSONAL, "tags_all": PERSONAL}, unknown={"tags_all": {}})
    plan = write(tmp_path / "plan.json", a_plan(bucket, providers={"aws": a_provider(None)}))
    assert gate(plan, *region).code == code


def test_environment_variables_stand_for_options(gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = write(tmp_path / "template.yaml", TEMPLATE)
    assert gate(template).code == 3
    settings = {"REGION": TOKYO, "PARAMETER": f"Zone={TOKYO}a", "TYPE": "cloudformation", "STACK": "prod"}
    for name, value in (settings | {"FACTS": str(tmp_path / "facts.jsonl")}).items():
        monkeypatch.setenv(f"RESIDENCY_{name}", value)
    ended = gate(template)
    assert ended.code == 0
    assert {store["id"] for store in ended.result["stores"]} == {"tf:prod/Volume", f"arn:aws:s3:::member-{TOKYO}"}
    assert (tmp_path / "facts.jsonl").is_file()
    monkeypatch.setenv("RESIDENCY_NEW_ONLY", "1")
    assert gate(template).code == 2  # a template does not say what was there
    monkeypatch.setenv("RESIDENCY_BASELINE", str(tmp_path / "facts.jsonl"))
    monkeypatch.setenv("RESIDENCY_FACTS", str(tmp_path / "other.jsonl"))
    assert gate(template).code == 0
    monkeypatch.setenv("RESIDENCY_EXPECT_POLICY", "sha256:" + "0" * 64)
    assert gate(template).code == 2


def test_every_option_of_the_gate_is_explained() -> None:
    command = cli.commands["gate"]
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    plain = {"format_", "fail_on", "color", "log_format"}  # their choices say it
    assert [option.name for option in options if not option.help and option.name not in plain] == []
    assert (command.epilog or "").count("Example:") == 1


GIVEN: dict[str, tuple[Any, dict[str, str]]] = {
    "of CloudFormation": ([{"ParameterKey": "A", "ParameterValue": "1"}], {"A": "1"}),
    "with a value that stays": ([{"ParameterKey": "A", "UsePreviousValue": True}], {}),
    "of CodePipeline": ({"Parameters": {"A": "1"}, "Tags": {}}, {"A": "1"}),
    "a mapping": ({"A": "x=y", "B": ""}, {"A": "x=y", "B": ""}),
    "numbers and booleans": ({"A": 7, "B": True, "C": False}, {"A": "7", "B": "true", "C": "false"}),
}
WRONG: dict[str, Any] = {
    "a row without a key": [{"ParameterValue": "1"}],
    "a row that is a text": ["A=1"],
    "a row that is a number": [7],
    "a key that is a list": [{"ParameterKey": [], "ParameterValue": "1"}],
    "a value that is null": {"A": None},
    "a value that is a list": {"A": ["a", "b"]},
    "parameters that are a list": {"Parameters": []},
    "a text": '"A"',
    "a key that stands twice": '{"A": "1", "A": "2"}',
    "no JSON": "A=1",
    "too deep": "[" * 100_000,
}


@pytest.mark.parametrize("name", GIVEN)
def test_parameters_are_read_in_the_forms_that_aws_knows(tmp_path: Path, name: str) -> None:
    document, expected = GIVEN[name]
    assert parameters_of((), (str(write(tmp_path / "p.json", document)),)) == expected


@pytest.mark.parametrize("name", WRONG)
def test_parameters_in_any_other_form_are_bad_input(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"p\.json: is no file of parameters"):
        parameters_of((), (str(write(tmp_path / "p.json", WRONG[name])),))


def test_a_value_that_no_template_takes_is_bad_input_and_the_error_names_what_it_may_mean(
    gate: Gate, tmp_path: Path
) -> None:
    template, plan = write(tmp_path / "t.yaml", TEMPLATE), write(tmp_path / "plan.json", a_plan())
    misspelt = ("--region", TOKYO, "--parameter", f"Zoen={ABROAD}a")
    for files, near in (
        ((template,), "there is Zone"),
        ((template, plan), "there is Zone"),
        ((plan,), "there is none"),
    ):
        ended = gate(*files, *misspelt)
        assert (ended.code, ended.out) == (2, "")
        assert f"--parameter 'Zoen': no template declares it; {near}" in " ".join(ended.err.split())
    assert gate(template, plan, "--region", TOKYO, "--parameter", f"Zone={TOKYO}a").code == 0


@pytest.mark.parametrize("pair", ["A", "=1", ""])
def test_a_parameter_is_a_key_and_a_value(pair: str) -> None:
    with pytest.raises(InputError, match="write KEY=VALUE"):
        parameters_of((pair,), ())


def test_what_is_given_by_name_wins_over_files_and_the_last_file_over_the_first(tmp_path: Path) -> None:
    files = [str(write(tmp_path / f"{n}.json", {"A": n, "B": n, "C": n})) for n in ("1", "2")]
    files[1] = str(write(tmp_path / "2.json", {"B": "2", "C": "2"}))
    assert parameters_of(("C=3=3",), tuple(files)) == {"A": "1", "B": "2", "C": "3=3"}


# --- only what is new -------------------------------------------------------------------------

OLD = a_bucket("aws_s3_bucket.old", "old", key="abroad")
OLD["change"]["change"] |= {
    "actions": ["no-op"],
    "before": {"bucket": "old", "arn": "arn:aws:s3:::old", "region": ABROAD, "tags": PERSONAL, "tags_all": PERSONAL},
    "after": {"bucket": "old", "arn": "arn:aws:s3:::old", "region": ABROAD, "tags": PERSONAL, "tags_all": PERSONAL},
    "after_unknown": {},
}


def updated(region_before: str, region_after: str, actions: list[str]) -> Block:
    """A bucket that is there, and what the plan makes of it."""
    bucket = a_bucket("aws_s3_bucket.b", "b")
    tags = {"tags": PERSONAL, "tags_all": PERSONAL}
    values = [
        {"bucket": "b", "arn": "arn:aws:s3:::b", "region": region} | tags for region in (region_before, region_after)
    ]
    bucket["change"]["change"] |= {"actions": actions, "before": values[0], "after": values[1], "after_unknown": {}}
    return bucket


NEW: dict[str, tuple[list[Block], int, int]] = {  # resources, exit code without and with --new-only
    "an old one": ([kept("a")], 1, 0),
    "a new one": ([a_volume("a")], 1, 1),
    "an old and a new one": ([kept("a"), a_volume("b")], 1, 1),
    "one that was changed and stays where it is": ([updated(ABROAD, ABROAD, ["update"])], 1, 0),
    "one that is moved abroad": ([updated(TOKYO, ABROAD, ["update"])], 1, 1),
    "one that is made again abroad": ([updated(TOKYO, ABROAD, ["delete", "create"])], 1, 1),
    "one that is moved from one place abroad to another": ([updated("ap-southeast-2", ABROAD, ["update"])], 1, 1),
    "one that is made again where it was": ([updated(ABROAD, ABROAD, ["create", "delete"])], 1, 0),
    "one that comes home": ([updated(ABROAD, TOKYO, ["update"])], 0, 0),
    "an old bucket": ([OLD], 1, 0),
}


@pytest.mark.parametrize("name", NEW)
def test_new_only_leaves_out_what_stood_there_before(gate: Gate, tmp_path: Path, name: str) -> None:
    resources, code, new = NEW[name]
    plan = write(tmp_path / "plan.json", a_plan(*resources))
    assert (gate(plan).code, gate(plan, "--new-only").code) == (code, new)


# What a finding counts: stores whose key stands abroad.
KEY_ABROAD = {"kms_key_id": f"arn:aws:kms:{ABROAD}:123456789012:key/11111111-2222-3333-4444-555555555555"}


def locked(name: str, before: bool, after: bool) -> Block:
    """A volume at home that is there before, or after, with its key abroad."""
    values = there(name, f"{TOKYO}a") | KEY_ABROAD
    actions = {(True, True): "no-op", (False, True): "create", (True, False): "delete"}[before, after]
    change: Block = {"before": values if before else None, "after": values if after else None, "actions": [actions]}
    return a_volume(name, f"{TOKYO}a", **change, after_unknown={})


@pytest.mark.parametrize(
    ("volumes", "is_told"),
    [
        ([("a", True, True)], False),
        ([("a", True, True), ("b", False, True)], True),
        ([("a", True, False), ("b", False, True)], True),
        ([("a", True, True), ("b", True, False)], False),
    ],
)
def test_a_finding_that_counts_another_store_than_before_is_new(
    gate: Gate, tmp_path: Path, volumes: list[tuple[str, bool, bool]], is_told: bool
) -> None:
    plan = write(tmp_path / "plan.json", a_plan(*(locked(*volume) for volume in volumes)))
    assert "key-outside-territory" in {finding["rule"] for finding in gate(plan).result["findings"]}
    told = {finding["rule"] for finding in gate(plan, "--new-only").result["findings"]}
    assert ("key-outside-territory" in told) is is_told


def test_a_resource_that_was_only_renamed_is_not_new(gate: Gate, tmp_path: Path) -> None:
    volume = kept("a")
    volume["change"] |= {"previous_address": "aws_ebs_volume.z", "action_reason": "none"}
    assert gate(write(tmp_path / "plan.json", a_plan(volume)), "--new-only").code == 0


@pytest.mark.parametrize("more", [{"errored": True}, {"complete": False}])
def test_a_gap_is_never_left_out(gate: Gate, tmp_path: Path, more: Block) -> None:
    ended = gate(write(tmp_path / "plan.json", a_plan(kept("a"), **more)), "--new-only")
    assert (ended.code, [f["rule"] for f in ended.result["findings"]]) == (3, ["coverage-gap"])


def test_a_copy_that_nothing_places_is_never_taken_for_an_old_one(gate: Gate, tmp_path: Path) -> None:
    bucket = updated(TOKYO, TOKYO, ["no-op"])
    for part in ("before", "after"):
        bucket["change"]["change"][part] = {"bucket": "b", "tags": PERSONAL, "tags_all": PERSONAL}
    plan = write(tmp_path / "plan.json", a_plan(bucket, providers={"aws": a_provider(None)}))
    assert (gate(plan).code, gate(plan, "--new-only").code) == (3, 3)


def test_the_text_and_the_json_say_what_was_left_out(run: Gate, tmp_path: Path) -> None:
    plan = write(tmp_path / "plan.json", a_plan(kept("a"), a_volume("b")))
    said = run("gate", plan, "--new-only", "-f", "json").result
    (left_out,) = said["run"]["selection"]["new-only"]
    assert left_out.endswith("known findings left out")
    assert int(left_out.split()[0]) >= 1
    assert [f["subject"]["id"] for f in said["findings"] if f["rule"] == "copy-outside-territory"] == [
        "tf:plan/aws_ebs_volume.b"
    ]
    assert said["summary"]["violations"] == 1
    assert left_out in run("gate", plan, "--new-only").out


def test_a_baseline_says_what_is_known_of_a_template(run: Gate, gate: Gate, tmp_path: Path) -> None:
    template, saved = write(tmp_path / "template.yaml", TEMPLATE), tmp_path / "run.jsonl"
    abroad = ("--region", TOKYO, "--parameter", f"Zone={ABROAD}a")
    assert gate(template, *abroad, "--facts", saved).code == 1
    assert gate(template, *abroad, "--new-only", "--baseline", saved).code == 0
    elsewhere = ("--region", TOKYO, "--parameter", f"Zone={ABROAD}b")
    assert gate(template, *elsewhere, "--new-only", "--baseline", saved).code == 1


USAGE = {
    "a template without a baseline": ("cloudformation", ["--new-only"], "only a plan says what was there before"),
    "a state without a baseline": ("terraform-state", ["--new-only"], "give --baseline SAVED"),
    "a change set without a baseline": ("change-set", ["--new-only"], "give --baseline SAVED"),
    "an assembly without a baseline": ("cdk", ["--new-only"], "give --baseline SAVED"),
    "a baseline alone": ("terraform-plan", ["--baseline", "latest"], "--baseline says what --new-only compares with"),
    "an unknown baseline": ("terraform-plan", ["--new-only", "--baseline", "no-run"], "'no-run' is neither a file nor"),
    "an unknown run": ("terraform-plan", ["--known", "no-run"], "'no-run' is neither a file nor a saved run"),
}


@pytest.mark.parametrize("name", USAGE)
def test_what_cannot_be_compared_is_bad_input(gate: Gate, tmp_path: Path, name: str) -> None:
    kind, flags, message = USAGE[name]
    ended = gate(*each_kind(tmp_path)[kind], *flags)
    assert (ended.code, ended.out) == (2, "")
    assert message in " ".join(ended.err.split())


# --- what a saved run knows -------------------------------------------------------------------

REPLICA = "arn:aws:s3:::made-elsewhere"
KNOWN: dict[str, tuple[list[Any], int, str | None]] = {  # the stores of the run, the exit code, the replica's place
    "inside": ([a_store(REPLICA, a_copy("aws:ap-northeast-3"))], 0, "aws:ap-northeast-3"),
    "outside": ([a_store(REPLICA, a_copy("aws:ap-southeast-1"))], 1, "aws:ap-southeast-1"),
    "not in the run": ([a_store("arn:aws:s3:::other")], 3, None),
    "in the run without a place": ([a_store(REPLICA, a_copy(None))], 3, None),
    "in two places": ([a_store(REPLICA, a_copy(), a_copy("aws:ap-southeast-1"))], 3, None),
    "in one place, and one that is open": ([a_store(REPLICA, a_copy(), a_copy(None))], 3, None),
    "seen twice, in two places": (
        [a_store(REPLICA), a_store(REPLICA, a_copy("aws:ap-southeast-1"), sources=("other",))],
        3,
        None,
    ),
    "seen twice, in one place": ([a_store(REPLICA), a_store(REPLICA, sources=("other",))], 0, "aws:ap-northeast-1"),
    "inside, with a replica of its own": (
        [a_store(REPLICA, a_copy(), a_copy("aws:ap-southeast-1", Role.REPLICA))],
        0,
        "aws:ap-northeast-1",
    ),
}


def a_replicated(destination: str = REPLICA) -> Block:
    tags = {"tags": PERSONAL, "tags_all": PERSONAL}
    bucket = a_bucket("aws_s3_bucket.b", "b", after=tags, unknown={"tags_all": {}})
    return a_plan(bucket, a_replication("aws_s3_bucket_replication_configuration.r", "b", destination))


@pytest.mark.parametrize("name", KNOWN)
def test_a_saved_run_places_what_another_stack_made(gate: Gate, tmp_path: Path, name: str) -> None:
    stores, code, place = KNOWN[name]
    save_run(tmp_path / "run.jsonl", *stores)
    plan = write(tmp_path / "plan.json", a_replicated())
    assert gate(plan).code == 3
    ended = gate(plan, "--known", tmp_path / "run.jsonl")
    (store,) = ended.result["stores"]
    (copy,) = (copy for copy in store["copies"] if copy["role"] == "replica")
    assert (ended.code, copy["place"]) == (code, place)
    assert any("test-run" in said for said in copy["said_by"]) is bool(place)


def test_the_evidence_names_the_run(gate: Gate, tmp_path: Path) -> None:
    save_run(tmp_path / "run.jsonl", a_store(REPLICA, a_copy("aws:ap-southeast-1")))
    ended = gate(write(tmp_path / "plan.json", a_replicated()), "--known", tmp_path / "run.jsonl")
    (finding,) = (f for f in ended.result["findings"] if f["rule"] == "copy-outside-territory")
    assert any("run test-run" in line for line in finding["evidence"])
    assert ended.places == {"replica arn:aws:s3:::b": "aws:ap-southeast-1"}


def test_a_saved_run_does_not_say_where_things_of_the_plan_stand(gate: Gate, tmp_path: Path) -> None:
    """The plan itself moves the bucket that the run saw at home."""
    save_run(tmp_path / "run.jsonl", a_store(REPLICA))
    document = a_replicated()
    moved = a_bucket("aws_s3_bucket.there", "made-elsewhere", key="abroad", after={"tags": {}})
    document["resource_changes"].append(moved["change"])
    document["configuration"]["root_module"]["resources"].append(moved["config"])
    document["configuration"]["provider_config"]["abroad"] = a_provider(ABROAD)
    assert gate(write(tmp_path / "plan.json", document), "--known", tmp_path / "run.jsonl").code in (1, 4)


def test_a_run_with_gaps_knows_what_it_saw(gate: Gate, tmp_path: Path) -> None:
    save_run(tmp_path / "run.jsonl", a_store(REPLICA), gaps=[a_gap(status=Status.PARTIAL)])
    assert gate(write(tmp_path / "plan.json", a_replicated()), "--known", tmp_path / "run.jsonl").code == 0


# --- what is kept -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_facts_are_judged_alike_when_they_are_read_again(run: Gate, tmp_path: Path, kind: str) -> None:
    facts = tmp_path / "facts.jsonl"
    first = run("gate", *each_kind(tmp_path)[kind], "--facts", facts, "-f", "json")
    again = run("scan", "--from", facts, "-f", "json")
    assert (first.code in (1, 3, 4), again.code) == (True, first.code)
    for part in ("verdict", "summary", "stores", "findings", "coverage"):
        assert again.result[part] == first.result[part]
    assert read_run(facts).head["use"] == "gate"


@pytest.mark.parametrize("kind", KINDS)
def test_another_policy_than_was_expected_is_bad_input_for_every_kind(gate: Gate, tmp_path: Path, kind: str) -> None:
    arguments = each_kind(tmp_path)[kind]
    ended = gate(*arguments)
    digest = ended.result["run"]["policy"]["sha256"]
    assert gate(*arguments, "--expect-policy", f"sha256:{digest}").code == ended.code
    assert gate(*arguments, "--expect-policy", "sha256:" + "0" * 64).code == 2
    several = ("--expect-policy", "sha256:" + "0" * 64, "--expect-policy", digest.upper())
    assert gate(*arguments, *several).code == ended.code
