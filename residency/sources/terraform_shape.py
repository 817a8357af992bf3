"""Whether a document has the shape of a plan (Terraform, JSON output format, read 2026-11-22).

What is damaged is refused before anybody looks into it: a resource that cannot be read is never left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MAX_MODULES_DEEP = 50


def damage(document: Mapping[str, Any]) -> str | None:
    """Where a plan is damaged, such as `resource_changes[3]`; None where it is not."""
    return next(_damaged(document), None)


def _damaged(document: Mapping[str, Any]) -> Iterator[str]:
    changes = document.get("resource_changes") or []
    for index, change in enumerate(changes if isinstance(changes, list) else [None]):
        if not _is_change(change):
            yield f"resource_changes[{index}]"
    yield from _in_values("planned_values", document.get("planned_values"))
    prior = document.get("prior_state")
    if not isinstance(prior, dict | None):
        yield "prior_state"
    yield from _in_values("prior_state.values", (prior or {}).get("values") if isinstance(prior, dict) else None)
    yield from _in_configuration(document.get("configuration"))
    if not _of_mappings(document.get("variables")):
        yield "variables"


def _is_change(change: Any) -> bool:
    known = isinstance(change, dict) and isinstance(change.get("change"), dict)
    if not known or not _texts(change, "address", "type") or not _texts_or_none(change, "provider_name", "mode"):
        return False
    inner = change["change"]
    values = all(isinstance(inner.get(key), dict | None) for key in ("before", "after"))
    values = values and isinstance(inner.get("after_unknown"), dict | bool | None)
    return isinstance(inner.get("actions"), list) and values


def _in_values(name: str, values: Any) -> Iterator[str]:
    if values is None:
        return
    waiting = [(values.get("root_module") if isinstance(values, dict) else None, 0)]
    while waiting:
        module, depth = waiting.pop()
        if not isinstance(module, dict | None) or depth > MAX_MODULES_DEEP:
            yield name
            return
        resources, children = (module or {}).get("resources") or [], (module or {}).get("child_modules") or []
        if not (isinstance(resources, list) and isinstance(children, list) and all(map(_is_resource, resources))):
            yield f"{name}: a resource"
            return
        waiting += [(child, depth + 1) for child in children]


def _is_resource(resource: Any) -> bool:
    known = isinstance(resource, dict) and _texts(resource, "address", "type")
    return (
        known and isinstance(resource.get("values"), dict | None) and _texts_or_none(resource, "provider_name", "mode")
    )


def _in_configuration(configuration: Any) -> Iterator[str]:
    if not isinstance(configuration, dict | None):
        yield "configuration"
        return
    if not _of_mappings((configuration or {}).get("provider_config")):
        yield "configuration.provider_config"
    waiting = [((configuration or {}).get("root_module"), 0)]
    while waiting:
        module, depth = waiting.pop()
        if not isinstance(module, dict | None) or depth > MAX_MODULES_DEEP or not _is_module(module or {}):
            yield "configuration: a module"
            return
        calls = (module or {}).get("module_calls") or {}
        waiting += [(call.get("module"), depth + 1) for call in calls.values()]


def _is_module(module: dict[str, Any]) -> bool:
    resources = module.get("resources") or []
    known = isinstance(resources, list) and all(
        isinstance(row, dict) and _texts(row, "address") and isinstance(row.get("expressions"), dict | None)
        for row in resources
    )
    return known and all(_of_mappings(module.get(key)) for key in ("outputs", "variables", "module_calls"))


def _of_mappings(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and all(isinstance(item, dict) for item in value.values()))


def _texts(row: dict[str, Any], *names: str) -> bool:
    return all(isinstance(row.get(name), str) and row[name] for name in names)


def _texts_or_none(row: dict[str, Any], *names: str) -> bool:
    return all(isinstance(row.get(name), str | None) for name in names)
