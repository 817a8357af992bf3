"""`residency classify`: what nobody classified, and what each word about it would change."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from wcwidth import width

from residency.classifying import again
from residency.cli import run_cli
from residency.cli.commands import cli
from residency.inventory import SavedRun
from residency.model import FindingStatus, Role, Store
from residency.policy.load import load_config
from residency.policy.matching import matches
from residency.policy.models import Classification, Match
from residency.policy.reader import ConfigError, parse_yaml, validate_as
from tests.build import CLASSIFICATION, TODAY, a_copy, a_store, an_edge, judge, save_run, write_config

SG = "aws:ap-southeast-1"


def abroad(name: str, tags: dict[str, str] | None = None, **more: Any) -> Store:
    return a_store(f"arn:aws:s3:::{name}", a_copy(SG), tags={} if tags is None else tags, **more)


ESTATE = (
    abroad("user-a", {"team": "shop", "DataClass": "secret"}),
    abroad("user-b", {"team": "shop", "DataClass": "open"}),
    abroad("user-c", {"data": "what?"}),
    abroad("user-d", {"data": "personal"}),
    a_store("arn:aws:s3:::web-logs", a_copy(), tags={}),
    abroad("app-logs"),
    a_store("arn:aws:s3:::unread", a_copy(SG), tags=None),
    abroad("ruled", account="210987654321"),
    a_store("arn:aws:s3:::origin", a_copy(), tags={}),
    abroad("mirror", {"data": "public"}),
    an_edge("arn:aws:s3:::origin", "arn:aws:s3:::mirror", Role.REPLICA),
)
RULED = CLASSIFICATION + "rules:\n  - {match: {name: ruled}, data_class: unknown, reason: later}\n"


class Ended(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def saved(tmp_path: Path) -> SavedRun:
    write_config(tmp_path / "config", classification=RULED)
    return save_run(tmp_path / "run.jsonl", *ESTATE)


@pytest.fixture
def classify(saved: SavedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """`residency classify …` of the estate, or of another saved run."""

    def call(*arguments: str, run: Path = saved.path) -> Ended:
        code = run_cli(cli, ["-c", str(tmp_path / "config"), "classify", str(run), *arguments])
        return Ended(code, *capsys.readouterr())

    return call


def suggested(classify: Run, **more: Any) -> dict[str, dict[str, Any]]:
    """Every suggestion, by what it would be known by."""
    rows = json.loads(classify("--suggest", "-f", "json", **more).out)["suggestions"]
    return {_title(row["change"]): row for row in rows}


def _title(change: dict[str, Any]) -> str:
    if "match" in change:
        ((key, glob),) = change["match"].items()
        return f"{key}={glob}"
    return f"tag_keys={change['tag_keys'][0]}" if "tag_keys" in change else f"values={next(iter(change['values']))}"


# --- what nobody classified -------------------------------------------------------------------


def test_stores_without_a_class_are_grouped_by_what_would_decide_them(classify: Run) -> None:
    ended = classify("-f", "json")
    listing = json.loads(ended.out)
    groups = {group["why"]: (group["said"], group["stores"], group["decisions"]) for group in listing["groups"]}
    assert ended.code == 0
    assert groups == {
        "nothing": ("", 5, 4),
        "value": ("data=what?", 1, 1),
        "tags": ("", 1, 1),
        "rule": ("classification.yaml rule 1: later", 1, 1),
        "copy": ("", 1, 0),
    }
    assert (listing["stores"], listing["unclassified"], listing["decisions"]) == (10, 9, 7)


def test_the_decisions_are_those_of_the_judgement(classify: Run, saved: SavedRun, tmp_path: Path) -> None:
    _, findings = judge(saved, load_config(tmp_path / "config"))
    assert json.loads(classify("-f", "json").out)["decisions"] == sum(f.assumed for f in findings)


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", ["Unclassified  9 of 10 stores · 7 decisions", "fix: tag them (data), or add a rule"]),
        ("ja", ["未分類  保存先 10 件のうち 9 件 · 要判断 7 件", "対処: タグ(data)を付けるか"]),
    ],
)
def test_the_listing_is_there_in_both_languages(classify: Run, language: str, texts: list[str]) -> None:
    out = classify("--lang", language).out
    assert [text for text in texts if text not in out] == []
    assert out in classify("--lang", "ja,en").out


def test_where_every_store_has_a_class_there_is_nothing_to_say(classify: Run, tmp_path: Path) -> None:
    run = save_run(tmp_path / "all.jsonl", a_store()).path
    assert "every store has a class" in classify(run=run).out
    assert "every store has a class" in classify("--suggest", run=run).out
    assert json.loads(classify("--suggest", "-f", "json", run=run).out)["suggestions"] == []


# --- what each word would change --------------------------------------------------------------


def test_a_suggestion_says_what_it_would_change(classify: Run) -> None:
    row = suggested(classify)["name=user-*"]
    assert (row["stores"], row["unclassified"], row["otherwise"]) == (4, 3, {"personal": 1})
    assert row["as_none"] == {"closes": 2}
    assert row["as_personal"]["violations"] == 3
    assert row["as_personal"]["by_rule"] == {"copy-outside-territory": 3}
    assert row["as_personal"]["examples"][0] == {
        "rule": "copy-outside-territory",
        "severity": "high",
        "id": "arn:aws:s3:::user-a",
        "role": "primary",
        "place": SG,
    }


def test_every_way_to_say_it_is_tried(classify: Run) -> None:
    found = {
        title: (row["as_none"]["closes"], row["as_personal"]["violations"])
        for title, row in suggested(classify).items()
    }
    assert found == {
        "account=123456789012": (4, 6),
        "kind=aws.s3.bucket": (4, 7),
        "tag_keys=DataClass": (2, 2),
        "tag=team=shop": (2, 2),
        "name=user-*": (2, 3),
        "name=*-logs": (1, 1),
        "values=what?": (1, 1),
        "id=arn:aws:s3:::origin": (1, 1),
        "id=arn:aws:s3:::unread": (0, 1),
        "id=arn:aws:s3:::ruled": (0, 1),
    }


def test_every_number_is_what_a_judgement_with_the_rule_says(classify: Run, saved: SavedRun, tmp_path: Path) -> None:
    before = _counts(saved, tmp_path / "config")
    for title, row in suggested(classify).items():
        if "match" not in row["change"]:
            continue
        as_none = _counts(saved, _with_rule(tmp_path / "none", row["change"]["match"], "none"))
        as_personal = _counts(saved, _with_rule(tmp_path / "personal", row["change"]["match"], "personal"))
        assert row["as_none"]["closes"] == before[0] - as_none[0], title
        assert row["as_personal"]["violations"] == len(as_personal[1] - before[1]), title


def _with_rule(folder: Path, match: dict[str, str], data_class: str) -> Path:
    rule = {"match": match, "data_class": data_class, "reason": "r", "owner": "data@example.co.jp"}
    return write_config(folder, classification=f"{RULED}  - {json.dumps(rule)}\n")


def _counts(run: SavedRun, config: Path) -> tuple[int, set[str]]:
    """The decisions that are open, and the violations."""
    _, findings = judge(run, load_config(config))
    violations = {f"{f.rule} {f.subject}" for f in findings if f.status is FindingStatus.VIOLATION}
    return sum(f.rule == "store-unclassified" for f in findings), violations


def test_what_closes_most_comes_first_and_a_conflict_later(classify: Run) -> None:
    rows = list(suggested(classify).values())
    assert [row["as_none"]["closes"] for row in rows] == sorted((r["as_none"]["closes"] for r in rows), reverse=True)
    titles = list(suggested(classify))
    assert titles.index("tag=team=shop") < titles.index("name=user-*")  # both close 2, one of them is in conflict


def test_a_copy_is_decided_by_what_is_said_of_its_source(classify: Run) -> None:
    assert "id=arn:aws:s3:::mirror" not in suggested(classify)


def test_at_most_20_are_judged_and_the_rest_is_counted(classify: Run, tmp_path: Path) -> None:
    run = save_run(tmp_path / "many.jsonl", *(abroad(f"n{i}") for i in range(25))).path
    document = json.loads(classify("--suggest", "-f", "json", run=run).out)
    assert (len(document["suggestions"]), document["more"]) == (again.MAX_SUGGESTED, 7)
    assert "7 more candidates were not judged" in classify("--suggest", run=run).out


def test_the_facts_and_the_config_stay_as_they_are(classify: Run, saved: SavedRun, tmp_path: Path) -> None:
    before = saved.path.read_bytes(), (tmp_path / "config/classification.yaml").read_bytes()
    classify("--suggest")
    assert (saved.path.read_bytes(), (tmp_path / "config/classification.yaml").read_bytes()) == before


def test_whoever_waits_hears_of_each_candidate(saved: SavedRun, tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    found = again.suggest(saved, load_config(tmp_path / "config"), TODAY, lambda *numbers: heard.append(numbers))
    assert heard == [(i, len(found.rows)) for i in range(1, len(found.rows) + 1)]


# --- text -------------------------------------------------------------------------------------


def test_the_text_says_it_on_one_line(classify: Run) -> None:
    lines = classify("--suggest").out.splitlines()
    assert 'match: {tag: "team=shop"}                 2 stores, closes 2 decisions; as personal: 2 violations' in lines
    at = next(i for i, line in enumerate(lines) if line.startswith('match: {name: "user-*"}'))
    assert lines[at + 1 : at + 3] == ["    conflict: 1 personal already", "    hint: user"]


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("flags", [[], ["--suggest"]])
def test_no_line_is_wider_than_a_terminal_and_no_name_steers_it(
    classify: Run, tmp_path: Path, language: str, flags: list[str]
) -> None:
    names = ["x" * 300, "red\x1b[31m", "長い" * 80]
    run = save_run(tmp_path / "odd.jsonl", *(abroad(name, {"team": "b" * 200}) for name in names)).path
    out = classify(*flags, "--lang", language, run=run).out
    assert [line for line in out.splitlines() if width(line) > 100] == []
    assert "\x1b" not in out


# --- YAML: nothing is decided by accident -----------------------------------------------------


def read(text: str) -> Classification:
    return validate_as(parse_yaml(text, "classification.yaml"), Classification)


def test_the_reader_refuses_what_nobody_decided(classify: Run) -> None:
    text = classify("--suggest", "-f", "yaml").out
    with pytest.raises(ConfigError) as caught:
        read(text)
    lines = "\n".join(caught.value.lines())
    assert "data_class: Input should be 'my-number'" in lines
    assert "(found '?')" in lines


@pytest.mark.parametrize("key", ["tag_keys", "values", "rules"])
def test_no_part_of_it_is_accepted_as_it_stands(classify: Run, key: str) -> None:
    whole = parse_yaml(classify("--suggest", "-f", "yaml").out, "suggested").value
    for entry in whole[key].items() if key == "values" else whole[key]:
        if entry == "data":
            continue  # the key that is in tag_keys already
        part = {"version": 1, "kind": "classification", key: dict([entry]) if key == "values" else [entry]}
        with pytest.raises(ConfigError):
            read(json.dumps(part))


def test_a_class_that_takes_a_store_out_needs_more_than_the_class(classify: Run) -> None:
    text = classify("--suggest", "-f", "yaml").out.partition("rules:")[2]
    rules = "version: 1\nkind: classification\nrules:" + text
    decided = rules.replace('data_class: "?"', "data_class: none").replace('reviewed: "?"', "reviewed: 2026-11-01")
    with pytest.raises(ConfigError, match="give `reason` and `owner`"):
        read(decided)
    owned = decided.replace('reason: ""', "reason: looked at").replace('owner: ""', "owner: data@example.co.jp")
    assert len(read(owned).rules) == 8


def test_no_form_names_a_class(classify: Run) -> None:
    for row in suggested(classify).values():
        change = row["change"]
        assert change.get("data_class", "?") == "?"
        assert set(change.get("values", {}).values()) <= {"?"}


@pytest.mark.parametrize("name", ['quo"ted\\', "line\nbreak", "\x85\x1b", "a: {b}", "# no", "glob*[x]?", "会員 𠮷"])
def test_a_name_stays_the_same_name_in_yaml(classify: Run, tmp_path: Path, name: str) -> None:
    run = save_run(tmp_path / "odd.jsonl", abroad(name)).path
    (rule,) = parse_yaml(classify("--suggest", "-f", "yaml", run=run).out, "suggested").value["rules"]
    assert matches(Match.model_validate(rule["match"]), {"id": f"arn:aws:s3:::{name}"})


def test_values_of_two_candidates_stand_there_once(classify: Run, tmp_path: Path) -> None:
    run = save_run(tmp_path / "twice.jsonl", abroad("a", {"data": "x"}), abroad("b", {"DataClass": "x"})).path
    assert parse_yaml(classify("--suggest", "-f", "yaml", run=run).out, "suggested").value["values"] == {"x": "?"}


# --- the command ------------------------------------------------------------------------------


def test_without_a_name_the_latest_run_is_taken(
    saved: SavedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RESIDENCY_RUNS", str(saved.path.parent))
    assert run_cli(cli, ["-c", str(tmp_path / "config"), "classify", "-f", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["run"] == "test-run"


BAD = {
    "an unknown run": ["nowhere"],
    "yaml of a listing": ["-f", "yaml"],
    "an unknown format": ["-f", "html"],
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_ends_with_2(saved: SavedRun, tmp_path: Path, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(cli, ["-c", str(tmp_path / "config"), "classify", *BAD[what]]) == 2
    ended = capsys.readouterr()
    assert (ended.out, "error" in ended.err.lower()) == ("", True)
