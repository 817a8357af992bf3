"""What a Terraform or OpenTofu plan says, before anybody asks what it means for a place.

`terraform show -json` gives each resource as it will be (`after`), which of its attributes are known only
after apply (`after_unknown`), and the expressions of the configuration. An unknown value is followed
along its references to another resource, a data source, a variable or a module's output; what cannot
be followed stays `Unknown`. (Terraform, JSON output format, read 2026-11-22.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from residency.clouds.answers import Unknown
from residency.model import Why

Module = tuple[str, ...]  # names of the module calls from the root, without indexes
_INDEX = re.compile(r"\[(?:\d+|\"(?:[^\"\\]|\\.)*\")\]$")
_MODULE_INDEX = re.compile(r"\[(?:\d+|\"(?:[^\"\\]|\\.)*\")\]")
MAX_HOPS = 20  # from reference to reference; a plan cannot hold a circle, a damaged file can


@dataclass
class Resource:
    """One instance of a resource or data source as it will be after the plan is applied."""

    address: str
    type: str
    provider: str  # full name, such as registry.terraform.io/hashicorp/aws
    module: Module
    index: str  # "[0]", '["x"]' or ""
    after: Mapping[str, Any]
    unknown: Any
    config: Mapping[str, Any]
    is_data: bool = False

    @property
    def name(self) -> str:
        """The address inside its module and without its index."""
        return _INDEX.sub("", self.address.rpartition(self._prefix)[2] if self.module else self.address)

    @property
    def _prefix(self) -> str:
        return f"module.{self.module[-1]}" + (_module_index(self.address, self.module)) + "."

    @property
    def provider_name(self) -> str:
        return self.provider.rpartition("/")[2]


def _module_index(address: str, module: Module) -> str:
    found = re.findall(r"module\.[^.\[]+(\[(?:\d+|\"(?:[^\"\\]|\\.)*\")\])?\.", address)
    return found[len(module) - 1] if len(found) >= len(module) else ""


@dataclass
class ModuleConfig:
    """The configuration of one module, and how its parent calls it."""

    resources: dict[str, Mapping[str, Any]]
    outputs: Mapping[str, Any]
    variables: Mapping[str, Any]
    call: Mapping[str, Any] = field(default_factory=dict)


class Plan:
    """A plan as resources that know how to look up and follow their values."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        configuration = document.get("configuration") or {}
        self.providers: Mapping[str, Any] = configuration.get("provider_config") or {}
        self.modules: dict[Module, ModuleConfig] = {}
        self._read_module(configuration.get("root_module") or {}, (), {})
        changes = list(self._changes())
        self.resources = [resource for resource in changes if not resource.is_data]
        self.data = [*(resource for resource in changes if resource.is_data), *self._prior_data()]
        self._by_name: dict[tuple[Module, str], list[Resource]] = {}
        for resource in self.everything():
            self._by_name.setdefault((resource.module, resource.name), []).append(resource)

    def everything(self) -> Iterator[Resource]:
        """Resources and data sources."""
        yield from self.resources
        yield from self.data

    # --- reading ------------------------------------------------------------------------------

    def _read_module(self, module: Mapping[str, Any], path: Module, call: Mapping[str, Any]) -> None:
        resources = {resource["address"]: resource for resource in module.get("resources") or ()}
        self.modules[path] = ModuleConfig(
            resources, module.get("outputs") or {}, module.get("variables") or {}, call.get("expressions") or {}
        )
        for name, child in (module.get("module_calls") or {}).items():
            self._read_module(child.get("module") or {}, (*path, name), child)

    def _changes(self) -> Iterator[Resource]:
        for change in self.document.get("resource_changes") or ():
            actions, after = change["change"]["actions"], change["change"].get("after")
            gone = after is None or set(actions) <= {"delete", "forget"}
            if not gone and "deposed" not in change:
                unknown = change["change"].get("after_unknown") or {}
                yield self._resource(change, after, unknown)

    def _prior_data(self) -> Iterator[Resource]:
        """Data sources that were read while planning stand in the prior state alone."""
        root = ((self.document.get("prior_state") or {}).get("values") or {}).get("root_module") or {}
        for resource in _walk(root):
            if resource.get("mode") == "data":
                yield self._resource(resource, resource.get("values") or {}, {})

    def _resource(self, item: Mapping[str, Any], after: Mapping[str, Any], unknown: Any) -> Resource:
        address = item["address"]
        module = tuple(re.findall(r"(?:^|\.)module\.([^.\[]+)", item.get("module_address") or _module_of(address)))
        index = _INDEX.search(address)
        resource = Resource(
            address=address,
            type=item["type"],
            provider=item.get("provider_name") or item["type"].partition("_")[0],
            module=module,
            index=index.group() if index else "",
            after=after,
            unknown=unknown,
            config={},
            is_data=item.get("mode") == "data",
        )
        known = self.modules.get(module)
        resource.config = (known.resources.get(resource.name) if known else None) or {}
        return resource

    # --- looking up ---------------------------------------------------------------------------

    def value(self, resource: Resource, path: str, computed: bool = False) -> Any:
        """The value at a path of attributes. `computed`: without an expression the provider's default holds (None)."""
        steps = path.split(".")
        expressions = resource.config.get("expressions") or {}
        if computed and steps[0] not in expressions and _at(resource.unknown, steps[0]) is True:
            return None
        return self._inside(resource, resource.after, resource.unknown, expressions, steps)

    def blocks(self, resource: Resource, path: str, computed: bool = False) -> list[BlockView] | Unknown:
        """The repeated blocks at a path, each as a window for further look-ups."""
        window = BlockView(self, resource, resource.after, resource.unknown, resource.config.get("expressions") or {})
        if not path:
            return [window]
        first, _, rest = path.partition(".")
        if computed and first not in window.expressions and _at(window.unknown, first) is True:
            return []
        found = window.children(first)
        if isinstance(found, Unknown) or not rest:
            return found
        below: list[BlockView] = []
        for block in found:
            children = block.children(rest)
            if isinstance(children, Unknown):
                return children
            below += children
        return below

    def _inside(self, resource: Resource, after: Any, unknown: Any, expressions: Any, steps: list[str]) -> Any:
        for step in steps:
            if isinstance(after, list) and len(after) > 1:
                return Unknown(Why.UNRESOLVED, f"{step} stands in more than one block")
            after, unknown, expressions = _only(after), _only(unknown), _only(expressions)
            after, unknown, expressions = _at(after, step), _at(unknown, step), _at(expressions, step)
            if unknown is True:
                return self.follow(expressions, resource)
        if isinstance(after, Mapping) and isinstance(unknown, Mapping):
            return _with_unknowns(after, unknown)
        return after

    def follow(self, expression: Any, resource: Resource, hops: int = 0) -> Any:
        """The value of an expression that refers to exactly one thing; Unknown where it cannot be told."""
        not_yet = Unknown(Why.NOT_KNOWN_YET, "known only after apply")
        if not isinstance(expression, Mapping) or hops > MAX_HOPS:
            return not_yet
        if "constant_value" in expression:
            return expression["constant_value"]
        references = _distinct(expression.get("references") or ())
        if len(references) != 1:
            return not_yet
        return self._refer(references[0], resource, hops)

    def _refer(self, reference: str, resource: Resource, hops: int) -> Any:
        kind, _, rest = reference.partition(".")
        if kind == "var":
            return self._variable(rest.partition(".")[0], resource, hops)
        if kind == "module":
            return self._output(rest, resource, hops)
        if kind in ("local", "each", "count", "path", "terraform", "self"):
            return Unknown(Why.NOT_KNOWN_YET, f"{reference} is not in the plan")
        return self._attribute(reference, resource)

    def _variable(self, name: str, resource: Resource, hops: int) -> Any:
        if not resource.module:
            given = (self.document.get("variables") or {}).get(name)
            if given is not None and "value" in given:
                return given["value"]
            return self._default(name, ())
        call = self.modules[resource.module].call.get(name)
        if call is None:
            return self._default(name, resource.module)
        parent = Resource(
            address="",
            type="",
            provider=resource.provider,
            module=resource.module[:-1],
            index="",
            after={},
            unknown={},
            config={},
        )
        return self.follow(call, parent, hops + 1)

    def _default(self, name: str, module: Module) -> Any:
        known = self.modules.get(module)
        variable = known.variables.get(name) if known else None
        if variable and "default" in variable:
            return variable["default"]
        return Unknown(Why.NOT_KNOWN_YET, f"the variable {name} has no value in the plan")

    def _output(self, rest: str, resource: Resource, hops: int) -> Any:
        name, _, output = rest.partition(".")
        module = (*resource.module, _MODULE_INDEX.sub("", name))
        known = self.modules.get(module)
        declared = known.outputs.get(output.partition(".")[0]) if known else None
        inside = Resource(
            address="", type="", provider=resource.provider, module=module, index="", after={}, unknown={}, config={}
        )
        return self.follow((declared or {}).get("expression"), inside, hops + 1)

    def _attribute(self, reference: str, resource: Resource) -> Any:
        steps = _MODULE_INDEX.sub("", reference).split(".")
        length = 3 if steps[0] == "data" else 2
        target = self.instance(".".join(steps[:length]), resource)
        if target is None:
            return Unknown(Why.NOT_KNOWN_YET, f"{reference} is not one resource of the plan")
        attribute = ".".join(steps[length:])
        value = self._inside_known(target, attribute) if attribute else None
        return Unknown(Why.NOT_KNOWN_YET, reference, refers_to=target.address) if value is None else value

    def _inside_known(self, target: Resource, attribute: str) -> Any:
        if _at(target.unknown, attribute.partition(".")[0]) is True:
            return None
        value: Any = target.after
        for step in attribute.split("."):
            value = _at(_only(value), step)
        return value

    def instance(self, name: str, seen_from: Resource) -> Resource | None:
        """The one instance that a name can mean: the only one, or the one with the same index."""
        found = self._by_name.get((seen_from.module, name), [])
        same = [resource for resource in found if resource.index == seen_from.index]
        return found[0] if len(found) == 1 else same[0] if len(same) == 1 else None


