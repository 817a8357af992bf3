"""What the atlas answers for a place, and which rows it refuses. The shipped rows have a test of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from residency.atlas import COLUMNS, NOWHERE, Atlas, AtlasError, Entry, Location, read_entries
from residency.model import Place
from residency.policy.load import load_config
from residency.policy.reader import ConfigError


def an_entry(
    code: str, *here: str, members: tuple[str, ...] = (), reason: str = "", kind: str = "region", sure: str = "high"
) -> Entry:
    return Entry("x", code, kind, "", here, members, "aws", "current", sure, "s", "2026-11-01", "", reason=reason)


def an_atlas(*entries: Entry) -> Atlas:
    atlas = Atlas()
    atlas.add(entries)
    return atlas


def at(place: str, atlas: Atlas) -> Location:
    return atlas.find(Place.parse(place))


# --- places -----------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["x:ab", "x:a", "x:abcd", "x:ABC", "x:abc ", "y:abc", "x.y:abc", "x:"])
def test_a_place_that_is_not_held_is_nowhere_whatever_is_held_beside_it(place: str) -> None:
    assert at(place, an_atlas(an_entry("abc", "JP"))) is NOWHERE
    assert (NOWHERE.countries, NOWHERE.complete, NOWHERE.operator, NOWHERE.entry) == ((), False, None, None)


def test_a_zone_does_not_stand_where_its_parent_stands() -> None:
    zone = Entry("x", "abc-1a", "zone", "abc", (), (), "aws", "current", "high", "s", "2026-11-01", "")
    atlas = an_atlas(an_entry("abc", "JP"), zone)
    assert (at("x:abc-1a", atlas).countries, at("x:abc-1a", atlas).complete) == ((), False)


def test_a_multi_region_stands_in_the_countries_of_all_its_members() -> None:
    whole = an_entry("eu", members=("x:de", "x:fr", "x:north"))
    atlas = an_atlas(whole, an_entry("de", "DE"), an_entry("fr", "FR"), an_entry("north", "FI", "SE"))
    assert at("x:eu", atlas) == Location(("DE", "FI", "FR", "SE"), True, "aws", whole)


@pytest.mark.parametrize("missing", ["de", "fr"])
def test_a_member_that_is_not_held_makes_a_multi_region_incomplete(missing: str) -> None:
    entries = [an_entry("de", "DE"), an_entry("fr", "FR")]
    atlas = an_atlas(an_entry("eu", members=("x:de", "x:fr")), *(e for e in entries if e.code != missing))
    location = at("x:eu", atlas)
    assert len(location.countries) == 1
    assert not location.complete


def test_a_member_without_a_country_makes_a_multi_region_incomplete() -> None:
    atlas = an_atlas(an_entry("eu", "DE", members=("x:a",)), an_entry("a"))
    assert (at("x:eu", atlas).countries, at("x:eu", atlas).complete) == (("DE",), False)


def test_a_multi_region_that_is_a_member_of_itself_is_incomplete() -> None:
    atlas = an_atlas(an_entry("a", members=("x:b", "x:de")), an_entry("b", members=("x:a",)), an_entry("de", "DE"))
    assert (at("x:a", atlas).countries, at("x:a", atlas).complete) == (("DE",), False)
    assert (at("x:b", atlas).countries, at("x:b", atlas).complete) == (("DE",), False)


def test_a_multi_region_may_have_one_member_along_two_ways() -> None:
    two = [an_entry("a", members=("x:b", "x:c")), an_entry("b", members=("x:de",)), an_entry("c", members=("x:de",))]
    atlas = an_atlas(*two, an_entry("de", "DE"))
    assert at("x:a", atlas).complete
    assert list(atlas.mistakes({"aws"})) == []


@pytest.mark.parametrize("place", ["x:a", "x:whole"])
def test_what_no_source_confirms_is_named_and_never_complete(place: str) -> None:
    atlas = an_atlas(an_entry("a", "JP", sure="unverified"), an_entry("whole", members=("x:a",)))
    assert (at(place, atlas).countries, at(place, atlas).complete) == (("JP",), False)


@pytest.mark.parametrize("place", ["x:anywhere", "x:whole"])
def test_what_the_provider_does_not_limit_is_unbounded_also_as_a_member(place: str) -> None:
    whole = an_entry("whole", members=("x:anywhere", "x:de"))
    atlas = an_atlas(an_entry("anywhere", kind="unbounded"), an_entry("de", "DE"), whole)
    location = at(place, atlas)
    assert (location.unbounded, location.complete) == (True, False)
    assert not at("x:de", atlas).unbounded


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("x:ap-northeast-l", ["x:ap-northeast-1"]),
        ("x:AP-NORTHEAST-1", ["x:ap-northeast-1"]),
        ("y:ap-northeast-1", ["x:ap-northeast-1"]),
        ("x:mars", []),
    ],
)
def test_near_misses_are_named_and_are_no_answer(asked: str, near: list[str]) -> None:
    atlas = an_atlas(an_entry("ap-northeast-1", "JP"), an_entry("eu", "DE"))
    assert [str(place) for place in atlas.near(Place.parse(asked))] == near
    assert at(asked, atlas) is NOWHERE


# --- rows -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("replacing", "reason"), [(False, ""), (False, "why not"), (True, "")])
def test_a_row_is_replaced_only_on_purpose_and_with_a_reason(replacing: bool, reason: str) -> None:
    atlas = an_atlas(an_entry("a", "JP"))
    with pytest.raises(AtlasError, match="x:a is there already: give a `reason` to replace it"):
        atlas.add([an_entry("a", "US", reason=reason)], replacing=replacing)
    assert at("x:a", atlas).countries == ("JP",)
    atlas.add([an_entry("a", "US", reason="moved")], replacing=True)
    assert at("x:a", atlas).countries == ("US",)
    assert [entry.reason for entry in atlas.replaced] == ["moved"]


def test_the_atlas_names_its_whole_content() -> None:
    assert an_atlas(an_entry("a", "JP"), an_entry("b", "US")).sha256 == (
        an_atlas(an_entry("b", "US"), an_entry("a", "JP")).sha256
    )
    assert an_atlas(an_entry("a", "JP")).sha256 != an_atlas(an_entry("a", "US")).sha256
    assert Atlas().as_of == ""


def test_a_file_without_a_column_is_refused_at_its_head(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(",".join(name for name in COLUMNS if name != "source") + "\n")
    with pytest.raises(AtlasError, match="these columns are missing: source") as caught:
        list(read_entries(path))
    assert caught.value.line == 1


REFUSED = [  # rows of a config's own atlas, and what is said of the last of them
    (["x,a,region,,XX,,aws,current,high,s,2026-11-01,"], "'XX' is not an ISO 3166-1 country code"),
    (["x,a,region,,JPN,,aws,current,high,s,2026-11-01,"], "'JPN' is not an ISO 3166-1 country code"),
    (["x,a,region,,UK,,aws,current,high,s,2026-11-01,"], "'UK' is not an ISO 3166-1 country code"),
    (["x,a,region,,JP JP,,aws,current,high,s,2026-11-01,"], "a country is given twice"),
    (["x,a,region,,JP,,aws,current,high,,2026-11-01,"], "`source` is empty"),
    (["x,a,region,,JP,,aws,current,high,s,,"], "`read_on` is empty"),
    (["x,a,region,,JP,,aws,current,high,s,yesterday,"], "'yesterday' is not a day such as 2026-11-22"),
    (["x,a,region,,JP,,,current,high,s,2026-11-01,"], "`operator` is empty"),
    (["x,a,,,JP,,aws,current,high,s,2026-11-01,"], "`kind` is empty"),
    (["x,a,region,,JP,,nobody,current,high,s,2026-11-01,"], "the operator 'nobody' is not in operators.yaml"),
    (["x,a,region,,JP,,aws,open,high,s,2026-11-01,"], "status 'open' is none of current, announced, retired"),
    (["x,a,region,,JP,,aws,current,sure,s,2026-11-01,"], "confidence 'sure' is none of high, medium, low"),
    (["x,a,unbounded,,JP,,aws,current,high,s,2026-11-01,"], "a location that is not limited to any place has neither"),
    (["x,a,multi,,,x:b,aws,current,high,s,2026-11-01,"], "the member 'x:b' is not in the atlas"),
    (["x,a,multi,,,b,aws,current,high,s,2026-11-01,"], "'b' is not a location of the form NAMESPACE:CODE"),
    (["x,a,multi,,,aws:eu-west-1 aws:eu-west-1,aws,current,high,s,2026-11-01,"], "a member is given twice"),
    (["x,a,multi,,,x:a,aws,current,high,s,2026-11-01,"], "x:a is a member of itself"),
    (
        ["x,a,region,,JP,,aws,current,high,s,2026-11-01,"] * 2,
        "x:a is there already: give a `reason` to replace it",
    ),
    (["aws,eu-west-1,region,,JP,,aws,current,high,s,2026-11-01,"], "aws:eu-west-1 is there already"),
    (["x,a,region,,JP,,aws,current,high,s"], "the number of fields is not that of the header"),
]


@pytest.mark.parametrize(("rows", "says"), REFUSED, ids=[says for _, says in REFUSED])
def test_a_row_that_cannot_be_used_is_refused_with_file_and_line(tmp_path: Path, rows: list[str], says: str) -> None:
    (tmp_path / "atlas").mkdir()
    (tmp_path / "atlas/own.csv").write_text("\n".join([",".join(COLUMNS), *rows, ""]), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path)
    (mistake,) = caught.value.mistakes
    assert str(mistake).startswith(f"{tmp_path}/atlas/own.csv:{len(rows) + 1}:1: {says}")


def test_a_circle_of_multi_regions_is_refused_at_each_of_them(tmp_path: Path) -> None:
    (tmp_path / "atlas").mkdir()
    rows = [f"x,{a},multi,,,x:{b},aws,current,high,s,2026-11-01," for a, b in ("ab", "bc", "ca", "da")]
    (tmp_path / "atlas/own.csv").write_text("\n".join([",".join(COLUMNS), *rows, ""]), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path)
    assert [mistake.text for mistake in caught.value.mistakes] == [f"x:{a} is a member of itself" for a in "abc"]
