"""Where a template puts queues, what protects them, and where what could not be delivered goes."""

from __future__ import annotations

import pytest

from tests.sources.plans import SINGAPORE, TOKYO
from tests.sources.stacks import Read

ACCOUNT = "123456789012"
KEY_ABROAD = f"arn:aws:kms:{SINGAPORE}:{ACCOUNT}:key/mrk-1"
DEFAULT = "grade 2"


@pytest.mark.parametrize(
    ("name", "control"),
    [
        ("Undelivered", DEFAULT),
        ("Managed", DEFAULT),
        ("Unencrypted", "grade 0"),
        ("PerhapsManaged", "grade None"),
        ("ByDefaultKey", "grade 2 provider-managed-key"),
        ("ByRef", f"grade 3 by Key in aws:{TOKYO}"),
        ("ByAlias", f"grade 3 by Key in aws:{TOKYO}"),
        ("ByArn", f"grade None by {KEY_ABROAD} in aws:{SINGAPORE}"),
        ("ByChosenKey", "grade None"),
        ("PerhapsByKey", "grade None"),
    ],
)
def test_a_queue_of_a_template_is_protected_by_what_is_written_or_the_default(name: str, control: str) -> None:
    assert Read("sqs.yaml").copies(name) == [f"primary aws:{TOKYO} {control}"]


@pytest.mark.parametrize(
    ("name", "copies"),
    [
        ("ToOwn", ["export unresolved held by tf:s/Undelivered"]),  # that store says where
        ("ToArn", [f"export aws:{SINGAPORE} held by arn:aws:sqs:{SINGAPORE}:{ACCOUNT}:abroad of {ACCOUNT}"]),
        ("ToImport", ["export not-known-yet"]),
        ("AsText", [f"export aws:{TOKYO} held by arn:aws:sqs:{TOKYO}:{ACCOUNT}:here of {ACCOUNT}"]),
        ("AsTextOfOwn", ["export not-known-yet"]),
        ("Perhaps", ["export not-known-yet"]),
        ("Nowhere", ["export unresolved may-appear"]),  # SQS knows no policy without a target
    ],
)
def test_a_redrive_policy_is_read_as_a_mapping_and_as_a_text(name: str, copies: list[str]) -> None:
    assert Read("sqs.yaml").copies(name)[1:] == copies


def test_a_redrive_policy_leads_to_the_queue_that_it_names() -> None:
    assert Read("sqs.yaml").edges == [
        "tf:s/ToOwn -> tf:s/Undelivered",
        f"tf:s/ToArn -> arn:aws:sqs:{SINGAPORE}:{ACCOUNT}:abroad",
        f"tf:s/AsText -> arn:aws:sqs:{TOKYO}:{ACCOUNT}:here",
    ]


def test_a_redrive_policy_says_which_property_it_is() -> None:
    _, mapping = Read("sqs.yaml").told("ToArn")[1:]
    _, text = Read("sqs.yaml").told("AsText")[1:]
    assert " <- RedrivePolicy.deadLetterTargetArn of sqs.yaml:" in mapping
    assert " <- RedrivePolicy of sqs.yaml:" in text


def test_a_queue_has_the_name_and_the_tags_of_its_template() -> None:
    store = Read("sqs.yaml").stores["Undelivered"]
    assert (store.name, store.tags) == ("undelivered", {"data": "personal"})


@pytest.mark.parametrize(("region", "place"), [(SINGAPORE, f"aws:{SINGAPORE}"), (None, "unresolved")])
def test_a_queue_stands_in_the_region_of_its_stack(region: str | None, place: str) -> None:
    assert Read("sqs.yaml", region).place("Undelivered") == place


def test_a_place_is_said_by_the_region_of_the_stack() -> None:
    (told,) = Read("sqs.yaml").told("Managed")[1:]
    assert " <- region of sqs.yaml:" in told
