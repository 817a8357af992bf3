"""`residency where`: what is known of a location."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from residency.cli import run_cli
from residency.cli.commands import cli
from residency.where import as_csv

FIELDS = {
    "query",
    "provider",
    "namespace",
    "code",
    "kind",
    "parent",
    "countries",
    "jurisdictions",
    "verdict",
    "why",
    "operator",
    "operator_country",
    "source",
    "read_on",
}


@pytest.fixture(autouse=True)
def _nowhere_near_a_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = run_cli(cli, ["where", *arguments])
    return code, capsys.readouterr().out


KNOWN = [  # location, countries, jurisdictions, verdict, operator and its country, parent
    ("aws:ap-northeast-1", ["JP"], ["JP"], "permitted", "aws", "US", None),
    ("aws:apne1-az4", ["JP"], ["JP"], "permitted", "aws", "US", "ap-northeast-1"),
    ("aws:eu-central-1-ist-1a", ["TR"], [], "prohibited", "aws", "US", "eu-central-1"),
    ("aws:eu-west-2", ["GB"], [], "prohibited", "aws", "US", None),
    ("aws-cn:cn-north-1", ["CN"], [], "prohibited", "sinnet", "CN", None),
    ("aws-eusc:eusc-de-east-1", ["DE"], ["EU"], "permitted", "aws-eusc", "DE", None),
    ("aws.s3:EU", ["IE"], ["EU"], "permitted", "aws", "US", "eu-west-1"),
    ("aws.s3:", ["US"], ["US"], "permitted", "aws", "US", "us-east-1"),
]


@pytest.mark.parametrize("expected", KNOWN, ids=lambda row: row[0])
def test_a_known_location_is_told_with_its_source(
    expected: tuple[str, list[str], list[str], str, str, str, str | None], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = asked(capsys, expected[0], "--format", "json")
    (row,) = json.loads(out)
    names = ("query", "countries", "jurisdictions", "verdict", "operator", "operator_country", "parent")
    assert tuple(row[name] for name in names) == expected
    assert set(row) >= FIELDS
    assert (code, row["provider"], row["why"]) == (0, "aws", None)
    assert row["source"]
    assert row["read_on"].startswith("20")


@pytest.mark.parametrize("query", ["aws:eu-central-1-zzz-1a", "aws:ap-northeast", "nobody:x", "aws:AP-NORTHEAST-1"])
def test_a_location_that_is_not_held_is_undetermined_and_never_guessed(
    query: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = asked(capsys, query, "aws:ap-northeast-1", "-f", "json")
    unknown, known = json.loads(out)
    assert (code, unknown["verdict"], unknown["countries"]) == (3, "undetermined", [])
    assert (unknown["why"], unknown["source"], known["verdict"]) == ("unknown-id", None, "permitted")


def test_a_row_without_a_country_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = asked(capsys, "aws-iso-e:eu-isoe-west-1", "-f", "json")
    assert (code, json.loads(out)[0]["verdict"]) == (3, "undetermined")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_text_names_country_operator_and_source(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = asked(capsys, "aws:eu-central-1-ist-1a", "--lang", language)
    country = {"en": "Türkiye (TR)", "ja": "トルコ (TR)"}[language]
    operator = {"en": "operator aws (US)", "ja": "事業者 aws (US)"}[language]
    assert (code, country in out, operator in out, "2026-11-22" in out) == (0, True, True, True)


@pytest.mark.parametrize(
    ("query", "countries", "why", "pair", "one_way"),
    [
        ("azure:brazilsouth", ["BR"], None, "southcentralus", True),
        ("azure:japaneast", ["JP"], None, "japanwest", False),
        ("azure:Japan East", ["JP"], None, "japanwest", False),
        ("gcp.secretmanager:automatic", [], "unbounded", None, None),
    ],
)
def test_pairs_display_names_and_places_without_limit(
    query: str,
    countries: list[str],
    why: str | None,
    pair: str | None,
    one_way: bool | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out = asked(capsys, query, "-f", "json")
    (row,) = json.loads(out)
    assert (code, row["countries"], row["why"]) == (0, countries, why)
    assert (row["pair"], row["pair_is_one_way"]) == (pair, one_way)


def test_the_sets_of_law_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    _, out = asked(capsys, "aws:eu-west-2", "aws:us-east-1", "aws:eu-central-1", "-f", "json")
    london, virginia, frankfurt = json.loads(out)
    assert (london["jurisdictions"], london["sets"]["GB"]) == ([], ["appi-28", "cbpr-associate", "not-eu"])
    assert (virginia["jurisdictions"], virginia["sets"]["US"]) == (["US"], ["cbpr"])
    assert (frankfurt["jurisdictions"], frankfurt["sets"]["DE"]) == (["EU"], ["eu", "eea", "appi-28"])


def test_a_near_miss_is_suggested(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = asked(capsys, "aws:ap-northeast-l", "--lang", "en")
    assert code == 3
    assert "did you mean aws:ap-northeast-1" in out


def test_what_is_not_confirmed_is_named_and_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = asked(capsys, "oci:ap-chiyoda-1", "--lang", "en")
    assert code == 3
    assert out.startswith("oci:ap-chiyoda-1  Japan (JP)  undetermined: no source confirms it\n")


def test_hundreds_of_locations_come_from_stdin_and_go_out_as_csv(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(capsys, "--list", "--provider", "azure", "-f", "csv")
    code, out = asked(capsys, "--list", "--provider", "gcp", "-f", "csv")
    ids = [row["query"] for row in csv.DictReader(io.StringIO(out))]
    assert (code, len(ids) > 500) == (0, True)
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join([*ids, "", "aws:eu-west-2"])))
    code, out = asked(capsys, "-", "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["query"] for row in rows] == [*ids, "aws:eu-west-2"]
    assert (rows[-1]["countries"], rows[-1]["verdict"], code) == ("GB", "prohibited", 3)


@pytest.mark.parametrize("form", ["text", "json", "csv"])
def test_a_line_that_is_no_location_is_an_answer_and_the_others_are_told(
    form: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("tokyo\naws:ap-northeast-1\n:x\n"))
    code, out = asked(capsys, "-", "-f", form, "--lang", "en")
    assert (code, out.count("not a location of the form NAMESPACE:CODE"), "Japan" in out or "JP" in out) == (3, 2, True)
    if form == "json":
        wrong, known, _ = json.loads(out)
        assert (wrong["query"], wrong["verdict"], wrong["countries"]) == ("tokyo", "undetermined", [])
        assert (wrong["namespace"], wrong["near"], known["error"], list(wrong)) == (None, [], None, list(known))


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_of_csv_is_a_formula(first: str) -> None:
    cell = f"{first}HYPERLINK(1)"
    text = as_csv([{"query": cell, "note": [cell], "code": f"a{cell}"}])
    assert list(csv.reader(io.StringIO(text, newline="")))[1:] == [[f"'{cell}", f"'{cell}", f"a{cell}"]]


def test_the_list_can_be_narrowed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = asked(capsys, "--list", "--provider", "aws", "--country", "TR", "-f", "json")
    assert code == 0
    assert {row["code"] for row in json.loads(out)} == {"eu-central-1-ist-1a", "euc1-ist1-az1"}


def test_the_whole_list_is_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = asked(capsys, "--list", "-f", "json")
    assert (code, len(json.loads(out)) > 450) == (0, True)


@pytest.mark.parametrize(
    "arguments", [[], ["ap-northeast-1"], [":x"], ["aws:x", "--list"], ["aws:x", "--provider", "aws"]]
)
def test_a_question_without_a_location_is_bad_input(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(capsys, *arguments)[0] == 2


def test_the_verdict_is_that_of_the_given_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "version: 1\nkind: policy\nid: japan\nlocation: {allow: [JP]}\n"
    (tmp_path / "policy.yaml").write_text(text, encoding="utf-8")
    code, out = asked(capsys, "aws:us-east-1", "-c", str(tmp_path), "-f", "json")
    assert (code, json.loads(out)[0]["verdict"]) == (0, "prohibited")
