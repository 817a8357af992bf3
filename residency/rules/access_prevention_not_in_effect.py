"""The measure that the papers promise is not what protects this copy."""

from __future__ import annotations

from collections.abc import Iterator

from residency.model import Finding, FindingStatus, Role, Severity
from residency.policy.models import Counting, Grades, Policy
from residency.policy.vendor import Vendor
from residency.rules.about import about_copy, about_vendor
from residency.rules.base import PERMITTED, PROHIBITED, JudgedCopy, JudgedStore, Rule, Texts, World, tally_of
from residency.rules.causes import because
from residency.rules.papers import documented_grade
from residency.rules.sources import ALERT_OF_2024, CLOUD_EXCEPTION, MEASURE_CLAUSE

RULE = Rule(
    id="access-prevention-not-in-effect",
    status=FindingStatus.VIOLATION,
    personal=Severity.HIGH,
    special=Severity.CRITICAL,
    title=Texts("The access prevention is not in effect", "アクセス防止措置が実際には効いていない"),
    message=Texts(
        "the {role} has access prevention of grade {grade}; {required}{because}",
        "{role}のアクセス防止措置は等級 {grade}。{required}{because}",
    ),
    fix=Texts(
        "encrypt it with a key of the documented grade (a customer-managed key is grade 3)",
        "文書どおりの等級の鍵で暗号化する(顧客管理鍵は等級 3)",
    ),
    clause=MEASURE_CLAUSE,
    source=f"{CLOUD_EXCEPTION}; {ALERT_OF_2024}",
    excepted_with_gap=True,
)

UNREADABLE = (FindingStatus.NOT_CHECKED, Severity.MEDIUM, Severity.MEDIUM)
NOT_READ = Texts("its key or its setting could not be read", "鍵または設定を読み取れない")
DOCUMENTED = Texts("the papers promise grade {needed}", "文書上は等級 {needed}")
MINIMUM = Texts("the policy demands at least grade {needed}", "方針は等級 {needed} 以上を求める")
BELOW = Texts("{below} of {total} copies in {kind} are below the target", "{kind} の {total} 件中 {below} 件が目標未満")
TARGET = (FindingStatus.WARNING, Severity.LOW, Severity.LOW)
_JUDGED = (Counting.SAVED, Counting.SAVED_FOR_A_WHILE)


def check(judged: JudgedStore, world: World) -> Iterator[Finding]:
    if not judged.personal:
        return
    for copy in judged.copies:
        placed = copy.verdict in (PERMITTED, PROHIBITED)  # an unplaced copy is told of by another rule
        judged_where_held = copy.copy.control is None and copy.copy.holder in judged.held
        of_data = judged.counting(copy) in _JUDGED and copy.copy.role is not Role.SHARE
        if of_data and placed and not judged_where_held:
            yield from _grade(judged, copy, world)


def _grade(judged: JudgedStore, copy: JudgedCopy, world: World) -> Iterator[Finding]:
    grades = _grades(judged)
    control = copy.copy.control
    if control is None or control.grade is None:
        reason = because(control.said_by if control else (), judged, world)
        yield about_copy(RULE, judged, copy, row=UNREADABLE, facts=_facts("?", NOT_READ) | reason)
        return
    service, operator = judged.store.service, copy.operator
    vendor = world.vendor_of(operator)
    documented = _documented(world, vendor, judged.policy, service) if vendor else None
    needed = max(grades.min_grade, documented or 0)
    if control.grade < needed:
        why = DOCUMENTED if documented == needed else MINIMUM
        yield about_copy(RULE, judged, copy, facts=_facts(str(control.grade), why, needed=needed))
    if vendor:
        key = (judged.policy.id, vendor.id, judged.store.kind)
        tally = tally_of(world.below_target, key, policy=judged.policy, owner=vendor.owner)
        if needed <= control.grade < grades.target_grade:
            tally.below += 1
            targets = {*tally.facts.get("targets", "").split(), str(grades.target_grade)}
            tally.facts["targets"] = " ".join(sorted(targets))
            tally.add(judged)
        else:
            tally.total += 1


def _documented(world: World, vendor: Vendor, policy: Policy, service: str) -> int | None:
    """The documented grade; the papers are read once for a service, not once for a store."""
    key = (policy.id, vendor.id, service)
    if key not in world.documented:
        world.documented[key] = documented_grade(vendor, policy, world.today, service)
    return world.documented[key]


def _facts(grade: str, required: Texts, **values: object) -> dict[str, str]:
    filled = {"required_en": required.en.format(**values), "required_ja": required.ja.format(**values)}
    return {"grade": grade, **filled}


def _grades(judged: JudgedStore) -> Grades:
    grades = judged.policy.access_prevention
    return grades.special_care if judged.data_class.special else grades


def conclude(world: World) -> Iterator[Finding]:
    """One warning per vendor and kind for everything that is good enough, and below the target."""
    for (policy, vendor, kind), tally in world.below_target.items():
        if not tally.below:
            continue
        detail = kind if policy == world.config.policy.id else f"{kind}/{policy}"
        targets = tally.facts["targets"].replace(" ", " / ")
        yield about_vendor(
            RULE,
            tally,
            vendor,
            detail=detail,
            row=TARGET,
            role=Role.PRIMARY.value,
            facts=_facts(f"< {targets}", BELOW, below=tally.below, total=tally.total, kind=kind),
        )
