"""What a CloudFormation template says, with its intrinsic functions worked out as far as it can be told.

A value that depends on what is not written in the template (a parameter without a value, another stack, something
that exists only after deployment) is `Unknown`, and so is everything that is made of it. The values that a parameter
might take (`AllowedValues`) and the columns of a mapping that nobody looks up are no deployments.
(AWS CloudFormation User Guide, intrinsic function and pseudo parameter references, read 2026-11-22.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from residency.clouds.answers import Unknown
from residency.model import Why

MAX_DEPTH = 100  # of functions inside functions, and of conditions that name conditions
# Characters and elements that functions may make of one template: a few inside each other could fill any memory, and
# take any time, so that each call counts as some.
MAX_MADE, CALL = 10_000_000, 20
_HOLE = re.compile(r"\$\{([^{}$]+)\}")
# What CloudFormation fetches when it deploys, and what a change set writes for what is known only then.
_LATER = ("{{resolve:", "{{changeSet:")
_FETCHED = "AWS::SSM::Parameter::Value<"
# A call of a macro changes a template in any way it likes; these are known to change no place.
KNOWN_TRANSFORMS = frozenset(
    {
        "AWS::Serverless-2016-10-31",
        "AWS::LanguageExtensions",
        "AWS::CodeDeployBlueGreen",
        "AWS::SecretsManager-2020-07-23",
        "AWS::SecretsManager-2024-09-16",
    }
)


class _Absent:
    """AWS::NoValue: the property is taken out."""


ABSENT = _Absent()


@dataclass(frozen=True)
class Deployment:
    """Where and as what a template is deployed; None = nobody said."""

    region: str | None = None
    account: str | None = None
    stack: str | None = None
    partitions: Mapping[str, str] = field(default_factory=dict)  # region -> the partition that it belongs to
    parameters: Mapping[str, Any] = field(default_factory=dict)
    # The addresses of the stacks that this one is nested in: "Outer/Inner/".
    prefix: str = ""


@dataclass
class Values:
    """Works out the values of one template as it is deployed."""

    template: Mapping[str, Any]
    deployment: Deployment
    outputs: Callable[[str, str], Any] | None = None  # of a nested stack: its logical id and the output's name
    left: int = MAX_MADE
    _conditions: dict[str, Any] = field(default_factory=dict)

    # --- one value ----------------------------------------------------------------------------

    def of(self, value: Any, depth: int = 0) -> Any:
        """A value with its functions worked out; Unknown where it cannot be told, ABSENT where it is taken out."""
        if depth > MAX_DEPTH or self.left < 0:
            return _unknown("is nested too deeply")
        if isinstance(value, list):
            items = [self.of(item, depth + 1) for item in value]
            return [item for item in items if item is not ABSENT]
        if not isinstance(value, Mapping):
            return _unless_later(value)
        name, argument = next(iter(value.items())) if len(value) == 1 else ("", None)
        function = _FUNCTIONS.get(name)
        if function and (name != "Condition" or isinstance(argument, str)):
            return self.made(function(self, argument, depth + 1))
        # A macro or a loop may change everything that stands beside it.
        unread = next((key for key in map(str, value) if key.startswith("Fn::")), None)
        if unread:
            return _unknown(f"{unread[:80]} is not read")
        pairs = ((str(key), self.of(item, depth + 1)) for key, item in value.items())
        return {key: item for key, item in pairs if item is not ABSENT}

    def made(self, value: Any) -> Any:
        """What a function gave; Unknown where functions have made more than any stack may hold."""
        items = value if isinstance(value, list) else [value]
        self.left -= CALL + sum(len(item) + 1 if isinstance(item, str) else 1 for item in items)
        return _unknown("functions make too much of it") if self.left < 0 else _unless_later(value)

    def refer(self, name: str) -> Any:
        """What `Ref` gives."""
        if name in _PSEUDO:
            return self._pseudo(name)
        parameters = _mapping(self.template.get("Parameters"))
        if name in parameters:
            return self._parameter(name, _mapping(parameters[name]))
        if name in _mapping(self.template.get("Resources")):
            return Unknown(Why.NOT_KNOWN_YET, f"known only after {name} is made", refers_to=self.address(name))
        return _unknown(f"{name} is not in the template")

    def address(self, name: str) -> str:
        return self.deployment.prefix + name

    def _pseudo(self, name: str) -> Any:
        deployment = self.deployment
        known = {
            "AWS::Region": deployment.region,
            "AWS::AccountId": deployment.account,
            "AWS::StackName": deployment.stack,
            "AWS::Partition": deployment.partitions.get(deployment.region or ""),
            "AWS::NoValue": ABSENT,
        }
        return known.get(name) or _unknown(f"{name} is known only when it is deployed")

    def _parameter(self, name: str, parameter: Mapping[str, Any]) -> Any:
        given = self.deployment.parameters.get(name, parameter.get("Default"))
        kind = str(parameter.get("Type", "String"))
        if kind.startswith(_FETCHED):
            return _unknown(f"the parameter {name} is fetched when it is deployed")
        if str(parameter.get("NoEcho", "")).lower() == "true":
            return _unknown(f"the parameter {name} is secret")
        if given is None:
            return _unknown(f"the parameter {name} has no value: give --parameter {name}=…")
        if isinstance(given, Unknown):
            return given
        lists = kind == "CommaDelimitedList" or kind.startswith("List<")
        if lists and isinstance(given, str):
            return [item.strip() for item in given.split(",")]
        return given if isinstance(given, str | list) else _as_text(given)

    # --- functions ----------------------------------------------------------------------------

    def _ref(self, argument: Any, depth: int) -> Any:
        return self.refer(argument) if isinstance(argument, str) else _unknown("Ref of no name")

    def _get_att(self, argument: Any, depth: int) -> Any:
        parts = argument.split(".") if isinstance(argument, str) else argument
        if not isinstance(parts, list) or len(parts) < 2 or not isinstance(parts[0], str):
            return _unknown("GetAtt of no attribute")
        name, attribute = parts[0], ".".join(str(part) for part in parts[1:])
        if attribute.startswith("Outputs.") and self.outputs:
            return self.outputs(name, attribute.removeprefix("Outputs."))
        known = self.refer(name)
        return known if isinstance(known, Unknown) else _unknown(f"{name} is no resource")

    def _sub(self, argument: Any, depth: int) -> Any:
        text, given = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
        if not isinstance(text, str):
            return _unknown("Sub of no text")
        found: list[Any] = []

        def fill(match: re.Match[str]) -> str:
            if match[1].startswith("!"):
                return f"${{{match[1][1:]}}}"
            found.append(self.made(self._hole(match[1].strip(), _mapping(given), depth)))
            return found[-1] if isinstance(found[-1], str) else _as_text(found[-1]) if _is_plain(found[-1]) else ""

        filled = _HOLE.sub(fill, text)
        if len(found) == 1 and _HOLE.fullmatch(text):
            return found[0]
        return _of_parts(found) or filled

    def _hole(self, name: str, given: Mapping[str, Any], depth: int) -> Any:
        if name in given:
            return self.of(given[name], depth + 1)
        return self._get_att(name, depth) if "." in name else self.refer(name)

    def _join(self, argument: Any, depth: int) -> Any:
        separator, items = _pair(argument)
        items = self.of(items, depth)
        if isinstance(items, Unknown):
            return items
        if not isinstance(separator, str) or not isinstance(items, list):
            return _unknown("Join of no list")
        self.left -= len(separator) * len(items)
        return _of_parts(items) or (separator if self.left > 0 else "").join(map(_as_text, items))

    def _select(self, argument: Any, depth: int) -> Any:
        index, items = (self.of(part, depth) for part in _pair(argument))
        if isinstance(items, Unknown):
            return items
        if not isinstance(items, list) or not _is_plain(index):
            return _of_parts([index, *_list(items)]) or _unknown("Select of no element")
        number = int(text) if (text := _as_text(index)).isascii() and text.isdigit() and len(text) < 9 else -1
        return items[number] if 0 <= number < len(items) else _unknown("Select of no element")

    def _split(self, argument: Any, depth: int) -> Any:
        separator, text = (self.of(part, depth) for part in _pair(argument))
        if isinstance(text, str) and isinstance(separator, str) and separator:
            return text.split(separator)
        return text if isinstance(text, Unknown) else _unknown("Split of no text")

    def _find_in_map(self, argument: Any, depth: int) -> Any:
        if not isinstance(argument, list) or len(argument) < 3:
            return _unknown("FindInMap of no key")
        keys = [self.of(part, depth) for part in argument[:3]]
        found: Any = _mapping(self.template.get("Mappings"))
        for key in keys:
            if isinstance(key, Unknown):
                return key
            found = _mapping(found).get(_as_text(key))
        if found is None and len(argument) > 3:
            found = self.of(_mapping(argument[3]).get("DefaultValue"), depth)
        return _unknown("the mapping has no such key") if found is None else found

    def _if(self, argument: Any, depth: int) -> Any:
        if not isinstance(argument, list) or len(argument) != 3:
            return _unknown("If without two values")
        holds = self.condition(argument[0], depth)
        if isinstance(holds, Unknown):
            either = [self.of(part, depth) for part in argument[1:]]
            return either[0] if either[0] == either[1] else _of_parts([holds, *either])
        return self.of(argument[1] if holds else argument[2], depth)

    def _zones(self, argument: Any, depth: int) -> Any:
        return _unknown("which zones a region has is known only when it is deployed")

    def _elsewhere(self, argument: Any, depth: int) -> Any:
        return _unknown("is the output of another stack")

    def _condition(self, argument: Any, depth: int) -> Any:
        return self.condition(argument, depth)

    def _equals(self, argument: Any, depth: int) -> Any:
        parts = [self.of(part, depth) for part in _pair(argument)]
        return _of_parts(parts) or _as_text(parts[0]) == _as_text(parts[1])

    def _and(self, argument: Any, depth: int) -> Any:
        return _all(self._truths(argument, depth))

    def _or(self, argument: Any, depth: int) -> Any:
        return _not(_all([_not(part) for part in self._truths(argument, depth)]))

    def _no(self, argument: Any, depth: int) -> Any:
        truths = self._truths(argument, depth)
        return _not(truths[0]) if len(truths) == 1 else _unknown("Not of several conditions")

    def _truths(self, argument: Any, depth: int) -> list[Any]:
        return [_truth(self.of(part, depth)) for part in _list(argument) or [None]]

    def condition(self, name: Any, depth: int = 0) -> Any:
        """Whether a condition holds; Unknown where it cannot be told."""
        conditions = _mapping(self.template.get("Conditions"))
        if not isinstance(name, str) or name not in conditions:
            return _unknown(f"the condition {str(name)[:80]} cannot be told")
        if name not in self._conditions:
            self._conditions[name] = _unknown(f"the condition {name[:80]} names itself")
            self._conditions[name] = _truth(self.of(conditions[name], depth + 1))
        return self._conditions[name]


_FUNCTIONS: dict[str, Callable[[Values, Any, int], Any]] = {
    "Ref": Values._ref,
    "Condition": Values._condition,
    "Fn::GetAtt": Values._get_att,
    "Fn::Sub": Values._sub,
    "Fn::Join": Values._join,
    "Fn::Select": Values._select,
    "Fn::Split": Values._split,
    "Fn::FindInMap": Values._find_in_map,
    "Fn::If": Values._if,
    "Fn::GetAZs": Values._zones,
    "Fn::ImportValue": Values._elsewhere,
    "Fn::Equals": Values._equals,
    "Fn::And": Values._and,
    "Fn::Or": Values._or,
    "Fn::Not": Values._no,
}
_PSEUDO = frozenset(
    f"AWS::{name}"
    for name in ("Region", "AccountId", "StackName", "StackId", "Partition", "URLSuffix", "NoValue", "NotificationARNs")
)


def _unknown(reason: str) -> Unknown:
    return Unknown(Why.NOT_KNOWN_YET, reason)


def _unless_later(value: Any) -> Any:
    items = value if isinstance(value, list) else [value]
    later = any(isinstance(item, str) and any(mark in item for mark in _LATER) for item in items)
    return _unknown("is known only when it is deployed") if later else value


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _of_parts(parts: Iterable[Any]) -> Unknown | None:
    """What is made of parts of which one is not known or no text, with everything that it may name."""
    parts = list(parts)
    unknown = [part for part in parts if isinstance(part, Unknown)]
    if not unknown:
        return None if all(map(_is_plain, parts)) else _unknown("is made of what is no text")
    named = [name for part in unknown for name in ((part.refers_to,) if part.refers_to else part.one_of) if name]
    return Unknown(Why.NOT_KNOWN_YET, unknown[0].reason, one_of=tuple(dict.fromkeys(named)))


def _all(parts: list[Any]) -> Any:
    """False where one is false, whatever the others are."""
    if any(part is False for part in parts):
        return False
    return next((part for part in parts if not isinstance(part, bool)), True)


def _truth(value: Any) -> Any:
    return value if isinstance(value, bool | Unknown) else _unknown("is no condition")


def _not(part: Any) -> Any:
    return not part if isinstance(part, bool) else part


def _as_text(value: Any) -> str:
    """As CloudFormation compares and joins: everything is text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _pair(value: Any) -> tuple[Any, Any]:
    return (value[0], value[1]) if isinstance(value, list) and len(value) == 2 else (None, None)
