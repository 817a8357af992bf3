"""What SAM and `Fn::ForEach` write once and mean for several resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from residency.sources.cloudformation_values import CALL, Values

LOOP, MACRO = "Fn::ForEach::", "Fn::Transform"


def with_globals(template: Mapping[str, Any], kind: str, properties: Any) -> Any:
    """The properties of a SAM resource with those that `Globals` gives to all of its kind."""
    _, _, short = kind.partition("AWS::Serverless::")
    return _merged(_mapping(template.get("Globals")).get(short), properties or {}) if short else properties or {}


def _merged(below: Any, above: Any) -> Any:
    """Mappings add up, lists go on, of anything else the resource's own value holds.

    (SAM guide, "Globals section"; the order in which lists are joined is unverified.)
    """
    if isinstance(below, list) and isinstance(above, list):
        return below + above
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    if any(str(key).startswith(("Fn::", "Ref")) for key in above):
        return above
    return {**below, **{key: _merged(below.get(key), value) for key, value in above.items()}}


def with_loops(
    template: Mapping[str, Any], values: Values, gaps: list[tuple[str, str]]
) -> Iterator[tuple[str, Any, str]]:
    """The resources with their logical ids, those that `Fn::ForEach` makes too, and the key that each stands under."""
    for name, row in _mapping(template.get("Resources")).items():
        if not str(name).startswith(LOOP):
            if name != MACRO:
                yield str(name), row, str(name)
            continue
        made = _loop(row, values)
        if made is None:
            gaps.append(("for-each", f"what {str(name)[:80]} repeats over is not known"))
        yield from ((key, value, str(name)) for key, value in (made or {}).items())


def _loop(row: Any, values: Values) -> dict[str, Any] | None:
    """`[identifier, [items], {"Name${identifier}": {…}}]`; None where the items are not known, or too many."""
    if not isinstance(row, list) or len(row) != 3 or not isinstance(row[2], Mapping):
        return None
    items = values.of(row[1])
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        return None
    found: dict[str, Any] = {}
    for item in items:
        for key, value in _filled(row[2], str(row[0]), item, values).items():
            inner = _loop(value, values) if key.startswith(LOOP) else {key: value}
            if inner is None or values.left < 0:
                return None
            found |= inner
    return found


def _filled(value: Any, identifier: str, item: str, values: Values) -> Any:
    """A value with the loop's item in place of `${identifier}`, `&{identifier}` and `!Ref identifier`."""
    if values.left < 0:
        return values.made(None)
    if isinstance(value, str):
        plain = "".join(character for character in item if character.isalnum())
        values.left -= CALL + len(item) * value.count("{")
        return value.replace(f"${{{identifier}}}", item).replace(f"&{{{identifier}}}", plain)
    values.left -= CALL
    if isinstance(value, list):
        return [_filled(part, identifier, item, values) for part in value]
    if not isinstance(value, Mapping):
        return value
    if dict(value) == {"Ref": identifier}:
        return item
    filled = ((_filled(str(key), identifier, item, values), part) for key, part in value.items())
    return {str(key): _filled(part, identifier, item, values) for key, part in filled}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
