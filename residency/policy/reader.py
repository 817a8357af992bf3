"""Reads one YAML 1.2 file strictly, and knows the line and column of every value.

Anchors, aliases, tags and directives are refused: a reviewer of a pull request must be able
to read what a line means without looking elsewhere. So are duplicate keys, files over 1 MiB
and nesting deeper than 20.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, DocumentStartEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 20
MAX_ERRORS = 20
MAX_SHOWN = 80

Path_ = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Mistake:
    """One mistake in a config file. Line and column count from 1; 0 = the file as a whole."""

    file: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.text}"


class ConfigError(Exception):
    """The configuration cannot be used. Exit code 2; `mistakes` says where and what to do."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(self.lines()))

    def lines(self) -> Iterator[str]:
        """At most 20 mistakes, then how many more there are."""
        yield from (str(mistake) for mistake in self.mistakes[:MAX_ERRORS])
        if len(self.mistakes) > MAX_ERRORS:
            yield f"… and {len(self.mistakes) - MAX_ERRORS} more mistakes"


def shown(value: object) -> str:
    """A value from a file as it may appear in a message: one line, at most 80 characters."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


@dataclass(frozen=True)
class Document:
    """What one YAML file says, and where it says it."""

    file: str
    value: Any
    marks: dict[Path_, tuple[int, int]]

    def mark(self, path: Path_) -> tuple[int, int]:
        """Line and column of the value at `path`, or of the nearest thing that holds it."""
        while path not in self.marks and path:
            path = path[:-1]
        return self.marks.get(path, (1, 1))

    def mistake(self, path: Path_, text: str) -> Mistake:
        line, column = self.mark(path)
        return Mistake(self.file, line, column, text)


def read_yaml(path: Path, shown_as: str) -> Document:
    """Read one YAML file; ConfigError with line and column when it is not what it should be."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError([Mistake(shown_as, 0, 0, f"cannot be read: {error.strerror}")]) from error
    if len(raw) > MAX_BYTES:
        raise ConfigError([Mistake(shown_as, 0, 0, f"is larger than 1 MiB ({len(raw)} bytes): split it")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError([Mistake(shown_as, line, 1, "is not UTF-8: save it as UTF-8")]) from error
    return parse_yaml(text, shown_as)


def parse_yaml(text: str, shown_as: str) -> Document:
    """The same for text that is already in memory."""
    try:
        _refuse_indirection(text, shown_as)
        node = YAML(typ="rt", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise ConfigError(
            [Mistake(shown_as, line, column, f"is not YAML: {error.problem or error.context}")]
        ) from error
    except (ReaderError, YAMLError) as error:
        raise ConfigError(
            [Mistake(shown_as, 1, 1, f"is not YAML: {str(error).splitlines()[0][:MAX_SHOWN]}")]
        ) from error
    if node is None:
        raise ConfigError([Mistake(shown_as, 1, 1, "is empty: write at least `version: 1` and `kind:`")])
    builder = _Builder(shown_as)
    value = builder.build(node)
    if builder.mistakes:
        raise ConfigError(builder.mistakes)
    return Document(shown_as, value, builder.marks)


def _refuse_indirection(text: str, shown_as: str) -> None:
    depth = 0
    for event in YAML(typ="rt", pure=True).parse(text):
        line, column = event.start_mark.line + 1, event.start_mark.column + 1

        def refuse(what: str, line: int = line, column: int = column) -> ConfigError:
            return ConfigError([Mistake(shown_as, line, column, f"{what}: write the value out")])

        if isinstance(event, DocumentStartEvent) and (event.version or event.tags):
            raise refuse("`%` directives are not allowed")
        if isinstance(event, AliasEvent):
            raise refuse(f"the alias *{event.anchor} is not allowed")
        if getattr(event, "anchor", None):
            raise refuse(f"the anchor &{event.anchor} is not allowed")
        if getattr(event, "tag", None):
            raise refuse(f"the tag {shown(str(event.tag))} is not allowed")
        name = type(event).__name__
        depth += name.endswith("StartEvent") - name.endswith("EndEvent")
        if depth > MAX_DEPTH + 2:  # the stream and the document are two levels of their own
            raise refuse(f"is nested deeper than {MAX_DEPTH} levels")


class _Builder:
    """Turns nodes into plain values, and writes down where each one stands."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.marks: dict[Path_, tuple[int, int]] = {}
        self.mistakes: list[Mistake] = []
        # YAML 1.2 decides what a plain word means: `NO` and `yes` are words, not truth values.
        self._scalars = YAML(typ="safe", pure=True).constructor

    def build(self, node: Node, path: Path_ = ()) -> Any:
        self.marks[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.build(item, (*path, i)) for i, item in enumerate(node.value)]
        return self._scalars.construct_object(node)

    def _mapping(self, node: MappingNode, path: Path_) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line, column = key_node.start_mark.line + 1, key_node.start_mark.column + 1
            key = str(key_node.value)
            if not isinstance(key_node, ScalarNode):
                self.mistakes.append(Mistake(self.file, line, column, "a key must be a plain word"))
            elif key in found:
                text = f"the key {shown(key)} stands twice: remove one"
                self.mistakes.append(Mistake(self.file, line, column, text))
            else:
                found[key] = self.build(value_node, (*path, key))
                self.marks[(*path, key, "")] = (line, column)  # the key itself, for unknown keys
        return found


def validate_as(document: Document, model: type[M]) -> M:
    """The document as a typed model; ConfigError names line, column and the nearest known key."""
    try:
        return model.model_validate(document.value)
    except ValidationError as error:
        raise ConfigError(_mistake(document, model, detail) for detail in error.errors()) from error


def _mistake(document: Document, model: type[BaseModel], detail: ErrorDetails) -> Mistake:
    path = _known_path(document, detail["loc"])
    if detail["type"] == "extra_forbidden":
        return _unknown_key(document, model, path)
    text = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "missing":
        text = f"the key `{detail['loc'][-1]}` is missing"
    elif isinstance(detail["input"], str | int | float | bool):
        text = f"{text} (found {shown(detail['input'])})"
    field = next((str(part) for part in reversed(path) if isinstance(part, str)), "")
    if field and detail["type"] != "missing" and f"`{field}`" not in text:
        text = f"{field}: {text}"
    return document.mistake(path, text)


def _known_path(document: Document, loc: tuple[int | str, ...]) -> Path_:
    """Pydantic's location without the steps that stand for a choice between types."""
    path: Path_ = ()
    for part in loc:
        if (*path, part) in document.marks:
            path = (*path, part)
    return path


def _unknown_key(document: Document, model: type[BaseModel], path: Path_) -> Mistake:
    key = str(path[-1]) if path else ""
    near = difflib.get_close_matches(key, _keys_of(model), n=1, cutoff=0.5)
    hint = f": did you mean {near[0]!r}?" if near else ": remove it"
    line, column = document.mark((*path, ""))
    return Mistake(document.file, line, column, f"unknown key {shown(key)}{hint}")


def _keys_of(model: type[BaseModel]) -> list[str]:
    """Every key that may stand anywhere in the file: the hint is for a typing mistake."""
    schema = model.model_json_schema()
    keys: list[str] = list(schema.get("properties", ()))
    for part in schema.get("$defs", {}).values():
        keys.extend(part.get("properties", ()))
    return keys
