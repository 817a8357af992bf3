"""Something in scope was not seen. One finding per cause: the one thing that would close its gaps."""

from __future__ import annotations

from collections.abc import Iterator

from residency.model import Finding, FindingStatus, Gap, Severity, Status, Subject
from residency.rules.base import GapCause, Rule, Texts, World, severity, status
from residency.rules.sources import GROUND_RULE

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
    clause=Texts("what was not seen is never a pass", "確認できなかったものを適合とは扱わない"),
    source=GROUND_RULE,
)

LEVELS = {
    "required": (FindingStatus.NOT_CHECKED, Severity.HIGH),
    "tracked": (FindingStatus.WARNING, Severity.LOW),
}
# What closes a gap: printed as the fix, so it is for people. {needs} is the missing right.
HOW = {
    Status.UNAUTHENTICATED: Texts("give the source valid credentials", "有効な認証情報を設定する"),
    Status.NO_ROLE: Texts("create the role that the source names", "source に記したロールを作成する"),
    Status.DENIED: Texts("allow {needs} to the scanning role", "走査用ロールに {needs} を許可する"),
    Status.GUARDED: Texts(
        "exempt the scanning role from the guardrail for {needs}", "走査用ロールを {needs} のガードレールから除外する"
    ),
    Status.REGION_REFUSED: Texts(
        "let the scanning role call this region", "走査用ロールにこのリージョンの呼び出しを許す"
    ),
    Status.SERVICE_OFF: Texts(
        "switch the API on, or prove that it holds nothing", "API を有効にするか、空であることを示す"
    ),
    Status.THROTTLED: Texts("scan again with a lower --parallel", "--parallel を下げて再走査する"),
    Status.TIMEOUT: Texts("scan again, with a longer --timeout", "--timeout を延ばして再走査する"),
    Status.UNREACHABLE: Texts("check network, proxy and endpoint", "ネットワーク・プロキシ・エンドポイントを確認する"),
    Status.TRUNCATED: Texts("scan again: the answer ended too early", "応答が途中で切れたため再走査する"),
    Status.UNSUPPORTED: Texts("nothing lists this yet: check it by hand", "未対応のため手作業で確認する"),
    Status.UNSWEPT: Texts(
        "check by hand what other kinds of stores the account has", "他の種類の保存先がないか手作業で確認する"
    ),
    Status.INTERRUPTED: Texts("resume the run with --resume", "--resume で走査を再開する"),
}
ELSE = Texts("scan again; see the call and the answer in the evidence", "証跡の呼び出しと応答を確認し再走査する")


def conclude(world: World) -> Iterator[Finding]:
    for cause in world.causes:
        if cause.level not in LEVELS:
            continue
        shipped, shipped_severity = LEVELS[cause.level]
        gap = cause.gaps[0]
        how = HOW.get(gap.status, ELSE)
        needs = gap.needs or gap.call
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
                "call": needs,
                "reason": f" ({gap.code})" if gap.code and gap.code != gap.status.value else "",
                "how_en": how.en.format(needs=needs),
                "how_ja": how.ja.format(needs=needs),
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
