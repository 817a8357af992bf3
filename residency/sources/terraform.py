"""A Terraform or OpenTofu plan as facts: its resources become the documents that the provider would answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from residency.clouds.answers import Unknown
from residency.clouds.aws.arn import parse_arn
from residency.model import (
    Cell,
    CellResult,
    Edge,
    Gap,
    Said,
    Status,
    Store,
    Why,
)
from residency.services import terraform_types
from residency.sources.templates import AWS, Context, TemplateReader
from residency.sources.terraform_endpoints import other_endpoint
from residency.sources.terraform_parts import key_of, state_of, steps_of
from residency.sources.terraform_plan import Plan, Resource, Scope
from residency.sources.terraform_shape import damage, is_state_resource

# Major versions of the plan format that are read (Terraform, JSON output format: refuse any other).
MAJOR_VERSIONS = ("0", "1")
KINDS = PLAN, STATE = "terraform-plan", "terraform-state"
PULL = "fetch it again with `terraform state pull`"


class PlanError(Exception):
    """A file is no plan that can be read: exit code 2. The message says what to do."""


def kind_of(document: Any) -> str | None:
    """Which of Terraform's a document is, of whatever version, whole or damaged; None for anything else."""
    if not isinstance(document, dict):
        return None
    if "format_version" in document and document.keys() & {"resource_changes", "planned_values"}:
        return PLAN
    shown = "format_version" in document and "values" in document
    kept = "version" in document and bool(document.keys() & {"terraform_version", "lineage"})
    return STATE if shown or kept else None


def is_plan(document: Any) -> bool:
    return kind_of(document) == PLAN and str(document["format_version"]).partition(".")[0] in MAJOR_VERSIONS


def as_plan(document: Any, shown_as: str) -> Any:
    """A state as a plan that changes nothing; what is none stays as it is. PlanError where it cannot be read.

    `terraform show -json` gives a state its `values`; the file of a state (version 4) lists instances.
    """
    if kind_of(document) != STATE:
        return document
    if "format_version" in document:
        return {"format_version": document["format_version"], "planned_values": document["values"]}
    if document["version"] != 4:
        hint = "`terraform show -json` of Terraform 0.12 or later prints it in a form that is"
        raise PlanError(f"{shown_as}: a state of version {str(document['version'])[:20]} is not read: {hint}")
    resources = document.get("resources")
    if not isinstance(resources, list):
        raise PlanError(f"{shown_as}: resources is damaged: {PULL}")
    rows = [row for index, resource in enumerate(resources) for row in _instances(resource, index, shown_as)]
    return {"format_version": "1.0", "planned_values": {"root_module": {"resources": rows}}}


def _instances(resource: Any, index: int, shown_as: str) -> Iterator[dict[str, Any]]:
    """The instances of one resource in the file of a state, in the form of `terraform show`."""
    if not is_state_resource(resource):
        raise PlanError(f"{shown_as}: resources[{index}] is damaged: {PULL}")
    module = f"{resource['module']}." if resource.get("module") else ""
    data = "data." if resource["mode"] == "data" else ""
    provider = re.search(r'provider\["([^"]+)"\]', str(resource.get("provider")))
    for instance in resource["instances"]:
        key, deposed = instance.get("index_key"), instance.get("deposed")
        place = ("" if key is None else f"[{json.dumps(key)}]") + (f" (deposed {deposed})" if deposed else "")
        yield {
            "address": f"{module}{data}{resource['type']}.{resource['name']}{place}",
            "mode": resource["mode"],
            "type": resource["type"],
            "provider_name": provider[1] if provider else "",
            "values": instance["attributes"],
            "sensitive_values": _sensitive(instance.get("sensitive_attributes")),
        }


def _sensitive(paths: Any) -> dict[str, bool]:
    """The attributes of which a state says that a part is sensitive: all of each is taken as that."""
    first = [path[0] for path in paths if isinstance(path, list) and path] if isinstance(paths, list) else []
    return {str(step["value"]): True for step in first if isinstance(step, dict) and "value" in step}


