"""The gate: plans and templates as facts, judged by the same policy and the same rules as the live estate."""

from __future__ import annotations

import gc
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from residency.atlas import Atlas
from residency.errors import InputError
from residency.inventory import RunWriter, SavedRun, json_id, read_run
from residency.model import Cell, CellResult, Copy, Edge, Role, Said, Severity, Store
from residency.policy.load import Config
from residency.reports.result import Result
from residency.run import Selection, head, judge_run, known_as, new_run_id, open_run, today_of, writer_of
from residency.sources.cloudformation_text import json_of
from residency.sources.template_files import FileError, Given, Template, open_template
from residency.sources.templates import Context, partitions_of_aws
from residency.sources.waves import saver


@dataclass
class GateOptions:
    type: str = "auto"
    region: str | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    stack: str | None = None
    facts: str | None = None
    source_root: str | None = None  # the folder of the root module: findings point to its lines
    new_only: bool = False
    baseline: str | None = None  # a saved run whose findings are known
    known: str | None = None  # a saved run that places what the files do not make
    stores: bool = True  # a report will ask for the stores


def judge_files(files: list[str], config: Config, options: GateOptions, fail_on: str) -> Result:
    """What files lead to. InputError for a file that cannot be read."""
    today, severity = today_of(config), Severity(fail_on)
    with _cycles_left_alone():
        opened = open_files(files, options, config.atlas)
        return _judged(opened, config, options, today, severity)


