"""An approval of what does not count has run out."""

from __future__ import annotations

from collections.abc import Iterator

from residency.model import Finding, FindingStatus, Severity, Subject
from residency.rules.base import Rule, Texts, World, severity, status
from residency.rules.sources import APPROVAL_CLAUSE, APPROVALS

RULE = Rule(
    id="exception-expired",
    status=FindingStatus.WARNING,
    personal=Severity.MEDIUM,
    special=Severity.MEDIUM,
    title=Texts("An exception has expired", "例外の期限が切れている"),
    message=Texts(
        "{exception} expired on {expires}: what it covered counts again",
        "{exception} は {expires} に期限切れ。対象は再び判定に含まれる",
    ),
    fix=Texts("end what it allowed, or have it approved again", "対象を解消するか、改めて承認を得る"),
    clause=APPROVAL_CLAUSE,
    source=APPROVALS,
)


def conclude(world: World) -> Iterator[Finding]:
    config = world.config
    for row in (*config.exceptions.exceptions, *config.coverage.accept, *config.coverage.scope.out):
        if row.expired(world.today):
            yield Finding(
                rule=RULE.id,
                status=status(RULE, config.policy),
                severity=severity(RULE, config.policy, False),
                subject=Subject(kind="exception", id=row.id),
                facts={"exception": row.id, "expires": row.expires.isoformat()},
                policy=config.policy.id,
                evidence=(f"{row.reason} (approved by {row.approved_by} on {row.approved_on.isoformat()})",),
                owner=row.owner,
            )
