"""The embedded estate with every answer written by hand: places, verdicts, classes, findings, cells."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from residency.demo.estate.company import ACQUIRED, ANALYTICS, MEMBERS, NEW_VENTURE, OLD_CAMPAIGN, PARTNER
from residency.services import listings
from residency.services.base import Scope
from tests.demo.conftest import ScannedEstate
from tests.demo.told import finding_line, label, store_line, written
from tests.readme import README, shortened, shown, without_what_changes


def test_readme_shows_what_make_scan_prints(estate: ScannedEstate) -> None:
    block = shown(README.read_text(encoding="utf-8"))
    assert "FAIL" in block
    assert without_what_changes(block) == without_what_changes(shortened(estate.stdout)), "run `make docs`"


@pytest.mark.parametrize("line", sorted(set(written("stores"))))
def test_a_store_stands_where_it_was_put(estate: ScannedEstate, line: str) -> None:
    name = line.partition(" |")[0]
    there = [told for store in estate.result["stores"] if (told := store_line(store)).partition(" |")[0] == name]
    assert line in there


def test_nothing_else_was_found(estate: ScannedEstate) -> None:
    assert Counter(map(store_line, estate.result["stores"])) == Counter(written("stores"))


def test_these_are_all_the_findings(estate: ScannedEstate) -> None:
    labels = {store["id"]: label(store) for store in estate.result["stores"]}
    found = Counter(finding_line(finding, labels) for finding in estate.result["findings"])
    assert found == Counter(written("findings"))


def test_only_what_nobody_decided_is_assumed(estate: ScannedEstate) -> None:
    assumed = [label(store) for store in estate.result["stores"] if store["assumed"]]
    assert sorted(assumed) == [
        "ebs.snapshot crm-dr ap-southeast-1",
        "ecr.repository api ap-northeast-1",
        "s3.bucket event-uploads",
    ]
    assert {finding["rule"] for finding in estate.result["findings"] if finding["assumed"]} == {"store-unclassified"}


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("s3.bucket member-backup-dr", "replica of arn:aws:s3:::member-backup"),
        ("s3.bucket profile-exports", "export of "),
        ("ebs.snapshot crm-daily ap-northeast-1", f"snapshot of arn:aws:ec2:ap-northeast-1:{MEMBERS}:volume/"),
        ("rds.instance member-db-sg ap-southeast-1", "tag data-classification="),
        ("rds.cluster survey-london eu-west-2", f"replica of arn:aws:rds:eu-west-1:{ANALYTICS}:cluster:survey"),
        ("backup.vault daily ap-southeast-1", f"backup of arn:aws:backup:ap-northeast-1:{MEMBERS}:backup-vault:daily"),
        ("kms.custom-key-store outside ap-northeast-1", "it holds a key"),
    ],
)
def test_a_class_says_where_it_comes_from(estate: ScannedEstate, name: str, source: str) -> None:
    (store,) = [store for store in estate.result["stores"] if label(store) == name]
    assert store["classified_by"].startswith(source)


# Copies that no store of the estate is: shares, standbys, backups of databases, witnesses, and what nobody placed.
BESIDE = Counter({"JP": 6, "SG": 3, "KR": 2, "??": 3})
# Stores without a copy of their own: a key holds no data, an image is counted as its snapshot.
WITHOUT = ("kms.", "ebs.image ")


def test_page_one_counts_what_there_is(estate: ScannedEstate) -> None:
    stores, findings = written("stores"), written("findings")
    by_country = BESIDE + Counter(_country(line) for line in stores if not line.startswith(WITHOUT))
    assert estate.exit_code == estate.result["exit_code"] == 4
    assert estate.result["verdict"] == "violations-and-incomplete"
    assert estate.result["summary"] == {
        "stores": len(stores),
        "copies": by_country.total(),
        "violations": _number(findings, "violation "),
        "decisions": _number(findings, "", " store-unclassified "),
        "gap_causes": _number(findings, "not-checked ", " coverage-gap ", "| required"),
        "accepted_gaps": _number(findings, "excepted ", " coverage-gap ", "| required/"),
        "tracked": _number(findings, "warning ", " coverage-gap ", "| tracked"),
        "by_country": {**by_country, "mixed": 0},
    }


def _country(line: str) -> str:
    """Where a line of stores.txt says that the primary copy stands."""
    primary = next(copy.split() for copy in line.split(" | ")[2].split("; ") if copy.startswith("primary "))
    return primary[2]


def _number(lines: list[str], start: str, *words: str) -> int:
    found = sum(line.startswith(start) and all(word in line for word in words) for line in lines)
    assert found, f"the estate has no finding of {start}{words}"
    return found


def test_one_vendor_is_in_order_one_has_lapsed_and_one_has_no_paper(estate: ScannedEstate) -> None:
    checks = {
        vendor["id"]: (vendor["verdict"], vendor["checks"]["access_prevention"]) for vendor in estate.result["vendors"]
    }
    assert checks == {
        "aws": ("approved", "accepted"),
        "aws-eusc": ("conditional", "expired"),
        "sinnet": ("incomplete", "missing"),
    }


def test_the_page_shows_every_finding(estate: ScannedEstate) -> None:
    missing = [f["rule"] for f in estate.result["findings"] if f["fingerprint"] not in estate.page]
    assert missing == []


# --- cells ------------------------------------------------------------------------------------


def cells(estate: ScannedEstate, **wanted: str) -> list[dict[str, Any]]:
    return [cell for cell in estate.result["coverage"] if all(cell[key] == value for key, value in wanted.items())]


def test_every_planned_cell_has_a_result(estate: ScannedEstate) -> None:
    run = estate.run
    assert sorted(run.results) == list(range(len(run.cells)))
    assert run.whole
    assert len(set(run.cells)) == len(run.cells) == len(estate.result["coverage"])


@pytest.mark.parametrize("listing", listings("aws"), ids=lambda listing: listing.call)
def test_every_listing_has_a_cell_in_every_region_of_every_account(estate: ScannedEstate, listing: Any) -> None:
    found = cells(estate, service=listing.service, listing=listing.operation)
    accounts = {cell["account"] for cell in cells(estate, service="sweep")}
    assert len(accounts) == 5
    assert {cell["account"] for cell in found} == accounts
    here = [cell["region"] for cell in found if cell["account"] == MEMBERS]
    assert len(here) == len(set(here)) == (1 if listing.scope is Scope.GLOBAL else 34)


def test_an_account_that_cannot_be_entered_has_its_own_status_and_hides_no_other(estate: ScannedEstate) -> None:
    found = {account: {cell["status"] for cell in cells(estate, account=account)} for account in LOST}
    assert found == {account: {status} for account, status in LOST.items()}
    assert {cell["status"] for cell in cells(estate, account=MEMBERS, service="sqs", region="ap-northeast-1")} == {
        "listed"
    }


LOST = {OLD_CAMPAIGN: "account-suspended", NEW_VENTURE: "account-pending", ACQUIRED: "no-role"}


@pytest.mark.parametrize(
    ("where", "status", "cause"),
    [
        ({"region": "eu-west-2", "listing": "DescribeSnapshots"}, "guarded", "guarded p-snapshots01"),
        ({"region": "eu-west-2", "listing": "ListQueues"}, "throttled", "throttled sqs:ListQueues"),
        ({"region": "ap-east-1", "listing": "DescribeVolumes"}, "region-refused", "region-refused ap-east-1"),
        ({"region": "sa-east-1", "listing": "ListTables"}, "guarded", "guarded p-regiondeny1"),
        ({"region": "me-south-1", "listing": "ListTables"}, "region-off", None),
    ],
)
def test_what_was_refused_is_said_with_its_cause(
    estate: ScannedEstate, where: dict[str, str], status: str, cause: str | None
) -> None:
    (cell,) = cells(estate, account=ANALYTICS, **where)
    assert cell["status"] == status
    assert cell["cause"] == (cause and f"company/{ANALYTICS}: {cause}")


def test_a_refused_follow_up_is_a_gap_of_its_store(estate: ScannedEstate) -> None:
    (buckets,) = cells(estate, account=MEMBERS, listing="ListBuckets")
    assert buckets["status"] == "listed"
    assert sorted((gap["subject"], gap["status"], gap["needs"]) for gap in buckets["gaps"]) == [
        ("arn:aws:s3:::contracts", "denied", None),
        ("arn:aws:s3:::payroll", "denied", "s3:GetReplicationConfiguration"),
    ]


def test_a_region_that_is_off_was_not_asked(estate: ScannedEstate) -> None:
    off = cells(estate, status="region-off")
    assert off
    assert {cell["calls"] for cell in off} == {0}


def test_every_copy_says_who_said_it(estate: ScannedEstate) -> None:
    assert all(copy["said_by"] for store in estate.result["stores"] for copy in store["copies"])


def test_the_shares_name_their_recipients(estate: ScannedEstate) -> None:
    shares = [copy for store in estate.result["stores"] for copy in store["copies"] if copy["role"] == "share"]
    assert sorted(share["account"] for share in shares) == sorted([PARTNER, PARTNER, ANALYTICS])
