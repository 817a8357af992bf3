"""Every path of the service files exists in the provider's own model; every call declares the right it needs."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from functools import cache
from inspect import signature
from pathlib import Path
from types import ModuleType

import boto3
import pytest
from botocore import xform_name
from botocore.model import OperationNotFoundError

import residency.services
from residency.clouds.aws import keys
from residency.clouds.aws.api import _TOKENS, Api
from residency.clouds.aws.keys import DESCRIBE
from residency.clouds.aws.session import Access, AccountSession
from residency.demo.estate.company import ANALYTICS, IRELAND, MEMBERS, OSAKA, TOKYO
from residency.model import Cell
from residency.services import cloudformation_types, listings, modules, terraform_types
from residency.services.base import Each, Listing, Template, TemplateField
from tests.estates import estate
from tests.services.shapes import CALL, operation_of, shape_at
from tests.serving import demo_environment

TABLES = {**terraform_types(), **cloudformation_types()}
MODULES = modules("aws")
SERVICES = Path(residency.services.__file__).parent
# What a template's document says of a thing that others refer to has the shape of this answer.
ANSWERS = {DESCRIBE: DESCRIBE, "destinations": "s3:HeadBucket"}


# --- what the files say -----------------------------------------------------------------------


def tree_of(module: ModuleType) -> ast.Module:
    assert module.__file__
    return ast.parse(Path(module.__file__).read_text(encoding="utf-8"))


def text_of(node: ast.AST | None, module: ModuleType) -> str | None:
    """A string that a file writes, its constants filled in; None where it depends on an argument."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name):
        value = getattr(module, node.id, None)
        return value if isinstance(value, str) else None
    if isinstance(node, ast.FormattedValue):
        return text_of(node.value, module)
    if isinstance(node, ast.JoinedStr):
        parts = [text_of(part, module) for part in node.values]
        return None if None in parts else "".join(part for part in parts if part is not None)
    return None


def written_paths(module: ModuleType) -> set[str]:
    """Every string of a file that begins with a call: `ec2:DescribeVolumes.Volumes[].VolumeId`."""
    texts = (text_of(node, module) for node in ast.walk(tree_of(module)))
    rights = {right for listing in listings("aws") for right in listing.needs.values()}
    return {text for text in texts if text and CALL.match(text) and (text not in rights or "." in text)}


def template_paths(template: Template) -> Iterator[str]:
    """Every path that a table fills, those inside a repeating block below their parent."""
    base = f"{ANSWERS.get(template.answers, template.answers)}." if template.answers else ""
    yield from _paths_below(base, {path: f for path, f in template.fields.items() if not path.startswith("@")})


def _paths_below(base: str, fields: Mapping[str, TemplateField]) -> Iterator[str]:
    for path, field in fields.items():
        yield base + path
        if isinstance(field, Each):
            yield from _paths_below(f"{base}{path}.", field.fields)


