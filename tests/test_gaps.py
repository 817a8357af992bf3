"""`residency coverage`: gaps by the one thing that closes them, and the row that accepts one of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from wcwidth import wcswidth

from residency.cli import run_cli
from residency.cli.commands import cli
from residency.gaps import seen_of, tree_of
from residency.gaps.accept import accepted_gaps
from residency.gaps.text import render
from residency.inventory import SavedRun
from residency.model import Gap, Status
from residency.policy.load import load_config
from residency.shipped import shipped_config
from tests.build import TODAY, a_cell, a_config, a_gap, a_store, save_run, write_config

OTHER = "210987654321"
ONE, TWO = "arn:aws:s3:::one", "arn:aws:s3:::two"
DENIED = "prod/123456789012: denied s3:ListAllMyBuckets"
GAPS = [
    a_gap(a_cell(region="sa-east-1")),
    a_gap(a_cell(region="eu-west-1")),
    a_gap(subject=ONE, call="s3:GetBucketReplication", needs="s3:GetReplicationConfiguration"),
    a_gap(subject=TWO, call="s3:GetBucketReplication", needs="s3:GetReplicationConfiguration"),
    a_gap(a_cell(service="ebs", region="us-east-1"), Status.GUARDED, call="ec2:DescribeVolumes", needs="ec2:D"),
    a_gap(a_cell(service="ebs", region="us-west-1"), Status.GUARDED, call="ec2:DescribeVolumes", policy="p-1"),
    a_gap(a_cell(service="sweep", listing="sweep"), Status.UNSWEPT, call="sweep", code="no-sweep", needs=None),
    a_gap(a_cell(account=OTHER), Status.NO_ROLE, call="sts:AssumeRole", needs=None),
    a_gap(a_cell(account=OTHER, service="kms"), Status.NO_ROLE, call="sts:AssumeRole", needs=None),
    a_gap(a_cell(source="again", region="sa-east-1")),
    a_gap(a_cell(account=None, region=None), Status.UNREACHABLE, call="sts:GetCallerIdentity", needs=None),
    a_gap(a_cell(service="kms", region="x[1]*"), Status.TIMEOUT, needs=None),
]
SCOPE = f"""\
version: 1
kind: coverage
scope:
  out:
    - {{id: OUT-1, match: {{account: "{OTHER}", service: s3}}, reason: "sandbox, wiped nightly", owner: a@example.com,
       approved_by: b@example.com, approved_on: 2026-11-01, expires: 2027-06-30}}
