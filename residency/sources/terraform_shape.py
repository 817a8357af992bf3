"""Whether a document has the shape of a plan (Terraform, JSON output format, read 2026-11-22).

What is damaged is refused before anybody looks into it: a resource that cannot be read is never left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from residency.sources.terraform_parts import key_of

MAX_MODULES_DEEP = 50
GONE = {"delete", "forget"}  # what is not there afterwards


def damage(document: Mapping[str, Any]) -> str | None:
    """Where a plan is damaged, such as `resource_changes[3]`; None where it is not."""
    return next(_damaged(document), None)


def _damaged(document: Mapping[str, Any]) -> Iterator[str]:
    changes = document.get("resource_changes", [])
    for index, change in enumerate(changes if isinstance(changes, list) else [None]):
        if not _is_change(change):
            yield f"resource_changes[{index}]"
            return
    yield from _twice("resource_changes", changes)
    if "planned_values" in document:
        yield from _in_values("planned_values", document["planned_values"])
    prior = document.get("prior_state", {})
    if not isinstance(prior, dict):
        yield "prior_state"
    elif "values" in prior:
        yield from _in_values("prior_state.values", prior["values"])
    yield from _in_configuration(document.get("configuration", {}))
    if not _of_mappings(document.get("variables")):
        yield "variables"
    yield from (key for key in ("errored", "complete") if not isinstance(document.get(key, False), bool))


def _is_change(change: Any) -> bool:
    inner = change.get("change") if isinstance(change, dict) else None
    if not isinstance(inner, dict) or not _is_named(change) or not _are_actions(inner.get("actions")):
        return False
    before, after, unknown = inner.get("before"), inner.get("after"), inner.get("after_unknown")
    gone = after is None and set(inner["actions"]) <= GONE
    told = isinstance(after, dict) and _are_marks(unknown)  # without its marks an unknown value would not be there
    whole = before is None or isinstance(before, dict)
    return (gone or told) and whole and _are_values(before or {}) and _are_values(after or {})


def _are_actions(actions: Any) -> bool:
    return isinstance(actions, list) and bool(actions) and all(isinstance(action, str) for action in actions)


def _are_marks(unknown: Any) -> bool:
    """Nested mappings and lists of `true` and `false`."""
    waiting = [unknown]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict | list):
            waiting += part.values() if isinstance(part, dict) else part
        elif not isinstance(part, bool):
            return False
    return True


def _are_values(values: dict[str, Any]) -> bool:
    """Tags are the one attribute that is the same everywhere."""
    return isinstance(values.get("tags") or {}, (dict, list)) and isinstance(values.get("tags_all") or {}, (dict, list))


def _twice(name: str, rows: list[Any]) -> Iterator[str]:
    """Of two rows about one thing, one would not be judged."""
    seen = set()
    for row in rows:
        if key_of(row) in seen:
            yield f"{name}: {row['address'][:80]}, which stands twice,"
        seen.add(key_of(row))


def _in_values(name: str, values: Any) -> Iterator[str]:
    found: list[Any] = []
    waiting = [(values.get("root_module") if isinstance(values, dict) else None, 0)]
    while waiting:
        module, depth = waiting.pop()
        if not isinstance(module, dict) or depth > MAX_MODULES_DEEP:
            yield name
            return
        resources, children = module.get("resources", []), module.get("child_modules", [])
        if not (isinstance(resources, list) and isinstance(children, list) and all(map(_is_resource, resources))):
            yield f"{name}: a resource"
            return
        found += resources
        waiting += [(child, depth + 1) for child in children]
    yield from _twice(name, found)


def _is_resource(resource: Any) -> bool:
    known = isinstance(resource, dict) and _is_named(resource)
    return known and isinstance(resource.get("values"), dict | None) and _are_values(resource.get("values") or {})


def _in_configuration(configuration: Any) -> Iterator[str]:
    if not isinstance(configuration, dict):
        yield "configuration"
        return
    providers = configuration.get("provider_config")
    if not _of_mappings(providers) or not all(map(_is_provider, (providers or {}).values())):
        yield "configuration.provider_config"
    waiting = [(configuration.get("root_module", {}), 0)]
    while waiting:
        module, depth = waiting.pop()
        if depth > MAX_MODULES_DEEP or not _is_module(module):
            yield "configuration: a module"
            return
        waiting += [(call.get("module", {}), depth + 1) for call in module.get("module_calls", {}).values()]


def _is_provider(provider: dict[str, Any]) -> bool:
    if not _texts_or_none(provider, "name", "full_name", "module_address") or not _has_expressions(provider):
        return False
    tags = (provider.get("expressions") or {}).get("default_tags") or []
    blocks = tags if isinstance(tags, list) else [tags]
    given = [block.get("tags") or {} if isinstance(block, dict) else None for block in blocks]
    return all(isinstance(tags, dict) and isinstance(tags.get("constant_value"), dict | None) for tags in given)


def _is_module(module: Any) -> bool:
    if not isinstance(module, dict):
        return False
    resources, calls = module.get("resources", []), module.get("module_calls", {})
    known = isinstance(resources, list) and all(map(_is_configured, resources)) and _of_mappings(calls)
    known = known and calls is not None and all(map(_has_expressions, calls.values()))
    return known and all(_of_mappings(module.get(key)) for key in ("outputs", "variables"))


def _is_configured(row: Any) -> bool:
    known = isinstance(row, dict) and _texts(row, "address") and _texts_or_none(row, "provider_config_key")
    return known and _has_expressions(row)


def _has_expressions(row: dict[str, Any]) -> bool:
    """Nested blocks whose leaves are constants, or lists of references."""
    waiting: list[Any] = [row.get(key) or {} for key in ("expressions", "for_each_expression")]
    while waiting:
        part = waiting.pop()
        if not isinstance(part, dict):
            return False
        for key, value in part.items():
            if key == "references" and isinstance(value, list):
                if not all(isinstance(name, str) for name in value):
                    return False
            elif key != "constant_value":
                waiting += value if isinstance(value, list) else [value]
    return True


def is_state_resource(resource: Any) -> bool:
    """A resource in the file of a state (version 4), whose instances all say what they are."""
    known = isinstance(resource, dict) and _texts(resource, "type", "name", "mode")
    return (
        known
        and _texts_or_none(resource, "module", "provider")
        and isinstance(resource.get("instances"), list)
        and all(map(_is_instance, resource["instances"]))
    )


def _is_instance(instance: Any) -> bool:
    known = isinstance(instance, dict) and isinstance(instance.get("attributes"), dict)
    keyed = known and not isinstance(instance.get("index_key"), bool | dict | list)
    return keyed and _texts_or_none(instance, "deposed") and _are_values(instance["attributes"])


def _is_named(row: dict[str, Any]) -> bool:
    return _texts(row, "address", "type") and _texts_or_none(row, "provider_name", "mode")


def _of_mappings(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and all(isinstance(item, dict) for item in value.values()))


def _texts(row: dict[str, Any], *names: str) -> bool:
    # Asked of every row: a loop takes half the time of all() with a generator.
    for name in names:  # noqa: SIM110
        if not (isinstance(row.get(name), str) and row[name]):
            return False
    return True


def _texts_or_none(row: dict[str, Any], *names: str) -> bool:
    for name in names:
        value = row.get(name)
        if value is not None and not isinstance(value, str):
            return False
    return True