def before(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a plan says was there before: its prior state, and the `before` of each change."""
    rows = {
        key_of(change): {
            **change,
            "values": change["change"]["before"],
            "sensitive_values": change["change"].get("before_sensitive"),
        }
        for change in document.get("resource_changes") or ()
        if change["change"].get("before")
    }
    prior = [row for row in state_of(document) if key_of(row) not in rows]
    values = {"root_module": {"resources": [*rows.values(), *prior]}}
    return {
        "format_version": document["format_version"],
        "planned_values": values,
        "configuration": document.get("configuration"),
        "variables": document.get("variables"),
    }


def check_plan(document: Any, shown_as: str) -> None:
    """PlanError where a document is no plan, or one that is damaged."""
    if not is_plan(document):
        version = str(document.get("format_version"))[:20] if isinstance(document, dict) else None
        hint = "make one with `terraform show -json PLAN > plan.json`"
        raise PlanError(f"{shown_as}: is no Terraform plan of a format that is read (format_version {version}): {hint}")
    damaged = damage(document)
    if damaged:
        raise PlanError(f"{shown_as}: {damaged} is damaged: make the plan again")


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
    document: Mapping[str, Any], cell: Cell, context: Context, save: Callable[[Store | Edge], None]
) -> CellResult:
    """Save what a plan will make. A plan that says of itself that it is not whole leaves a gap."""
    began = datetime.now(UTC)
    stores = edges = 0
    for record in TemplateReader(TerraformPlan(Plan(document), context), cell, context).records():
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
    if document.get("deferred_changes") and document.get("complete") is not False:
        reason = "some changes are deferred and not in the plan"
        yield Gap(cell=cell, call="terraform:plan", status=Status.PARTIAL, code="deferred_changes", reason=reason)


class TerraformPlan:
    """The resources of a plan with what they take from their providers: region and default tags."""

    language = "terraform"

    def __init__(self, plan: Plan, context: Context) -> None:
        self.plan = plan
        self.context = context
        self.types = terraform_types()
        self.resources, self.data, self.by_address = plan.resources, plan.data, plan.by_address
        self.everything, self.value, self.blocks, self.meant = plan.everything, plan.value, plan.blocks, plan.meant
        self._regions: dict[str, Any] = {}
        self._endpoints: dict[tuple[int, str], str | None] = {}  # by the block, and the region that is meant
        self._provided: dict[int, Any] = {}  # by the block of the provider, which lives as long as the plan

    def region(self, resource: Resource) -> Any:
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
        if id(config) not in self._provided:
            self._provided[id(config)] = self._region_of(config)
        return self._provided[id(config)]

    def _region_of(self, config: Mapping[str, Any] | None) -> Any:
        """The region that a provider's block is set to."""
        expression = (config.get("expressions") or {}).get("region") if config is not None else None
        if expression is None:
            return self.context.region or Unknown(Why.UNRESOLVED, "the provider names no region: give --region")
        value = self.plan.follow(expression, _scope_of(config or {}))
        told = isinstance(value, Unknown) or (isinstance(value, str) and value != "")
        return value if told else Unknown(Why.UNRESOLVED, "the region is no text")

    def stranger(self, resource: Resource) -> Said | None:
        """The endpoint of its provider, or of one that may be its provider, that is not AWS's own in its region."""
        provider = self._provider(resource) if resource.provider_name == AWS else None
        configs = self._same(resource) if provider is ONE_OF_SEVERAL else [provider] if provider else []
        for config in configs:
            field = self._other_endpoint(config, self.region(resource))
            if field:
                call, reason = f"terraform:provider {config.get('name', AWS)}", "the endpoint is not AWS's own there"
                return Said(call=call, field=field, at=self.context.at(resource.address), reason=reason)
        return None

    def _other_endpoint(self, config: Mapping[str, Any], region: Any) -> str | None:
        key = (id(config), str(region))
        if key not in self._endpoints:
            follow = partial(self.plan.follow, scope=_scope_of(config))
            self._endpoints[key] = other_endpoint(config, region, follow)
        return self._endpoints[key]

    def _same(self, resource: Resource) -> list[Mapping[str, Any]]:
        return [config for config in self.plan.providers.values() if _is_of(config, resource)]

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
        same = self._same(resource)
        if not same:
            return None
        told = key and len(same) == 1 and "alias" not in same[0] and "module_address" not in same[0]
        return same[0] if told else ONE_OF_SEVERAL

    def tags(self, resource: Resource) -> Any:
        everything = self.plan.value(resource, "tags_all", computed=True)
        if everything is not None:
            return everything if isinstance(everything, (dict, Unknown)) else Unknown(Why.UNRESOLVED, "tags")
        own = self.plan.value(resource, "tags", computed=True)
        if not _is_taggable(resource):
            return {}  # it takes no default tags either
        default = self._default_tags(resource)
        if isinstance(default, Unknown) or not (own is None or isinstance(own, dict)):
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


# The configuration of a provider that cannot be told from others: an expression without a value.
ONE_OF_SEVERAL: Mapping[str, Any] = {"expressions": {"region": {}}}


def _is_taggable(resource: Resource) -> bool:
    for part in (resource.after, resource.unknown, resource.expressions):
        if isinstance(part, dict) and ("tags" in part or "tags_all" in part):
            return True
    return False


def _scope_of(config: Mapping[str, Any]) -> Scope:
    """From where the expressions of a provider's block are read."""
    address = str(config.get("module_address") or "")
    return Scope(tuple(name + index for name, index in steps_of(address) if name != "module"))


def _is_of(config: Mapping[str, Any], resource: Resource) -> bool:
    """It configures the resource's provider, whatever it is called here."""
    full_name = config.get("full_name")
    return full_name == resource.provider if full_name else config.get("name") == resource.provider_name


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
