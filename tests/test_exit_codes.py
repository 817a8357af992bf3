"""Every row of the contract's table of exit codes, through the real command line."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest

from residency.cli import run_cli
from residency.cli.commands import cli
from residency.errors import what_to_install
from residency.inventory import RunWriter
from residency.model import Role
from residency.reports import FORMATS
from residency.schemas import schema
from residency.sources.aws import _session
from tests.build import a_cell, a_copy, a_gap, a_store, save_run, write_config

ACCEPTED = """\
version: 1
kind: coverage
accept:
  - {id: CG-1, match: {region: sa-east-1}, cause: {status: denied}, reason: guardrail, owner: a@example.com,
     approved_by: b@example.com, approved_on: 2026-01-01, expires: 2026-12-31}
"""
SG = "aws:ap-southeast-1"
GRAVE = a_store("arn:aws:s3:::grave", a_copy(SG), tags={"data": "special"})
HIGH = a_store("arn:aws:s3:::high", a_copy(SG))
MEDIUM = a_store("arn:aws:s3:::medium", a_copy(), a_copy(SG, Role.CACHE))
UNSEEN = a_store("arn:aws:s3:::unseen", a_copy(None))
UNTAGGED = a_store("arn:aws:s3:::untagged", a_copy(SG), tags={})
ABROAD = a_store("arn:aws:s3:::abroad", a_copy(SG), tags={"data": "public"})
DENIED, KNOWN = a_gap(), a_gap(a_cell(region="sa-east-1"))
TRACKED = a_gap(a_cell(service="kms"))
TERRAFORM_PLAN = '{"format_version": "1.2", "terraform_version": "1.9.0", "planned_values": {"root_module": {}}, \
"resource_changes": [], "configuration": {"root_module": {}}}'

RUNS: dict[str, Callable[[Path], object]] = {
    "clean": lambda path: save_run(path, a_store(), ABROAD),
    "tracked": lambda path: save_run(path, a_store(), gaps=[TRACKED]),
    "accepted": lambda path: save_run(path, a_store(), gaps=[KNOWN]),
    "medium": lambda path: save_run(path, MEDIUM),
    "high": lambda path: save_run(path, HIGH),
    "critical": lambda path: save_run(path, GRAVE),
    "denied": lambda path: save_run(path, a_store(), gaps=[DENIED]),
    "part": lambda path: save_run(path, a_store(), gaps=[DENIED, KNOWN]),
    "unplaced": lambda path: save_run(path, UNSEEN),
    "untagged": lambda path: save_run(path, UNTAGGED),
    "both": lambda path: save_run(path, HIGH, gaps=[DENIED]),
    "both-medium": lambda path: save_run(path, MEDIUM, gaps=[DENIED]),
    "empty": lambda path: _no_cells(path),
    "cut": lambda path: _cut(path),
}


def _no_cells(path: Path) -> None:
    RunWriter(path, {"id": "empty", "started": "2026-11-22T03:00:00Z", "tool": "t", "use": "scan"}).end()


def _cut(path: Path) -> None:
    whole = save_run(path, a_store()).path.read_bytes()
    path.write_bytes(whole[: whole.index(b'{"record":"end"')])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config and every saved run."""
    folder = tmp_path_factory.mktemp("exit")
    write_config(folder / "config", coverage=ACCEPTED)
    for name, save in RUNS.items():
        save(folder / f"{name}.jsonl")
    return folder


