"""Where AWS itself says that its regions and zones stand, asked over the real client."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from residency.cli import run_cli
from residency.cli.commands import cli
from residency.clouds.aws.locations import records
from residency.clouds.aws.session import Access
from residency.demo.server import Call, Change, Reply, changed
from residency.survey import Known, NotSeen, Record
from tests.serving import TOKYO, Served, a_server, refused, regions

LONDON = "eu-west-2"
ZONES = """<DescribeAvailabilityZonesResponse><availabilityZoneInfo>
<item><zoneName>ap-northeast-1a</zoneName><zoneId>apne1-az4</zoneId><zoneType>availability-zone</zoneType>
<regionName>ap-northeast-1</regionName><geographySet><item><name>Japan</name></item></geographySet></item>
<item><zoneName>ap-northeast-1-xxx-1a</zoneName><zoneId>apne1-xxx1-az1</zoneId><zoneType>local-zone</zoneType>
<regionName>ap-northeast-1</regionName><geographySet><item><name>Viet Nam</name></item></geographySet></item>
<item><zoneName>ap-northeast-1-wl1-kix-wlz-1</zoneName><zoneId>apne1-wl1-kix-wlz1</zoneId>
<zoneType>wavelength-zone</zoneType><regionName>ap-northeast-1</regionName></item>
<item><zoneName>ap-northeast-1-two-1a</zoneName><zoneType>local-zone</zoneType><regionName>ap-northeast-1</regionName>
<geographySet><item><name>Japan</name></item><item><name>Germany</name></item></geographySet></item>
<item><zoneName>odd</zoneName><zoneId>odd-az1</zoneId><zoneType>space-zone</zoneType></item>
</availabilityZoneInfo></DescribeAvailabilityZonesResponse>"""


def zones(call: Call, reply: Reply) -> Reply:
    return changed(reply, ZONES.encode()) if call.action == "DescribeAvailabilityZones" else reply


def parameters(call: Call, reply: Reply) -> Reply:
    """Systems Manager's record of one region and one Local Zone abroad: what the emulator leaves out."""
    root = "/aws/service/global-infrastructure"
    if call.action == "GetParametersByPath":
        codes = {"regions": ["ap-northeast-1"], "local-zones": ["apne1-xxx1-az1"], "wavelength-zones": []}
        folder = json.loads(call.body)["Path"].removeprefix(f"{root}/")
        names = [{"Name": f"{root}/{folder}/{code}", "Value": code} for code in codes[folder]]
        return changed(reply, json.dumps({"Parameters": names}).encode())
    if call.action == "GetParameters":
        known = {
            f"{root}/regions/ap-northeast-1/geolocationCountry": "JP",
            f"{root}/regions/ap-northeast-1/partition": "aws",
            f"{root}/local-zones/apne1-xxx1-az1/geolocationCountry": "VN",
            f"{root}/local-zones/apne1-xxx1-az1/parent-region": "ap-northeast-1",
        }
        wanted = json.loads(call.body)["Names"]
        found = [{"Name": name, "Value": known[name]} for name in wanted if name in known]
        missing = [name for name in wanted if name not in known]
        return changed(reply, json.dumps({"Parameters": found, "InvalidParameters": missing}).encode())
    return reply


@pytest.fixture(scope="module")
def at() -> Iterator[Served]:
    with a_server() as served:
        yield served


@pytest.fixture(autouse=True)
def _a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_REGION", TOKYO)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")


def asked(at: Served, *changes: Change) -> list[Record]:
    with at.rules(changes=[regions(TOKYO, off=(LONDON,)), *changes]):
        return list(records(Access(endpoint=at.endpoint, attempts=1)))


def test_ec2_names_the_country_of_each_zone_or_none(at: Served) -> None:
    ec2, _ = asked(at, zones, parameters)
    assert ec2.known == (
        Known("aws", "ap-northeast-1", "region"),
        Known("aws", LONDON, "region"),
        Known("aws", "ap-northeast-1a", "zone-name", TOKYO, "JP"),
        Known("aws", "apne1-az4", "availability-zone", TOKYO, "JP"),
        Known("aws", "ap-northeast-1-xxx-1a", "local-zone", TOKYO, "VN"),
        Known("aws", "apne1-xxx1-az1", "local-zone-id", TOKYO, "VN"),
        Known("aws", "ap-northeast-1-wl1-kix-wlz-1", "wavelength-zone", TOKYO),
        Known("aws", "apne1-wl1-kix-wlz1", "wavelength-zone-id", TOKYO),
        Known("aws", "ap-northeast-1-two-1a", "local-zone", TOKYO),
    )


def test_systems_manager_gives_codes_and_no_zone_takes_the_country_of_its_region(at: Served) -> None:
    _, ssm = asked(at, zones, parameters)
    assert ssm.known == (
        Known("aws", "ap-northeast-1", "region", country="JP"),
        Known("aws", "apne1-xxx1-az1", "local-zone-id", TOKYO, "VN"),
    )


def test_the_record_of_the_emulator_is_read_as_it_stands(at: Served) -> None:
    _, ssm = asked(at)
    found = {known.code: (known.namespace, known.country) for known in ssm.known}
    assert len(found) >= 39
    assert found["cn-north-1"] == ("aws-cn", "CN")
    assert found["ap-east-1"] == ("aws", "CN")


@pytest.mark.parametrize(
    "action", ["GetCallerIdentity", "DescribeRegions", "DescribeAvailabilityZones", "GetParameters"]
)
def test_a_refusal_is_no_record(at: Served, action: str) -> None:
    def refuse(call: Call) -> Reply | None:
        return refused("AccessDenied", call) if call.action == action else None

    with at.rules(refuse, changes=[regions(TOKYO)]), pytest.raises(NotSeen, match=action):
        list(records(Access(endpoint=at.endpoint, attempts=1)))


def test_the_command_prints_a_diff_and_says_what_it_could_not_ask(
    at: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", at.endpoint)
    with at.rules(changes=[regions(TOKYO), zones, parameters]):
        assert run_cli(cli, ["atlas", "refresh", "--provider", "aws"]) == 1
    out, _ = capsys.readouterr()
    assert "+++ b/config/atlas/aws.csv" in out
    assert "\n+aws,ap-northeast-1-xxx-1a,local-zone,ap-northeast-1,VN,,aws,current,high,AWS EC2 Describe" in out

    def refuse(call: Call) -> Reply | None:
        return refused("AccessDenied", call)

    with at.rules(refuse):
        assert run_cli(cli, ["atlas", "refresh"]) == 3
    out, err = capsys.readouterr()
    assert (out, err.startswith("aws: sts:GetCallerIdentity in global: ")) == ("", True)
    assert run_cli(cli, ["atlas", "refresh", "--provider", "azure"]) == 2
