"""How the scan reaches an account: the standard variables and files, a role, an endpoint."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
)

from residency.clouds.aws.session import Access, AccountSession
from residency.demo.server import Call, Reply
from tests.serving import TOKYO, Served, a_server, when

ROLE = "arn:aws:iam::210987654321:role/residency-readonly"


@pytest.fixture(scope="module")
def at() -> Iterator[Served]:
    with a_server() as served:
        yield served


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def who(session: AccountSession) -> Any:
    client: Any = session.client("sts", TOKYO)
    return client.get_caller_identity()


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(("variable", "asked"), [(None, 2), ("1", 1), ("3", 3)])
def test_a_call_is_tried_as_often_as_the_standard_variable_says(
    at: Served, monkeypatch: pytest.MonkeyPatch, variable: str | None, asked: int
) -> None:
    if variable:
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", variable)
    session = AccountSession(Access(endpoint=at.endpoint, attempts=2))
    with at.rules(when("sts", "GetCallerIdentity", Reply(500, [("Content-Length", "0")], b""))) as layer:
        with pytest.raises(ClientError):
            who(session)
        assert len(layer.calls) == asked


@pytest.mark.usefixtures("credentials")
def test_an_answer_that_does_not_come_is_waited_for_as_long_as_was_said(at: Served) -> None:
    def late(call: Call) -> Reply | None:
        time.sleep(1.5)
        return None

    session = AccountSession(Access(endpoint=at.endpoint, timeout=0.2, attempts=1))
    began = time.monotonic()
    with at.rules(late), pytest.raises(ReadTimeoutError):
        who(session)
    assert time.monotonic() - began < 1.2


@pytest.mark.usefixtures("credentials")
def test_a_role_is_taken_with_the_external_id_and_kept(at: Served) -> None:
    session = AccountSession(Access(endpoint=at.endpoint, role_arn=ROLE, external_id="ours-7"))
    with at.rules() as layer:
        assert who(session)["Arn"] == "arn:aws:sts::210987654321:assumed-role/residency-readonly/residency"
        assert who(session)["Account"] == "210987654321"
    assert [call.action for call in layer.calls] == ["AssumeRole", "GetCallerIdentity", "GetCallerIdentity"]
    assert b"ExternalId=ours-7" in layer.calls[0].body


def test_a_role_without_credentials_to_take_it_is_a_refusal_of_the_call(at: Served) -> None:
    session = AccountSession(Access(endpoint=at.endpoint, role_arn=ROLE))
    with pytest.raises(NoCredentialsError):
        who(session)


@pytest.mark.parametrize("role", [None, ROLE])
def test_a_missing_profile_is_a_refusal_of_the_call(at: Served, role: str | None) -> None:
    session = AccountSession(Access(profile="nowhere", role_arn=role, endpoint=at.endpoint))
    with pytest.raises(ProfileNotFound):
        who(session)


def test_a_profile_is_read_from_the_users_own_file(at: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text("[profile prod]\nregion = eu-west-2\naws_access_key_id = a\naws_secret_access_key = b\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    session = AccountSession(Access(profile="prod", endpoint=at.endpoint))
    assert session.home_region == "eu-west-2"
    with at.rules() as layer:
        client: Any = session.client("sts", None)
        client.get_caller_identity()
    assert [call.region for call in layer.calls] == ["eu-west-2"]


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("variable", [True, False], ids=["environment", "source"])
def test_an_endpoint_that_is_no_address_is_unreachable(monkeypatch: pytest.MonkeyPatch, variable: bool) -> None:
    if variable:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "not an address")
    session = AccountSession(Access(endpoint=None if variable else "not an address"))
    with pytest.raises(EndpointConnectionError, match="not an address"):
        who(session)


@pytest.mark.parametrize(
    ("role", "region"),
    [
        (None, "us-east-1"),
        (ROLE, "us-east-1"),
        ("arn:aws-cn:iam::210987654321:role/r", "cn-north-1"),
        ("arn:aws-us-gov:iam::210987654321:role/r", "us-gov-west-1"),
        ("arn:aws-eusc:iam::210987654321:role/r", "eusc-de-east-1"),
    ],
)
@pytest.mark.usefixtures("credentials")
def test_what_belongs_to_no_region_is_asked_in_the_roles_partition(role: str | None, region: str) -> None:
    assert AccountSession(Access(role_arn=role)).home_region == region


@pytest.mark.usefixtures("credentials")
def test_the_region_of_the_environment_is_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", TOKYO)
    assert AccountSession(Access(role_arn=ROLE)).home_region == TOKYO


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        (TOKYO, "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("eusc-de-east-1", "aws-eusc"),
        ("xx-nowhere-1", "what the identity said"),
    ],
)
def test_the_partition_is_the_one_that_lists_the_region(region: str, partition: str) -> None:
    assert AccountSession(Access()).partition_of(region, "what the identity said") == partition


@pytest.mark.parametrize(
    ("endpoint", "variable", "style"),
    [("http://localhost:1", None, "path"), (None, "AWS_ENDPOINT_URL_S3", "path"), (None, None, None)],
)
def test_a_bucket_is_a_path_at_any_endpoint_but_that_of_aws(
    endpoint: str | None, variable: str | None, style: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if variable:
        monkeypatch.setenv(variable, "http://localhost:1")
    client = AccountSession(Access(endpoint=endpoint)).client("s3", "ap-northeast-1")
    assert (client.meta.config.s3 or {}).get("addressing_style") == style


def test_a_client_is_shared_by_all_who_have_it_and_dropped_by_the_last(at: Served) -> None:
    session = AccountSession(Access(endpoint=at.endpoint))
    first, second = session.client("kms", TOKYO), session.client("kms", TOKYO)
    assert first is second
    session.give_back("kms", TOKYO)
    assert session.client("kms", TOKYO) is first
    session.give_back("kms", TOKYO)
    session.give_back("kms", TOKYO)
    assert session.client("kms", TOKYO) is not first


def test_a_client_knows_the_calls_that_are_asked_for_and_no_other(at: Served) -> None:
    session = AccountSession(Access(endpoint=at.endpoint), frozenset({"kms:ListKeys", "ec2:DescribeVolumes"}))
    kms = session.client("kms", TOKYO)
    assert hasattr(kms, "list_keys")
    assert not hasattr(kms, "describe_key")
    assert hasattr(session.client("sqs", TOKYO), "list_queues")  # nothing is asked of it: nothing is left out
