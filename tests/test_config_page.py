"""The examples of docs/config.md are one config: it loads, and what it approves is approved."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from residency.model import Account
from residency.naming import StoreNames
from residency.policy.load import FILES, ROW_FILES, Config
from residency.policy.models import Match
from residency.rules.base import PERMITTED
from residency.rules.papers import check_states, vendor_verdict
from residency.run import open_config
from tests.build import ACCOUNT, a_config, a_copy, a_gap, a_store, judge, save_run

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
    (folder / "vendors/evidence").mkdir()
    (folder / "vendors/evidence/kms.pdf").write_bytes(b"the paper that the example of a vendor names")
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
    unasked = [finding for finding in findings if finding.rule == "coverage-gap"]  # the run asked one source alone
    assert len(unasked) == len({source.name for source in config.sources} - {"prod"})
    assert {finding.rule for finding in findings} == {"exception-unused", "coverage-gap"}


def test_the_page_names_the_keys_that_a_store_is_matched_by() -> None:
    assert keys_of("a store") == set(StoreNames(a_store(), None, lambda place: None))


def test_the_page_names_the_keys_that_a_gap_is_matched_by(tmp_path: Path) -> None:
    account = Account(source="prod", provider="aws", id=ACCOUNT, ou=("ou-1",))
    run = save_run(tmp_path / "run.jsonl", gaps=[a_gap()], accounts=[account])
    matched = set()
    for key in Match.model_fields:
        coverage = ACCEPTED.replace("KEY", key)
        _, (finding, *_) = judge(run, a_config(tmp_path / key, coverage=coverage), DAY)
        matched |= {key} if finding.excepted_by else set()
    assert keys_of("a gap") == matched


ACCEPTED = """\
version: 1
kind: coverage
accept:
  - {id: CG-1, match: {KEY: "*"}, cause: {status: denied}, reason: known, owner: a@example.com,
     approved_by: b@example.com, approved_on: 2026-11-01, expires: 2026-12-31}
"""


def keys_of(what: str) -> set[str]:
    """The keys that the page's table of `match` has for it."""
    (keys,) = re.findall(rf"^\| {what} \(.*\| `([a-z ]+)` \|$", PAGE, re.M)
    return set(keys.split())
