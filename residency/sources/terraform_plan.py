"""What a Terraform or OpenTofu plan says, before anybody asks what it means for a place.

`terraform show -json` gives each resource as it will be (`after`), which of its attributes are known only
after apply (`after_unknown`), and the expressions of the configuration. An unknown value is followed
along its references to another resource, a data source, a variable or a module's output; what cannot
be followed stays `Unknown`. (Terraform, JSON output format, read 2026-11-22.)

References say which things an expression mentions, not what it does with them. So a value that is known
only after apply is never taken from a known one that its expression mentions: it may be cut, joined or
compared. And `b[each.key]` looks like `b[1 - count.index]`: of several instances none is believed to be
meant, unless it makes no difference for a place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from residency.clouds.answers import Unknown
from residency.model import Why
from residency.sources.terraform_parts import (
    Steps,
    at,
    either_of,
    key_of,
    left_out,
    longest,
    no_block,
    only,
    only_unknown,
    part_of,
    steps_of,
    unknown_parts,
    walk,
    whose,
    with_unknowns,
    without,
)

Modules = tuple[str, ...]  # the module instances from the root: ('pair', 'many["a"]')
MAX_HOPS = 20  # from reference to reference; a plan cannot hold a circle, a damaged file can
_REPEATED = ("each.", "count.")
# What instances of one block may differ in and that decides where they stand.
_PLACES = ("region", "availability_zone", "availability_zone_id", "outpost_arn")


@dataclass(slots=True)
class Scope:
    """From where a reference is read: which module instance, and which instance of a repeated block."""

    modules: Modules = ()
    index: str = ""  # "[0]", '["x"]' or ""
    for_each: Mapping[str, Any] | None = None

    @property
    def module(self) -> Modules:
        """The module without the indexes of its instances."""
        return tuple(steps_of(name)[0][0] for name in self.modules)


@dataclass
class Resource:
    """One instance of a resource or data source as it will be after the plan is applied."""

    address: str
    type: str
    provider: str  # full name, such as registry.terraform.io/hashicorp/aws
    name: str  # the address inside its module and without its index
    scope: Scope
    after: Mapping[str, Any]
    unknown: Any
    config: Mapping[str, Any]  # empty where the plan's configuration does not hold it
    is_data: bool = False
    secret: Any = None  # which of its attributes are sensitive, in the shape of `after_unknown`
    stays: bool = False  # it stands already, and the plan leaves it where it is

    @cached_property
    def provider_name(self) -> str:
        return self.provider.rpartition("/")[2]

    @cached_property
    def expressions(self) -> Mapping[str, Any]:
        return self.config.get("expressions") or {}

    def is_known(self, attribute: str) -> bool:
        """No part of an attribute is known only after apply."""
        return not self.unknown or (type(self.unknown) is dict and not self.unknown.get(attribute))

    def sets(self, attribute: str) -> bool:
        """Whether the configuration has an expression for an attribute or a block."""
        return attribute in self.expressions


@dataclass
class ModuleConfig:
    """The configuration of one module, and how its parent calls it."""

    resources: dict[str, Mapping[str, Any]]
    outputs: Mapping[str, Any]
    variables: Mapping[str, Any]
    call: Mapping[str, Any] = field(default_factory=dict)
    for_each: Mapping[str, Any] | None = None


class Plan:
    """A plan as resources that know how to look up and follow their values."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        configuration = document.get("configuration") or {}
        self.providers: Mapping[str, Any] = configuration.get("provider_config") or {}
        self._modules: dict[Modules, ModuleConfig] = {}
        self._read_module(configuration.get("root_module") or {}, (), {})
        found = list(self._changes())
        found += self._untouched({key_of(change) for change in document.get("resource_changes") or ()})
        found += self._prior_data({resource.address for resource in found})
        self.resources = [resource for resource in found if not resource.is_data]
        self.data = [resource for resource in found if resource.is_data]
        self.by_address = {resource.address: resource for resource in found}
        self._by_name: dict[tuple[Modules, str], list[Resource]] = {}
        self._instances: dict[Modules, set[Modules]] = {}  # module -> its instances
        for resource in found:
            self._by_name.setdefault((resource.scope.modules, resource.name), []).append(resource)
            for depth in range(1, len(resource.scope.modules) + 1):
                inside = Scope(resource.scope.modules[:depth])
                self._instances.setdefault(inside.module, set()).add(inside.modules)

    def everything(self) -> Iterator[Resource]:
        """Resources and data sources."""
        yield from self.resources
        yield from self.data

    # --- reading ------------------------------------------------------------------------------

    def _read_module(self, module: Mapping[str, Any], path: Modules, call: Mapping[str, Any]) -> None:
        self._modules[path] = ModuleConfig(
            resources={resource["address"]: resource for resource in module.get("resources") or ()},
            outputs=module.get("outputs") or {},
            variables=module.get("variables") or {},
            call=call.get("expressions") or {},
            for_each=call.get("for_each_expression"),
        )
        for name, child in (module.get("module_calls") or {}).items():
            self._read_module(child.get("module") or {}, (*path, name), child)

    def _changes(self) -> Iterator[Resource]:
        for change in self.document.get("resource_changes") or ():
            inner = change["change"]
            actions, after, before = inner["actions"], inner.get("after"), inner.get("before")
            if "forget" in actions and before:
                # Terraform lets go of it; it stays where it is.
                yield self._beside(change, "forgotten", before, inner.get("before_sensitive"))
            gone = after is None or set(actions) <= {"delete", "forget"}
            if not gone and "deposed" in change:
                yield self._beside(change, "", after, inner.get("after_sensitive"))
            elif not gone:
                yield self._resource(change, after, inner.get("after_unknown") or {}, inner.get("after_sensitive"))

    def _untouched(self, changed: set[tuple[str, str]]) -> Iterator[Resource]:
        """What no change is listed of stays as it is.

        What a plan with `-target` leaves alone, or one that only refreshes, stands in the prior state alone
        (Terraform 1.11.4, tried 2026-11-22). Planned values leave out what is not known yet, so that what the
        configuration sets is unknown there.
        """
        prior = (item for item in walk(self._prior_state()) if item.get("mode") != "data")
        found = {key_of(item): item for item in (*prior, *walk(self.document.get("planned_values")))}
        for key, item in found.items():
            if key in changed:
                continue
            values, secret = item.get("values") or {}, item.get("sensitive_values")
            if key[1]:
                yield self._beside(item, "", values, secret)
                continue
            resource = self._resource(item, values, {}, secret)
            resource.unknown = either_of(left_out(resource.expressions, values), secret)
            yield resource

    def _beside(self, item: Mapping[str, Any], word: str, values: Mapping[str, Any], secret: Any) -> Resource:
        """What stands already under the address of another: nothing of the plan refers to it."""
        address, deposed = key_of(item)
        words = " ".join(part for part in (deposed and f"deposed {deposed}", word) if part)
        found = self._resource(item, values, {}, secret)
        found.address = found.name = f"{address} ({words})"
        found.stays = True
        return found

    def _prior_data(self, known: set[str]) -> Iterator[Resource]:
        """Data sources that were read while planning stand in the prior state alone."""
        for resource in walk(self._prior_state()):
            if resource.get("mode") == "data" and resource["address"] not in known:
                yield self._resource(resource, resource.get("values") or {}, {}, resource.get("sensitive_values"))

    def _prior_state(self) -> Any:
        return (self.document.get("prior_state") or {}).get("values")

    def _resource(self, item: Mapping[str, Any], after: Mapping[str, Any], unknown: Any, secret: Any) -> Resource:
        steps = steps_of(item["address"])
        modules: Modules = ()
        path: Modules = ()  # the same without the indexes of its instances
        while len(steps) > 2 and steps[0][0] == "module":
            modules, path, steps = (*modules, "".join(steps[1])), (*path, steps[1][0]), steps[2:]
        name = ".".join([step for step, _ in steps])
        known = self._modules.get(path)
        config = (known.resources.get(name) if known else None) or {}
        return Resource(
            address=item["address"],
            type=item["type"],
            provider=item.get("provider_name") or item["type"].partition("_")[0],
            name=name,
            scope=Scope(modules, steps[-1][1], config.get("for_each_expression")),
            after=without(after, secret),
            unknown=either_of(unknown, secret),
            config=config,
            is_data=item.get("mode") == "data",
            secret=secret,
        )

    # --- looking up ---------------------------------------------------------------------------

    def value(self, resource: Resource, path: str, computed: bool = False) -> Any:
        """The value at a path of attributes. `computed`: without an expression the provider's default holds (None)."""
        first, _, rest = path.partition(".")
        if resource.is_known(first) and not (rest and resource.after.get(first)):
            return None if rest else resource.after.get(first)  # most are: nothing is to be followed
        steps = path.split(".")
        if computed and _left_to_the_provider(resource, resource.unknown, resource.expressions, steps):
            return None
        return self._inside(resource, resource.after, resource.unknown, resource.expressions, steps)

    def blocks(self, resource: Resource, path: str, computed: bool = False) -> list[BlockView] | Unknown:
        """The repeated blocks at a path, each as a window for further look-ups."""
        window = BlockView(self, resource, resource.after, resource.unknown, resource.expressions)
        if not path:
            return [window]
        first, _, rest = path.partition(".")
        if not resource.after.get(first) and resource.is_known(first):
            return []
        if computed and _left_to_the_provider(resource, resource.unknown, resource.expressions, [first]):
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

    def meant(self, resource: Resource, path: str) -> tuple[str, ...]:
        """The addresses of everything that the expression at a path may refer to."""
        expression: Any = resource.expressions
        for step in path.split("."):
            expression = at(only(expression), step)
        found = self._not_known_yet(expression, resource)
        return (found.refers_to,) if found.refers_to and not found.one_of else found.one_of

    def _inside(self, resource: Resource, after: Any, unknown: Any, expressions: Any, steps: list[str]) -> Any:
        for step in steps:
            if isinstance(after, list) and len(after) > 1:
                return Unknown(Why.UNRESOLVED, f"{step} stands in more than one block")
            unknown = only_unknown(after, unknown)
            after, expressions = only(after), only(expressions)
            if not isinstance(after, dict | None):
                return no_block(step)
            after, unknown, expressions = at(after, step), at(unknown, step), at(expressions, step)
            if unknown is True:
                return self._not_known_yet(expressions, resource)
        return with_unknowns(after, unknown)

    def _not_known_yet(self, expression: Any, resource: Resource) -> Unknown:
        """An unknown value and what it refers to. A known value in its expression is not the value itself."""
        found = self.follow(expression, resource.scope)
        return found if isinstance(found, Unknown) else Unknown(Why.NOT_KNOWN_YET, "known only after apply")

    # --- following ----------------------------------------------------------------------------

    def follow(self, expression: Any, scope: Scope, hops: int = 0) -> Any:
        """The value of an expression that refers to exactly one thing; Unknown where it cannot be told."""
        if not isinstance(expression, dict) or hops > MAX_HOPS:
            return Unknown(Why.NOT_KNOWN_YET, "known only after apply")
        if "constant_value" in expression:
            return expression["constant_value"]
        references = longest(expression.get("references") or ())
        things = [name for name in references if not name.startswith(_REPEATED)]
        repeated = len(things) < len(references)
        if not things and any(name.startswith("each.value") for name in references):
            return self._of_each(scope, hops)
        if len(things) != 1:
            return Unknown(Why.NOT_KNOWN_YET, "known only after apply", one_of=self._mentioned(things, scope, hops))
        return self._refer(things[0], scope, hops, repeated)

    def _of_each(self, scope: Scope, hops: int) -> Any:
        """`each.value` where a block repeats over the instances of another resource (chained for_each)."""
        things = longest((scope.for_each or {}).get("references") or ())
        if len(things) != 1 or len(steps_of(things[0])) != 2 or things[0].startswith(("var.", "local.", "module.")):
            return Unknown(Why.NOT_KNOWN_YET, "each.value is not in the plan")
        return self._attribute(things[0], scope, repeated=True)

    def _mentioned(self, references: Iterable[str], scope: Scope, hops: int) -> tuple[str, ...]:
        """The resources that an expression may mean."""
        found: dict[str, None] = {}
        for reference in references:
            value = self._refer(reference, scope, hops + 1, repeated=False)
            if isinstance(value, Unknown):
                found |= dict.fromkeys((value.refers_to,) if value.refers_to else value.one_of)
        return tuple(found)

    def _refer(self, reference: str, scope: Scope, hops: int, repeated: bool) -> Any:
        kind = reference.partition(".")[0]
        if kind == "var":
            return self._variable(reference, scope, hops)
        if kind == "module":
            return self._output(reference, scope, hops)
        if kind in ("local", "each", "count", "path", "terraform", "self"):
            return Unknown(Why.NOT_KNOWN_YET, f"{reference} is not in the plan")
        return self._attribute(reference, scope, repeated)

    def _variable(self, reference: str, scope: Scope, hops: int) -> Any:
        (_, _), (name, index), *rest = steps_of(reference)
        given = (self.document.get("variables") or {}).get(name) if not scope.modules else None
        module = self._modules.get(scope.module)
        call = module.call.get(name) if module and scope.modules else None
        if given is not None:
            value = given["value"] if "value" in given else _no_value(name)
        elif call is not None:
            assert module
            caller = Scope(scope.modules[:-1], steps_of(scope.modules[-1])[0][1], module.for_each)
            value = self.follow(call, caller, hops + 1)
        else:
            variable = module.variables.get(name) if module else None
            value = variable["default"] if variable and "default" in variable else _no_value(name)
        return part_of(value, [("", index), *rest])

    def _output(self, reference: str, scope: Scope, hops: int) -> Any:
        steps = steps_of(reference)
        name, index = steps[1]
        module = (*scope.module, name)
        instances = [m for m in self._instances.get(module, {(*scope.modules, name)}) if m[:-1] == scope.modules]
        if index:
            instances = [(*scope.modules, name + index)]
        known = self._modules.get(module)
        declared = known.outputs.get(steps[2][0]) if known and len(steps) > 2 else None
        if len(instances) != 1 or declared is None:
            return Unknown(Why.NOT_KNOWN_YET, f"{reference} is not one output of the plan")
        value = self.follow(declared.get("expression"), Scope(instances[0]), hops + 1)
        return part_of(value, [("", steps[2][1]), *steps[3:]])

    def _attribute(self, reference: str, scope: Scope, repeated: bool) -> Any:
        steps = steps_of(reference)
        length = 3 if steps[0][0] == "data" else 2
        name, index = ".".join(step for step, _ in steps[:length]), steps[min(length, len(steps)) - 1][1]
        found = self._by_name.get((scope.modules, name), [])
        if index:
            found = [resource for resource in found if resource.scope.index == index]
        if len(found) != 1:
            return _one_of(reference, found, scope.index if repeated else "")
        value = _known(found[0], steps[length:])
        return Unknown(Why.NOT_KNOWN_YET, reference, refers_to=found[0].address) if value is None else value


