"""The page in a real browser without a network: what it shows, what it asks for, how wide it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from residency.model import Role
from residency.reports.page_one import sentence
from residency.reports.result import Result
from residency.rules.texts import message
from tests.build import a_cell, a_config, a_copy, a_gap, a_store
from tests.reports.browser import Tab, opened
from tests.reports.pages import html_of
from tests.reports.results import SG, every_rule, result_of

LONG = "x" * 300
A4 = 680  # pixels between the margins of a page: 180 mm at 96 to the inch
PLANTED = (
    '<p style="position:fixed">planted<img src="http://127.0.0.1:9/x.png"><script>document.title="run"</script></p>'
)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return every_rule(tmp_path_factory.mktemp("every"))


@pytest.fixture(scope="module")
def page(result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both languages, Japanese first."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(html_of(result, "ja", "en"), encoding="utf-8")
    return path


@pytest.fixture
def tab(page: Path) -> Iterator[Tab]:
    with opened(page) as tab:
        yield tab


def test_the_page_shows_its_verdict_asks_for_nothing_and_breaks_no_policy(result: Result, page: Path, tab: Tab) -> None:
    assert sentence(result, "ja") in tab.text
    assert tab.requests == [page.as_uri()]
    assert tab.complaints == []


def test_the_page_is_the_same_where_scripts_may_run(page: Path, tab: Tab) -> None:
    with opened(page, script=True) as other:
        assert other.text == tab.text
        assert (other.requests, other.complaints) == ([page.as_uri()], [])


def test_what_somebody_plants_in_the_page_is_stopped_by_its_policy(page: Path) -> None:
    planted = page.with_name("planted.html")
    planted.write_text(page.read_text("utf-8").replace("<main>", f"<main>{PLANTED}"), encoding="utf-8")
    with opened(planted, script=True) as tab:
        assert "planted" in tab.text
        assert tab.value("document.title") != "run"
        assert len([text for text in tab.complaints if "Content Security Policy" in text]) == 3


def test_the_language_is_switched_without_a_script(result: Result, tab: Tab) -> None:
    for shown, hidden in (("ja", "en"), ("en", "ja"), ("ja", "en")):
        if shown != "ja" or sentence(result, "ja") not in tab.text:
            tab.click(f"label[for=show-{shown}]")
        assert sentence(result, shown) in tab.text
        assert sentence(result, hidden) not in tab.text
        assert [f for f in result.findings if message(f, shown) not in tab.text] == []
        assert [f for f in result.findings if message(f, hidden) in tab.text] == []


def test_the_language_is_switched_by_the_keyboard(result: Result, tab: Tab) -> None:
    tab.value("document.querySelector('#show-ja').focus()")
    for kind in ("keyDown", "keyUp"):
        tab.ask("Input.dispatchKeyEvent", type=kind, key="ArrowRight", code="ArrowRight", windowsVirtualKeyCode=39)
    assert sentence(result, "en") in tab.text


def test_paper_shows_the_chosen_language_and_everything_in_it(result: Result, tab: Tab) -> None:
    tab.click("label[for=show-en]")
    tab.media("print")
    assert sentence(result, "en") in tab.text
    assert sentence(result, "ja") not in tab.text
    assert "On this page" not in tab.text
    every = [line for finding in result.findings for line in finding.evidence]
    assert [line for line in every if line not in tab.text] == []


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_is_never_wider_than_the_window(tmp_path: Path, width: int) -> None:
    copies = (a_copy(SG, Role.REPLICA, holder=f"arn:aws:s3:::{LONG}", account=LONG), a_copy(f"aws:{LONG}"))
    result = result_of(tmp_path, a_store(f"arn:aws:s3:::{LONG}", *copies, name=LONG, kind=f"aws.s3.{LONG}"))
    result.selection = {"account": [LONG]}
    path = tmp_path / "report.html"
    path.write_text(html_of(result, "ja", "en"), encoding="utf-8")
    with opened(path) as tab:
        tab.width(width)
        assert tab.value("document.documentElement.clientWidth") == width
        assert tab.value("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_with_everything_is_not_wider_than_the_window(tab: Tab, width: int) -> None:
    tab.width(width)
    assert tab.value("document.documentElement.scrollWidth") == width


def test_a_matrix_of_all_regions_fits_on_paper(tmp_path: Path) -> None:
    entries = a_config(tmp_path).atlas.entries.values()
    gaps = [a_gap(a_cell(region=one.code)) for one in entries if (one.namespace, one.kind) == ("aws", "region")]
    assert len(gaps) > 30
    path = tmp_path / "report.html"
    path.write_text(html_of(result_of(tmp_path, a_store(), gaps=gaps)), encoding="utf-8")
    with opened(path) as tab:
        tab.media("print")
        tab.width(A4)
        assert tab.value("document.documentElement.scrollWidth") == A4


def test_darkness_is_taken_from_the_reader(tab: Tab) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        tab.media(scheme=scheme)
        grounds.append(tab.value("getComputedStyle(document.documentElement).backgroundColor"))
    assert grounds == ["rgb(255, 255, 255)", "rgb(21, 24, 28)"]
    tab.media("print", scheme="dark")
    assert tab.value("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
