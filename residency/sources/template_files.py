"""Opens what the gate is given: finds out what a file is, whatever encoding a shell wrote it in.

A file that is none of the kinds below is refused; it is never read as one without resources.
"""

from __future__ import annotations

import codecs
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from residency.model import Cell, CellResult, Edge, Store
from residency.sources import cloudformation, terraform
from residency.sources.cloudformation_text import TWICE, TemplateError, Text, noting_repeats, read_text
from residency.sources.templates import Context

CHANGE_SET = "change-set"
ANY = "plan or state of Terraform, and no template or change set of CloudFormation"
MAX_BYTES = 200 * 1024 * 1024  # a plan of 10,000 resources has about 40 MiB
MAX_STARTS = 50  # braces of a log, before the JSON begins, that open no JSON
# What only a plan, a state or a change set has: where it stands beside the one that was found, there is another one.
_ONE = re.compile(r'"(?:resource_changes|root_module|lineage|terraform_version|Changes)"\s*:')
_TEMPLATE = re.compile(r'^[ \t]*Resources[ \t]*:[ \t]*$|"Resources"\s*:\s*\{', re.MULTILINE)
_HALVES = ("\\ud", "\\uD")  # half a character is written so; alone it cannot be saved in any encoding
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
    stack: str = ""  # what CloudFormation will call the stack; never guessed
    parameters: Mapping[str, str] = field(default_factory=dict)
    partitions: Mapping[str, str] = field(default_factory=dict)  # region -> the partition that it belongs to

    @property
    def of_stack(self) -> cloudformation.Given:
        return cloudformation.Given(self.region, self.stack, self.parameters, self.partitions)


@dataclass(frozen=True)
class Template:
    """One plan, template or stack, ready to be read."""

    shown_as: str
    stack: str  # names its stores that have no id yet
    language: str  # "terraform" | "cloudformation"
    read: Callable[[Cell, Context, Save], CellResult]
    before: Callable[[Cell, Context, Save], CellResult] | None = None  # reads what was there before
    parameters: frozenset[str] = frozenset()  # that a value may be given to

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


def open_template(name: str, given: Given) -> list[Template]:
    """What one argument of the gate holds. FileError where nobody can say what it is, or it is damaged."""
    try:
        if name != "-" and Path(name).is_dir():
            return list(_assembly(Path(name), given))
        return [_template(name, given)]
    except (terraform.PlanError, TemplateError) as error:
        raise FileError(str(error)) from error


def _assembly(folder: Path, given: Given) -> Iterator[Template]:
    if given.type not in ("auto", "cdk") or not cloudformation.is_assembly(folder):
        hint = "give the directory that `cdk synth` wrote, or a plan (`terraform show -json PLAN > plan.json`)"
        raise FileError(f"{folder}: is a directory without a CDK assembly: {hint}")
    said = given.of_stack
    found = [_of_stacks(stacks, f"{folder}#{name}", name) for name, stacks in cloudformation.assembly(folder, said)]
    if not found:
        raise FileError(f"{folder}: the assembly holds no stack")
    yield from found


def _template(name: str, given: Given) -> Template:
    text = _text_of(_bytes_of(name), name)
    document = _json_in(text, name) if given.type in ("auto", *terraform.KINDS, CHANGE_SET) else None
    kind = _kind_of(document)
    if kind is None and given.type in ("auto", "cloudformation"):
        return _cloudformation(_template_text(text, name, given.type), name, given)
    if kind is None:
        terraform.read_json(text.encode(), name)  # says where it is broken
    if kind is None or given.type not in ("auto", kind):
        raise FileError(f"{name}: is no {given.type}" + (f" but a {kind}" if kind else ""))
    if kind == CHANGE_SET:
        return _cloudformation(Text(document), name, given)
    return _terraform(document, kind, name)


def _template_text(text: str, name: str, kind: str) -> Text:
    """A CloudFormation template; FileError where it may have been meant as anything else."""
    if kind == "auto" and _ONE.search(text):
        raise FileError(f"{name}: holds a part of a plan, state or change set, and no whole one: make it again")
    found = read_text(text, name)
    _check_whole(found.value, text, name)
    if not cloudformation.is_template(found.value):
        raise FileError(f"{name}: is no {ANY if kind == 'auto' else 'CloudFormation template'}")
    return found


def _terraform(document: Any, kind: str, name: str) -> Template:
    plan = terraform.as_plan(document, name)
    terraform.check_plan(plan, name)

    def read(cell: Cell, context: Context, save: Save) -> CellResult:
        return terraform.read_plan(plan, cell, context, save)

    def read_before(cell: Cell, context: Context, save: Save) -> CellResult:
        return terraform.read_plan(terraform.before(plan), cell, context, save)

    return Template(name, _stem(name), "terraform", read, read_before if kind == terraform.PLAN else None)


def _cloudformation(text: Text, name: str, given: Given) -> Template:
    said = given.of_stack
    return _of_stacks(cloudformation.stacks_of(text, name, said), name, _stem(name))


def _stem(name: str) -> str:
    return "stdin" if name == "-" else Path(name).stem


def _of_stacks(stacks: cloudformation.Stacks, shown_as: str, stack: str) -> Template:
    def read(cell: Cell, context: Context, save: Save) -> CellResult:
        return cloudformation.read_stacks(stacks, cell, context, save)

    return Template(shown_as, stack, "cloudformation", read, parameters=stacks.parameters)


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


def _json_in(text: str, name: str) -> Any:
    """The JSON of a plan, a state or a change set, also where lines of a log stand round it; None for other text.

    FileError where there are two: one of them would not be judged.
    """
    twice: list[str] = []
    decoder, position, wrong = json.JSONDecoder(object_pairs_hook=noting_repeats(twice)), text.find("{"), 0
    while position >= 0 and wrong < MAX_STARTS:
        try:
            document, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            wrong += 1
            twice.clear()
            newline = text.find("\n", position)
            position = text.find("{", newline) if newline >= 0 else -1
            continue
        if _kind_of(document):
            if twice:
                raise FileError(f"{name}: {TWICE.format(twice[0])}")
            _check_alone(text, position, end, name)
            _check_whole(document, text, name)
            return document
        twice.clear()
        position = text.find("{", end)
    return None


def _kind_of(document: Any) -> str | None:
    """ "terraform-plan", "terraform-state", "change-set" or None; damaged or not."""
    return CHANGE_SET if cloudformation.is_change_set(document) else terraform.kind_of(document)


def _check_alone(text: str, start: int, end: int, name: str) -> None:
    for wanted in (_ONE, _TEMPLATE):
        if wanted.search(text, 0, start) or wanted.search(text, end):
            raise FileError(f"{name}: holds more than one plan, state or change set, or a part of one: give one a file")


def _check_whole(value: Any, text: str, name: str) -> None:
    if any(half in text for half in _HALVES):
        try:
            json.dumps(value, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError as error:
            raise FileError(f"{name}: holds half a character: make it again") from error
