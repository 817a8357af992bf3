"""The rights that are printed are those that the listings declare, read no data, and are enough for a scan."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import hcl2
import pytest

from residency.model import Status
from residency.permissions import FORMATS, MOST_CHARACTERS, TIERS, policies, rights
from residency.services import listings
from tests.serving import TOKYO, Served, a_server, a_source, make_bucket, regions, scan_here, write_scan_config

# What tells of things; the exceptions among it that tell what is in them.
READS = re.compile(r"[a-z0-9-]+:(Describe|Get|List)[A-Z]\w*")
TELLS_DATA = re.compile(
    r"s3:(ListBucket|GetObject)|dynamodb:(GetItem|GetRecords|Query|Scan)|kms:Decrypt|ssm:GetParameter"
    r"|secretsmanager:GetSecretValue|sqs:ReceiveMessage|kinesis:GetRecords|logs:(GetLogEvents|FilterLogEvents)"
    r"|ecr:(BatchGetImage|GetDownloadUrlForLayer|GetAuthorizationToken)|rds-data:|athena:GetQueryResults"
)
PRINTED = {form: "".join(FORMATS[form]("deep")) for form in FORMATS}


@pytest.fixture(scope="module")
def at() -> Iterator[Served]:
    with a_server() as served:
        make_bucket(served, "one", TOKYO, served.client("kms").create_key()["KeyMetadata"]["Arn"])
        yield served


@pytest.mark.parametrize("tier", TIERS)
def test_every_right_tells_of_things_and_none_of_what_is_in_them(tier: str) -> None:
    assert rights(tier)
    for right in rights(tier):
        assert READS.fullmatch(right), right
        assert not TELLS_DATA.match(right), right


def test_every_call_of_a_listing_has_its_right() -> None:
    deep, inventory = set(rights("deep")), set(rights("inventory"))
    assert {right for listing in listings("aws") for right in listing.needs.values() if right} <= deep
    assert {listing.needs[listing.call] for listing in listings("aws")} <= inventory < deep


def test_a_policy_is_small_enough_to_be_attached(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(len(json.dumps(policy, separators=(",", ":"))) <= MOST_CHARACTERS for policy in policies("deep"))
    monkeypatch.setattr("residency.permissions.MOST_CHARACTERS", 700)
    parts = [policy["Statement"][0]["Action"] for policy in policies("deep")]
    assert len(parts) > 2
    assert [right for part in parts for right in part] == rights("deep")


def test_each_format_holds_the_same_rights() -> None:
    (policy,) = policies("deep")
    assert json.loads(PRINTED["json"]) == policy
    template = json.loads(PRINTED["cloudformation"])["Resources"]
    assert template["Policy1"]["Properties"] == {"Roles": [{"Ref": "Role"}], "PolicyDocument": policy}
    assert "aws_iam_role_policy_attachment" in str(hcl2.loads(PRINTED["terraform"]))
    (actions,) = re.findall(r"Action = (\[.*?\])", PRINTED["terraform"])
    assert json.loads(actions) == rights("deep")


# The emulator cannot check the signature of services that speak REST and JSON, and calls two rights of S3 by the name
# of their operation.
NOT_ENFORCED = "SignatureDoesNotMatch"
TAKEN = {"ec2:DescribeVolumes", "rds:DescribeDBClusters", "sqs:ListQueues"}
OTHERWISE_CALLED = {"s3:GetEncryptionConfiguration", "s3:GetReplicationConfiguration"}


def test_a_scan_under_the_policy_is_refused_the_rights_that_were_taken_out_and_nothing_else(
    at: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (policy,) = policies("deep")
    policy["Statement"][0]["Action"] = [right for right in rights("deep") if right not in TAKEN]
    iam, user = at.client("iam"), "scanner"
    iam.create_user(UserName=user)
    iam.put_user_policy(UserName=user, PolicyName="rights", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=user)["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr("moto.core.authorization.settings.INITIAL_NO_AUTH_ACTION_COUNT", 0)
    with at.rules(changes=[regions(TOKYO)]):
        run = scan_here(write_scan_config(tmp_path, a_source(at.endpoint)), save=False)
    gaps = [gap for result in run.closed_results() for gap in result.gaps if NOT_ENFORCED not in gap.reason]
    refused = {gap.needs for gap in gaps if gap.status is not Status.UNSWEPT}
    assert refused - OTHERWISE_CALLED == TAKEN
