"""Where a template puts vaults, and where its plans write and copy backups to."""

from __future__ import annotations

import pytest

from tests.sources.plans import SINGAPORE, TOKYO
from tests.sources.stacks import Read

ACCOUNT, PARTNER = "123456789012", "210987654321"
KEY_ABROAD = f"arn:aws:kms:{SINGAPORE}:{ACCOUNT}:key/mrk-1"
TO_VAULT = f"backup aws:{TOKYO} held by tf:s/Vault"


def vault(region: str, account: str, name: str) -> str:
    return f"arn:aws:backup:{region}:{account}:backup-vault:{name}"


@pytest.mark.parametrize(
    ("name", "control"),
    [
        ("Vault", "grade 2 provider-managed-key"),
        ("OwnKey", f"grade 3 by Key in aws:{TOKYO}"),
        ("KeyAbroad", f"grade None by {KEY_ABROAD} in aws:{SINGAPORE}"),
        ("ChosenKey", "grade None"),
        ("Locked", "grade 2"),  # a key that AWS owns
        ("LockedOwnKey", f"grade 3 by Key in aws:{TOKYO}"),
        ("LockedChosenKey", "grade None"),
    ],
)
def test_a_vault_of_a_template_has_the_key_that_it_names_or_the_default(name: str, control: str) -> None:
    assert Read("backup.yaml").copies(name) == [f"primary aws:{TOKYO} {control}"]


@pytest.mark.parametrize(
    ("address", "name", "tags"),
    [
        ("Vault", "members", {"data": "personal"}),
        ("LockedOwnKey", "locked-own-key", {"data": "personal"}),
        ("Locked", "locked", {}),
        ("ChosenKey", "chosen-key", None),
        ("Plan", "nightly", {"team": "data"}),
    ],
)
def test_vaults_and_plans_have_the_name_and_the_tags_of_their_template(
    address: str, name: str, tags: dict[str, str] | None
) -> None:
    store = Read("backup.yaml").stores[address]
    assert (store.name, store.tags) == (name, tags)


@pytest.mark.parametrize(
    ("name", "backups"),
    [
        (
            "Plan",
            [
                TO_VAULT,
                f"backup aws:ap-northeast-3 held by {vault('ap-northeast-3', ACCOUNT, 'dr')} of {ACCOUNT}",
                f"backup aws:{SINGAPORE} held by {vault(SINGAPORE, PARTNER, 'partner')} of {PARTNER}",
                "backup unresolved held by tf:s/OwnKey",  # that store says where
                "backup not-known-yet",
                "backup unresolved held by tf:s/Locked",
            ],
        ),
        ("PlanByName", []),  # in whichever vault of that name, in the region of the plan
        ("PerhapsCopied", [TO_VAULT, "backup not-known-yet may-appear"]),
        ("PerhapsRuled", ["backup not-known-yet may-appear"]),
        # Of a plan that others made only its selection is known.
        ("SelectionOfAnotherPlan", ["backup unresolved may-appear"]),
    ],
)
def test_a_plan_of_a_template_has_its_backups_where_its_rules_say(name: str, backups: list[str]) -> None:
    assert Read("backup.yaml").copies(name) == [f"metadata aws:{TOKYO}", *backups]


def test_a_parameter_says_where_a_plan_copies_to() -> None:
    abroad = vault("us-east-1", ACCOUNT, "chosen")
    told = f"backup aws:us-east-1 held by {abroad} of {ACCOUNT}"
    assert told in Read("backup.yaml", Chosen=abroad).copies("Plan")
    by_condition = Read("backup.yaml", Chosen="x").copies("PerhapsCopied")
    assert by_condition[2:] == [f"backup aws:us-east-1 held by {vault('us-east-1', ACCOUNT, 'dr')} of {ACCOUNT}"]
    assert Read("backup.yaml", Chosen="y").copies("PerhapsCopied")[2:] == []


def test_what_a_selection_names_is_in_the_backups_of_its_plan() -> None:
    selected = [edge for edge in Read("backup.yaml").edges if not edge.startswith(("tf:s/Plan", "tf:s/Perhaps"))]
    assert selected == [
        "tf:s/Table -> tf:s/Plan",
        "arn:aws:s3:::members-exports -> tf:s/Plan",
        f"arn:aws:ec2:{TOKYO}:{ACCOUNT}:volume/vol-0123456789abcdef0 -> tf:s/Plan",
        "tf:s/Table -> tf:s/SelectionOfAnotherPlan",
    ]


def test_what_a_parameter_selects_is_in_the_backups_too() -> None:
    table = f"arn:aws:dynamodb:{TOKYO}:{ACCOUNT}:table/orders"
    assert f"{table} -> tf:s/Plan" in Read("backup.yaml", Chosen=table).edges


def test_a_plan_leads_to_the_vaults_of_its_template_and_to_others() -> None:
    assert [edge for edge in Read("backup.yaml").edges if edge.startswith("tf:s/Plan ")] == [
        "tf:s/Plan -> tf:s/Vault",
        f"tf:s/Plan -> {vault('ap-northeast-3', ACCOUNT, 'dr')}",
        f"tf:s/Plan -> {vault(SINGAPORE, PARTNER, 'partner')}",
        "tf:s/Plan -> tf:s/OwnKey",
        "tf:s/Plan -> tf:s/Locked",
    ]


@pytest.mark.parametrize("name", ["Vault", "Locked"])
def test_the_place_of_a_vault_is_said_by_the_region_of_its_stack(name: str) -> None:
    (told,) = Read("backup.yaml").told(name)[1:]
    assert " <- region of backup.yaml:" in told


@pytest.mark.parametrize("name", ["Vault", "Locked", "Plan"])
@pytest.mark.parametrize(("region", "place"), [(SINGAPORE, f"aws:{SINGAPORE}"), (None, "unresolved")])
def test_vaults_and_plans_stand_in_the_region_of_their_stack(name: str, region: str | None, place: str) -> None:
    assert Read("backup.yaml", region).place(name) == place
