"""Why something was not told, and the one thing that would tell it: a refused call, or what a template leaves open.

They are facts of a finding: `because` stands in its message, `fix` in the place of the rule's fix, which has to do for
every cause.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

from residency.model import Gap, Said, Status, Why
from residency.rules.base import JudgedCopy, JudgedStore, Texts, World

# What closes a gap: printed as the fix, so it is for people. {needs} is the missing right.
_HOW = {
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
_ELSE = Texts("scan again; see the call and the answer in the evidence", "証跡の呼び出しと応答を確認し再走査する")

# How the readers of templates word what they leave open, and the same in Japanese; other words stay English.
_REASONS_JA = {
    "the provider names no region": "プロバイダーにリージョンの指定がない",
    r"a template names no region": "テンプレートにリージョンの指定がない",
    r"the parameter (.+) has no value": r"パラメーター \1 に値がない",
    r"the parameter (.+) is fetched when it is deployed": r"パラメーター \1 はデプロイ時に取得される",
    r"the parameter (.+) is secret": r"パラメーター \1 は秘匿されている",
    r"the variable (.+) has no value in the plan": r"変数 \1 の値がプランにない",
    r"the condition (.+) cannot be told": r"条件 \1 を判定できない",
    r"known only after (.+) is made": r"\1 の作成後に確定する",
    r"(.+) is known only when it is deployed": r"\1 はデプロイ時に確定する",
    r"is known only when it is deployed": "デプロイ時に確定する",
    r"is the output of another stack": "別のスタックの出力である",
    r"(.+) is not in the plan": r"\1 がプランにない",
    r"(.+) is not in the template": r"\1 がテンプレートにない",
    r"the plan does not make it": "このプランでは作られない",
}
_SCAN_IT = Texts("name the account that holds it as a source", "それを保有するアカウントを走査対象に加える")
_KNOW_IT = Texts("give --known SAVED, a run that saw it", "それを走査した結果を --known で渡す")
_TO_DO = ": give "  # what a reason ends with where the command line can close it
_NO_REGION = "the provider names no region"
_NO_MORE = "known only after apply"  # a reason that says what `why` says already


def how_to_close(gap: Gap) -> Texts:
    """What closes a gap, with the right that is missing."""
    how, needs = _HOW.get(gap.status, _ELSE), gap.needs or gap.call
    return Texts(how.en.format(needs=needs), how.ja.format(needs=needs))


def because(said_by: Iterable[Said], judged: JudgedStore, world: World, also: Texts | None = None) -> dict[str, str]:
    """Why those who were to say a fact of a store did not: `because`, and where it is known what would help, `fix`.

    `also`: what would do as well. Nothing where nobody gave a reason: then the rule's own fix holds.
    """
    said_by = tuple(said_by)
    gap = _gap_behind(judged.store.id, {said.call for said in said_by}, world)
    reason = next((said.reason for said in said_by if said.reason and said.reason != _NO_MORE), "")
    if gap is None and not reason:
        return {}
    why, how = _of_gap(gap) if gap else _of_template(reason)
    facts = {"because_en": f": {why.en}", "because_ja": f": {why.ja}"}
    if not how.en:
        return facts
    or_else = Texts(f", or {also.en}", f"。または{also.ja}") if also else Texts("", "")
    return facts | {"fix_en": how.en + or_else.en, "fix_ja": how.ja + or_else.ja}


def because_unplaced(copy: JudgedCopy, judged: JudgedStore, world: World, also: Texts | None = None) -> dict[str, str]:
    """Why nobody said where a copy stands; empty for one that has a place.

    What leaves the store itself without a place leaves what is made beside it without one.
    """
    if copy.place:
        return {}
    holder = copy.copy.holder
    if holder and copy.why == Why.UNRESOLVED and holder not in judged.held:
        return _held_by_nobody(holder, world)
    own = because(copy.copy.said_by, judged, world, also)
    primary = judged.copies[0]
    return own or ({} if primary.place or holder else because(primary.copy.said_by, judged, world, also))


def _held_by_nobody(holder: str, world: World) -> dict[str, str]:
    """It is known who holds a copy, and nothing that was read tells where that stands."""
    how = _KNOW_IT if world.gated else _SCAN_IT
    return {
        "because_en": f": {holder} holds it, which nothing that was read lists",
        "because_ja": f": 保持する {holder} は読み取った範囲にない",
        "fix_en": how.en,
        "fix_ja": how.ja,
    }


def _gap_behind(store_id: str, calls: Container[str], world: World) -> Gap | None:
    """The first gap that one of these calls left on a store."""
    return next((gap for gap in world.gaps_on.get(store_id, ()) if gap.call in calls), None)


def _of_gap(gap: Gap) -> tuple[Texts, Texts]:
    refused = f"{gap.call} {gap.status.value}" + (f" ({gap.code})" if gap.code else "")
    return Texts(refused, refused), how_to_close(gap)


def _of_template(reason: str) -> tuple[Texts, Texts]:
    """What a template leaves open, and what closes it; that is empty where no option of the command line does."""
    why, to_do, what = reason.partition(_TO_DO)
    how = Texts(f"give {what}", f"{what} を指定する") if to_do else Texts("", "")
    if why == _NO_REGION:
        how = Texts(f"{how.en}, or set `region` in the provider", f"{how.ja}か、プロバイダーに `region` を設定する")
    return Texts(why, _in_japanese(why)), how


def _in_japanese(reason: str) -> str:
    for pattern, japanese in _REASONS_JA.items():
        if match := re.fullmatch(pattern, reason):
            return match.expand(japanese)
    return reason
