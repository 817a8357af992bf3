"""A saved run is explained by the config that it was made with, and who is answered by another one is told so."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from residency.cli import run_cli
from residency.cli.commands import cli
from tests.build import write_config

JAPAN = "version: 1\nkind: policy\nid: japan\nlocation: {allow: [JP]}\n"
TEMPLATE = "Resources: {B: {Type: 'AWS::S3::Bucket', Properties: {Tags: [{Key: data, Value: personal}]}}}\n"
QUESTIONS = [
    ["explain", "B", "--in", "run.jsonl"],
    ["coverage", "run.jsonl"],
    ["classify", "run.jsonl"],
    ["scan", "--from", "run.jsonl"],
    ["scan", "--from", "run.jsonl", "-f", "html"],
]
EXPLAIN = QUESTIONS[0]
WARNING = ": what is said here may differ from what the run said"
DIFFERENT = "the config {folder} is not {own}, with which the run {run} was made" + WARNING
CHANGED = "the config {own} was another when the run {run} was made" + WARNING


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The config of a run that was saved beside another config, which is the one by default."""
    monkeypatch.chdir(tmp_path)
    write_config(tmp_path / "config")
    (tmp_path / "b.yaml").write_text(TEMPLATE, encoding="utf-8")
    folder = write_config(tmp_path / "japan", policy=JAPAN)
    gate = ["gate", "b.yaml", "--region", "us-east-1", "-c", "japan", "--facts", "run.jsonl", "-f", "json"]
    assert run_cli(cli, gate) == 1
    return folder


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, list[str]]:
    """What is said, and what is warned of."""
    capsys.readouterr()
    assert run_cli(cli, [*arguments, "--lang", "en"]) in (0, 1, 3, 4)
    out, err = capsys.readouterr()
    return out, err.splitlines()


def run_id() -> str:
    return str(json.loads(Path("run.jsonl").read_text(encoding="utf-8").splitlines()[0])["id"])


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_without_a_config_a_run_is_told_of_by_its_own(question: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(capsys, *question)[1] == []
    assert "japan: allows JP" in asked(capsys, *EXPLAIN)[0]


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_another_config_answers_with_one_warning(
    question: list[str], own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    warning = DIFFERENT.format(folder="config", own=own, run=run_id())
    assert asked(capsys, *question, "-c", "config")[1] == [warning]
    assert "japan" not in asked(capsys, *EXPLAIN, "-c", "config")[0]


def test_the_environment_names_a_config_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RESIDENCY_CONFIG", "config")
    assert len(asked(capsys, *EXPLAIN)[1]) == 1


def test_the_same_words_in_another_folder_are_the_same_config(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(own, "copy")
    assert asked(capsys, *EXPLAIN, "-c", "copy")[1] == []


def test_a_config_that_was_changed_since_is_told_of(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_config(own, policy=JAPAN.replace("[JP]", "[JP, US]"))
    assert asked(capsys, *EXPLAIN)[1] == [CHANGED.format(own=own, run=run_id())]


def test_a_config_that_is_gone_leaves_the_one_by_default(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(own)
    assert asked(capsys, *EXPLAIN)[1] == [DIFFERENT.format(folder="config", own=own, run=run_id())]
    assert asked(capsys, "-q", *EXPLAIN)[1] == []


@pytest.mark.parametrize("config", ["", '"config":7,', '"config":{},'])
def test_a_run_that_names_no_config_is_told_of_by_the_one_by_default(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    head, _, rest = Path("run.jsonl").read_text(encoding="utf-8").partition("\n")
    record = {key: value for key, value in json.loads(head).items() if key != "config"}
    lines = [line for line in rest.splitlines() if '"record":"end"' not in line]  # its digest is another
    text = json.dumps(record).replace("{", "{" + config, 1)
    Path("run.jsonl").write_text("\n".join([text, *lines, ""]), encoding="utf-8")
    assert asked(capsys, *EXPLAIN)[1] == []
