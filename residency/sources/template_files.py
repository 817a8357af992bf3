"""Opens what the gate is given: finds out what a file is, whatever encoding a shell wrote it in.

A file that is none of the kinds below is refused; it is never read as one without resources.
"""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from residency.model import Cell, CellResult, Edge, Store
from residency.sources import cloudformation, terraform
from residency.sources.cloudformation_text import TemplateError, Text, read_text
from residency.sources.templates import Context

TYPES = ("terraform-plan", "terraform-state", "cloudformation", "change-set", "cdk")
MAX_BYTES = 200 * 1024 * 1024  # a plan of 10,000 resources has about 40 MiB
MAX_STARTS = 50  # lines that a log may have before the JSON begins
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

Save = Callable[[Store | Edge], None]


class FileError(Exception):
    """A file cannot be read as what it should be: exit code 2. The message says what to do."""


@dataclass(frozen=True)
class Given:
    """What the command line says for what the files leave open."""

    type: str = "auto"
    region: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Template:
    """One plan, template or stack, ready to be read."""

    shown_as: str
    stack: str
    language: str  # "terraform" | "cloudformation"
    read: Callable[[Cell, Context, Save], CellResult]
    before: Callable[[Cell, Context, Save], CellResult] | None = None  # reads what was there before

    def as_before(self) -> Template | None:
        """What the file says was there before; None where it does not say so."""
        return replace(self, read=self.before, before=None) if self.before else None

    @property
    def cell(self) -> Cell:
        return Cell(
            source=self.shown_as,
            provider=self.language,
            account=None,
            region=None,
            service="plan" if self.language == "terraform" else "template",
            listing=Path(self.shown_as).name or self.shown_as,
        )


def open_template(name: str, stack: str, given: Given) -> list[Template]:
    """What one argument of the gate holds. FileError where nobody can say what it is, or it is damaged."""
    try:
        if name != "-" and Path(name).is_dir():
            return list(_assembly(Path(name), stack, given))
        return [_template(name, stack, given)]
    except (terraform.PlanError, TemplateError) as error:
        raise FileError(str(error)) from error


def _assembly(folder: Path, stack: str, given: Given) -> Iterator[Template]:
    if given.type not in ("auto", "cdk") or not cloudformation.is_assembly(folder):
        hint = "give the directory that `cdk synth` wrote, or a plan (`terraform show -json PLAN > plan.json`)"
        raise FileError(f"{folder}: is a directory without a CDK assembly: {hint}")
    said = cloudformation.Given(given.region, stack, given.parameters)
    found = [_of_stacks(stacks, f"{folder}#{name}", name) for name, stacks in cloudformation.assembly(folder, said)]
    if not found:
        raise FileError(f"{folder}: the assembly holds no stack")
    yield from found


def _template(name: str, stack: str, given: Given) -> Template:
    text = _text_of(_bytes_of(name), name)
    document = _json_in(text) if given.type in ("auto", "terraform-plan", "terraform-state", "change-set") else None
    if document is None and given.type in ("auto", "cloudformation"):
        return _cloudformation(read_text(text, name), name, stack, given)
    if document is None:
        terraform.read_json(text.encode(), name)  # says where it is broken
        raise FileError(f"{name}: is no {given.type}")
    if given.type == "change-set" or cloudformation.is_change_set(document):
        return _cloudformation(Text(document), name, stack, given)
    plan = terraform.as_plan(document)
    terraform.check_plan(plan, name)

    def read(cell: Cell, context: Context, save: Save) -> CellResult:
        return terraform.read_plan(plan, cell, context, save)

    def read_before(cell: Cell, context: Context, save: Save) -> CellResult:
        return terraform.read_plan(terraform.before(plan), cell, context, save)

    return Template(name, stack, "terraform", read, read_before)


def _cloudformation(text: Text, name: str, stack: str, given: Given) -> Template:
    return _of_stacks(
        cloudformation.stacks_of(text, name, cloudformation.Given(given.region, stack, given.parameters)), name, stack
    )


def _of_stacks(stacks: cloudformation.Stacks, shown_as: str, stack: str) -> Template:
    def read(cell: Cell, context: Context, save: Save) -> CellResult:
        return cloudformation.read_stacks(stacks, cell, context, save)

    return Template(shown_as, stack, "cloudformation", read)


def _bytes_of(name: str) -> bytes:
    """At most what the gate reads; FileError where it cannot be read, or where there is more."""
    try:
        if name == "-":
            raw = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(name).open("rb") as file:
                raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise FileError(f"{name}: cannot be read: {error.strerror}") from error
    if len(raw) > MAX_BYTES:
        raise FileError(f"{name}: is larger than {MAX_BYTES // 1024**2} MiB: judge its parts one by one")
    if not raw.strip():
        raise FileError(f"{name}: is empty")
    return raw


def _text_of(raw: bytes, name: str) -> str:
    """Text by its byte order mark, else UTF-16 where every second byte is zero, else UTF-8."""
    encoding = next((encoding for mark, encoding in _MARKS if raw.startswith(mark)), None)
    if encoding is None:
        zeros = [byte == 0 for byte in raw[:2]]
        encoding = "utf-16-be" if zeros == [True, False] else "utf-16-le" if zeros == [False, True] else "utf-8"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise FileError(f"{name}:{line}: is not {encoding.upper()}: save it as UTF-8") from error


def _json_in(text: str) -> Any:
    """The JSON of a plan, a state or a change set, also where lines of a log stand round it; None for other text."""
    decoder = json.JSONDecoder()
    starts = _starts(text)
    for start in starts:
        try:
            document, _ = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if terraform.is_plan(terraform.as_plan(document)) or cloudformation.is_change_set(document):
            return document
    return None


def _starts(text: str) -> Iterator[int]:
    """Where a line begins with a brace: the first of them."""
    position, found = 0, 0
    while found < MAX_STARTS and position >= 0:
        here = position + len(text[position : position + 200]) - len(text[position : position + 200].lstrip(" \t\r\n"))
        if text[here : here + 1] == "{":
            found += 1
            yield here
        newline = text.find("\n", here)
        position = newline + 1 if newline >= 0 else -1
