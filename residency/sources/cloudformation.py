"""CloudFormation and SAM templates, change sets and CDK assemblies as facts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from residency.clouds.answers import Unknown
from residency.clouds.aws.arn import parse_arn
from residency.model import Cell, CellResult, Edge, Gap, Status, Store, Why
from residency.services import cloudformation_types
from residency.services.base import Template
from residency.sources.cloudformation_text import TemplateError, Text, read_text
from residency.sources.cloudformation_values import KNOWN_TRANSFORMS, Deployment, Values
from residency.sources.templates import Context, TemplateReader

STACK, STACK_SET = "AWS::CloudFormation::Stack", "AWS::CloudFormation::StackSet"
MAX_NESTED = 10  # stacks in stacks
MAX_READ = 500  # templates in all: one that nests itself twice would never end
# Where a type writes its tags, if not in `Tags` (resource type reference of each, read 2026-11-22).
TAGS = {
    "AWS::EFS::FileSystem": "FileSystemTags",
    "AWS::Backup::BackupVault": "BackupVaultTags",
    "AWS::Backup::LogicallyAirGappedBackupVault": "BackupVaultTags",
    "AWS::Backup::BackupPlan": "BackupPlanTags",
}
UNKNOWN_ENVIRONMENT = ("unknown-region", "unknown-account")


@dataclass
class Resource:
    """One resource of a template, with the values of its properties as far as they are known."""

    address: str
    type: str
    after: Mapping[str, Any]
    stack: Deployment
    is_data: bool = False

    @property
    def provider_name(self) -> str:
        """AWS also for what a function of one's own makes (`Custom::`): nobody says what that is."""
        first = self.type.partition("::")[0]
        return "aws" if first in ("AWS", "Custom") else first.lower()

    def sets(self, attribute: str) -> bool:
        return attribute in self.after


@dataclass(frozen=True)
class Block:
    """One element of a list of a property."""

    resource: Resource
    body: Any

    def value(self, path: str, computed: bool = False) -> Any:
        return _at(self.body, path)

    def children(self, name: str) -> list[Block] | Unknown:
        return _blocks(self.resource, _at(self.body, name))


@dataclass
class Stacks:
    """The resources of one or several stacks that are deployed together."""

    resources: list[Resource] = field(default_factory=list)
    gaps: list[tuple[str, str]] = field(default_factory=list)  # code and reason of what could not be read
    lines: dict[str, str] = field(default_factory=dict)  # address -> "template.yaml:14"
    language = "cloudformation"
    data: list[Resource] = field(default_factory=list)
    read: int = 0  # templates

    @property
    def types(self) -> Mapping[str, Template]:
        return cloudformation_types()

    @cached_property
    def by_address(self) -> dict[str, Resource]:
        return {resource.address: resource for resource in self.resources}

    def everything(self) -> Iterator[Resource]:
        yield from self.resources

    def value(self, resource: Resource, path: str, computed: bool = False) -> Any:
        return _at(resource.after, path)

    def blocks(self, resource: Resource, path: str, computed: bool = False) -> list[Block] | Unknown:
        return _blocks(resource, _at(resource.after, path) if path else [resource.after])

    def meant(self, resource: Resource, path: str) -> tuple[str, ...]:
        value = _at(resource.after, path)
        items = value if isinstance(value, list) else [value]
        unknown = [item for item in items if isinstance(item, Unknown)]
        return tuple(
            name for item in unknown for name in ((item.refers_to,) if item.refers_to else item.one_of) if name
        )

    def region(self, resource: Resource) -> Any:
        return resource.stack.region or Unknown(Why.UNRESOLVED, "a template names no region: give --region")

    def tags(self, resource: Resource) -> Any:
        tags = _at(resource.after, TAGS.get(resource.type, "Tags"))
        if not isinstance(tags, list):
            return {} if tags is None else tags
        pairs = [(tag.get("Key"), tag.get("Value", "")) for tag in tags if isinstance(tag, Mapping)]
        known = len(pairs) == len(tags) and all(isinstance(key, str) for key, _ in pairs)
        return {str(key): value for key, value in pairs} if known else Unknown(Why.NOT_KNOWN_YET, "tags")


