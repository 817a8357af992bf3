"""Ten awkward things of the real world, built by hand, saved, read back, and judged under two policies.

If one of them cannot be said with the nouns of model.py, the nouns are wrong.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from residency.inventory import SavedRun
from residency.model import EVERYONE, Account, Edge, Finding, Followed, Place, Role, SeenFrom, State, Store, Why
from residency.policy.load import Config
from residency.rules.base import JudgedStore
from tests.build import a_cell, a_config, a_control, a_copy, a_gap, a_store, an_edge, judge, said, save_run

ATLAS = """\
namespace,code,kind,parent,countries,members,operator,status,confidence,source,read_on,note
acme-crm,tokyo,region,,JP,,acme,current,high,test,2026-11-22,
"""


def _operator(operator: str, country: str) -> str:
    return f"""\
  - id: {operator}
    names: {{legal: {operator}}}
    operating: {{name: {operator}, country: {country}}}
    source: test
    read_on: 2026-11-22
    confidence: high
"""


OPERATORS = "version: 1\nkind: operators\noperators:\n" + "".join(
    _operator(*row) for row in (("acme", "GB"), ("own", "JP"))
)
PLACES = "id,country,operator,name,source,read_on\nshibuya,JP,own,Shibuya data centre,lease contract,2026-11-22\n"
JAPAN_ONLY = "version: 1\nkind: policy\nid: japan-only\nlocation: {allow: [JP]}\n"

PARTNER = "999999999999"
MEMBER, MEMBER_DR = "arn:aws:s3:::member", "arn:aws:s3:::member-dr"
SPANNER = "//spanner.googleapis.com/projects/p/instances/members"
BIGQUERY = "//bigquery.googleapis.com/projects/p/datasets/members"
AZURE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/members"
PLANNED = "tf:app/aws_s3_bucket.next"
NETBOX, SAAS = "https://netbox.example.co.jp/api/virtualization/virtual-machines/7/", "acme-crm:tenant/members"
ISTANBUL = "arn:aws:ec2:eu-central-1:123456789012:volume/vol-1"
NO_TAGS = "arn:aws:s3:::tags-refused"


def the_world() -> list[Store | Edge]:
    return [
        a_store(
            SPANNER,
            a_copy("gcp:us-central1"),
            a_copy("gcp:europe-west1", Role.REPLICA),
            a_copy("gcp:asia-east1", Role.REPLICA),
            a_copy("gcp:us-west1", Role.WITNESS),
            kind="gcp.spanner.instance",
        ),
        a_store(
            AZURE, a_copy("azure:northeurope"), a_copy("azure:westeurope", Role.REPLICA), kind="azure.storage.account"
        ),
        a_store(
            PLANNED,
            a_copy(None, why=Why.NOT_KNOWN_YET, state=State.PLANNED),
            address="aws_s3_bucket.next",
            account=None,
            region=None,
        ),
        a_store(NETBOX, a_copy("site:shibuya", control=a_control(None)), kind="netbox.vm", tags={"data": "personal"}),
        a_store(SAAS, a_copy("acme-crm:tokyo", control=a_control(2)), kind="acme-crm.tenant", followed=Followed.NONE),
        a_store(MEMBER, a_copy(), a_copy(None, Role.REPLICA, holder=MEMBER_DR, control=None)),
        a_store(MEMBER_DR, a_copy("aws:ap-southeast-1"), account=PARTNER, tags={"data": "public"}),
        an_edge(MEMBER, MEMBER_DR, target_account=PARTNER),
        an_edge(MEMBER, MEMBER_DR, target_place=Place.parse("aws:ap-southeast-1"), seen_from=SeenFrom.TARGET),
        a_store(ISTANBUL, a_copy("aws:eu-central-1-ist-1a"), kind="aws.ebs.volume", region="eu-central-1"),
        a_store(BIGQUERY, a_copy("gcp.bigquery:EU"), kind="gcp.bigquery.dataset"),
        a_store(NO_TAGS, a_copy("aws:eu-west-2"), tags=None),
    ]


@pytest.fixture
def saved(tmp_path: Path) -> SavedRun:
    tags_refused = a_gap(subject=NO_TAGS, call="s3:GetBucketTagging", needs="s3:GetBucketTagging")
    accounts = a_cell(source="org", account=None, service="organization", listing="ListAccounts")
    no_accounts = a_gap(accounts, call="organizations:ListAccounts", needs="organizations:ListAccounts")
    account = Account(source="prod", provider="aws", id="123456789012")
    return save_run(tmp_path / "run.jsonl", *the_world(), gaps=[tags_refused, no_accounts], accounts=[account])


Judged = tuple[dict[str, JudgedStore], list[Finding]]


@pytest.fixture
def promised(saved: SavedRun, tmp_path: Path) -> Judged:
    return judge(saved, config(tmp_path / "promise", policy=None))


@pytest.fixture
def japan_only(saved: SavedRun, tmp_path: Path) -> Judged:
    return judge(saved, config(tmp_path / "japan", policy=JAPAN_ONLY))


def config(folder: Path, policy: str | None) -> Config:
    files = {"operators": OPERATORS, "atlas__world.csv": ATLAS, "places.csv": PLACES}
    return a_config(folder, **files, **({"policy": policy} if policy else {}))


def test_everything_reads_back_as_it_was_saved(saved: SavedRun) -> None:
    assert [*saved.stores(), *saved.edges()] == sorted(the_world(), key=lambda record: isinstance(record, Edge))


VERDICTS = {  # store -> verdict under the promise (JP, US, EU), verdict under Japan only
    SPANNER: ("prohibited", "prohibited"),
    AZURE: ("permitted", "prohibited"),
    PLANNED: ("undetermined", "undetermined"),
    NETBOX: ("permitted", "permitted"),
    SAAS: ("permitted", "permitted"),
    MEMBER: ("prohibited", "prohibited"),
    MEMBER_DR: ("prohibited", "prohibited"),
    ISTANBUL: ("prohibited", "prohibited"),
    BIGQUERY: ("permitted", "prohibited"),
    NO_TAGS: ("undetermined", "undetermined"),
}


def test_every_store_has_the_verdict_of_each_policy(promised: Judged, japan_only: Judged) -> None:
    found = {store: (promised[0][store].verdict, japan_only[0][store].verdict) for store in promised[0]}
    assert found == VERDICTS


def outside(judged: Judged, store: str) -> list[tuple[str, str]]:
    findings = [finding for finding in said(judged[1], "copy-outside-territory") if finding.subject.id == store]
    return sorted((str(f.subject.role), str(f.subject.place)) for f in findings)


def test_a_multi_region_is_judged_replica_by_replica(promised: Judged, japan_only: Judged) -> None:
    assert outside(promised, SPANNER) == [("replica", "gcp:asia-east1")]
    assert outside(japan_only, SPANNER) == [
        ("primary", "gcp:us-central1"),
        ("replica", "gcp:asia-east1"),
        ("replica", "gcp:europe-west1"),
        ("witness", "gcp:us-west1"),
    ]


def test_a_name_for_several_places_has_the_countries_of_all(promised: Judged) -> None:
    assert promised[0][BIGQUERY].copies[0].countries == ("BE", "NL")


def test_a_region_known_after_apply_is_not_checked(promised: Judged) -> None:
    unknown = [f for f in said(promised[1], "copy-place-unknown") if f.subject.id == PLANNED]
    assert [(f.status, f.facts["why"]) for f in unknown] == [("not-checked", "not-known-yet")]


def test_a_replication_seen_from_both_ends_is_one_edge_two_stores_and_one_finding(promised: Judged) -> None:
    assert promised[0][MEMBER_DR].data_class == "personal"  # its own tag says public
    found = [f for f in said(promised[1], "copy-outside-territory") if MEMBER_DR in (f.subject.id, f.subject.holder)]
    assert [(f.subject.id, f.subject.role, f.subject.holder) for f in found] == [(MEMBER, Role.REPLICA, MEMBER_DR)]


def test_a_local_zone_is_judged_by_its_own_country(promised: Judged) -> None:
    assert promised[0][ISTANBUL].copies[0].countries == ("TR",)


def test_our_own_site_has_no_foreign_operator_and_a_saas_abroad_does(promised: Judged) -> None:
    not_permitted = {f.subject.id for f in said(promised[1], "operator-not-permitted")}
    assert not_permitted == {"acme"}
    assert "own" in {f.subject.id for f in said(promised[1], "operator-not-registered")}


def test_refused_tags_make_the_class_unknown_and_ask_for_a_decision(promised: Judged) -> None:
    assert promised[0][NO_TAGS].data_class == "unknown"
    decisions = [(f.subject.id, f.assumed) for f in said(promised[1], "store-unclassified")]
    assert decisions == [(NO_TAGS, True)]


def test_a_refused_account_list_is_a_gap_of_its_own(promised: Judged) -> None:
    gaps = {f.subject.id: f.status for f in said(promised[1], "coverage-gap")}
    assert gaps == {
        "org/?: denied organizations:ListAccounts": "not-checked",
        "prod/123456789012: denied s3:GetBucketTagging": "not-checked",
    }


def test_a_share_has_a_recipient_and_no_place_of_its_own(tmp_path: Path) -> None:
    share = a_copy(role=Role.SHARE, account=EVERYONE)
    run = save_run(tmp_path / "r.jsonl", a_store("arn:aws:ec2:::snapshot/s", a_copy(), share))
    findings = judge(run, a_config(tmp_path / "c"))[1]
    assert [f.severity for f in said(findings, "copy-shared-outside")] == ["critical"]