@dataclass(frozen=True)
class BlockView:
    """One element of a repeated block, with what is unknown in it and the expressions that fill it."""

    plan: Plan
    resource: Resource
    after: Any
    unknown: Any
    expressions: Any

    def value(self, path: str) -> Any:
        return self.plan._inside(self.resource, self.after, self.unknown, self.expressions, path.split("."))

    def children(self, name: str) -> list[BlockView] | Unknown:
        after, unknown, expressions = (_at(_only(part), name) for part in (self.after, self.unknown, self.expressions))
        if unknown is True:
            found = self.plan.follow(None, self.resource)
            assert isinstance(found, Unknown)
            return found
        elements = after if isinstance(after, list) else [after] if after else []
        return [
            BlockView(self.plan, self.resource, element, unknown_part, expression)
            for element, unknown_part, expression in zip(
                elements,
                _aligned(unknown, len(elements), True),
                _aligned(expressions, len(elements), None),
                strict=True,
            )
        ]


def _aligned(part: Any, length: int, otherwise: Any) -> list[Any]:
    """One part for each element; `otherwise` where a list does not tell which is whose."""
    if isinstance(part, list) and part:
        return part if len(part) == length else [otherwise] * length
    return [part or None] * length


def _at(part: Any, step: str) -> Any:
    if part is True:
        return True  # all of it is unknown
    return part.get(step) if isinstance(part, Mapping) else None


def _only(part: Any) -> Any:
    """A block that can stand only once is a list of one."""
    if isinstance(part, list):
        return part[0] if len(part) == 1 else None
    return part


def _with_unknowns(after: Mapping[str, Any], unknown: Mapping[str, Any]) -> dict[str, Any]:
    marks = {key: Unknown(Why.NOT_KNOWN_YET, key) for key, value in unknown.items() if value is True}
    return {**after, **marks}


def _distinct(references: Any) -> list[str]:
    """The longest form of each reference: `aws_kms_key.k.arn` is listed with `aws_kms_key.k`. Indexes are ours."""
    plain = [r for r in references if not r.startswith(("each.", "count."))]
    return [r for r in plain if not any(o != r and re.match(re.escape(r) + r"[.\[]", o) for o in plain)]


def _module_of(address: str) -> str:
    found = re.match(r"^((?:module\.[^.\[]+(?:\[(?:\d+|\"(?:[^\"\\]|\\.)*\")\])?\.)*)", address)
    return found.group(1).rstrip(".") if found else ""


def _walk(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from module.get("resources") or ()
    for child in module.get("child_modules") or ():
        yield from _walk(child)
