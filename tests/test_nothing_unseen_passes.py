"""Ways in which something unseen, undecided or badly configured could have come out as a pass."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from residency.cli import run_cli
from residency.cli.commands import cli
from residency.gating import GateOptions, gated, open_files
from residency.inventory import SavedRun
from residency.model import Account, Cell, Place, Role, Severity, Status, Store, Why
from residency.policy.reader import ConfigError
from residency.rules.papers import check_states, documented_grade
from residency.run import Selection, find_run, judge_run, open_config
from tests.build import (
    ACCOUNT,
    TODAY,
    VENDOR_AWS,
    a_cell,
    a_config,
    a_copy,
    a_gap,
    a_store,
    an_edge,
    judge,
    said,
    save_run,
    write_config,
)
from tests.reports.results import json_of, result_of, text_of
from tests.rules.cases import changed, config_of, found
from tests.serving import a_server, a_source, scan_here, sources, write_scan_config

JP, US, SG, NOWHERE = "aws:ap-northeast-1", "aws:us-east-1", "aws:ap-southeast-1", "aws:xx-nowhere-1"
ONE, TWO, THREE = "arn:aws:s3:::one", "arn:aws:s3:::two", "arn:aws:s3:::three"
OUTSIDE = "copy-outside-territory"
APPROVED = "reason: known, owner: a@example.com, approved_by: b@example.com, approved_on: 2026-11-01"
ATLAS = "namespace,code,kind,parent,countries,members,operator,status,confidence,source,read_on,note\n"
OURS = (Account(source="prod", provider="aws", id=ACCOUNT),)
PLAN = '{"format_version": "1.2", "planned_values": {"root_module": {}}, "resource_changes": [], "configuration": {}}'


def place(text: str) -> Place:
    return Place.parse(text)


def exception(match: str) -> str:
    row = f"{{id: EX-1, rule: {OUTSIDE}, match: {{{match}}}, {APPROVED}, expires: 2026-12-31}}"
    return f"version: 1\nkind: exceptions\nexceptions: [{row}]\n"


def discovery(listing: str = "DescribeRegions") -> Cell:
    return a_cell(service="account", listing=listing)


def code_of(run: SavedRun) -> int:
    return judge_run(run, config_of(), TODAY, Severity.HIGH).exit_code


# --- what was asked -------------------------------------------------------------------------------


def test_a_selection_that_names_nothing_checked_nothing(tmp_path: Path) -> None:
    run = save_run(tmp_path / "run.jsonl", cells=[discovery("GetCallerIdentity"), discovery()])
    result = judge_run(run, config_of(), TODAY, Severity.HIGH)
    assert (result.exit_code, result.verdict) == (5, "nothing-checked")


def test_an_account_that_let_nobody_in_is_a_gap_and_not_nothing(tmp_path: Path) -> None:
    assert code_of(save_run(tmp_path / "run.jsonl", gaps=[a_gap(discovery(), Status.UNAUTHENTICATED)])) == 3


def test_a_kind_of_a_config_does_not_make_the_discovery_of_accounts_optional(tmp_path: Path) -> None:
    kinds: dict[str, Any] = {"kinds.csv": "kind,holds\naws.account.contact,config\n"}
    gaps = (a_gap(discovery(), Status.UNAUTHENTICATED),)
    (finding,) = found(tmp_path, "coverage-gap", gaps=gaps, **kinds)
    assert finding.status == "not-checked"


@pytest.mark.parametrize(
    ("provider", "service"), [("aws", "sweep"), ("aws", "geography"), ("run", "run"), ("terraform", "plan")]
)
def test_a_kind_of_a_config_takes_no_cell_out_that_is_of_every_kind(
    tmp_path: Path, provider: str, service: str
) -> None:
    kinds: dict[str, Any] = {"kinds.csv": f"kind,holds\n{provider}.{service}.x,nothing\n"}
    gap = a_gap(a_cell(provider=provider, service=service), Status.UNSWEPT)
    (finding,) = found(tmp_path, "coverage-gap", gaps=[gap], **kinds)
    assert finding.status == "not-checked"


@pytest.mark.parametrize(
    ("stores", "code"), [([], 5), ([a_store(tags={"data": "public"})], 0), ([a_store(ONE, a_copy(SG))], 1)]
)
def test_what_is_out_of_scope_was_not_checked_unless_it_listed_stores(
    tmp_path: Path, stores: list[Store], code: int
) -> None:
    row = f"{{id: OUT-1, match: {{provider: aws}}, {APPROVED}, expires: 2026-12-31}}"
    coverage = f"version: 1\nkind: coverage\nscope: {{out: [{row}]}}\n"
    run = save_run(tmp_path / "run.jsonl", *stores)
    assert judge_run(run, config_of(coverage=coverage), TODAY, Severity.HIGH).exit_code == code


@pytest.mark.parametrize(
    ("selection", "code"),
    [({}, 3), ({"region": ["global"]}, 3), ({"source": ["pr*"]}, 0), ({"provider": ["gcp"]}, 0)],
)
def test_a_source_that_the_saved_run_did_not_plan_is_not_checked_unless_it_was_left_out(
    tmp_path: Path, selection: dict[str, list[str]], code: int
) -> None:
    rows = [f'name: {name}, provider: aws, account: "{ACCOUNT}"' for name in ("prod", "second")]
    run = save_run(tmp_path / "run.jsonl", a_store())
    run.head["selection"] = selection
    assert judge_run(run, config_of(sources=sources(*rows)), TODAY, Severity.HIGH).exit_code == code


def test_the_verdict_line_names_the_selection(tmp_path: Path) -> None:
    result = result_of(tmp_path, a_store())
    result.selection = {"region": ["eu-*"]}
    assert "only region=eu-*" in text_of(result).splitlines()[-1]


def test_a_pass_with_accepted_gaps_does_not_say_that_nothing_is_unseen(tmp_path: Path) -> None:
    row = f"{{id: CG-1, match: {{service: s3}}, cause: {{status: denied}}, {APPROVED}, expires: 2026-12-31}}"
    coverage = f"version: 1\nkind: coverage\naccept: [{row}]\n"
    last = text_of(result_of(tmp_path, a_store(), gaps=[a_gap()], coverage=coverage)).splitlines()[-1]
    assert last.startswith("PASS  no violation, 1 accepted gaps")


def test_what_a_config_replaces_is_in_the_json_too(tmp_path: Path) -> None:
    kinds: dict[str, Any] = {"kinds.csv": "kind,holds,reason\naws.ebs.image,config,golden images only\n"}
    assert json_of(result_of(tmp_path, a_store(), **kinds))["run"]["replaced"] == [
        "kind aws.ebs.image: golden images only"
    ]


@pytest.mark.parametrize("retries", [1, 10])
def test_the_latest_run_is_the_last_retry_and_not_what_it_went_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, retries: int
) -> None:
    monkeypatch.setenv("RESIDENCY_RUNS", str(tmp_path))
    for end in ("", *(f"-{number}" for number in range(1, retries + 1))):
        save_run(tmp_path / f"20261122T030000Z-123456{end}.jsonl")
    assert find_run("latest").stem == f"20261122T030000Z-123456-{retries}"


def test_two_templates_of_the_same_name_are_two_stacks(tmp_path: Path) -> None:
    resource = {"address": "aws_s3_bucket.b", "mode": "managed", "type": "aws_s3_bucket", "name": "b", "values": {}}
    names = []
    for folder in ("a", "b"):
        path = tmp_path / folder / "plan.json"
        path.parent.mkdir()
        root = {"resources": [{**resource, "provider_name": "registry.terraform.io/hashicorp/aws"}]}
        path.write_text(json.dumps(json.loads(PLAN) | {"planned_values": {"root_module": root}}), encoding="utf-8")
        names.append(str(path))
    with gated(open_files(names, GateOptions()), config_of(), GateOptions()) as run:
        assert len({store.id for store in run.stores()}) == 2


def test_one_stack_name_for_two_templates_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(PLAN, encoding="utf-8")
    config, plan = write_config(tmp_path / "config"), str(tmp_path / "plan.json")
    assert run_cli(cli, ["-c", str(config), "gate", plan, plan, "--stack", "s"]) == 2


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A config that scans an empty account."""
    for name, value in (("ACCESS_KEY_ID", "test"), ("SECRET_ACCESS_KEY", "test"), ("REGION", "ap-northeast-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    with a_server() as at:
        yield write_scan_config(tmp_path, a_source(at.endpoint))


def test_a_selection_that_lists_no_store_checked_nothing(live: Path) -> None:
    run = scan_here(live, selection=Selection(service=("organization",)), save=False)
    assert judge_run(run, open_config(live), TODAY, Severity.HIGH).exit_code == 5


@pytest.mark.parametrize("flag", ["--no-save", "--plan"])
def test_facts_that_are_not_to_be_kept_are_gone_afterwards(
    flag: str, live: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    assert run_cli(cli, ["-c", str(live), "scan", flag, "--region", "ap-northeast-1"]) in (0, 3)
    assert list(folder.iterdir()) == []


def test_a_plan_names_every_cell_that_a_scan_would_ask(live: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(cli, ["-c", str(live), "scan", "--plan", "--region", "ap-northeast-1", "--service", "ebs"]) == 0
    assert capsys.readouterr().out.startswith("ebs: 3 cells")


# --- what was seen twice, or from the other side --------------------------------------------------


def test_a_copy_that_only_an_edge_tells_of_is_judged_although_nothing_holds_it(tmp_path: Path) -> None:
    edge = an_edge(ONE, None, target_place=place(SG))
    (finding,) = found(tmp_path, OUTSIDE, a_store(ONE), edge)
    assert (finding.status, str(finding.subject.place)) == ("violation", SG)


@pytest.mark.parametrize(("place", "code"), [(JP, 0), (SG, 3), (None, 3)])
def test_an_export_of_what_nobody_listed_is_judged_by_its_place(tmp_path: Path, place: str | None, code: int) -> None:
    gone = f"arn:aws:rds:ap-northeast-1:{ACCOUNT}:snapshot:gone"
    target = Place.parse(place) if place else None
    edge = an_edge(gone, "arn:aws:s3:::strangers", Role.EXPORT, target_place=target)
    assert code_of(save_run(tmp_path / "run.jsonl", a_store(), edge)) == code


def test_an_edge_that_places_a_named_copy_elsewhere_is_a_copy_too(tmp_path: Path) -> None:
    store = a_store(ONE, a_copy(JP), a_copy(JP, Role.REPLICA, holder=TWO))
    edge = an_edge(ONE, TWO, target_place=Place.parse(SG))
    (finding,) = found(tmp_path, OUTSIDE, store, edge)
    assert str(finding.subject.place) == SG


def test_places_of_several_operators_are_nobodys_answer(tmp_path: Path) -> None:
    store = a_store(ONE, a_copy(None, candidates=(Place.parse(JP), Place.parse("gcp:asia-northeast1"))))
    assert code_of(save_run(tmp_path / "run.jsonl", store)) == 3


def test_a_copy_that_only_an_edge_tells_of_without_a_place_is_not_checked(tmp_path: Path) -> None:
    assert len(found(tmp_path, "copy-place-unknown", a_store(ONE), an_edge(ONE, None))) == 1


def test_an_edge_whose_copy_the_store_names_is_no_second_copy(tmp_path: Path) -> None:
    store = a_store(ONE, a_copy(), a_copy(SG, Role.REPLICA))
    assert len(found(tmp_path, OUTSIDE, store, an_edge(ONE, None, target_place=place(SG)))) == 1


def test_two_sightings_of_one_edge_that_name_two_places_are_two_copies(tmp_path: Path) -> None:
    edges = [an_edge(ONE, TWO, target_place=place(where)) for where in (JP, SG, JP)]
    (finding,) = found(tmp_path, OUTSIDE, a_store(ONE), *edges)
    assert str(finding.subject.place) == SG


def test_tags_that_one_of_two_sources_could_not_read_do_not_hide_what_the_other_read(tmp_path: Path) -> None:
    copies = (a_copy(JP), a_copy(JP, Role.SHARE, account="*"))
    twice = (a_store(ONE, *copies), a_store(ONE, *copies, tags=None, sources=("other",)))
    (finding,) = found(tmp_path, "copy-shared-outside", *twice)
    assert finding.status == "violation"


def test_two_sightings_with_different_tags_are_not_taken_at_the_weaker_one(tmp_path: Path) -> None:
    tags = [{"data": "public", "team": name} for name in ("a", "b")]
    twice = [a_store(ONE, a_copy(SG), tags=own) for own in tags]
    assert len(found(tmp_path, "store-unclassified", *twice, a_store(TWO), an_edge(ONE, TWO))) == 1


def test_a_disputed_place_does_not_hide_that_it_is_unbounded(tmp_path: Path) -> None:
    twice = (a_store(ONE, a_copy(JP)), a_store(ONE, a_copy(US), a_copy(None, why=Why.UNBOUNDED)))
    assert len(found(tmp_path, "copy-place-unbounded", *twice)) == 1


def test_a_source_speaks_for_a_held_store_in_the_role_that_it_tells_of_only(tmp_path: Path) -> None:
    one = a_store(ONE, a_copy(JP), a_copy(SG, Role.METADATA, holder=TWO))
    edge = an_edge(ONE, TWO, target_place=place(JP))
    findings = found(tmp_path, OUTSIDE, one, a_store(TWO, a_copy(SG)), edge)
    assert (TWO, "violation") in [(finding.subject.id, finding.status) for finding in findings]


def test_what_became_personal_by_being_joined_has_personal_copies(tmp_path: Path) -> None:
    classes = "version: 1\nkind: classification\ntag_keys: [data]\nvalues: {p: personal, r: person-related}\n"
    related, nothing = {"tags": {"data": "r"}}, dict[str, object]()
    stores = [a_store(ONE, **related), a_store(TWO, **related), a_store(THREE, a_copy(SG), **related)]
    edges = [an_edge(ONE, TWO), an_edge(TWO, THREE), an_edge(ONE, "other", Role.EXPORT)]
    other = a_store("other", tags={"data": "p"}, **nothing)
    findings = found(tmp_path, OUTSIDE, *stores, other, *edges, classification=classes)
    assert [(finding.subject.id, finding.subject.holder) for finding in findings] == [(TWO, THREE)]


def test_the_class_travels_through_a_store_that_nobody_saw(tmp_path: Path) -> None:
    stores = (a_store(ONE), a_store(TWO, a_copy(SG), tags={"data": "public"}))
    edges = (an_edge(ONE, "unseen", Role.SNAPSHOT), an_edge("unseen", TWO, Role.SNAPSHOT))
    assert [finding.subject.id for finding in found(tmp_path, OUTSIDE, *stores, *edges)] == [TWO]


# --- copies that hide each other ------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.KEY, Role.METADATA, Role.WITNESS])
def test_a_share_outside_is_not_hidden_by_something_milder_in_the_same_place(tmp_path: Path, role: Role) -> None:
    store = a_store(ONE, a_copy(JP), a_copy(SG, role), a_copy(SG, Role.SHARE, account=ACCOUNT))
    shares = [f for f in found(tmp_path, OUTSIDE, store) if f.subject.role is Role.SHARE]
    assert [(f.status, f.severity) for f in shares] == [("violation", "high")]


@pytest.mark.parametrize("where", [NOWHERE, None])
def test_a_share_with_our_own_account_in_an_unknown_place_is_not_checked(tmp_path: Path, where: str | None) -> None:
    store = a_store(ONE, a_copy(JP), a_copy(where, Role.SHARE, account=ACCOUNT))
    stores, findings = judge(save_run(tmp_path / "run.jsonl", store, accounts=OURS), config_of())
    assert [f.subject.role for f in said(findings, "copy-place-unknown")] == [Role.SHARE]
    assert stores[ONE].verdict == "undetermined"


# --- approvals and papers -------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["coverage-gap", "copy-place-unknown", "access-prevention-not-in-effect"])
def test_what_was_not_checked_cannot_be_made_a_violation_below_fail_on(tmp_path: Path, rule: str) -> None:
    store = a_store(ONE, a_copy(NOWHERE), a_copy(JP, Role.REPLICA, control=None))
    findings = found(tmp_path, rule, store, gaps=[a_gap()], policy=changed(rule, "violation"))
    assert {finding.status for finding in findings} == {"not-checked"}


def test_an_exception_for_a_vendor_covers_its_copies_only(tmp_path: Path) -> None:
    china = "version: 1\nkind: vendor\nid: china\nstate: draft\noperates: [sinnet]\n"
    store = a_store(ONE, a_copy(JP), a_copy("aws-cn:cn-north-1", Role.REPLICA))
    (finding,) = found(tmp_path, OUTSIDE, store, vendors__china=china, exceptions=exception("vendor: aws"))
    assert finding.status == "violation"


def test_a_rule_may_classify_by_the_vendor(tmp_path: Path) -> None:
    rule = "{match: {vendor: aws}, data_class: personal}"
    classes = f"version: 1\nkind: classification\nrules: [{rule}]\n"
    assert len(found(tmp_path, OUTSIDE, a_store(ONE, a_copy(SG)), classification=classes)) == 1


def test_a_paper_that_nobody_has_retrieved_yet_proves_nothing(tmp_path: Path) -> None:
    vendor = VENDOR_AWS.replace('measure", retrieved_on: 2026-11-01', 'measure", retrieved_on: 2036-11-01')
    config = a_config(tmp_path, vendors__aws=vendor)
    assert documented_grade(config.vendors["aws"], config.policy, TODAY, "s3") is None


def test_a_decision_of_tomorrow_is_none_today(tmp_path: Path) -> None:
    decision = "checks: {access_prevention: {state: accepted, on: 2026-11-23}}\n"
    config = a_config(tmp_path, vendors__aws=VENDOR_AWS + decision)
    vendor = config.vendors["aws"]
    states = [check_states(vendor, config.policy, day)["access_prevention"] for day in (TODAY, date(2026, 11, 23))]
    assert states == ["missing", "accepted"]
    assert documented_grade(vendor, config.policy, TODAY, "s3") is None


def test_special_care_data_need_a_paper_of_their_own_grade(tmp_path: Path) -> None:
    vendor = VENDOR_AWS.replace("grade: 3", "grade: 2")
    rule = "access-prevention-undocumented"
    assert found(tmp_path / "a", rule, a_store(), vendors__aws=vendor) == []
    (finding,) = found(tmp_path / "b", rule, a_store(tags={"data": "special"}), vendors__aws=vendor)
    assert finding.severity == "critical"


# --- a config that says less than it seems --------------------------------------------------------


def test_only_keys_may_count_as_keys(tmp_path: Path) -> None:
    policy = "version: 1\nkind: policy\nid: own\ncopies: {replica: key}\n"
    with pytest.raises(ConfigError, match=r"policy.yaml:4:\d+: replica: is no key"):
        a_config(tmp_path, policy=policy)


def test_a_location_of_a_config_names_its_operator(tmp_path: Path) -> None:
    row = "x,here,region,,JP,,,current,high,https://example.com,2026-11-22,\n"
    with pytest.raises(ConfigError, match="`operator` is empty"):
        a_config(tmp_path, **{"atlas__own.csv": ATLAS + row})


def test_a_location_that_is_known_in_part_is_not_known(tmp_path: Path) -> None:
    row = "x,here,multi-region,,,aws:ap-northeast-1 aws-iso-e:eu-isoe-west-1,aws,current,high,https://example.com,2026-11-22,\n"
    config = write_config(tmp_path, **{"atlas__own.csv": ATLAS + row})
    assert run_cli(cli, ["-c", str(config), "where", "x:here"]) == 3
