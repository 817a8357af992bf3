"""The committed schemas are what the program prints, and they hold for what it reads and writes."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from residency.cli import run_cli
from residency.cli.commands import cli
from residency.schemas import CONFIG, NAMES, schema
from residency.shipped import shipped_config
from tests.build import a_store, an_edge, save_run

FOLDER = Path(__file__).parents[2] / "docs" / "schema"
# What is versioned by name carries its version in the file's name; a config file says `version: 1` itself.
FILES = {name: f"{name}-v1.json" for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_schema_is_what_the_command_prints(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(cli, ["schema", name]) == 0
    assert (FOLDER / FILES[name]).read_text(encoding="utf-8") == capsys.readouterr().out, (
        f"residency schema {name} > docs/schema/{FILES[name]}"
    )


def test_every_committed_schema_belongs_to_a_name() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(FILES.values())


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_is_a_valid_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))


def test_without_a_name_the_command_lists_the_schemas(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(cli, ["schema"]) == 0
    assert capsys.readouterr().out.split() == list(NAMES)


def test_an_unknown_schema_is_a_usage_error() -> None:
    assert run_cli(cli, ["schema", "nothing"]) == 2


def test_every_line_of_a_saved_run_keeps_the_schema_of_the_inventory(tmp_path: Path) -> None:
    run = save_run(tmp_path / "run.jsonl", a_store(), a_store("arn:aws:s3:::two"), an_edge("arn:aws:s3:::one", "x"))
    validator = jsonschema.Draft202012Validator(schema("inventory"))
    records = [json.loads(line) for line in run.path.read_text(encoding="utf-8").splitlines()]
    assert [record["record"] for record in records] == ["head", "plan", "store", "store", "edge", "cell", "end"]
    for record in records:
        validator.validate(record)


@pytest.mark.parametrize("name", sorted(CONFIG))
def test_a_config_schema_refuses_unknown_keys(name: str) -> None:
    errors = jsonschema.Draft202012Validator(schema(name)).iter_errors({"version": 1, "kind": name, "colour": "red"})
    assert any("colour" in error.message for error in errors)


def test_the_shipped_coverage_keeps_its_schema() -> None:
    from ruamel.yaml import YAML

    document = YAML(typ="safe").load((shipped_config() / "coverage.yaml").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema("coverage")).validate(document)
