from __future__ import annotations

from datetime import date
from pathlib import Path

from residency.coverage import CellLevel, Coverage
from residency.model import Cell, CellResult, Gap, Status
from residency.reports.matrix import Matrix, matrices, unseen
from tests.build import NOON, TODAY, a_cell, a_config, a_gap
from tests.reports.results import APPROVED

OTHER = "210987654321"
COVERAGE = f"""\
version: 1
kind: coverage
scope:
  required: {{holds: [data, logs, secrets]}}
  tracked: {{holds: [code, keys, config], unfollowed: true}}
  out: [{{id: OUT-1, match: {{region: eu-west-3}}, {APPROVED}, expires: 2027-10-31}}]
accept: [{{id: CG-1, match: {{region: sa-east-1}}, cause: {{status: denied}}, {APPROVED}, expires: 2027-10-31}}]
"""


def listed(cell: Cell, stores: int = 0, status: Status = Status.LISTED, gaps: tuple[Gap, ...] = ()) -> CellResult:
    return CellResult(cell=cell, status=status, stores=stores, gaps=gaps, calls=1, began=NOON, ended=NOON)


def refused(cell: Cell, status: Status = Status.DENIED, **more: str) -> CellResult:
    return listed(cell, status=status, gaps=(a_gap(cell, status, **more),))


def levels(folder: Path, *results: CellResult, today: date = TODAY) -> list[CellLevel]:
    coverage = Coverage(a_config(folder, coverage=COVERAGE), today, {}, set())
    coverage.judge(results)
    return coverage.levels


def matrix(folder: Path, *results: CellResult) -> Matrix:
    (found,) = matrices(levels(folder, *results))
    return found


def sign(folder: Path, *results: CellResult) -> str:
    """The sign of the one square that these cells fall into."""
    ((square,),) = (row.values() for row in matrix(folder, *results).rows.values())
    return square.sign


def test_what_was_listed_shows_how_many_stores(tmp_path: Path) -> None:
    ebs = a_cell(service="ebs")
    assert sign(tmp_path, listed(a_cell(), 3), listed(ebs, 2)) == "5"
    assert sign(tmp_path, listed(a_cell(), 0)) == "0"


def test_one_refused_service_makes_the_whole_square_unseen(tmp_path: Path) -> None:
    cells = listed(a_cell(), 3), refused(a_cell(service="ebs"))
    assert sign(tmp_path, *cells) == "?"


def test_a_refused_question_about_a_listed_store_is_a_gap(tmp_path: Path) -> None:
    cell = a_cell()
    gap = a_gap(cell, subject="arn:aws:s3:::one")
    found = matrix(tmp_path, listed(cell, 1, gaps=(gap, gap))).rows[cell.account or ""]["global"]
    assert (found.sign, found.gaps, found.statuses) == ("?", 2, {"denied"})


def test_a_region_that_is_off_is_no_gap(tmp_path: Path) -> None:
    for status in (Status.REGION_OFF, Status.NOT_OFFERED, Status.ACCOUNT_CLOSED):
        assert sign(tmp_path, listed(a_cell(), status=status)) == "-"


def test_what_is_out_of_scope_is_neither_zero_nor_unseen(tmp_path: Path) -> None:
    out = a_cell(region="eu-west-3")
    assert sign(tmp_path, refused(out)) == "-"
    assert sign(tmp_path, listed(out)) == "-"


def test_an_accepted_gap_is_not_shown_as_seen(tmp_path: Path) -> None:
    assert sign(tmp_path, refused(a_cell(region="sa-east-1"))) == "(?)"
    assert sign(tmp_path, refused(a_cell(region="sa-east-1"), Status.TIMEOUT)) == "?"


def test_a_tracked_gap_is_not_shown_as_required(tmp_path: Path) -> None:
    assert sign(tmp_path, refused(a_cell(service="kms"))) == "(?)"


def test_discovery_alone_shows_no_account_as_seen(tmp_path: Path) -> None:
    assert matrices(levels(tmp_path, listed(a_cell(service="account")))) == []
    assert sign(tmp_path, refused(a_cell(service="account"))) == "?"


def test_each_provider_has_its_own_regions(tmp_path: Path) -> None:
    google = a_cell(provider="gcp", region="asia-northeast1", service="storage")
    found = matrices(levels(tmp_path, listed(a_cell()), listed(google)))
    assert [(one.provider, one.regions) for one in found] == [("aws", ["global"]), ("gcp", ["asia-northeast1"])]


def test_a_region_without_anything_to_show_is_named_and_not_drawn(tmp_path: Path) -> None:
    off = [listed(a_cell(region="me-south-1", account=a), status=Status.REGION_OFF) for a in ("1" * 12, OTHER)]
    half = listed(a_cell(region="af-south-1", account=OTHER))
    found = matrix(tmp_path, listed(a_cell()), half, *off)
    assert (found.regions, found.folded) == (["global", "af-south-1"], ["me-south-1"])


def test_what_was_not_seen_is_one_row_for_each_thing_to_do(tmp_path: Path) -> None:
    regions = [refused(a_cell(region=region)) for region in ("eu-west-1", "us-east-1")]
    rows = unseen(levels(tmp_path, *regions, refused(a_cell(region="sa-east-1")), refused(a_cell(account=OTHER))))
    assert [(row.account, row.counts_as, row.gaps, sorted(row.regions)) for row in rows] == [
        ("123456789012", "required", 2, ["eu-west-1", "us-east-1"]),
        (OTHER, "required", 1, ["global"]),
        ("123456789012", "accepted", 1, ["sa-east-1"]),
    ]
    assert (rows[0].call, rows[0].needs, rows[0].status) == ("s3:ListBuckets", "s3:ListAllMyBuckets", "denied")


def test_a_cell_that_says_nothing_of_its_gap_has_one_all_the_same(tmp_path: Path) -> None:
    cell = a_cell()
    assert [row.status for row in unseen(levels(tmp_path, listed(cell, status=Status.INTERRUPTED)))] == ["interrupted"]
    assert sign(tmp_path, listed(cell, status=Status.INTERRUPTED)) == "?"
