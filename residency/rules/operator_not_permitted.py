"""Personal data stand with an operator that is based where the promise does not allow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from residency.model import Finding, FindingStatus, Severity
from residency.rules.about import about_vendor
from residency.rules.base import Row, Rule, Tally, Texts, World, together
from residency.rules.sources import FOREIGN_COUNTRY, LEGAL_ENTITY

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
    source=f"{FOREIGN_COUNTRY}; {LEGAL_ENTITY}",
)

PARENT = {
    "warn": (FindingStatus.WARNING, Severity.MEDIUM, Severity.MEDIUM),
    "reject": (FindingStatus.VIOLATION, Severity.HIGH, Severity.CRITICAL),
}


def conclude(world: World) -> Iterator[Finding]:
    """One finding per vendor and entity, whatever number of operators the vendor answers for."""
    lapses: dict[tuple[str, str, str], list[Lapse]] = {}
    for (policy, operator), tally in world.operators.items():
        for lapse in _lapses(world, operator, tally):
            vendor = world.vendor_of(operator)
            subject = vendor.id if vendor else operator
            tail = [] if policy == world.config.policy.id else [policy]
            if lapse.role != "parent" and vendor and not vendor.entities and operator != subject:
                tail.append(operator)  # the shipped rows name one operating entity for each operator
            lapses.setdefault((subject, lapse.role, "/".join([lapse.role, *tail])), []).append(lapse)
    for (subject, role, detail), same in lapses.items():
        tally = together(lapse.tally for lapse in same)
        yield about_vendor(
            RULE,
            tally,
            subject,
            detail=detail,
            row=same[0].row,
            entity=role,
            name=", ".join(dict.fromkeys(lapse.name for lapse in same)),
            countries=" ".join(dict.fromkeys(lapse.country for lapse in same)),
        )


@dataclass(frozen=True, slots=True)
class Lapse:
    """One legal entity that is based elsewhere."""

    role: str
    name: str
    country: str
    row: Row | None
    tally: Tally


def _lapses(world: World, operator: str, tally: Tally) -> Iterator[Lapse]:
    assert tally.policy is not None
    terms = tally.policy.operator
    allowed = tally.policy.countries_of((*terms.domestic, *terms.allow_foreign))
    for role, (name, country) in entities_of(world, operator).items():
        row = PARENT.get(terms.parent) if role == "parent" else None
        ignored = role == "parent" and row is None
        if country not in allowed and not ignored:
            yield Lapse(role, name, country, row, tally)


def entities_of(world: World, operator: str) -> dict[str, tuple[str, str]]:
    """Role -> name and country: what the vendor record says, else the shipped operator row."""
    shipped, vendor = world.config.operators[operator], world.vendor_of(operator)
    found = {"operating": shipped.operating, "parent": shipped.parent, "contracting": None}
    if vendor and vendor.entities:
        own = vendor.entities
        found |= {"operating": own.operating, "contracting": own.contracting, "parent": own.parent or shipped.parent}
    return {role: (entity.name, entity.country) for role, entity in found.items() if entity}
