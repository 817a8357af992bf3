"""A damaged plan is bad input, or says that it was not checked; it never drops or moves a copy in silence."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from residency.errors import InputError
from residency.gating import GateOptions, judge_files
from residency.policy.load import Config
from residency.sources.terraform_shape import MAX_MODULES_DEEP, damage
from tests.build import VENDOR_AWS, a_config
from tests.sources.plans import TOKYO, Block, a_plan, a_provider, a_resource, constant, recorded, refer

PERSONAL = {"data": "personal"}
GONE = object()
OTHERS = {"gone": GONE, "null": None, "number": 7, "list": [], "text": "x", "mapping": {}}
Steps = tuple[Any, ...]


def a_whole_plan(zone: str) -> Block:
    """A bucket in the root, a volume in a module, a provider that takes its region from a variable."""
    bucket = {"bucket": "member", "tags": PERSONAL, "tags_all": PERSONAL}
    volume = {"availability_zone": zone, "encrypted": True, "tags": PERSONAL, "tags_all": PERSONAL}
    resources = (
        a_resource("aws_s3_bucket.b", bucket, {"arn": True, "region": True}, {"bucket": constant("member")}),
        a_resource("aws_ebs_volume.v", volume, {"arn": True}, {"availability_zone": refer("var.zone")}),
    )
    tags = [{"tags": constant({"team": "member"})}]
    plan = a_plan(
        *resources,
        providers={"aws": a_provider(expressions={"region": refer("var.home"), "default_tags": tags})},
        root={"variables": {"home": {}}},
        variables={"home": {"value": TOKYO}},
        prior_state={"format_version": "1.0", "values": {"root_module": {}}},
        errored=False,
        complete=True,
    )
    rows = [{**resource["change"], "values": resource["change"]["change"]["after"]} for resource in resources]
    rows[1]["address"] = plan["resource_changes"][1]["address"] = "module.m.aws_ebs_volume.v"
    root = plan["configuration"]["root_module"]
    module = {"resources": [root["resources"].pop()], "variables": {"zone": {}}}
    root["module_calls"] = {"m": {"source": "./m", "expressions": {"zone": constant(zone)}, "module": module}}
    plan["planned_values"] = {"root_module": {"resources": rows[:1], "child_modules": [{"resources": rows[1:]}]}}
    return plan


def parts(value: Any, path: Steps = ()) -> Iterator[Steps]:
    """Every place in a document."""
    if path:
        yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from parts(item, (*path, key))


def at(value: Any, path: Steps) -> Any:
    for key in path:
        value = value[key]
    return value


def broken(document: Block, path: Steps, other: Any) -> Block:
    changed = copy.deepcopy(document)
    around = at(changed, path[:-1])
    if other is GONE:
        del around[path[-1]]
    else:
        around[path[-1]] = other
    return changed


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Personal data in Japan is in order: a damage that hides anything would end with 0."""
    vendor = VENDOR_AWS.replace("grade: 3", "grade: 2")
    return a_config(tmp_path_factory.mktemp("config"), vendors__aws=vendor)


def judged(document: Block, path: Path, config: Config) -> tuple[int, set[str]]:
    """The exit code, and every copy with its place."""
    path.write_text(json.dumps(document), encoding="utf-8")
    try:
        result = judge_files([str(path)], config, GateOptions(), "high")
    except InputError as error:
        return 2 if str(path) in str(error) else 70, set()  # who reads it must be told which file it is
    stores = [json.loads(line) for line in result.spool.lines()]
    result.spool.close()
    return result.exit_code, {f"{s['address']} {c['role']} {c['place']}" for s in stores for c in s["copies"]}


@pytest.mark.parametrize("word", OTHERS)
@pytest.mark.parametrize(("zone", "code"), [("ap-northeast-1a", 0), ("ap-southeast-1a", 1)])
def test_no_part_of_a_plan_can_be_damaged_and_a_copy_be_missed(
    tmp_path: Path, config: Config, word: str, zone: str, code: int
) -> None:
    document, other = a_whole_plan(zone), OTHERS[word]
    whole = judged(document, tmp_path / "plan.json", config)
    assert (whole[0], len(whole[1])) == (code, 2)
    missed = []
    for path in parts(document):
        if other is GONE or type(at(document, path)) is not type(other):  # else it is another plan, and no damaged one
            ended, copies = judged(broken(document, path, other), tmp_path / "plan.json", config)
            if ended not in (2, 3, 4) and not (ended >= code and copies == whole[1]):
                missed.append((path, ended, copies))
    assert missed == []


def test_a_volume_abroad_that_has_lost_its_tags_is_not_checked(tmp_path: Path, config: Config) -> None:
    """Without its tags nobody knows what the volume holds: that is a decision, and no pass."""
    document = a_whole_plan("ap-southeast-1a")
    for row in ("tags", "tags_all"):
        del document["resource_changes"][1]["change"]["after"][row]
    assert judged(document, tmp_path / "plan.json", config)[0] == 3


# --- what is damaged --------------------------------------------------------------------------


