"""Where a template puts secrets and their replicas, and what protects them."""

from __future__ import annotations

import pytest

from tests.sources.plans import SINGAPORE, TOKYO
from tests.sources.stacks import Read

DEFAULT = "grade 2 provider-managed-key"
A_KEY = f"arn:aws:kms:{TOKYO}:123456789012:key/11111111-2222-3333-4444-555555555555"
KEY_ABROAD = f"arn:aws:kms:{SINGAPORE}:123456789012:key/mrk-1"


@pytest.mark.parametrize(
    ("name", "control"),
    [
        ("Plain", DEFAULT),
        ("ByDefaultKey", DEFAULT),
        ("ByRef", f"grade 3 by Key in aws:{TOKYO}"),
        ("ByAlias", f"grade 3 by Key in aws:{TOKYO}"),
        ("ByArn", f"grade None by {A_KEY} in aws:{TOKYO}"),
        ("ByImport", "grade None"),
    ],
)
def test_a_secret_of_a_template_is_protected_by_the_key_that_it_names(name: str, control: str) -> None:
    assert Read("secretsmanager.yaml").copies(name) == [f"primary aws:{TOKYO} {control}"]


def test_a_secret_has_a_replica_in_each_region_that_it_names() -> None:
    assert Read("secretsmanager.yaml").copies("Replicated") == [
        f"primary aws:{TOKYO} {DEFAULT}",
        f"replica aws:ap-northeast-3 {DEFAULT}",
        f"replica aws:{SINGAPORE} grade None by {KEY_ABROAD} in aws:{SINGAPORE}",
        f"replica not-known-yet {DEFAULT}",
        "replica aws:eu-west-2 grade None",
    ]


def test_a_parameter_says_where_a_replica_stands() -> None:
    copies = Read("secretsmanager.yaml", Chosen="us-east-1", Osaka="eu-west-1").copies("Replicated")
    assert [copies[1], copies[3]] == [f"replica aws:eu-west-1 {DEFAULT}", f"replica aws:us-east-1 {DEFAULT}"]


@pytest.mark.parametrize("name", ["PerhapsOne", "PerhapsAny"])
def test_whether_a_replica_is_made_depends_on_a_condition(name: str) -> None:
    def replicas(**parameters: str) -> list[str]:
        return Read("secretsmanager.yaml", **parameters).copies(name)[1:]

    assert replicas() == ["replica not-known-yet may-appear"]
    assert replicas(Chosen="anywhere") == [f"replica aws:us-east-1 {DEFAULT}"]
    assert replicas(Chosen="nowhere") == []


def test_what_is_attached_to_a_secret_of_the_template_is_no_store_of_its_own() -> None:
    stores = Read("secretsmanager.yaml").stores
    assert [name for name in stores if name.startswith("Attached")] == ["AttachedByArn", "AttachedElsewhere"]
    assert not [store for store in stores.values() if store.kind != "aws.secretsmanager.secret"]


@pytest.mark.parametrize(("name", "place"), [("AttachedByArn", f"aws:{TOKYO}"), ("AttachedElsewhere", "unresolved")])
def test_of_a_secret_that_others_made_only_its_name_is_known(name: str, place: str) -> None:
    primary, replicas = Read("secretsmanager.yaml", SINGAPORE).copies(name)
    assert (primary, replicas) == (f"primary {place} grade None", "replica unresolved may-appear")


def test_a_secret_has_the_name_and_the_tags_of_its_template() -> None:
    store = Read("secretsmanager.yaml").stores["Plain"]
    assert (store.name, store.tags) == ("members/plain", {"data": "personal"})


@pytest.mark.parametrize(("region", "place"), [(SINGAPORE, f"aws:{SINGAPORE}"), (None, "unresolved")])
def test_a_secret_stands_in_the_region_of_its_stack(region: str | None, place: str) -> None:
    assert Read("secretsmanager.yaml", region).place("Plain") == place


def test_a_place_is_said_by_the_region_of_the_stack() -> None:
    (told,) = Read("secretsmanager.yaml").told("ByRef")[1:]
    assert " <- region of secretsmanager.yaml:" in told
