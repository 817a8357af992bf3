"""The provider says that it does not limit where a copy of personal data stands."""

from __future__ import annotations

from collections.abc import Iterator

from residency.model import Finding, FindingStatus, Severity, Why
from residency.policy.models import Counting
from residency.rules.about import about_copy
from residency.rules.base import JudgedStore, Rule, Texts, World
from residency.rules.sources import FOREIGN_COUNTRY, PLACE_CLAUSE, SERVER_COUNTRY

RULE = Rule(
    id="copy-place-unbounded",
    status=FindingStatus.VIOLATION,
    personal=Severity.HIGH,
    special=Severity.CRITICAL,
    title=Texts("The place of a copy is not limited", "複製の保存先が限定されていない"),
    message=Texts(
        "the provider does not limit where the {role} of {data_class} data stands",
        "{data_class} の {role} の保存先を事業者が限定していない",
    ),
    fix=Texts("choose a setting that names its places", "保存先を明示する設定を選ぶ"),
    clause=PLACE_CLAUSE,
    source=f"{FOREIGN_COUNTRY}; {SERVER_COUNTRY}",
    decides_verdict=True,
    no_exception_for="special-care",
)

SAVED = (FindingStatus.VIOLATION, Severity.HIGH, Severity.CRITICAL)
ELSE = (FindingStatus.VIOLATION, Severity.MEDIUM, Severity.HIGH)


def check(judged: JudgedStore, world: World) -> Iterator[Finding]:
    if not judged.personal:
        return
    for copy in judged.copies:
        if copy.why == Why.UNBOUNDED and judged.counting(copy) is not Counting.KEY:
            saved = judged.counting(copy) is Counting.SAVED
            yield about_copy(RULE, judged, copy, row=SAVED if saved else ELSE)
