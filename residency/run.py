"""Composes the uses: plan, list, save, judge, report. Everything below it is joined here and nowhere else."""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from residency import __version__
from residency.countries import country_name
from residency.errors import InputError
from residency.inventory import RunWriter, SavedRun, SavedRunError, read_run
from residency.judge import Judge, Summary, exit_code_of, verdict_of
from residency.model import Account, Cell, CellResult, Finding, FindingStatus, Severity, Status
from residency.policy.load import Config, load_config
from residency.policy.matching import matches
from residency.policy.models import Match, Policy, Source
from residency.reports.json_result import fingerprint
from residency.reports.result import Result, Spool, store_as_json
from residency.reports.text import printable
from residency.rules import rules
from residency.rules.papers import check_states, vendor_verdict
from residency.sources.waves import Found, Planned, Progress, Wave, run_waves

RUNS = Path(".residency/runs")
_LOG = logging.getLogger("residency")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Selection:
    """What the command line narrows a run to; empty = everything."""

    source: tuple[str, ...] = ()
    provider: tuple[str, ...] = ()
    account: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    service: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any((self.source, self.provider, self.account, self.region, self.service))

    def as_dict(self) -> dict[str, list[str]]:
        return {key: list(value) for key, value in vars(self).items() if value}

    def keeps(self, planned: Planned) -> bool:
        """Discovery stays: it is how the selected cells are found. What belongs to no region stays too."""
        wanted = self.as_dict()
        return all(_is_open(key, planned) or _named(key, wanted[key], getattr(planned.cell, key)) for key in wanted)


def _is_open(key: str, planned: Planned) -> bool:
    """A selector cannot drop this cell: the cell does not say, or what it finds out is a matter of every service."""
    cell = planned.cell
    if key in ("source", "provider"):
        return False
    if planned.discovers or getattr(cell, key) is None:
        return True
    if key == "service":
        return not cell.lists
    # The zones of a region are asked in one account for all.
    return cell.region == "global" if key == "region" else cell.service == "geography"


def _named(key: str, globs: Iterable[str], value: str | None) -> bool:
    return matches(Match.model_validate({key: list(globs)}), {key: value})


@dataclass
class ScanOptions:
    selection: Selection = field(default_factory=Selection)
    parallel: int = 16
    timeout: float = 60.0
    retry_gaps: int = 0
    resume: SavedRun | None = None
    save: bool = True
    only_plan: bool = False
    planned: list[Cell] = field(default_factory=list)  # with `only_plan`: what a scan would ask
    accounts: set[str] = field(default_factory=set)  # that the sources came by

    def keeps(self, planned: Planned) -> bool:
        """Whether a cell is in this run."""
        self.accounts.add(planned.cell.account or "")
        if not self.only_plan or planned.discovers:
            return self.selection.keeps(planned)
        if planned.run and self.selection.keeps(planned):
            self.planned.append(planned.cell)
        return False


class Interrupted(Exception):
    """The run was stopped. What was seen is saved at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(str(path))


def open_config(folder: Path) -> Config:
    """The config, with every reference to a rule checked as well."""
    config = load_config(folder)
    config.check_rules(rules())
    return config


def config_of(run: SavedRun, given: Path | None, default: Path) -> Config:
    """What a saved run is judged by: the config that is given, else its own where that is still there, else `default`.

    One warning tells of a config that is not what the run was made with. A run of an earlier version names none.
    """
    own = run.head.get("config")
    path, digest = (str(own.get("path")), own.get("sha256")) if isinstance(own, dict) else ("", None)
    folder = given or (Path(path) if path and Path(path).is_dir() else default)
    config = open_config(folder)
    if digest not in (None, config.sha256):
        same = folder.resolve() == Path(path).resolve()
        what = "was another when" if same else f"is not {printable(path)}, with which"
        text = "the config %s %s the run %s was made: what is said here may differ from what the run said"
        _LOG.warning(text, folder, what, printable(run.id))
    return config


def today_of(config: Config) -> date:
    """The day on which things expire, in the policy's time zone."""
    return datetime.now(ZoneInfo(config.policy.timezone)).date()


def new_run_id() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def open_run(saved: str) -> SavedRun:
    """A saved run by path, by run id, or `latest`."""
    return read_run(find_run(saved))


