"""CloudFormation and SAM templates, change sets and CDK assemblies as facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from residency.clouds.answers import Unknown
from residency.clouds.aws.arn import parse_arn
from residency.model import Cell, CellResult, Edge, Gap, Said, Status, Store, Why
from residency.services import cloudformation_types
from residency.services.base import Template
from residency.sources.cloudformation_loops import LOOP, MACRO, with_globals, with_loops
from residency.sources.cloudformation_text import MAX_BYTES, TemplateError, Text, json_of, read_text
from residency.sources.cloudformation_values import KNOWN_TRANSFORMS, Deployment, Values
from residency.sources.templates import Context, TemplateReader

STACK, STACK_SET = "AWS::CloudFormation::Stack", "AWS::CloudFormation::StackSet"
# What nests a template -> the property that says where it is.
NESTS = {STACK: "TemplateURL", "AWS::Serverless::Application": "Location"}
MAX_NESTED = 10  # stacks in stacks
MAX_MANIFEST = 100 * 1024 * 1024  # of a CDK assembly: it holds a trace for each resource
MAX_READ = 500  # templates in all: one that nests itself twice would never end
# Where a type that holds something writes its tags, if not in `Tags` (`tagging.tagProperty` of its schema, as
# cfn-lint 1.58.0 brings it, read 2026-11-22).
TAGS = {
    "AWS::DynamoDB::GlobalTable": "Replicas.Tags",  # each replica has its own
    "AWS::EFS::FileSystem": "FileSystemTags",
    "AWS::EFS::AccessPoint": "AccessPointTags",
    "AWS::Backup::BackupVault": "BackupVaultTags",
    "AWS::Backup::LogicallyAirGappedBackupVault": "BackupVaultTags",
    "AWS::Backup::BackupPlan": "BackupPlanTags",
    "AWS::Backup::ReportPlan": "ReportPlanTags",
    "AWS::Cognito::IdentityPool": "IdentityPoolTags",
    "AWS::Cognito::UserPool": "UserPoolTags",
    "AWS::DataPipeline::Pipeline": "PipelineTags",
    "AWS::Lex::Bot": "BotTags",
    "AWS::Route53::HostedZone": "HostedZoneTags",
}
# What stands in a template of CDK that makes nothing, and that CDK does not deploy.
EMPTY = {"AWSTemplateFormatVersion", "Conditions", "Description", "Mappings", "Metadata", "Outputs", "Parameters"}
EMPTY |= {"Rules", "Transform"}
UNKNOWN_ENVIRONMENT = ("unknown-region", "unknown-account")


@dataclass
class Resource:
    """One resource of a template, with the values of its properties as far as they are known."""

    address: str
    type: str
    properties: Any  # a mapping; Unknown where a function makes all of them
    stack: Deployment
    is_data: bool = False
    stays: bool = False  # it stands already, and is kept when the stack lets go of it

    @property
    def after(self) -> Mapping[str, Any]:
        return _mapping(self.properties)

    @property
    def provider_name(self) -> str:
        """AWS also for what a function of one's own makes (`Custom::`): nobody says what that is."""
        first = self.type.partition("::")[0]
        return "aws" if first in ("AWS", "Custom") else first.lower()

    def sets(self, attribute: str) -> bool:
        return isinstance(self.properties, Unknown) or attribute in self.after


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
    parameters: frozenset[str] = frozenset()  # that a value may be given to

    @property
    def types(self) -> Mapping[str, Template]:
        return cloudformation_types()

    @cached_property
    def by_address(self) -> dict[str, Resource]:
        return {resource.address: resource for resource in self.resources}

    def everything(self) -> Iterator[Resource]:
        yield from self.resources

    def value(self, resource: Resource, path: str, computed: bool = False) -> Any:
        return _at(resource.properties, path)

    def blocks(self, resource: Resource, path: str, computed: bool = False) -> list[Block] | Unknown:
        return _blocks(resource, _at(resource.properties, path) if path else [resource.properties])

    def meant(self, resource: Resource, path: str) -> tuple[str, ...]:
        value = _at(resource.properties, path)
        items = value if isinstance(value, list) else [value]
        unknown = [item for item in items if isinstance(item, Unknown)]
        return tuple(
            name for item in unknown for name in ((item.refers_to,) if item.refers_to else item.one_of) if name
        )

    def region(self, resource: Resource) -> Any:
        return resource.stack.region or Unknown(Why.UNRESOLVED, "a template names no region: give --region")

    def stranger(self, resource: Resource) -> Said | None:
        return None  # CloudFormation makes things of AWS in AWS

    def tags(self, resource: Resource) -> Any:
        block, _, name = TAGS.get(resource.type, "Tags").rpartition(".")
        tags = _at_each(_at(resource.properties, block), name) if block else _at(resource.properties, name)
        if tags is None or isinstance(tags, Mapping | Unknown):
            return {} if tags is None else tags
        if not isinstance(tags, list):
            return Unknown(Why.NOT_KNOWN_YET, "tags")
        pairs = [(tag.get("Key"), tag.get("Value", "")) for tag in tags if isinstance(tag, Mapping)]
        known = len(pairs) == len(tags) and all(isinstance(key, str) for key, _ in pairs)
        found = {str(key): value for key, value in pairs} if known else {}
        # One tag with two values says neither.
        told = known and all(found[str(key)] == value for key, value in pairs)
        return found if told else Unknown(Why.NOT_KNOWN_YET, "tags")


