"""`residency explain`: the chain behind every rule, store and finding, in both languages."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from wcwidth import wcswidth

from residency.cli import run_cli
from residency.cli.commands import cli
from residency.explain import Tree, rule_tree, tree_of
from residency.explain.text import render
from residency.inventory import SavedRun, read_run
from residency.model import Edge, Followed, Place, Role, Said, Store
from residency.policy.load import Config
from residency.reports.json_result import fingerprint
from residency.reports.result import Result
from residency.rules import rules
from residency.run import open_config
from tests.build import (
    TODAY,
    VENDOR_AWS,
    a_cell,
    a_config,
    a_control,
    a_copy,
    a_gap,
    a_store,
    an_edge,
    save_run,
    write_config,
)
from tests.reports.results import JP, SG, every_rule
from tests.rules.cases import NONE, NOWHERE, config_of

LANGUAGES = ("en", "ja")
ONE, TWO, THREE = "arn:aws:s3:::one", "arn:aws:s3:::two", "arn:aws:s3:::three"


class Every(NamedTuple):
    """The run in which every rule speaks, and what it was judged by."""

    result: Result
    run: SavedRun
    config: Config

    def tree(self, question: str) -> Tree:
        return tree_of(question, self.run, self.config, TODAY)

    def finding(self, rule: str, kind: str = "store") -> Tree:
        """The chain of the first finding of a rule."""
        found = next(f for f in self.result.sorted_findings() if (f.rule, f.subject.kind) == (rule, kind))
        return self.tree(fingerprint(found))


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> Every:
    folder = tmp_path_factory.mktemp("every")
    result = every_rule(folder)
    return Every(result, read_run(folder / "run.jsonl"), open_config(folder / "config"))


def asked(folder: Path, question: str, *records: Store | Edge, **more: Any) -> Tree:
    return tree_of(question, save_run(folder / "run.jsonl", *records, **more), config_of(), TODAY)


def text_of(tree: Tree, language: str = "en") -> str:
    """The text, every line of it at most 100 columns wide and printable; what JSON says can be said too."""
    assert json.loads(json.dumps(tree)) == tree
    text = "".join(render(tree, (language,)))
    assert max(wcswidth(line) for line in text.splitlines()) <= 100
    assert [char for char in text if not char.isprintable() and char != "\n"] == []
    return text


def squeezed(text: str) -> str:
    return "".join(text.split())


# --- everything can be asked ----------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", rules())
def test_every_rule_is_explained_by_its_id(rule: str, language: str) -> None:
    head = rules()[rule].RULE
    text = squeezed(text_of(rule_tree(rule, config_of()), language))
    for texts in (head.title, head.clause):
        assert squeezed(getattr(texts, language)) in text
    assert squeezed(head.source) in text
    assert "{" not in text
    assert all(name in text for name in head.opposite)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_is_explained_by_its_fingerprint(every: Every, language: str) -> None:
    for finding in every.result.findings:
        tree = every.tree(fingerprint(finding))
        (told,) = tree["findings"]
        assert told["fingerprint"] == fingerprint(finding)
        text = squeezed(text_of(tree, language))
        for part in (told["message"][language], told["clause"][language], told["fix"][language], *told["evidence"]):
            assert squeezed(part) in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_store_is_explained_with_the_source_of_each_place(every: Every, language: str) -> None:
    for store in every.run.stores():
        tree = every.tree(store.id)
        text = squeezed(text_of(tree, language))
        assert store.id in text
        for copy in tree["copies"]:
            assert all(squeezed(said) in text for said in copy["said_by"])
            assert all(squeezed(place["atlas"]["source"]) in text for place in copy["places"] if place["atlas"])


def test_the_chain_of_a_copy_leads_from_the_place_to_the_jurisdiction(every: Every) -> None:
    tree = every.tree(ONE)
    (place,) = tree["copies"][0]["places"]
    known = {key: place[key] for key in ("place", "countries", "jurisdictions", "verdict", "operator", "vendor")}
    assert known == {
        "place": JP,
        "countries": ["JP"],
        "jurisdictions": ["JP"],
        "verdict": "permitted",
        "operator": "aws",
        "vendor": "aws",
    }
    assert place["atlas"]["read_on"].startswith("20")
    assert tree["copies"][0]["control"]["key_place"]["verdict"] == "prohibited"


# --- a store --------------------------------------------------------------------------------------


def test_a_store_lists_what_is_said_of_it_and_nothing_else(every: Every) -> None:
    found = {(f["rule"], f["subject"]["id"]) for f in every.tree(ONE)["findings"]}
    assert found == {
        ("copy-outside-territory", ONE),
        ("copy-place-unknown", ONE),
        ("access-prevention-not-in-effect", ONE),
        ("key-outside-territory", "arn:aws:kms:::key/1"),
        ("access-prevention-undocumented", "aws"),
        ("operator-not-permitted", "aws"),
        ("atlas-contradicted", JP),
        ("atlas-outdated", NOWHERE),
    }


def test_a_store_that_is_a_copy_shows_the_finding_of_the_store_it_is_a_copy_of(every: Every) -> None:
    told = [f["subject"]["id"] for f in every.tree(TWO)["findings"] if f["rule"] == "copy-outside-territory"]
    assert told == [ONE]


def test_the_data_class_is_followed_to_where_it_was_decided(tmp_path: Path) -> None:
    records = [a_store(ONE), a_store(TWO, tags=NONE), a_store(THREE, tags={})]
    edges = [an_edge(ONE, TWO), an_edge(TWO, THREE, Role.BACKUP)]
    tree = asked(tmp_path, THREE, *records, *edges)
    steps = [(step["store"], step["role"], step["classified_by"]) for step in tree["class_from"]]
    assert steps == [(TWO, "backup", f"replica of {ONE}"), (ONE, "replica", "tag data=personal")]
    assert f"{TWO} の バックアップ" in text_of(tree, "ja")


def test_a_class_that_came_through_a_store_nobody_saw_is_followed_too(tmp_path: Path) -> None:
    edges = [an_edge(ONE, "arn:aws:s3:::unseen"), an_edge("arn:aws:s3:::unseen", TWO)]
    tree = asked(tmp_path, TWO, a_store(ONE), a_store(TWO, tags={}), *edges)
    assert [(step["store"], step["data_class"]) for step in tree["class_from"]] == [
        ("arn:aws:s3:::unseen", None),
        (ONE, "personal"),
    ]
    assert "nobody saw it" in text_of(tree)


def test_person_related_data_name_the_store_they_are_joined_with(tmp_path: Path) -> None:
    rule = "{match: {name: visits}, data_class: person-related, reason: cookies, owner: a@example.com}"
    config = a_config(tmp_path / "c", classification=CLASSIFIED.format(rule=rule))
    run = save_run(tmp_path / "r", a_store(ONE), a_store(VISITS, tags={}), an_edge(VISITS, ONE, Role.EXPORT))
    (step,) = tree_of(VISITS, run, config, TODAY)["class_from"]
    assert (step["store"], step["classified_by"]) == (ONE, "tag data=personal")


VISITS = "arn:aws:s3:::visits"
CLASSIFIED = """\
version: 1
kind: classification
tag_keys: [data]
values: {{personal: personal}}
rules: [{rule}]
"""


def test_flows_in_a_circle_come_to_an_end(tmp_path: Path) -> None:
    records: list[Store | Edge] = [a_store(ONE), a_store(TWO, tags={}), an_edge(ONE, TWO), an_edge(TWO, ONE)]
    assert [step["store"] for step in asked(tmp_path, TWO, *records)["class_from"]] == [ONE]


def test_a_gap_on_a_store_is_part_of_its_chain(tmp_path: Path) -> None:
    gap = a_gap(subject=ONE, call="s3:GetBucketReplication", needs="s3:GetReplicationConfiguration")
    tree = asked(tmp_path, ONE, a_store(ONE), a_store(TWO), gaps=[gap])
    assert [(gap["call"], gap["level"], gap["accepted_by"]) for gap in tree["gaps"]] == [
        ("s3:GetBucketReplication", "required", None)
    ]
    assert "needs s3:GetReplicationConfiguration" in text_of(tree)
    assert [f["rule"] for f in tree["findings"]] == ["coverage-gap"]
    assert asked(tmp_path, TWO, a_store(ONE), a_store(TWO), gaps=[gap])["gaps"] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_exception_that_covers_a_store_is_told_with_owner_and_end(every: Every, language: str) -> None:
    tree = every.tree("arn:aws:s3:::used")
    assert [(row["id"], row["state"], row["owner"]) for row in tree["approvals"]] == [
        ("EX-USED", "covers", "a@example.com")
    ]
    assert all(part in text_of(tree, language) for part in ("EX-USED", "2026-12-31", "a@example.com", "b@example.com"))


def test_a_place_in_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    said = Said(call="terraform:aws_s3_bucket", field="region", at="main.tf:14")
    copy = a_copy(SG).model_copy(update={"said_by": (said,)})
    tree = asked(tmp_path, "aws_s3_bucket.a", a_store("tf:s/aws_s3_bucket.a", copy, address="aws_s3_bucket.a"))
    assert "terraform:aws_s3_bucket region (main.tf:14)" in text_of(tree)


# --- a finding ------------------------------------------------------------------------------------


def test_a_finding_on_a_copy_is_narrowed_to_that_copy(every: Every) -> None:
    tree = every.finding("copy-place-unknown")
    assert ([copy["role"] for copy in tree["copies"]], len(every.tree(ONE)["copies"])) == (["backup"], 3)


def test_a_finding_on_a_vendor_names_its_stores_and_its_papers(every: Every) -> None:
    tree = every.finding("access-prevention-undocumented", "vendor")
    assert tree["subject"]["vendor"]["checks"]["access_prevention"] == "missing"
    assert {store["id"] for store in tree["stores"]["first"]} == set(tree["findings"][0]["evidence"])


def test_an_operator_without_a_record_is_told_by_its_shipped_row(every: Every) -> None:
    assert every.finding("operator-not-registered", "vendor")["subject"]["operator"]["country"] == "CN"


def test_a_finding_on_a_key_names_its_place_and_the_stores_it_protects(every: Every) -> None:
    tree = every.finding("key-outside-territory", "key")
    assert tree["subject"]["place"]["countries"] == ["SG"]
    assert [store["id"] for store in tree["stores"]["first"]] == [ONE]


def test_a_finding_on_an_exception_shows_the_row(every: Every) -> None:
    (row,) = every.finding("exception-expired", "exception")["approvals"]
    assert (row["id"], row["state"], row["rule"]) == ("EX-OVER", "expired", "copy-outside-territory")


@pytest.mark.parametrize("number", [3, 25])
def test_all_stores_of_a_finding_are_counted_also_beyond_its_examples(tmp_path: Path, number: int) -> None:
    key = a_control(2, key="arn:aws:kms:::key/1", key_place=Place.parse(SG))
    queue = {"kind": "aws.sqs.queue", "followed": Followed.NONE}
    queues = [a_store(f"arn:aws:sqs:::{n}", a_copy(JP, control=key), **queue) for n in range(number)]
    others = [a_store(f"arn:aws:s3:::{n}") for n in range(number)]
    run = save_run(tmp_path / "run.jsonl", *queues, *others, a_store(TWO, tags=NONE))
    config = config_of(vendors__aws=VENDOR_AWS.replace("grade: 3", "grade: 2").replace('["*"]', "[sqs]"))
    counted = {}
    for question in ("arn:aws:sqs:::1", "arn:aws:s3:::1"):
        for finding in tree_of(question, run, config, TODAY)["findings"]:
            stores = tree_of(finding["fingerprint"], run, config, TODAY)["stores"]
            counted[finding["rule"], finding["subject"]["detail"]] = stores["total"]
            assert len(stores["first"]) == min(number, 20)
    assert counted == {
        ("key-outside-territory", None): number,
        ("copies-not-followed", "aws.sqs.queue"): number,
        ("access-prevention-not-in-effect", "aws.sqs.queue"): number,
        ("access-prevention-undocumented", "s3"): number,
    }


def test_a_gap_with_a_subject_names_the_stores_it_hides(tmp_path: Path) -> None:
    gaps = [a_gap(subject=ONE), a_gap(a_cell(region="eu-west-1"), subject=TWO)]
    stores = [a_store(name) for name in (ONE, TWO, THREE)]
    (found,) = asked(tmp_path, ONE, *stores, gaps=gaps)["findings"]
    tree = asked(tmp_path, found["fingerprint"], *stores, gaps=gaps)
    assert ({store["id"] for store in tree["stores"]["first"]}, tree["subject"]["cause"]["cells"]) == ({ONE, TWO}, 2)


# --- what names nothing, or several ---------------------------------------------------------------


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The program, with a config and the runs of this test."""
    config = write_config(tmp_path / "config")
    monkeypatch.setenv("RESIDENCY_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr("residency.run.today_of", lambda config: TODAY)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run_cli(cli, ["-c", str(config), "explain", *arguments])
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tmp_path / "runs"
    folder.mkdir()
    twins = [a_store(f"tf:{stack}/aws_s3_bucket.a", a_copy(SG), address="aws_s3_bucket.a") for stack in "xy"]
    save_run(folder / "first.jsonl", a_store("arn:aws:s3:::member-backup"), *twins)
    return folder


def test_a_name_that_two_stores_have_lists_their_ids(ask: Callable[..., Any], runs: Path) -> None:
    code, out, err = ask("aws_s3_bucket.a")
    assert (code, out) == (2, "")
    assert "tf:x/aws_s3_bucket.a, tf:y/aws_s3_bucket.a" in err


@pytest.mark.parametrize("question", ["arn:aws:s3:::member-backup", "member-backup"])
def test_a_store_is_found_by_its_id_and_by_its_name(ask: Callable[..., Any], runs: Path, question: str) -> None:
    code, out, _ = ask(question, "-f", "json")
    assert (code, json.loads(out)["store"]["id"]) == (0, "arn:aws:s3:::member-backup")


def test_a_prefix_of_six_digits_names_a_finding(ask: Callable[..., Any], runs: Path) -> None:
    finding = json.loads(ask("tf:x/aws_s3_bucket.a", "-f", "json")[1])["findings"][0]["fingerprint"]
    assert json.loads(ask(finding[:6].upper(), "-f", "json")[1])["findings"][0]["fingerprint"] == finding
    code, _, err = ask(finding[:5])
    assert (code, "is no rule, and no store or finding" in err) == (2, True)


UNKNOWN = {
    "member-bakup": "'member-backup'",
    "copy-outside-teritory": "'copy-outside-territory'",
    "zzz": "alike",
    "": "",
}


@pytest.mark.parametrize("question", UNKNOWN)
def test_what_nothing_is_called_ends_with_2_and_the_nearest_names(
    ask: Callable[..., Any], runs: Path, question: str
) -> None:
    code, out, err = ask(question)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert UNKNOWN[question] in err


def test_a_long_question_is_not_repeated(ask: Callable[..., Any], runs: Path) -> None:
    assert "x" * 81 not in ask("x" * 500)[2]


def test_a_rule_needs_no_saved_run_and_a_store_does(ask: Callable[..., Any]) -> None:
    assert ask("coverage-gap")[0] == 0
    code, _, err = ask(ONE)
    assert (code, "'latest' is neither a file nor a saved run" in err, "--from FILE" in err) == (2, True, True)


def test_a_saved_run_can_be_named(ask: Callable[..., Any], runs: Path, tmp_path: Path) -> None:
    other = save_run(tmp_path / "other.jsonl", a_store(ONE)).path
    assert [ask(ONE, *more)[0] for more in ((), ("--from", str(other)), ("--in", str(other)), ("--in", "first"))] == [
        2,
        0,
        0,
        2,
    ]


def test_what_it_says_to_ask_next_is_answered_as_printed(
    ask: Callable[..., Any], runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = runs / "of a gate"
    home.mkdir()
    monkeypatch.chdir(home)
    for name in ("change 1.jsonl", f"{'long' * 15}.jsonl"):
        save_run(Path(name), a_store(ONE, a_copy(SG)))
        text = ask(ONE, "--from", name)[1]
        (command,) = re.findall(r"^Ask +((?:.*\\\n)*.*)$", text, re.M)
        residency, explain, *arguments = shlex.split(command.replace("\\\n", " "))
        assert (residency, explain, ask(*arguments)[0]) == ("residency", "explain", 0)
    save_run(runs / "zz.jsonl", a_store(ONE, a_copy(SG)))
    assert "--from" not in ask(ONE)[1]


# --- what is no store, and holds copies -----------------------------------------------------------


PARTNER = "arn:aws:s3:::partner-exports"


def exports(number: int) -> list[Store]:
    """Stores that have a copy in a bucket that nobody listed, and one that is called nearly so."""
    copies = (a_copy(JP), a_copy(None, Role.EXPORT, holder=PARTNER, control=None))
    return [a_store("arn:aws:s3:::profile-exports"), *(a_store(f"arn:aws:s3:::{n}", *copies) for n in range(number))]


@pytest.mark.parametrize("question", [PARTNER, "partner-exports"])
def test_a_holder_that_is_no_store_is_told_by_the_stores_that_have_a_copy_there(question: str, tmp_path: Path) -> None:
    tree = asked(tmp_path, question, *exports(1))
    (chain,) = tree["chains"]
    assert (tree["is"], tree["holders"], chain["store"]["id"]) == ("holder", [PARTNER], "arn:aws:s3:::0")
    assert [copy["role"] for copy in chain["copies"]] == ["export"]
    assert [finding["rule"] for finding in chain["findings"]] == ["copy-place-unknown"]
    assert all(name in text_of(tree, language) for name in (PARTNER, "arn:aws:s3:::0") for language in LANGUAGES)


def test_of_many_stores_that_have_a_copy_there_is_a_list(tmp_path: Path) -> None:
    tree = asked(tmp_path, "partner-exports", *exports(25))
    assert (tree["stores"]["total"], len(tree["stores"]["first"]), tree["chains"]) == (25, 20, [])
    assert "and 5 more" in text_of(tree)


def test_a_near_name_is_only_suggested_where_nothing_holds_the_name(ask: Callable[..., Any], runs: Path) -> None:
    save_run(runs / "second.jsonl", *exports(1))
    assert ask("partner-exports")[0] == 0
    code, _, err = ask("partner-export")
    assert (code, "did you mean 'partner-exports'" in err) == (2, True)


# --- how it is printed ----------------------------------------------------------------------------


def test_both_languages_are_answered_one_after_the_other(ask: Callable[..., Any], runs: Path) -> None:
    code, out, _ = ask("member-backup", "--lang", "ja,en")
    assert (code, out.index("保存先") < out.index("Store ")) == (0, True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_control_characters_of_a_name_never_reach_the_terminal(tmp_path: Path, language: str) -> None:
    name = "arn:aws:s3:::\x1b[31mred\x07\nPASS"
    tree = asked(tmp_path, name, a_store(name, a_copy(SG, holder=name), tags={"data": "\x9b2J"}))
    assert "\ufffd" in text_of(tree, language)


@pytest.mark.parametrize("name", ["x" * 300, "個人情報" * 60], ids=["long", "wide"])
def test_a_long_name_is_folded_and_not_cut(tmp_path: Path, name: str) -> None:
    assert name in squeezed(text_of(asked(tmp_path, name, a_store(name))))


# --- what a policy changes ------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_rule_that_the_policy_changes_says_both(tmp_path: Path, language: str) -> None:
    change = "{status: warning, severity: {personal: low}, reason: counsel said so}"
    policy = f"version: 1\nkind: policy\nid: own\nrules:\n  copy-outside-territory: {change}\n"
    tree = rule_tree("copy-outside-territory", a_config(tmp_path, policy=policy))
    assert tree["shipped"] == {"status": "violation", "personal": "high", "special_care": "critical"}
    own = {"policy": "own", "status": "warning", "personal": "low", "special_care": "critical"}
    assert tree["in_force"] == [own | {"reason": "counsel said so"}]
    assert "counsel said so" in text_of(tree, language)


def test_special_care_data_show_the_grades_that_they_need(tmp_path: Path) -> None:
    tree = asked(tmp_path, ONE, a_store(ONE, tags={"data": "special"}))
    assert (tree["policy"]["min_grade"], tree["policy"]["target_grade"]) == (3, 4)
