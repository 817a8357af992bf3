from __future__ import annotations

import hashlib
import json
import re
import string
import subprocess
import sys
from base64 import b64encode
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from residency.cli import run_cli
from residency.cli.commands import cli
from residency.model import Role, State, Why
from residency.reports import html_page, render
from residency.reports.json_result import fingerprint
from residency.reports.page_one import actions, sentence
from residency.reports.result import Result, Spool
from residency.reports.words import WORDS
from residency.rules.texts import fix, message
from tests.build import a_cell, a_control, a_copy, a_gap, a_store
from tests.reports.pages import Element, html_of, page_of, read
from tests.reports.results import EXCEPTIONS, JP, SG, every_rule, result_of

CSS = (Path(html_page.__file__).parent / "page" / "page.css").read_text(encoding="utf-8")
TEMPLATE = (Path(html_page.__file__).parent / "page" / "report.html.j2").read_text(encoding="utf-8")
PLAN = Path(__file__).parents[1] / "data" / "plans" / "replication.json"
BUDGET = 5_000_000
# Names that try to leave their place: markup, attributes, the writing direction, a new line, a template.
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><style>@import url(//example.com)</style>",
    "\u202egnp.exe\u2066",
    "a\nPASS\r\x1b[31m\x00",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;&amp;",
]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return every_rule(tmp_path_factory.mktemp("every"))


@pytest.fixture(scope="module")
def page(result: Result) -> Element:
    return page_of(result)


@pytest.fixture(scope="module")
def both(result: Result) -> Element:
    return page_of(result, "ja", "en")


def printed(text: str) -> str:
    """As the page prints it: in one line, nothing that steers."""
    return " ".join("".join(char if char.isprintable() else "\ufffd" for char in text).split())


# --- everything is there ----------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_finding_stands_at_its_fingerprint(result: Result, language: str) -> None:
    page = page_of(result, language)
    assert len(result.findings) > 15
    for finding in result.findings:
        card = page.by_id(fingerprint(finding))
        assert message(finding, language) in card.text()
        assert fix(finding, language) in card.text()
        assert fingerprint(finding)[:12] in card.text()
        assert finding.policy in card.text()
        assert [line for line in finding.evidence if printed(line) not in card.text()] == []
    assert {finding.rule for finding in result.findings} <= {code.text() for code in page.all("code")}


def test_a_rule_quotes_its_clause_and_links_its_source(page: Element) -> None:
    clauses = " ".join(element.text() for element in page.all("p", "clause"))
    assert "Clause: the servers stand only in the places the policy allows" in clauses
    links = [a for a in page.all("a") if a.attributes["href"].startswith("http")]
    assert "https://www.businesslawyers.jp/practices/1438" in {a.attributes["href"] for a in links}
    assert {a.attributes.get("rel") for a in links} == {"noreferrer"}


def test_every_store_that_does_not_pass_shows_each_of_its_copies(result: Result, page: Element) -> None:
    stores = [json.loads(line) for line in result.spool.lines()]
    failing = [store for store in stores if store["verdict"] not in ("permitted", "not-personal")]
    assert len(failing) > 4
    shown = {card.one("p", "facts").all("bdi")[0].text(): card for card in page.all("article", "store")}
    for store in failing:
        rows = shown[store["id"]].one("tbody").all("tr")
        assert len(rows) == len(store["copies"])
        for row, copy in zip(rows, store["copies"], strict=True):
            assert [said for said in copy["said_by"] if said not in row.text()] == []
            assert (copy["place"] or "") in row.text()


def test_a_store_with_a_finding_of_another_kind_is_shown_too(tmp_path: Path) -> None:
    shared = a_store("arn:aws:s3:::shared", a_copy(JP), a_copy(JP, Role.SHARE, account="210987654321"))
    page = page_of(result_of(tmp_path, shared))
    (card,) = page.all("article", "store")
    assert "places: permitted" in card.text()
    assert "Shared with somebody outside" in card.text()
    assert "210987654321" in card.text()


