from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from residency.inventory import read_run
from residency.model import Copy, Role, Said, Severity
from residency.reports import render
from residency.rules import rules
from residency.run import judge_run, open_config
from residency.schemas import schema
from tests.build import TODAY, a_config, a_copy, a_store
from tests.reports.results import JP, SG, every_rule, json_of, result_of

# The keys of the contract's example, part by part.
KEYS = {
    "": "schema run verdict exit_code summary stores vendors findings coverage",
    "run": "id started ended tool principal facts_sha256 policy config_sha256 atlas",
    "summary": "stores copies violations decisions gap_causes accepted_gaps tracked by_country",
    "stores": "id address kind provider account name sources owner tags policy data_class classified_by assumed "
    "followed verdict copies",
    "copies": "role place candidates countries verdict why state former holder account operator operator_country "
    "control said_by",
    "control": "grade modifiers key key_place",
    "vendors": "id state verdict checks",
    "findings": "rule status severity assumed subject message evidence fix owner first_seen file line fingerprint",
    "subject": "kind id role place holder",
    "coverage": "source provider account region service listing status level accepted_by cause calls stores gaps",
    "gaps": "subject call status needs reason",
}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return json_of(every_rule(tmp_path_factory.mktemp("every")))


def parts(result: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Every object of the result that stands under this key."""
    copies = [copy for store in result["stores"] for copy in store["copies"]]
    found: dict[str, list[dict[str, Any]]] = {
        "": [result],
        "copies": copies,
        "control": [copy["control"] for copy in copies if copy["control"]],
        "subject": [finding["subject"] for finding in result["findings"]],
        "gaps": [gap for cell in result["coverage"] for gap in cell["gaps"]],
    }
    value = found.get(name) or result[name]
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("name", KEYS)
def test_every_key_of_the_contract_is_there(result: dict[str, Any], name: str) -> None:
    assert parts(result, name)
    assert {key for part in parts(result, name) for key in KEYS[name].split() if key not in part} == set()


def test_the_result_keeps_the_published_schema(result: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(schema("result")).validate(result)


def test_the_schema_refuses_what_is_no_result(result: dict[str, Any]) -> None:
    for change in ({"verdict": "fine"}, {"exit_code": 2}, {"schema": "residency/result/v2"}, {"stores": None}):
        assert list(jsonschema.Draft202012Validator(schema("result")).iter_errors(result | change))


def test_every_rule_speaks_in_both_languages(result: dict[str, Any]) -> None:
    assert {finding["rule"] for finding in result["findings"]} == set(rules())
    for finding in result["findings"]:
        for text in (finding["message"], finding["fix"]):
            assert text["en"] != text["ja"]


def test_fingerprints_are_unique(result: dict[str, Any]) -> None:
    prints = [finding["fingerprint"] for finding in result["findings"]]
    assert len(prints) == len(set(prints)) > len(rules())


def test_a_fingerprint_can_be_computed_again_from_the_subject(result: dict[str, Any]) -> None:
    for finding in result["findings"]:
        subject = finding["subject"]
        assert finding["fingerprint"] == _fingerprint(finding["rule"], subject)


def test_a_fingerprint_does_not_depend_on_the_line(tmp_path: Path) -> None:
    at_14, at_15 = (_planned(tmp_path / str(line), line) for line in (14, 15))
    assert (at_14["file"], at_14["line"], at_15["line"]) == ("main.tf", 14, 15)
    assert at_14["fingerprint"] == at_15["fingerprint"]


def test_an_address_in_a_plan_is_no_file(tmp_path: Path) -> None:
    finding = _planned(tmp_path, "module.db.aws_s3_bucket.this[0]")
    assert (finding["file"], finding["line"], finding["address"]) == (None, None, "module.db.aws_s3_bucket.this[0]")


def test_the_run_names_facts_policy_config_and_atlas(tmp_path: Path) -> None:
    run = json_of(result_of(tmp_path, a_store()))["run"]
    config = a_config(tmp_path / "config")
    assert run["facts_sha256"] == read_run(tmp_path / "run.jsonl").sha256
    assert run["config_sha256"] == config.sha256
    assert run["policy"] == {"id": config.policy.id, "sha256": config.policy_sha256[config.policy.id]}
    assert run["atlas"] == {"as_of": config.atlas.as_of, "sha256": config.atlas.sha256}


def test_every_finding_names_its_policy(result: dict[str, Any]) -> None:
    assert {finding["policy"] for finding in result["findings"]} == {result["run"]["policy"]["id"]}


def test_an_accepted_cell_names_the_row_and_its_cause(result: dict[str, Any]) -> None:
    (cell,) = (cell for cell in result["coverage"] if cell["region"] == "sa-east-1")
    assert (cell["level"], cell["accepted_by"]) == ("required", "CG-1")
    assert cell["cause"] == "prod/123456789012: denied s3:ListAllMyBuckets"
    assert cell["cause"] in {finding["subject"]["id"] for finding in result["findings"]}


def test_names_of_every_script_survive(tmp_path: Path) -> None:
    name = 'arn:aws:s3:::個人"\\\n\x1b[31m'
    assert json_of(result_of(tmp_path, a_store(name, a_copy(SG))))["stores"][0]["id"] == name


def test_a_result_is_written_piece_by_piece(tmp_path: Path) -> None:
    result = result_of(tmp_path, *(a_store(f"arn:aws:s3:::{number}") for number in range(50)))
    pieces = list(render("json", result, ("en",)))
    assert len(pieces) > 50
    assert len(json.loads("".join(pieces))["stores"]) == 50


def test_the_same_facts_give_the_same_result(tmp_path: Path) -> None:
    first = json_of(every_rule(tmp_path))
    again = judge_run(read_run(tmp_path / "run.jsonl"), open_config(tmp_path / "config"), TODAY, Severity.HIGH)
    assert json_of(again) == first


def _fingerprint(rule: str, subject: dict[str, Any]) -> str:
    """The sentence of the contract, word by word."""
    place = subject["place"] or "?"
    rest = [subject[key] or "" for key in ("account", "holder", "stack", "detail")]
    fields = ["v1", rule, subject["kind"], subject["id"], subject["role"] or "", place, *rest]
    return hashlib.sha256("\0".join(fields).encode()).hexdigest()


def _planned(folder: Path, at: object) -> dict[str, Any]:
    """The one finding on a bucket that a template makes at this place of it."""
    said = Said(call="terraform:aws_s3_bucket", field="region", at=f"main.tf:{at}" if isinstance(at, int) else str(at))
    standard = a_copy(SG)
    copy = Copy(role=Role.PRIMARY, place=standard.place, control=standard.control, said_by=(said,))
    store = a_store("tf:prod/aws_s3_bucket.x", copy, address="aws_s3_bucket.x")
    (finding,) = json_of(result_of(folder, store, a_store("arn:aws:s3:::fine", a_copy(JP))))["findings"]
    assert finding["subject"]["stack"] == "prod"
    found: dict[str, Any] = finding
    return found
