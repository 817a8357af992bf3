"""Facts + config + a day -> findings: what holds across rules."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from residency.inventory import RunWriter, read_run
from residency.judge import Judge, exit_code_of, verdict_of
from residency.model import (
    EVERYONE,
    Account,
    CellResult,
    Edge,
    Finding,
    FindingStatus,
    Gap,
    Place,
    Role,
    Severity,
    Status,
    Store,
    Why,
)
from residency.policy.reader import ConfigError
from residency.rules.base import JudgedStore
from tests.build import (
    NOON,
    TODAY,
    a_cell,
    a_control,
    a_copy,
    a_gap,
    a_store,
    an_edge,
    judge,
    said,
    save_run,
)
from tests.rules.cases import changed, config_of

JP, US, SG, ID, NOWHERE = (
    "aws:ap-northeast-1",
    "aws:us-east-1",
    "aws:ap-southeast-1",
    "aws:ap-southeast-3",
    "aws:xx-nowhere-1",
)
PERSONAL, SPECIAL, NONE, UNTAGGED = {"data": "personal"}, {"data": "special"}, {"data": "public"}, dict[str, str]()
ONE, TWO, THREE = "arn:aws:s3:::one", "arn:aws:s3:::two", "arn:aws:s3:::three"
APPROVED = "reason: known, owner: a@example.com, approved_by: b@example.com, approved_on: 2026-11-01"
OUTSIDE = "copy-outside-territory"
Judged = tuple[dict[str, JudgedStore], list[Finding]]


def judged(
    folder: Path,
    *records: Store | Edge,
    gaps: tuple[Gap, ...] = (),
    accounts: tuple[Account, ...] = (),
    today: date = TODAY,
    **files: str,
) -> Judged:
    run = save_run(folder / "run.jsonl", *records, gaps=gaps, accounts=accounts)
    return judge(run, config_of(**files), today)


def told(findings: list[Finding]) -> list[tuple[str, str, str | None]]:
    """Rule, subject and holder of each finding, in an order of its own."""
    return sorted((f.rule, f.subject.id, f.subject.holder) for f in findings)


def related(place: str = SG, role: Role = Role.REPLICA, **tags: dict[str, str]) -> list[Store | Edge]:
    """ONE at home has a copy of this role at `place`, which is the store TWO."""
    one = a_store(ONE, a_copy(JP), a_copy(place, role, holder=TWO), tags=tags.get("one", PERSONAL))
    return [one, a_store(TWO, a_copy(place), tags=tags.get("two", UNTAGGED)), an_edge(ONE, TWO, role)]


# --- the class travels along edges ----------------------------------------------------------------


@pytest.mark.parametrize("tags", [UNTAGGED, NONE])
def test_a_replica_of_a_personal_store_is_personal_whatever_its_tags_say(tmp_path: Path, tags: dict[str, str]) -> None:
    stores, _ = judged(tmp_path, *related(JP, two=tags))
    assert (stores[TWO].data_class, stores[TWO].classified_by) == ("personal", f"replica of {ONE}")


def test_the_class_travels_over_several_edges_and_the_strongest_arrives(tmp_path: Path) -> None:
    stores = [a_store(ONE, tags=SPECIAL), a_store(TWO), a_store(THREE, tags=NONE)]
    edges = [an_edge(TWO, THREE, Role.BACKUP), an_edge(ONE, TWO), an_edge(THREE, ONE)]
    found, _ = judged(tmp_path, *stores, *edges)
    assert {store.data_class for store in found.values()} == {"special-care"}


def test_the_class_does_not_travel_against_an_edge(tmp_path: Path) -> None:
    stores, _ = judged(tmp_path, *related(JP, one=NONE, two=PERSONAL))
    assert [store.data_class for store in stores.values()] == ["none", "personal"]


def test_the_class_does_not_travel_over_a_former_edge(tmp_path: Path) -> None:
    stores, _ = judged(tmp_path, a_store(ONE), a_store(TWO, tags=NONE), an_edge(ONE, TWO, former=True))
    assert stores[TWO].verdict == "not-personal"


@pytest.mark.parametrize("role", [Role.METADATA, Role.KEY])
def test_identifiers_and_keys_carry_no_class(tmp_path: Path, role: Role) -> None:
    stores, _ = judged(tmp_path, a_store(ONE), a_store(TWO, tags=NONE), an_edge(ONE, TWO, role))
    assert stores[TWO].data_class == "none"


# --- one relation, two stores, one finding --------------------------------------------------------


def test_a_held_copy_is_told_of_once_at_its_source_with_its_holder(tmp_path: Path) -> None:
    stores, findings = judged(tmp_path, *related(SG))
    assert told(findings) == [(OUTSIDE, ONE, TWO)]
    assert [store.verdict for store in stores.values()] == ["prohibited", "prohibited"]


def test_a_relation_that_only_the_target_told_of_is_the_same_finding(tmp_path: Path) -> None:
    _, findings = judged(tmp_path, a_store(ONE), a_store(TWO, a_copy(SG)), an_edge(ONE, TWO))
    assert told(findings) == [(OUTSIDE, ONE, TWO)]


def test_an_unplaced_copy_takes_the_place_of_its_holder(tmp_path: Path) -> None:
    one = a_store(ONE, a_copy(JP), a_copy(None, Role.REPLICA, holder=TWO))
    _, findings = judged(tmp_path, one, a_store(TWO, a_copy(SG)), an_edge(ONE, TWO))
    assert [(f.subject.holder, str(f.subject.place)) for f in findings] == [(TWO, SG)]


def test_a_held_copy_in_an_unknown_place_is_told_of_once(tmp_path: Path) -> None:
    _, findings = judged(tmp_path, *related(NOWHERE))
    assert told(findings) == [("copy-place-unknown", ONE, TWO)]


def test_an_unclassified_pair_needs_one_decision_for_each_physical_copy(tmp_path: Path) -> None:
    _, findings = judged(tmp_path, *related(SG, one=UNTAGGED))
    assert told(findings) == [("store-unclassified", ONE, TWO)]


@pytest.mark.parametrize(
    ("role", "one", "two"),
    [
        (Role.REPLICA, PERSONAL, SPECIAL),  # a stronger class
        (Role.METADATA, PERSONAL, PERSONAL),  # identifiers are a warning, what is saved is a violation
        (Role.STREAM, PERSONAL, PERSONAL),
        (Role.STREAM, PERSONAL, SPECIAL),
        (Role.REPLICA, UNTAGGED, PERSONAL),
    ],
)
def test_a_held_store_that_is_graver_on_its_own_is_told_of_as_well(
    tmp_path: Path, role: Role, one: dict[str, str], two: dict[str, str]
) -> None:
    _, findings = judged(tmp_path, *related(SG, role, one=one, two=two))
    of_places = [f for f in findings if f.subject.kind == "store"]
    assert (OUTSIDE, TWO, None) in told(of_places)
    assert len(of_places) == 2


@pytest.mark.parametrize(
    ("role", "two"),
    [(Role.STREAM, UNTAGGED), (Role.METADATA, NONE), (Role.REPLICA, PERSONAL), (Role.LOG, NONE)],
)
def test_a_held_store_that_is_not_graver_is_not_told_of_again(tmp_path: Path, role: Role, two: dict[str, str]) -> None:
    assert told(judged(tmp_path, *related(SG, role, two=two))[1]) == [(OUTSIDE, ONE, TWO)]


def test_identifiers_do_not_answer_what_else_an_unclassified_store_holds(tmp_path: Path) -> None:
    _, findings = judged(tmp_path, *related(SG, Role.METADATA))
    assert told(findings) == [(OUTSIDE, ONE, TWO), ("store-unclassified", TWO, None)]


def test_a_source_that_names_another_place_does_not_speak_for_the_held_store(tmp_path: Path) -> None:
    one = a_store(ONE, a_copy(JP), a_copy(JP, Role.REPLICA, holder=TWO))
    _, findings = judged(tmp_path, one, a_store(TWO, a_copy(SG)), an_edge(ONE, TWO))
    assert told(findings) == [(OUTSIDE, TWO, None)]


def test_a_former_relation_does_not_speak_for_the_held_store(tmp_path: Path) -> None:
    one = a_store(ONE, a_copy(JP), a_copy(SG, Role.REPLICA, holder=TWO, former=True))
    _, findings = judged(tmp_path, one, a_store(TWO, a_copy(SG)), an_edge(ONE, TWO, former=True))
    assert [(f.subject.id, f.status) for f in said(findings, OUTSIDE)] == [(ONE, "not-checked"), (TWO, "violation")]


def test_a_share_does_not_speak_for_the_store_that_received_it(tmp_path: Path) -> None:
    one = a_store(ONE, a_copy(JP), a_copy(NOWHERE, Role.SHARE, holder=TWO, account="123456789012"))
    ours = (Account(source="prod", provider="aws", id="123456789012"),)
    two = a_store(TWO, a_copy(NOWHERE))
    _, findings = judged(tmp_path, one, two, an_edge(ONE, TWO, Role.SHARE), accounts=ours)
    assert told(findings) == [("copy-place-unknown", TWO, None)]


def test_two_stores_that_replicate_each_other_are_both_told_of(tmp_path: Path) -> None:
    one = a_store(ONE, a_copy(SG), a_copy(ID, Role.REPLICA, holder=TWO))
    two = a_store(TWO, a_copy(ID), a_copy(SG, Role.REPLICA, holder=ONE))
    _, findings = judged(tmp_path, one, two, an_edge(ONE, TWO), an_edge(TWO, ONE))
    assert told(findings) == [(OUTSIDE, ONE, TWO), (OUTSIDE, TWO, ONE)]


# --- several policies -----------------------------------------------------------------------------

SERVICE = """\
version: 1
kind: policy
id: service
applies_to: [{name: two}]
location: {allow: [JP]}
"""


def test_a_service_has_a_policy_of_its_own_and_every_finding_names_its_policy(tmp_path: Path) -> None:
    stores, findings = judged(tmp_path, a_store(ONE, a_copy(SG)), a_store(TWO, a_copy(US)), policies__service=SERVICE)
    assert [store.policy.id for store in stores.values()] == ["personal-information-jp-us-eu", "service"]
    assert [(f.subject.id, f.policy) for f in findings] == [(ONE, "personal-information-jp-us-eu"), (TWO, "service")]


def test_a_held_store_that_another_policy_judges_is_told_of_as_well(tmp_path: Path) -> None:
    _, findings = judged(tmp_path, *related(SG), policies__service=SERVICE)
    assert told(findings) == [(OUTSIDE, ONE, TWO), (OUTSIDE, TWO, None)]


def test_a_copy_that_is_allowed_at_its_source_may_be_outside_for_its_holder(tmp_path: Path) -> None:
    _, findings = judged(tmp_path, *related(US), policies__service=SERVICE)
    assert told(findings) == [(OUTSIDE, TWO, None)]


def test_a_store_that_two_policies_claim_is_a_config_error_that_names_both(tmp_path: Path) -> None:
    other = SERVICE.replace("id: service", "id: second")
    with pytest.raises(ConfigError) as error:
        judged(tmp_path, a_store(TWO), policies__service=SERVICE, policies__second=other)
    assert "claimed by two policies, second and service" in "".join(error.value.lines())


def test_one_vendor_under_two_policies_is_one_finding_for_each(tmp_path: Path) -> None:
    draft = "version: 1\nkind: vendor\nid: aws\nstate: draft\noperates: [aws]\n"
    stores = (a_store(ONE), a_store(TWO))
    _, findings = judged(tmp_path, *stores, vendors__aws=draft, policies__service=SERVICE)
    undocumented = said(findings, "access-prevention-undocumented")
    assert [(f.policy, f.subject.detail, f.evidence) for f in undocumented] == [
        ("personal-information-jp-us-eu", None, (ONE,)),
        ("service", "service", (TWO,)),
    ]


# --- exceptions -----------------------------------------------------------------------------------


def exceptions(*rows: str, expires: str = "2026-12-31") -> str:
    lines = (f"  - {{id: EX-{n}, {row}, {APPROVED}, expires: {expires}}}\n" for n, row in enumerate(rows, start=1))
    return "version: 1\nkind: exceptions\nexceptions:\n" + "".join(lines)


def excepting(rule: str, match: str = 'id: "*"') -> str:
    return f"rule: {rule}, match: {{{match}}}"


def statuses(findings: list[Finding]) -> list[tuple[str, str]]:
    return sorted((f.rule, f.status.value) for f in findings)


def test_an_exception_counts_on_its_last_day_and_not_on_the_next(tmp_path: Path) -> None:
    outside, row = a_store(ONE, a_copy(SG)), exceptions(excepting(OUTSIDE))
    stores, last = judged(tmp_path / "a", outside, exceptions=row, today=date(2026, 12, 31))
    assert statuses(last) == [(OUTSIDE, "excepted")]
    assert (last[0].excepted_by, last[0].severity, stores[ONE].verdict) == ("EX-1", "high", "excepted")
    stores, after = judged(tmp_path / "b", outside, exceptions=row, today=date(2027, 1, 1))
    assert statuses(after) == [(OUTSIDE, "violation"), ("exception-expired", "warning")]
    assert stores[ONE].verdict == "prohibited"


def test_an_exception_does_not_count_before_it_was_approved(tmp_path: Path) -> None:
    row = exceptions(excepting(OUTSIDE))
    _, findings = judged(tmp_path, a_store(ONE, a_copy(SG)), exceptions=row, today=date(2026, 10, 31))
    assert (OUTSIDE, "violation") in statuses(findings)


@pytest.mark.parametrize(
    ("match", "covers"),
    [
        (f'id: "{ONE}"', True),
        ('id: "arn:aws:s3:::on"', False),  # globs are anchored at both ends
        ("role: replica", True),
        ("role: primary", False),
        (f'place: "{SG}"', True),
        (f'place: "{JP}"', False),  # the place of the finding, not of the store
        ('account: "123456789012"', True),
        (f'id: "{ONE}", role: backup', False),  # all given keys must match
        ("vendor: aws", True),
        ('tag: "data=personal"', True),
        ("kind: aws.ebs.*", False),
    ],
)
def test_an_exception_covers_what_all_its_keys_match(tmp_path: Path, match: str, covers: bool) -> None:
    store = a_store(ONE, a_copy(JP), a_copy(SG, Role.REPLICA))
    _, findings = judged(tmp_path, store, exceptions=exceptions(excepting(OUTSIDE, match)))
    expected = [(OUTSIDE, "excepted")] if covers else [(OUTSIDE, "violation"), ("exception-unused", "warning")]
    assert statuses(findings) == expected


def test_a_warning_may_be_excepted(tmp_path: Path) -> None:
    store = a_store(ONE, a_copy(JP), a_copy(SG, Role.METADATA))
    assert statuses(judged(tmp_path, store, exceptions=exceptions(excepting(OUTSIDE)))[1]) == [(OUTSIDE, "excepted")]


@pytest.mark.parametrize(
    ("rule", "store"),
    [
        ("copy-place-unknown", a_store(ONE, a_copy(NOWHERE))),
        ("store-unclassified", a_store(ONE, a_copy(SG), tags=UNTAGGED)),
        (OUTSIDE, a_store(ONE, a_copy(JP), a_copy(SG, Role.REPLICA, former=True))),
        ("access-prevention-not-in-effect", a_store(ONE, a_copy(JP, control=a_control(None)))),
        ("copy-shared-outside", a_store(ONE, a_copy(JP), a_copy(JP, Role.SHARE, account=None))),
    ],
)
def test_what_was_not_checked_cannot_be_excepted(tmp_path: Path, rule: str, store: Store) -> None:
    _, findings = judged(tmp_path, store, exceptions=exceptions(excepting(rule)))
    assert statuses(findings) == sorted([(rule, "not-checked"), ("exception-unused", "warning")])


def test_a_gap_cannot_be_excepted(tmp_path: Path) -> None:
    row = exceptions(excepting("coverage-gap"))
    assert ("coverage-gap", "not-checked") in statuses(judged(tmp_path, gaps=(a_gap(),), exceptions=row)[1])


@pytest.mark.parametrize(
    ("rule", "copies", "tags"),
    [
        (OUTSIDE, [a_copy(SG)], SPECIAL),
        ("copy-place-unbounded", [a_copy(None, why=Why.UNBOUNDED)], SPECIAL),
        ("copy-shared-outside", [a_copy(JP), a_copy(JP, Role.SHARE, account=EVERYONE)], PERSONAL),
    ],
)
def test_special_care_data_outside_and_public_shares_cannot_be_excepted(
    tmp_path: Path, rule: str, copies: list[object], tags: dict[str, str]
) -> None:
    store = a_store(ONE, *copies, tags=tags)  # type: ignore[arg-type]
    _, findings = judged(tmp_path, store, exceptions=exceptions(excepting(rule)))
    assert (rule, "violation") in statuses(findings)


def test_a_share_with_one_stranger_may_be_excepted(tmp_path: Path) -> None:
    store = a_store(ONE, a_copy(JP), a_copy(JP, Role.SHARE, account="999999999999"), tags=SPECIAL)
    _, findings = judged(tmp_path, store, exceptions=exceptions(excepting("copy-shared-outside")))
    assert ("copy-shared-outside", "excepted") in statuses(findings)


@pytest.mark.parametrize("rule", ["access-prevention-undocumented", "operator-not-permitted"])
def test_an_exception_that_only_a_finding_on_a_vendor_uses_is_not_reported_as_unused(tmp_path: Path, rule: str) -> None:
    draft = "version: 1\nkind: vendor\nid: aws\nstate: draft\noperates: [aws]\n"
    draft += "entities: {operating: {name: x, country: US}, contracting: {name: x, country: SG}}\n"
    rows = exceptions(excepting(rule, "vendor: aws"), excepting("operator-not-registered", "vendor: aws"))
    _, findings = judged(tmp_path, a_store(ONE), vendors__aws=draft, exceptions=rows)
    assert [f.excepted_by for f in said(findings, rule)] == ["EX-1"]
    assert [f.subject.id for f in said(findings, "exception-unused")] == ["EX-2"]


# --- levels and acceptance of gaps ----------------------------------------------------------------

DENIED = a_gap(needs="s3:ListAllMyBuckets")
GUARDED = a_gap(status=Status.GUARDED, policy="p-1a2b3c4d", needs="ec2:DescribeVolumes", code="AccessDeniedException")


def accepting(cause: str, match: str = "service: s3", expires: str = "2027-10-31") -> str:
    row = f"{{id: CG-1, match: {{{match}}}, cause: {{{cause}}}, {APPROVED}, expires: {expires}}}"
    return f"version: 1\nkind: coverage\naccept: [{row}]\n"


def levels(folder: Path, *gaps: Gap, today: date = TODAY, **files: str) -> list[tuple[str, str | None]]:
    """Level and acceptance of each cell that has a gap."""
    run = save_run(folder / "run.jsonl", a_store(), cells=[a_cell(listing="first")], gaps=gaps)
    judging = Judge(run, config_of(**files), today)
    list(judging.stores())
    return [(level.level, level.accepted_by) for level in judging.levels if level.result.gaps]


@pytest.mark.parametrize(
    ("gap", "cause", "accepted"),
    [
        (DENIED, "status: denied", True),
        (DENIED, "status: throttled", False),
        (DENIED, "status: denied, action: s3:ListAllMyBuckets", True),
        (DENIED, "status: denied, action: s3:ListBuckets", False),
        (DENIED, "action: s3:ListAllMyBuckets, source: scp", False),  # the class of refusal changed
        (GUARDED, "action: ec2:DescribeVolumes, source: scp", True),
        (GUARDED, "policy: p-1a2b3c4d", True),
        (GUARDED, "policy: p-99999999", False),
        (GUARDED, "policy: p-1a2b3c4d, sha256: abc", False),  # nothing reads the policy's text yet
        (GUARDED, "code: AccessDeniedException", True),
        (GUARDED, "code: UnauthorizedOperation", False),
    ],
)
def test_an_acceptance_is_void_as_soon_as_the_cause_changes(
    tmp_path: Path, gap: Gap, cause: str, accepted: bool
) -> None:
    _, findings = judged(tmp_path, a_store(), gaps=(gap,), coverage=accepting(cause))
    expected = (
        [("coverage-gap", "excepted")]
        if accepted
        else [
            ("coverage-gap", "not-checked"),
            ("exception-unused", "warning"),
        ]
    )
    assert statuses(findings) == expected


def test_an_acceptance_counts_on_its_last_day_and_not_on_the_next(tmp_path: Path) -> None:
    row = accepting("status: denied", expires="2026-12-31")
    assert levels(tmp_path / "a", DENIED, today=date(2026, 12, 31), coverage=row) == [("required", "CG-1")]
    assert levels(tmp_path / "b", DENIED, today=date(2027, 1, 1), coverage=row) == [("required", None)]


@pytest.mark.parametrize(
    ("service", "level"),
    [
        ("s3", "required"),
        ("cloudwatchlogs", "required"),
        ("secretsmanager", "required"),
        ("nobody-listed-this", "required"),
        ("kms", "tracked"),
    ],
)
def test_what_a_cell_holds_decides_its_level(tmp_path: Path, service: str, level: str) -> None:
    assert levels(tmp_path, a_gap(a_cell(service=service))) == [(level, None)]


def out(match: str) -> str:
    row = f"{{id: OUT-1, match: {{{match}}}, {APPROVED}, expires: 2026-12-31}}"
    return f"version: 1\nkind: coverage\nscope: {{out: [{row}]}}\n"


@pytest.mark.parametrize(
    ("match", "today", "level"),
    [
        ('account: "123456789012"', TODAY, "out"),
        ("service: s3, region: global", TODAY, "out"),
        ("status: denied", TODAY, "out"),
        ("service: ebs", TODAY, "required"),
        ("service: s3", date(2026, 12, 31), "out"),
        ("service: s3", date(2027, 1, 1), "required"),
        ("service: s3", date(2026, 10, 31), "required"),
    ],
)
def test_a_row_takes_cells_out_of_scope_until_it_expires(tmp_path: Path, match: str, today: date, level: str) -> None:
    assert levels(tmp_path, DENIED, today=today, coverage=out(match)) == [(level, None)]


def test_cells_are_matched_by_the_organisational_unit_of_their_account(tmp_path: Path) -> None:
    account = Account(source="org", provider="aws", id="123456789012", ou=("ou-sandbox",))
    _, findings = judged(tmp_path, gaps=(DENIED,), accounts=(account,), coverage=out("ou: ou-sandbox"))
    assert findings == []


def test_a_tracked_gap_may_be_accepted_too(tmp_path: Path) -> None:
    gap = a_gap(a_cell(service="kms"))
    row = accepting("status: denied", "service: kms")
    assert levels(tmp_path, gap, coverage=row) == [("tracked", "CG-1")]


def test_a_cell_that_was_not_listed_is_a_gap_even_where_it_names_none(tmp_path: Path) -> None:
    writer = RunWriter(
        tmp_path / "run.jsonl", {"id": "r", "started": "2026-11-22T03:00:00Z", "tool": "t", "use": "scan"}
    )
    writer.plan([a_cell()])
    writer.result(0, CellResult(cell=a_cell(), status=Status.TIMEOUT, began=NOON, ended=NOON))
    writer.end()
    _, findings = judge(read_run(tmp_path / "run.jsonl"), config_of())
    assert statuses(findings) == [("coverage-gap", "not-checked")]


TAGS_DENIED = a_gap(subject=ONE, call="s3:GetBucketTagging", needs="s3:GetBucketTagging")
KEY_DENIED = a_gap(subject=ONE, call="kms:DescribeKey", needs="kms:DescribeKey")


@pytest.mark.parametrize(
    ("match", "status"),
    [
        (f'id: "{ONE}"', "excepted"),
        (f'id: "{ONE}", call: "kms:*"', "not-checked"),  # one of its two gaps is still open
        (f'id: "{TWO}"', "not-checked"),
    ],
)
def test_accepted_gaps_on_a_subject_except_what_could_not_be_read_of_it(
    tmp_path: Path, match: str, status: str
) -> None:
    store = a_store(ONE, a_copy(JP, control=a_control(None)), a_copy(None, Role.REPLICA))
    row = accepting("status: denied", match)
    _, findings = judged(tmp_path, store, gaps=(TAGS_DENIED, KEY_DENIED), coverage=row)
    unread = [f for f in findings if f.rule in ("copy-place-unknown", "access-prevention-not-in-effect")]
    assert statuses(unread) == [
        ("access-prevention-not-in-effect", status),
        ("copy-place-unknown", status),
    ]


def test_an_accepted_gap_does_not_except_a_place_that_the_atlas_lacks(tmp_path: Path) -> None:
    store = a_store(ONE, a_copy(JP), a_copy(NOWHERE, Role.REPLICA))
    row = accepting("status: denied", f'id: "{ONE}"')
    _, findings = judged(tmp_path, store, gaps=(TAGS_DENIED,), coverage=row)
    assert statuses(said(findings, "copy-place-unknown")) == [("copy-place-unknown", "not-checked")]


def test_an_accepted_gap_does_not_except_what_was_seen(tmp_path: Path) -> None:
    store = a_store(ONE, a_copy(SG, control=a_control(0)))
    row = accepting("status: denied", f'id: "{ONE}"')
    _, findings = judged(tmp_path, store, gaps=(KEY_DENIED,), coverage=row)
    assert [f.status.value for f in findings if f.subject.id == ONE] == ["violation", "violation"]


# --- counting, verdict, exit code -----------------------------------------------------------------


def summary_of(folder: Path, *records: Store | Edge, gaps: tuple[Gap, ...] = (), **files: str) -> dict[str, object]:
    judging = Judge(save_run(folder / "run.jsonl", *records, gaps=gaps), config_of(**files), TODAY)
    list(judging.stores())
    judging.conclude()
    return vars(judging.summary)


def test_copies_are_counted_by_country_and_a_held_copy_once(tmp_path: Path) -> None:
    mixed = a_copy(None, Role.BACKUP, candidates=(Place.parse(JP), Place.parse(US)))
    extra = a_store(THREE, a_copy(NOWHERE), mixed, a_copy(US, Role.KEY))
    summary = summary_of(tmp_path, *related(SG), extra)
    assert (summary["stores"], summary["copies"]) == (3, 4)
    assert summary["by_country"] == {"JP": 1, "SG": 1, "??": 1, "mixed": 1}


def test_the_summary_counts_violations_decisions_and_causes(tmp_path: Path) -> None:
    stores = (a_store(ONE, a_copy(SG)), a_store(TWO, a_copy(SG), a_copy(None, Role.BACKUP), tags=UNTAGGED))
    gaps = (DENIED, a_gap(a_cell(region="eu-west-1")), GUARDED, a_gap(a_cell(service="kms")))
    summary = summary_of(tmp_path, *stores, gaps=gaps, coverage=accepting("policy: p-1a2b3c4d"))
    counted = ("violations", "decisions", "gap_causes", "accepted_gaps", "tracked")
    assert {key: summary[key] for key in counted} == {
        "violations": 1,
        "decisions": 2,
        "gap_causes": 1,
        "accepted_gaps": 1,
        "tracked": 1,
    }


@pytest.mark.parametrize(
    ("store", "verdict"),
    [
        (a_store(ONE), "permitted"),
        (a_store(ONE, a_copy(SG)), "prohibited"),
        (a_store(ONE, a_copy(None, why=Why.UNBOUNDED)), "prohibited"),
        (a_store(ONE, a_copy(NOWHERE)), "undetermined"),
        (a_store(ONE, a_copy(SG), tags=UNTAGGED), "undetermined"),
        (a_store(ONE, a_copy(JP), tags=UNTAGGED), "permitted"),
        (a_store(ONE, a_copy(SG), tags=NONE), "not-personal"),
        (a_store(ONE, a_copy(JP), a_copy(SG, Role.METADATA)), "prohibited"),  # of which a rule only warns
    ],
)
def test_the_verdict_of_a_store(tmp_path: Path, store: Store, verdict: str) -> None:
    assert judged(tmp_path, store)[0][ONE].verdict == verdict


def test_a_policy_that_only_warns_permits_nothing(tmp_path: Path) -> None:
    stores, _ = judged(tmp_path, a_store(ONE, a_copy(SG)), policy=changed(OUTSIDE))
    assert stores[ONE].verdict == "prohibited"


@pytest.mark.parametrize("tags", [PERSONAL, NONE, UNTAGGED])
def test_a_copy_keeps_its_geographic_verdict_whatever_the_class(tmp_path: Path, tags: dict[str, str]) -> None:
    copies = (a_copy(JP), a_copy(SG, Role.REPLICA), a_copy(NOWHERE, Role.BACKUP))
    stores, _ = judged(tmp_path, a_store(ONE, *copies, tags=tags))
    assert [copy.verdict for copy in stores[ONE].copies] == ["permitted", "prohibited", "undetermined"]


@pytest.mark.parametrize(
    ("found", "code", "verdict"),
    [
        ([], 0, "no-violation"),
        ([("warning", "high"), ("excepted", "critical")], 0, "no-violation"),
        ([("violation", "high")], 1, "violations"),
        ([("violation", "critical")], 1, "violations"),
        ([("violation", "medium")], 0, "violations"),
        ([("not-checked", "low")], 3, "incomplete"),
        ([("not-checked", "low"), ("violation", "low")], 3, "violations-and-incomplete"),
        ([("not-checked", "low"), ("violation", "high")], 4, "violations-and-incomplete"),
    ],
)
def test_only_the_exit_code_is_filtered_by_severity(
    tmp_path: Path, found: list[tuple[str, str]], code: int, verdict: str
) -> None:
    (one,) = judged(tmp_path, a_store(ONE, a_copy(SG)))[1]
    changes = [{"status": FindingStatus(status), "severity": Severity(severity)} for status, severity in found]
    findings = [Finding(**{**dict(one), **change}) for change in changes]
    judging = Judge(save_run(tmp_path / "empty.jsonl"), config_of(), TODAY)
    judging.summary.violations = sum(f.status is FindingStatus.VIOLATION for f in findings)
    assert exit_code_of(findings, 1, Severity.HIGH) == code
    assert verdict_of(judging.summary, findings, 1) == verdict


def test_a_kind_of_a_template_has_provider_and_service() -> None:
    store = a_store(kind="aws_dynamodb_table")
    assert (store.provider, store.service) == ("aws", "dynamodb")
