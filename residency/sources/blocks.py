"""The resources, data sources and module calls that one file of a Terraform configuration writes, with their lines.

`serve` runs in a process of its own, which can be ended when a file takes too long: nothing else interrupts a
regular expression, and python-hcl2's for heredocs takes hours for a megabyte of empty lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lark import Tree

Key = tuple[str, ...]  # ("resource", "aws_s3_bucket", "this"), ("data", …), ("module", "db")
HEADER = ("identifier", "string")  # what stands before a block's brace: its kind, and its labels in quotes
LABELS = {"resource": 2, "data": 2, "module": 1}


@dataclass(frozen=True)
class Block:
    key: Key
    line: int
    source: str | None = None  # of a module call, where it is a literal


class UnreadableError(Exception):
    """A file that is no Terraform configuration, as far as the parser knows the language."""


def serve(asked: Connection) -> None:
    """Answer each (text, is it JSON) with its blocks, or with the words why there are none; until nobody asks."""
    while True:
        try:
            text, is_json = asked.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            asked.send(blocks_of(text, is_json))
        except UnreadableError as error:
            asked.send(str(error))


def blocks_of(text: str, is_json: bool) -> list[Block]:
    """In the order of the file. UnreadableError says where it is broken."""
    return list(_in_json(text) if is_json else _in_hcl(text))


# --- the native syntax ------------------------------------------------------------------------


def _in_hcl(text: str) -> Iterator[Block]:
    """From the parse tree itself: building python-hcl2's own objects takes longer and tells no lines."""
    import hcl2
    from lark.exceptions import LarkError

    try:
        body = hcl2.parses_to_tree(text).children[0]
    except (LarkError, RecursionError, MemoryError) as error:
        line = getattr(error, "line", None)
        raise UnreadableError(
            f"the parser does not understand line {line}" if line else type(error).__name__
        ) from error
    for block in _children(body, "block"):
        kind, *labels = (_literal(part) or "" for part in _children(block, *HEADER))
        if LABELS.get(kind) == len(labels):
            source = _source(block) if kind == "module" else None
            yield Block((kind, *labels), block.meta.line, source)


def _children(tree: Tree[str], *rules: str) -> Iterator[Tree[str]]:
    return (child for child in tree.children if getattr(child, "data", None) in rules)  # type: ignore[misc]


def _source(call: Tree[str]) -> str | None:
    for body in _children(call, "body"):
        for attribute in _children(body, "attribute"):
            if _literal(attribute.children[0]) == "source":
                return _literal(attribute.children[-1])
    return None


def _literal(part: Tree[str] | str) -> str | None:
    """A name, or a text in quotes without expressions in it; None for all else."""
    words = [part] if isinstance(part, str) else [str(token) for token in part.scan_values(lambda _: True)]
    quoted = len(words) > 1 and words[0] == words[-1] == '"'
    inner = words[1:-1] if quoted else words
    return inner[0] if len(inner) == 1 else None


# --- the JSON syntax --------------------------------------------------------------------------

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:\n]')


def _in_json(text: str) -> Iterator[Block]:
    """Labels are keys in keys (developer.hashicorp.com, JSON Configuration Syntax; 2026-11-22).

    A list of objects may stand where an object does.
    """
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(str(error)[:120]) from error
    found: dict[Key, Block] = {}
    for path, line, value in _keys(text):
        if LABELS.get(path[0]) == len(path) - 1:
            found.setdefault(path, Block(path, line))
        elif path[0] == "module" and path[2:] == ("source",) and value is not None:
            found[path[:2]] = replace(found[path[:2]], source=value)
    yield from found.values()


def _keys(text: str) -> Iterator[tuple[Key, int, str | None]]:
    """Each key that may name a block, with those around it and its line; once more with its value if that is text.

    The text is known to be JSON, whose module in the standard library tells no lines.
    """
    open_keys: list[str] = []  # one for each bracket: the key that is being read, "" in a list
    line, last, last_line, before = 1, "", 1, ""
    for token in _TOKEN.findall(text):
        if token == "\n":
            line += 1
            continue
        is_value = before == ":" and token[0] == '"'
        if token in "{[":
            open_keys.append("")
        elif token in "}]":
            open_keys.pop()
        elif token == ":":
            open_keys[-1] = last
        else:
            last, last_line = token, line
        if (is_value or token == ":") and len(open_keys) <= MAX_DEPTH:
            path = tuple(json.loads(key) for key in open_keys if key)
            yield path, last_line, json.loads(token) if is_value else None
        before = token


MAX_DEPTH = 6  # three keys, and a list around each object
