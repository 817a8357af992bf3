"""AWS Backup: vaults, the recovery points in them, and the plans that copy to other vaults.

A vault stands in its region, and so does what is in it. A recovery point that another service lists under
its own name (an EBS snapshot) is told of there; here it is a relation between the resource and that name. A
vault holds what was backed up to it, so each resource of its recovery points is a source of the vault too:
that makes the destinations of a plan's copies personal where the vault is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from residency.clouds.answers import Body, Document, Unknown, edges_of
from residency.clouds.aws import copies, keys
from residency.clouds.aws.arn import parse_arn
from residency.model import Control, Copy, Edge, Role, SeenFrom, State, Store, Why
from residency.services.base import REGION, TAGS, Always, Each, Listing, Placed, Scope, Several, Template, TemplateField

if TYPE_CHECKING:
    from residency.clouds.aws.api import Api

VAULTS, TAGGED, POINTS = "backup:ListBackupVaults", "backup:ListTags", "backup:ListRecoveryPointsByBackupVault"
PLANS, PLAN = "backup:ListBackupPlans", "backup:GetBackupPlan"
VAULT, POINT, RULES = f"{VAULTS}.BackupVaultList[]", f"{POINTS}.RecoveryPoints[]", f"{PLAN}.BackupPlan.Rules[]"
VAULT_ARN = "arn:{partition}:backup:{region}:{account}:backup-vault:{0}"
# What a template's selections assign to its plan, one answer for each of them; live, recovery points tell.
SELECTED = "backup:GetBackupSelection.BackupSelection"

VAULT_NEEDS = {VAULTS: VAULTS, TAGGED: TAGGED, **keys.NEEDS}
POINT_NEEDS = {VAULTS: VAULTS, POINTS: POINTS, **keys.NEEDS}
PLAN_NEEDS = {PLANS: PLANS, PLAN: PLAN}
MOST_TAGS = 1000  # of one page (AWS Backup API reference, ListTags, MaxResults): more than a vault can have
OWNED = "AWS_OWNED_KMS_KEY"
# The services that list these recovery points as their own, and what one is to its resource there. That RDS does
# so without being asked for them is what other tools find (aquasecurity/cloudsploit, pull request 1115).
LISTED_ELSEWHERE = {"ec2": Role.SNAPSHOT, "rds": Role.SNAPSHOT, "dynamodb": Role.BACKUP}
# A call for each recovery point, for tags that its resource has as well.
NOT_ASKED = Unknown(Why.UNRESOLVED, "tags of recovery points are not asked for")


# --- live -------------------------------------------------------------------------------------


def vaults(api: Api) -> Iterator[Body]:
    yield from api.spread(_follow, api.each(VAULTS, "BackupVaultList[]", "BackupVaultArn"))


def _follow(api: Api, body: Body) -> Body:
    listed = body[VAULTS]["BackupVaultList[]"]
    arn = listed["BackupVaultArn"]
    api.ask(body, TAGGED, expect="Tags", subject=arn, ResourceArn=arn, MaxResults=MOST_TAGS)
    _describe_key(api, body, listed, arn)
    return body


def _describe_key(api: Api, body: Body, listed: Body, subject: str) -> None:
    """A key that AWS owns stands in no account that could be asked."""
    if listed.get("EncryptionKeyType") != OWNED:
        keys.describe(api, body, listed.get("EncryptionKeyArn"), subject=subject, region=api.region)


def recovery_points(api: Api) -> Iterator[Body]:
    for vault in api.each(VAULTS, "BackupVaultList[]", "BackupVaultName"):
        name, resources = vault[VAULTS]["BackupVaultList[]"]["BackupVaultName"], set()
        for body in api.each(POINTS, "RecoveryPoints[]", "RecoveryPointArn", BackupVaultName=name):
            listed = body[POINTS]["RecoveryPoints[]"]
            resource = listed.get("ResourceArn")
            if _is_listed_here(listed["RecoveryPointArn"]):
                _describe_key(api, body, listed, listed["RecoveryPointArn"])
            yield body | {"@tags": NOT_ASKED, "@first": resource not in resources}
            resources.add(resource)


def plans(api: Api) -> Iterator[Body]:
    yield from api.spread(_rules, api.each(PLANS, "BackupPlansList[]", "BackupPlanId"))


def _rules(api: Api, body: Body) -> Body:
    name = body[PLANS]["BackupPlansList[]"]["BackupPlanId"]
    # Which vaults it would name is not known: what cannot be read is a gap of the plan, and no copy of a store.
    subject = f"arn:{api.partition}:backup:{api.region}:{api.cell.account}:backup-plan:{name}"
    api.ask(body, PLAN, expect="BackupPlan.Rules", subject=subject, BackupPlanId=name)
    return body


# --- what a document says ---------------------------------------------------------------------


def place_vault(vault: Document) -> Placed:
    arn = vault.get(f"{VAULT}.BackupVaultArn")
    said = vault.said(f"{VAULT}.BackupVaultArn" if arn else "@region")
    primary = vault.copy(Role.PRIMARY, _here(vault), said, control=_control(vault, VAULT))
    yield vault.store(
        "aws.backup.vault",
        vault.id("{arn}", arn=arn),
        vault.get(f"{VAULT}.BackupVaultName"),
        (primary, *keys.replicas(vault, vault.get(f"{VAULT}.EncryptionKeyArn"))),
        tags=f"{TAGGED}.Tags",
    )


def _here(document: Document) -> Any:
    return document.origin.region or document.get("@region")


def _control(document: Document, path: str) -> Control:
    """The key of a vault protects what AWS Backup encrypts itself; other services keep the key of the resource."""
    key, kind = (document.get(f"{path}.{field}") for field in ("EncryptionKeyArn", "EncryptionKeyType"))
    said = document.said(f"{path}.EncryptionKeyArn")
    if kind == OWNED:
        return keys.plain(keys.PROVIDER_OWNED, document.said(f"{path}.EncryptionKeyType"))
    if key is not None:
        return keys.of_key(document, key, said)
    if not document.origin.planned:
        return keys.plain(None, said)
    if document.get(f"{VAULT}.VaultType") == "LOGICALLY_AIR_GAPPED_BACKUP_VAULT":
        # Without a key it is one that AWS owns (API reference, CreateLogicallyAirGappedBackupVault).
        return keys.plain(keys.PROVIDER_OWNED, said)
    # Without a key it is alias/aws/backup (API reference, BackupVaultListMember, EncryptionKeyArn: one is made).
    return keys.plain(keys.PROVIDER_OWNED, said, "provider-managed-key")


def place_recovery_point(point: Document) -> Placed:
    arn, vault, resource = (
        point.get(f"{POINT}.{field}") for field in ("RecoveryPointArn", "BackupVaultArn", "ResourceArn")
    )
    if _is_listed_here(arn):
        known, said = parse_arn(vault), point.said(f"{POINT}.BackupVaultArn")
        primary = point.copy(Role.PRIMARY, known.region if known else None, said, control=_control_of_point(point))
        found = (primary, *keys.replicas(point, point.get(f"{POINT}.EncryptionKeyArn")))
        yield point.store("aws.backup.recovery-point", arn, point.get(f"{POINT}.ResourceName"), found, tags="@tags")
    # Only what was copied from another vault names that vault.
    copied = point.get(f"{POINT}.SourceBackupVaultArn")
    said = point.said(f"{POINT}.{'SourceBackupVaultArn' if copied else 'ResourceArn'}")
    in_vault = copies.at_arn(point, Role.BACKUP, vault, said)
    yield from _flow(resource, _held_by(arn, in_vault), SeenFrom.TARGET)
    if point.get("@first"):
        yield from _flow(resource, in_vault, SeenFrom.TARGET)


def _is_listed_here(arn: Any) -> bool:
    name = parse_arn(arn)
    return name is None or name.service not in LISTED_ELSEWHERE


def _held_by(arn: Any, copy: Copy) -> Copy:
    """The same copy as the recovery point that it is, which stands where its vault stands."""
    name = parse_arn(arn)
    role = LISTED_ELSEWHERE.get(name.service, copy.role) if name else copy.role
    return Copy(role=role, place=copy.place, why=copy.why, holder=arn, account=copy.account, said_by=copy.said_by)


def _control_of_point(point: Document) -> Control:
    encrypted = point.get(f"{POINT}.IsEncrypted")
    if encrypted is False:
        return keys.plain(keys.UNENCRYPTED, point.said(f"{POINT}.IsEncrypted"))
    return _control(point, POINT) if encrypted else keys.plain(None, point.said(f"{POINT}.IsEncrypted"))


def _flow(source: str | None, copy: Copy, seen: SeenFrom) -> Iterator[Edge]:
    """The relation by which a store that this document is not has a copy."""
    if source and source != copy.holder:
        yield Edge(
            source=source,
            target=copy.holder,
            role=copy.role,
            target_place=copy.place,
            target_account=copy.account,
            seen_from=seen,
            said_by=copy.said_by,
        )


def place_plan(plan: Document) -> Placed:
    """From the vault that a rule writes to, in the plan's region, to every vault that it copies to."""
    rules = plan.each(RULES)
    if plan.origin.planned:
        yield from _place_planned(plan, rules)
        return
    for rule in [] if isinstance(rules, Unknown) else rules:
        vault = plan.id_of(VAULT_ARN, rule.get("TargetBackupVaultName"), plan.origin.region)
        for copy in _copied(rule):
            yield from _flow(vault, copy, SeenFrom.SOURCE)