class Ended(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(folder: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> Ended:
        code = run_cli(cli, ["-c", str(folder / "config"), *arguments])
        return Ended(code, *capfd.readouterr())

    return call


@pytest.fixture
def scan(run: Run, folder: Path) -> Run:
    return lambda name, *arguments: run("scan", "--from", str(folder / f"{name}.jsonl"), *arguments)


# saved run -> verdict, and the exit code for each --fail-on: critical, high, medium, low
TABLE = {
    "clean": ("no-violation", 0, 0, 0, 0),
    "tracked": ("no-violation", 0, 0, 0, 0),
    "accepted": ("no-violation-with-accepted-gaps", 0, 0, 0, 0),
    "medium": ("violations", 0, 0, 1, 1),
    "high": ("violations", 0, 1, 1, 1),
    "critical": ("violations", 1, 1, 1, 1),
    "denied": ("incomplete", 3, 3, 3, 3),
    "part": ("incomplete", 3, 3, 3, 3),
    "unplaced": ("incomplete", 3, 3, 3, 3),
    "untagged": ("incomplete", 3, 3, 3, 3),
    "cut": ("incomplete", 3, 3, 3, 3),
    "both": ("violations-and-incomplete", 3, 4, 4, 4),
    "both-medium": ("violations-and-incomplete", 3, 3, 4, 4),
    "empty": ("nothing-checked", 5, 5, 5, 5),
}
FAIL_ON = ("critical", "high", "medium", "low")
ROWS = [
    (name, fail_on, verdict, codes[i]) for name, (verdict, *codes) in TABLE.items() for i, fail_on in enumerate(FAIL_ON)
]
# the code -> with --exit-zero, with --allow-incomplete, with both
CHANGED = {0: (0, 0, 0), 1: (0, 1, 0), 3: (3, 0, 0), 4: (3, 1, 0), 5: (5, 5, 5)}
FLAGS = (["--exit-zero"], ["--allow-incomplete"], ["--exit-zero", "--allow-incomplete"])


@pytest.mark.parametrize(("name", "fail_on", "verdict", "code"), ROWS)
def test_the_exit_code_is_filtered_by_fail_on_and_the_verdict_is_not(
    scan: Run, name: str, fail_on: str, verdict: str, code: int
) -> None:
    ended = scan(name, "-f", "json", "--fail-on", fail_on)
    result = json.loads(ended.out)
    assert (ended.code, result["exit_code"], result["verdict"]) == (code, code, verdict)
    jsonschema.Draft202012Validator(schema("result")).validate(result)


@pytest.mark.parametrize("name", TABLE)
def test_two_flags_change_what_the_shell_sees_and_nothing_else(scan: Run, name: str) -> None:
    verdict, _, code, _, _ = TABLE[name]
    for flags, changed in zip(FLAGS, CHANGED[code], strict=True):
        ended = scan(name, "-f", "json", *flags)
        result = json.loads(ended.out)
        assert (ended.code, result["exit_code"], result["verdict"]) == (changed, code, verdict)


def test_without_fail_on_high_counts(scan: Run) -> None:
    assert [scan(name).code for name in ("medium", "high")] == [0, 1]


def test_allow_incomplete_prints_what_it_hid(scan: Run) -> None:
    ended = scan("both", "--allow-incomplete")
    assert "--allow-incomplete hides 1 things that were not checked" in ended.err
    assert "coverage-gap prod/123456789012: denied s3:ListAllMyBuckets" in ended.err


def test_exit_zero_prints_what_it_hid(scan: Run) -> None:
    assert "--exit-zero hides 1 violations" in scan("both", "--exit-zero").err


def test_flags_that_hide_nothing_say_nothing(scan: Run) -> None:
    assert scan("clean", "--exit-zero", "--allow-incomplete").err == ""


@pytest.mark.parametrize("name", ["clean", "high", "denied", "both", "empty"])
def test_the_exit_code_does_not_depend_on_the_format(scan: Run, name: str, tmp_path: Path) -> None:
    codes = {scan(name, "-f", form).code for form in FORMATS}
    codes.add(scan(name, "-q", "-o", f"json={tmp_path / 'a.json'}", "-o", f"text={tmp_path / 'a.txt'}").code)
    assert codes == {TABLE[name][2]}
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["exit_code"] == TABLE[name][2]


def test_stdout_of_the_json_format_holds_the_result_and_nothing_else(scan: Run) -> None:
    ended = scan("both", "-f", "json", "-v", "--exit-zero", "--allow-incomplete")
    parsed, end = json.JSONDecoder().raw_decode(ended.out)
    assert (ended.out[end:], ended.out[0], parsed["schema"]) == ("\n", "{", "residency/result/v1")


def test_what_was_cut_off_is_interrupted(scan: Run) -> None:
    result = json.loads(scan("cut", "-f", "json").out)
    assert [cell["status"] for cell in result["coverage"]] == ["listed", "interrupted"]


# --- 2: bad input, whatever the flags -------------------------------------------------------------

BAD = {
    "an unknown command": ["nothing"],
    "an unknown option": ["scan", "--nothing"],
    "an unknown format": ["scan", "-f", "docx"],
    "an unknown severity": ["scan", "--fail-on", "severe"],
    "an unknown language": ["--lang", "fr", "validate"],
    "a number that is none": ["scan", "--parallel", "many"],
    "an output without a path": ["scan", "-o", "json"],
    "an output of an unknown format": ["scan", "-o", "docx=a.docx"],
    "an output that is a folder": ["scan", "-o", "json=."],
    "an output below a file": ["scan", "--from", "{clean}", "-o", "json={clean}/a/result.json"],
    "a saved run that is not there": ["scan", "--from", "nothing.jsonl"],
    "a saved run that is asked less of": ["scan", "--from", "{clean}", "--region", "ap-northeast-1"],
    "a saved run that is no run": ["scan", "--from", "{no_run}"],
    "a saved run that was changed": ["scan", "--from", "{changed}"],
    "a config folder that is not there": ["-c", "nowhere", "validate"],
    "a config with a mistake": ["-c", "{wrong}", "scan", "--from", "{clean}"],
    "a config that names an unknown rule": ["-c", "{no_rule}", "scan", "--from", "{clean}"],
    "a plan that is not there": ["gate", "nothing.json"],
    "a plan that is no JSON": ["gate", "{no_run}"],
    "a file of an unknown type": ["gate", "{no_plan}"],
    "another policy than was expected": ["gate", "{plan}", "--expect-policy", "sha256:" + "0" * 64],
    "the beginning of a policy's digest": ["gate", "{plan}", "--expect-policy", "sha256:162d3181cbc2"],
    "facts that cannot be saved": ["gate", "{plan}", "--facts", "{clean}/facts.jsonl"],
    "a location without a colon": ["where", "tokyo"],
    "an unknown schema": ["schema", "nothing"],
}


@pytest.fixture(scope="module")
def bad(folder: Path) -> dict[str, str]:
    """Files that cannot be used, by the name that BAD calls them."""
    paths = {name: folder / name for name in ("no_run", "changed", "no_plan", "plan")}
    paths["no_run"].write_text("this is no run\n", encoding="utf-8")
    text = (folder / "clean.jsonl").read_text(encoding="utf-8")
    paths["changed"].write_text(text.replace("arn:aws:s3:::abroad", "arn:aws:s3:::other!"), encoding="utf-8")
    paths["no_plan"].write_text('{"hello": "world"}', encoding="utf-8")
    paths["plan"].write_text(TERRAFORM_PLAN, encoding="utf-8")
    row = ACCEPTED.replace("accept:", "exceptions:").replace("kind: coverage", "kind: exceptions")
    wrong_rule = row.replace("match:", "rule: nothing, match:").replace(" cause: {status: denied},", "")
    wrong = write_config(folder / "wrong", policy="version: 1\nkind: policy\nid: own\ncolour: red\n")
    no_rule = write_config(folder / "no_rule", exceptions=wrong_rule)
    named = {**paths, "wrong": wrong, "no_rule": no_rule, "clean": folder / "clean.jsonl"}
    return {name: str(path) for name, path in named.items()}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_ends_with_2(run: Run, bad: dict[str, str], what: str) -> None:
    ended = run(*(argument.format(**bad) for argument in BAD[what]))
    assert ended.code == 2
    assert ended.out == ""
    assert "error" in ended.err.lower()
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("flags", FLAGS)
def test_no_flag_changes_bad_input(run: Run, bad: dict[str, str], flags: list[str]) -> None:
    assert run("scan", "--from", bad["changed"], *flags).code == 2


def test_the_expected_policy_lets_a_gate_pass(run: Run, bad: dict[str, str], folder: Path) -> None:
    digest = json.loads(run("scan", "--from", bad["clean"], "-f", "json").out)["run"]["policy"]["sha256"]
    assert run("gate", bad["plan"], "--expect-policy", f"sha256:{digest}").code == 0
    assert f"sha256:{digest}\n" in run("-c", str(folder / "config"), "validate").out
    assert digest != hashlib.sha256(b"").hexdigest()


def test_a_readable_template_without_stores_was_checked(run: Run, bad: dict[str, str]) -> None:
    ended = run("gate", bad["plan"], "-f", "json")
    assert (ended.code, json.loads(ended.out)["verdict"]) == (0, "no-violation")


# --- 3 and 5: live scans that reach nothing -------------------------------------------------------

SOURCES = 'version: 1\nkind: sources\nsources: [{name: prod, provider: aws, account: "123456789012"}]\n'


@contextmanager
def a_silent_server() -> Iterator[tuple[str, threading.Event]]:
    """An HTTP server that takes every connection and never answers; the event says that somebody asked."""
    asked = threading.Event()
    open_ones: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            open_ones.append(connection)
            asked.set()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked
        server.shutdown(socket.SHUT_RDWR)
    thread.join(10)
    for connection in open_ones:
        connection.close()


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1", "AWS_REGION": "ap-northeast-1", **more}


def residency(*arguments: str, **more: str) -> Ended:
    """The program as a process of its own."""
    command = [sys.executable, "-m", "residency", *arguments]
    done = subprocess.run(command, env=environment(**more), capture_output=True, text=True, timeout=60, check=False)
    return Ended(done.returncode, done.stdout, done.stderr)


def test_a_config_without_a_source_checks_nothing(run: Run, tmp_path: Path) -> None:
    config = write_config(tmp_path / "config")
    for flags in ([], *FLAGS):
        assert run("-c", str(config), "scan", "--no-save", *flags).code == 5


@pytest.fixture
def nobody_signed_in() -> Iterator[None]:
    """No other test of this process finds our session, and we none of theirs."""
    _session.cache_clear()
    yield
    _session.cache_clear()


@pytest.mark.usefixtures("nobody_signed_in")
def test_a_source_without_credentials_is_a_gap(run: Run, tmp_path: Path) -> None:
    config = write_config(tmp_path / "config", sources=SOURCES)
    ended = run("-c", str(config), "scan", "--no-save", "-f", "json")
    assert ended.code == 3
    assert {cell["status"] for cell in json.loads(ended.out)["coverage"]} == {"unauthenticated"}


# --- 70 and 130 -----------------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["click", "pydantic", "yaml", "ruamel"])
def test_a_broken_installation_ends_with_70_and_never_with_1(folder: Path, tmp_path: Path, module: str) -> None:
    (tmp_path / f"{module}.py").write_text("raise RuntimeError('this file is broken')\n", encoding="utf-8")
    arguments = ["-c", str(folder / "config"), "scan", "--from", str(folder / "high.jsonl")]
    for flags in ([], FLAGS[-1]):
        ended = residency(*arguments, *flags, PYTHONPATH=str(tmp_path))
        assert (ended.code, ended.out) == (70, "")
        assert "this is a defect of residency itself" in ended.err


def test_a_package_that_is_not_installed_is_bad_input_and_says_what_to_install(folder: Path, tmp_path: Path) -> None:
    missing = "raise ModuleNotFoundError(f'No module named {__name__}', name=__name__)\n"
    for module in ("jinja2", "moto", "click"):
        (tmp_path / f"{module}.py").write_text(missing, encoding="utf-8")
    page = ["-c", str(folder / "config"), "scan", "--from", str(folder / "high.jsonl"), "-f", "html"]
    without_click = residency(*page, PYTHONPATH=str(tmp_path))
    assert (without_click.code, without_click.err) == (2, "error: click is not installed: pip install 'residency'\n")
    (tmp_path / "click.py").unlink()
    without_jinja = residency(*page, PYTHONPATH=str(tmp_path))
    assert (without_jinja.code, without_jinja.err) == (2, "error: jinja2 is not installed: pip install 'residency'\n")
    command = [sys.executable, "-m", "residency.demo"]
    demo = subprocess.run(command, env=environment(PYTHONPATH=str(tmp_path)), capture_output=True, text=True)
    assert (demo.returncode, "pip install 'residency[demo]'" in demo.stderr) == (2, True)


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("hcl2.parser", "hcl2 is not installed: pip install 'residency[iac]'"),
        ("moto", "moto is not installed: pip install 'residency[demo]'"),
        ("residency.nothing", None),
        (None, None),
    ],
)
def test_a_module_of_our_own_that_is_missing_is_a_defect(module: str | None, text: str | None) -> None:
    assert what_to_install(ModuleNotFoundError(name=module)) == text


