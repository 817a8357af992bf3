"""The closed list of countries."""

from __future__ import annotations

import pytest

from residency.countries import countries, country_name


def test_the_list_holds_the_249_codes_of_iso_3166_1() -> None:
    assert len(countries()) == 249
    assert all(len(code) == 2 and code.isascii() and code.isupper() for code in countries())


@pytest.mark.parametrize(
    "code", ["JP", "US", "GB", "GR", "NO", "HK", "TW", "MO", "PR", "GU", "RE", "GP", "AX", "CH", "TR"]
)
def test_a_territory_with_a_code_of_its_own_is_in_the_list(code: str) -> None:
    assert code in countries()


@pytest.mark.parametrize("code", ["UK", "EL", "EU", "XK", "AN", "SU", "ZZ", "XX", "jp", "", "??", "mixed"])
def test_what_iso_does_not_assign_is_not_in_the_list(code: str) -> None:
    assert code not in countries()


def test_every_country_has_a_name_of_its_own_in_both_languages() -> None:
    for language in ("en", "ja"):
        names = [country_name(code, language) for code in countries()]
        assert all(names)
        assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("code", "en", "ja"),
    [
        ("JP", "Japan", "日本"),
        ("NO", "Norway", "ノルウェー"),
        ("HK", "Hong Kong", "香港"),
        ("TW", "Taiwan", "台湾"),
        ("??", "??", "??"),
        ("mixed", "mixed", "mixed"),
    ],
)
def test_a_report_prints_the_name_and_a_mark_as_it_stands(code: str, en: str, ja: str) -> None:
    assert (country_name(code, "en"), country_name(code, "ja")) == (en, ja)