"""
OWNERS = f"""\
version: 1
kind: owners
rules: [{{match: {{account: "{OTHER}"}}, owner: other@example.com}}]
default: cloud@example.com
"""
TERMS = ("--owner", "a@example.com", "--approved-by", "b@example.com", "--reason", "region deny since 2023-04")


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("residency.run.today_of", lambda config: TODAY)


@pytest.fixture
def run(tmp_path: Path) -> SavedRun:
    folder = tmp_path / "runs"
    folder.mkdir()
    return save_run(folder / "first.jsonl", a_store(ONE), a_store(TWO), gaps=GAPS)


def grouped(run: SavedRun, folder: Path, by: str = "cause", **files: str) -> dict[str, Any]:
    return tree_of(run, a_config(folder / "c", **files), TODAY, by)


def causes(tree: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(cause["id"], cause["level"]): cause for group in tree["groups"] for cause in group["causes"]}


# --- grouping -------------------------------------------------------------------------------------


def test_a_cause_says_what_it_hides_and_what_closes_it(run: SavedRun, tmp_path: Path) -> None:
    found = causes(grouped(run, tmp_path, owners=OWNERS))
    listing = found[DENIED, "required"]
    assert (listing["cells"], listing["stores"], listing["regions"]) == (2, 0, ["eu-west-1", "sa-east-1"])
    assert listing["fix"]["en"] == "allow s3:ListAllMyBuckets to the scanning role"
    followed = found["prod/123456789012: denied s3:GetReplicationConfiguration", "required"]
    assert (followed["cells"], followed["stores"], followed["calls"]) == (1, 2, ["s3:GetBucketReplication"])
    assert followed["owner"] == "cloud@example.com"


def test_totals_count_cells_causes_and_gaps_of_each_level(run: SavedRun, tmp_path: Path) -> None:
    tree = grouped(run, tmp_path, coverage=SCOPE)
    assert tree["cells"] == {"planned": 11, "listed": 0}
    assert tree["levels"]["out"] == {"planned": 1, "listed": 0, "causes": 1, "accepted": 0, "gaps": 1}
    assert tree["levels"]["tracked"] == {"planned": 2, "listed": 0, "causes": 2, "accepted": 0, "gaps": 2}
    assert sum(total["gaps"] for total in tree["levels"].values()) == len(GAPS)


def test_what_is_out_names_the_row_that_takes_it_out(run: SavedRun, tmp_path: Path) -> None:
    found = causes(grouped(run, tmp_path, coverage=SCOPE))
    assert [row["id"] for row in found[f"prod/{OTHER}: no-role", "out"]["approvals"]] == ["OUT-1"]
    assert found[f"prod/{OTHER}: no-role", "tracked"]["approvals"] == []


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("owner", {"cloud@example.com", "other@example.com"}),
        ("account", {"123456789012", OTHER, "prod"}),
        ("cause", {DENIED, f"prod/{OTHER}: no-role"}),
    ],
)
def test_causes_are_grouped_by_cause_owner_or_account(run: SavedRun, tmp_path: Path, by: str, names: set[str]) -> None:
    tree = grouped(run, tmp_path, by, owners=OWNERS)
    found = [group["name"] for group in tree["groups"]]
    assert names <= set(found)
    assert len(found) == len(set(found))
    assert by == "cause" or names == set(found)


def test_a_run_without_gaps_says_so(tmp_path: Path) -> None:
    tree = grouped(save_run(tmp_path / "run.jsonl", a_store()), tmp_path)
    assert "nothing in these cells was unseen" in "".join(render(tree, ("en",)))


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("by", ["cause", "owner", "account"])
def test_the_text_tells_every_cause_and_stays_within_100_columns(
    run: SavedRun, tmp_path: Path, by: str, language: str
) -> None:
    tree = grouped(run, tmp_path, by, coverage=SCOPE, owners=OWNERS)
    text = "".join(render(tree, (language,)))
    assert max(wcswidth(line) for line in text.splitlines()) <= 100
    for cause_id, level in causes(tree):
        assert cause_id in text
        assert causes(tree)[cause_id, level]["fix"][language] in text
    assert "OUT-1" in text


def test_control_characters_of_an_answer_never_reach_the_terminal(tmp_path: Path) -> None:
    gap = a_gap(a_cell(region="\x1b[2J"), code="\x07", call="a\nPASS", needs="\x9b")
    tree = grouped(save_run(tmp_path / "run.jsonl", gaps=[gap]), tmp_path)
    text = "".join(render(tree, ("en", "ja")))
    assert [char for char in text if not char.isprintable() and char != "\n"] == []


# --- the command line -----------------------------------------------------------------------------


class Ended(NamedTuple):
    code: int
    out: str
    err: str


Call = Callable[..., Ended]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path / "config", owners=OWNERS)


@pytest.fixture
def cover(run: SavedRun, config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """`residency coverage …` with the config and the run of this test."""
    monkeypatch.setenv("RESIDENCY_RUNS", str(run.path.parent))

    def call(*arguments: str) -> Ended:
        return Ended(run_cli(cli, ["coverage", "-c", str(config), *arguments]), *capsys.readouterr())

    return call


UNTIL = ("--expires", "2027-05-31")


@pytest.fixture
def accept(cover: Call) -> Call:
    """`residency coverage accept CAUSE` with everything that it asks for; what is given later wins."""
    return lambda cause, *more: cover("accept", cause, *TERMS, *UNTIL, *more)


@pytest.mark.parametrize("arguments", [(), ("latest",), ("first",), ("--by", "owner"), ("latest", "--by", "account")])
def test_coverage_ends_with_0_whatever_was_not_seen(cover: Call, arguments: tuple[str, ...]) -> None:
    ended = cover(*arguments, "-f", "json")
    assert (ended.code, ended.err) == (0, "")
    assert len(causes(json.loads(ended.out))) == 10


def test_a_run_that_is_not_there_ends_with_2(cover: Call) -> None:
    ended = cover("nothing")
    assert (ended.code, ended.out, "neither a file nor a saved run" in ended.err) == (2, "", True)


def test_flags_come_from_the_environment_too(cover: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESIDENCY_BY", "owner")
    monkeypatch.setenv("RESIDENCY_FORMAT", "json")
    assert json.loads(cover().out)["by"] == "owner"


def test_global_options_stand_before_and_behind_every_part_of_the_command(
    run: SavedRun, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["accept", "unswept", str(run.path), *TERMS, *UNTIL, "--dry-run"]
    given = ["-c", str(config)]
    outs = []
    for line in ([*given, "coverage", *words], ["coverage", *given, *words], ["coverage", *words, *given]):
        assert run_cli(cli, line) == 0
        outs.append(capsys.readouterr().out)
    assert len(set(outs)) == 1
    assert "CG-" in outs[0]


@pytest.mark.parametrize("arguments", [("--help",), ("accept", "--help")])
def test_the_help_shows_an_example(cover: Call, arguments: tuple[str, ...]) -> None:
    ended = cover(*arguments)
    assert ended.code == 0
    words = " ".join(("residency", "coverage", *arguments[:-1]))
    assert f"Usage: {words} [OPTIONS]" in ended.out
    assert f"Example: {words} " in ended.out


# --- accepting ------------------------------------------------------------------------------------


def state_of(run: SavedRun, config: Path) -> tuple[set[str], set[Gap]]:
    """The causes that are open, and the gaps that are accepted, judged by what the files say now."""
    loaded = load_config(config)
    seen = seen_of(run, loaded, TODAY)
    return {cause.id for cause in seen.causes if not cause.accepted_by}, accepted_gaps(seen)


def test_each_cause_is_accepted_alone(run: SavedRun, config: Path, accept: Call) -> None:
    left, before = state_of(run, config)
    for cause in sorted(left):
        assert accept(cause).code == 0
        left.remove(cause)
        now, after = state_of(run, config)
        assert (now, after > before) == (left, True)
        before = after
    assert before == set(GAPS)


def test_an_accepted_cause_no_longer_makes_a_scan_incomplete(config: Path, cover: Call, tmp_path: Path) -> None:
    saved = str(save_run(tmp_path / "runs" / "second.jsonl", a_store(ONE), gaps=GAPS[2:3]).path)
    codes = [run_cli(cli, ["-c", str(config), "scan", "--from", saved])]
    assert cover("accept", "denied", saved, *TERMS, *UNTIL).code == 0
    assert [*codes, run_cli(cli, ["-c", str(config), "scan", "--from", saved])] == [3, 0]


def test_a_part_of_a_cause_is_enough_and_the_row_says_the_whole(config: Path, cover: Call, tmp_path: Path) -> None:
    saved = save_run(tmp_path / "one.jsonl", gaps=GAPS[:2] + GAPS[4:5])
    ended = cover("accept", "guarded ec2", str(saved.path), *TERMS, *UNTIL)
    (row,) = load_config(config).coverage.accept
    match = {key: values[0] for key, values in row.match.given().items()}
    cell = {"provider": "aws", "account": "123456789012", "region": "us-east-1", "service": "ebs"}
    assert match == {**cell, "status": "guarded", "call": "ec2:DescribeVolumes"}
    assert row.cause is not None
    assert row.cause.model_dump(exclude_none=True) == {"status": "guarded", "action": "ec2:D", "source": "scp"}
    assert (row.approved_on, row.expires.isoformat(), row.owner) == (TODAY, UNTIL[1], "a@example.com")
    assert ended.out.rstrip() in (config / "coverage.yaml").read_text(encoding="utf-8")


def test_a_source_is_named_where_two_reach_the_account(config: Path, accept: Call) -> None:
    accept("again/")
    assert load_config(config).coverage.accept[0].match.source == ("again",)


def test_comments_order_and_mode_of_a_file_stay(config: Path, accept: Call) -> None:
    path = config / "coverage.yaml"
    path.write_text(f"# on top\n{SCOPE}accept:  # none yet\n  []\n# at the end\n", encoding="utf-8")
    path.chmod(0o640)
    assert accept("unswept").code == 0
    text = path.read_text(encoding="utf-8")
    assert [word for word in ("# on top", "# none yet", "# at the end") if word not in text] == []
    assert text.index("OUT-1") < text.index("accept:")
    assert path.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in config.glob(".*")] == []


ROWS = {
    "no list": "version: 1\nkind: coverage\n",
    "an empty list": "version: 1\nkind: coverage\naccept: []\n",
    "rows in one line each": "version: 1\nkind: coverage\naccept:\n  - {ROW}\n",
    "a list that is not indented": "version: 1\nkind: coverage\naccept:\n- {ROW} # why\n",
    "a list in one line": "version: 1\nkind: coverage\naccept: [{ROW}]\n",
    "lines that end as on Windows": "version: 1\r\nkind: coverage\r\naccept:\r\n  - {ROW}\r\n",
}
ROW = (
    "{id: CG-2001-007, match: {region: nowhere}, cause: {status: denied}, reason: guardrail, owner: a@example.com, "
    "approved_by: b@example.com, approved_on: 2026-11-01, expires: 2027-10-31}"
)


@pytest.mark.parametrize("how", ROWS)
def test_the_row_is_added_however_the_file_is_written(how: str, config: Path, accept: Call) -> None:
    path = config / "coverage.yaml"
    path.write_bytes(ROWS[how].replace("{ROW}", ROW).encode())
    assert accept("unswept").code == 0
    rows = load_config(config).coverage.accept
    assert [row.id for row in rows[:-1]] == ["CG-2001-007"] * ("{ROW}" in ROWS[how])
    assert path.read_bytes().count(b"\r\n") in (0, path.read_bytes().count(b"\n"))


def test_ids_go_on_from_the_highest_of_the_year(config: Path, accept: Call) -> None:
    row = ROW.replace("CG-2001-007", "CG-2026-041")
    (config / "coverage.yaml").write_text(f"version: 1\nkind: coverage\naccept: [{row}]\n", encoding="utf-8")
    assert "id: CG-2026-042\n" in accept("unswept").out
    assert "id: CG-2026-043\n" in accept("unreachable").out


def test_a_dry_run_prints_the_row_and_writes_nothing(config: Path, accept: Call) -> None:
    ended = accept("unswept", "--dry-run")
    assert (ended.code, ended.err, (config / "coverage.yaml").exists()) == (0, "", False)
    assert ended.out.startswith("accept:\n  - id: CG-")


# --- what is refused, and leaves no trace ---------------------------------------------------------

REFUSED = {
    "a cause that is not there": (["nothing at all"], "is no cause of a gap, nor a part of one"),
    "a typing mistake": (["prod/123456789012: denid s3:ListAllMyBuckets"], f"the nearest are {DENIED!r}"),
    "a part of several causes": (["denied"], "is a part of 3 causes"),
    "a long word": (["x" * 500], "x" * 70),
    "the owner as approver": (["unswept", "--approved-by", "A@example.com "], "`owner` and `approved_by` are the same"),
    "an end after more than a year": (["unswept", "--expires", "2099-01-01"], "is more than 366 days after"),
    "an end that has passed": (["unswept", "--expires", "2001-01-01"], "`expires` is before `approved_on`"),
    "a reason that says nothing": (["unswept", "--reason", "known"], "fewer than 15 characters"),
    "no owner": (["unswept", "--owner", ""], "at least 1 character"),
    "no day": (["unswept", "--expires", "soon"], "does not match the format"),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("there", [True, False])
def test_a_refusal_leaves_the_file_as_it_was(what: str, there: bool, config: Path, accept: Call) -> None:
    path = config / "coverage.yaml"
    before = SCOPE.replace("account", "region") if there else None
    if before:
        path.write_text(before, encoding="utf-8")
    arguments, message = REFUSED[what]
    ended = accept(*arguments)
    assert (ended.code, ended.out, message in ended.err) == (2, "", True)
    assert "x" * 81 not in ended.err
    assert (path.read_text(encoding="utf-8") if path.exists() else None) == before


def test_what_is_accepted_or_out_already_is_not_accepted_again(config: Path, accept: Call) -> None:
    (config / "coverage.yaml").write_text(SCOPE.replace(", service: s3", ""), encoding="utf-8")
    out, first, again = accept("no-role"), accept("unswept"), accept("unswept")
    assert (out.code, first.code, again.code) == (2, 0, 2)
    assert "is out of scope" in out.err
    assert "is accepted already, by CG-" in again.err


def test_only_the_part_of_a_cause_that_is_in_scope_is_accepted(run: SavedRun, config: Path, accept: Call) -> None:
    (config / "coverage.yaml").write_text(SCOPE, encoding="utf-8")
    assert accept("no-role").code == 0
    assert {gap.cell.service for gap in state_of(run, config)[1]} == {"kms"}


def test_a_row_that_would_take_other_gaps_too_is_refused(config: Path, cover: Call, tmp_path: Path) -> None:
    named = a_gap(status=Status.GUARDED, subject=ONE, policy="p-1")
    saved = save_run(tmp_path / "wide.jsonl", a_store(ONE), gaps=[named, a_gap(status=Status.GUARDED, subject=TWO)])
    ended = cover("accept", "ListAllMyBuckets", str(saved.path), *TERMS, *UNTIL)
    assert (ended.code, "would accept 1 other gaps too" in ended.err) == (2, True)
    assert not (config / "coverage.yaml").exists()


def test_a_row_that_proves_wrong_when_it_is_read_again_is_taken_back(
    config: Path, accept: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if something else of the file had changed meanwhile: the row is there twice."""
    from residency.gaps import coverage_file

    once = coverage_file.with_row
    monkeypatch.setattr(coverage_file, "with_row", lambda before, row: once(once(before, row), row))
    path = config / "coverage.yaml"
    path.write_text(SCOPE, encoding="utf-8")
    ended = accept("unswept")
    assert (ended.code, "the same id stands twice" in ended.err) == (2, True)
    assert "is as it was" in ended.err
    assert path.read_text(encoding="utf-8") == SCOPE


def test_the_shipped_config_is_not_written(cover: Call, run: SavedRun) -> None:
    path = shipped_config() / "coverage.yaml"
    before = path.read_bytes()
    ended = cover("-c", str(shipped_config()), "accept", "unswept", *TERMS, *UNTIL)
    assert (ended.code, "is the shipped config" in ended.err, path.read_bytes()) == (2, True, before)