def test_a_stdout_that_takes_nothing_ends_with_70(folder: Path) -> None:
    command = [sys.executable, "-m", "residency", "-c", str(folder / "config"), "scan", "--from"]
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([*command, str(folder / "clean.jsonl")], stdout=full, timeout=60, check=False)
    assert done.returncode == 70


def test_an_interrupted_scan_ends_with_130_and_what_was_seen_is_saved(tmp_path: Path) -> None:
    config, runs = write_config(tmp_path / "config", sources=SOURCES), tmp_path / "runs"
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "RESIDENCY_RUNS": str(runs)}
    command = [sys.executable, "-m", "residency", "-c", str(config), "scan", "--exit-zero", "--allow-incomplete"]
    with a_silent_server() as (url, asked):
        settings = environment(AWS_ENDPOINT_URL=url, **keys)
        with subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert asked.wait(30)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, b"")
    assert b"what was seen is saved" in err
    assert b"Traceback" not in err
    (saved,) = runs.glob("*.jsonl")
    assert _statuses(config, saved) == {"interrupted"}


def _statuses(config: Path, saved: Path) -> set[str]:
    """The statuses of all cells of a saved run, judged again: nothing was forgotten, so it ends with 3."""
    ended = residency("-c", str(config), "scan", "--from", str(saved), "-f", "json")
    assert ended.code == 3
    result: dict[str, Any] = json.loads(ended.out)
    return {cell["status"] for cell in result["coverage"]}


def test_the_installed_command_and_the_module_end_alike(folder: Path) -> None:
    arguments = ["-c", str(folder / "config"), "scan", "--from", str(folder / "both.jsonl"), "-f", "json"]
    ended = residency(*arguments)
    installed = Path(sys.executable).with_name("residency")
    done = subprocess.run([installed, *arguments], env=environment(), capture_output=True, text=True, check=False)
    assert (ended.code, done.returncode) == (4, 4)
    assert ended.out == done.stdout