def find_run(saved: str) -> Path:
    """The file of a saved run: a path, a run id, or `latest`. SavedRunError names what there is."""
    if Path(saved).is_file():
        return Path(saved)
    runs = sorted(runs_folder().glob("*.jsonl"), key=_run_and_retry)
    if saved == "latest" and runs:
        return runs[-1]
    chosen = runs_folder() / f"{saved}.jsonl"
    if chosen.is_file():
        return chosen
    known = ", ".join(path.stem for path in runs[-3:]) or "none"
    raise SavedRunError(f"{saved[:80]!r} is neither a file nor a saved run (the last ones in {runs_folder()}: {known})")


def _run_and_retry(path: Path) -> tuple[str, int]:
    """Orders saved runs: a retry comes after what it goes on with, and the tenth after the ninth."""
    run, _, retry = path.stem.rpartition("-")
    # What ends the name of a first try has six digits (`new_run_id`), and may be a number too.
    return (run, int(retry)) if retry.isdecimal() and len(retry) < 3 else (path.stem, 0)


def runs_folder() -> Path:
    return Path(os.environ.get("RESIDENCY_RUNS", RUNS))


@contextmanager
def folder_for(options: ScanOptions) -> Iterator[Path]:
    """Where the facts of a scan stand: the folder of runs, or one that is gone when they were judged.

    What an interrupted run saw is kept in any case: it can be gone on with.
    """
    if options.save and not options.only_plan:
        yield runs_folder()
        return
    with tempfile.TemporaryDirectory(prefix="residency-") as folder:
        try:
            yield Path(folder)
        except Interrupted as stopped:
            runs_folder().mkdir(parents=True, exist_ok=True)
            kept = shutil.move(stopped.path, runs_folder() / stopped.path.name)
            raise Interrupted(Path(kept)) from None


def scan_into(folder: Path, config: Config, options: ScanOptions, progress: Progress | None) -> SavedRun:
    """Scan with the local executor into a new file of a folder."""
    path = folder / f"{new_run_id()}.jsonl"
    executor = ThreadPoolExecutor(max_workers=options.parallel, thread_name_prefix="cell")
    try:
        return scan(config, options, executor, path, progress)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


def scan(config: Config, options: ScanOptions, executor: Executor, path: Path, progress: Progress | None) -> SavedRun:
    """List everything the sources name into a saved run. Raises Interrupted when it is stopped.

    `executor`: anything that is a concurrent.futures.Executor and shares this process' files.
    """
    from residency.sources.live import waves_of

    sources = _selected_sources(options.selection, config)
    resume = options.resume
    found_out: dict[Cell, Found] = {}
    for attempt in range(options.retry_gaps + 1):
        target = path if attempt == 0 else path.with_name(f"{path.stem}-{attempt}{path.suffix}")
        first = head(target.stem, "scan", options.selection, resume, config) | _taken_over(options.resume)
        writer = writer_of(target, first)
        try:
            heard = resume.geographies if resume else []
            waves = [waves_of(source, writer, config.atlas, options.timeout, heard) for source in sources]
            run_waves(
                waves,
                writer,
                executor,
                keep=options.keeps,
                resumed=resume,
                found_out=found_out,
                progress=progress,
            )
            run_waves([_accounts_not_found(options)], writer, executor)
        except KeyboardInterrupt:
            writer.close()
            raise Interrupted(target) from None
        writer.end()
        run = resume = read_run(target)
        if not any(_may_pass(result) for result in run.results.values()):
            break
    return run


def _may_pass(result: CellResult) -> bool:
    """It has a gap that another try could close: no refusal, and nothing that is known without asking."""
    return any(gap.status in _PASSING for gap in result.gaps)


_PASSING = frozenset({"throttled", "timeout", "unreachable", "truncated", "malformed", "error", "partial"})


def _taken_over(resumed: SavedRun | None) -> dict[str, object]:
    """For the head: the earlier runs, with their day, of which facts may stand in this one; the nearest first."""
    if not resumed:
        return {}
    nearest = {"id": resumed.id, "started": resumed.head["started"]}
    return {"took_over": [nearest, *resumed.head.get("took_over", [])]}


