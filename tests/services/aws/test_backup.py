"""What the answers about vaults, recovery points and backup plans mean."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from residency.clouds.aws.keys import DESCRIBE
from residency.demo.emulator import says
from residency.demo.server import Call, Reply, denied
from residency.model import Edge, SeenFrom, Status, Store
from residency.services.aws import backup
from tests.build import a_copy, a_store, judge, said, save_run
from tests.rules.cases import config_of
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
from tests.sources.plans import Block, Read, a_plan, a_resource, constant, read, refer

OUTSIDE = "copy-outside-territory"
TABLE = f"arn:aws:dynamodb:{TOKYO}:{ACCOUNT}:table/members"
VOLUME = f"arn:aws:ec2:{TOKYO}:{ACCOUNT}:volume/vol-1"
POINT = f"arn:aws:backup:{SINGAPORE}:{ACCOUNT}:recovery-point:1eb3b5e7-9eb0-435a-a80b-108b488b0d45"
CUSTOMERS, OWNED = "CUSTOMER_MANAGED_KMS_KEY", "AWS_OWNED_KMS_KEY"


def vault_arn(name: str = "members", region: str = TOKYO, account: str = ACCOUNT) -> str:
    return f"arn:aws:backup:{region}:{account}:backup-vault:{name}"


DR = vault_arn("dr", SINGAPORE)


def vault(tags: Any = None, **more: Any) -> dict[str, Any]:
    listed = {"BackupVaultName": "members", "BackupVaultArn": vault_arn(), "VaultType": "BACKUP_VAULT"} | more
    tagged = tags if tags is REFUSED else {"Tags": tags or {}}
    return {backup.VAULTS: {"BackupVaultList[]": listed}, backup.TAGGED: tagged, DESCRIBE: {KEY: key_metadata()}}


def point(arn: str = POINT, first: bool = True, **more: Any) -> dict[str, Any]:
    listed = {"RecoveryPointArn": arn, "BackupVaultArn": DR, "ResourceArn": TABLE, "ResourceName": "members"} | more
    body = {backup.POINTS: {"RecoveryPoints[]": listed}, "@tags": backup.NOT_ASKED, "@first": first}
    return body | {DESCRIBE: {KEY: key_metadata()}}


def plan(*rules: Block) -> dict[str, Any]:
    return {
        backup.PLANS: {"BackupPlansList[]": {"BackupPlanId": "p-1"}},
        backup.PLAN: {"BackupPlan": {"BackupPlanName": "daily", "Rules": list(rules)}},
    }


def rule(*destinations: str, vault: str = "members", **more: Any) -> Block:
    copied = {"CopyActions": [{"DestinationBackupVaultArn": arn} for arn in destinations]} if destinations else {}
    return {"RuleName": "daily", "TargetBackupVaultName": vault} | copied | more


def records(body: dict[str, Any], region: str = TOKYO) -> list[Store | Edge]:
    place = next(listing.place for listing in backup.LISTINGS if listing.call in body)
    return list(place(live(body, region)))


def edges(body: dict[str, Any], region: str = TOKYO) -> list[str]:
    found = [record for record in records(body, region) if isinstance(record, Edge)]
    return [f"{edge.role} {edge.source} -> {edge.target} at {edge.target_place}" for edge in found]


# --- vaults -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("tags", "told"), [({"data": "personal"}, {"data": "personal"}), ({}, {}), (REFUSED, None)])
def test_a_vault_is_named_and_tagged_as_it_is_described(tags: Any, told: Any) -> None:
    store, found = placed(backup.place_vault(live(vault(tags))))
    assert (store.id, store.kind, store.name, store.tags) == (vault_arn(), "aws.backup.vault", "members", told)
    assert found == []


@pytest.mark.parametrize(
    ("said", "control"),
    [
        ({"EncryptionKeyArn": KEY, "EncryptionKeyType": CUSTOMERS}, "grade 3"),
        ({"EncryptionKeyArn": KEY}, "grade 3"),
        ({"EncryptionKeyType": OWNED, "EncryptionKeyArn": KEY.replace(ACCOUNT, PARTNER)}, "grade 2"),
        ({"EncryptionKeyArn": KEY.replace(ACCOUNT, PARTNER)}, "grade None"),
        ({}, "grade None"),
    ],
)
def test_a_vault_has_the_grade_of_its_key(said: dict[str, Any], control: str) -> None:
    assert lines(placed(backup.place_vault(live(vault(**said))))[0]) == [f"primary aws:{TOKYO} {control}"]


# --- recovery points --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "control"),
    [
        ({"IsEncrypted": False}, "grade 0"),
        ({"IsEncrypted": True, "EncryptionKeyArn": KEY}, "grade 3"),
        ({"IsEncrypted": True, "EncryptionKeyType": OWNED}, "grade 2"),
        ({"IsEncrypted": True}, "grade None"),
        ({}, "grade None"),
    ],
)
def test_a_recovery_point_stands_in_the_region_of_its_vault(said: dict[str, Any], control: str) -> None:
    store = records(point(**said))[0]
    assert isinstance(store, Store)
    assert (store.id, store.name, store.tags) == (POINT, "members", None)
    assert lines(store) == [f"primary aws:{SINGAPORE} {control}"]


def test_a_recovery_point_without_a_vault_stands_nowhere() -> None:
    store = records(point(BackupVaultArn=None))[0]
    assert isinstance(store, Store)
    assert lines(store) == ["primary unresolved grade None"]


def test_a_resource_is_in_its_recovery_points_and_once_in_their_vault() -> None:
    in_point = f"backup {TABLE} -> {POINT} at aws:{SINGAPORE}"
    assert edges(point()) == [in_point, f"backup {TABLE} -> {DR} at aws:{SINGAPORE}"]
    assert edges(point(first=False)) == [in_point]
    assert edges(point(ResourceArn=None)) == []


@pytest.mark.parametrize(("source", "field"), [(vault_arn(), "SourceBackupVaultArn"), (None, "ResourceArn")])
def test_a_copied_recovery_point_says_so(source: str | None, field: str) -> None:
    edge = records(point(SourceBackupVaultArn=source))[1]
    assert isinstance(edge, Edge)
    assert (edge.seen_from, edge.target_account) == (SeenFrom.TARGET, ACCOUNT)
    assert [text.field for text in edge.said_by] == [f"RecoveryPoints[].{field}"]


@pytest.mark.parametrize(
    ("arn", "role"),
    [
        (f"arn:aws:ec2:{SINGAPORE}::snapshot/snap-1", "snapshot"),
        (f"arn:aws:ec2:{SINGAPORE}::image/ami-1", "snapshot"),
        (f"arn:aws:rds:{SINGAPORE}:{ACCOUNT}:snapshot:awsbackup:job-1", "snapshot"),
        (f"arn:aws:dynamodb:{SINGAPORE}:{ACCOUNT}:table/members/backup/0151", "backup"),
    ],
)
def test_what_another_service_lists_is_a_relation_here(arn: str, role: str) -> None:
    assert edges(point(arn)) == [
        f"{role} {TABLE} -> {arn} at aws:{SINGAPORE}",
        f"backup {TABLE} -> {DR} at aws:{SINGAPORE}",
    ]
    assert not [record for record in records(point(arn)) if isinstance(record, Store)]


def test_what_no_service_lists_is_a_store_here() -> None:
    arn = f"arn:aws:fsx:{SINGAPORE}:{ACCOUNT}:backup/backup-1"
    assert [record.id for record in records(point(arn)) if isinstance(record, Store)] == [arn]


# --- plans ------------------------------------------------------------------------------------

LOCKED, PARTNERS = vault_arn("locked"), vault_arn("partner", "eu-west-2", PARTNER)


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ([rule()], []),
        ([rule(DR)], [f"{DR} at aws:{SINGAPORE}"]),
        ([rule(DR), rule(DR)], [f"{DR} at aws:{SINGAPORE}"] * 2),  # one relation when they are joined
        (
            [rule(vault_arn("far", "eu-west-2", PARTNER))],
            [f"{vault_arn('far', 'eu-west-2', PARTNER)} at aws:eu-west-2"],
        ),
        ([rule(TargetLogicallyAirGappedBackupVaultArn=LOCKED)], [f"{LOCKED} at aws:{TOKYO}"]),
    ],
)
def test_a_plan_leads_from_the_vault_that_it_writes_to_to_those_that_it_copies_to(
    rules: list[Block], told: list[str]
) -> None:
    assert edges(plan(*rules)) == [f"backup {vault_arn()} -> {text}" for text in told]


def test_a_plan_that_nobody_may_read_is_a_gap_and_no_store() -> None:
    assert records({**plan(), backup.PLAN: REFUSED}) == []


# --- what follows from them -------------------------------------------------------------------


def outside(tmp_path: Path, *facts: Store | Edge) -> list[tuple[str, str | None, str | None]]:
    """Store, role and holder of every personal copy outside."""
    _, findings = judge(save_run(tmp_path / "run.jsonl", *facts), config_of())
    found = [finding.subject for finding in said(findings, OUTSIDE)]
    return sorted((subject.id, subject.role and subject.role.value, subject.holder) for subject in found)


def a_table() -> Store:
    return a_store(TABLE, a_copy(f"aws:{TOKYO}"), kind="aws.dynamodb.table")


def far_vault() -> list[Store | Edge]:
    named = {"BackupVaultName": "dr", "BackupVaultArn": DR, "EncryptionKeyArn": KEY}
    return records(vault(**named), SINGAPORE)


def test_a_vault_with_a_personal_backup_is_personal_and_so_is_what_its_plan_copies(tmp_path: Path) -> None:
    here = f"arn:aws:backup:{TOKYO}:{ACCOUNT}:recovery-point:1"
    kept = records(point(here, BackupVaultArn=vault_arn(), IsEncrypted=True, EncryptionKeyArn=KEY))
    near = records(vault(EncryptionKeyArn=KEY))
    assert outside(tmp_path, a_table(), *near, *kept, *far_vault(), *records(plan(rule(DR)))) == [
        (vault_arn(), "backup", DR)
    ]


def test_a_copy_in_another_region_is_told_of_its_resource(tmp_path: Path) -> None:
    copied = records(point(SourceBackupVaultArn=vault_arn(), IsEncrypted=True, EncryptionKeyArn=KEY), SINGAPORE)
    found = outside(tmp_path, a_table(), *copied, *far_vault())
    assert found == [(TABLE, "backup", DR), (TABLE, "backup", POINT)]


def test_a_snapshot_that_was_copied_by_a_plan_is_known_as_its_volumes(tmp_path: Path) -> None:
    arn = f"arn:aws:ec2:{SINGAPORE}::snapshot/snap-1"
    volume = a_store(VOLUME, a_copy(f"aws:{TOKYO}"), kind="aws.ebs.volume")
    snapshot = a_store(arn, a_copy(f"aws:{SINGAPORE}"), kind="aws.ebs.snapshot", tags={})
    facts = records(point(arn, ResourceArn=VOLUME, first=False), SINGAPORE)
    assert outside(tmp_path, volume, snapshot, *facts) == [(VOLUME, "snapshot", arn)]


def test_a_vault_that_holds_nothing_personal_is_no_violation(tmp_path: Path) -> None:
    public = a_store(TABLE, a_copy(f"aws:{TOKYO}"), kind="aws.dynamodb.table", tags={"data": "public"})
    facts = records(point(BackupVaultArn=vault_arn()))
    assert outside(tmp_path, public, *facts, *records(vault()), *far_vault(), *records(plan(rule(DR)))) == []


# --- listed for real --------------------------------------------------------------------------


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    with a_server_to_list(monkeypatch) as served:
        yield served


VAULTS, POINTS, PLANS = backup.LISTINGS


def test_vaults_are_listed_with_their_tags_and_their_key(at: Served) -> None:
    key = at.client("kms").create_key()["KeyMetadata"]["Arn"]
    tags = {PERSONAL["Key"]: PERSONAL["Value"]}
    at.client("backup").create_backup_vault(BackupVaultName="members", EncryptionKeyArn=key, BackupVaultTags=tags)
    at.client("backup").create_backup_vault(BackupVaultName="orders")
    found = Listed(at, VAULTS)
    assert (found.status, found.gaps) == (Status.LISTED, [])
    # Of a vault without a key of its own moto names none, where the service names the one of alias/aws/backup.
    assert found.lines == {"members": [f"primary aws:{TOKYO} grade 3"], "orders": [f"primary aws:{TOKYO} grade None"]}
    assert {store.id: store.tags for store in found.stores.values()} == {vault_arn(): tags, vault_arn("orders"): {}}


def test_a_vault_whose_tags_nobody_may_read_has_none_that_are_known(at: Served) -> None:
    at.client("backup").create_backup_vault(BackupVaultName="members")
    with at.rules(when("backup", "ListTags", denied())):
        found = Listed(at, VAULTS)
    assert found.gaps == [(vault_arn(), backup.TAGGED, Status.DENIED)]
    assert found.stores["members"].tags is None


def test_a_key_that_aws_owns_is_not_asked_for(at: Served) -> None:
    listed = {"BackupVaultName": "locked", "BackupVaultArn": LOCKED, "EncryptionKeyType": OWNED}
    listed |= {"VaultType": "LOGICALLY_AIR_GAPPED_BACKUP_VAULT", "EncryptionKeyArn": KEY}
    answers = when("backup", "ListBackupVaults", says({"BackupVaultList": [listed]}))
    with at.rules(answers, when("backup", "ListTags", says({"Tags": {}}))):
        found = Listed(at, VAULTS)
    assert (found.lines, found.gaps) == ({"locked": [f"primary aws:{TOKYO} grade 2"]}, [])


def recovery_points(**pages: list[Block]) -> Any:
    """Answers ListRecoveryPointsByBackupVault by the vault that stands in its path, one page each."""

    def answer(call: Call) -> Reply | None:
        if call.name != backup.POINTS:
            return None
        vault = call.path.split("/")[2]
        return says({"NextToken": None, "RecoveryPoints": pages.get(vault, [])})

    return answer


def test_recovery_points_are_listed_vault_by_vault(at: Served) -> None:
    key = at.client("kms").create_key()["KeyMetadata"]["Arn"]
    for name in ("members", "orders"):
        at.client("backup").create_backup_vault(BackupVaultName=name)
    own = [f"arn:aws:backup:{TOKYO}:{ACCOUNT}:recovery-point:{n}" for n in (1, 2)]
    common = {"BackupVaultArn": vault_arn(), "ResourceArn": TABLE, "Status": "COMPLETED", "CreationDate": 1.7e9}
    members = [
        common | {"RecoveryPointArn": arn, "ResourceName": arn[-1], "IsEncrypted": True, "EncryptionKeyArn": key}
        for arn in own
    ]
    snapshot = f"arn:aws:ec2:{TOKYO}::snapshot/snap-1"
    orders = [common | {"RecoveryPointArn": snapshot, "BackupVaultArn": vault_arn("orders"), "ResourceArn": VOLUME}]
    with at.rules(recovery_points(members=members, orders=orders)) as layer:
        found = Listed(at, POINTS)
    assert (found.status, found.gaps) == (Status.LISTED, [])
    assert found.lines == {"1": [f"primary aws:{TOKYO} grade 3"], "2": [f"primary aws:{TOKYO} grade 3"]}
    assert [(edge.source, edge.target) for edge in found.edges] == [
        (TABLE, own[0]),
        (TABLE, vault_arn()),
        (TABLE, own[1]),
        (VOLUME, snapshot),
        (VOLUME, vault_arn("orders")),
    ]
    assert [call.action for call in layer.calls].count("DescribeKey") == 1


def test_a_vault_that_refuses_its_recovery_points_is_a_gap_of_the_listing(at: Served) -> None:
    at.client("backup").create_backup_vault(BackupVaultName="members")
    with at.rules(when("backup", "ListRecoveryPointsByBackupVault", denied())):
        found = Listed(at, POINTS)
    assert (found.status, found.gaps) == (Status.PARTIAL, [(None, backup.POINTS, Status.DENIED)])


def test_plans_are_listed_with_what_they_copy(at: Served) -> None:
    client = at.client("backup")
    wanted = rule(DR, TargetLogicallyAirGappedBackupVaultArn=LOCKED)
    client.create_backup_plan(BackupPlan={"BackupPlanName": "daily", "Rules": [wanted]})
    found = Listed(at, PLANS)
    assert (found.status, found.gaps, found.stores) == (Status.LISTED, [], {})
    assert [(e.source, e.target, str(e.target_place), e.target_account) for e in found.edges] == [
        (vault_arn(), DR, f"aws:{SINGAPORE}", ACCOUNT),
        (vault_arn(), LOCKED, f"aws:{TOKYO}", ACCOUNT),
    ]


def test_a_plan_that_refuses_is_a_gap_of_the_plan(at: Served) -> None:
    made = at.client("backup").create_backup_plan(BackupPlan={"BackupPlanName": "daily", "Rules": [rule()]})
    with at.rules(when("backup", "GetBackupPlan", denied())):
        found = Listed(at, PLANS)
    assert (found.edges, found.gaps) == ([], [(made["BackupPlanArn"], backup.PLAN, Status.DENIED)])


# --- as code ----------------------------------------------------------------------------------


def planned(name: str, plan: str = "backups") -> list[str]:
    return [text.partition(" <-")[0] for text in read(plan).told(name)[1:]]


@pytest.mark.parametrize(
    ("name", "copies"),
    [
        ("aws_backup_vault.here", [f"primary aws:{TOKYO} grade 3 by aws_kms_key.own in aws:{TOKYO}"]),
        ("aws_backup_vault.sg", [f"primary aws:{SINGAPORE} grade 2 provider-managed-key"]),
        ("aws_backup_vault.chosen", ["primary aws:us-east-1 grade 2 provider-managed-key"]),
        ("aws_backup_logically_air_gapped_vault.locked", [f"primary aws:{TOKYO} grade 2"]),
    ],
)
def test_a_planned_vault_stands_where_its_template_says(name: str, copies: list[str]) -> None:
    assert planned(name) == copies


@pytest.mark.parametrize(
    ("name", "copies"),
    [
        (
            "aws_backup_plan.of_members",
            [
                f"backup aws:{TOKYO} held by tf:s/aws_backup_vault.here",
                f"backup aws:eu-west-2 held by {PARTNERS} of {PARTNER}",
                "backup unresolved held by tf:s/aws_backup_vault.sg",
                "backup unresolved held by tf:s/aws_backup_logically_air_gapped_vault.locked",
            ],
        ),
        ("aws_backup_plan.default", ["backup unresolved held by tf:s/aws_backup_vault.chosen"]),
        # A plan prints the elements of a set without saying which expression filled which.
        (
            "aws_backup_plan.mixed",
            [f"backup aws:us-west-2 held by {vault_arn('far', 'us-west-2')} of {ACCOUNT}", "backup not-known-yet"],
        ),
        # Of a plan that others made only its selection is known.
        ("aws_backup_selection.of_stranger", ["backup unresolved may-appear"]),
    ],
)
def test_a_planned_plan_has_its_backups_where_its_rules_say(name: str, copies: list[str]) -> None:
    metadata, *found = planned(name)
    assert (metadata, sorted(found)) == (f"metadata aws:{TOKYO}", sorted(copies))


def test_a_locked_vault_has_the_key_that_a_newer_provider_gives_it() -> None:
    """Version 5 of the provider has neither that attribute nor that of the rule."""
    locked, plan = "aws_backup_logically_air_gapped_vault.locked", "aws_backup_plan.default"
    key = f"grade 3 by aws_kms_key.own in aws:{SINGAPORE}"
    assert planned(locked, "provider6_backups") == [f"primary aws:{SINGAPORE} {key}"]
    copies = [f"metadata aws:{SINGAPORE}", f"backup unresolved held by tf:s/{locked}"]
    assert planned(plan, "provider6_backups") == copies


def test_a_plan_of_another_region_stands_there() -> None:
    assert planned("aws_backup_plan.sg") == [f"metadata aws:{SINGAPORE}"]


MEMBERS = "tf:s/aws_backup_plan.of_members"
FILES = f"arn:aws:elasticfilesystem:{TOKYO}:{ACCOUNT}:file-system/fs-11111111"


def test_what_a_selection_names_is_in_the_backups_of_its_plan() -> None:
    found = [edge for edge in read("backups").edges if edge.partition(" -> ")[2].startswith("tf:s/aws_backup_")]
    selected = [edge for edge in found if not edge.startswith("tf:s/aws_backup_plan")]
    assert sorted(selected) == [
        f"{FILES} -> tf:s/aws_backup_plan.default",
        "tf:s/aws_dynamodb_table.members -> tf:s/aws_backup_plan.of_members",
        "tf:s/aws_dynamodb_table.members -> tf:s/aws_backup_selection.of_stranger",
        "tf:s/aws_ebs_volume.members -> tf:s/aws_backup_plan.of_members",
    ]


def test_a_selection_of_several_resources_of_the_plan_names_them_all() -> None:
    tables = [a_resource(f"aws_dynamodb_table.{n}", {"name": n}, {"arn": True, "id": True}) for n in ("one", "two")]
    chosen = a_resource(
        "aws_backup_selection.s",
        {},
        {"plan_id": True, "resources": True},
        {
            "plan_id": refer("aws_backup_plan.p.id"),
            "resources": refer("aws_dynamodb_table.one.arn", "aws_dynamodb_table.two.arn"),
        },
    )
    found = Read(a_plan(*tables, a_backup_plan({"target_vault_name": "Default"}), chosen)).edges
    assert found == [f"tf:s/aws_dynamodb_table.{n} -> tf:s/aws_backup_plan.p" for n in ("one", "two")]


def a_backup_plan(rule: Block, unknown: Block | None = None) -> Block:
    written = {name: constant(value) for name, value in rule.items() if isinstance(value, str)}
    return a_resource("aws_backup_plan.p", {"rule": [rule]}, {"id": True, "rule": [unknown or {}]}, {"rule": [written]})


@pytest.mark.parametrize(
    ("rule", "unknown", "copy"),
    [
        ({"target_logically_air_gapped_backup_vault_arn": DR}, {}, f"backup aws:{SINGAPORE} held by {DR} of {ACCOUNT}"),
        ({"copy_action": [{"destination_vault_arn": DR}]}, {}, f"backup aws:{SINGAPORE} held by {DR} of {ACCOUNT}"),
        ({"copy_action": [{}]}, {"copy_action": [{"destination_vault_arn": True}]}, "backup not-known-yet"),
        ({}, {"copy_action": True}, "backup not-known-yet may-appear"),
    ],
)
def test_a_rule_copies_to_vaults_that_are_known_and_to_those_that_are_not(
    rule: Block, unknown: Block, copy: str
) -> None:
    made = Read(a_plan(a_backup_plan({"target_vault_name": "Default"} | rule, unknown)))
    _, *found = (text.partition(" <-")[0] for text in made.told("aws_backup_plan.p")[1:])
    assert found == [copy]


def test_a_vault_of_the_same_name_as_another_thing_is_not_taken_for_it() -> None:
    """The name of a vault is its id: what else the plan calls so, or has in another region, is something else."""
    names = {"name": "members", "id": "members"}
    far = a_resource("aws_backup_vault.far", names | {"arn": DR})
    told = Read(a_plan(far, a_backup_plan({"target_vault_name": "members"}))).told("aws_backup_plan.p")
    assert [text.partition(" <-")[0] for text in told[1:]] == [f"metadata aws:{TOKYO}"]


def test_a_planned_copy_abroad_is_a_finding_of_the_plan(tmp_path: Path) -> None:
    _, findings = judge(save_run(tmp_path / "run.jsonl", *read("backups").records), config_of())
    found = [finding.subject for finding in said(findings, OUTSIDE)]
    assert sorted((subject.id, str(subject.place)) for subject in found) == [
        (MEMBERS, f"aws:{SINGAPORE}"),
        (MEMBERS, "aws:eu-west-2"),
    ]
