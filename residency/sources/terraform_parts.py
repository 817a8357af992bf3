"""The parts of a plan: values, what is unknown in them and the expressions that fill them, side by side.

`after`, `after_unknown` and the configuration's `expressions` are nests of the same shape, but for what each leaves
out: a block that can stand once is a list of one, an unknown value is `true`, and elements of a set have no order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from residency.clouds.answers import Unknown
from residency.model import Why

_INDEX = r'\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\]'
_STEP = re.compile(rf"([^.\[]+)((?:{_INDEX})*)")
Steps = list[tuple[str, str]]  # of an address or a reference: each name with the indexes behind it


def steps_of(text: str) -> Steps:
    return [(name, index) for name, index in _STEP.findall(text)]


def part_of(value: Any, steps: Steps) -> Any:
    """What stands at the steps inside a value; an unknown one stays so."""
    for name, indexes in steps:
        keys: list[Any] = [name] if name else []
        keys += [json.loads(index[1:-1]) for index in re.findall(_INDEX, indexes) if _is_constant(index)]
        for key in keys:
            if isinstance(value, Unknown):
                return value
            if isinstance(value, list) and isinstance(key, int) and key < len(value):
                value = value[key]
            elif isinstance(value, dict) and str(key) in value:
                value = value[str(key)]
            else:
                return Unknown(Why.NOT_KNOWN_YET, f"{name or key} is not in the plan")
    return value


def _is_constant(index: str) -> bool:
    return re.fullmatch(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]', index) is not None


def unknown_parts(unknown: Any, length: int) -> list[Any]:
    """What is unknown of each element; everything where the list does not tell which is whose."""
    if isinstance(unknown, list):
        return unknown if len(unknown) == length else [True] * length
    return [unknown or None] * length


def whose(expressions: Any, elements: list[Any]) -> list[Any]:
    """The expressions that fill each element; None where that cannot be told.

    A plan lists the elements of a set in another order than the configuration, and blocks that are made
    by `dynamic` are missing there. What is constant must be what stands in the element.
    """
    if not isinstance(expressions, list) or len(expressions) != len(elements):
        return [None] * len(elements)
    if all(_fits(*pair) for pair in zip(expressions, elements, strict=True)):
        return expressions
    fitting = [[expression for expression in expressions if _fits(expression, element)] for element in elements]
    return [_either(found) for found in fitting]


def _either(found: list[Any]) -> Any:
    """One of several expressions: what all of them set alike, that another sets something, and what none sets."""
    if len(found) < 2 or not all(isinstance(expression, dict) for expression in found):
        return found[0] if len(found) == 1 else None
    names = sorted({name for expression in found for name in expression})
    first = found[0]
    alike = {name for name in names if all(expression.get(name) == first.get(name) for expression in found)}
    return {name: first[name] if name in alike else {"references": []} for name in names}


def _fits(expression: Any, element: Any) -> bool:
    """No constant of the expression contradicts the element."""
    if isinstance(expression, dict) and "constant_value" in expression:
        return element is None or str(expression["constant_value"]) == str(element)
    if isinstance(expression, dict) and "references" not in expression and isinstance(element, dict):
        return all(_fits(part, element.get(name)) for name, part in expression.items())
    if isinstance(expression, list) and isinstance(element, list) and len(expression) == len(element) == 1:
        return _fits(expression[0], element[0])
    return True


def left_out(expressions: Any, values: Any) -> Any:
    """What expressions set and values lack, in the shape of `after_unknown`."""
    if isinstance(expressions, list) and isinstance(values, list) and len(expressions) == len(values):
        return [left_out(*pair) for pair in zip(expressions, values, strict=True)]
    written = isinstance(expressions, dict) and not expressions.keys() & {"references", "constant_value"}
    if written and isinstance(values, dict):
        return {name: name not in values or left_out(part, values[name]) for name, part in expressions.items()}
    return None


def key_of(item: Mapping[str, Any]) -> tuple[str, str]:
    """An object that was deposed and is still there has the address of the one that took its place.

    Changes and values have different words for its key (Terraform, JSON output format, read 2026-11-22).
    """
    return item["address"], str(item.get("deposed") or item.get("deposed_key") or "")


def without(values: Mapping[str, Any], secret: Any) -> Mapping[str, Any]:
    """The values that are not marked as sensitive: the others are never held, whatever they would tell."""
    if not isinstance(secret, dict):
        return {} if secret is True else values
    return {name: value for name, value in values.items() if secret.get(name) is not True}


def either_of(unknown: Any, secret: Any) -> Any:
    """What is unknown, or sensitive, in the shape of `after_unknown`."""
    if not secret:
        return unknown
    if unknown is True or secret is True:
        return True
    if isinstance(secret, dict) and secret and (unknown is None or isinstance(unknown, dict)):
        names = {*(unknown or {}), *secret}
        return {name: either_of((unknown or {}).get(name), secret.get(name)) for name in names}
    if isinstance(secret, list) and any(secret):
        same = isinstance(unknown, list) and len(unknown) == len(secret)
        return [either_of(*pair) for pair in zip(unknown if same else [unknown] * len(secret), secret, strict=True)]
    return unknown


def at(part: Any, step: str) -> Any:
    if part is True:
        return True  # all of it is unknown
    return part.get(step) if isinstance(part, dict) else None  # JSON: the exact type is much faster to ask for


def only(part: Any) -> Any:
    """A block that can stand only once is a list of one."""
    if isinstance(part, list):
        return part[0] if len(part) == 1 else None
    return part


def only_unknown(after: Any, unknown: Any) -> Any:
    """What is unknown of a block that stands once; everything where the lists do not agree."""
    if isinstance(unknown, list) and len(unknown) != 1:
        return True if after or unknown else None
    return only(unknown)


def with_unknowns(after: Any, unknown: Any) -> Any:
    """A value with a mark in every place that is not known yet."""
    if isinstance(after, dict) and isinstance(unknown, dict):
        return {**after, **{key: _mark(key) for key, value in unknown.items() if value is True}}
    if isinstance(after, list) and isinstance(unknown, list) and len(after) == len(unknown):
        return [_mark("") if mark is True else item for item, mark in zip(after, unknown, strict=True)]
    return after


def no_block(step: str) -> Unknown:
    return Unknown(Why.UNRESOLVED, f"{step} stands in what is no block")


def _mark(key: str) -> Unknown:
    return Unknown(Why.NOT_KNOWN_YET, key)


def longest(references: Iterable[str]) -> list[str]:
    """The longest form of each reference: `aws_kms_key.k.arn` is listed with `aws_kms_key.k`."""
    plain = list(dict.fromkeys(references))
    return [r for r in plain if not any(o != r and o.startswith((f"{r}.", f"{r}[")) for o in plain)]


def state_of(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every resource of a plan's prior state."""
    yield from walk((document.get("prior_state") or {}).get("values"))


def walk(values: Any) -> Iterator[Mapping[str, Any]]:
    """Every resource of planned values or of a state, those of child modules included."""
    waiting = [(values or {}).get("root_module") or {}]
    while waiting:
        module = waiting.pop()
        yield from module.get("resources") or ()
        waiting += module.get("child_modules") or ()
