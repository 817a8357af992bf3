"""An approval of what does not count matches nothing: it may hide something later."""

from __future__ import annotations

from collections.abc import Iterator

from residency.model import Finding, FindingStatus, Severity, Subject
from residency.policy.models import Approval
from residency.rules.base import Rule, Texts, World, severity, status
from residency.rules.sources import APPROVAL_CLAUSE, APPROVALS

RULE = Rule(
    id="exception-unused",
    status=FindingStatus.WARNING,
    personal=Severity.LOW,
    special=Severity.LOW,
    title=Texts("An exception matches nothing", "該当のない例外がある"),
    message=Texts("{exception} matches nothing that was seen", "{exception} に該当するものがない"),
    fix=Texts("remove it from {file}", "{file} から削除する"),
    clause=APPROVAL_CLAUSE,
    source=APPROVALS,
)


def conclude(world: World) -> Iterator[Finding]:
    config = world.config
    rows: list[tuple[Approval, str]] = [(row, "exceptions.yaml") for row in config.exceptions.exceptions]
    if not world.gated:  # what covers cells of the live estate meets nothing in a plan
        rows += [(row, "coverage.yaml") for row in (*config.coverage.accept, *config.coverage.scope.out)]
    for row, file in rows:
        if row.id not in world.used and not row.expired(world.today):
            yield Finding(
                rule=RULE.id,
                status=status(RULE, config.policy),
                severity=severity(RULE, config.policy, False),
                subject=Subject(kind="exception", id=row.id),
                facts={"exception": row.id, "file": file},
                policy=config.policy.id,
                evidence=(row.reason,),
                owner=row.owner,
            )
