"""A live AWS source: who it is, which accounts and regions there are, and what it does where it may not ask."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from residency.demo.server import Call, Change, Reply, changed
from residency.errors import InputError
from residency.judge import Judge
from residency.model import Status
from residency.run import Selection, open_config
from residency.services import listings
from tests.build import TODAY, judge, said
from tests.serving import (
    ACCOUNT,
    NO_SWEEP,
    PARTNER,
    SINGAPORE,
    TOKYO,
    Served,
    a_server,
    a_source,
    environment,
    exit_code,
    move_in,
    refused,
    regions,
    residency,
    results,
    scan_here,
    without,
    write_scan_config,
)

LONDON = "eu-west-2"
ONLY_TOKYO = Selection(region=(TOKYO,))
REGIONAL = {listing.operation for listing in listings("aws") if listing.scope == "region"}
EVERY = {listing.service for listing in listings("aws")}


@pytest.fixture(scope="module")
def at() -> Iterator[Served]:
    with a_server() as served:
        move_in(served)
        yield served


@pytest.fixture(autouse=True)
def _a_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_REGION", TOKYO)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("RESIDENCY_RUNS", str(tmp_path / "runs"))


# --- the plan ---------------------------------------------------------------------------------


def test_the_plan_is_on_disk_when_the_server_hears_the_first_listing(at: Served, tmp_path: Path) -> None:
    looks: list[list[str]] = []

    def look(call: Call) -> Reply | None:
        if call.action not in ("GetCallerIdentity", "DescribeRegions"):
            (saved,) = (tmp_path / "runs").glob("*.jsonl")
            whole = saved.read_text("utf-8").rpartition("\n")[0]
            records = [json.loads(line) for line in whole.splitlines()]
            looks.append([cell["listing"] for record in records for cell in record.get("cells", ())])
        return None

    with at.rules(look, changes=[regions(TOKYO)]):
        run = scan_here(write_scan_config(tmp_path, a_source(at.endpoint)))
    listings = [cell.listing for cell in run.cells]
    assert set(listings) > REGIONAL
    assert looks
    assert all(planned == listings for planned in looks)


def test_in_the_file_the_plan_of_a_cell_stands_before_everything_of_it(at: Served, tmp_path: Path) -> None:
    with at.rules(changes=[regions(TOKYO)]):
        run = scan_here(write_scan_config(tmp_path, a_source(at.endpoint)))
    planned = 0
    for line in run.path.read_text("utf-8").splitlines():
        record = json.loads(line)
        if record["record"] == "plan":
            planned += len(record["cells"])
        elif record["record"] in ("store", "edge", "cell"):
            assert record["cell"] < planned
    assert planned == len(run.cells)


# --- regions ----------------------------------------------------------------------------------


def test_a_region_is_off_where_the_accounts_own_list_says_so(at: Served, tmp_path: Path) -> None:
    config = write_scan_config(tmp_path, a_source(at.endpoint))
    with at.rules(changes=[regions(TOKYO, off=(LONDON,))]) as layer:
        run = scan_here(config)
    assert {r.status for r in results(run, region=LONDON)} == {Status.REGION_OFF}
    assert {r.cell.listing for r in results(run, region=LONDON)} == REGIONAL
    assert not [call for call in layer.calls if call.region == LONDON]
    assert exit_code(run, config) == 1  # the shares and the replica abroad, and nothing unseen


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AuthFailure", Status.REGION_REFUSED),
        ("OptInRequired", Status.REGION_REFUSED),
        ("UnauthorizedOperation", Status.DENIED),
    ],
)
def test_a_region_that_refuses_is_never_called_off(at: Served, tmp_path: Path, code: str, status: Status) -> None:
    config = write_scan_config(tmp_path, a_source(at.endpoint))

    def answer(call: Call) -> Reply | None:
        return refused(code, call) if call.region == LONDON else None

    with at.rules(answer, changes=[regions(TOKYO, LONDON)]):
        run = scan_here(config)
    assert {r.status for r in results(run, region=LONDON)} == {status}
    assert exit_code(run, config) == 4


def test_without_a_list_of_regions_every_region_of_the_atlas_is_asked(at: Served, tmp_path: Path) -> None:
    config = write_scan_config(tmp_path, a_source(at.endpoint))

    def answer(call: Call) -> Reply | None:
        return refused() if call.action == "DescribeRegions" else None

    with at.rules(answer):
        run = scan_here(config, selection=Selection(service=("ebs",)))
    atlas = open_config(config).atlas
    known = {e.code for e in atlas.entries.values() if e.namespace == "aws" and e.kind == "region"}
    known = {code for code in known if atlas.entries["aws", code].status == "current"}
    assert len(known) > 30
    assert {r.cell.region for r in results(run, listing="DescribeVolumes")} == known
    (where,) = results(run, listing="DescribeRegions")
    assert (where.status, [gap.call for gap in where.gaps]) == (Status.DENIED, ["ec2:DescribeRegions"])
    assert exit_code(run, config) in (3, 4)


def test_an_empty_list_of_regions_is_no_list(at: Served, tmp_path: Path) -> None:
    config = write_scan_config(tmp_path, a_source(at.endpoint))
    with at.rules(changes=[regions()]):
        run = scan_here(config, selection=ONLY_TOKYO)
    assert {r.cell.listing for r in results(run, region=TOKYO)} == REGIONAL | {"DescribeAvailabilityZones"}


def test_a_region_that_the_atlas_does_not_hold_is_asked_all_the_same(at: Served, tmp_path: Path) -> None:
    with at.rules(changes=[regions(TOKYO, "xx-new-1")]) as layer:
        run = scan_here(write_scan_config(tmp_path, a_source(at.endpoint)))
    assert {r.cell.listing for r in results(run, region="xx-new-1")} == REGIONAL | {"DescribeAvailabilityZones"}
    assert [call for call in layer.calls if call.region == "xx-new-1"]


# --- who asks ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "status"),
    [("InvalidClientTokenId", Status.UNAUTHENTICATED), ("ExpiredToken", Status.UNAUTHENTICATED)],
)
def test_without_an_identity_nothing_is_listed_and_nothing_passes(
    at: Served, tmp_path: Path, code: str, status: Status
) -> None:
    config = write_scan_config(tmp_path, a_source(at.endpoint))
    with at.rules(lambda call: refused(code)) as layer:
        run = scan_here(config)
    assert {(r.cell.listing, r.status) for r in run.results.values()} == {
        ("GetCallerIdentity", status),
        ("DescribeRegions", status),
    }
    assert {call.action for call in layer.calls} == {"GetCallerIdentity", "DescribeRegions"}
    assert list(run.stores()) == []
    assert exit_code(run, config) == 3


def test_credentials_of_another_account_are_no_credentials(at: Served, tmp_path: Path) -> None:
    row = f'name: prod, provider: aws, account: "999999999999", endpoint: "{at.endpoint}"'
    config = write_scan_config(tmp_path, row)
    with at.rules() as layer:
        run = scan_here(config)
    (other,) = results(run, account="999999999999", listing="credentials")
    assert other.status is Status.UNAUTHENTICATED
    assert f"the account {ACCOUNT}" in other.gaps[0].reason
    assert {call.action for call in layer.calls} == {"GetCallerIdentity", "DescribeRegions"}
    assert exit_code(run, config) == 3


def test_a_source_without_an_account_takes_the_one_it_is_in(at: Served, tmp_path: Path) -> None:
    row = f'name: prod, provider: aws, endpoint: "{at.endpoint}"'
    with at.rules(changes=[regions(TOKYO)]):
        run = scan_here(write_scan_config(tmp_path, row))
    assert {r.cell.account for r in results(run, listing="ListBuckets")} == {ACCOUNT}
    assert [(a.source, a.id) for a in run.accounts] == [("prod", ACCOUNT)]


def test_one_dead_source_hides_no_other(at: Served, tmp_path: Path) -> None:
    dead = 'name: dead, provider: aws, account: "111111111111", profile: nowhere'
    config = write_scan_config(tmp_path, dead, a_source(at.endpoint))
    with at.rules(changes=[regions(TOKYO)]):
        run = scan_here(config)
    assert {r.status for r in results(run, source="dead")} == {Status.UNAUTHENTICATED}
    assert {r.status for r in results(run, source="prod", listing="ListBuckets")} == {Status.LISTED}
    assert exit_code(run, config) == 4


def test_a_provider_that_is_not_scanned_is_a_gap(at: Served, tmp_path: Path) -> None:
    config = write_scan_config(tmp_path, "name: analytics, provider: gcp, scope: organizations/123")
    run = scan_here(config)
    (result,) = run.results.values()
    assert (result.cell.source, result.status, result.gaps[0].code) == ("analytics", Status.UNSUPPORTED, "no-scanner")
    assert exit_code(run, config) == 3


# --- what is left out -------------------------------------------------------------------------

OUT_REGIONS = (
    NO_SWEEP
    + """\
    - {id: OUT-REGIONS, match: {region: [eu-west-2, ap-southeast-1]}, reason: "not in use", owner: a@example.com,
       approved_by: b@example.com, approved_on: 2026-11-01, expires: 2027-10-31}