@contextmanager
def _cycles_left_alone() -> Iterator[None]:
    """A plan is read, judged and let go: looking for cycles in it costs a tenth of the time and finds none."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # what is there counts as looked at, or the first look would be at all of it
        gc.unfreeze()
        gc.enable()


def _judged(opened: list[Template], config: Config, options: GateOptions, today: date, severity: Severity) -> Result:
    with gated(opened, config, options) as facts:
        known = _known_findings(opened, config, options, severity) if options.new_only else None
        result = judge_run(facts, config, today, severity, known, options.stores)
        result.run["selection"] = result.selection  # what was left out is a matter of the judgement, not of the facts
        return result


def open_files(files: list[str], options: GateOptions, atlas: Atlas | None = None) -> list[Template]:
    """Every plan, template and stack of the files. InputError where one cannot be read."""
    partitions = partitions_of_aws(atlas) if atlas else {}
    given = Given(options.type, options.region, options.stack or "", options.parameters, partitions)
    try:
        opened = [template for name in files for template in open_template(name, given)]
    except FileError as error:
        raise InputError(str(error)) from error
    _check_parameters(opened, options.parameters)
    if options.stack and len(opened) > 1:
        raise InputError("--stack names the stores of one stack; stores of two would be taken for the same")
    return [replace(opened[0], stack=options.stack)] if options.stack else _told_apart(opened)


def _check_parameters(opened: list[Template], given: Mapping[str, str]) -> None:
    """InputError for a value that no template takes: the one that it was meant for would have its default."""
    declared = sorted({name for template in opened for name in template.parameters})
    for name in given:
        if name not in declared:
            near = ", ".join(get_close_matches(name, declared)) or ", ".join(declared[:10]) or "none"
            raise InputError(f"--parameter {name[:80]!r}: no template declares it; there is {near}")


def _told_apart(opened: list[Template]) -> list[Template]:
    """Stacks of one name are told apart by their files, with their folders, so that no two stores become one."""
    times = Counter(template.stack for template in opened)
    named = [Path(template.shown_as).as_posix().replace("/", ":") for template in opened]
    return [
        replace(template, stack=name) if times[template.stack] > 1 else template
        for template, name in zip(opened, named, strict=True)
    ]


@contextmanager
def gated(templates: list[Template], config: Config, options: GateOptions) -> Iterator[SavedRun]:
    """Templates as a saved run, which is kept where `facts` names a file."""
    with tempfile.TemporaryDirectory(prefix="residency-") as folder, _pointing_to(options.source_root) as at:
        path = Path(options.facts) if options.facts else Path(folder) / f"{new_run_id()}.jsonl"
        writer = writer_of(path, head(new_run_id(), "gate", Selection(), None, config))
        known = _Known(options.known)
        cells = [template.cell for template in templates]
        for number, cell, template in zip(writer.plan(cells), cells, templates, strict=True):
            writer.result(number, _read(template, cell, _context(template, config, options, at), writer, number, known))
        writer.end()
        yield read_run(path)


def _context(template: Template, config: Config, options: GateOptions, at: Callable[[str], str]) -> Context:
    return Context(
        stack=template.stack,
        atlas=config.atlas,
        holds=config.holds,
        local_providers=config.local_providers,
        regionless=config.regionless,
        region=options.region,
        at=at,
    )


def _read(
    template: Template, cell: Cell, context: Context, writer: RunWriter, number: int, known: _Known
) -> CellResult:
    """Save what one template leads to, with the places that a saved run knows."""
    records: list[Store | Edge] = []
    try:
        result = template.read(cell, context, records.append if known.run else saver(writer, number))
    except RecursionError as error:
        raise InputError(f"{template.shown_as}: is nested too deeply to be read") from error
    save = saver(writer, number)
    for record in known.placed(records):
        save(record)
    return result


class _Known:
    """Where things stand that a template names and does not make, and what protects them there, by a saved run."""

    def __init__(self, saved: str | None) -> None:
        self.run = open_run(saved) if saved else None

    def placed(self, records: list[Store | Edge]) -> Iterator[Store | Edge]:
        """The records, with a place for each copy that names a store of the saved run as its holder."""
        own = {record.id for record in records if isinstance(record, Store)}
        copies = [copy for record in records if isinstance(record, Store) for copy in record.copies]
        wanted = {copy.holder for copy in copies if copy.place is None and copy.holder and copy.holder not in own}
        held = self._held({json_id(name) for name in wanted})
        for record in records:
            yield _placed(record, held) if isinstance(record, Store) else record

    def _held(self, wanted: set[bytes]) -> dict[str, Copy]:
        """The stores of the saved run that stand in one place, whoever saw them, each as the copy that it is."""
        if self.run is None or not wanted:
            return {}
        seen: dict[str, list[Copy]] = {}
        for store in self.run.stores_with_id(wanted):
            seen.setdefault(store.id, []).extend(copy for copy in store.copies if copy.role is Role.PRIMARY)
        return {
            name: _seen(copies, f"run {self.run.id}")
            for name, copies in seen.items()
            if copies and all(copy.place and copy.place == copies[0].place for copy in copies)
        }


def _seen(copies: list[Copy], run: str) -> Copy:
    """Several sightings in one place as one; what protects it only where all of them agree."""
    first = copies[0]
    said = Said(call=run, field=str(first.said_by[0]))
    agreed = all(copy.control == first.control for copy in copies)
    return Copy(role=first.role, place=first.place, control=first.control if agreed else None, said_by=(said,))


def _placed(store: Store, held: dict[str, Copy]) -> Store:
    """The store with the places that are known of what holds its copies."""
    copies = [_placed_copy(copy, held) for copy in store.copies]
    return Store.model_validate(store.model_dump() | {"copies": tuple(copies)})


def _placed_copy(copy: Copy, held: dict[str, Copy]) -> Copy:
    there = held.get(copy.holder or "")
    if copy.place is not None or there is None:
        return copy
    known = {"place": there.place, "why": None, "candidates": (), "said_by": (*copy.said_by, *there.said_by)}
    return Copy.model_validate(copy.model_dump() | known | {"control": copy.control or there.control})


def _known_findings(
    opened: list[Template], config: Config, options: GateOptions, severity: Severity
) -> dict[str, frozenset[str]]:
    """The findings of what holds already: in the baseline, or in what the plans say was there before."""
    if options.baseline:
        return _findings_of(open_run(options.baseline), config, severity)
    before = [template.as_before() for template in opened]
    if any(template is None for template in before):
        raise InputError("--new-only: only a plan says what was there before: give --baseline SAVED")
    there = GateOptions(region=options.region, source_root=options.source_root, known=options.known)
    with gated([template for template in before if template], config, there) as facts:
        return _findings_of(facts, config, severity)


def _findings_of(run: SavedRun, config: Config, severity: Severity) -> dict[str, frozenset[str]]:
    """Each by its name, with the stores that it counts.

    All but those of copies that nothing places: nobody can say that they are the same ones.
    """
    findings = judge_run(run, config, today_of(config), severity, {}, stores=False).findings
    told = (f for f in findings if not f.subject.role or f.subject.place or f.subject.holder)
    return {known_as(finding): finding.stores for finding in told}


@contextmanager
def _pointing_to(source_root: str | None) -> Iterator[Callable[[str], str]]:
    """What a fact of a plan points to: the file and line of its source where that is known, else its address."""
    if source_root is None:
        yield str
        return
    from residency.sources.source_lines import SourceLines

    with SourceLines(Path(source_root)) as lines:
        below = _from_here(Path(source_root))

        def at(address: str) -> str:
            found = lines.at(address)
            return f"{below}{found}" if found else address

        yield at


def _from_here(root: Path) -> str:
    """The folder as seen from where the gate runs, which in a pipeline is the repository; empty where it is outside."""
    here = Path.cwd().resolve()
    inside = root.resolve().is_relative_to(here)
    below = root.resolve().relative_to(here).as_posix() if inside else "."
    return "" if below == "." else f"{below}/"


def parameters_of(pairs: tuple[str, ...], files: tuple[str, ...]) -> dict[str, str]:
    """Values of parameters from `KEY=VALUE` and from files; InputError where one cannot be read."""
    found: dict[str, str] = {}
    for name in files:
        try:
            found |= _parameters_in(json_of(Path(name).read_text("utf-8-sig")))
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(f"{name}: is no file of parameters: {str(error)[:120]}") from error
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise InputError(f"--parameter {pair[:80]!r}: write KEY=VALUE")
        found[key] = value
    return found


def _parameters_in(document: Any) -> dict[str, str]:
    """`[{"ParameterKey": …, "ParameterValue": …}]`, `{"Parameters": {…}}` or a plain mapping.

    A row with `UsePreviousValue` has no value here. ValueError where it is none of these.
    """
    if isinstance(document, list) and all(isinstance(row, dict) and "ParameterKey" in row for row in document):
        given = [row for row in document if "ParameterValue" in row]
        return {_as_text(row["ParameterKey"]): _as_text(row["ParameterValue"]) for row in given}
    rows = document.get("Parameters", document) if isinstance(document, dict) else None
    if not isinstance(rows, dict):
        raise ValueError("neither a list of ParameterKey and ParameterValue, nor a mapping")
    return {key: _as_text(value) for key, value in rows.items()}


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        raise ValueError(f"{str(value)[:80]!r} is no value of a parameter: write a text")
    return str(value)
