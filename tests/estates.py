"""The embedded estate in this process: a server that is up as long as the process is, and scans of it."""

from __future__ import annotations

import atexit
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from residency.demo.config import write_config
from residency.demo.estate import move_in
from residency.demo.estate.company import ANALYTICS, MEMBERS, PLATFORM
from residency.demo.server import Answer, Call, Change
from residency.inventory import SavedRun
from residency.judge import exit_code_of
from residency.model import Finding, Gap, Severity
from residency.policy.load import Config
from residency.rules.base import JudgedStore
from residency.run import ScanOptions, Selection, open_config, scan_into
from residency.sources.aws import _session
from tests import serving
from tests.build import TODAY, judge
from tests.measuring import unmeasured
from tests.serving import Served, a_server, demo_environment


@dataclass
class Seen:
    """What came of one scan."""

    run: SavedRun
    stores: dict[str, JudgedStore]
    findings: list[Finding]
    exit_code: int
    calls: list[Call] = field(default_factory=list)

    @property
    def gaps(self) -> list[Gap]:
        return [gap for result in self.run.results.values() for gap in result.gaps if gap.cell.service != "sweep"]


_WAYS = {
    PLATFORM: "regions: all-enabled",
    **{a: f'role_arn: "arn:aws:iam::{a}:role/residency-readonly"' for a in (MEMBERS, ANALYTICS)},
}


class Estate:
    """One server for a whole process, and the scans that were made of it.

    What a scan runs through is measured where the estate is scanned as a user does it (demo/conftest.py).
    """

    @unmeasured()
    def __init__(self) -> None:
        self._stack = ExitStack()
        atexit.register(self._stack.close)  # a server that is still up would keep the process
        self.at: Served = self._stack.enter_context(a_server())
        self.number = serving.servers_started
        self.company = move_in(self.at.endpoint, self.at.layer)
        self._folder = Path(self._stack.enter_context(TemporaryDirectory()))
        folder = write_config(self._folder, TODAY)
        self.config: Config = open_config(folder)
        # One account at a time is quicker to enter than an organisation.
        rows = [f'name: "{account}", provider: aws, account: "{account}", {way}' for account, way in _WAYS.items()]
        (folder / "sources.yaml").write_text(serving.sources(*rows), "utf-8")
        self.one_by_one: Config = open_config(folder)
        self._clean: dict[Selection, Seen] = {}

    @unmeasured()
    def scan(
        self,
        selection: Selection,
        *changes: Change,
        answers: tuple[Answer, ...] = (),
        config: Config | None = None,
        fresh: bool = False,
        **options: Any,
    ) -> Seen:
        """A scan while the server is changed; `fresh`: nobody has taken a role yet."""
        if fresh:
            _session.cache_clear()
        with self.at.rules(*answers, changes=changes) as layer, demo_environment(self.at.endpoint):
            run = scan_into(self._folder, config or self.config, ScanOptions(selection, **options), None)
            calls = list(layer.calls)
        stores, findings = judge(run, config or self.config)
        return Seen(run, stores, findings, exit_code_of(findings, len(run.cells), Severity.HIGH), calls)

    def clean(self, selection: Selection, config: Config | None = None) -> Seen:
        if selection not in self._clean:
            self._clean[selection] = self.scan(selection, config=config, fresh=True)
        return self._clean[selection]


_up: list[Estate] = []


def estate() -> Estate:
    """The estate that is up; moved in again where another server was started since."""
    if not _up or _up[-1].number != serving.servers_started:
        _up.append(Estate())
    return _up[-1]
