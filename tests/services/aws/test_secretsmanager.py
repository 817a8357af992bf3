"""What the answers about secrets and their replicas mean, live and as code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from residency.clouds.aws.keys import DESCRIBE as KEYS
from residency.demo.server import Call, Change, Reply, changed, denied
from residency.model import Edge, SeenFrom, Status
from residency.services.aws import secretsmanager as sm
from tests.services.documents import ACCOUNT, KEY, PARTNER, REFUSED, SINGAPORE, TOKYO, key_metadata, lines, live, placed
from tests.services.listed import Listed, a_server_to_list
from tests.serving import PERSONAL, Served, when
from tests.sources.plans import read

HERE = f"arn:aws:secretsmanager:{TOKYO}:{ACCOUNT}:secret:db-a1b2c3"
THERE = HERE.replace(TOKYO, SINGAPORE)
PARTNERS = f"arn:aws:secretsmanager:{TOKYO}:{PARTNER}:secret:db-x9y8z7"
DEFAULT = "grade 2 provider-managed-key"


def secret(described: Any = None, **more: Any) -> dict[str, Any]:
    """A listed secret; `described`: what DescribeSecret adds, or its refusal."""
    answer = described if described is REFUSED else {"ARN": HERE} | (described or {})
    return {sm.LIST: {"SecretList[]": {"ARN": HERE, "Name": "db"} | more}, sm.DESCRIBE: answer}


def replica(region: str = SINGAPORE, **more: Any) -> dict[str, Any]:
    return {"ReplicationStatus": [{"Region": region, "Status": "InSync"} | more]}


def told(body: dict[str, Any], region: str = TOKYO) -> list[str]:
    return lines(placed(sm.place_secret(live(body, region)))[0])


def edges(body: dict[str, Any], region: str = TOKYO) -> list[str]:
    return placed(sm.place_secret(live(body, region)))[1]


def test_a_secret_is_named_tagged_and_placed_as_it_is_listed() -> None:
    store, found = placed(sm.place_secret(live(secret(Tags=[{"Key": "data", "Value": "personal"}]))))
    assert (store.id, store.name, store.kind, store.tags) == (
        HERE,
        "db",
        "aws.secretsmanager.secret",
        {"data": "personal"},
    )
    assert (lines(store), store.region, found) == ([f"primary aws:{TOKYO} {DEFAULT}"], TOKYO, [])
    assert str(store.copies[0].said_by[0]) == "secretsmanager:ListSecrets SecretList[].ARN"


@pytest.mark.parametrize(
    ("key", "control"),
    [
        (None, DEFAULT),
        ("alias/aws/secretsmanager", DEFAULT),
        (f"arn:aws:kms:{TOKYO}:{ACCOUNT}:alias/aws/secretsmanager", DEFAULT),
        (KEY, "grade 3"),
        ("arn:aws:kms:ap-northeast-1:1:key/refused", "grade None"),
        (REFUSED, "grade None"),
    ],
)
def test_the_grade_of_a_secret_is_that_of_its_key(key: Any, control: str) -> None:
    assert told(secret(KmsKeyId=key) | {KEYS: {KEY: key_metadata()}}) == [f"primary aws:{TOKYO} {control}"]


def test_an_alias_is_the_key_of_the_region_that_uses_it() -> None:
    """The same alias in two regions is two keys."""
    names = {region: f"arn:aws:kms:{region}:{ACCOUNT}:alias/app" for region in (TOKYO, SINGAPORE)}
    answers = {names[TOKYO]: key_metadata(), names[SINGAPORE]: key_metadata(Origin="AWS_CLOUDHSM")}
    body = secret(replica(KmsKeyId="alias/app"), KmsKeyId="alias/app") | {KEYS: answers}
    assert told(body) == [f"primary aws:{TOKYO} grade 3", f"replica aws:{SINGAPORE} held by {THERE} grade 3 hsm"]


@pytest.mark.parametrize(
    ("described", "copy"),
    [
        (replica(), f"aws:{SINGAPORE} held by {THERE} {DEFAULT}"),
        (replica(Status="InProgress"), f"aws:{SINGAPORE} held by {THERE} {DEFAULT}"),
        (replica(Status="Failed"), f"aws:{SINGAPORE} may-appear held by {THERE} {DEFAULT}"),
        (replica(KmsKeyId="1-2-3"), f"aws:{SINGAPORE} held by {THERE} grade None"),
        (replica(Region=REFUSED), f"unresolved {DEFAULT}"),
        (REFUSED, "unresolved may-appear"),
    ],
)
def test_a_replica_stands_in_the_region_that_its_primary_names(described: Any, copy: str) -> None:
    assert told(secret(described))[1:] == [f"replica {copy}"]


@pytest.mark.parametrize(
    ("status", "words"),
    [("InSync", ""), ("Failed", " may-appear"), ("Pending", " may-appear"), ("Detached", " former")],
)
def test_a_replica_in_another_account_stands_where_its_name_says(status: str, words: str) -> None:
    described = {"CrossAccountReplicas": [{"ReplicaSecretARN": PARTNERS, "ReplicationStatus": status}]}
    assert told(secret(described))[1:] == [f"replica aws:{TOKYO}{words} held by {PARTNERS} of {PARTNER}"]


def test_a_replica_names_the_region_of_its_primary_and_the_relation_is_one() -> None:
    """A replica repeats what its primary says of it: it has no replicas of its own."""
    at_primary = edges(secret(replica(), PrimaryRegion=TOKYO))
    there = secret(replica(), ARN=THERE, PrimaryRegion=TOKYO)
    assert at_primary == edges(there, SINGAPORE) == [f"{HERE} -> {THERE}"]
    assert told(there, SINGAPORE) == [f"primary aws:{SINGAPORE} {DEFAULT}"]


@pytest.mark.parametrize(("status", "former"), [("InSync", ""), ("Detached", " former")])
def test_a_replica_of_another_account_names_its_primary(status: str, former: str) -> None:
    described = {"CrossAccountPrimary": {"PrimarySecretARN": PARTNERS, "ReplicationStatus": status}}
    assert edges(secret(described)) == [f"{PARTNERS} -> {HERE}{former}"]


# --- listed for real --------------------------------------------------------------------------


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    with a_server_to_list(monkeypatch) as served:
        yield served


def test_secrets_are_listed_with_their_replicas_and_what_is_to_be_deleted(at: Served) -> None:
    key = at.client("kms").create_key()["KeyMetadata"]["Arn"]
    client = at.client("secretsmanager")
    made = client.create_secret(
        Name="db", SecretString="x", KmsKeyId=key, AddReplicaRegions=[{"Region": SINGAPORE}], Tags=[PERSONAL]
    )["ARN"]
    there = made.replace(TOKYO, SINGAPORE)
    client.create_secret(Name="old", SecretString="x")
    client.delete_secret(SecretId="old")
    with at.rules() as layer:
        found, abroad = Listed(at, sm.LISTINGS[0]), Listed(at, sm.LISTINGS[0], SINGAPORE)
    assert {call.name for call in layer.calls} == set(sm.NEEDS)
    assert (found.gaps, abroad.gaps) == ([], [])
    assert found.lines == {
        "db": [f"primary aws:{TOKYO} grade 3", f"replica aws:{SINGAPORE} held by {there} {DEFAULT}"],
        "old": [f"primary aws:{TOKYO} {DEFAULT}"],
    }
    assert (found.stores["db"].id, found.stores["db"].tags) == (made, {"data": "personal"})
    assert [relation(edge) for edge in found.edges] == [(made, there, SeenFrom.SOURCE)]
    assert [relation(edge) for edge in abroad.edges] == [(made, there, SeenFrom.TARGET)]


def relation(edge: Edge) -> tuple[str, str | None, SeenFrom]:
    return edge.source, edge.target, edge.seen_from


def test_a_secret_that_nobody_may_describe_is_a_gap_and_may_have_a_replica(at: Served) -> None:
    made = at.client("secretsmanager").create_secret(Name="db", SecretString="x")["ARN"]
    with at.rules(when("secretsmanager", "DescribeSecret", denied())):
        found = Listed(at, sm.LISTINGS[0])
    assert found.gaps == [(made, sm.DESCRIBE, Status.DENIED)]
    assert found.lines["db"][1:] == ["replica unresolved may-appear"]


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>login</html>"])
def test_an_answer_without_its_list_is_a_gap_of_the_listing(at: Served, body: bytes) -> None:
    reply = changed(Reply(200, [("Content-Type", "application/x-amz-json-1.1")], b""), body)
    with at.rules(when("secretsmanager", "ListSecrets", reply)):
        assert Listed(at, sm.LISTINGS[0]).status is Status.MALFORMED


def test_every_key_is_asked_for_in_its_own_region(at: Served) -> None:
    alias = "alias/app"
    for region in (TOKYO, SINGAPORE):
        kms = at.client("kms", region)
        kms.create_alias(AliasName=alias, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    regions = [{"Region": SINGAPORE, "KmsKeyId": alias}]
    at.client("secretsmanager").create_secret(Name="db", SecretString="x", KmsKeyId=alias, AddReplicaRegions=regions)
    with at.rules(changes=[replicas_use(alias)]) as layer:
        found = Listed(at, sm.LISTINGS[0])
    assert {call.region for call in layer.calls if call.name == KEYS} == {TOKYO, SINGAPORE}
    controls = [copy.control for copy in found.stores["db"].copies]
    places = [str(control.key_place) for control in controls if control]
    assert places == [f"aws:{TOKYO}", f"aws:{SINGAPORE}"]


def replicas_use(alias: str) -> Change:
    """moto forgets the key of a replica."""

    def change(call: Call, reply: Reply) -> Reply:
        default = b'"KmsKeyId": "alias/aws/secretsmanager"'
        named = b'"KmsKeyId": "' + alias.encode() + b'"'
        return changed(reply, reply.body.replace(default, named)) if call.action == "DescribeSecret" else reply

    return change


# --- as code ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "copies"),
    [
        ("plain", [f"primary aws:{TOKYO} {DEFAULT} <- region"]),
        ("abroad", [f"primary aws:{SINGAPORE} {DEFAULT} <- region"]),
        (
            "replicated",
            [
                f"primary aws:{TOKYO} grade 3 by aws_kms_key.home in aws:{TOKYO} <- region",
                f"replica aws:{SINGAPORE} grade 3 by aws_kms_key.dr in aws:{SINGAPORE} <- replica.region",
                f"replica aws:eu-west-2 {DEFAULT} <- replica.region",
            ],
        ),
        (
            "late",
            [
                f"primary aws:{TOKYO} {DEFAULT} <- region",
                f"replica not-known-yet {DEFAULT} <- replica.region",
            ],
        ),
        (
            # The configuration does not show blocks that are made dynamically, so that their key may be anyone's.
            "dynamic",
            [
                f"primary aws:{TOKYO} {DEFAULT} <- region",
                "replica aws:ap-northeast-3 grade None <- replica.region",
            ],
        ),
    ],
)
def test_a_planned_secret_stands_in_its_region_and_in_those_of_its_replicas(name: str, copies: list[str]) -> None:
    address = f"aws_secretsmanager_secret.{name}"
    assert read("files").told(address)[1:] == [f"{copy} of {address}" for copy in copies]


def test_the_value_of_a_secret_of_the_plan_is_no_store_of_its_own() -> None:
    stores = read("files").stores
    assert "aws_secretsmanager_secret_version.plain" not in stores
    assert not [store for store in stores.values() if store.kind == "aws_secretsmanager_secret_version"]


@pytest.mark.parametrize(
    ("name", "primary"),
    [("elsewhere", "aws:us-east-1 grade None <- secret_id"), ("by_name", "unresolved grade None <- @region")],
)
def test_a_value_for_a_secret_made_elsewhere_stands_where_its_name_says(name: str, primary: str) -> None:
    address = f"aws_secretsmanager_secret_version.{name}"
    assert read("files").told(address) == [
        f"tf:s/{address} aws.secretsmanager.secret None",
        f"primary {primary} of {address}",
        f"replica unresolved may-appear <- ReplicationStatus[] of {address}",
    ]