def _accounts_not_found(options: ScanOptions) -> Wave:
    """A gap for every selected account that no source came by."""
    unmet = [
        glob for glob in options.selection.account if not any(_named("account", [glob], a) for a in options.accounts)
    ]
    yield [
        Planned(
            Cell(source="run", provider="run", account=None, region=None, service="run", listing=f"--account {glob}"),
            status=Status.UNSUPPORTED,
            code="no-account",
            reason=f"no source came by an account {glob}",
        )
        for glob in unmet
    ]


def _selected_sources(selection: Selection, config: Config) -> list[Source]:
    """The sources of a scan. InputError where a selector names nothing that this config could meet.

    Accounts are known when they were discovered, and not before: see `_accounts_not_found`.
    """
    from residency.services import PROVIDERS, listings

    _refuse_unknown("source", selection.source, {source.name for source in config.sources})
    _refuse_unknown("provider", selection.provider, {source.provider for source in config.sources})
    services = {listing.service for provider in PROVIDERS for listing in listings(provider)}
    _refuse_unknown("service", selection.service, services | {"account", "organization", "geography", "sweep"})
    wanted = [(key, globs) for key in ("source", "provider") if (globs := getattr(selection, key))]
    names = [(source, {"source": source.name, "provider": source.provider}) for source in config.sources]
    chosen = [source for source, named in names if all(_named(key, globs, named[key]) for key, globs in wanted)]
    _refuse_unknown("region", selection.region, {"global", *_regions(config, {source.provider for source in chosen})})
    return chosen


def _regions(config: Config, providers: set[str]) -> Iterator[str]:
    """Every region that the atlas holds of some providers, in all their partitions (`aws`, `aws-cn`)."""
    for entry in config.atlas.entries.values():
        if entry.kind == "region" and any(f"{entry.namespace}-".startswith(f"{provider}-") for provider in providers):
            yield entry.code


def _refuse_unknown(key: str, globs: Iterable[str], known: set[str]) -> None:
    for glob in globs:
        if not any(_named(key, [glob], name) for name in known):
            near = get_close_matches(glob, sorted(known), n=3) or sorted(known)[:10]
            raise InputError(f"--{key} {printable(glob)} names no {key}; near: {', '.join(near) or 'none'}")


def head(run_id: str, use: str, selection: Selection, resumed: SavedRun | None, config: Config) -> dict[str, object]:
    """The first record of a run. Its config is named so that the run can be explained by what it was made with."""
    started = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    head: dict[str, object] = {"id": run_id, "started": started, "tool": __version__, "use": use}
    head["config"] = {"path": str(Path(config.folder).resolve()), "sha256": config.sha256}
    if selection:
        head["selection"] = selection.as_dict()
    if resumed:
        head["resumes"] = resumed.id
    return head


def writer_of(path: Path, head: dict[str, object]) -> RunWriter:
    """InputError where the facts cannot be saved."""
    try:
        return RunWriter(path, head)
    except OSError as error:
        raise InputError(f"{path}: the facts cannot be saved there: {error.strerror}") from error


def principal_of(accounts: list[Account]) -> str | None:
    """Who asked, as the clouds say it."""
    return next((account.principal for account in accounts if account.principal), None)


def judge_run(
    run: SavedRun,
    config: Config,
    today: date,
    fail_on: Severity,
    known: Mapping[str, frozenset[str]] | None = None,
    stores: bool = True,
) -> Result:
    """Judge saved facts into a result; its stores wait in a spool until a report reads them.

    `known`: findings, by `known_as`, that are left out, each with the stores that it counted: one that counts another
    store is new. How many were left out is said. Gaps are never left out.
    `stores`: whether a report will ask for the stores.
    """
    judge = Judge(run, config, today, compared=known is not None)
    spool = Spool(stores)
    findings: list[Finding] = []
    for judged, found in judge.stores():
        if stores:
            spool.add(store_as_json(judged))
        findings += found
    findings += judge.conclude()
    selection = dict(run.head.get("selection", {}))
    if known is not None:
        new = [f for f in findings if f.rule == "coverage-gap" or not _is_known(f, known)]
        selection["new-only"] = [f"{len(findings) - len(new)} known findings left out"]
        findings = new
        judge.summary.violations = sum(f.status is FindingStatus.VIOLATION for f in findings)
        judge.summary.decisions = sum(f.assumed for f in findings)
    planned = sum(level.checked for level in judge.levels)
    used = judge.world.used
    rows = (*config.exceptions.exceptions, *config.coverage.accept, *config.coverage.scope.out)
    return Result(
        run=_run_head(run, config),
        verdict=verdict_of(judge.summary, findings, planned),
        exit_code=exit_code_of(findings, planned, fail_on),
        summary=_summary(judge.summary),
        vendors=_vendors(config, today),
        findings=findings,
        levels=judge.levels,
        spool=spool,
        today=today,
        selection=selection,
        approvals={row.id: row for row in rows if row.id in used},
        replaced=config.replaced,
        allowed=config.policy.location.allow,
        allowed_names={language: _allowed_names(config.policy, language) for language in ("en", "ja")},
    )


