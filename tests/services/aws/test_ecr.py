"""What the answers about repositories of images and the replication of their registry mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from residency.clouds.aws.keys import DESCRIBE
from residency.demo.emulator import says
from residency.demo.server import denied
from residency.model import Status
from residency.services.aws import ecr
from tests.services.documents import (
    ACCOUNT,
    KEY,
    PARTNER,
    REFUSED,
    SINGAPORE,
    TOKYO,
    key_metadata,
    lines,
    live,
    placed,
)
from tests.services.listed import Listed, a_server_to_list
from tests.serving import PERSONAL, Served, when
from tests.sources.plans import Read, a_plan, a_provider, a_resource, constant, read, refer

HERE = f"arn:aws:ecr:{TOKYO}:{ACCOUNT}:repository/members/api"
THERE = HERE.replace(TOKYO, SINGAPORE)
PRIMARY = f"primary aws:{TOKYO} grade 2"


def repository(*rules: Any, registry: Any = None, **more: Any) -> dict[str, Any]:
    listed = {"repositoryArn": HERE, "registryId": ACCOUNT, "repositoryName": "members/api"} | more
    return {
        ecr.LIST: {"repositories[]": listed},
        ecr.TAGGED: {"tags": [PERSONAL]},
        ecr.REGISTRY: registry or {"registryId": ACCOUNT, "replicationConfiguration": {"rules": list(rules)}},
    }


def rule(*filters: str, region: str = SINGAPORE, account: str = ACCOUNT, kind: str = "PREFIX_MATCH") -> dict[str, Any]:
    destination = {"region": region, "registryId": account}
    known = {"repositoryFilters": [{"filter": text, "filterType": kind} for text in filters]} if filters else {}
    return {"destinations": [destination]} | known


def told(body: dict[str, Any]) -> list[str]:
    return lines(placed(ecr.place_repository(live(body)))[0])


def test_a_repository_is_named_and_tagged_as_it_is_described() -> None:
    store, edges = placed(ecr.place_repository(live(repository())))
    assert (store.id, store.name, store.tags) == (HERE, "members/api", {"data": "personal"})
    assert (lines(store), edges) == ([PRIMARY], [])


@pytest.mark.parametrize(
    ("said", "control"),
    [
        (None, "grade 2"),
        ({"encryptionType": "AES256"}, "grade 2"),
        ({"encryptionType": "KMS"}, "grade 2 provider-managed-key"),
        ({"encryptionType": "KMS", "kmsKey": KEY}, "grade 3"),
        ({"encryptionType": "KMS_DSSE", "kmsKey": KEY}, "grade 3"),
        ({"encryptionType": "KMS", "kmsKey": KEY.replace(ACCOUNT, PARTNER)}, "grade None"),
        ({"encryptionType": "SOMETHING_NEW"}, "grade None"),
    ],
)
def test_a_repository_has_the_grade_of_its_key(said: Any, control: str) -> None:
    body = repository(encryptionConfiguration=said) | {DESCRIBE: {KEY: key_metadata()}}
    assert told(body) == [f"primary aws:{TOKYO} {control}"]


@pytest.mark.parametrize(
    ("rules", "replicas"),
    [
        ([rule()], [f"replica aws:{SINGAPORE} held by {THERE} of {ACCOUNT}"]),
        ([rule("members/")], [f"replica aws:{SINGAPORE} held by {THERE} of {ACCOUNT}"]),
        ([rule("orders/", "members/")], [f"replica aws:{SINGAPORE} held by {THERE} of {ACCOUNT}"]),
        ([rule("orders/")], []),
        ([rule("api")], []),
        ([rule("api", kind="SOMETHING_NEW")], [f"replica aws:{SINGAPORE} held by {THERE} of {ACCOUNT}"]),
        ([rule(), rule("members/")], [f"replica aws:{SINGAPORE} held by {THERE} of {ACCOUNT}"]),
        (
            [rule(account=PARTNER)],
            [f"replica aws:{SINGAPORE} held by {THERE.replace(ACCOUNT, PARTNER)} of {PARTNER}"],
        ),
    ],
)
def test_a_rule_replicates_the_repositories_that_its_filters_begin(rules: list[Any], replicas: list[str]) -> None:
    assert told(repository(*rules)) == [PRIMARY, *replicas]


def test_a_replica_is_the_repository_of_that_name_in_the_other_registry() -> None:
    assert placed(ecr.place_repository(live(repository(rule()))))[1] == [f"{HERE} -> {THERE}"]


def test_a_registry_that_nobody_may_describe_may_replicate() -> None:
    assert told(repository(registry=REFUSED)) == [PRIMARY, "replica unresolved may-appear"]


# --- listed for real --------------------------------------------------------------------------


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    with a_server_to_list(monkeypatch) as served:
        yield served


def test_repositories_are_listed_with_their_key_their_tags_and_their_replicas(at: Served) -> None:
    key = at.client("kms").create_key()["KeyMetadata"]["Arn"]
    client = at.client("ecr")
    client.create_repository(
        repositoryName="members/api",
        tags=[PERSONAL],
        encryptionConfiguration={"encryptionType": "KMS", "kmsKey": key},
    )
    client.create_repository(repositoryName="orders/api")
    client.put_replication_configuration(replicationConfiguration={"rules": [rule("members/")]})
    with at.rules() as layer:
        found = Listed(at, ecr.LISTINGS[0])
    assert (found.status, found.gaps) == (Status.LISTED, [])
    assert found.lines == {
        "members/api": [f"primary aws:{TOKYO} grade 3", f"replica aws:{SINGAPORE} held by {THERE} of {ACCOUNT}"],
        "orders/api": [PRIMARY],
    }
    assert {name: store.tags for name, store in found.stores.items()} == {
        "members/api": {"data": "personal"},
        "orders/api": {},
    }
    assert [(edge.source, edge.target) for edge in found.edges] == [(HERE, THERE)]
    assert [call.action for call in layer.calls].count("DescribeRegistry") == 1


def test_a_registry_that_refuses_is_a_gap_of_each_repository(at: Served) -> None:
    for name in ("aa", "bb"):
        at.client("ecr").create_repository(repositoryName=name)
    with at.rules(when("ecr", "DescribeRegistry", denied()), when("ecr", "ListTagsForResource", denied())):
        found = Listed(at, ecr.LISTINGS[0])
    assert sorted((str(subject)[-2:], call) for subject, call, _ in found.gaps) == [
        (name, call) for name in ("aa", "bb") for call in (ecr.REGISTRY, ecr.TAGGED)
    ]
    assert set(map(tuple, found.lines.values())) == {(PRIMARY, "replica unresolved may-appear")}
    assert {store.tags is None for store in found.stores.values()} == {True}


def test_a_registry_that_says_nothing_of_replication_is_not_read(at: Served) -> None:
    at.client("ecr").create_repository(repositoryName="aa")
    with at.rules(when("ecr", "DescribeRegistry", says({"registryId": ACCOUNT}))):
        assert Listed(at, ecr.LISTINGS[0]).lines == {"aa": [PRIMARY, "replica unresolved may-appear"]}


# --- as code ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "copies"),
    [
        ("aws_ecr_repository.plain", [f"primary aws:{TOKYO} grade 2"]),
        ("aws_ecr_repository.encrypted", [f"primary aws:{TOKYO} grade 3 by aws_kms_key.own in aws:{TOKYO}"]),
        # Which key it will be is not known: the plan tells a key that is left out no differently.
        ("aws_ecr_repository.managed", [f"primary aws:{SINGAPORE} grade None"]),
        ("aws_ecr_repository.chosen", ["primary aws:us-east-1 grade 2"]),
        (
            "aws_ecr_replication_configuration.here",
            [
                f"primary aws:{TOKYO}",
                f"replica aws:{SINGAPORE} of {ACCOUNT}",
                f"replica aws:us-east-1 of {PARTNER}",
                "replica aws:eu-west-2",
            ],
        ),
        (
            "aws_ecr_replication_configuration.chosen",
            ["primary aws:us-east-1", f"replica aws:{TOKYO} of {ACCOUNT}"],
        ),
    ],
)
def test_what_is_planned_stands_where_its_template_says(name: str, copies: list[str]) -> None:
    assert [line.partition(" <-")[0] for line in read("images").told(name)[1:]] == copies


def test_the_replication_of_a_registry_is_told_of_all_its_repositories_at_once() -> None:
    told = read("images").told("aws_ecr_replication_configuration.here")
    address = "aws_ecr_replication_configuration.here"
    assert told[0] == f"tf:s/{address} aws.ecr.registry {{}}"
    assert told[2].endswith(f"<- replication_configuration.rule.destination.region of {address}")


@pytest.mark.parametrize(
    ("after", "unknown", "copy"),
    [
        ({"destination": [{"registry_id": ACCOUNT}]}, {"destination": [{"region": True}]}, "replica not-known-yet"),
        ({}, {"destination": True}, "replica not-known-yet"),
    ],
)
def test_a_destination_that_is_not_known_yet_is_nowhere(after: Any, unknown: Any, copy: str) -> None:
    registry = a_resource(
        "aws_ecr_replication_configuration.r",
        {"replication_configuration": [{"rule": [after]}]},
        {"replication_configuration": [{"rule": [unknown]}]},
        {"replication_configuration": [{"rule": [{"destination": [{"region": refer("local.regions")}]}]}]},
    )
    _, told = lines(Read(a_plan(registry)).stores["aws_ecr_replication_configuration.r"])
    assert told.startswith(copy)


def test_a_repository_in_a_region_that_nobody_knows_is_nowhere() -> None:
    providers = {"aws": a_provider(refer("var.region"))}
    made = a_resource("aws_ecr_repository.r", {"name": "x"}, {"arn": True}, {"name": constant("x")})
    assert Read(a_plan(made, providers=providers)).place("aws_ecr_repository.r") == "not-known-yet"
