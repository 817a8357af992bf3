from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from residency.policy.models import Policy
from residency.policy.vendor import Vendor
from residency.rules.papers import accepted_measures, check_states, documented_grade, is_foreign, vendor_verdict
from tests.build import TODAY, VENDOR_AWS, a_config

MEASURE = """\
technical_measures:
  - {grade: 3, scope: [s3, ebs], statement: x, evidence: [{type: doc, url: u, retrieved_on: 2026-11-01}]}
  - {grade: 2, scope: ["*"], statement: x, evidence: [{type: doc, url: u, retrieved_on: 2026-11-01}]}
"""
BARE = "version: 1\nkind: vendor\nid: aws\nstate: approved\n"
GOOD = {
    "access_prevention": "accepted",
    "regulation": "accepted",
    "handling_policy": "accepted",
    "agreement": "accepted",
}


def vendor_of(folder: Path, text: str) -> tuple[Vendor, Policy]:
    config = a_config(folder, vendors__aws=text)
    return config.vendors["aws"], config.policy


def decided(state: str, more: str = "") -> str:
    return f"{VENDOR_AWS}checks: {{access_prevention: {{state: {state}{more}}}}}\n"


@pytest.mark.parametrize(("service", "grade"), [("s3", 2), ("rds", 2)])
def test_the_lowest_measure_that_names_the_service_is_documented(tmp_path: Path, service: str, grade: int) -> None:
    vendor, policy = vendor_of(tmp_path, BARE + MEASURE)
    assert documented_grade(vendor, policy, TODAY, service) == grade


def test_a_service_that_no_scope_names_is_not_documented(tmp_path: Path) -> None:
    vendor, policy = vendor_of(tmp_path, BARE + MEASURE.replace('"*"', "rds"))
    assert [documented_grade(vendor, policy, TODAY, name) for name in ("s3", "rds", "sqs")] == [3, 2, None]


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        ("approved", True),
        ("conditional", True),
        ("draft", False),
        ("evidence-requested", False),
        ("in-review", False),
        ("rejected", False),
        ("expired", False),
        ("offboarded", False),
    ],
)
def test_without_a_decision_the_state_of_the_record_counts(tmp_path: Path, state: str, counts: bool) -> None:
    vendor, policy = vendor_of(tmp_path, VENDOR_AWS.replace("state: approved", f"state: {state}"))
    assert bool(accepted_measures(vendor, policy, TODAY)) is counts


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        (decided("accepted"), True),
        (decided("conditional"), True),
        (decided("accepted", ", valid_until: 2026-11-22"), True),
        (decided("accepted", ", valid_until: 2026-11-21"), False),
        (decided("received"), False),
        (decided("rejected"), False),
        (decided("accepted").replace("state: approved", "state: draft"), True),
    ],
)
def test_a_decision_on_the_check_counts_before_the_state(tmp_path: Path, text: str, counts: bool) -> None:
    vendor, policy = vendor_of(tmp_path, text)
    assert bool(accepted_measures(vendor, policy, TODAY)) is counts


@pytest.mark.parametrize(
    ("evidence", "counts"),
    [
        ("[]", False),
        ("[{type: doc, retrieved_on: 2025-10-23}]", True),  # 365 days and 30 of grace end today
        ("[{type: doc, retrieved_on: 2025-10-22}]", False),
        ("[{type: doc, retrieved_on: 2026-11-01, expires: 2026-10-23}]", True),  # its own end is earlier
        ("[{type: doc, retrieved_on: 2026-11-01, expires: 2026-10-22}]", False),
        ("[{type: doc, retrieved_on: 2020-01-01}, {type: doc, retrieved_on: 2026-11-01}]", True),
    ],
)
def test_a_measure_counts_while_one_of_its_papers_is_in_its_grace(tmp_path: Path, evidence: str, counts: bool) -> None:
    text = f"{BARE}technical_measures: [{{grade: 3, scope: [s3], statement: x, evidence: {evidence}}}]\n"
    vendor, policy = vendor_of(tmp_path, text)
    assert bool(accepted_measures(vendor, policy, TODAY)) is counts


def test_a_measure_below_the_minimum_documents_nothing(tmp_path: Path) -> None:
    vendor, policy = vendor_of(tmp_path, VENDOR_AWS.replace("grade: 3", "grade: 1"))
    assert accepted_measures(vendor, policy, TODAY) == []


@pytest.mark.parametrize(("country", "foreign"), [("JP", False), ("US", True), ("DE", True), ("SG", True)])
def test_foreign_is_what_is_not_domestic(tmp_path: Path, country: str, foreign: bool) -> None:
    _, policy = vendor_of(tmp_path, BARE)
    assert is_foreign(country, policy) is foreign


@pytest.mark.parametrize(
    ("text", "today", "changes", "verdict"),
    [
        (VENDOR_AWS, TODAY, {}, "approved"),
        (VENDOR_AWS.replace("state: approved", "state: conditional"), TODAY, {}, "conditional"),
        (BARE, TODAY, dict.fromkeys(GOOD, "missing"), "incomplete"),
        (VENDOR_AWS.replace("state: approved", "state: draft"), TODAY, dict.fromkeys(GOOD, "missing"), "incomplete"),
        (VENDOR_AWS.replace("state: approved", "state: offboarded"), TODAY, dict.fromkeys(GOOD, "missing"), "rejected"),
        (decided("conditional"), TODAY, {"access_prevention": "conditional"}, "conditional"),
        (decided("rejected"), TODAY, {"access_prevention": "rejected"}, "rejected"),
        (decided("received"), TODAY, {"access_prevention": "missing"}, "incomplete"),
        (decided("accepted", ", valid_until: 2026-11-21"), TODAY, {"access_prevention": "expired"}, "conditional"),
        (VENDOR_AWS, date(2027, 11, 1), {}, "approved"),  # the last day of its paper
        (VENDOR_AWS, date(2027, 11, 2), {"access_prevention": "expired"}, "conditional"),  # its grace begins
        (decided("conditional"), date(2027, 11, 2), {"access_prevention": "expired"}, "conditional"),
        (VENDOR_AWS, date(2027, 12, 2), {"access_prevention": "expired"}, "conditional"),  # its grace is over
    ],
)
def test_the_checks_and_the_verdict_of_a_vendor(
    tmp_path: Path, text: str, today: date, changes: dict[str, str], verdict: str
) -> None:
    vendor, policy = vendor_of(tmp_path, text)
    states = check_states(vendor, policy, today)
    assert states == GOOD | changes
    assert vendor_verdict(vendor, states) == verdict


@pytest.mark.parametrize(
    ("state", "check"), [("rejected", "rejected"), ("offboarded", "rejected"), ("expired", "expired")]
)
def test_no_accepted_check_outlives_its_vendor(tmp_path: Path, state: str, check: str) -> None:
    vendor, policy = vendor_of(tmp_path, decided("accepted").replace("state: approved", f"state: {state}"))
    assert accepted_measures(vendor, policy, TODAY) == []
    assert check_states(vendor, policy, TODAY)["access_prevention"] == check


def test_a_measure_without_any_evidence_is_missing(tmp_path: Path) -> None:
    text = VENDOR_AWS.replace('[{type: doc, url: "https://example.com/measure", retrieved_on: 2026-11-01}]', "[]")
    vendor, policy = vendor_of(tmp_path, text)
    assert check_states(vendor, policy, TODAY)["access_prevention"] == "missing"
