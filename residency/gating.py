"""The gate: plans and templates as facts, judged by the same policy and the same rules as the live estate."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from residency.errors import InputError
from residency.inventory import RunWriter, SavedRun, json_id, read_run
from residency.model import Cell, CellResult, Copy, Edge, Place, Role, Said, Severity, Store
from residency.policy.load import Config
from residency.reports.json_result import fingerprint
from residency.reports.result import Result
from residency.run import Selection, head, judge_run, new_run_id, open_run, today_of, writer_of
from residency.sources.template_files import FileError, Given, Template, open_template
from residency.sources.templates import Context
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


def judge_files(files: list[str], config: Config, options: GateOptions, fail_on: str) -> Result:
    """What files lead to. InputError for a file that cannot be read."""
    opened = open_files(files, options)
    today, severity = today_of(config), Severity(fail_on)
    with gated(opened, config, options) as facts:
        known = _known_findings(opened, config, options, severity) if options.new_only else None
        return judge_run(facts, config, today, severity, known)


def open_files(files: list[str], options: GateOptions) -> list[Template]:
    """Every plan, template and stack of the files. InputError where one cannot be read."""
    if options.stack and len(files) > 1:
        raise InputError("--stack names the stores of one file; stores of two files would be taken for the same")
    given = Given(options.type, options.region, options.parameters)
    try:
        return [t for name in files for t in open_template(name, options.stack or _stack_of(name, files), given)]
    except FileError as error:
        raise InputError(str(error)) from error


@contextmanager
def gated(templates: list[Template], config: Config, options: GateOptions) -> Iterator[SavedRun]:
    """Templates as a saved run, which is kept where `facts` names a file."""
    with tempfile.TemporaryDirectory(prefix="residency-") as folder, _pointing_to(options.source_root) as at:
        path = Path(options.facts) if options.facts else Path(folder) / f"{new_run_id()}.jsonl"
        writer = writer_of(path, head(new_run_id(), "gate", Selection(), None))
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
    """Where things stand that a template names and does not make, by a saved run."""

    def __init__(self, saved: str | None) -> None:
        self.run = open_run(saved) if saved else None

    def placed(self, records: list[Store | Edge]) -> Iterator[Store | Edge]:
        """The records, with a place for each copy that names a store of the saved run as its holder."""
        own = {record.id for record in records if isinstance(record, Store)}
        copies = [copy for record in records if isinstance(record, Store) for copy in record.copies]
        wanted = {copy.holder for copy in copies if copy.place is None and copy.holder and copy.holder not in own}
        places = self._places({json_id(name) for name in wanted})
        for record in records:
            yield _placed(record, places) if isinstance(record, Store) else record

    def _places(self, wanted: set[bytes]) -> dict[str, tuple[Place, Said]]:
        """Where the stores of the saved run stand, those that stand in one place."""
        found: dict[str, tuple[Place, Said]] = {}
        if self.run is None or not wanted:
            return found
        for store in self.run.stores_with_id(wanted):
            own = [copy for copy in store.copies if copy.role is Role.PRIMARY and copy.place]
            if len(own) == 1 and own[0].place:
                found[store.id] = (own[0].place, Said(call=f"run {self.run.id}", field=str(own[0].said_by[0])))
        return found


def _placed(store: Store, places: dict[str, tuple[Place, Said]]) -> Store:
    """The store with the places that are known of what holds its copies."""
    copies = [_placed_copy(copy, places) for copy in store.copies]
    return Store.model_validate(store.model_dump() | {"copies": tuple(copies)})


def _placed_copy(copy: Copy, places: dict[str, tuple[Place, Said]]) -> Copy:
    if copy.place is not None or copy.holder not in places:
        return copy
    place, said = places[copy.holder or ""]
    known = {"place": place, "why": None, "candidates": (), "said_by": (*copy.said_by, said)}
    return Copy.model_validate(copy.model_dump() | known)


def _known_findings(opened: list[Template], config: Config, options: GateOptions, severity: Severity) -> frozenset[str]:
    """The fingerprints of what holds already: in the baseline, or in what the plans say was there before."""
    today = today_of(config)
    if options.baseline:
        result = judge_run(open_run(options.baseline), config, today, severity)
        return frozenset(map(fingerprint, result.findings))
    before = [template.as_before() for template in opened]
    if any(template is None for template in before):
        raise InputError("--new-only: a template does not say what was there before: give --baseline SAVED")
    there = GateOptions(region=options.region, source_root=options.source_root, known=options.known)
    with gated([template for template in before if template], config, there) as facts:
        return frozenset(map(fingerprint, judge_run(facts, config, today, severity).findings))


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


def _stack_of(name: str, files: list[str]) -> str:
    """The file's name; with its folders where another file has the same, so that no two stores become one."""
    if name == "-":
        return "stdin"
    stem = Path(name).stem
    alone = [Path(other).stem for other in files].count(stem) == 1
    return stem if alone else Path(name).as_posix().replace("/", ":")


def parameters_of(pairs: tuple[str, ...], files: tuple[str, ...]) -> dict[str, str]:
    """Values of parameters from `KEY=VALUE` and from files; InputError where one cannot be read."""
    import json

    found: dict[str, str] = {}
    for name in files:
        try:
            found |= _parameters_in(json.loads(Path(name).read_text("utf-8-sig")))
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise InputError(f"{name}: is no file of parameters: {str(error)[:120]}") from error
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise InputError(f"--parameter {pair[:80]!r}: write KEY=VALUE")
        found[key] = value
    return found


def _parameters_in(document: Any) -> dict[str, str]:
    """`[{"ParameterKey": …, "ParameterValue": …}]`, `{"Parameters": {…}}` or a plain mapping."""
    if isinstance(document, list):
        return {str(row["ParameterKey"]): str(row["ParameterValue"]) for row in document if "ParameterValue" in row}
    rows = document.get("Parameters", document) if isinstance(document, dict) else None
    if not isinstance(rows, dict):
        raise ValueError("neither a list of ParameterKey and ParameterValue, nor a mapping")
    return {str(key): str(value) for key, value in rows.items()}