"""
)


@pytest.mark.parametrize("left_out", [f"regions: [{TOKYO}]", f"exclude: {{region: [{LONDON}, {SINGAPORE}]}}"])
def test_what_a_source_leaves_out_is_a_gap_until_a_row_covers_it(at: Served, tmp_path: Path, left_out: str) -> None:
    config = write_scan_config(tmp_path / "open", a_source(at.endpoint, left_out))
    covered = write_scan_config(tmp_path / "covered", a_source(at.endpoint, left_out), coverage=OUT_REGIONS)
    with at.rules(changes=[regions(TOKYO, LONDON, SINGAPORE)]) as layer:
        run = scan_here(config)
    for region in (LONDON, SINGAPORE):
        assert {(r.cell.listing, r.status) for r in results(run, region=region)} == {
            (listing, Status.UNSUPPORTED) for listing in REGIONAL | {"DescribeAvailabilityZones"}
        }
        assert {gap.code for r in results(run, region=region) for gap in r.gaps} == {"excluded"}
    asked = {call.region for call in layer.calls if call.service == "ec2" and call.action != "DescribeRegions"}
    assert asked == {TOKYO}
    assert exit_code(run, config) == 4
    assert exit_code(run, covered) == 1


def test_zones_that_are_left_out_are_a_gap(at: Served, tmp_path: Path) -> None:
    config = write_scan_config(tmp_path, a_source(at.endpoint, "exclude: {service: geography}"))
    with at.rules(changes=[regions(TOKYO)]):
        (result,) = results(scan_here(config), service="geography")
    assert (result.status, [gap.code for gap in result.gaps]) == (Status.UNSUPPORTED, ["excluded"])


def test_a_service_that_is_left_out_is_a_gap(at: Served, tmp_path: Path) -> None:
    config = write_scan_config(tmp_path, a_source(at.endpoint, "exclude: {service: [s3]}"))
    with at.rules(changes=[regions(TOKYO)]) as layer:
        run = scan_here(config)
    assert {r.status for r in results(run, service="s3")} == {Status.UNSUPPORTED}
    assert not [call for call in layer.calls if call.service == "s3"]
    assert exit_code(run, config) == 4


@pytest.mark.parametrize(
    ("selection", "services", "places"),
    [
        (Selection(region=(TOKYO,)), EVERY, {TOKYO}),
        (Selection(region=("eu-*",)), EVERY, {LONDON}),
        (Selection(service=("ebs",)), {"ebs"}, {TOKYO, LONDON}),
        (Selection(service=("s3",), region=(LONDON,)), {"s3"}, {LONDON}),
        (Selection(account=("999999999999",)), set(), {TOKYO, LONDON}),
        (Selection(account=(ACCOUNT,)), EVERY, {TOKYO, LONDON}),
    ],
)
def test_selectors_narrow_what_is_planned_and_asked(
    at: Served, tmp_path: Path, selection: Selection, services: set[str], places: set[str]
) -> None:
    config = write_scan_config(tmp_path, a_source(at.endpoint))
    with at.rules(changes=[regions(TOKYO, LONDON)]) as layer:
        run = scan_here(config, selection=selection)
    planned = {cell.service for cell in run.cells} - {"account", "geography", "sweep", "run"}
    assert planned == services
    assert {cell.region for cell in run.cells} - {"global", None} == places
    assert {call.service for call in layer.calls} - {"sts", "kms"} <= {"ec2", *services}
    assert run.head["selection"] == selection.as_dict()


@pytest.mark.parametrize("selection", [Selection(source=("other",)), Selection(provider=("gcp",))])
def test_a_source_that_is_not_selected_is_not_entered(at: Served, tmp_path: Path, selection: Selection) -> None:
    config = write_scan_config(tmp_path, a_source(at.endpoint), "name: other, provider: gcp, scope: projects/x")
    with at.rules() as layer:
        run = scan_here(config, selection=selection)
    assert {cell.source for cell in run.cells} == {"other"}
    assert layer.calls == []
    assert exit_code(run, config) == 3


@pytest.mark.parametrize(
    ("selection", "told"),
    [
        (Selection(source=("prod", "prdo")), "--source prdo names no source; near: prod"),
        (Selection(provider=("aws", "gpc")), "--provider gpc names no provider; near: aws"),
        (Selection(service=("s3", "dynamodbb")), "--service dynamodbb names no service; near: dynamodb"),
        (Selection(region=("ap-norteast-1",)), "--region ap-norteast-1 names no region; near: ap-northeast-1"),
        (Selection(region=("japaneast",)), "--region japaneast names no region"),
    ],
)
def test_a_selector_that_names_nothing_is_refused_before_anything_is_asked(
    at: Served, tmp_path: Path, selection: Selection, told: str
) -> None:
    config = write_scan_config(tmp_path, a_source(at.endpoint))
    with at.rules() as layer, pytest.raises(InputError, match=f"^{re.escape(told)}"):
        scan_here(config, selection=selection)
    assert layer.calls == []


def test_an_account_that_no_source_comes_by_is_a_gap(at: Served, tmp_path: Path) -> None:
    config = write_scan_config(tmp_path, a_source(at.endpoint))
    with at.rules(changes=[regions(TOKYO)]):
        run = scan_here(config, selection=Selection(account=(ACCOUNT, "9999*"), service=("sqs",)))
    (result,) = results(run, service="run")
    assert (result.cell.listing, [gap.code for gap in result.gaps]) == ("--account 9999*", ["no-account"])
    assert exit_code(run, config) == 3


@pytest.mark.parametrize(
    "other", [f'name: wrong, provider: aws, account: "{PARTNER}"', "name: g, provider: gcp, scope: projects/x"]
)
def test_a_selected_service_keeps_the_sources_that_nobody_could_enter(at: Served, tmp_path: Path, other: str) -> None:
    more = f', endpoint: "{at.endpoint}"' if "aws" in other else ""
    config = write_scan_config(tmp_path, a_source(at.endpoint), other + more)
    with at.rules(changes=[regions(TOKYO)]):
        run = scan_here(config, selection=Selection(service=("sqs",)))
    assert exit_code(run, config) == 3


def test_a_selected_service_is_asked_where_its_zones_stand(at: Served, tmp_path: Path) -> None:
    config = write_scan_config(tmp_path, a_source(at.endpoint))
    with at.rules(changes=[regions(TOKYO), geography({f"{TOKYO}a": ("Singapore",)})]):
        run = scan_here(config, selection=Selection(service=("ebs",)))
    assert said(judge(run, open_config(config))[1], "atlas-contradicted")


# --- as a user meets it -----------------------------------------------------------------------


def run_command(config: Path, tmp_path: Path, env: dict[str, str]) -> tuple[int, dict[str, Any], str]:
    done = residency("scan", "-c", config, "--no-save", "-f", "json", env=env, cwd=tmp_path)
    return done.returncode, json.loads(done.stdout), done.stdout


def fixes(result: dict[str, Any]) -> str:
    return " ".join(finding["fix"]["en"] for finding in result["findings"])


@pytest.mark.parametrize(
    "more", ["", 'role_arn: "arn:aws:iam::123456789012:role/r"', "profile: nowhere"], ids=["none", "role", "profile"]
)
def test_without_credentials_the_scan_ends_with_3_and_says_what_to_do(at: Served, tmp_path: Path, more: str) -> None:
    config = write_scan_config(tmp_path, a_source(at.endpoint, more))
    env = without(environment(at.endpoint), "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    env["HOME"] = str(tmp_path)
    code, result, _ = run_command(config, tmp_path, env)
    assert code == 3
    assert {cell["status"] for cell in result["coverage"]} == {"unauthenticated"}
    assert "give the source valid credentials" in fixes(result)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", "http://nowhere.invalid", "not an address"])
def test_an_endpoint_that_cannot_be_reached_ends_with_3_and_says_what_to_do(tmp_path: Path, endpoint: str) -> None:
    config = write_scan_config(tmp_path, f'name: prod, provider: aws, account: "{ACCOUNT}"')
    code, result, _ = run_command(config, tmp_path, environment(endpoint))
    assert code == 3
    assert {cell["status"] for cell in result["coverage"]} == {"unreachable"}
    assert "check network, proxy and endpoint" in fixes(result)


def test_an_account_that_may_list_nothing_ends_with_3(at: Served, tmp_path: Path) -> None:
    config = write_scan_config(tmp_path, a_source(at.endpoint))

    def answer(call: Call) -> Reply | None:
        return None if call.action in ("GetCallerIdentity", "DescribeRegions") else refused("AccessDenied")

    with at.rules(answer, changes=[regions(TOKYO)]):
        code, result, _ = run_command(config, tmp_path, environment(at.endpoint))
    assert code == 3
    assert result["summary"]["stores"] == 0
    assert {c["status"] for c in result["coverage"] if c["service"] in ("s3", "ebs")} == {"denied"}
    assert re.search("allow s3:ListAllMyBuckets", fixes(result))


def test_an_account_that_holds_nothing_is_seen_to(at: Served, tmp_path: Path) -> None:
    """The emulator gives every account that a role leads to stores of its own: this one has none."""
    role = "arn:aws:iam::555555555555:role/residency-readonly"
    row = f'name: prod, provider: aws, account: "555555555555", role_arn: "{role}", endpoint: "{at.endpoint}"'
    config = write_scan_config(tmp_path, row)
    with at.rules(changes=[regions(TOKYO)]):
        run = scan_here(config)
    assert {r.status for r in results(run, region=TOKYO)} == {Status.LISTED}
    assert list(run.stores()) == []
    assert exit_code(run, config) == 0


# --- where AWS says that its zones stand ------------------------------------------------------


def geography(zones: dict[str, tuple[str, ...]], region: str = "") -> Change:
    """Zones with the countries that EC2 names for them, and a country for every region that is listed."""

    def change(call: Call, reply: Reply) -> Reply:
        if call.action == "DescribeAvailabilityZones":
            items = "".join(
                f"<item><zoneName>{name}</zoneName><zoneId>id-{name}</zoneId><geographySet>"
                + "".join(f"<item><name>{country}</name></item>" for country in countries)
                + "</geographySet></item>"
                for name, countries in zones.items()
            )
            return changed(
                reply,
                "<DescribeAvailabilityZonesResponse><availabilityZoneInfo>"
                f"{items}</availabilityZoneInfo></DescribeAvailabilityZonesResponse>".encode(),
            )
        if call.action == "DescribeRegions" and region:
            words = f"<geographySet><item><name>{region}</name></item></geographySet></item>"
            return changed(reply, reply.body.replace(b"</item>", words.encode()))
        return reply

    return change


def test_what_aws_says_of_its_regions_and_zones_is_saved(at: Served, tmp_path: Path) -> None:
    zones = {"z-1a": ("Türkiye",), "z-1b": (), "z-1c": ("Japan", "Germany")}
    with at.rules(changes=[regions(TOKYO), geography(zones, "Japan")]) as layer:
        run = scan_here(write_scan_config(tmp_path, a_source(at.endpoint)))
    assert {str(geography.place): geography.words for geography in run.geographies} == {
        f"aws:{TOKYO}": "Japan",
        "aws:z-1a": "Türkiye",
        "aws:id-z-1a": "Türkiye",
        "aws:z-1c": "Japan, Germany",  # no country is called so: told, and not taken for one
        "aws:id-z-1c": "Japan, Germany",
    }
    (asked,) = [call for call in layer.calls if call.action == "DescribeAvailabilityZones"]
    assert b"AllAvailabilityZones=true" in asked.body


@pytest.mark.parametrize("how", ["resume", "retry", "resume and refused"])
def test_what_aws_says_of_its_zones_outlives_the_run_that_asked_it(at: Served, tmp_path: Path, how: str) -> None:
    config = write_scan_config(tmp_path, a_source(at.endpoint))
    times: list[str] = []

    def stumble(call: Call) -> Reply | None:
        times.append(call.action)
        slow = call.action == "ListQueues" or (call.action == "DescribeAvailabilityZones" and how.endswith("refused"))
        return refused("ThrottlingException", call) if slow else None

    with at.rules(changes=[regions(TOKYO), geography({f"{TOKYO}a": ("Singapore",)}, "Japan")]):
        first = None if how == "retry" else scan_here(config)
        with at.rules(stumble):
            run = scan_here(config, resume=first) if first else scan_here(config, retry_gaps=1)
    assert sorted(str(geography.place) for geography in run.geographies) == [
        f"aws:{name}" for name in (TOKYO, f"{TOKYO}a", f"id-{TOKYO}a")
    ]
    assert times.count("DescribeAvailabilityZones") == 1
    assert ("took_over" in run.head) is (first is not None)


def test_a_region_that_aws_places_elsewhere_leaves_its_stores_undecided(at: Served, tmp_path: Path) -> None:
    config = write_scan_config(tmp_path, a_source(at.endpoint))
    with at.rules(changes=[regions(TOKYO), geography({}, "Germany")]):
        run = scan_here(config)
    (finding,) = said(judge(run, open_config(config))[1], "atlas-contradicted")
    assert (finding.subject.id, finding.facts["words"]) == (f"aws:{TOKYO}", "Germany")


def test_a_refusal_of_the_zones_is_a_gap(at: Served, tmp_path: Path) -> None:
    def refuse(call: Call) -> Reply | None:
        return refused() if call.action == "DescribeAvailabilityZones" else None

    config = write_scan_config(tmp_path, a_source(at.endpoint))
    with at.rules(refuse, changes=[regions(TOKYO, LONDON)]) as layer:
        run = scan_here(config)
    asked = [call.region for call in layer.calls if call.action == "DescribeAvailabilityZones"]
    assert sorted(asked) == [TOKYO, LONDON]
    judged = Judge(run, open_config(config), TODAY)
    list(judged.stores())
    assert {level.level for level in judged.levels if level.result.cell.service == "geography"} == {"required"}
