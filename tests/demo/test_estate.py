"""The embedded estate with every answer written by hand: places, verdicts, classes, findings, cells."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from residency.services import listings
from residency.services.base import Scope
from tests.demo.conftest import ScannedEstate

TOKYO, OSAKA, SINGAPORE, LONDON = "aws:ap-northeast-1", "aws:ap-northeast-3", "aws:ap-southeast-1", "aws:eu-west-2"
ISTANBUL = "aws:eu-central-1-ist-1a"
PARTNER = "210987654321"

# Name -> data class, verdict, and every copy: role, place, countries, verdict, grade of its control.
STORES: dict[str, tuple[str, str, set[tuple[Any, ...]]]] = {
    "member-master": (
        "personal",
        "permitted",
        {
            ("primary", TOKYO, "JP", "permitted", 3),
            ("replica", OSAKA, "JP", "permitted", None),
        },
    ),
    # It has no tag of its own: it is personal because it is a replica.
    "member-master-osaka": ("personal", "permitted", {("primary", OSAKA, "JP", "permitted", 3)}),
    "member-backup": (
        "personal",
        "prohibited",
        {
            ("primary", TOKYO, "JP", "permitted", 3),
            ("replica", SINGAPORE, "SG", "prohibited", None),
        },
    ),
    # It is tagged public: that does not absolve a replica.
    "member-backup-dr": ("personal", "prohibited", {("primary", SINGAPORE, "SG", "prohibited", 2)}),
    # Its replication is switched off: older objects may remain there.
    "orders": (
        "personal",
        "undetermined",
        {
            ("primary", TOKYO, "JP", "permitted", 3),
            ("replica", SINGAPORE, "SG", "prohibited", None),
        },
    ),
    "orders-old-dr": ("none", "not-personal", {("primary", SINGAPORE, "SG", "prohibited", 2)}),
    # Nobody may read its replication rules.
    "payroll": (
        "personal",
        "undetermined",
        {
            ("primary", TOKYO, "JP", "permitted", 3),
            ("replica", None, "", "undetermined", None),
        },
    ),
    "web-assets": ("none", "not-personal", {("primary", SINGAPORE, "SG", "prohibited", 2)}),
    "event-uploads": ("unknown", "undetermined", {("primary", LONDON, "GB", "prohibited", 2)}),
    "volume in ap-northeast-1": (
        "personal",
        "permitted",
        {
            ("primary", f"{TOKYO}a", "JP", "permitted", 3),
            ("snapshot", TOKYO, "JP", "permitted", None),
        },
    ),
    "snapshot in ap-northeast-1": (
        "personal",
        "permitted",
        {
            ("primary", TOKYO, "JP", "permitted", 3),
            ("share", TOKYO, "JP", "permitted", None),
        },
    ),
    # In a Local Zone of Frankfurt that stands in Türkiye.
    "volume in eu-central-1": ("personal", "prohibited", {("primary", ISTANBUL, "TR", "prohibited", 3)}),
}

# Rule, status, severity, about whom, which copy.
FINDINGS = {
    ("copy-outside-territory", "violation", "high", "member-backup", "replica", SINGAPORE),
    ("copy-outside-territory", "violation", "high", "volume in eu-central-1", "primary", ISTANBUL),
    ("copy-shared-outside", "violation", "high", "snapshot in ap-northeast-1", "share", TOKYO),
    ("access-prevention-not-in-effect", "violation", "high", "member-backup-dr", "primary", SINGAPORE),
    ("copy-outside-territory", "not-checked", "medium", "orders", "replica", SINGAPORE),
    ("copy-place-unknown", "not-checked", "high", "payroll", "replica", None),
    ("store-unclassified", "not-checked", "medium", "event-uploads", "primary", LONDON),
    (
        "coverage-gap",
        "not-checked",
        "high",
        "demo/123456789012: denied s3:GetReplicationConfiguration",
        None,
        None,
    ),
    ("coverage-gap", "not-checked", "high", "demo/123456789012: guarded ec2:DescribeSnapshots", None, None),
    ("coverage-gap", "not-checked", "high", "demo/123456789012: unswept sweep", None, None),
}
OFF = 14  # the regions that the emulator's account has not switched on
ON = 20


def label(store_id: str) -> str:
    """What a store is called here: the emulator gives volumes and snapshots other ids every time."""
    parts = store_id.split(":")
    return f"{parts[5].partition('/')[0]} in {parts[3]}" if parts[2] == "ec2" else parts[-1]


def seen(store: dict[str, Any]) -> tuple[str, str, set[tuple[Any, ...]]]:
    copies = {
        (
            copy["role"],
            copy["place"],
            " ".join(copy["countries"]),
            copy["verdict"],
            copy["control"]["grade"] if copy["control"] else None,
        )
        for copy in store["copies"]
    }
    assert len(copies) == len(store["copies"])
    return store["data_class"], store["verdict"], copies


@pytest.mark.parametrize("name", STORES)
def test_a_store_stands_where_we_put_it(estate: ScannedEstate, name: str) -> None:
    (store,) = [store for store in estate.result["stores"] if label(store["id"]) == name]
    assert seen(store) == STORES[name]


def test_nothing_else_was_found(estate: ScannedEstate) -> None:
    assert Counter(label(store["id"]) for store in estate.result["stores"]) == Counter(STORES.keys())


def test_these_are_all_the_findings(estate: ScannedEstate) -> None:
    found = Counter(
        (
            finding["rule"],
            finding["status"],
            finding["severity"],
            label(finding["subject"]["id"]) if finding["subject"]["kind"] == "store" else finding["subject"]["id"],
            finding["subject"]["role"],
            finding["subject"]["place"],
        )
        for finding in estate.result["findings"]
    )
    assert found == Counter(FINDINGS)


def test_only_the_undecided_bucket_is_assumed(estate: ScannedEstate) -> None:
    assert [store["name"] for store in estate.result["stores"] if store["assumed"]] == ["event-uploads"]
    assert {finding["rule"] for finding in estate.result["findings"] if finding["assumed"]} == {"store-unclassified"}


def test_the_classes_say_where_they_come_from(estate: ScannedEstate) -> None:
    by = {label(store["id"]): store["classified_by"] for store in estate.result["stores"]}
    assert by["member-backup-dr"] == "replica of arn:aws:s3:::member-backup"
    assert by["snapshot in ap-northeast-1"].startswith("snapshot of arn:aws:ec2:ap-northeast-1:123456789012:volume/")


def test_page_one_counts_what_there_is(estate: ScannedEstate) -> None:
    assert estate.exit_code == estate.result["exit_code"] == 4
    assert estate.result["verdict"] == "violations-and-incomplete"
    assert estate.result["summary"] == {
        "stores": 12,
        "copies": 14,
        "violations": 4,
        "decisions": 1,
        "gap_causes": 3,
        "accepted_gaps": 0,
        "tracked": 0,
        "by_country": {"??": 1, "mixed": 0, "GB": 1, "JP": 8, "SG": 3, "TR": 1},
    }


def cells(estate: ScannedEstate, **wanted: str) -> list[dict[str, Any]]:
    return [cell for cell in estate.result["coverage"] if all(cell[key] == value for key, value in wanted.items())]


def test_every_planned_cell_has_a_result(estate: ScannedEstate) -> None:
    run = estate.run
    assert sorted(run.results) == list(range(len(run.cells)))
    assert run.whole
    assert len(set(run.cells)) == len(run.cells) == len(estate.result["coverage"])


def test_every_listing_has_a_cell_in_every_region(estate: ScannedEstate) -> None:
    for listing in listings("aws"):
        found = Counter(cell["status"] for cell in cells(estate, service=listing.service, listing=listing.operation))
        if listing.scope is Scope.GLOBAL:
            assert found == {"listed": 1}
        elif listing.operation == "DescribeSnapshots":
            assert found == {"listed": ON - 1, "guarded": 1, "region-off": OFF}
        else:
            assert found == {"listed": ON, "region-off": OFF}


def test_what_was_refused_is_said_with_its_cause(estate: ScannedEstate) -> None:
    (london,) = cells(estate, region="eu-west-2", listing="DescribeSnapshots")
    (buckets,) = cells(estate, listing="ListBuckets")
    (sweep,) = cells(estate, service="sweep")
    assert (london["status"], london["cause"]) == ("guarded", "demo/123456789012: guarded ec2:DescribeSnapshots")
    assert (buckets["status"], [gap["subject"] for gap in buckets["gaps"]]) == ("listed", ["arn:aws:s3:::payroll"])
    assert (buckets["gaps"][0]["status"], buckets["gaps"][0]["needs"]) == ("denied", "s3:GetReplicationConfiguration")
    assert sweep["status"] == "unswept"
    others = [cell for cell in estate.result["coverage"] if cell["gaps"] and cell not in (london, buckets, sweep)]
    assert others == []


def test_a_region_that_is_off_was_not_asked(estate: ScannedEstate) -> None:
    off = cells(estate, status="region-off")
    assert off
    assert {cell["calls"] for cell in off} == {0}


def test_every_copy_says_who_said_it(estate: ScannedEstate) -> None:
    assert all(copy["said_by"] for store in estate.result["stores"] for copy in store["copies"])


def test_the_share_names_its_recipient(estate: ScannedEstate) -> None:
    shares = [copy for store in estate.result["stores"] for copy in store["copies"] if copy["role"] == "share"]
    assert [share["account"] for share in shares] == [PARTNER]