def _at(value: Any, path: str) -> Any:
    """The value at a path of properties; Unknown where one on the way is."""
    for step in path.split("."):
        if value is None or isinstance(value, Unknown):
            return value
        value = value.get(step) if isinstance(value, Mapping) else None
    return _meant(value)


def _meant(value: Any) -> Any:
    """CloudFormation takes "false" for false and "7" for 7; an account number is longer than any number of ours."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 else value


def _blocks(resource: Resource, value: Any) -> list[Block] | Unknown:
    if isinstance(value, Unknown):
        return value
    elements = value if isinstance(value, list) else [] if value is None else [value]
    unknown = next((element for element in elements if isinstance(element, Unknown)), None)
    return unknown or [Block(resource, element) for element in elements]


# --- files ------------------------------------------------------------------------------------


def is_template(document: Any) -> bool:
    """It has resources whose types have the form `Vendor::Service::Thing`."""
    resources = document.get("Resources") if isinstance(document, Mapping) else None
    if not isinstance(resources, Mapping):
        return False
    types = [row.get("Type") for row in resources.values() if isinstance(row, Mapping)]
    named = any(key.startswith("Fn::ForEach") for key in map(str, resources))
    versioned = "AWSTemplateFormatVersion" in document or "Transform" in document
    return versioned or named or any(isinstance(kind, str) and "::" in kind for kind in types)


def is_change_set(document: Any) -> bool:
    return isinstance(document, Mapping) and isinstance(document.get("Changes"), list) and "StackName" in document


def is_assembly(folder: Path) -> bool:
    """A directory that `cdk synth` writes."""
    return (folder / "manifest.json").is_file()


@dataclass(frozen=True)
class Given:
    """What the command line says of a deployment."""

    region: str | None = None
    stack: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


def stacks_of(text: Text, shown_as: str, given: Given) -> Stacks:
    """The resources of a template or of a change set. TemplateError where it is neither."""
    document = text.value
    deployment = Deployment(given.region, None, given.stack, None, given.parameters)
    stacks = Stacks()
    if is_change_set(document):
        _read_change_set(stacks, document, deployment)
    elif is_template(document):
        folder = Path(shown_as).parent if Path(shown_as).is_file() else None
        _Reader(stacks, folder, shown_as).read(text, deployment)
    else:
        raise TemplateError(f"{shown_as}: is no CloudFormation template: it has no `Resources` with types")
    return stacks


def assembly(folder: Path, given: Given) -> Iterator[tuple[str, Stacks]]:
    """Each stack of a CDK assembly, those of nested assemblies included, with its name."""
    manifest = _json_of(folder / "manifest.json")
    for name, artifact in sorted(_mapping(manifest.get("artifacts")).items()):
        properties = _mapping(artifact.get("properties"))
        if artifact.get("type") == "cdk:cloud-assembly" and properties.get("directoryName"):
            yield from assembly(_inside(folder, str(properties["directoryName"])), given)
        elif artifact.get("type") == "aws:cloudformation:stack":
            path = _inside(folder, str(properties.get("templateFile", "")))
            account, region = _environment(str(artifact.get("environment", "")))
            parameters = {**_mapping(properties.get("parameters")), **given.parameters}
            deployment = Deployment(region or given.region, account, name, None, parameters)
            stacks = Stacks()
            _Reader(stacks, folder, str(path)).read(read_text(_text_of(path), str(path)), deployment)
            yield str(properties.get("stackName") or name), stacks


def _environment(text: str) -> tuple[str | None, str | None]:
    """Account and region of `aws://123456789012/ap-northeast-1`; None for what CDK does not know."""
    account, _, region = text.removeprefix("aws://").partition("/")
    known = [part if part and part not in UNKNOWN_ENVIRONMENT else None for part in (account, region)]
    return known[0], known[1]


def _inside(folder: Path, name: str) -> Path:
    """A file of the assembly; TemplateError where a name leads out of it."""
    path = (folder / name).resolve()
    if not name or not path.is_relative_to(folder.resolve()):
        raise TemplateError(f"{folder}/manifest.json: {name[:80]!r} is no file of the assembly")
    return path


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{path}: cannot be read: {error}") from error


def _json_of(path: Path) -> Mapping[str, Any]:
    try:
        return _mapping(json.loads(_text_of(path)))
    except (ValueError, RecursionError) as error:
        raise TemplateError(f"{path}: is not JSON: {error}") from error


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


# --- stacks -----------------------------------------------------------------------------------


@dataclass
class _Reader:
    """Reads one template, and those that it nests, into the stacks."""

    stacks: Stacks
    folder: Path | None  # where nested templates are looked for
    shown_as: str
    depth: int = 0

    def read(self, text: Text, deployment: Deployment) -> Values:
        self.stacks.read += 1
        template = _mapping(text.value)
        values = Values(template, deployment)
        nested: dict[str, Values] = {}
        values.outputs = lambda name, output: _output(nested.get(name), output)
        self._check_transforms(template)
        for name, row in _with_loops(template, values, self.stacks).items():
            resource = _mapping(row)
            kind = resource.get("Type")
            if not isinstance(kind, str):
                raise TemplateError(f"{self.shown_as}: the resource {name[:80]!r} has no type")
            if "Condition" in resource and values.condition(resource["Condition"]) is False:
                continue
            address = values.address(name)
            self.stacks.lines[address] = f"{self.shown_as}:{text.lines.get(name, 1)}"
            properties = values.of(_mapping(resource.get("Properties")))
            if kind == STACK:
                self._nested(name, _mapping(properties), deployment, nested)
            elif kind == STACK_SET:
                self._stack_set(name, _mapping(properties), deployment)
            else:
                after = properties if isinstance(properties, Mapping) else {}
                self.stacks.resources.append(Resource(address, kind, after, deployment))
        return values

    def _check_transforms(self, template: Mapping[str, Any]) -> None:
        transforms = template.get("Transform")
        for item in transforms if isinstance(transforms, list) else [transforms] if transforms else []:
            name = item if isinstance(item, str) else str(_mapping(item).get("Name"))
            if name not in KNOWN_TRANSFORMS:
                self.stacks.gaps.append(("macro", f"the macro {name[:80]} may change anything: judge what it makes"))

    def _nested(
        self, name: str, properties: Mapping[str, Any], deployment: Deployment, nested: dict[str, Values]
    ) -> None:
        """A stack in a stack, where its template is at hand."""
        path = self._at_hand(properties.get("TemplateURL"))
        if path is None or self.depth >= MAX_NESTED or self.stacks.read >= MAX_READ:
            reason = f"the template of the nested stack {deployment.prefix}{name} is not at hand: judge it as well"
            self.stacks.gaps.append(("nested-stack", reason))
            return
        given = properties.get("Parameters")
        parameters = given if isinstance(given, Mapping) else {}
        inner = replace(deployment, prefix=f"{deployment.prefix}{name}/", parameters=parameters)
        reader = _Reader(self.stacks, path.parent, str(path), self.depth + 1)
        nested[name] = reader.read(read_text(_text_of(path), str(path)), inner)

    def _at_hand(self, url: Any) -> Path | None:
        """A template beside this one; what was uploaded already is not asked for."""
        if self.folder is None or not isinstance(url, str) or "://" in url:
            return None
        path = (self.folder / url).resolve()
        return path if path.is_file() and path.is_relative_to(self.folder.resolve()) else None

    def _stack_set(self, name: str, properties: Mapping[str, Any], deployment: Deployment) -> None:
        """The stacks of a stack set, once in each of its regions."""
        body, groups = properties.get("TemplateBody"), properties.get("StackInstancesGroup")
        regions = [
            region
            for group in (groups if isinstance(groups, list) else [])
            for region in _listed(_mapping(group).get("Regions"))
        ]
        known = [region for region in regions if isinstance(region, str)]
        if not isinstance(body, str) or not known or len(known) < len(regions) or self.depth >= MAX_NESTED:
            reason = f"the template or the regions of the stack set {deployment.prefix}{name} are not known"
            self.stacks.gaps.append(("stack-set", reason))
            return
        text = read_text(body, f"{self.shown_as}#{name}")
        for region in list(dict.fromkeys(known))[:MAX_READ]:
            inner = replace(deployment, region=region, prefix=f"{deployment.prefix}{name}/{region}/", parameters={})
            _Reader(self.stacks, None, self.shown_as, self.depth + 1).read(text, inner)


def _output(values: Values | None, name: str) -> Any:
    """An output of a nested stack."""
    outputs = _mapping(values.template.get("Outputs")) if values else {}
    if not values or name not in outputs:
        return Unknown(Why.NOT_KNOWN_YET, f"the output {name} of a nested stack is not known")
    return values.of(_mapping(outputs[name]).get("Value"))


def _with_loops(template: Mapping[str, Any], values: Values, stacks: Stacks) -> dict[str, Any]:
    """The resources, with those that `Fn::ForEach` makes of one."""
    found: dict[str, Any] = {}
    for name, row in _mapping(template.get("Resources")).items():
        if not str(name).startswith("Fn::ForEach::"):
            found[str(name)] = row
            continue
        made = _loop(row, values)
        if made is None:
            stacks.gaps.append(("for-each", f"what {str(name)[:80]} repeats over is not known"))
        found |= made or {}
    return found


def _loop(row: Any, values: Values) -> dict[str, Any] | None:
    """`[identifier, [items], {"Name${identifier}": {…}}]`; None where the items are not known."""
    if not isinstance(row, list) or len(row) != 3 or not isinstance(row[2], Mapping):
        return None
    items = values.of(row[1])
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        return None
    return {
        _filled(str(key), str(row[0]), item): _filled(value, str(row[0]), item)
        for item in items
        for key, value in row[2].items()
    }


def _filled(value: Any, identifier: str, item: str) -> Any:
    """A value with the loop's item in place of `${identifier}`, `&{identifier}` and `!Ref identifier`."""
    if isinstance(value, str):
        plain = "".join(character for character in item if character.isalnum())
        return value.replace(f"${{{identifier}}}", item).replace(f"&{{{identifier}}}", plain)
    if isinstance(value, list):
        return [_filled(part, identifier, item) for part in value]
    if isinstance(value, Mapping):
        if dict(value) == {"Ref": identifier}:
            return item
        return {_filled(str(key), identifier, item): _filled(part, identifier, item) for key, part in value.items()}
    return value


