"""Reads one YAML 1.2 file strictly, and knows the line and column of every value.

Anchors, aliases, tags and directives are refused: a reviewer of a pull request must be able
to read what a line means without looking elsewhere. So are duplicate keys, files over 1 MiB
and nesting deeper than 20.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, DocumentStartEvent, Event
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.parser import Parser
from ruamel.yaml.reader import ReaderError

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 20
MAX_ERRORS = 20
MAX_SHOWN = 80
MAX_NUMBER = 2**63

# An escape beyond the last character of Unicode; ruamel.yaml gives it to chr() as it stands.
_NO_CHARACTER = re.compile(r"\\U(?!000|0010)[0-9A-Fa-f]{8}")

Path_ = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)

CHOICE = "provider"  # the key that decides which type a row has; pydantic puts its value into a location


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
    return cut(repr(value))


def cut(text: str) -> str:
    """A text that may repeat a value from a file, at most 80 characters of it."""
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
        line, column = _position(raw[: error.start].decode("utf-8-sig"))
        raise ConfigError([Mistake(shown_as, line, column, "is not UTF-8: save it as UTF-8")]) from error
    return parse_yaml(text, shown_as)


def read_shipped(path: Path, shown_as: str) -> Document:
    """A file of the package, without marks. A test reads each of them strictly too, and finds the same.

    libyaml takes a tenth of the time, and a start is mostly reading what is shipped.
    """
    try:
        from residency.policy.libyaml import load
    except ImportError:  # PyYAML was built without it
        return read_yaml(path, shown_as)
    return Document(shown_as, load(path.read_bytes()), {})


def parse_yaml(text: str, shown_as: str) -> Document:
    """The same for text that is already in memory."""
    try:
        node = _compose(text, shown_as)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = cut(str(error.problem or error.context))
        raise ConfigError([Mistake(shown_as, line, column, f"is not YAML: {problem}")]) from error
    except ReaderError as error:
        line, column = _position(text[: error.position])
        problem = f"the character U+{error.character:04X} is not allowed"
        raise ConfigError([Mistake(shown_as, line, column, f"is not YAML: {problem}")]) from error
    except YAMLError as error:
        raise ConfigError([Mistake(shown_as, 1, 1, f"is not YAML: {cut(str(error))}")]) from error
    except ValueError as error:
        found = _NO_CHARACTER.search(text)
        line, column = _position(text[: found.start()]) if found else (1, 1)
        raise ConfigError([Mistake(shown_as, line, column, "is not YAML: the escape is no character")]) from error
    if node is None:
        raise ConfigError([Mistake(shown_as, 1, 1, "is empty: write at least `version: 1` and `kind:`")])
    builder = _Builder(shown_as)
    value = builder.build(node)
    if builder.mistakes:
        raise ConfigError(builder.mistakes)
    return Document(shown_as, value, builder.marks)


def _position(before: str) -> tuple[int, int]:
    """Line and column, counted from 1, of what follows a text."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


class _Strict(Parser):
    """A parser that lets through what a reviewer can read in one place, and nothing else."""

    file, text = "", ""
    depth = documents = 0

    def get_event(self) -> Event:
        event: Event = super().get_event()
        self._check(event)
        return event

    def _check(self, event: Event) -> None:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        refused = _indirection(event)
        name = type(event).__name__
        self.depth += name.endswith("StartEvent") - name.endswith("EndEvent")
        if self.depth > MAX_DEPTH + 2:  # the stream and the document are two levels of their own
            refused = f"is nested deeper than {MAX_DEPTH} levels"
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            directive = _directive(self.text, event.start_mark.line) if self.documents == 1 else None
            if directive:
                refused, line, column = "`%` directives are not allowed: remove the line", directive, 1
            elif self.documents > 1:
                refused = "a second document starts here: one file holds one document"
        if refused:
            raise ConfigError([Mistake(self.file, line, column, refused)])


