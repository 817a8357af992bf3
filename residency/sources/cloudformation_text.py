"""Reads a CloudFormation template from YAML or JSON, and knows the line of each resource."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, Event
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.parser import Parser

MAX_BYTES = 5 * 1024 * 1024  # CloudFormation takes 1 MiB; templates that others make hold comments
MAX_DEPTH = 100
_PLAIN = "tag:yaml.org,2002:"


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


def _from_json(text: str, shown_as: str) -> Text:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f":{error.lineno}:{error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)[:120]
        raise TemplateError(f"{shown_as}{where}: is not JSON: {reason}") from error
    resources = value.get("Resources") if isinstance(value, dict) else None
    return Text(value, _lines_in_json(text, resources if isinstance(resources, dict) else {}))


def _lines_in_json(text: str, resources: dict[str, Any]) -> dict[str, int]:
    """The line of each key below "Resources": its first appearance as a key behind that word."""
    start = re.search(r'"Resources"\s*:', text)
    found: dict[str, int] = {}
    line, position = 1, 0
    for match in re.finditer(r'"((?:[^"\\]|\\.)*)"\s*:', text[start.end() :] if start else ""):
        name = match[1]
        if name in resources and name not in found:
            end = (start.end() if start else 0) + match.start()
            line, position = line + text.count("\n", position, end), end
            found[name] = line
    return found


class _Bounded(Parser):
    """A parser that ends in bounded time and memory."""

    file = ""
    depth = 0

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
        value = _Builder().build(node) if node else None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise TemplateError(f"{shown_as}{where}: is not YAML: {str(error.problem or error.context)[:120]}") from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise TemplateError(f"{shown_as}: is not YAML: {str(error)[:120]}") from error
    return Text(value, _lines_of(node))


def _lines_of(node: Node | None) -> dict[str, int]:
    for key, value in node.value if isinstance(node, MappingNode) else ():
        if key.value == "Resources" and isinstance(value, MappingNode):
            return {str(name.value): name.start_mark.line + 1 for name, _ in value.value}
    return {}


class _Builder:
    """Nodes as plain values; `!Ref x` is `{"Ref": "x"}`, `!Sub x` is `{"Fn::Sub": "x"}`."""

    def __init__(self) -> None:
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
            return {str(key.value): self.build(value) for key, value in node.value}
        if isinstance(node, SequenceNode):
            return [self.build(item) for item in node.value]
        if str(node.tag).startswith(_PLAIN) and not str(node.tag).endswith(("timestamp", "binary")):
            return self._scalars.construct_object(node)
        return node.value


def _function(tag: str) -> str:
    return tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
