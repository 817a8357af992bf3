"""A kind of store without a service file is judged by its own place only."""

from __future__ import annotations

from collections.abc import Iterator

from residency.model import Finding, FindingStatus, Severity, Subject
from residency.rules.about import examples
from residency.rules.base import Rule, Texts, World, severity, status
from residency.rules.sources import GROUND_RULE, UNSEEN_CLAUSE

RULE = Rule(
    id="copies-not-followed",
    status=FindingStatus.WARNING,
    personal=Severity.LOW,
    special=Severity.LOW,
    title=Texts("Copies were not followed", "複製を追跡していない種類がある"),
    message=Texts(
        "{stores} stores of kind {kind} were judged by their own place only: replicas, backups and exports of them "
        "were not looked for",
        "{kind} {stores} 件は本体の保存先のみで判定した。複製・バックアップ・エクスポートは確認していない",
    ),
    fix=Texts("check by hand where their copies stand", "複製の保存先を手作業で確認する"),
    clause=UNSEEN_CLAUSE,
    source=GROUND_RULE,
)


def conclude(world: World) -> Iterator[Finding]:
    scope = world.config.coverage.scope
    required = scope.required.unfollowed
    if not (required or scope.tracked.unfollowed):
        return
    policy = world.config.policy
    for kind, tally in world.unfollowed.items():
        shipped = FindingStatus.NOT_CHECKED if required else RULE.status
        yield Finding(
            rule=RULE.id,
            status=status(RULE, policy, shipped),
            severity=severity(RULE, policy, False),
            subject=Subject(kind="cell", id=kind, detail=kind),
            facts={"kind": kind, "stores": str(tally.total)},
            policy=policy.id,
            evidence=examples(tally),
            stores=frozenset(tally.stores),
            owner=tally.owner,
        )