def test_a_copy_tells_all_that_is_known_of_it(tmp_path: Path) -> None:
    control = a_control(2, modifiers=("hsm",), key="arn:aws:kms:::key/1", key_place=a_copy(SG).place)
    copies = [
        a_copy(SG, Role.REPLICA, holder="arn:aws:s3:::dr", account="210987654321", former=True, control=control),
        a_copy(None, Role.BACKUP, candidates=(a_copy(JP).place, a_copy(SG).place), control=a_control(None)),
        a_copy(None, Role.LOG, why=Why.UNBOUNDED, state=State.MAY_APPEAR, control=None),
        a_copy(JP, Role.SHARE, account="*"),
    ]
    page = page_of(result_of(tmp_path, a_store("arn:aws:s3:::one", *copies)))
    first, second, third, fourth = (row.text() for row in page.one("article", "store").one("tbody").all("tr"))
    for words in ("replica", "switched off, may remain", "Singapore (SG)", SG, "prohibited", "arn:aws:s3:::dr"):
        assert words in first
    for words in ("Account 210987654321", "operated by aws, United States (US)", "grade 2", "hsm", "key/1"):
        assert words in first
    for words in ("one of", JP, SG, "Japan (JP), Singapore (SG)", "could not be read"):
        assert words in second
    for words in ("may appear", "Not known", "the provider does not limit it"):
        assert words in third
    assert "everyone" in fourth


def test_the_four_numbers_are_those_of_the_summary(result: Result, page: Element) -> None:
    shown = [int(element.text()) for element in page.one("ul", "numbers").all("strong")]
    keys = ("violations", "decisions", "gap_causes", "accepted_gaps")
    assert shown == [result.summary[key] for key in keys]
    assert len({link.attributes["href"] for link in page.one("ul", "numbers").all("a")}) == 4


def test_at_most_three_actions_and_how_many_more(result: Result, page: Element) -> None:
    found = actions(result.sorted_findings())
    assert len(found) > 3
    shown = page.one("ol", "actions").all("li")
    assert [one.one("strong").text() for one in shown] == [fix(action.first, "en") for action in found[:3]]
    assert f"{len(found) - 3} further actions" in page.text()
    assert all("new" in one.text() for one in shown)


def test_an_older_run_tells_the_age_of_its_findings(tmp_path: Path) -> None:
    result = result_of(tmp_path, a_store("arn:aws:s3:::one", a_copy(SG)))
    result.run["started"] = "2026-11-12T16:00:00Z"  # the 13th in Tokyo
    assert "open for 9 days" in page_of(result).one("ol", "actions").text()


def test_approvals_in_use_have_reason_owner_approver_and_days_left(page: Element) -> None:
    heading = page.by_id("accepted-c")
    (table,) = (table for table in page.all("table") if heading in table.children)
    rows = [[cell.text() for cell in row.children if isinstance(cell, Element)] for row in table.one("tbody").all("tr")]
    people = ["known", "a@example.com", "b@example.com"]
    assert rows == [
        ["EX-USED", "exception", *people, "2026-12-31 39 days left"],
        ["CG-1", "accepted gap", *people, "2027-10-31 343 days left"],
    ]


def test_what_passes_is_counted_by_country_account_and_kind(tmp_path: Path) -> None:
    fine = [a_store(f"arn:aws:s3:::{n}", a_copy(JP), a_copy("aws:us-east-1", Role.REPLICA)) for n in range(3)]
    public = a_store("arn:aws:s3:::public", a_copy(SG), tags={"data": "public"})
    page = page_of(result_of(tmp_path, *fine, public))
    rows = [row.text() for row in page.one("table", "passing").all("tr")]
    assert rows[1:] == [
        "permitted · Japan (JP), United States (US)",
        "123456789012 aws.s3.bucket 3 6",
        "not personal · Singapore (SG)",
        "123456789012 aws.s3.bucket 1 1",
    ]
    assert page.all("article", "store") == []


def test_the_page_says_where_every_single_store_that_passes_stands(tmp_path: Path) -> None:
    result = result_of(tmp_path, a_store())
    told = page_of(result).by_id("passing-c").text()
    assert f"in the JSON result of the same facts: sha256 {result.run['facts_sha256']}" in told


def test_copies_by_country_are_those_of_the_summary(result: Result, page: Element) -> None:
    rows = [row.text() for row in page.one("table", "countries").one("tbody").all("tr")]
    counts = {code: count for code, count in result.summary["by_country"].items() if count}
    assert len(rows) == len(counts)
    assert any(row.startswith(f"Singapore (SG) {counts['SG']} ") for row in rows)
    assert any(row.startswith(f"Not known {counts['??']} ") for row in rows)


