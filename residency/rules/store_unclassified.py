"""Nobody said what a store holds, and it is not wholly inside: somebody has to decide."""

from __future__ import annotations

from collections.abc import Iterator

from residency.model import Finding, FindingStatus, Severity, Why
from residency.policy.models import Counting, DataClass
from residency.rules.about import about_copy
from residency.rules.base import PERMITTED, PROHIBITED, JudgedStore, Rule, Texts, World
from residency.rules.causes import because_unplaced
from residency.rules.sources import DEFINITION

RULE = Rule(
    id="store-unclassified",
    status=FindingStatus.NOT_CHECKED,
    personal=Severity.MEDIUM,
    special=Severity.MEDIUM,
    title=Texts("What a store outside holds is not known", "区域外のデータの種類が未分類"),
    message=Texts(
        "its {role} stands in {countries} ({place}{because}) and nobody decided what it holds ({classified_by}): "
        "needs a decision",
        "内容が未分類({classified_by})で、{role} が {countries}({place}{because})にある: 判断が必要",
    ),
    fix=Texts(
        "tag it, or add a rule to classification.yaml that says which data it holds",
        "タグを付けるか、classification.yaml にデータの種類を定める規則を加える",
    ),
    clause=Texts(
        "personal information is what identifies a living individual, or holds an individual identification code",
        "個人情報とは、生存する個人を識別できる情報、又は個人識別符号を含む情報をいう",
    ),
    source=DEFINITION,
    decides_verdict=True,
    counts_as_outside=True,
)

# Who decides that what is unclassified counts as personal means what is outside: as grave as a copy of personal data.
OUTSIDE = (FindingStatus.VIOLATION, Severity.HIGH, Severity.HIGH)


def check(judged: JudgedStore, world: World) -> Iterator[Finding]:
    if judged.data_class is not DataClass.UNKNOWN:
        return
    decided = judged.policy.unclassified.outside == "violation"
    for copy in judged.copies:
        told = judged.told_elsewhere(copy) or judged.shared_in_place(copy)
        if copy.verdict == PERMITTED or judged.counting(copy) is Counting.KEY or told:
            continue
        # Where nothing is known of the place, nobody can say that it is outside.
        outside = copy.verdict == PROHIBITED or copy.why == Why.UNBOUNDED
        row = OUTSIDE if decided and outside else (RULE.status, RULE.personal, RULE.special)
        facts = {"classified_by": judged.classified_by, **because_unplaced(copy, judged, world, also=RULE.fix)}
        yield about_copy(RULE, judged, copy, row=row, assumed=True, facts=facts)