def _at_each(elements: Any, name: str) -> Any:
    """What each element of a list holds under a name, as one list."""
    if elements is None or isinstance(elements, Unknown):
        return elements
    found = [_at(element, name) for element in _listed(elements)]
    unknown = next((value for value in found if value is not None and not isinstance(value, list)), None)
    return [item for value in found for item in value or ()] if unknown is None else Unknown(Why.NOT_KNOWN_YET, name)


def _at(value: Any, path: str) -> Any:
    """The value at a path of properties; Unknown where one on the way is."""
    for step in path.split("."):
        if value is None or isinstance(value, Unknown):
            return value
        if not isinstance(value, Mapping):
            return Unknown(Why.UNRESOLVED, f"{step} stands in what is no mapping")
        value = value.get(step)
    return _meant(value)


def _meant(value: Any) -> Any:
    """CloudFormation takes "false" for false and "7" for 7; an account number is longer than any number of ours."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if type(value) is int and 10**9 <= value < 10**12:
        return f"{value:012d}"  # an account that was written without quotes
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
    named = any(key.startswith((LOOP, MACRO)) for key in map(str, resources))
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
    partitions: Mapping[str, str] = field(default_factory=dict)  # region -> the partition that it belongs to


def stacks_of(text: Text, shown_as: str, given: Given) -> Stacks:
    """The resources of a template or of a change set. TemplateError where it is neither."""
    deployment = Deployment(given.region, None, given.stack, given.partitions, given.parameters)
    stacks = Stacks()
    if is_change_set(text.value):
        _read_change_set(stacks, text.value, shown_as, deployment)
    else:
        folder = Path(shown_as).parent if Path(shown_as).is_file() else None
        _Reader(stacks, text, shown_as, deployment, folder).read()
        stacks.parameters = frozenset(_nobody_says(text))
    return stacks


def assembly(folder: Path, given: Given) -> Iterator[tuple[str, Stacks]]:
    """Each stack of a CDK assembly with the id of its artifact, those of nested assemblies included.

    Stacks in several regions may have one name; no two artifacts have one id.
    """
    manifest = _json_of(folder / "manifest.json")
    for name, row in sorted(_mapping(manifest.get("artifacts")).items()):
        artifact = _mapping(row)
        properties = _mapping(artifact.get("properties"))
        if artifact.get("type") == "cdk:cloud-assembly":
            inner = _inside(folder, properties.get("directoryName"))
            yield from ((f"{name}/{stack}", stacks) for stack, stacks in assembly(inner, given))
        elif artifact.get("type") == "aws:cloudformation:stack":
            path = _inside(folder, properties.get("templateFile"))
            account, region = _environment(str(artifact.get("environment", "")))
            parameters = {**_mapping(properties.get("parameters")), **given.parameters}
            stack = str(properties.get("stackName") or name)
            stacks = Stacks()
            text = read_text(_text_of(path), str(path))
            if not isinstance(text.value, Mapping) or set(text.value) - EMPTY:
                deployment = Deployment(region or given.region, account, stack, given.partitions, parameters)
                _Reader(stacks, text, str(path), deployment, folder).read()
                stacks.parameters = frozenset(_nobody_says(text))
            yield name, stacks


def _environment(text: str) -> tuple[str | None, str | None]:
    """Account and region of `aws://123456789012/ap-northeast-1`; None for what CDK does not know."""
    account, _, region = text.removeprefix("aws://").partition("/")
    known = [part if part and part not in UNKNOWN_ENVIRONMENT else None for part in (account, region)]
    return known[0], known[1]


def _inside(folder: Path, name: Any) -> Path:
    """A file or folder of the assembly; TemplateError where a name leads out of it, or to the assembly itself."""
    path = _below(folder, name)
    if path is None:
        raise TemplateError(f"{folder}/manifest.json: {str(name)[:80]!r} is no file of the assembly")
    return path


def _below(folder: Path, name: Any) -> Path | None:
    """What a name leads to below a folder; None where there is nothing, or where it leads out of it."""
    try:
        path = (folder / name).resolve() if isinstance(name, str) else folder.resolve()
        found = path != folder.resolve() and path.is_relative_to(folder.resolve()) and path.exists()
    except (OSError, ValueError):  # no system has a file of such a name
        return None
    return folder / path.relative_to(folder.resolve()) if found else None


def _text_of(path: Path, most: int = MAX_BYTES) -> str:
    """At most one character more than may be read, so that the reader refuses what is too large."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            return file.read(most + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{path}: cannot be read: {error}") from error


