"""The words that findings share: the subject and the facts of a copy, a vendor, a key."""

from __future__ import annotations

from collections.abc import Mapping

from residency.model import Finding, FindingStatus, Severity, Subject
from residency.rules.base import JudgedCopy, JudgedStore, Rule, Tally, severity, status


def about_copy(
    rule: Rule,
    judged: JudgedStore,
    copy: JudgedCopy,
    *,
    row: tuple[FindingStatus, Severity, Severity] | None = None,
    assumed: bool = False,
    facts: Mapping[str, str] | None = None,
    **more: str,
) -> Finding:
    """A finding on one copy of one store. `row`: status and severities where the rule has several rows."""
    shipped_status, personal, special = row or (rule.status, rule.personal, rule.special)
    is_special = judged.data_class.special
    store = judged.store
    return Finding(
        rule=rule.id,
        status=status(rule, judged.policy, shipped_status),
        severity=severity(rule, judged.policy, is_special, special if is_special else personal),
        subject=Subject(
            kind="store",
            id=store.id,
            role=copy.copy.role,
            place=copy.place,
            holder=copy.copy.holder,
            account=copy.copy.account or store.account,
            stack=_stack(store.id),
        ),
        facts={
            "store": store.address or store.id,
            "role": copy.copy.role.value,
            "place": str(copy.place) if copy.place else ", ".join(map(str, copy.copy.candidates)) or "?",
            "countries": " ".join(copy.countries) or "??",
            "former": "yes" if copy.copy.former else "",
            "why": copy.why or "",
            "data_class": judged.data_class.value,
            "holder": copy.copy.holder or "",
            **(facts or {}),
            **more,
        },
        policy=judged.policy.id,
        evidence=evidence_of(copy),
        at=next((said.at for said in copy.copy.said_by if said.at), None),
        assumed=assumed,
        owner=judged.owner,
    )


def evidence_of(copy: JudgedCopy) -> tuple[str, ...]:
    """Who said where the copy stands, and where the atlas has the country from."""
    said = [str(said) for said in copy.copy.said_by]
    atlas = [f"atlas {e.place}: {' '.join(e.countries)}; {e.source}; read {e.read_on}" for e in copy.entries]
    return (*said, *atlas)


def about_vendor(
    rule: Rule,
    tally: Tally,
    vendor: str,
    *,
    detail: str = "",
    row: tuple[FindingStatus, Severity, Severity] | None = None,
    facts: Mapping[str, str] | None = None,
    **more: str,
) -> Finding:
    """One finding on a vendor, with examples of the stores it concerns."""
    assert tally.policy is not None
    shipped_status, personal, special = row or (rule.status, rule.personal, rule.special)
    return Finding(
        rule=rule.id,
        status=status(rule, tally.policy, shipped_status),
        severity=severity(rule, tally.policy, tally.special, special if tally.special else personal),
        subject=Subject(kind="vendor", id=vendor, detail=detail or None),
        facts={"vendor": vendor, "stores": str(tally.total), "detail": detail, **(facts or {}), **more},
        policy=tally.policy.id,
        evidence=examples(tally),
        owner=tally.owner,
    )


def examples(tally: Tally) -> tuple[str, ...]:
    more = tally.total - len(tally.examples)
    return (*sorted(tally.examples), *([f"… and {more} more"] if more > 0 else []))


def _stack(store_id: str) -> str | None:
    """A store that has no id of its provider yet is called tf:<stack>/<address>."""
    return store_id[3:].partition("/")[0] if store_id.startswith("tf:") else None