def test_what_identifies_the_run_is_printed_in_full(result: Result, page: Element) -> None:
    footer = page.one("footer").text()
    run = result.run
    for text in (run["id"], run["tool"], run["facts_sha256"], run["config_sha256"], run["atlas"]["sha256"]):
        assert text in footer
    for text in (run["policy"]["id"], run["policy"]["sha256"], run["atlas"]["as_of"], "2026-11-22 12:00 JST"):
        assert text in footer
    assert f"{result.exit_code}: violations, and something was not seen" in footer
    assert "aws.sqs.queue none: judged by their own place 1" in footer


def test_a_narrowed_run_says_so_beside_the_verdict(tmp_path: Path) -> None:
    result = result_of(tmp_path, a_store())
    result.selection = {"region": ["eu-west-1", "eu-west-2"]}
    assert "narrowed to region=eu-west-1,eu-west-2" in page_of(result).one("section", "verdict").text()


def test_replaced_facts_are_shown(tmp_path: Path) -> None:
    result = result_of(tmp_path, a_store())
    result.replaced = ["atlas aws:ap-northeast-1: measured by us"]
    assert "atlas aws:ap-northeast-1: measured by us" in page_of(result).one("footer").text()


def test_the_matrix_names_each_call_that_was_refused(page: Element) -> None:
    assert "?1" in page.one("table", "matrix").text()
    gaps = page.by_id("gaps-c")
    (table,) = (table for table in page.all("table") if gaps in table.children)
    assert "denied 123456789012 s3 s3:ListBuckets s3:ListAllMyBuckets eu-west-1 1 required" in table.text()
    assert "accepted" in table.text()
    assert "tracked" in table.text()


def test_a_decision_under_another_heading_is_linked_from_the_decisions(tmp_path: Path) -> None:
    strict = "version: 1\nkind: policy\nid: strict\nunclassified: {outside: violation}\n"
    result = result_of(tmp_path, a_store("arn:aws:s3:::untagged", a_copy(SG), tags={}), policy=strict)
    (finding,) = (f for f in result.findings if f.assumed)
    assert finding.status == "violation"
    (line,) = (p for p in page_of(result).all("p") if "also wait" in p.text())
    assert [a.attributes["href"] for a in line.all("a")] == [f"#{fingerprint(finding)}"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_clean_run_has_every_section_and_says_that_it_is_empty(tmp_path: Path, language: str) -> None:
    result = result_of(tmp_path, a_store())
    page = page_of(result, language)
    assert page.one("h1").text() == sentence(result, language)
    for key in ("nothing_to_do", "no_approvals", "no:violation", "no:warning", "no:excepted", "no_listed", "no_gaps"):
        texts = WORDS[key]
        assert (texts.ja if language == "ja" else texts.en) in page.text()


# --- both languages ---------------------------------------------------------------------------


@pytest.mark.parametrize("key", WORDS)
def test_every_word_has_both_languages_and_the_same_facts_in_them(key: str) -> None:
    texts = WORDS[key]
    assert texts.en
    assert texts.ja
    names = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (texts.en, texts.ja)]
    assert names[0] == names[1]


def test_no_word_is_left_that_nobody_says() -> None:
    folder = Path(html_page.__file__).parent
    said = TEMPLATE + "".join((folder / name).read_text("utf-8") for name in ("html_page.py", "page_one.py"))
    verdicts = {"violations", "violations-and-incomplete", "incomplete", "no-violation", "nothing-checked"}
    unsaid = [key for key in WORDS if f'"{key}"' not in said and f'"{key.partition(":")[0]}:"' not in said]
    assert set(unsaid) <= verdicts


@pytest.mark.parametrize(("language", "other"), [("en", "ja"), ("ja", "en")])
def test_each_language_of_a_page_of_two_is_the_page_of_one(
    result: Result, both: Element, language: str, other: str
) -> None:
    assert both.one("main").text(without=other) == page_of(result, language).one("main").text()
    assert both.one("footer").text(without=other) == page_of(result, language).one("footer").text()


def test_a_page_of_two_languages_opens_in_the_first(both: Element) -> None:
    assert both.attributes["lang"] == "ja"
    radios = both.all("input")
    assert [(r.attributes["id"], "checked" in r.attributes) for r in radios] == [("show-ja", True), ("show-en", False)]
    assert {r.attributes["type"] for r in radios} == {"radio"}
    assert {label.attributes["for"] for label in both.all("label")} == {"show-ja", "show-en"}


def test_every_piece_in_the_other_language_says_which_it_is(both: Element) -> None:
    spans = [element for element in both if "en" in element.classes or "ja" in element.classes]
    assert len(spans) > 200
    assert [element for element in spans if element.classes != [element.attributes["lang"]]] == []