def a_change(**more: Any) -> Block:
    change: Block = {"actions": ["create"], "before": None, "after": {}, "after_unknown": {}}
    return {"format_version": "1.2", "resource_changes": [{"address": "a.b", "type": "a", "change": change | more}]}


CHANGES: dict[str, tuple[Block, bool]] = {
    "made": ({}, False),
    "replaced": ({"actions": ["delete", "create"], "before": {}}, False),
    "gone": ({"actions": ["delete"], "before": {}, "after": None}, False),
    "gone, without marks": ({"actions": ["delete"], "before": {}, "after": None, "after_unknown": None}, False),
    "forgotten": ({"actions": ["forget"], "before": {}, "after": None}, False),
    "all of it unknown": ({"after_unknown": True}, False),
    "no action": ({"actions": []}, True),
    "an action that is a list": ({"actions": [[]]}, True),
    "made of nothing": ({"after": None}, True),
    "kept as nothing": ({"actions": ["no-op"], "before": {}, "after": None}, True),
    "made without marks": ({"after_unknown": None}, True),
    "a mark that is a text": ({"after_unknown": {"rule": [{"region": "true"}]}}, True),
    "a mark that is null": ({"after_unknown": {"region": None}}, True),
    "tags that are a number": ({"after": {"tags": 7}}, True),
    "tags before that are a text": ({"before": {"tags_all": "x"}}, True),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_says_what_is_done_and_what_is_unknown(name: str) -> None:
    more, damaged = CHANGES[name]
    assert damage(a_change(**more)) == ("resource_changes[0]" if damaged else None)


def nested(depth: int) -> Block:
    module: Block = {}
    for _ in range(depth):
        module = {"child_modules": [module]}
    return {"root_module": module}


def configured(**root: Any) -> Block:
    return {"configuration": {"root_module": root}}


def provided(**expressions: Any) -> Block:
    return {"configuration": {"provider_config": {"aws": {"expressions": expressions}}}}


DAMAGED: dict[str, tuple[Block, str | None]] = {
    "values without a module": ({"planned_values": {}}, "planned_values"),
    "values that are null": ({"planned_values": None}, "planned_values"),
    "modules that are too deep": ({"planned_values": nested(MAX_MODULES_DEEP + 1)}, "planned_values"),
    "modules that are deep": ({"planned_values": nested(MAX_MODULES_DEEP)}, None),
    "a prior state without values": ({"prior_state": {"format_version": "1.0"}}, None),
    "a prior state whose values are null": ({"prior_state": {"values": None}}, "prior_state.values"),
    "errored is a text": ({"errored": "false"}, "errored"),
    "complete is a number": ({"complete": 0}, "complete"),
    "variables are a list": ({"variables": []}, "variables"),
    "a module that is null": (configured(module_calls={"m": None}), "configuration: a module"),
    "an expression that is a number": (
        configured(resources=[{"address": "a.b", "expressions": {"x": 7}}]),
        "configuration: a module",
    ),
    "a reference that is a number": (
        configured(resources=[{"address": "a.b", "expressions": {"x": refer(7)}}]),  # type: ignore[arg-type]
        "configuration: a module",
    ),
    "a constant of any kind": (
        configured(resources=[{"address": "a.b", "expressions": {"x": constant([7])}}]),
        None,
    ),
    "a region that is a text": (provided(region="x"), "configuration.provider_config"),
    "default tags that are a text": (provided(default_tags="x"), "configuration.provider_config"),
    "default tags whose value is a list": (
        provided(default_tags=[{"tags": constant([])}]),
        "configuration.provider_config",
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_decides_a_place_has_the_shape_that_terraform_gives_it(name: str) -> None:
    more, expected = DAMAGED[name]
    found = damage({"format_version": "1.2", "resource_changes": [], **more})
    assert found == expected


A_ROW = a_resource("aws_ebs_volume.v", {})["change"]
A_VALUE = {"address": "aws_ebs_volume.v", "type": "aws_ebs_volume", "values": {}}
TWICE = "aws_ebs_volume.v, which stands twice,"


@pytest.mark.parametrize(
    ("more", "damaged"),
    [
        ({"resource_changes": [A_ROW, A_ROW]}, f"resource_changes: {TWICE}"),
        ({"resource_changes": [A_ROW, A_ROW | {"deposed": "abcdef01"}]}, None),
        ({"planned_values": {"root_module": {"resources": [A_VALUE, A_VALUE]}}}, f"planned_values: {TWICE}"),
        (
            {"prior_state": {"values": {"root_module": {"resources": [A_VALUE, A_VALUE]}}}},
            f"prior_state.values: {TWICE}",
        ),
        ({"planned_values": {"root_module": {"resources": [A_VALUE, A_VALUE | {"deposed_key": "abcdef01"}]}}}, None),
    ],
)
def test_of_two_rows_about_one_thing_none_is_left_unread(more: Block, damaged: str | None) -> None:
    assert damage({"format_version": "1.2", "resource_changes": [], **more}) == damaged


@pytest.mark.parametrize("name", ["regions", "replication", "provider6", "refresh_only", "errored", "format_0_1"])
def test_what_terraform_itself_printed_is_not_damaged(name: str) -> None:
    assert damage(recorded(name)) is None
