"""A copy of personal data exists, or may exist, and nothing says where: never a pass."""

from __future__ import annotations

from collections.abc import Iterator

from residency.model import Finding, FindingStatus, Role, Severity, Why
from residency.policy.models import Counting
from residency.rules.about import about_copy
from residency.rules.base import UNDETERMINED, JudgedCopy, JudgedStore, Rule, Texts, World
from residency.rules.causes import because_unplaced
from residency.rules.sources import FOREIGN_COUNTRY, PLACE_CLAUSE, SERVER_COUNTRY

RULE = Rule(
    id="copy-place-unknown",
    status=FindingStatus.NOT_CHECKED,
    personal=Severity.HIGH,
    special=Severity.HIGH,
    title=Texts("The place of a copy is not known", "複製の保存先が未確認"),
    message=Texts(
        "where the {role} of {data_class} data stands was not checked: {why}{because} ({place})",
        "{data_class} の {role} の保存先は未確認: {why}{because}({place})",
    ),
    fix=Texts(
        "give the scan the right to ask, name the account that holds it as a source, "
        "or add the location with its source to atlas/*.csv",
        "走査に参照権限を与える、保有アカウントを走査対象に加える、または出典付きで atlas/*.csv に追加する",
    ),
    clause=PLACE_CLAUSE,
    source=f"{FOREIGN_COUNTRY}; {SERVER_COUNTRY}",
    decides_verdict=True,
    excepted_with_gap=True,
    only_where_unresolved=True,
)


def check(judged: JudgedStore, world: World) -> Iterator[Finding]:
    if not judged.personal:
        return
    for copy in judged.copies:
        if is_unknown(judged, copy) and not _told_already(judged, copy, world):
            yield about_copy(RULE, judged, copy, facts=because_unplaced(copy, judged, world))


def is_unknown(judged: JudgedStore, copy: JudgedCopy) -> bool:
    """No country outside is known, and a country may be missing."""
    unbounded = copy.why == Why.UNBOUNDED
    return copy.verdict == UNDETERMINED and not unbounded and judged.counting(copy) is not Counting.KEY


def _told_already(judged: JudgedStore, copy: JudgedCopy, world: World) -> bool:
    """Of a share with a stranger another rule speaks; of what one of our own stores received, that store."""
    if copy.copy.role is Role.SHARE:
        ours = world.our_account(judged.store.provider, copy.copy.account or "")
        return not ours or copy.copy.holder in judged.held or judged.shared_in_place(copy)
    return judged.told_elsewhere(copy)
