"""Personal data stand with an operator that is based where the promise does not allow."""

from __future__ import annotations

from collections.abc import Iterator

from residency.model import Finding, FindingStatus, Severity
from residency.rules.about import about_vendor
from residency.rules.base import Rule, Tally, Texts, World

RULE = Rule(
    id="operator-not-permitted",
    status=FindingStatus.VIOLATION,
    personal=Severity.HIGH,
    special=Severity.CRITICAL,
    title=Texts("The operator is based elsewhere", "事業者の本拠国が許可されていない"),
    message=Texts(
        "the {entity} entity of {vendor}, {name}, is based in {countries}; "
        "{stores} stores of personal data stand with it",
        "{vendor} の {entity} 法人 {name} の本拠国は {countries}。個人データ {stores} 件がある",
    ),
    fix=Texts(
        "move the data to an operator that the policy allows, or correct the record with its source",
        "方針の認める事業者へ移すか、出典を添えて台帳を訂正する",
    ),
    clause=Texts(
        "a foreign operator is based in the places the policy allows", "外国事業者の本拠は方針の定める国に限る"
    ),
    source="APPI Art. 28; PPC Q&A 12-11 (the country of the legal entity counts)",
)

PARENT = {
    "warn": (FindingStatus.WARNING, Severity.MEDIUM, Severity.MEDIUM),
    "reject": (FindingStatus.VIOLATION, Severity.HIGH, Severity.CRITICAL),
}


def conclude(world: World) -> Iterator[Finding]:
    for (policy, operator), tally in world.operators.items():
        yield from _entities(world, policy, operator, tally)


def _entities(world: World, policy: str, operator: str, tally: Tally) -> Iterator[Finding]:
    assert tally.policy is not None
    terms = tally.policy.operator
    allowed = tally.policy.countries_of((*terms.domestic, *terms.allow_foreign))
    for role, (name, country) in entities_of(world, operator).items():
        row = PARENT.get(terms.parent) if role == "parent" else None
        if country in allowed or (role == "parent" and row is None):
            continue
        detail = role if policy == world.config.policy.id else f"{role}/{policy}"
        vendor = world.vendor_of(operator)
        subject = vendor.id if vendor else operator
        yield about_vendor(
            RULE,
            tally,
            subject,
            detail=detail if subject == operator else f"{detail}/{operator}",
            row=row,
            entity=role,
            name=name,
            countries=country,
        )


def entities_of(world: World, operator: str) -> dict[str, tuple[str, str]]:
    """Role -> name and country: what the vendor record says, else the shipped operator row."""
    shipped, vendor = world.config.operators[operator], world.vendor_of(operator)
    found = {"operating": shipped.operating, "parent": shipped.parent, "contracting": None}
    if vendor and vendor.entities:
        own = vendor.entities
        found |= {"operating": own.operating, "contracting": own.contracting, "parent": own.parent or shipped.parent}
    return {role: (entity.name, entity.country) for role, entity in found.items() if entity}
