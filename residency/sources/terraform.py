"""A Terraform or OpenTofu plan as facts: its resources become the documents that the provider would answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from residency.atlas import Atlas, Entry
from residency.clouds.answers import Body, Document, Origin, Unknown, name_key
from residency.clouds.aws.arn import parse_arn
from residency.model import (
    Cell,
    CellResult,
    Copy,
    Edge,
    Followed,
    Gap,
    Place,
    Role,
    Said,
    State,
    Status,
    Store,
    Why,
)
from residency.services import terraform_types
from residency.services.base import REGION, TAGS, Always, Each, Template, TemplateField
from residency.sources.terraform_plan import BlockView, Plan, Resource, Scope, steps_of

HOLDS_STORES = ("data", "logs", "secrets")
AWS = "aws"
# Major versions of the plan format that are read (Terraform, JSON output format: refuse any other).
MAJOR_VERSIONS = ("0", "1")
# The attributes that choose a zone by naming something that stands in one.
CHOOSE_A_ZONE = ("subnet_id", "subnet_ids", "network_interface.network_interface_id")


class PlanError(Exception):
    """A file is no plan that can be read: exit code 2. The message says what to do."""


@dataclass(frozen=True)
class PlanContext:
    """What the gate knows besides the plan."""

    stack: str
    atlas: Atlas
    holds: Callable[[str], str]  # resource type -> what it holds
    local_providers: frozenset[str]
    regionless: frozenset[str]  # types whose provider's region is not their place
    region: str | None = None  # for providers that name none


def is_plan(document: Any) -> bool:
    return (
        isinstance(document, dict)
        and str(document.get("format_version")).partition(".")[0] in MAJOR_VERSIONS
        and ("resource_changes" in document or "planned_values" in document)
    )


def check_plan(document: Any, shown_as: str) -> None:
    """PlanError where a document is no plan, or one that is damaged."""
    if not is_plan(document):
        hint = "make one with `terraform show -json PLAN > plan.json`"
        raise PlanError(f"{shown_as}: is no Terraform plan that can be read: {hint}")
    changes = document.get("resource_changes") or []
    for index, change in enumerate(changes if isinstance(changes, list) else [None]):
        if not _is_change(change):
            raise PlanError(f"{shown_as}: resource_changes[{index}] is damaged: make the plan again")


def _is_change(change: Any) -> bool:
    known = isinstance(change, dict) and isinstance(change.get("change"), dict)
    if not known or not all(isinstance(change.get(key), str) for key in ("address", "type")):
        return False
    inner = change["change"]
    after = isinstance(inner.get("after"), dict | None) and isinstance(inner.get("after_unknown"), dict | bool | None)
    return isinstance(inner.get("actions"), list) and after


def read_json(raw: bytes, shown_as: str) -> Any:
    """JSON in any encoding that a shell may have written it in. PlanError with the line where it is broken."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        where = f":{error.lineno}:{error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        text = error.msg if isinstance(error, json.JSONDecodeError) else str(error)[:120]
        raise PlanError(f"{shown_as}{where}: is not JSON: {text}") from error


def cell_of(shown_as: str) -> Cell:
    return Cell(
        source=shown_as,
        provider="terraform",
        account=None,
        region=None,
        service="plan",
        listing=Path(shown_as).name or shown_as,
    )


def read_plan(
    document: Mapping[str, Any], cell: Cell, context: PlanContext, save: Callable[[Store | Edge], None]
) -> CellResult:
    """Save what a plan will make. A plan that says of itself that it is not whole leaves a gap."""
    began = datetime.now(UTC)
    stores = edges = 0
    for record in _PlanReader(Plan(document), cell, context).records():
        save(record)
        stores += isinstance(record, Store)
        edges += isinstance(record, Edge)
    gaps = tuple(_gaps(document, cell))
    status = gaps[0].status if gaps else Status.LISTED
    return CellResult(
        cell=cell, status=status, stores=stores, edges=edges, gaps=gaps, began=began, ended=datetime.now(UTC)
    )


def _gaps(document: Mapping[str, Any], cell: Cell) -> Iterator[Gap]:
    for key, wrong, reason in (
        ("errored", True, "planning ended with an error: what came after it is not in the plan"),
        ("complete", False, "some changes are deferred and not in the plan"),
    ):
        if document.get(key) is wrong:
            yield Gap(cell=cell, call="terraform:plan", status=Status.PARTIAL, code=key, reason=reason)


@dataclass(frozen=True)
class _Source:
    """What fills a path of a document."""

    type: str
    attribute: str
    address: str
    fields: Mapping[str, TemplateField] = field(default_factory=dict)  # of an element, where a block fills it


@dataclass
class _Part:
    """One resource as a document under way: companions add to the body of the resource they belong to."""

    resource: Resource
    template: Template
    body: Body
    sources: dict[str, _Source] = field(default_factory=dict)
    attached: set[str] = field(default_factory=set)  # the paths that companions fill
    elsewhere: bool = False  # the plan makes a companion of it, and not the thing itself


class _PlanReader:
    def __init__(self, plan: Plan, cell: Cell, context: PlanContext) -> None:
        self.plan = plan
        self.cell = cell
        self.context = context
        self.answers: dict[str, dict[str, Any]] = {}
        self.names: dict[str, str] = {}  # address, or what the provider calls it -> id of the store
        self.parts: dict[str, _Part] = {}
        self.partitions = {e.code: e.namespace for e in context.atlas.entries.values() if _is_region_of_aws(e)}
        self._regions: dict[str, Any] = {}
        self._by_id = {(r.type, str(r.after.get("id"))): r for r in plan.everything() if r.type in _ZONAL}

    def records(self) -> Iterator[Store | Edge]:
        types = terraform_types()
        for resource in self.plan.everything():
            template = types.get(("data." if resource.is_data else "") + resource.type)
            if template is None:
                if self._is_unfollowed(resource, types):
                    self.names[resource.address] = self._store_id(resource, Template({}))
            elif template.answers:
                self._answer(resource, template)
            elif not template.attaches_to:
                self._name(resource, template)
                self.parts[resource.address] = self._part(resource, template)
        self._attach(types)
        unread = {resource.address for resource in self.plan.data}  # what is read later has no id yet
        self.names |= {key: key for answers in self.answers.values() for key in answers if key not in unread}
        for part in self.parts.values():
            yield from self._placed(part)
        yield from self._others(types)

    # --- documents ----------------------------------------------------------------------------

    def _part(self, resource: Resource, template: Template) -> _Part:
        part = _Part(resource, template, {})
        for path, attribute in template.fields.items():
            self._fill(part, path, resource, attribute, template)
        return part

    def _fill(
        self,
        part: _Part,
        path: str,
        resource: Resource,
        attribute: TemplateField,
        template: Template,
        add: bool = False,
    ) -> None:
        """Write a value into the document; `add`: behind what stands there already."""
        value = self._value(resource, attribute, template)
        steps = path.removesuffix("[]").split(".")
        if add:
            value = [*_listed(Document(part.body, NOWHERE).get(".".join(steps))), *_listed(value)]
        if value is not None and value != "":
            _set(part.body, steps, value)
        part.sources[path] = _source(resource, attribute)

    def _value(self, resource: Resource, attribute: TemplateField, template: Template) -> Any:
        if isinstance(attribute, Always):
            return attribute.value
        if isinstance(attribute, Each):
            computed = attribute.block.partition(".")[0] in template.computed
            blocks = self.plan.blocks(resource, attribute.block, computed)
            if isinstance(blocks, Unknown):
                return blocks
            return [self._element(block, attribute, template) for block in blocks]
        if attribute == REGION:
            return self._region(resource)
        if attribute == TAGS:
            return self._tags(resource)
        return self.plan.value(resource, attribute, attribute.partition(".")[0] in template.computed)

    def _element(self, block: BlockView, each: Each, template: Template, above: str = "") -> dict[str, Any]:
        """One block as an element of a list; `above` is the block that it stands in."""
        source = _source(block.resource, each)
        found: dict[str, Any] = {BY: replace(source, attribute=above + source.attribute)}
        for path, attribute in each.fields.items():
            value = self._value_in(block, attribute, template, f"{above}{each.block}.".lstrip("."))
            if value is not None and value != "":
                _set(found, path.removesuffix("[]").split("."), value)
        return found

    def _value_in(self, block: BlockView, attribute: TemplateField, template: Template, above: str) -> Any:
        """What a block says; a block inside it that repeats is a list of elements again."""
        if isinstance(attribute, Each):
            inner = block.children(attribute.block)
            if isinstance(inner, Unknown):
                return inner
            return [self._element(view, attribute, template, above) for view in inner]
        if isinstance(attribute, Always):
            return attribute.value
        if attribute == REGION:
            return self._region(block.resource)
        return block.value(attribute, f"{above}{attribute}" in template.computed)

    def _answer(self, resource: Resource, template: Template) -> None:
        """What the plan says of a key stands under every name by which others may refer to it.

        An alias may be two keys in two regions: then the name tells nothing.
        """
        assert template.answers
        body = self._part(resource, template).body
        names = [resource.after.get(name) for name in template.names]
        known = self.answers.setdefault(template.answers, {})
        for name in dict.fromkeys((resource.address, *(name for name in names if isinstance(name, str)))):
            same = name not in known or _is_same(known[name], body)
            known[name] = known.get(name, body) if same else Unknown(Why.UNRESOLVED, f"{name} is several things")

    def _name(self, resource: Resource, template: Template) -> None:
        store_id = self._store_id(resource, template)
        self.names[resource.address] = store_id
        for name in template.names:
            value = resource.after.get(name)
            if isinstance(value, str) and value:
                for key in self._keys_of(resource, template, value):
                    self._know(key, store_id)

    def _keys_of(self, resource: Resource, template: Template, value: str) -> Iterator[str]:
        """What a value names it by: an id of the provider's by itself, a name only among things of its kind."""
        if _OWN_ID.match(value):
            yield value
        region = self._region(resource)
        yield name_key(_KIND + resource.type, region, value)
        yield name_key(resource.type, None, value)
        if template.arn:
            yield name_key(template.arn, region, value)

    def _know(self, key: str, store_id: str) -> None:
        """Remember a name; one that two things have names neither."""
        self.names[key] = store_id if self.names.get(key, store_id) == store_id else ""

    def _store_id(self, resource: Resource, template: Template) -> str:
        """The provider's id when it is known or can be computed, else the resource's address in its stack."""
        arn = resource.after.get("arn")
        if isinstance(arn, str) and arn:
            return arn
        partition = self._partition(self._region(resource))
        if template.id:
            attribute = template.id.rpartition("{")[2].rstrip("}")
            value = self.plan.value(resource, attribute)
            if isinstance(value, str) and value:
                return template.id.format(partition=partition, **{attribute: value})
        return f"tf:{self.context.stack}/{resource.address}"

    def _attach(self, types: Mapping[str, Template]) -> None:
        mains = {self.names[address]: part for address, part in self.parts.items()}
        for resource in self.plan.resources:
            template = types.get(resource.type)
            if template is None or not template.attaches_to:
                continue
            attribute, main_type = template.attaches_to
            value = self.plan.value(resource, attribute)
            main = self._main(resource, main_type, value, mains)
            if main is None:
                self._doubt(value, template, main_type)
                main = self._part_of_elsewhere(resource, template, value)
                mains[self.names[resource.address]] = main
            for path, source in template.fields.items():
                if source != attribute:
                    add = path in main.attached or _is_declared(main, path)
                    self._fill(main, path, resource, source, template, add and isinstance(source, Each))
                    main.attached.add(path)

    def _main(self, resource: Resource, main_type: str, value: Any, mains: Mapping[str, _Part]) -> _Part | None:
        if isinstance(value, Unknown):
            # Each companion belongs to a thing of its own, so that the same index is meant.
            address = value.refers_to or (value.one_of[0] if value.same_index else "")
            return self.parts.get(address)
        if not isinstance(value, str):
            return None
        keys = (value, name_key(_KIND + main_type, self._region(resource), value), name_key(main_type, None, value))
        return next((part for key in keys if (part := mains.get(self.names.get(key, "")))), None)

    def _doubt(self, value: Any, template: Template, main_type: str) -> None:
        """A companion that may belong to one of several: what it says is unknown of each of them."""
        for address in value.one_of if isinstance(value, Unknown) else ():
            part = self.parts.get(address)
            if part is None or part.resource.type != main_type:
                continue
            for path, attribute in template.fields.items():
                if isinstance(attribute, Each):
                    steps = path.removesuffix("[]").split(".")
                    known = _listed(Document(part.body, NOWHERE).get(".".join(steps)))
                    _set(part.body, steps, [*known, Unknown(Why.NOT_KNOWN_YET, "a companion may be its own")])
                    part.attached.add(path)

    def _part_of_elsewhere(self, resource: Resource, template: Template, value: Any) -> _Part:
        """A companion of something that this plan does not make: all the plan knows of it is its name."""
        attribute = template.attaches_to[0] if template.attaches_to else ""
        part = _Part(resource, template, {}, elsewhere=True)
        self.names[resource.address] = self._store_id(resource, template)
        if isinstance(value, str) and value:
            main_type = template.attaches_to[1] if template.attaches_to else ""
            for key in (value, name_key(_KIND + main_type, self._region(resource), value)):
                self._know(key, self.names[resource.address])
            for path, source in template.fields.items():
                if source == attribute:
                    self._fill(part, path, resource, source, template)
        self.parts[resource.address] = part
        return part

    # --- stores -------------------------------------------------------------------------------

    def _placed(self, part: _Part) -> Iterator[Store | Edge]:
        assert part.template.place
        resource = part.resource
        region = None if part.elsewhere else self._region(resource)
        if part.elsewhere:
            _mark_unread(part)
        origin = Origin(
            source=self.cell.source,
            partition=self._partition(region),
            account=None,
            region=region if isinstance(region, str) else None,
            planned=True,
            address=resource.address,
            stands_for=self.names[resource.address],
            names=self.names,
            say=lambda path, body: _said(part, path, body),
        )
        body = _with_ids(part.body, self.names) | self.answers
        yield from part.template.place(Document(body, origin))

    def _others(self, types: Mapping[str, Template]) -> Iterator[Store]:
        """Kinds without a service file: judged by their own place, and said to be so."""
        foreign: dict[str, list[Resource]] = {}
        for resource in self.plan.resources:
            provider = resource.provider_name
            if self._is_unfollowed(resource, types):
                yield self._unfollowed(resource)
            elif resource.type not in types and provider not in (AWS, *self.context.local_providers):
                foreign.setdefault(provider, []).append(resource)
        for provider, resources in foreign.items():
            yield self._of_another_provider(provider, resources)

    def _is_unfollowed(self, resource: Resource, types: Mapping[str, Template]) -> bool:
        ours = resource.provider_name == AWS and resource.type not in types and not resource.is_data
        return ours and self.context.holds(resource.type) in HOLDS_STORES

    def _unfollowed(self, resource: Resource) -> Store:
        codes, attribute = self._own_place(resource)
        namespace = self._partition(self._region(resource))
        places = [Place(namespace=namespace, code=code) for code in codes if isinstance(code, str) and code]
        told = bool(places) and len(places) == len(codes)
        unknown = next((code.why for code in codes if isinstance(code, Unknown)), Why.UNRESOLVED)
        said = Said(call=f"terraform:{resource.type}", field=attribute, at=resource.address)
        copy = Copy(
            role=Role.PRIMARY,
            place=places[0] if told and len(places) == 1 else None,
            candidates=tuple(places) if told and len(places) > 1 else (),
            why=None if told else unknown,
            state=State.PLANNED,
            said_by=(said,),
        )
        name = resource.after.get("name")
        return Store(
            id=self.names[resource.address],
            kind=resource.type,
            name=name if isinstance(name, str) else "",
            account=None,
            region=None,
            tags=Document({"t": self._tags(resource)}, NOWHERE).tags("t"),
            sources=(self.cell.source,),
            address=resource.address,
            followed=Followed.NONE,
            copies=(copy,),
        )

    def _own_place(self, resource: Resource, hops: int = 0) -> tuple[list[Any], str]:
        """A zone where one is named or chosen by a subnet, for it may stand abroad; the region otherwise.

        Several where it stands in one of them, or in all.
        """
        zone = self.plan.value(resource, "availability_zone", computed=True)
        if zone:
            return [zone], "availability_zone"
        for attribute in CHOOSE_A_ZONE:
            if not _is_set(resource, attribute.partition(".")[0]):
                continue
            codes = [c for chosen in self._chosen(resource, attribute) for c in self._zones(chosen, hops)]
            return list(dict.fromkeys(codes)) or [NO_ZONE], attribute
        if resource.type in self.context.regionless and not isinstance(resource.after.get("region"), str):
            return [Unknown(Why.UNRESOLVED, "it belongs to no region")], "region"
        return [self._region(resource)], "region"

    def _chosen(self, resource: Resource, attribute: str) -> list[Resource | None]:
        """The subnets or network interfaces that an attribute names; None for one that the plan does not hold."""
        value = self.plan.value(resource, attribute, computed=True)
        found: list[Resource | None] = []
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                found.append(next((r for t in _ZONAL if (r := self._by_id.get((t, item)))), None))
        if len(found) < len(value if isinstance(value, list) else [value]):
            meant = self.plan.meant(resource, attribute)
            found += [self.plan.by_address.get(address) for address in meant] or [None]
        return found

    def _zones(self, chosen: Resource | None, hops: int) -> list[Any]:
        if chosen is None or chosen.type not in _ZONAL or hops > 1:
            return [NO_ZONE]
        codes, attribute = self._own_place(chosen, hops + 1)
        return [NO_ZONE] if attribute == "region" else codes

    def _of_another_provider(self, provider: str, resources: list[Resource]) -> Store:
        first = resources[0]
        said = Said(call=f"terraform:{first.type}", field="", at=first.address)
        return Store(
            id=f"tf:{self.context.stack}/provider/{provider}",
            kind=f"{provider}.resource",
            name=f"{len(resources)} resources of the provider {provider}",
            account=None,
            region=None,
            tags={},
            sources=(self.cell.source,),
            address=first.address,
            followed=Followed.NONE,
            copies=(Copy(role=Role.PRIMARY, place=None, why=Why.UNRESOLVED, state=State.PLANNED, said_by=(said,)),),
        )

    # --- what a resource takes from its provider ----------------------------------------------

    def _partition(self, region: Any) -> str:
        return self.partitions.get(region, AWS) if isinstance(region, str) else AWS

    def _region(self, resource: Resource) -> Any:
        """The resource's own `region`, else its provider's; Unknown where nobody says it. Never a default."""
        if resource.address not in self._regions:
            self._regions[resource.address] = self._read_region(resource)
        return self._regions[resource.address]

    def _read_region(self, resource: Resource) -> Any:
        own = self.plan.value(resource, "region", computed=True)
        if own:
            return own
        arn = parse_arn(resource.after.get("arn"))
        if arn and arn.region:
            return arn.region  # it is there already, whatever its provider is set to
        config = self._provider(resource)
        expression = (config.get("expressions") or {}).get("region") if config is not None else None
        if expression is None:
            return self.context.region or Unknown(Why.UNRESOLVED, "the provider names no region: give --region")
        address = str((config or {}).get("module_address") or "")
        modules = tuple(name + index for name, index in steps_of(address) if name != "module")
        value = self.plan.follow(expression, Scope(modules))
        told = isinstance(value, Unknown) or (isinstance(value, str) and value != "")
        return value if told else Unknown(Why.UNRESOLVED, "the region is no text")

    def _provider(self, resource: Resource) -> Mapping[str, Any] | None:
        """The configuration block of the resource's provider; None where it has none and takes what it finds.

        Before format 1.0 a module's key may not say which of several blocks its caller passed in: then
        there is no telling, unless there is one block alone and it has no alias.
        """
        key = str(resource.config.get("provider_config_key") or "")
        found: Mapping[str, Any] | None = self.plan.providers.get(key)
        if found is not None:
            return found
        if key and ":" not in key:
            return None
        same = [config for config in self.plan.providers.values() if _is_of(config, resource)]
        if not same:
            return None
        told = key and len(same) == 1 and "alias" not in same[0] and "module_address" not in same[0]
        return same[0] if told else ONE_OF_SEVERAL

    def _tags(self, resource: Resource) -> Any:
        everything = self.plan.value(resource, "tags_all", computed=True)
        if everything is not None:
            return everything
        own = self.plan.value(resource, "tags", computed=True)
        if not _is_taggable(resource):
            return {}  # it takes no default tags either
        default = self._default_tags(resource)
        if isinstance(default, Unknown) or not isinstance(own, Mapping | None):
            return Unknown(Why.NOT_KNOWN_YET, "tags")
        return {**default, **(own or {})}

    def _default_tags(self, resource: Resource) -> Any:
        """The tags that its provider gives to everything."""
        provider = self._provider(resource) or {}
        if provider is ONE_OF_SEVERAL and not resource.after.get("tags"):
            return Unknown(Why.NOT_KNOWN_YET, "default tags")
        expressions = provider.get("expressions") or {}
        found: dict[str, Any] = {}
        for block in _listed(expressions.get("default_tags")):
            tags = block.get("tags")
            if tags and "constant_value" not in tags:
                return Unknown(Why.NOT_KNOWN_YET, "default tags")
            found |= (tags or {}).get("constant_value") or {}
        return found


# An id that the provider gives, which no other thing has: an ARN, vol-0123abcd, a URL.
_OWN_ID = re.compile(r"arn:|https://|[a-z]+-[0-9a-f]{8,}$|[0-9a-f]{8}-[0-9a-f]{4}-")
_KIND = "{region}"  # of one type in one region (name_key)
NOWHERE = Origin(source="", partition="", account=None)
# The configuration of a provider that cannot be told from others: an expression without a value.
ONE_OF_SEVERAL: Mapping[str, Any] = {"expressions": {"region": {}}}
NO_ZONE = Unknown(Why.UNRESOLVED, "the zone of its subnet is not in the plan")
_ZONAL = ("aws_subnet", "aws_default_subnet", "aws_network_interface")


def _is_region_of_aws(entry: Entry) -> bool:
    """Others give the same names to places of theirs: `eu-west-1` is London at Wasabi."""
    return entry.kind == "region" and entry.namespace.partition("-")[0] == AWS


def _is_set(resource: Resource, attribute: str) -> bool:
    return attribute in resource.expressions or bool(resource.after.get(attribute))


def _is_taggable(resource: Resource) -> bool:
    known = (resource.after, resource.unknown, resource.expressions)
    return any(name in part for part in known if isinstance(part, Mapping) for name in ("tags", "tags_all"))


def _is_of(config: Mapping[str, Any], resource: Resource) -> bool:
    """It configures the resource's provider, whatever it is called here."""
    full_name = config.get("full_name")
    return full_name == resource.provider if full_name else config.get("name") == resource.provider_name


def _is_same(one: Any, other: Any) -> bool:
    """Two answers about one thing: the same name in full, or the same in all."""
    arns = {Document(answer, NOWHERE).get("KeyMetadata.Arn") for answer in (one, other)}
    return one == other or (len(arns) == 1 and isinstance(arns.pop(), str))


def _is_declared(part: _Part, path: str) -> bool:
    """The thing itself has an expression for the block that its companion fills too."""
    known = part.template.fields.get(path)
    return isinstance(known, Each) and known.block.partition(".")[0] in part.resource.expressions


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _source(resource: Resource, attribute: TemplateField) -> _Source:
    if isinstance(attribute, Each):
        return _Source(resource.type, attribute.block, resource.address, attribute.fields)
    return _Source(resource.type, str(attribute).removeprefix("@"), resource.address)


BY = "@by"  # in an element: the resource that holds it, for several may fill one list


def _set(body: dict[str, Any], steps: list[str], value: Any) -> None:
    for step in steps[:-1]:
        body = body.setdefault(step, {})
    body[steps[-1]] = value


def _with_ids(value: Any, names: Mapping[str, str]) -> Any:
    """Addresses that unknown values refer to, as the ids of their stores and keys; of other things nothing."""
    if isinstance(value, Unknown) and value.refers_to:
        return Unknown(value.why, value.reason, names.get(value.refers_to))
    if isinstance(value, dict):
        return {key: _with_ids(item, names) for key, item in value.items()}
    return [_with_ids(item, names) for item in value] if isinstance(value, list) else value


def _said(part: _Part, path: str, body: Any) -> Said:
    """The attribute of the template that fills a path of the provider's document."""
    for known in sorted(part.sources, key=len, reverse=True):
        if path == known or path.startswith(known + "."):
            source = body.get(BY) if isinstance(body, Mapping) else None
            source = source or part.sources[known]
            inner = source.fields.get(_below(path[len(known) + 1 :], source.fields))
            words = [word.removeprefix("@") for word in (source.attribute, inner) if isinstance(word, str) and word]
            return Said(call=f"terraform:{source.type}", field=".".join(words), at=source.address)
    return Said(call=f"terraform:{part.resource.type}", field=path.rpartition(".")[2], at=part.resource.address)


def _below(path: str, fields: Mapping[str, TemplateField]) -> str:
    """The end of a path that an element of a block in a block knows."""
    while path not in fields and "[]." in path:
        path = path.partition("[].")[2]
    return path


def _mark_unread(part: _Part) -> None:
    """What a companion does not say of the thing it belongs to was not asked: it is unknown, not absent."""
    types = terraform_types()
    main = types.get(part.template.attaches_to[1]) if part.template.attaches_to else None
    for path in main.fields if main else ():
        steps = path.removesuffix("[]").split(".")
        if Document(part.body, NOWHERE).get(".".join(steps)) is None:
            _set(part.body, steps, Unknown(Why.UNRESOLVED, "the plan does not make it"))
