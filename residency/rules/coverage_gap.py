"""Something in scope was not seen. One finding per cause: the one thing that would close its gaps."""

from __future__ import annotations

from collections.abc import Iterator

from residency.model import Finding, FindingStatus, Gap, Severity, Subject
from residency.rules.base import GapCause, Rule, Texts, World, severity, status
from residency.rules.causes import how_to_close
from residency.rules.sources import GROUND_RULE, UNSEEN_CLAUSE

RULE = Rule(
    id="coverage-gap",
    status=FindingStatus.NOT_CHECKED,
    personal=Severity.HIGH,
    special=Severity.HIGH,
    title=Texts("Something was not seen", "確認できなかったものがある"),
    message=Texts(
        "{gaps} of {account} not seen: {gap_status} {call}{reason}",
        "{account} の {gaps} は未確認: {gap_status} {call}{reason}",
    ),
    fix=Texts(
        "{how}, or accept the gap in coverage.yaml with a reason, an owner and an end",
        "{how}。または理由・責任者・期限を付けて coverage.yaml で受け入れる",
    ),
    clause=UNSEEN_CLAUSE,
    source=GROUND_RULE,
)

LEVELS = {
    "required": (FindingStatus.NOT_CHECKED, Severity.HIGH),
    "tracked": (FindingStatus.WARNING, Severity.LOW),
}


def conclude(world: World) -> Iterator[Finding]:
    for cause in world.causes:
        if cause.level not in LEVELS:
            continue
        shipped, shipped_severity = LEVELS[cause.level]
        gap = cause.gaps[0]
        how = how_to_close(gap)
        policy = world.config.policy
        yield Finding(
            rule=RULE.id,
            status=FindingStatus.EXCEPTED if cause.accepted_by else status(RULE, policy, shipped),
            severity=severity(RULE, policy, False, shipped_severity),
            subject=Subject(kind="cell", id=cause.id, account=gap.cell.account, detail=_detail(cause)),
            facts={
                "account": gap.cell.account or gap.cell.source,
                **_what(cause),
                "gap_status": gap.status.value,
                "call": gap.needs or gap.call,
                "reason": f" ({gap.code})" if gap.code and gap.code != gap.status.value else "",
                "how_en": how.en,
                "how_ja": how.ja,
            },
            policy=policy.id,
            evidence=tuple(_evidence(cause)),
            owner=cause.owner,
            excepted_by=cause.accepted_by,
        )


def _detail(cause: GapCause) -> str:
    """One cause is told of once a level, and once more for the part of it that is accepted."""
    return f"{cause.level}/{cause.accepted_by}" if cause.accepted_by else cause.level


def _what(cause: GapCause) -> dict[str, str]:
    regions = sorted({gap.cell.region or "?" for gap in cause.gaps})
    services = ", ".join(sorted({gap.cell.service for gap in cause.gaps}))
    subjects = len({gap.subject for gap in cause.gaps if gap.subject})
    one = regions[0] if len(regions) == 1 else None
    return {
        "gaps_en": f"{services} in {one or f'{len(regions)} regions'}" + (f" ({subjects} stores)" if subjects else ""),
        "gaps_ja": f"{one or f'{len(regions)} リージョン'} の {services}" + (f"({subjects} 件)" if subjects else ""),
    }


def _evidence(cause: GapCause) -> Iterator[str]:
    yield from (_line(gap) for gap in cause.gaps[:10])
    if len(cause.gaps) > 10:
        yield f"… and {len(cause.gaps) - 10} more"


def _line(gap: Gap) -> str:
    subject = f" {gap.subject}" if gap.subject else ""
    return f"{gap.cell}{subject}: {gap.call} {gap.status.value} {gap.code} {gap.reason}".rstrip()