def test_a_page_of_one_language_has_no_switch(page: Element) -> None:
    assert page.all("input") == []
    assert page.attributes["lang"] == "en"


def test_a_japanese_page_holds_no_english_sentence(result: Result) -> None:
    page = page_of(result, "ja")
    texts = [element for element in page if element.tag in ("p", "li", "td", "h1", "h2", "dd", "caption")]
    own = [e.text() for e in texts if not any(inner.attributes.get("lang") == "en" for inner in e)]
    assert len(own) > 100
    assert [text for text in own if " the " in text or " of " in text] == []


def test_two_languages_do_not_print_the_stores_twice(result: Result) -> None:
    assert len(html_of(result, "ja", "en")) < 2 * len(html_of(result, "en"))
    assert Counter(e.tag for e in page_of(result, "ja", "en"))["tr"] == Counter(e.tag for e in page_of(result))["tr"]


# --- nothing is loaded, nothing runs, nothing breaks out --------------------------------------


def test_the_page_loads_nothing_and_runs_nothing(both: Element) -> None:
    policy, style = both.all("meta")[1].attributes, both.one("style")
    digest = b64encode(hashlib.sha256("".join(map(str, style.children)).encode()).digest()).decode()
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert policy["content"].startswith(f"default-src 'none'; style-src 'sha256-{digest}'; ")
    assert "unsafe" not in policy["content"]
    forbidden = {"script", "img", "link", "iframe", "object", "embed", "audio", "video", "form", "base", "image"}
    assert forbidden & {element.tag for element in both} == set()
    names = {name for element in both for name in element.attributes}
    assert {name for name in names if name.startswith("on") or name in ("style", "src", "srcset", "action")} == set()
    loads = [e for e in both if "href" in e.attributes and e.tag != "a"]
    assert {e.tag for e in loads} == {"use"}
    assert all(e.attributes["href"].startswith("#") for e in loads)


def test_the_stylesheet_loads_nothing() -> None:
    assert not re.search(r"url\(|@import|@font-face|https?:|</", CSS)


def test_the_page_asks_not_to_be_indexed_and_sends_no_referrer(page: Element) -> None:
    named = {meta.attributes.get("name"): meta.attributes.get("content") for meta in page.all("meta")}
    assert (named["referrer"], named["robots"]) == ("no-referrer", "noindex")


@pytest.mark.parametrize("languages", [("en",), ("ja", "en")], ids=["one", "two"])
@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.unmeasured
def test_a_hostile_name_stays_a_name(tmp_path: Path, name: str, languages: tuple[str, ...]) -> None:
    fine = page_of(_named(tmp_path / "fine", "name"), *languages)
    page = page_of(_named(tmp_path / "hostile", name), *languages)
    assert {e.tag for e in page} == {e.tag for e in fine}
    assert {n for e in page for n in e.attributes} == {n for e in fine for n in e.attributes}
    assert Counter(e.tag for e in page) == Counter(e.tag for e in fine)
    text = page.text()
    assert [char for char in text if not char.isprintable()] == []
    assert text.count(printed(name)) >= 10


def _named(folder: Path, name: str) -> Result:
    """A result in which the name stands wherever the world may put one."""
    copies = (
        a_copy(SG, Role.REPLICA, holder=name, account=name, control=a_control(1, key=name, modifiers=(name,))),
        a_copy(f"aws:{name}"),
        a_copy(JP, Role.SHARE, account=name),
    )
    store = a_store(
        f"arn:aws:s3:::{name}", *copies, name=name, account=name, owner=name, kind=f"aws.s3.{name}", sources=(name,)
    )
    fine = a_store("arn:aws:s3:::fine", a_copy(JP), account=name, kind=f"aws.s3.{name}")
    cell = a_cell(source=name, account=name, region=name)
    gap = a_gap(cell, code=name, reason=name, call=name, needs=name)
    result = result_of(folder, store, fine, gaps=[gap], exceptions=EXCEPTIONS)
    result.selection = {"account": [name]}
    result.replaced = [name]
    result.run["principal"] = name
    return result


def test_names_are_kept_from_reordering_what_stands_around_them(page: Element) -> None:
    assert "bdi, code { unicode-bidi: isolate;" in CSS
    for card in page.all("article", "store"):
        assert [bdi for bdi in card.all("h4")[0].all("bdi") if bdi.text()]


# --- accessibility ----------------------------------------------------------------------------