def _read_change_set(stacks: Stacks, document: Mapping[str, Any], deployment: Deployment) -> None:
    """What a change set adds or changes (DescribeChangeSet with property values), in the region of its stack."""
    arn = parse_arn(document.get("StackId"))
    here = replace(deployment, region=(arn.region if arn else None) or deployment.region, stack=document["StackName"])
    if document.get("NextToken"):
        stacks.gaps.append(("NextToken", "the change set goes on: fetch every page of it"))
    for change in document["Changes"]:
        row = _mapping(_mapping(change).get("ResourceChange"))
        kind, name = row.get("ResourceType"), row.get("LogicalResourceId")
        if row.get("Action") == "Remove" or not isinstance(kind, str) or not isinstance(name, str):
            continue
        after = _context(row.get("AfterContext"))
        stacks.resources.append(Resource(name, kind, after, here))
        if not after and kind not in (STACK, STACK_SET):
            reason = "a change set without property values: fetch it with --include-property-values"
            stacks.gaps.append(("no-values", reason))


def _context(text: Any) -> Mapping[str, Any]:
    try:
        found = _mapping(json.loads(text)) if isinstance(text, str) else {}
    except (ValueError, RecursionError):
        return {}
    # What is known only after it is made is shown in braces.
    return Values({}, Deployment()).of(_mapping(found.get("Properties")))  # type: ignore[no-any-return]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def read_stacks(stacks: Stacks, cell: Cell, context: Context, save: Callable[[Store | Edge], None]) -> CellResult:
    """Save what templates will make; what of them could not be read is a gap."""
    began = datetime.now(UTC)
    stores = edges = 0
    where = replace(context, at=lambda address: stacks.lines.get(address) or context.at(address))
    for record in TemplateReader(stacks, cell, where).records():
        save(record)
        stores += isinstance(record, Store)
        edges += isinstance(record, Edge)
    gaps = tuple(
        Gap(cell=cell, call="cloudformation:template", status=Status.PARTIAL, code=code, reason=reason)
        for code, reason in dict.fromkeys(stacks.gaps)
    )
    status = Status.PARTIAL if gaps else Status.LISTED
    return CellResult(
        cell=cell, status=status, stores=stores, edges=edges, gaps=gaps, began=began, ended=datetime.now(UTC)
    )