def _is_known(finding: Finding, known: Mapping[str, frozenset[str]]) -> bool:
    name = known_as(finding)
    return name in known and finding.stores <= known[name]


def known_as(finding: Finding) -> str:
    """What makes a finding the one that was there before: it became no graver, and of a store nothing changed."""
    facts = sorted(finding.facts.items()) if finding.subject.kind == "store" else ()
    return repr((fingerprint(finding), finding.status.value, finding.severity.value, facts))


def _allowed_names(policy: Policy, language: str) -> tuple[str, ...]:
    """What the policy calls the places that it allows; a country that it allows by its code has its own name."""
    known = {jurisdiction.id: getattr(jurisdiction.name, language) for jurisdiction in policy.jurisdictions}
    return tuple(known.get(name) or country_name(name, language) for name in policy.location.allow)


def _run_head(run: SavedRun, config: Config) -> dict[str, Any]:
    policy = config.policy
    return {
        "id": run.id,
        "started": run.head["started"],
        "ended": run.ended,
        "tool": __version__,
        "principal": principal_of(run.accounts),
        "facts_sha256": run.sha256,
        "policy": {"id": policy.id, "sha256": config.policy_sha256[policy.id]},
        "policies": [{"id": p.id, "sha256": config.policy_sha256[p.id]} for p in config.policies],
        "config_sha256": config.sha256,
        "atlas": {"as_of": config.atlas.as_of, "sha256": config.atlas.sha256},
        "timezone": policy.timezone,
        "selection": run.head.get("selection", {}),
        "took_over": run.head.get("took_over", []),
        "replaced": config.replaced,
    }


def _summary(summary: Summary) -> dict[str, Any]:
    counts = {key: value for key, value in vars(summary).items() if key != "by_country"}
    not_one = {"??": summary.by_country["??"], "mixed": summary.by_country["mixed"]}
    return counts | {"by_country": dict(sorted(summary.by_country.items())) | not_one}


def _vendors(config: Config, today: date) -> list[dict[str, Any]]:
    found = []
    for vendor in config.vendors.values():
        states = check_states(vendor, config.policy, today)
        entry = {"id": vendor.id, "state": vendor.state, "verdict": vendor_verdict(vendor, states), "checks": states}
        found.append(entry)
    return found


def expect_policies(config: Config, expected: tuple[str, ...]) -> None:
    """InputError when a policy in force is not one of the expected ones, or an expected digest is not whole.

    The twelve digits of a report are no pin: 2^48 files are tried in hours until a weaker policy begins alike.
    """
    wanted = {text.removeprefix("sha256:").lower() for text in expected}
    if not all(_DIGEST.fullmatch(text) for text in wanted):
        raise InputError("--expect-policy: give all 64 digits of the digest, as `residency validate` prints them")
    for policy, digest in config.policy_sha256.items() if wanted else ():
        if digest not in wanted:
            raise InputError(f"the policy {policy} is sha256:{digest}, which --expect-policy does not name")


def judged(run: SavedRun, config: Config, fail_on: str, stores: bool = True) -> Result:
    return judge_run(run, config, today_of(config), Severity(fail_on), stores=stores)


def plan_as_text(run: SavedRun, planned: list[Cell]) -> str:
    """What a scan would ask: cells by service, and how many calls at the least; and what could not be planned."""
    asked = Counter(cell.service for cell in planned)
    lines = [f"{result.cell}: {result.status.value}\n" for result in run.closed_results() if result.gaps]
    lines += [f"{service}: {count} cells, at least {count} calls\n" for service, count in sorted(asked.items())]
    return "".join(lines) + f"in all {sum(asked.values())} cells; no paid request\n"