def _json_of(path: Path) -> Mapping[str, Any]:
    try:
        return _mapping(json_of(_text_of(path, MAX_MANIFEST)))
    except (ValueError, RecursionError) as error:
        raise TemplateError(f"{path}: is not JSON: {error}") from error


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


# --- stacks -----------------------------------------------------------------------------------


@dataclass
class _Reader:
    """Reads one template, and those that it nests, into the stacks."""

    stacks: Stacks
    text: Text
    shown_as: str
    deployment: Deployment
    folder: Path | None  # where nested templates are looked for
    above: tuple[str, ...] = ()  # the templates that this one is nested in
    nested: dict[str, Values] = field(default_factory=dict)

    def read(self) -> Values:
        """TemplateError where it is no template."""
        template = self.text.value
        if not is_template(template):
            raise TemplateError(f"{self.shown_as}: is no CloudFormation template: it has no `Resources` with types")
        self.stacks.read += 1
        self.stacks.gaps += [
            ("macro", f"the macro {name} may change anything: judge what it makes") for name in _macros(template)
        ]
        values = Values(template, self.deployment, lambda name, output: _output(self.nested.get(name), output))
        rows = list(with_loops(template, values, self.stacks.gaps))
        values.template = {**template, "Resources": {name: row for name, row, _ in rows}}
        # Nested stacks first: others name their outputs.
        for name, row, written_as in sorted(rows, key=lambda row: _mapping(row[1]).get("Type") not in tuple(NESTS)):
            self._read(name, _mapping(row), f"{self.shown_as}:{self.text.lines.get(written_as, 1)}", values)
        return values

    def _read(self, name: str, row: Mapping[str, Any], line: str, values: Values) -> None:
        kind = row.get("Type")
        if not isinstance(kind, str) or not all(kind.partition("::")):
            raise TemplateError(f"{line}: the resource {name[:80]!r} has no type")
        if "Condition" in row and values.condition(row["Condition"]) is False:
            return
        address = values.address(name)
        self.stacks.lines[address] = line
        properties = values.of(with_globals(values.template, kind, row.get("Properties")))
        if kind in NESTS:
            asset = _mapping(row.get("Metadata")).get("aws:asset:path")  # of CDK, which uploads it for a TemplateURL
            self._nest(name, [_mapping(properties).get(NESTS[kind]), asset], _at(properties, "Parameters"))
        elif kind == STACK_SET:
            self._stack_set(name, _mapping(properties))
        else:
            if not isinstance(properties, Mapping | Unknown):
                properties = Unknown(Why.NOT_KNOWN_YET, "the properties are no mapping")
            self.stacks.resources.append(Resource(address, kind, properties, self.deployment))

    def _nest(self, name: str, files: list[Any], parameters: Any) -> None:
        """A stack in a stack, where its template is at hand."""
        at_hand = [path for file in files if self.folder and (path := _below(self.folder, file)) and path.is_file()]
        if not at_hand or str(at_hand[0].resolve()) in self._above() or not self._may_go_on():
            reason = f"the template of the nested stack {self.deployment.prefix}{name} is not at hand: judge it as well"
            self.stacks.gaps.append(("nested-stack", reason))
            return
        path = at_hand[0]
        text = read_text(_text_of(path), str(path))
        given = parameters if parameters is None or isinstance(parameters, Mapping) else _nobody_says(text)
        inner = self._deployment_of(name, self.deployment.region, self.deployment.account, given or {})
        self.nested[name] = _Reader(self.stacks, text, str(path), inner, path.parent, self._above()).read()

    def _stack_set(self, name: str, properties: Mapping[str, Any]) -> None:
        """The stacks of a stack set, once in each of its regions."""
        body, groups = properties.get("TemplateBody"), _listed(properties.get("StackInstancesGroup"))
        regions = [region for group in groups for region in _listed(_mapping(group).get("Regions")) or [None]]
        own = [row for group in groups for row in _listed(_mapping(group).get("ParameterOverrides"))]
        shown_as = f"{self.shown_as}#{name}"
        for region in dict.fromkeys(region if isinstance(region, str) else None for region in regions or [None]):
            if region is None or not isinstance(body, str) or not self._may_go_on():
                reason = f"the template or the regions of the stack set {self.deployment.prefix}{name} are not known"
                self.stacks.gaps.append(("stack-set", reason))
                continue
            text = read_text(body, shown_as)
            parameters = _parameters_of_set(_listed(properties.get("Parameters")), own, text)
            inner = self._deployment_of(f"{name}/{region}", region, None, parameters)
            _Reader(self.stacks, text, shown_as, inner, None, self._above()).read()

    def _above(self) -> tuple[str, ...]:
        return (*self.above, str(Path(self.shown_as).resolve()))

    def _may_go_on(self) -> bool:
        return len(self.above) < MAX_NESTED and self.stacks.read < MAX_READ

    def _deployment_of(
        self, name: str, region: str | None, account: str | None, parameters: Mapping[str, Any]
    ) -> Deployment:
        """CloudFormation gives the stack a name when it is made."""
        return Deployment(
            region, account, None, self.deployment.partitions, parameters, f"{self.deployment.prefix}{name}/"
        )


