"""coverage.yaml with one more row: comments and order stay, and a row that proves wrong is taken back."""

from __future__ import annotations

import io
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString
from ruamel.yaml.util import load_yaml_guess_indent

from residency.errors import InputError
from residency.policy.reader import ConfigError

FILE = "coverage.yaml"
_NEW = "version: 1\nkind: coverage\n"
_WIDTH = 120  # a line that was longer stays as long
_NESTED = re.compile(r"^\w+:[ \t]*\n(?:[ \t]*#.*\n)*( +)\w", re.MULTILINE)


@contextmanager
def written(path: Path, row: dict[str, Any]) -> Iterator[None]:
    """Write the row for as long as nobody objects: after an error inside, the file is as it was."""
    try:
        before = path.read_bytes() if path.exists() else None
        replace_file(path, with_row(before, row))
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        yield
    except BaseException as error:
        _restore(path, before)
        if isinstance(error, InputError | ConfigError):
            raise InputError(f"{path} is as it was: {error}") from error
        raise


def _restore(path: Path, before: bytes | None) -> None:
    if before is None:
        path.unlink()
    else:
        replace_file(path, before)


def replace_file(path: Path, content: bytes) -> None:
    """The whole file or nothing; a file that was there keeps its mode."""
    target = path.resolve()
    part = target.with_name(f".{target.name}.part")
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    try:
        part.write_bytes(content)
        if mode is not None:
            part.chmod(mode)
        os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def with_row(before: bytes | None, row: dict[str, Any]) -> bytes:
    """What the file says with one more row of `accept`, indented as the file is."""
    text = (before or _NEW.encode()).decode("utf-8-sig")
    yaml = _yaml(max(map(len, text.splitlines())))
    content, indent, offset = load_yaml_guess_indent(text, yaml=yaml)
    nested = _NESTED.search(text)
    yaml.map_indent = len(nested[1]) if nested else yaml.map_indent
    if offset is not None:  # there is a list already
        yaml.sequence_indent, yaml.sequence_dash_offset = indent, offset
    rows = content.get("accept") or CommentedSeq()
    rows.append(_node(row))
    rows.fa.set_block_style()
    content["accept"] = rows
    dumped = _dumped(yaml, content)
    return (dumped.replace("\n", "\r\n") if "\r\n" in text else dumped).encode()


def stanza(row: dict[str, Any]) -> str:
    """The row alone, as it stands in a file."""
    return _dumped(_yaml(), CommentedMap(accept=CommentedSeq([_node(row)])))


def _yaml(longest: int = 0) -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = max(_WIDTH, longest)
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _dumped(yaml: YAML, content: CommentedMap) -> str:
    text = io.StringIO()
    yaml.dump(content, text)
    return text.getvalue()


def _node(row: dict[str, Any]) -> CommentedMap:
    """One key a line; `match` and `cause` in one line each. What a match names is text, also an account id."""
    node = CommentedMap()
    for key, value in row.items():
        node[key] = _flow(value) if isinstance(value, dict) else value
    return node


def _flow(values: dict[str, str]) -> CommentedMap:
    node = CommentedMap({key: DoubleQuotedScalarString(value) for key, value in values.items()})
    node.fa.set_flow_style()
    return node
