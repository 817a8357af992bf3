"""Reads a CloudFormation template from YAML or JSON, and knows the line of each resource."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, Event
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.parser import Parser
from ruamel.yaml.reader import ReaderError

MAX_BYTES = 5 * 1024 * 1024  # CloudFormation takes 1 MiB; templates that others make hold comments
MAX_DEPTH = 100
_YAML = "tag:yaml.org,2002:"
_WORKED_OUT = tuple(_YAML + name for name in ("null", "bool", "int", "float"))  # any other scalar is text
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:\n]')
# CloudFormation takes the last of two, and says that it is not defined what two sections of one name lead to
# (User Guide, template format; go-to-k/cdk-real-drift issue 1074; both read 2026-11-22).
TWICE = "the key {!r} stands twice: take one out"


class TemplateError(Exception):
    """A file is no template that can be read: exit code 2. The message says where and what to do."""


@dataclass
class Text:
    """A template as plain values, with the line on which each resource begins."""

    value: Any
    lines: dict[str, int] = field(default_factory=dict)


def read_text(text: str, shown_as: str) -> Text:
    """TemplateError with line and column where the text is no YAML and no JSON, or is too large or too deep."""
    if len(text) > MAX_BYTES:
        raise TemplateError(f"{shown_as}: is larger than 5 MiB: CloudFormation takes no template of that size")
    if text.lstrip()[:1] == "{":
        return _from_json(text, shown_as)
    return _from_yaml(text, shown_as)


def noting_repeats(twice: list[str]) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    """For a JSON decoder: writes down the keys that stand twice in a mapping, of which json takes the last."""

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice.extend(key[:80] for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        return found

    return mapping


def json_of(text: str) -> Any:
    """The value of a JSON text. ValueError where it is none, or where a key stands twice."""
    twice: list[str] = []
    value = json.loads(text, object_pairs_hook=noting_repeats(twice))
    if twice:
        raise ValueError(TWICE.format(twice[0]))
    return value


def _from_json(text: str, shown_as: str) -> Text:
    twice: list[str] = []
    try:
        value = json.loads(text, object_pairs_hook=noting_repeats(twice))
    except (ValueError, RecursionError) as error:
        where = f":{error.lineno}:{error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)[:120]
        raise TemplateError(f"{shown_as}{where}: is not JSON: {reason}") from error
    if twice:
        raise TemplateError(f"{shown_as}: {TWICE.format(twice[0])}")
    if _is_deep(value):
        raise TemplateError(f"{shown_as}: is nested deeper than {MAX_DEPTH} levels")
    return Text(value, _lines_in_json(text))


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        nests = [item for item in level if isinstance(item, dict | list)]
        level = [part for item in nests for part in (item.values() if isinstance(item, dict) else item)]
    return any(isinstance(item, dict | list) for item in level)


def _lines_in_json(text: str) -> dict[str, int]:
    """The line of each key of "Resources", in a text that was read as JSON."""
    found: dict[str, int] = {}
    line, depth, section, last, at = 1, 0, "", '""', 1
    for match in _JSON_TOKEN.finditer(text):
        token = match[0]
        if token == "\n":
            line += 1
        elif token in "{}[]":
            depth += 1 if token in "{[" else -1
        elif token != ":":
            last, at = token, line
        elif depth == 1:
            section = last
        elif depth == 2 and section == '"Resources"':
            found[str(json.loads(last))] = at
    return found


class _Bounded(Parser):
    """A parser that ends in bounded time and memory."""

    file = ""
    depth = -2  # the stream and the document begin too

    def get_event(self) -> Event:
        event: Event = super().get_event()
        line = event.start_mark.line + 1
        name = type(event).__name__
        self.depth += name.endswith("StartEvent") - name.endswith("EndEvent")
        if isinstance(event, AliasEvent):
            raise TemplateError(f"{self.file}:{line}: CloudFormation knows no YAML aliases: write the value out")
        if self.depth > MAX_DEPTH:
            raise TemplateError(f"{self.file}:{line}: is nested deeper than {MAX_DEPTH} levels")
        return event


def _from_yaml(text: str, shown_as: str) -> Text:
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 1)  # as CloudFormation reads it: `no` is false
    yaml.Parser = type("_BoundedHere", (_Bounded,), {"file": shown_as})
    try:
        node = yaml.compose(text)
        value = _Builder(shown_as).build(node) if node else None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise TemplateError(f"{shown_as}{where}: is not YAML: {str(error.problem or error.context)[:120]}") from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise TemplateError(f"{shown_as}:{line}: is not YAML: it holds a control character") from error
    except (YAMLError, ValueError, LookupError, RecursionError) as error:
        raise TemplateError(f"{shown_as}: is not YAML: {str(error)[:120]}") from error
    return Text(value, _lines_of(node))


def _lines_of(node: Node | None) -> dict[str, int]:
    for key, value in node.value if isinstance(node, MappingNode) else ():
        if key.value == "Resources" and isinstance(value, MappingNode):
            return {str(name.value): name.start_mark.line + 1 for name, _ in value.value}
    return {}


class _Builder:
    """Nodes as plain values; `!Ref x` is `{"Ref": "x"}`, `!Sub x` is `{"Fn::Sub": "x"}`."""

    def __init__(self, file: str) -> None:
        self._file = file
        yaml = YAML(typ="safe", pure=True)
        yaml.version = (1, 1)
        self._scalars = yaml.constructor

    def build(self, node: Node) -> Any:
        tag = str(node.tag or "")
        if tag.startswith("!") and len(tag) > 1:
            return {_function(tag[1:]): self._argument(tag[1:], node)}
        return self._plain(node)

    def _argument(self, function: str, node: Node) -> Any:
        value = str(node.value) if isinstance(node, ScalarNode) else self._plain(node)
        return value.split(".", 1) if function == "GetAtt" and isinstance(value, str) else value

    def _plain(self, node: Node) -> Any:
        if isinstance(node, MappingNode):
            return self._mapping(node)
        if isinstance(node, SequenceNode):
            return [self.build(item) for item in node.value]
        value = self._scalars.construct_object(node) if node.tag in _WORKED_OUT else node.value
        return node.value if isinstance(value, int) and value.bit_length() > 64 else value  # no number of a template

    def _mapping(self, node: MappingNode) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode) or str(key.tag).startswith("!"):
                raise self._refused(key, "a key is no text")
            if key.tag == _YAML + "merge":
                raise self._refused(key, "CloudFormation knows no merge keys: write the values out")
            name = str(key.value)
            if name in found:
                raise self._refused(key, TWICE.format(name[:80]))
            found[name] = self.build(value)
        return found

    def _refused(self, node: Node, reason: str) -> TemplateError:
        return TemplateError(f"{self._file}:{node.start_mark.line + 1}: {reason}")


def _function(tag: str) -> str:
    return tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