def _place_planned(plan: Document, rules: list[Document] | Unknown) -> Placed:
    """In a template the plan is a store: it may write to a vault that only a name tells of, in whatever stack.

    The plan itself is names of resources in its region; its backups are wherever its rules put them.
    """
    found = [plan.copy(Role.METADATA, _here(plan), plan.said(RULES))]
    if isinstance(rules, Unknown):
        found.append(plan.copy(Role.BACKUP, rules, plan.said(RULES), state=State.MAY_APPEAR))
    else:
        found += [copy for rule in rules for copy in (*_written(plan, rule), *_copied(rule))]
    name = plan.get(f"{PLAN}.BackupPlan.BackupPlanName")
    store = plan.store("aws.backup.plan", plan.id(""), name, dict.fromkeys(found), tags=f"{TAGGED}.Tags")
    yield store
    yield from edges_of(store)
    yield from _selected(plan, store)


def _written(plan: Document, rule: Document) -> Iterator[Copy]:
    """What a rule writes to a vault of the same template; a bare name does not say which one is meant."""
    name = rule.get("TargetBackupVaultName")
    if isinstance(name, Unknown) and name.refers_to:
        yield plan.copy(Role.BACKUP, _here(plan), rule.said("TargetBackupVaultName"), holder=name.refers_to)


