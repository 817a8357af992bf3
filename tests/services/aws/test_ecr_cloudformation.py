"""Where a template puts repositories of images, and where its registry replicates them to."""

from __future__ import annotations

import pytest

from tests.sources.plans import SINGAPORE, TOKYO
from tests.sources.stacks import Read

KEY_ABROAD = f"arn:aws:kms:{SINGAPORE}:123456789012:key/mrk-1"


@pytest.mark.parametrize(
    ("name", "control"),
    [
        ("Plain", "grade 2"),
        ("Aes", "grade 2"),
        ("DefaultKey", "grade 2 provider-managed-key"),
        ("OwnKey", f"grade 3 by Key in aws:{TOKYO}"),
        ("KeyByAlias", f"grade 3 by Key in aws:{TOKYO}"),
        ("KeyAbroad", f"grade None by {KEY_ABROAD} in aws:{SINGAPORE}"),
        ("ChosenKey", "grade None"),
        ("ChosenType", "grade None"),
        ("Perhaps", "grade None"),
    ],
)
def test_a_repository_of_a_template_is_protected_by_what_is_written_or_the_default(name: str, control: str) -> None:
    assert Read("ecr.yaml").copies(name) == [f"primary aws:{TOKYO} {control}"]


@pytest.mark.parametrize(
    ("name", "replicas"),
    [
        (
            "Registry",
            [
                "replica aws:ap-northeast-3 of 123456789012",
                f"replica aws:{SINGAPORE} of 210987654321",
                "replica not-known-yet",
            ],
        ),
        ("PerhapsRules", ["replica not-known-yet may-appear"]),
        ("PerhapsDestinations", ["replica not-known-yet"]),
        ("NoRules", []),
    ],
)
def test_a_registry_of_a_template_replicates_to_the_destinations_of_its_rules(name: str, replicas: list[str]) -> None:
    assert Read("ecr.yaml").copies(name) == [f"primary aws:{TOKYO}", *replicas]


def test_a_parameter_says_where_a_registry_replicates_to() -> None:
    assert Read("ecr.yaml", Chosen="us-east-1").copies("Registry")[3] == "replica aws:us-east-1"
    assert Read("ecr.yaml", Chosen="x").copies("PerhapsRules")[1:] == ["replica aws:us-east-1 of 210987654321"]
    assert Read("ecr.yaml", Chosen="y").copies("PerhapsRules")[1:] == []


def test_what_lets_images_in_and_who_may_read_them_is_no_store() -> None:
    assert not {"Upstream", "Access"} & set(Read("ecr.yaml").stores)


def test_a_repository_has_the_name_and_the_tags_of_its_template() -> None:
    store = Read("ecr.yaml").stores["Plain"]
    assert (store.name, store.tags) == ("members/api", {"data": "personal"})


def test_a_place_is_said_by_the_region_of_the_stack() -> None:
    (told,) = Read("ecr.yaml").told("Plain")[1:]
    assert told == f"primary aws:{TOKYO} grade 2 <- region of ecr.yaml:14"


@pytest.mark.parametrize("name", ["Plain", "Registry"])
@pytest.mark.parametrize(("region", "place"), [(SINGAPORE, f"aws:{SINGAPORE}"), (None, "unresolved")])
def test_a_repository_and_its_registry_stand_in_the_region_of_their_stack(
    name: str, region: str | None, place: str
) -> None:
    assert Read("ecr.yaml", region).place(name) == place
