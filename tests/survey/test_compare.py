"""What differs between the atlas and a record, and how it is written into the files of the atlas."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from residency.atlas import Atlas, Entry, read_entries
from residency.shipped import shipped_config
from residency.survey import Difference, Known, Record, compare
from residency.survey.rows import changes

HEAD = "namespace,code,kind,parent,countries,members,operator,status,confidence,source,read_on,note,recorded_as\n"
ROWS = """\
x,east-1,region,,JP,,xco,current,high,a page,2026-01-01,,
x,east-1a,zone,east-1,JP,,xco,current,high,a page,2026-01-01,,
x,hk-1,region,,HK,,xco,current,high,a page,2026-01-01,,CN
x,north-1,region,,NO,,other,current,high,a page,2026-01-01,,
x,old-1,region,,SE,,xco,retired,high,a page,2026-01-01,gone,
x,secret-1,region,,US,,xco,current,high,a page,2026-01-01,Not in the public record,
x.db,both,configuration,,,x:east-1 x:north-1,xco,current,high,a page,2026-01-01,,
"""
DAY = date(2026, 11, 22)
REGIONS = frozenset({("x", "region")})
ALL = (Known("x", "east-1", "region", country="JP"), Known("x", "hk-1", "region", country="CN"))
NORTH = Known("x", "north-1", "region", country="NO")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "x.csv").write_text(HEAD + ROWS, encoding="utf-8")
    return tmp_path


def found(folder: Path, *known: Known, complete: frozenset[tuple[str, str]] = REGIONS) -> list[Difference]:
    atlas = Atlas()
    atlas.add(read_entries(folder / "x.csv"))
    return list(compare(atlas, Record("the record", known, complete, lacking="not in the public record")))


def said(differences: list[Difference]) -> list[tuple[str, str, str, str]]:
    return [(d.what, d.code, d.ours, d.theirs) for d in differences]


@pytest.mark.parametrize(
    ("known", "differences"),
    [
        ((*ALL, NORTH), []),
        ((*ALL, Known("x", "north-1", "region")), []),  # the record says no country
        ((*ALL, Known("x", "north-1", "region", country="FI")), [("changed", "north-1", "NO", "FI")]),
        (ALL, [("vanished", "north-1", "NO", "")]),
        ((*ALL, NORTH, Known("x", "west-1", "region", country="US")), [("new", "west-1", "", "US")]),
        ((*ALL, NORTH, Known("x", "west-1", "region")), [("new", "west-1", "", "")]),
        ((*ALL, NORTH, Known("x.db", "both", "configuration", members=("x:north-1", "x:east-1"))), []),
        (
            (*ALL, NORTH, Known("x.db", "both", "configuration", members=("x:east-1",))),
            [("changed", "both", "x:east-1 x:north-1", "x:east-1")],
        ),
    ],
)
def test_what_is_new_changed_or_vanished_is_named(
    folder: Path, known: tuple[Known, ...], differences: list[tuple[str, str, str, str]]
) -> None:
    assert said(found(folder, *known)) == differences


def test_nothing_vanishes_from_a_record_that_is_no_full_list(folder: Path) -> None:
    assert found(folder, *ALL, complete=frozenset()) == []
    assert found(folder, *ALL, NORTH, complete=REGIONS | {("x", "zone")})[0].code == "east-1a"


def test_a_difference_reads_as_a_line(folder: Path) -> None:
    differences = found(folder, *ALL, Known("x", "north-1", "region", country="FI"))
    assert [str(difference) for difference in differences] == ["changed   x:north-1  region  NO -> FI  (the record)"]


def test_differences_are_written_as_rows_and_nothing_else_changes(folder: Path) -> None:
    new = Known("x", "east-1b", "zone", "east-1", "JP")
    differences = found(folder, *ALL, new, Known("x", "west-1", "region", country="US"))
    (change,) = changes(folder, differences, DAY)
    lines = [line for line in change.diff() if line[0] in "+-" and line[:3] not in ("+++", "---")]
    assert lines == [
        "+x,east-1b,zone,east-1,JP,,xco,current,high,the record,2026-11-22,,",
        "-x,north-1,region,,NO,,other,current,high,a page,2026-01-01,,",
        "+x,north-1,region,,NO,,other,retired,high,a page,2026-01-01,Not in the record on 2026-11-22,",
        "+x,west-1,region,,US,,?,current,high,the record,2026-11-22,,",
    ]
    change.path.write_text(change.after, encoding="utf-8")
    assert [entry.code for entry in read_entries(change.path) if entry.status == "retired"] == ["north-1", "old-1"]


def test_an_operator_that_no_row_tells_is_left_to_the_reviewer(folder: Path) -> None:
    (change,) = changes(folder, found(folder, *ALL, NORTH, Known("x", "west-1", "region")), DAY)
    row = next(entry for entry in _read(change.after, folder) if entry.code == "west-1")
    assert (row.operator, row.countries, row.confidence) == ("?", (), "unverified")


def test_what_changed_takes_the_record_as_its_source(folder: Path) -> None:
    known = Known("x.db", "both", "configuration", members=("x:east-1",))
    (change,) = changes(folder, found(folder, *ALL, NORTH, known), DAY)
    row = next(entry for entry in _read(change.after, folder) if entry.code == "both")
    assert (row.members, row.countries, row.source, row.read_on) == (("x:east-1",), (), "the record", "2026-11-22")


def test_a_namespace_without_a_file_gets_one(folder: Path) -> None:
    (change,) = changes(folder, found(folder, *ALL, NORTH, Known("new.db", "a", "region", country="JP")), DAY)
    assert (change.path.name, change.before) == ("new.csv", "")
    assert change.after.endswith("new.db,a,region,,JP,,?,current,high,the record,2026-11-22,\n")


def test_without_a_difference_no_file_changes() -> None:
    assert list(changes(shipped_config() / "atlas", [], DAY)) == []


def _read(text: str, folder: Path) -> list[Entry]:
    path = folder / "after.csv"
    path.write_text(text, encoding="utf-8")
    return list(read_entries(path))