def test_every_table_has_a_caption_and_every_heading_cell_a_scope(both: Element) -> None:
    tables = both.all("table")
    assert len(tables) > 8
    for table in tables:
        assert table.one("caption").text()
        assert {th.attributes.get("scope") for th in table.all("th")} <= {"col", "row", "rowgroup"}
        assert table.one("thead").all("th")


def test_ids_are_unique_and_every_link_within_the_page_arrives(both: Element) -> None:
    ids = Counter(element.attributes["id"] for element in both if "id" in element.attributes)
    assert [name for name, count in ids.items() if count > 1] == []
    targets = {e.attributes["href"][1:] for e in both if e.attributes.get("href", "").startswith("#")}
    assert len(targets) > 20
    assert targets - set(ids) == set()
    assert {e.attributes["aria-labelledby"] for e in both if "aria-labelledby" in e.attributes} - set(ids) == set()


def test_headings_follow_one_another_without_a_gap(page: Element) -> None:
    levels = [int(element.tag[1]) for element in page if re.fullmatch(r"h[1-6]", element.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1] == []


def test_landmarks_and_a_link_to_skip_to_the_findings(page: Element) -> None:
    for tag in ("header", "main", "nav", "footer"):
        page.one(tag)
    assert page.one("a", "skip").attributes["href"] == "#violation"


def test_a_word_stands_beside_every_shape(page: Element) -> None:
    shapes = page.all("svg", "shape")
    assert len(shapes) > 30
    assert {shape.attributes.get("aria-hidden") for shape in page.all("svg")} == {"true"}
    for card in (*page.all("article", "finding"), *page.all("article", "store")):
        assert card.all("span", "word")[0].text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_can_be_read_on_its_ground(scheme: str) -> None:
    blocks = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6});", blocks[("light", "dark").index(scheme)]))
    for name in ("ink", "quiet", "link", "bad", "unknown", "warn", "good", "kept"):
        for ground in ("paper", "faint"):
            assert _contrast(colours[name], colours[ground]) >= 4.5, (name, ground)


def _contrast(first: str, second: str) -> float:
    """WCAG 2.2, 1.4.3."""
    high, low = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_stylesheet_knows_paper_darkness_and_stillness() -> None:
    for words in ("@page { size: A4;", "prefers-color-scheme: dark", "prefers-reduced-motion", "table-header-group"):
        assert words in CSS


# --- size, time, repetition -------------------------------------------------------------------


@pytest.mark.parametrize("languages", [("en",), ("ja", "en")], ids=["one", "two"])
@pytest.mark.unmeasured
def test_a_hundred_thousand_passing_copies_keep_the_budget(tmp_path: Path, languages: tuple[str, ...]) -> None:
    result = result_of(tmp_path, a_store())
    store = json.loads(next(result.spool.lines()))
    result.spool = _many(store, 100_000)
    assert sum(len(piece.encode()) for piece in render("html", result, languages)) < BUDGET


def _many(store: dict[str, Any], number: int) -> Spool:
    """Stores of 300 accounts, 20 kinds and 5 countries in every combination."""
    spool = Spool()
    for n in range(number):
        copies = [{**store["copies"][0], "countries": [("JP", "US", "DE", "FR", "IE")[n // 6000 % 5]]}]
        change = {"id": f"arn:aws:s3:::{n}", "account": f"{n % 300:012}", "kind": f"aws.service{n // 300 % 20}.thing"}
        spool.add({**store, **change, "copies": copies})
    return spool


def test_a_page_is_written_piece_by_piece(tmp_path: Path) -> None:
    result = result_of(tmp_path, *(a_store(f"arn:aws:s3:::{number}", a_copy(SG)) for number in range(50)))
    pieces = list(render("html", result, ("en",)))
    assert sum('<article class="store' in piece for piece in pieces) == 50


def test_the_same_result_gives_the_same_bytes(result: Result) -> None:
    assert html_of(result, "ja", "en") == html_of(result, "ja", "en")


def test_the_page_is_one_of_the_formats_of_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "report.html"
    code = run_cli(cli, ["gate", str(PLAN), "--lang", "ja,en", "-f", "html", "-o", f"html={output}"])
    assert code in (1, 3, 4)
    written = output.read_text(encoding="utf-8")
    assert read(written).one("h1").text()
    assert capsys.readouterr().out == written


def test_the_template_engine_is_loaded_for_no_other_format() -> None:
    program = (
        "import sys, residency.run; from residency.reports import json_result, text; print('jinja2' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