def _compose(text: str, shown_as: str) -> Node | None:
    yaml = YAML(typ="safe", pure=True)
    yaml.Parser = type("_StrictHere", (_Strict,), {"file": shown_as, "text": text})
    return yaml.compose(text)  # type: ignore[no-any-return]


def _indirection(event: Event) -> str | None:
    anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
    if isinstance(event, AliasEvent):
        return f"the alias {shown(f'*{anchor}')} is not allowed: write the value out"
    if anchor:
        return f"the anchor {shown(f'&{anchor}')} is not allowed: write the value out"
    if tag:
        return f"the tag {shown(str(tag))} is not allowed: remove it"
    return None


def _directive(text: str, lines: int) -> int | None:
    """The number of the first directive above a document; the parser drops one that it does not know."""
    above = text.lstrip("\ufeff").splitlines()[:lines]
    return next((number for number, line in enumerate(above, start=1) if line.startswith("%")), None)


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
        return self._scalar(node)

    def _scalar(self, node: Node) -> Any:
        try:
            value = self._scalars.construct_object(node)
            if isinstance(value, int) and abs(value) >= MAX_NUMBER:
                raise ValueError("a number of more than 64 bits")
            if not _is_text(node.value):
                raise ValueError("half a character")
        except (ValueError, YAMLError):
            line, column = node.start_mark.line + 1, node.start_mark.column + 1
            text = f"{shown(node.value)} is no value: there is no such day or number; put a text in quotes"
            self.mistakes.append(Mistake(self.file, line, column, text))
            return None
        return value

    def _mapping(self, node: MappingNode, path: Path_) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line, column = key_node.start_mark.line + 1, key_node.start_mark.column + 1
            key = str(key_node.value)
            if not isinstance(key_node, ScalarNode) or not _is_text(key):
                self.mistakes.append(Mistake(self.file, line, column, "a key must be a plain word"))
            elif key in found:
                text = f"the key {shown(key)} stands twice: remove one"
                self.mistakes.append(Mistake(self.file, line, column, text))
            else:
                found[key] = self.build(value_node, (*path, key))
                self.marks[(*path, key, "")] = (line, column)  # the key itself, for unknown keys
        return found


def _is_text(value: str) -> bool:
    """False for the half of a character that an escape such as `\\ud800` names."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


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
        return document.mistake(path, f"the key `{detail['loc'][-1]}` is missing")
    if detail["type"] == "union_tag_not_found":
        return document.mistake(path, f"the key `{CHOICE}` is missing")
    if detail["type"] == "union_tag_invalid":  # its own text repeats the whole value
        path = (*path, CHOICE)
        text = f"is not one of {detail['ctx']['expected_tags']} (found {shown(detail['ctx']['tag'])})"
    elif isinstance(detail["input"], str | int | float | bool):
        text = f"{text} (found {shown(detail['input'])})"
    named = path or detail["loc"]  # a value that was taken over from the shipped file has no mark
    field = next((str(part) for part in reversed(named) if isinstance(part, str)), "")
    if field and f"`{field}`" not in text:
        text = f"{cut(field if field.isprintable() else repr(field))}: {text}"
    return document.mistake(path, text)


def _known_path(document: Document, loc: tuple[int | str, ...]) -> Path_:
    """Pydantic's location without the steps that stand for a choice between types."""
    path: Path_ = ()
    value = document.value
    for part in loc:
        chosen = isinstance(value, dict) and value.get(CHOICE) == part
        if (*path, part) in document.marks and not chosen:
            path, value = (*path, part), _below(value, part)
    return path


def _below(value: Any, part: Any) -> Any:
    return value[part] if isinstance(value, dict | list) else None


def _unknown_key(document: Document, model: type[BaseModel], path: Path_) -> Mistake:
    key = str(path[-1]) if path else ""
    others = [name for name in _keys_of(model) if name != key]  # it may be right elsewhere in the file
    near = difflib.get_close_matches(key, others, n=1, cutoff=0.5)
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
