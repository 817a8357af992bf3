"""A copy of personal data stands in a country that the promise does not name."""

from __future__ import annotations

from collections.abc import Iterator

from residency.model import Finding, FindingStatus, Severity
from residency.policy.models import Counting
from residency.rules.about import about_copy
from residency.rules.base import PROHIBITED, JudgedCopy, JudgedStore, Rule, Texts, World
from residency.rules.sources import FOREIGN_COUNTRY, PLACE_CLAUSE

RULE = Rule(
    id="copy-outside-territory",
    status=FindingStatus.VIOLATION,
    personal=Severity.HIGH,
    special=Severity.CRITICAL,
    title=Texts("A copy stands outside the allowed places", "許可された保存先以外に複製がある"),
    message=Texts(
        "the {role} of {data_class} data stands in {countries} ({place}){former}",
        "{data_class} の {role} が {countries}({place})に保存されている{former}",
    ),
    fix=Texts(
        "move it{allowed}, or remove what makes this copy; then delete what is already there",
        "保存先を移す{allowed}か、この複製を作る設定を外し、既にあるデータを削除する",
    ),
    clause=PLACE_CLAUSE,
    source=FOREIGN_COUNTRY,
    # checkov's and prowler's checks of S3, both of which ask for a copy in another region (read 2026-11-22)
    opposite=("CKV_AWS_144", "s3_bucket_cross_region_replication"),
    decides_verdict=True,
    counts_as_outside=True,
    no_exception_for="special-care",
)

_VIOLATION, _WARNING = FindingStatus.VIOLATION, FindingStatus.WARNING
ROWS = {
    Counting.SAVED: (_VIOLATION, Severity.HIGH, Severity.CRITICAL),
    Counting.SAVED_FOR_A_WHILE: (_VIOLATION, Severity.MEDIUM, Severity.HIGH),
    Counting.PARTLY: (_VIOLATION, Severity.MEDIUM, Severity.HIGH),
    Counting.PROCESSED: (_VIOLATION, Severity.MEDIUM, Severity.HIGH),
    Counting.IDENTIFIERS: (_WARNING, Severity.LOW, Severity.MEDIUM),
}
MOST = 3
NO_REGION = {"allowed_en": "", "allowed_ja": ""}
FORMER = (FindingStatus.NOT_CHECKED, Severity.MEDIUM, Severity.MEDIUM)


def check(judged: JudgedStore, world: World) -> Iterator[Finding]:
    if not judged.personal:
        return
    for copy in judged.copies:
        counting = judged.counting(copy)
        if copy.verdict != PROHIBITED or counting is Counting.KEY or _told_already(judged, copy):
            continue
        row = FORMER if copy.copy.former else ROWS[counting]
        yield about_copy(RULE, judged, copy, row=row, facts=_allowed(judged, copy, world))


def _allowed(judged: JudgedStore, copy: JudgedCopy, world: World) -> dict[str, str]:
    """Regions of the same provider that the policy allows and where the store has no copy yet."""
    taken = {own.place.code for own in judged.copies if own.place}
    namespace = copy.place.namespace if copy.place else ""
    free = [code for code in world.places[judged.policy.id].regions(namespace) if code not in taken][:MOST]
    names = ", ".join(f"{namespace}:{code}" for code in free)
    return {"allowed_en": f" to an allowed region ({names})", "allowed_ja": f"(許可: {names})"} if free else NO_REGION


def _told_already(judged: JudgedStore, copy: JudgedCopy) -> bool:
    """A share is the same data in the same place; a held copy is told of by the store it is a copy of."""
    return judged.told_elsewhere(copy) or judged.shared_in_place(copy)