def calls_of(module: ModuleType, *names: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names:
            yield node


def test_a_path_that_exists_is_found_and_a_typo_is_not() -> None:
    assert shape_at("s3:ListBuckets.Buckets[].Name").type_name == "string"
    assert shape_at("ec2:CopySnapshot.SourceSnapshotId").type_name == "string"
    for typo in ("s3:ListBuckets.Buckets[].Nmae", "s3:ListBuckets.Bucket[].Name", "ec2:CopySnapshot.SnapshotTo"):
        with pytest.raises(KeyError):
            shape_at(typo)
    with pytest.raises(KeyError):
        shape_at("s3:ListBuckets.Owner[].ID")  # no list
    with pytest.raises(OperationNotFoundError):
        shape_at("s3:ListBukets.Buckets[]")


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_every_path_that_a_file_writes_exists_in_the_providers_model(module: ModuleType) -> None:
    paths = written_paths(module)
    for path in paths:
        shape_at(path)
    assert paths


@pytest.mark.parametrize("kind", sorted(TABLES))
def test_every_path_of_a_table_exists_in_the_providers_model(kind: str) -> None:
    paths = list(template_paths(TABLES[kind]))
    assert paths
    for path in paths:
        shape_at(path)


@pytest.mark.parametrize("module", [*MODULES, keys], ids=lambda module: module.__name__.rpartition(".")[2])
def test_every_question_of_a_listing_exists_in_the_providers_model(module: ModuleType) -> None:
    """The call, the list or field that it expects, and the parameters that it sends."""
    seen = 0
    for node in calls_of(module, "each", "ask", "ask_once"):
        if not isinstance(node.func, ast.Attribute) or ast.unparse(node.func.value) != "api":
            continue
        texts = [text_of(argument, module) for argument in node.args]
        call = next(text for text in texts if text and ":" in text)
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        expected = texts[1] if node.func.attr == "each" else text_of(keywords["expect"], module)
        assert shape_at(f"{call}.{expected}")
        if node.func.attr == "each":
            assert isinstance(node.args[2], ast.Constant)
            name = node.args[2].value  # what names an element; None where it is a name itself
            assert shape_at(f"{call}.{expected}" + (f".{name}" if isinstance(name, str) else "")).type_name == "string"
        sent = {name for name in keywords if name and name not in OWN}
        assert sent <= set(operation_of(call).input_shape.members)
        seen += 1
    assert seen or not getattr(module, "LISTINGS", ())


# What `each` and `ask` take for themselves; everything else is sent.
OWN = {name for method in (Api.each, Api.ask, Api.ask_once) for name in signature(method).parameters}


@pytest.mark.parametrize("listing", listings("aws"), ids=lambda listing: listing.call)
def test_a_call_that_is_paged_says_how(listing: Listing) -> None:
    """An answer with a token that botocore knows no paginator for needs `token=`: without it the list is cut."""
    for call in listing.needs:
        service, _, operation = call.partition(":")
        client = boto3.client(service, region_name=TOKYO)
        outputs = set(operation_of(call).output_shape.members)
        paged = outputs & set(_TOKENS)
        if paged and not client.can_paginate(xform_name(operation)):
            assert call in NOT_PAGED_BY_BOTOCORE, call


# Their services give `token=` to `each`, or ask for one thing that fits a page.
NOT_PAGED_BY_BOTOCORE = {"dynamodb:ListGlobalTables", "dynamodb:ListExports", "backup:ListTags"}


def test_no_path_goes_on_after_its_last_list_without_an_element() -> None:
    """A projection silently drops what lacks the field. Only the list of the listing itself holds one element."""
    paths = {path for module in MODULES for path in written_paths(module)}
    tables = {path for template in TABLES.values() for path in template.fields if not path.startswith("@")}
    assert len(paths | tables) > 40
    for path in paths | tables:
        steps = path.split(".")[1:]
        inner = [step for step in steps[1:-1] if step.endswith("[]")]
        assert not inner, path
    for module in MODULES:
        for node in calls_of(module, "each"):
            texts = [text for text in (text_of(argument, module) for argument in node.args) if text]
            lists = [text for text in texts if text.endswith("[]") or text in ONE_EACH]
            assert not texts or lists, ast.unparse(node)


# Answers about one thing, of which a template's companions make several.
ONE_EACH = {"backup:GetBackupSelection.BackupSelection"}


def test_no_service_catches_an_error() -> None:
    files = sorted(SERVICES.rglob("*.py"))
    assert len(files) > 4
    for file in files:
        nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        assert not [node for node in nodes if isinstance(node, ast.Try | ast.TryStar)], file


# --- what the tables take from Terraform ------------------------------------------------------

PLANS = Path(__file__).parent.parent / "data" / "plans"
HOW = (
    "put it into a tests/data/plans/src/*.tf and record it as the README there says: terraform plan -out=plan, "
    "terraform show -json plan"
)
# Types of which no plan is recorded, and why. Their attributes are looked for at types with the same `place`, if any.
NOT_RECORDED = {"aws_ami_from_instance": "its table is that of aws_ami_copy"}
# Attributes that only a newer provider has (the schema of AWS provider 6.25.0).
NEWER = {("aws_dynamodb_table", "global_table_witness")}


@cache
def recorded_attributes() -> dict[str, set[str]]:
    """Resource type -> the attributes that Terraform printed for it."""
    found: dict[str, set[str]] = {}
    for file in PLANS.glob("*.json"):
        document = json.loads(file.read_bytes())
        resources = [(r["type"], r["change"]) for r in document.get("resource_changes", ()) if r["mode"] == "managed"]
        for kind, change in resources:
            found.setdefault(kind, set()).update(change.get("after") or (), change.get("after_unknown") or ())
        state = document.get("prior_state", {}).get("values", {}).get("root_module", {})
        for item in state.get("resources", ()):
            kind = ("data." if item["mode"] == "data" else "") + item["type"]
            found.setdefault(kind, set()).update(item["values"])
    return found


def attributes_of(template: Template) -> set[str]:
    """The attributes and blocks of a resource that a table takes a value from."""
    names = (field.block if isinstance(field, Each) else field for field in template.fields.values())
    return {name.partition(".")[0] for name in names if isinstance(name, str) and name and not name.startswith("@")}


@pytest.mark.parametrize("kind", sorted(terraform_types()))
def test_every_attribute_of_a_table_stands_in_a_plan_that_terraform_printed(kind: str) -> None:
    template, recorded = terraform_types()[kind], recorded_attributes()
    assert kind in {**recorded, **NOT_RECORDED}, f"no plan has {kind}: {HOW}; or say in NOT_RECORDED why not"
    assert not (kind in recorded and kind in NOT_RECORDED), f"a plan has {kind}: take it out of NOT_RECORDED"
    sisters = [other for other, its in terraform_types().items() if its.place and its.place is template.place]
    printed = [recorded[name] for name in (kind, *sisters) if name in recorded]
    missing = {name for name in attributes_of(template).difference(*printed) if (kind, name) not in NEWER}
    assert not (missing and printed), f"no plan has {sorted(missing)} of {kind}: a typo, or {HOW}"


# --- rights -----------------------------------------------------------------------------------


# Between them, these accounts and regions of the estate have one of everything.
PLACES = ((MEMBERS, TOKYO), (MEMBERS, OSAKA), (ANALYTICS, IRELAND))


@pytest.mark.parametrize("listing", listings("aws"), ids=lambda listing: listing.call)
def test_a_listing_declares_every_call_that_it_makes_and_makes_every_call_that_it_declares(listing: Listing) -> None:
    made: set[str] = set()
    for account, region in PLACES:
        with demo_environment(estate().at.endpoint):
            made |= set(_calls_of(listing, account, region))
    assert made == set(listing.needs), "what is needed and not made: the estate has nothing that makes it be asked"


def _calls_of(listing: Listing, account: str, region: str) -> Iterator[str]:
    """What a listing asks of one account of the estate."""
    before = len(estate().at.layer.calls)
    session = AccountSession(Access(role_arn=f"arn:aws:iam::{account}:role/residency-readonly"))
    where = "global" if listing.scope == "global" else region
    cell = Cell(
        source="test", provider="aws", account=account, region=where, service=listing.service, listing=listing.call
    )
    list(Api(session, cell, listing.needs, "aws").documents(listing.list))
    yield from (call.name for call in estate().at.layer.calls[before:] if call.name != "sts:AssumeRole")


def test_every_right_belongs_to_a_service_and_names_an_action() -> None:
    rights = {right for listing in listings("aws") for right in listing.needs.values() if right}
    reading = ("Describe", "Get", "List")
    assert not [right for right in rights if not right.partition(":")[2].startswith(reading)]
