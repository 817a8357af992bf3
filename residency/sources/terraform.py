"""A Terraform or OpenTofu plan as facts: its resources become the documents that the provider would answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from residency.atlas import Atlas
from residency.clouds.answers import Body, Document, Origin, Unknown
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
from residency.sources.terraform_plan import BlockView, Plan, Resource

HOLDS_STORES = ("data", "logs", "secrets")
AWS = "aws"


class PlanError(Exception):
    """A file is no plan that can be read: exit code 2. The message says what to do."""


@dataclass(frozen=True)
class PlanContext:
    """What the gate knows besides the plan."""

    stack: str
    atlas: Atlas
    holds: Callable[[str], str]  # resource type -> what it holds
    local_providers: frozenset[str]
    region: str | None = None  # for providers that name none


def is_plan(document: Any) -> bool:
    return (
        isinstance(document, dict)
        and "format_version" in document
        and ("resource_changes" in document or "planned_values" in document)
    )


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


@dataclass
class _Part:
    """One resource as a document under way: companions add to the body of the resource they belong to."""

    resource: Resource
    template: Template
    body: Body
    sources: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # path -> type, attribute, address


class _PlanReader:
    def __init__(self, plan: Plan, cell: Cell, context: PlanContext) -> None:
        self.plan = plan
        self.cell = cell
        self.context = context
        self.answers: dict[str, dict[str, Any]] = {}
        self.names: dict[str, str] = {}
        self.parts: dict[str, _Part] = {}
        self.partitions = {e.code: e.namespace for e in context.atlas.entries.values() if e.kind == "region"}

    def records(self) -> Iterator[Store | Edge]:
        types = terraform_types()
        for resource in self.plan.everything():
            template = types.get(("data." if resource.is_data else "") + resource.type)
            if template is None:
                continue
            if template.answers:
                self._answer(resource, template)
            elif not template.attaches_to:
                self._name(resource, template)
                self.parts[resource.address] = self._part(resource, template)
        self._attach(types)
        for part in self.parts.values():
            yield from self._placed(part)
        yield from self._others(types)

    # --- documents ----------------------------------------------------------------------------

    def _part(self, resource: Resource, template: Template) -> _Part:
        part = _Part(resource, template, {})
        self._fill(part, resource, template)
        return part

    def _fill(self, part: _Part, resource: Resource, template: Template) -> None:
        for path, attribute in template.fields.items():
            value = self._value(resource, attribute, template)
            if value is not None:
                _set(part.body, path.removesuffix("[]").split("."), value)
            word = attribute.block if isinstance(attribute, Each) else str(attribute).removeprefix("@")
            part.sources[path] = (resource.type, word, resource.address)

    def _value(self, resource: Resource, attribute: TemplateField, template: Template) -> Any:
        if isinstance(attribute, Always):
            return attribute.value
        if isinstance(attribute, Each):
            computed = attribute.block.partition(".")[0] in template.computed
            blocks = self.plan.blocks(resource, attribute.block, computed)
            return blocks if isinstance(blocks, Unknown) else [_element(block, attribute) for block in blocks]
        if attribute == REGION:
            return self._region(resource)
        if attribute == TAGS:
            return self._tags(resource)
        return self.plan.value(resource, attribute, attribute in template.computed)

    def _answer(self, resource: Resource, template: Template) -> None:
        """What the plan says of a key stands under every name by which others may refer to it."""
        assert template.answers
        part = self._part(resource, template)
        names = [resource.after.get(name) for name in template.names]
        for name in (resource.address, *(name for name in names if isinstance(name, str))):
            self.answers.setdefault(template.answers, {})[name] = part.body

    def _name(self, resource: Resource, template: Template) -> None:
        store_id = self._store_id(resource, template)
        self.names[resource.address] = store_id
        for name in template.names:
            value = resource.after.get(name)
            if isinstance(value, str) and value:
                self.names[value] = store_id

    def _store_id(self, resource: Resource, template: Template) -> str:
        """The provider's id when it is known or can be computed, else the resource's address in its stack."""
        arn = resource.after.get("arn")
        if isinstance(arn, str) and arn:
            return arn
        region = self._region(resource)
        partition = self._partition(region)
        if template.id:
            attribute = template.id.rpartition("{")[2].rstrip("}")
            value = self.plan.value(resource, attribute)
            if isinstance(value, str) and value:
                return template.id.format(partition=partition, **{attribute: value})
        return f"tf:{self.context.stack}/{resource.address}"

    def _attach(self, types: Mapping[str, Template]) -> None:
        for resource in self.plan.resources:
            template = types.get(resource.type)
            if template is None or not template.attaches_to:
                continue
            attribute, _ = template.attaches_to
            value = self.plan.value(resource, attribute)
            main = self._main(value)
            if main is None:
                main = self._part_of_elsewhere(resource, template, value)
            fields = {path: name for path, name in template.fields.items() if name != attribute}
            self._fill(main, resource, _only_fields(template, fields))

    def _main(self, value: Any) -> _Part | None:
        if isinstance(value, Unknown):
            return self.parts.get(value.refers_to or "")
        store_id = self.names.get(str(value))
        return next((p for a, p in self.parts.items() if store_id and self.names.get(a) == store_id), None)

    def _part_of_elsewhere(self, resource: Resource, template: Template, value: Any) -> _Part:
        """A companion of something that this plan does not make: all the plan knows of it is its name."""
        attribute = template.attaches_to[0] if template.attaches_to else ""
        part = _Part(resource, template, {})
        known = isinstance(value, str) and bool(value)
        fields = {path: name for path, name in template.fields.items() if name == attribute}
        if known:
            self._fill(part, resource, _only_fields(template, fields))
        self.names[resource.address] = self._store_id(resource, template)
        if known:
            self.names[str(value)] = self.names[resource.address]
        self.parts[resource.address] = part
        # Nobody said what the rest of it looks like: its tags, its key, its place.
        part.body["@elsewhere"] = True
        return part

    # --- stores -------------------------------------------------------------------------------

    def _placed(self, part: _Part) -> Iterator[Store | Edge]:
        assert part.template.place
        resource = part.resource
        region = self._region(resource) if "@elsewhere" not in part.body else None
        if "@elsewhere" in part.body:
            _mark_unread(part)
        partition = self._partition(region)
        names = {**self.names, **{key: key for answers in self.answers.values() for key in answers}}
        origin = Origin(
            source=self.cell.source,
            partition=partition,
            account=None,
            region=region if isinstance(region, str) else None,
            planned=True,
            address=resource.address,
            stands_for=self.names[resource.address],
            names=names,
            say=lambda path: _said(part, path),
        )
        body = _with_ids(part.body, self.names) | self.answers
        yield from part.template.place(Document(body, origin))

    def _others(self, types: Mapping[str, Template]) -> Iterator[Store]:
        """Kinds without a service file: judged by their own place, and said to be so."""
        foreign: dict[str, list[Resource]] = {}
        for resource in self.plan.resources:
            provider = resource.provider_name
            if resource.type in types or provider in self.context.local_providers:
                continue
            if provider != AWS:
                foreign.setdefault(provider, []).append(resource)
            elif self.context.holds(resource.type) in HOLDS_STORES:
                yield self._unfollowed(resource)
        for provider, resources in foreign.items():
            yield self._of_another_provider(provider, resources)

    def _unfollowed(self, resource: Resource) -> Store:
        code, attribute = self._own_place(resource)
        place = Place(namespace=self._partition(self._region(resource)), code=code) if isinstance(code, str) else None
        why = None if place else code.why if isinstance(code, Unknown) else Why.UNRESOLVED
        said = Said(call=f"terraform:{resource.type}", field=attribute, at=resource.address)
        tags = self._tags(resource)
        name = resource.after.get("name")
        return Store(
            id=self._store_id(resource, Template({})),
            kind=resource.type,
            name=name if isinstance(name, str) else "",
            account=None,
            region=None,
            tags=Document({"t": tags}, Origin("", "", None)).tags("t"),
            sources=(self.cell.source,),
            address=resource.address,
            followed=Followed.NONE,
            copies=(Copy(role=Role.PRIMARY, place=place, why=why, state=State.PLANNED, said_by=(said,)),),
        )

    def _own_place(self, resource: Resource) -> tuple[Any, str]:
        """A zone where one is named or chosen by a subnet, for it may stand abroad; the region otherwise."""
        expressions = resource.config.get("expressions") or {}
        zone = self.plan.value(resource, "availability_zone", computed=True)
        if zone:
            return zone, "availability_zone"
        if "subnet_id" in expressions or resource.after.get("subnet_id"):
            subnet = self.plan.value(resource, "subnet_id")
            address = subnet.refers_to if isinstance(subnet, Unknown) else None
            found = next((r for r in self.plan.everything() if r.address == address), None)
            zone = self.plan.value(found, "availability_zone") if found else None
            return zone or Unknown(Why.UNRESOLVED, "the subnet's zone is not in the plan"), "subnet_id"
        return self._region(resource), "region"

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
        own = self.plan.value(resource, "region", computed=True)
        if own:
            return own
        config = self._provider(resource)
        expression = (config.get("expressions") or {}).get("region") if config is not None else None
        if expression is None:
            return self.context.region or Unknown(Why.UNRESOLVED, "the provider names no region: give --region")
        root = Resource(
            address="",
            type="",
            provider="",
            module=_module_of_provider(config),
            index="",
            after={},
            unknown={},
            config={},
        )
        value = self.plan.follow(expression, root)
        return value if isinstance(value, str | Unknown) else Unknown(Why.UNRESOLVED, "the region is no text")

    def _provider(self, resource: Resource) -> Mapping[str, Any] | None:
        """The configuration block of the resource's provider.

        Before format 1.0 a module's key may not say which of several blocks its caller passed in: then
        there is no telling, unless the root has only one.
        """
        key = str(resource.config.get("provider_config_key") or "")
        found: Mapping[str, Any] | None = self.plan.providers.get(key)
        if found is not None:
            return found
        name = key.rpartition(":")[2] or resource.provider_name
        same = [
            c
            for k, c in self.plan.providers.items()
            if k.rpartition(":")[2].partition(".")[0] == name.partition(".")[0]
        ]
        return same[0] if len(same) == 1 else None if not same else {"expressions": {"region": {}}}

    def _tags(self, resource: Resource) -> Any:
        everything = self.plan.value(resource, "tags_all", computed=True)
        if everything is not None:
            return everything
        own = self.plan.value(resource, "tags", computed=True)
        blocks = ((self._provider(resource) or {}).get("expressions") or {}).get("default_tags") or []
        default = blocks[0].get("tags") if blocks else {"constant_value": {}}
        if isinstance(own, Unknown) or "constant_value" not in (default or {}):
            return Unknown(Why.NOT_KNOWN_YET, "tags")
        return {**default["constant_value"], **(own or {})}


def _module_of_provider(config: Mapping[str, Any] | None) -> tuple[str, ...]:
    address = str((config or {}).get("module_address") or "")
    return tuple(part for part in address.split(".") if part and part != "module")


def _element(block: BlockView, each: Each) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, attribute in each.fields.items():
        assert isinstance(attribute, str)
        value = block.value(attribute)
        if value is not None and value != "":
            _set(found, path.split("."), value)
    return found


def _set(body: dict[str, Any], steps: list[str], value: Any) -> None:
    for step in steps[:-1]:
        body = body.setdefault(step, {})
    body[steps[-1]] = value


def _with_ids(value: Any, names: Mapping[str, str]) -> Any:
    """Addresses that unknown values refer to, as the ids of their stores."""
    if isinstance(value, Unknown) and value.refers_to:
        return Unknown(value.why, value.reason, names.get(value.refers_to, value.refers_to))
    if isinstance(value, dict):
        return {key: _with_ids(item, names) for key, item in value.items()}
    return [_with_ids(item, names) for item in value] if isinstance(value, list) else value


def _said(part: _Part, path: str) -> Said:
    """The attribute of the template that fills a path of the provider's document."""
    for known in sorted(part.sources, key=len, reverse=True):
        if path == known or path.startswith(known + "."):
            kind, attribute, address = part.sources[known]
            return Said(call=f"terraform:{kind}", field=attribute, at=address)
    return Said(call=f"terraform:{part.resource.type}", field=path.rpartition(".")[2], at=part.resource.address)


def _only_fields(template: Template, fields: Mapping[str, TemplateField]) -> Template:
    return Template(
        fields=fields,
        place=template.place,
        attaches_to=template.attaches_to,
        id=template.id,
        names=template.names,
        computed=template.computed,
    )


def _mark_unread(part: _Part) -> None:
    """What a companion does not say of the thing it belongs to was not asked: it is unknown, not absent."""
    types = terraform_types()
    main = types.get(part.template.attaches_to[1]) if part.template.attaches_to else None
    for path in main.fields if main else ():
        steps = path.removesuffix("[]").split(".")
        if Document(part.body, Origin("", "", None)).get(".".join(steps)) is None:
            _set(part.body, steps, Unknown(Why.UNRESOLVED, "the plan does not make it"))