@dataclass(slots=True)
class BlockView:
    """One element of a repeated block, with what is unknown in it and the expressions that fill it."""

    plan: Plan
    resource: Resource
    after: Any
    unknown: Any
    expressions: Any

    def value(self, path: str, computed: bool = False) -> Any:
        steps = path.split(".")
        if computed and _left_to_the_provider(self.resource, self.unknown, self.expressions, steps):
            return None
        return self.plan._inside(self.resource, self.after, self.unknown, self.expressions, steps)

    def children(self, name: str) -> list[BlockView] | Unknown:
        unknown = at(only_unknown(self.after, self.unknown), name)
        after, expressions = (at(only(part), name) for part in (self.after, self.expressions))
        if unknown is True:
            return self.plan._not_known_yet(None, self.resource)
        if not isinstance(only(self.after), dict | None):
            return no_block(name)
        elements = after if isinstance(after, list) else [after] if after else []
        return [
            BlockView(self.plan, self.resource, element, unknown_part, expression)
            for element, unknown_part, expression in zip(
                elements, unknown_parts(unknown, len(elements)), whose(expressions, elements), strict=True
            )
        ]


def _left_to_the_provider(resource: Resource, unknown: Any, expressions: Any, steps: list[str]) -> bool:
    """Nobody set it, and the provider fills it. Where the configuration is missing nobody can say so.

    A block that was written dynamically is missing there too.
    """
    secret = resource.secret is True or at(resource.secret, steps[0]) is True
    for step in steps if resource.config and not secret else ():
        if not isinstance(expressions, dict):
            return False
        unknown, written, expressions = at(unknown, step), step in expressions, only(expressions.get(step))
        if unknown is True:
            return not written
        unknown = only(unknown)
    return False


def _one_of(reference: str, found: list[Resource], index: str) -> Unknown:
    """One of several instances: the one with the same index comes first, and is believed where all stand alike."""
    found = sorted(found, key=lambda resource: not index or resource.scope.index != index)
    same = bool(found) and bool(index) and found[0].scope.index == index
    places = [[(r.after.get(key), at(r.unknown, key)) for key in _PLACES] for r in found]
    alike = same and all(place == places[0] for place in places)
    return Unknown(
        Why.NOT_KNOWN_YET,
        f"{reference} is not one resource of the plan",
        refers_to=found[0].address if alike else None,
        one_of=tuple(resource.address for resource in found),
        same_index=same,
    )


def _known(target: Resource, steps: Steps) -> Any:
    """A value of another resource; None where it is not known, or no attribute is named."""
    if not steps or at(target.unknown, steps[0][0]) is True:
        return None
    value = part_of(with_unknowns(target.after, target.unknown), steps)
    return None if isinstance(value, Unknown) else value


def _no_value(name: str) -> Unknown:
    return Unknown(Why.NOT_KNOWN_YET, f"the variable {name} has no value in the plan")
