"""A value of a kind that no provider gives is never taken for one: whatever stands there, no store is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from residency.errors import InputError
from residency.gating import GateOptions, judge_files
from residency.run import open_config
from residency.services import cloudformation_types, terraform_types
from residency.services.base import Each, TemplateField
from residency.sources.cloudformation_text import read_text
from tests.build import write_config
from tests.sources import plans, stacks
from tests.sources.plans import PLANS, TOKYO, a_plan, a_resource, constant, recorded
from tests.sources.stacks import TEMPLATES

# What may mean that nothing is set or that a list is shorter, and what cannot.
VALUES: tuple[Any, ...] = (None, 0, "", False, {}, [], [None], {"a": 1}, [7], [{"a": 1}], [["x"]])
VALUES += (SET := (7, "text", True, ["a", 1]))


def attributes(fields: Mapping[str, TemplateField], above: str = "") -> Iterator[str]:
    """Every attribute and every block that a table reads, by its whole path."""
    for field in fields.values():
        if isinstance(field, Each):
            block = f"{above}{field.block}"
            yield block
            yield from attributes(field.fields, f"{block}." if block else above)
        elif isinstance(field, str) and not field.startswith("@"):
            yield f"{above}{field}"


def all_steps(fields: Mapping[str, TemplateField]) -> list[str]:
    """The same, with every block on the way."""
    paths = [path.split(".") for path in attributes(fields) if path]
    return sorted({".".join(path[:length]) for path in paths for length in range(1, len(path) + 1)})


def put(part: Any, path: str, value: Any) -> None:
    """Write a value at a path, into the first element where a block repeats."""
    step, _, rest = path.partition(".")
    part = part[0] if isinstance(part, list) else part
    if not rest:
        part[step] = value
        return
    inside = part.get(step)
    if not (isinstance(inside, dict) or (isinstance(inside, list) and inside and isinstance(inside[0], dict))):
        part[step] = [{}]
    put(part[step], rest, value)


# --- Terraform --------------------------------------------------------------------------------


@cache
def plans_of() -> dict[str, tuple[str, str]]:
    """Resource type -> the recorded plan that has one, and its address."""
    found: dict[str, tuple[str, str]] = {}
    for file in sorted(PLANS.glob("*.json")):
        for row in recorded(file.stem).get("resource_changes", ()):
            if row["change"]["after"] and row["mode"] == "managed":
                found.setdefault(row["type"], (file.stem, row["address"]))
    return found


Made = dict[str, tuple[str, Any]]  # address -> what was changed, and into which value


def wrong_plan(kind: str) -> tuple[dict[str, Any], Made]:
    """A recorded plan with one more of a resource for every value in every place of it."""
    name, address = plans_of()[kind]
    document = recorded(name)
    changes = document["resource_changes"]
    (row,) = (row for row in changes if row["address"] == address and "deposed" not in row)
    made: Made = {}
    for path in all_steps(terraform_types()[kind].fields):
        for value in VALUES:
            new = deepcopy(row)
            new["address"] = f'{address.partition("[")[0]}["{len(made)}"]'
            put(new["change"]["after"], path, value)
            (new["change"].get("after_unknown") or {}).pop(path.partition(".")[0], None)
            made[new["address"]] = (path, value)
            changes.append(new)
    return document, made


@pytest.mark.parametrize("kind", sorted(terraform_types().keys() & plans_of().keys()))
def test_no_value_of_a_plan_is_too_strange(kind: str, tmp_path: Path) -> None:
    document, made = wrong_plan(kind)
    if not terraform_types()[kind].attaches_to:  # else all of them belong to one thing
        assert lost(plans.Read(document), plans_of()[kind][1], made) == []
    assert gated(tmp_path / "plan.json", document) in (0, 1, 3, 4)


def lost(read: plans.Read, address: str, made: Made) -> list[tuple[str, Any]]:
    """The changes after which a store is missing, or a copy of it is and nothing is open instead."""
    if address not in read.stores:
        return []
    copies = len(read.stores[address].copies)
    found = []
    for name, (path, value) in made.items():
        now = read.stores[name].copies if name in read.stores else ()
        is_open = any(copy.place is None for copy in now)
        if not now or (value in SET and len(now) < copies and not is_open):
            found.append((path, value))
    return found


TAGS = [("aws_sqs_queue.q", value) for value in VALUES] + [("aws_instance.i", value) for value in VALUES]


@pytest.mark.parametrize(("address", "value"), TAGS)
def test_tags_of_any_kind_are_read_or_refused(address: str, value: Any, tmp_path: Path) -> None:
    for name in ("tags", "tags_all"):
        resource = a_resource(address, {"name": "q", name: value}, {}, {name: constant(value)})
        try:
            assert gated(tmp_path / f"{name}.json", a_plan(resource)) in (0, 1, 3, 4)
        except InputError:
            assert not isinstance(value, dict)


def gated(path: Path, document: Any) -> int:
    path.write_text(json.dumps(document), encoding="utf-8")
    config = open_config(write_config(path.parent / "config"))
    return judge_files([str(path)], config, GateOptions(region=TOKYO), "high").exit_code


# --- CloudFormation ---------------------------------------------------------------------------


@cache
def templates_of() -> dict[str, tuple[str, str]]:
    """Resource type -> the template that has one, and its name there."""
    found: dict[str, tuple[str, str]] = {}
    for file in sorted(TEMPLATES.glob("*.yaml")):
        for name, row in read_text(file.read_text("utf-8"), file.name).value["Resources"].items():
            found.setdefault(row["Type"], (file.name, name))
    return found


@pytest.mark.parametrize("kind", sorted(cloudformation_types()))
def test_no_value_of_a_template_is_too_strange(kind: str, tmp_path: Path) -> None:
    file, name = templates_of()[kind]
    document = read_text((TEMPLATES / file).read_text("utf-8"), file).value
    row, made = document["Resources"][name], dict[str, tuple[str, Any]]()
    row.pop("Condition", None)
    for path in all_steps(cloudformation_types()[kind].fields):
        for value in VALUES:
            new = document["Resources"][f"Wrong{len(made)}"] = deepcopy(row)
            made[f"Wrong{len(made)}"] = (path, value)
            put(new.setdefault("Properties", {}), path, value)
    assert lost(stacks.Read(json.dumps(document) + "\n"), name, made) == []
    assert gated(tmp_path / "template.json", document) in (0, 1, 3, 4)
