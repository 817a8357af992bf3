"""A scan that is killed or stopped: what it saw is kept, the rest is said, and it can go on from there."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from residency.demo.server import Call, Reply
from residency.inventory import read_run
from tests.serving import (
    TOKYO,
    Served,
    a_server,
    a_source,
    command,
    environment,
    make_bucket,
    move_in,
    residency,
    stored,
    write_scan_config,
)

BLOCKED = "DescribeSnapshots"  # the call that does not come back
# What is asked again whatever was seen before: it decides what there is to ask.
DISCOVERY = {"GetCallerIdentity", "DescribeRegions", "DescribeAvailabilityZones"}


class Dam:
    """Holds one operation back until it is opened."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.reached, self.opened = threading.Event(), threading.Event()

    def __call__(self, call: Call) -> Reply | None:
        if call.action == self.action and not self.opened.is_set():
            self.reached.set()
            self.opened.wait(60)
        return None


@dataclass
class Machine:
    """A server, a config, and a folder of runs."""

    at: Served
    folder: Path

    def __post_init__(self) -> None:
        self.config = write_scan_config(self.folder, a_source(self.at.endpoint))
        self.runs = self.folder / "runs"
        self.env = environment(
            self.at.endpoint, RESIDENCY_RUNS=str(self.runs), RESIDENCY_REGION=TOKYO, RESIDENCY_SERVICE="s3 ebs"
        )

    def residency(self, *arguments: str | Path) -> tuple[int, dict[str, Any], str]:
        done = residency(*arguments, "-c", self.config, "-f", "json", env=self.env, cwd=self.folder)
        return done.returncode, json.loads(done.stdout), done.stderr

    @contextmanager
    def scanning(self, *more: str, held: str = BLOCKED) -> Iterator[subprocess.Popen[str]]:
        """A scan that has come to the call that does not come back, and has saved all the rest."""
        dam = Dam(held)
        with self.at.rules(dam):
            scan = subprocess.Popen(
                command("scan", "-c", self.config, *more),
                env=self.env,
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            try:
                assert dam.reached.wait(30)
                if held == BLOCKED:
                    self._wait_for_the_other_cells()
                yield scan
            finally:
                dam.opened.set()
                scan.kill()
                scan.communicate()

    def _wait_for_the_other_cells(self) -> None:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            for path in stored(self.runs)[-1:]:
                run = read_run(path)
                if len(run.cells) > 3 and len(run.results) == len(run.cells) - 1:
                    return
            time.sleep(0.05)
        raise AssertionError("the other cells were not saved")


@pytest.fixture(scope="module")
def at() -> Iterator[Served]:
    with a_server() as served:
        move_in(served)
        yield served


@pytest.fixture
def machine(at: Served, tmp_path: Path) -> Machine:
    return Machine(at, tmp_path)


def statuses(result: dict[str, Any]) -> dict[str, str]:
    return {cell["listing"]: cell["status"] for cell in result["coverage"] if cell["service"] != "sweep"}


def facts(result: dict[str, Any]) -> list[tuple[Any, ...]]:
    return sorted((s["id"], s["verdict"], s["data_class"], json.dumps(s["copies"])) for s in result["stores"])


WHOLE = {
    "GetCallerIdentity": "listed",
    "DescribeRegions": "listed",
    "DescribeAvailabilityZones": "listed",
    "ListBuckets": "listed",
    "ListDirectoryBuckets": "listed",
    "DescribeVolumes": "listed",
    "DescribeSnapshots": "listed",
    "DescribeImages": "listed",
}


def test_a_killed_run_says_what_it_saw_and_what_not(machine: Machine) -> None:
    with machine.scanning() as scan:
        scan.kill()
        assert scan.wait(10) == -signal.SIGKILL
    code, result, _ = machine.residency("scan", "--from", "latest")
    assert code == 4
    assert statuses(result) == WHOLE | {BLOCKED: "interrupted", "end": "interrupted"}
    assert {"kept", "copied", "abroad"} < {store["name"] for store in result["stores"]}
    violations = {f["subject"]["id"] for f in result["findings"] if f["status"] == "violation"}
    assert "arn:aws:s3:::copied" in violations
    causes = [f["subject"]["id"] for f in result["findings"] if f["rule"] == "coverage-gap"]
    assert len([cause for cause in causes if "interrupted" in cause]) == 2
    assert result["run"]["ended"] is None


def test_a_killed_run_goes_on_with_what_was_missing(machine: Machine) -> None:
    with machine.scanning() as scan:
        scan.kill()
    with machine.at.rules() as layer:
        code, resumed, _ = machine.residency("scan", "--resume", "latest")
        asked = {call.action for call in layer.calls}
        times = [call.action for call in layer.calls].count(BLOCKED)
    assert asked == DISCOVERY | {BLOCKED, "DescribeSnapshotAttribute", "DescribeKey"}
    assert times == 1
    assert statuses(resumed) == WHOLE
    again, fresh, _ = machine.residency("scan")
    assert code == again == 1
    assert facts(resumed) == facts(fresh)
    before, after = (read_run(path).head for path in stored(machine.runs)[:2])
    assert after["resumes"] == before["id"]
    assert after["took_over"] == resumed["run"]["took_over"] == [{key: before[key] for key in ("id", "started")}]


def test_a_run_that_was_killed_before_it_planned_a_listing_is_no_pass(machine: Machine) -> None:
    with machine.scanning(held="GetCallerIdentity") as scan:
        scan.kill()
    code, result, _ = machine.residency("scan", "--from", "latest")
    assert code == 3
    assert set(statuses(result).values()) <= {"interrupted", "listed"}
    assert statuses(result)["GetCallerIdentity"] == "interrupted"


def test_a_run_of_which_only_the_head_was_written_checked_nothing(machine: Machine) -> None:
    saved = machine.folder / "head.jsonl"
    with machine.scanning(held="GetCallerIdentity") as scan:
        scan.kill()
        saved.write_text(stored(machine.runs)[0].read_text("utf-8").splitlines(keepends=True)[0], "utf-8")
    code, _, _ = machine.residency("scan", "--from", saved)
    assert code in (3, 5)


def test_a_line_that_was_half_written_is_not_read(machine: Machine) -> None:
    with machine.scanning() as scan:
        scan.kill()
    saved = stored(machine.runs)[0]
    lines = saved.read_text("utf-8").splitlines(keepends=True)
    last = max(n for n, line in enumerate(lines) if '"listing":"ListBuckets"' in line)
    saved.write_text("".join(lines[:last]) + lines[last][:40], "utf-8")
    code, result, _ = machine.residency("scan", "--from", "latest")
    assert code == 4
    assert statuses(result)["ListBuckets"] == "interrupted"


def test_ctrl_c_ends_at_once_and_keeps_what_was_seen(machine: Machine) -> None:
    with machine.scanning() as scan:
        began = time.monotonic()
        scan.send_signal(signal.SIGINT)
        out, err = scan.communicate(timeout=10)
        took = time.monotonic() - began
    assert scan.returncode == 130
    assert took < 5
    assert out == ""
    assert "Traceback" not in err
    (saved,) = stored(machine.runs)
    assert f"residency scan --resume {saved.relative_to(machine.folder) if not saved.is_absolute() else saved}" in err
    code, result, _ = machine.residency("scan", "--from", saved)
    assert code == 4
    assert statuses(result) == WHOLE | {BLOCKED: "interrupted", "end": "interrupted"}


def test_ctrl_c_while_accounts_are_asked_for_leaves_a_run_too(machine: Machine) -> None:
    with machine.scanning(held="GetCallerIdentity") as scan:
        scan.send_signal(signal.SIGINT)
        scan.communicate(timeout=10)
    assert scan.returncode == 130
    code, resumed, _ = machine.residency("scan", "--resume", "latest")
    assert (code, statuses(resumed)) == (1, WHOLE)


def test_the_interrupted_run_can_be_gone_on_with_when_it_was_not_to_be_saved(machine: Machine) -> None:
    dam = Dam(BLOCKED)
    with machine.at.rules(dam):
        scan = subprocess.Popen(
            command("scan", "--no-save", "-c", machine.config),
            env=machine.env,
            cwd=machine.folder,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert dam.reached.wait(30)
        time.sleep(0.5)
        scan.send_signal(signal.SIGINT)
        _, err = scan.communicate(timeout=10)
        dam.opened.set()
    saved = err.rpartition("--resume ")[2].partition("`")[0]
    code, resumed, _ = machine.residency("scan", "--no-save", "--resume", saved)
    assert (code, statuses(resumed)) == (1, WHOLE)


def test_a_region_that_was_switched_on_since_is_asked(at: Served, tmp_path: Path) -> None:
    """That it was off is no listing: only the account's own list of today says it."""
    machine = Machine(at, tmp_path)
    machine.env["RESIDENCY_REGION"] = "ap-southeast-6"
    machine.residency("scan")
    before = read_run(stored(machine.runs)[0])
    assert {r.status.value for r in before.results.values() if r.cell.region == "ap-southeast-6"} == {"region-off"}

    def switched_on(call: Call, reply: Reply) -> Reply:
        from residency.demo.server import changed

        if call.action != "DescribeRegions":
            return reply
        return changed(reply, reply.body.replace(b"not-opted-in", b"opted-in"))

    with machine.at.rules(changes=[switched_on]) as layer:
        _, result, _ = machine.residency("scan", "--resume", "latest")
        assert {call.action for call in layer.calls if call.region == "ap-southeast-6"} >= {"DescribeVolumes"}
    assert statuses(result) == WHOLE


def test_a_cell_whose_stores_were_lost_is_asked_again(machine: Machine) -> None:
    with machine.scanning() as scan:
        scan.kill()
    saved = stored(machine.runs)[0]
    lines = saved.read_text("utf-8").splitlines(keepends=True)
    saved.write_text("".join(line for line in lines if '"arn:aws:s3:::kept"' not in line), "utf-8")
    with machine.at.rules() as layer:
        code, result, _ = machine.residency("scan", "--resume", saved)
        assert "ListBuckets" in {call.action for call in layer.calls}
    assert code == 1
    assert statuses(result) == WHOLE
    assert "kept" in {store["name"] for store in result["stores"]}


# --- judging again ----------------------------------------------------------------------------

EVERYWHERE = """\
version: 1
kind: policy
id: with-singapore
title: {en: "Singapore too", ja: "シンガポールも"}
jurisdictions:
  - {id: JP, name: {en: Japan, ja: 日本}, countries: [JP]}
  - {id: US, name: {en: United States, ja: 米国}, countries: [US]}
  - {id: SG, name: {en: Singapore, ja: シンガポール}, countries: [SG]}
location: {allow: [JP, SG]}
operator: {domestic: [JP], allow_foreign: [US], parent: warn}
"""
OTHER_TAGS = "version: 1\nkind: classification\ntag_keys: [data]\nvalues: {personal: none}\n"


@pytest.mark.parametrize(
    ("files", "verdict", "rules_gone", "rules_new"),
    [
        ({"policy": EVERYWHERE}, "permitted", {"copy-outside-territory", "key-outside-territory"}, set()),
        (
            {"classification": OTHER_TAGS},
            "not-personal",
            {
                "copy-outside-territory",
                "copy-shared-outside",
                "access-prevention-not-in-effect",
                "key-outside-territory",
            },
            set(),
        ),
        (
            {"vendors__aws": None},
            "prohibited",
            {"access-prevention-not-in-effect"},  # without a record nothing is documented
            {"operator-not-registered"},
        ),
    ],
    ids=["policy", "classification", "vendor register"],
)
def test_a_saved_run_is_judged_again_without_a_call(
    machine: Machine, tmp_path: Path, files: dict[str, Any], verdict: str, rules_gone: set[str], rules_new: set[str]
) -> None:
    _, before, _ = machine.residency("scan")
    saved = stored(machine.runs)[0]
    text = saved.read_bytes()
    machine.config = write_scan_config(tmp_path / "other", a_source(machine.at.endpoint), **files)
    with machine.at.rules() as layer:
        _, after, _ = machine.residency("scan", "--from", "latest")
        assert layer.calls == []
    verdicts = [{s["name"]: s["verdict"] for s in result["stores"]}["copied"] for result in (before, after)]
    assert verdicts == ["prohibited", verdict]
    found = [{f["rule"] for f in result["findings"]} for result in (before, after)]
    assert rules_gone == found[0] - found[1]
    assert rules_new == found[1] - found[0]
    assert [result["run"]["facts_sha256"] for result in (before, after)] == [before["run"]["facts_sha256"]] * 2
    assert saved.read_bytes() == text


def test_a_scan_that_is_whole_says_so(machine: Machine) -> None:
    make_bucket(machine.at, "late", TOKYO)
    code, result, _ = machine.residency("scan")
    assert (code, statuses(result)) == (1, WHOLE)
    assert result["run"]["ended"] is not None
    assert [read_run(path).whole for path in stored(machine.runs)] == [True]