def _copied(rule: Document) -> Iterator[Copy]:
    actions = rule.each("CopyActions[]")
    if isinstance(actions, Unknown):
        yield rule.copy(Role.BACKUP, actions, rule.said("CopyActions[]"), state=State.MAY_APPEAR)
        actions = []
    named = [(action, "DestinationBackupVaultArn") for action in actions]
    gapped = (rule, "TargetLogicallyAirGappedBackupVaultArn")
    for element, field in [*named, gapped] if rule.get(gapped[1]) is not None else named:
        yield copies.at_arn(element, Role.BACKUP, element.get(field), element.said(field))


def _selected(plan: Document, store: Store) -> Iterator[Edge]:
    """From each resource that a template assigns by name; tags and wildcards name none."""
    selections = plan.each(SELECTED)
    for selection in [] if isinstance(selections, Unknown) else selections:
        copy = plan.copy(Role.BACKUP, _here(plan), selection.said("Resources"), holder=store.id)
        for resource in _named(selection):
            yield from _flow(resource, copy, SeenFrom.SOURCE)


def _named(selection: Document) -> Iterator[str]:
    value = selection.get("Resources")
    for arn in value if isinstance(value, list) else [value]:
        if isinstance(arn, Unknown):
            meant = [arn.refers_to] if arn.refers_to else map(selection.origin.names.get, arn.one_of)
            yield from filter(None, meant)
        elif isinstance(arn, str) and "*" not in arn:
            yield selection.id_of("{0}", arn) or arn