def _macros(template: Mapping[str, Any]) -> Iterator[str]:
    """The macros that may change what is made, or what is looked up, wherever they are called."""
    calls = list(_listed(template.get("Transform")))
    waiting: list[Any] = [part for name, part in template.items() if name != "Metadata"]
    calls += [template[MACRO]] if MACRO in template else []
    while waiting:
        part = waiting.pop()
        calls += [part[MACRO]] if isinstance(part, Mapping) and MACRO in part else []
        inside = part.values() if isinstance(part, Mapping) else part if isinstance(part, list) else ()
        waiting += [item for item in inside if isinstance(item, Mapping | list)]
    for call in calls:
        name = call if isinstance(call, str) else str(_mapping(call).get("Name"))
        if call and name not in KNOWN_TRANSFORMS:
            yield name[:80]


def _parameters_of_set(rows: list[Any], own: list[Any], text: Text) -> Mapping[str, Any]:
    """From `[{"ParameterKey": …, "ParameterValue": …}]`; Unknown where some stacks have a value of their own."""
    if not all(isinstance(_mapping(row).get("ParameterKey"), str) for row in (*rows, *own)):
        return _nobody_says(text)
    given = {row["ParameterKey"]: row.get("ParameterValue") for row in rows}
    unsaid = _nobody_says(text)
    return given | {name: unsaid[name] for row in own if (name := row["ParameterKey"]) in unsaid}


