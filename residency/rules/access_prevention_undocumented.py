"""No accepted paper shows that the operator is kept from reading what is saved."""

from __future__ import annotations

from collections.abc import Iterator

from residency.model import Finding, FindingStatus, Severity
from residency.policy.vendor import Vendor
from residency.rules.about import about_vendor
from residency.rules.base import Rule, Tally, Texts, World
from residency.rules.operator_not_permitted import entities_of
from residency.rules.papers import accepted_measures, documented_grade, is_foreign

RULE = Rule(
    id="access-prevention-undocumented",
    status=FindingStatus.VIOLATION,
    personal=Severity.HIGH,
    special=Severity.CRITICAL,
    title=Texts("No documented measure keeps the operator out", "事業者のアクセスを防ぐ措置の文書がない"),
    message=Texts(
        "{stores} stores of personal data stand with {vendor}{service}, and no accepted, current paper documents a "
        "technical measure that prevents it from accessing them",
        "{vendor}{service} に個人データ {stores} 件があるが、アクセスを防ぐ技術的措置を示す有効な文書がない",
    ),
    fix=Texts(
        "ask the vendor for the measure and its evidence, record both under `technical_measures`, and have it accepted",
        "事業者に措置と証跡を求め、`technical_measures` に記録して承認を得る",
    ),
    clause=Texts(
        "technical measures prevent the operator from accessing the saved data",
        "事業者が保存データにアクセスできない技術的措置",
    ),
    source="PPC Q&A 7-53 (a cloud operator that does not handle the data: terms and access control)",
)

MEDIUM = (FindingStatus.VIOLATION, Severity.MEDIUM, Severity.MEDIUM)


def conclude(world: World) -> Iterator[Finding]:
    for (policy, operator), tally in world.operators.items():
        vendor = world.vendor_of(operator)
        if vendor is None:
            continue  # operator-not-registered says it
        row = _row(world, vendor, operator, tally)
        if row is None:
            continue
        tail = [] if policy == world.config.policy.id else [policy]
        if len(vendor.operates) > 1:
            tail.append(operator)
        assert tally.policy is not None
        if not accepted_measures(vendor, tally.policy, world.today):
            yield about_vendor(RULE, tally, vendor.id, detail="/".join(tail), row=row, service="")
            continue
        for (_, _, service), used in _services(world, policy, operator):
            if documented_grade(vendor, tally.policy, world.today, service) is None:
                detail = "/".join([service, *tail])
                yield about_vendor(RULE, used, vendor.id, detail=detail, row=row, service=f" ({service})")


def _services(world: World, policy: str, operator: str) -> list[tuple[tuple[str, str, str], Tally]]:
    return [(key, tally) for key, tally in world.services.items() if key[:2] == (policy, operator)]


def _row(world: World, vendor: Vendor, operator: str, tally: Tally) -> tuple[FindingStatus, Severity, Severity] | None:
    """Status and severities for this vendor; None where the policy does not ask it for this paper."""
    assert tally.policy is not None
    require = tally.policy.vendors.require
    foreign = is_foreign(entities_of(world, operator)["operating"][1], tally.policy)
    if "access_prevention" not in (require.foreign if foreign else require.domestic):
        return None
    entrusted = vendor.appi_basis not in (None, "cloud_exception")
    if entrusted or not foreign:
        return MEDIUM
    return (RULE.status, RULE.personal, RULE.special)
