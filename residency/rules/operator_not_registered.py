"""Personal data stand with an operator that no vendor record answers for, or a plan makes things with one."""

from __future__ import annotations

from collections.abc import Iterator

from residency.model import Finding, FindingStatus, Severity
from residency.rules.about import about_vendor
from residency.rules.base import Rule, Texts, World
from residency.rules.sources import CLOUD_EXCEPTION

RULE = Rule(
    id="operator-not-registered",
    status=FindingStatus.VIOLATION,
    personal=Severity.HIGH,
    special=Severity.HIGH,
    title=Texts("The operator is not in the register", "事業者が台帳にない"),
    message=Texts(
        "{things} with {vendor}, and no vendor record names it under `operates`",
        "{vendor} に{things}が、`operates` に記した事業者台帳がない",
    ),
    fix=Texts(
        "write vendors/<id>.yaml with `operates: [{vendor}]`", "vendors/<id>.yaml に `operates: [{vendor}]` を記す"
    ),
    clause=Texts(
        "before an operator is chosen, its measures, its law and its handling policy are confirmed",
        "事業者の選定前に、技術的措置・適用法令・取扱方針を確認する",
    ),
    source=CLOUD_EXCEPTION,
)


BESIDE = (FindingStatus.WARNING, Severity.MEDIUM, Severity.MEDIUM)


def conclude(world: World) -> Iterator[Finding]:
    for (policy, operator), tally in world.operators.items():
        if world.vendor_of(operator) is None:
            detail = "" if policy == world.config.policy.id else policy
            en, ja = f"{tally.total} stores of personal data stand", f"個人データが {tally.total} 件保存されている"
            yield about_vendor(RULE, tally, operator, detail=detail, things_en=en, things_ja=ja)
    known = {operator for _, operator in world.operators}
    for operator, tally in world.planned_with.items():
        if world.vendor_of(operator) is None and operator not in known:
            # Nothing says that they are personal data; that nobody could look is told of the store itself.
            en, ja = "a plan makes things that nothing reads yet", "計画が(内容を読み取れない)リソースを作成する"
            yield about_vendor(RULE, tally, operator, row=BESIDE, things_en=en, things_ja=ja)