def _nobody_says(text: Text) -> dict[str, Unknown]:
    """Every parameter of a template without a value."""
    names = _mapping(_mapping(text.value).get("Parameters"))
    return {name: Unknown(Why.NOT_KNOWN_YET, f"what the parameter {name[:80]} is given is not known") for name in names}


def _output(values: Values | None, name: str) -> Any:
    """An output of a nested stack."""
    outputs = _mapping(values.template.get("Outputs")) if values else {}
    if not values or name not in outputs:
        return Unknown(Why.NOT_KNOWN_YET, f"the output {name} of a nested stack is not known")
    return values.of(_mapping(outputs[name]).get("Value"))


def _read_change_set(stacks: Stacks, document: Mapping[str, Any], shown_as: str, deployment: Deployment) -> None:
    """What a change set adds or changes (DescribeChangeSet with property values), in the region of its stack."""
    arn = parse_arn(document.get("StackId"))
    here = replace(deployment, region=(arn.region if arn else None) or deployment.region)
    if document.get("NextToken") or document.get("Status") in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
        stacks.gaps.append(("NextToken", "the change set goes on: wait until it is made, and fetch every page of it"))
    for change in document["Changes"]:
        row = _mapping(_mapping(change).get("ResourceChange"))
        kind, name = row.get("ResourceType"), row.get("LogicalResourceId")
        if not isinstance(kind, str) or not isinstance(name, str):
            raise TemplateError(f"{shown_as}: a change names no resource and its type")
        if kind in (*NESTS, STACK_SET):
            stacks.gaps.append(("nested-stack", f"the change set of {name[:80]} is one of its own: judge it as well"))
            continue
        found = [] if row.get("Action") == "Remove" else [Resource(name, kind, _after(row), here)]
        if _keeps(row):
            found.append(Resource(f"{name} (retained)", kind, _before(row), here, stays=True))
        stacks.resources += found
        if any(isinstance(resource.properties, Unknown) for resource in found):
            reason = "a change set without property values: fetch it with --include-property-values"
            stacks.gaps.append(("no-values", reason))


def _keeps(row: Mapping[str, Any]) -> bool:
    """What was there before stays, or a snapshot of it does, which is made in the same region.

    PolicyAction says so for what is removed and for what is replaced (API reference, ResourceChange; botocore 1.44.5,
    read 2026-11-22). Where it is missing, the resource's own DeletionPolicy and UpdateReplacePolicy say it.
    """
    action = row.get("PolicyAction")
    if action is not None:
        return action not in ("Delete", "ReplaceAndDelete")
    if row.get("Action") == "Remove":
        policies = [_context(row.get("BeforeContext")).get("DeletionPolicy")]
    elif row.get("Replacement") in ("True", "Conditional"):
        policies = [_context(row.get(name)).get("UpdateReplacePolicy") for name in ("BeforeContext", "AfterContext")]
    else:
        return False
    return any(policy not in (None, "Delete") for policy in policies)


def _after(row: Mapping[str, Any]) -> Any:
    return _properties(row.get("AfterContext"))


def _before(row: Mapping[str, Any]) -> Any:
    return _properties(row.get("BeforeContext"))


def _properties(text: Any) -> Any:
    """The properties in a context of a change; Unknown where the change set does not say them."""
    found = _context(text)
    if not found:
        return Unknown(Why.NOT_KNOWN_YET, "the change set does not say it")
    return Values({}, Deployment()).of(_mapping(found.get("Properties")))


def _context(text: Any) -> Mapping[str, Any]:
    """A resource as a change set writes it, in JSON; empty where it does not, or cannot be read."""
    try:
        return _mapping(json_of(text)) if isinstance(text, str) else {}
    except (ValueError, RecursionError):
        return {}


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
