"""An organisation as one source: its accounts, the role in each of them, and the accounts that cannot be entered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from residency.demo.server import Call, Change, Reply, changed
from residency.model import Status
from tests.serving import (
    ACCOUNT,
    TOKYO,
    Served,
    a_server,
    exit_code,
    refused,
    regions,
    results,
    scan_here,
    write_scan_config,
)

LONDON = "eu-west-2"


@pytest.fixture(autouse=True)
def _a_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_REGION", TOKYO)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("RESIDENCY_RUNS", str(tmp_path / "runs"))


@pytest.fixture(scope="module")
def company() -> Iterator[tuple[Served, dict[str, str]]]:
    """A management account and three members, each with a bucket of its own."""
    with a_server() as served:
        organizations = served.client("organizations")
        organizations.create_organization(FeatureSet="ALL")
        root = organizations.list_roots()["Roots"][0]["Id"]
        sandbox = organizations.create_organizational_unit(ParentId=root, Name="sandbox")["OrganizationalUnit"]["Id"]
        ids = {"root": root, "sandbox": sandbox}
        for name in ("sales", "shop", "trial"):
            made = organizations.create_account(AccountName=name, Email=f"{name}@example.com")
            ids[name] = made["CreateAccountStatus"]["AccountId"]
            _bucket_of(served, ids[name], name)
        organizations.move_account(AccountId=ids["trial"], SourceParentId=root, DestinationParentId=sandbox)
        yield served, ids


def _bucket_of(at: Served, account: str, name: str) -> None:
    role = at.client("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/r", RoleSessionName="test")["Credentials"]
    keys = {
        "aws_access_key_id": role["AccessKeyId"],
        "aws_secret_access_key": role["SecretAccessKey"],
        "aws_session_token": role["SessionToken"],
    }
    s3 = at.client("s3", TOKYO, **keys)
    s3.create_bucket(Bucket=f"{name}-data", CreateBucketConfiguration={"LocationConstraint": TOKYO})


def an_organisation(at: Served, more: str = "") -> str:
    row = f'name: org, provider: aws, organization: true, role_name: residency-readonly, endpoint: "{at.endpoint}"'
    return row + (f", {more}" if more else "")


def states(**state: str) -> Change:
    """What the organisation says of an account, by its name."""

    def change(call: Call, reply: Reply) -> Reply:
        if call.action != "ListAccounts":
            return reply
        answer = json.loads(reply.body)
        for account in answer["Accounts"]:
            if account["Name"] in state:
                account["State"] = state[account["Name"]]
        return changed(reply, json.dumps(answer).encode())

    return change


def test_every_other_account_of_an_organisation_is_entered_by_its_role(
    company: tuple[Served, dict[str, str]], tmp_path: Path
) -> None:
    at, ids = company
    config = write_scan_config(tmp_path, an_organisation(at))
    with at.rules(changes=[regions(TOKYO)]) as layer:
        run = scan_here(config)
    members = {ids[name] for name in ("sales", "shop", "trial")}
    assert {store.name: store.account for store in run.stores()} == {
        f"{name}-data": ids[name] for name in ("sales", "shop", "trial")
    }
    assert {r.cell.account for r in results(run, listing="ListBuckets")} == members | {ACCOUNT}
    assert {r.status for r in results(run, listing="ListBuckets")} == {Status.LISTED}
    taken = [call.body.decode() for call in layer.calls if call.action == "AssumeRole"]
    assert len(taken) == 3  # the account that asks is entered as it is
    assert all("residency-readonly" in body for body in taken)
    known = {account.id: account for account in run.accounts if account.name}
    assert (known[ids["trial"]].name, known[ids["trial"]].ou) == ("trial", (ids["sandbox"],))
    assert exit_code(run, config) == 0


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("SUSPENDED", Status.ACCOUNT_SUSPENDED),
        ("CLOSED", Status.ACCOUNT_SUSPENDED),
        ("PENDING_CLOSURE", Status.ACCOUNT_PENDING),
        ("PENDING_ACTIVATION", Status.ACCOUNT_PENDING),
    ],
)
def test_an_account_that_cannot_be_entered_is_a_gap_and_hides_no_other(
    company: tuple[Served, dict[str, str]], tmp_path: Path, state: str, status: Status
) -> None:
    at, ids = company
    config = write_scan_config(tmp_path, an_organisation(at))
    with at.rules(changes=[regions(TOKYO), states(sales=state)]):
        run = scan_here(config)
    (barred,) = results(run, account=ids["sales"])
    assert (barred.status, barred.gaps[0].code) == (status, state)
    assert {store.name for store in run.stores()} == {"shop-data", "trial-data"}
    assert exit_code(run, config) == 3


def test_a_role_that_is_refused_is_a_gap_of_its_account_alone(
    company: tuple[Served, dict[str, str]], tmp_path: Path
) -> None:
    at, ids = company
    config = write_scan_config(tmp_path, an_organisation(at))

    def answer(call: Call) -> Reply | None:
        return refused("AccessDenied") if call.action == "AssumeRole" and ids["shop"].encode() in call.body else None

    # Another timeout is another way in: a session that took the role in an earlier test would still have it.
    with at.rules(answer, changes=[regions(TOKYO)]):
        run = scan_here(config, timeout=59)
    assert {(r.cell.listing, r.status) for r in results(run, account=ids["shop"])} == {
        ("GetCallerIdentity", Status.NO_ROLE),
        ("DescribeRegions", Status.NO_ROLE),
    }
    assert {store.name for store in run.stores()} == {"sales-data", "trial-data"}
    assert exit_code(run, config) == 3


def test_an_organisation_that_may_not_be_listed_is_a_gap(
    company: tuple[Served, dict[str, str]], tmp_path: Path
) -> None:
    at, _ = company
    config = write_scan_config(tmp_path, an_organisation(at))

    def answer(call: Call) -> Reply | None:
        return refused("AccessDeniedException") if call.action == "ListAccounts" else None

    with at.rules(answer):
        run = scan_here(config)
    assert {(r.cell.listing, r.status) for r in run.results.values()} == {
        ("GetCallerIdentity", Status.LISTED),
        ("ListAccounts", Status.DENIED),
    }
    assert exit_code(run, config) == 3


def test_a_region_that_only_one_account_has_switched_on_is_asked_for_its_zones_there(
    company: tuple[Served, dict[str, str]], tmp_path: Path
) -> None:
    at, ids = company
    of_most, of_one = regions(TOKYO, off=(LONDON,)), regions(TOKYO, LONDON)

    def change(call: Call, reply: Reply) -> Reply:
        return (of_one if call.account == ids["trial"] else of_most)(call, reply)

    with at.rules(changes=[change]):
        run = scan_here(write_scan_config(tmp_path, an_organisation(at)))
    asked = {result.cell.region: result.cell.account for result in results(run, service="geography")}
    assert (set(asked), asked[LONDON]) == ({TOKYO, LONDON}, ids["trial"])


@pytest.mark.parametrize("key", ["ou", "account"])
def test_an_account_that_is_left_out_stays_a_gap(
    company: tuple[Served, dict[str, str]], tmp_path: Path, key: str
) -> None:
    at, ids = company
    left_out = {"ou": ids["sandbox"], "account": ids["trial"]}[key]
    config = write_scan_config(tmp_path, an_organisation(at, f'exclude: {{{key}: ["{left_out}"]}}'))
    with at.rules(changes=[regions(TOKYO)]):
        run = scan_here(config)
    (barred,) = results(run, account=ids["trial"])
    assert (barred.status, barred.gaps[0].code) == (Status.UNSUPPORTED, "excluded")
    assert {store.name for store in run.stores()} == {"sales-data", "shop-data"}
    assert exit_code(run, config) == 3


def test_units_that_could_not_be_read_are_a_gap_of_their_account(
    company: tuple[Served, dict[str, str]], tmp_path: Path
) -> None:
    """Whether a unit that is left out holds the account, nobody said: the account is scanned."""
    at, ids = company
    config = write_scan_config(tmp_path, an_organisation(at, f"exclude: {{ou: [{ids['sandbox']}]}}"))

    def answer(call: Call) -> Reply | None:
        return refused("AccessDeniedException") if call.action == "ListParents" else None

    with at.rules(answer, changes=[regions(TOKYO)]):
        run = scan_here(config)
    (listed,) = results(run, listing="ListAccounts")
    assert {gap.subject for gap in listed.gaps} >= {f"account {ids['trial']}"}
    assert "trial-data" in {store.name for store in run.stores()}
    assert exit_code(run, config) == 3
