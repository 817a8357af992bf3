"""No accepted paper shows that the operator is kept from reading what is saved."""

from __future__ import annotations

from collections.abc import Iterator

from residency.model import Finding, FindingStatus, Severity
from residency.policy.models import Policy
from residency.policy.vendor import Vendor
from residency.rules.about import about_vendor
from residency.rules.base import Row, Rule, Tally, Texts, World, together
from residency.rules.operator_not_permitted import entities_of
from residency.rules.papers import accepted_measures, documented_grade, is_foreign
from residency.rules.sources import CLOUD_EXCEPTION, MEASURE_CLAUSE

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
    clause=MEASURE_CLAUSE,
    source=CLOUD_EXCEPTION,
)

MEDIUM = (FindingStatus.VIOLATION, Severity.MEDIUM, Severity.MEDIUM)


def conclude(world: World) -> Iterator[Finding]:
    """One finding per vendor, or per service of it where its papers name others only."""
    used: dict[tuple[str, str], list[str]] = {}
    for policy, operator in world.operators:
        vendor = world.vendor_of(operator)
        if vendor:  # without a record, operator-not-registered says it
            used.setdefault((policy, vendor.id), []).append(operator)
    for (policy, vendor_id), operators in used.items():
        yield from _lapses(world, policy, world.config.vendors[vendor_id], operators)


def _lapses(world: World, policy: str, vendor: Vendor, operators: list[str]) -> Iterator[Finding]:
    tally = together(world.operators[policy, operator] for operator in operators)
    assert tally.policy is not None
    row = _row(world, vendor, operators, tally.policy)
    if row is None:
        return
    tail = [] if policy == world.config.policy.id else [policy]
    if not accepted_measures(vendor, tally.policy, world.today, tally.special):
        yield about_vendor(RULE, tally, vendor.id, detail="/".join(tail), row=row, service="")
        return
    for service, used in _services(world, policy, operators).items():
        if documented_grade(vendor, tally.policy, world.today, service, used.special) is None:
            detail = "/".join([service, *tail])
            yield about_vendor(RULE, used, vendor.id, detail=detail, row=row, service=f" ({service})")


def _services(world: World, policy: str, operators: list[str]) -> dict[str, Tally]:
    found: dict[str, list[Tally]] = {}
    for (own, operator, service), tally in world.services.items():
        if own == policy and operator in operators:
            found.setdefault(service, []).append(tally)
    return {service: together(tallies) for service, tallies in found.items()}


def _row(world: World, vendor: Vendor, operators: list[str], policy: Policy) -> Row | None:
    """Status and severities for this vendor; None where the policy does not ask it for this paper."""
    require = policy.vendors.require
    foreign = any(is_foreign(entities_of(world, operator)["operating"][1], policy) for operator in operators)
    if "access_prevention" not in (require.foreign if foreign else require.domestic):
        return None
    entrusted = vendor.appi_basis not in (None, "cloud_exception")
    if entrusted or not foreign:
        return MEDIUM
    return (RULE.status, RULE.personal, RULE.special)