LISTINGS = (
    Listing("aws", "backup", VAULTS, Scope.REGION, VAULT_NEEDS, vaults, place_vault),
    Listing("aws", "backup", POINTS, Scope.REGION, POINT_NEEDS, recovery_points, place_recovery_point),
    Listing("aws", "backup", PLANS, Scope.REGION, PLAN_NEEDS, plans, place_plan),
)


# --- as code ----------------------------------------------------------------------------------

_RULE: dict[str, TemplateField] = {
    "TargetBackupVaultName": "target_vault_name",
    "TargetLogicallyAirGappedBackupVaultArn": "target_logically_air_gapped_backup_vault_arn",
    "CopyActions[]": Each("copy_action", {"DestinationBackupVaultArn": "destination_vault_arn"}),
}
TERRAFORM = {
    "aws_backup_vault": Template(
        fields={
            f"{VAULT}.BackupVaultArn": "arn",
            f"{VAULT}.BackupVaultName": "name",
            f"{VAULT}.EncryptionKeyArn": "kms_key_arn",
            f"{TAGGED}.Tags": TAGS,
            "@region": REGION,
        },
        place=place_vault,
        names=("arn", "name"),
        arn=VAULT_ARN,
        computed=("kms_key_arn",),
    ),
    "aws_backup_logically_air_gapped_vault": Template(
        fields={
            f"{VAULT}.BackupVaultArn": "arn",
            f"{VAULT}.BackupVaultName": "name",
            f"{VAULT}.EncryptionKeyArn": "encryption_key_arn",
            f"{VAULT}.VaultType": Always("LOGICALLY_AIR_GAPPED_BACKUP_VAULT"),
            f"{TAGGED}.Tags": TAGS,
            "@region": REGION,
        },
        place=place_vault,
        names=("arn", "name"),
        arn=VAULT_ARN,
        computed=("encryption_key_arn",),
    ),
    "aws_backup_plan": Template(
        fields={
            f"{PLAN}.BackupPlan.BackupPlanName": "name",
            RULES: Each("rule", _RULE),
            f"{TAGGED}.Tags": TAGS,
            "@region": REGION,
        },
        place=place_plan,
    ),
    "aws_backup_selection": Template(
        fields={SELECTED: Each("", {"Resources": Several("resources")}), "@region": REGION},
        place=place_plan,
        attaches_to=("plan_id", "aws_backup_plan"),
    ),
}

_VAULT: dict[str, TemplateField] = {
    f"{VAULT}.BackupVaultName": "BackupVaultName",
    f"{VAULT}.EncryptionKeyArn": "EncryptionKeyArn",
    f"{TAGGED}.Tags": TAGS,
    "@region": REGION,
}
# Property names: CloudFormation template reference of each type (read 2026-11-22).
CLOUDFORMATION = {
    "AWS::Backup::BackupVault": Template(fields=_VAULT, place=place_vault),
    "AWS::Backup::LogicallyAirGappedBackupVault": Template(
        fields=_VAULT | {f"{VAULT}.VaultType": Always("LOGICALLY_AIR_GAPPED_BACKUP_VAULT")},
        place=place_vault,
    ),
    "AWS::Backup::BackupPlan": Template(
        fields={
            f"{PLAN}.BackupPlan.BackupPlanName": "BackupPlan.BackupPlanName",
            RULES: Each(
                "BackupPlan.BackupPlanRule",
                {
                    "TargetBackupVaultName": "TargetBackupVault",
                    "TargetLogicallyAirGappedBackupVaultArn": "TargetLogicallyAirGappedBackupVaultArn",
                    "CopyActions[]": Each("CopyActions", {"DestinationBackupVaultArn": "DestinationBackupVaultArn"}),
                },
            ),
            f"{TAGGED}.Tags": TAGS,
            "@region": REGION,
        },
        place=place_plan,
    ),
    "AWS::Backup::BackupSelection": Template(
        fields={SELECTED: Each("", {"Resources": Several("BackupSelection.Resources")}), "@region": REGION},
        place=place_plan,
        attaches_to=("BackupPlanId", "AWS::Backup::BackupPlan"),
    ),
}
