"""Composes the uses: plan, list, save, judge, report. Everything below it is joined here and nowhere else."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from residency import __version__
from residency.inventory import RunWriter, SavedRun, SavedRunError, read_run
from residency.model import Account
from residency.policy.load import Config, load_config
from residency.policy.matching import matches
from residency.policy.models import Match
from residency.policy.reader import ConfigError, Mistake
from residency.sources.waves import Planned, Progress, run_waves

RUNS = Path(".residency/runs")


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
        cell = planned.cell
        for key, wanted in self.as_dict().items():
            value = getattr(cell, key)
            open_question = planned.discovers or value is None or (key == "region" and value == "global")
            if key in ("source", "provider"):
                open_question = False
            if not open_question and not matches(Match.model_validate({key: wanted}), {key: value}):
                return False
        return True


@dataclass
class ScanOptions:
    selection: Selection = field(default_factory=Selection)
    parallel: int = 16
    timeout: float = 60.0
    retry_gaps: int = 0
    resume: SavedRun | None = None


class Interrupted(Exception):
    """The run was stopped. What was seen is saved at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(str(path))


def open_config(folder: Path) -> Config:
    """The config, with every reference to a rule checked as well."""
    from residency.rules import rules

    config = load_config(folder)
    known = rules()
    named = [(f"exceptions.yaml: {row.id}", row.rule) for row in config.exceptions.exceptions]
    named += [(f"policy {policy.id}: rules", rule) for policy in config.policies for rule in policy.rules]
    wrong = [(where, rule) for where, rule in named if rule not in known]
    if wrong:
        text = "is not a rule; the rules are " + ", ".join(sorted(known))
        raise ConfigError(Mistake(f"{config.folder}/{where}", 0, 0, f"{rule!r} {text}") for where, rule in wrong)
    return config


def today_of(config: Config) -> date:
    """The day on which things expire, in the policy's time zone."""
    return datetime.now(ZoneInfo(config.policy.timezone)).date()


def new_run_id() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def find_run(saved: str) -> Path:
    """The file of a saved run: a path, a run id, or `latest`. SavedRunError names what there is."""
    if Path(saved).is_file():
        return Path(saved)
    runs = sorted(runs_folder().glob("*.jsonl"))
    if saved == "latest" and runs:
        return runs[-1]
    chosen = runs_folder() / f"{saved}.jsonl"
    if chosen.is_file():
        return chosen
    known = ", ".join(path.stem for path in runs[-3:]) or "none"
    raise SavedRunError(f"{saved[:80]!r} is neither a file nor a saved run (the last ones in {runs_folder()}: {known})")


def runs_folder() -> Path:
    return Path(os.environ.get("RESIDENCY_RUNS", RUNS))


@contextmanager
def local_executor(parallel: int) -> Iterator[Executor]:
    """The default executor: threads. Anything that is a concurrent.futures.Executor will do."""
    executor = ThreadPoolExecutor(max_workers=parallel, thread_name_prefix="cell")
    try:
        yield executor
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


def scan(config: Config, options: ScanOptions, executor: Executor, path: Path, progress: Progress | None) -> SavedRun:
    """List everything the sources name into a saved run. Raises Interrupted when it is stopped."""
    from residency.sources.live import waves_of

    resume = options.resume
    for attempt in range(options.retry_gaps + 1):
        target = path if attempt == 0 else path.with_name(f"{path.stem}-{attempt}{path.suffix}")
        writer = RunWriter(target, _head(target.stem, "scan", options.selection, resume))
        try:
            waves = [
                waves_of(source, writer, config.atlas, options.timeout)
                for source in config.sources
                if _chosen(source.name, source.provider, options.selection)
            ]
            run_waves(
                waves, writer, executor, keep=options.selection.keeps, resumed=resume, progress=progress
            )
        except KeyboardInterrupt:
            writer.close()
            raise Interrupted(target) from None
        writer.end()
        run = resume = read_run(target)
        if not any(result.gaps and _may_pass(result) for result in run.results.values()):
            break
    return run


def _may_pass(result: object) -> bool:
    """A gap that another try could close: no refusal, and nothing that is known without asking."""
    return any(gap.status in _PASSING for gap in getattr(result, "gaps", ()))


_PASSING = frozenset({"throttled", "timeout", "unreachable", "truncated", "malformed", "error", "partial"})


def _chosen(name: str, provider: str, selection: Selection) -> bool:
    named = not selection.source or matches(Match(source=selection.source), {"source": name})
    return named and (not selection.provider or provider in selection.provider)


def _head(run_id: str, use: str, selection: Selection, resumed: SavedRun | None) -> dict[str, object]:
    started = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    head: dict[str, object] = {"id": run_id, "started": started, "tool": __version__, "use": use}
    if selection:
        head["selection"] = selection.as_dict()
    if resumed:
        head["resumes"] = resumed.id
    return head


def principal_of(accounts: list[Account]) -> str | None:
    """Who asked, as the clouds say it."""
    return next((account.principal for account in accounts if account.principal), None)
