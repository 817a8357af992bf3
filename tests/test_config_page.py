"""The examples of docs/config.md are one config: it loads, and what it approves is approved."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from residency.policy.load import FILES, ROW_FILES, Config
from residency.rules.base import PERMITTED
from residency.rules.papers import check_states, vendor_verdict
from residency.run import open_config
from tests.build import a_copy, a_store, judge, save_run

PAGE = (Path(__file__).parents[1] / "docs/config.md").read_text(encoding="utf-8")
DAY = date(2026, 11, 22)
FOLDERS = {"vendor": "vendors/{id}.yaml", "policy": "policy.yaml"}
TABLES = {"id,country,operator,name,source,read_on": "places.csv", "kind,holds": "kinds.csv"}


def examples() -> dict[str, str]:
    """File of a config -> the example of it."""
    found = {TABLES[text.partition("\n")[0]]: text for text in re.findall(r"^```csv\n(.*?)^```", PAGE, re.M | re.S)}
    for text in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S):
        said = dict(re.findall(r"^(kind|id): (\S+)", text, re.M))
        name = FOLDERS.get(said["kind"], "{kind}.yaml").format_map(said)
        assert name not in found
        found[name] = text
    return found


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    folder = tmp_path_factory.mktemp("config")
    for name, text in examples().items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return open_config(folder)


def test_every_file_has_an_example_but_the_policy_that_has_a_default(config: Config) -> None:
    assert set(examples()) >= {*FILES, *ROW_FILES, "vendors/aws.yaml"} - {"policy.yaml"}
    assert config.holds("Custom::GameAssets") == "code"
    assert config.owner_of(None, {"name": "game-1"}) == "games@example.co.jp"


def test_the_record_that_is_called_approved_is_approved(config: Config) -> None:
    record = config.vendors["aws"]
    assert vendor_verdict(record, check_states(record, config.policy, DAY)) == "approved"


def test_stores_in_order_under_the_examples_have_no_finding_but_of_approvals_that_match_nothing(
    config: Config, tmp_path: Path
) -> None:
    personal = {"data-classification": "confidential-pii"}
    cloud = a_store("arn:aws:s3:::user-1", tags=personal)
    own = a_store("site:db", a_copy("site:shibuya"), kind="site.database", region=None, tags=personal)
    stores, findings = judge(save_run(tmp_path / "run.jsonl", cloud, own), config, DAY)
    assert {store.verdict for store in stores.values()} == {PERMITTED}
    assert {finding.rule for finding in findings} == {"exception-unused"}
