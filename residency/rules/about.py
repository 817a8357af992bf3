"""The words that findings share: the subject and the facts of a copy, a store, a vendor."""

from __future__ import annotations

from collections.abc import Mapping

from residency.model import Finding, Subject
from residency.rules.base import JudgedCopy, JudgedStore, Row, Rule, Tally, severity, status


def about_copy(
    rule: Rule,
    judged: JudgedStore,
    copy: JudgedCopy,
    *,
    row: Row | None = None,
    assumed: bool = False,
    facts: Mapping[str, str] | None = None,
    **more: str,
) -> Finding:
    """A finding on one copy of one store; `facts` and `more` fill the placeholders of the rule's texts."""
    subject = Subject(
        kind="store",
        id=judged.store.id,
        role=copy.copy.role,
        place=copy.place,
        holder=copy.copy.holder,
        account=copy.copy.account or judged.store.account,
        stack=_stack(judged.store.id),
    )
    own = {
        "role": copy.copy.role.value,
        "place": str(copy.place) if copy.place else ", ".join(map(str, copy.copy.candidates)) or "?",
        "countries": " ".join(copy.countries) or "??",
        "former": "yes" if copy.copy.former else "",
        "why": copy.why or "",
        "holder": copy.copy.holder or "",
    }
    return _about(rule, judged, subject, (copy,), row, assumed, {**own, **(facts or {}), **more})


def about_store(
    rule: Rule,
    judged: JudgedStore,
    *,
    row: Row | None = None,
    assumed: bool = False,
    facts: Mapping[str, str] | None = None,
    **more: str,
) -> Finding:
    """One finding on a store as a whole: its subject has no role and no place, its evidence is that of every copy."""
    store = judged.store
    subject = Subject(kind="store", id=store.id, account=store.account, stack=_stack(store.id))
    return _about(rule, judged, subject, judged.copies, row, assumed, {**(facts or {}), **more})


def _about(
    rule: Rule,
    judged: JudgedStore,
    subject: Subject,
    copies: tuple[JudgedCopy, ...],
    row: Row | None,
    assumed: bool,
    facts: Mapping[str, str],
) -> Finding:
    shipped_status, personal, special = row or (rule.status, rule.personal, rule.special)
    is_special = judged.data_class.special
    named = {"store": judged.store.address or judged.store.id, "data_class": judged.data_class.value}
    return Finding(
        rule=rule.id,
        status=status(rule, judged.policy, shipped_status),
        severity=severity(rule, judged.policy, is_special, special if is_special else personal),
        subject=subject,
        facts={**named, **facts},
        policy=judged.policy.id,
        evidence=tuple(dict.fromkeys(line for copy in copies for line in evidence_of(copy))),
        at=next((said.at for copy in copies for said in copy.copy.said_by if said.at), None),
        assumed=assumed,
        owner=judged.owner,
    )


def evidence_of(copy: JudgedCopy) -> tuple[str, ...]:
    """Who said where the copy stands, and where the atlas has the country from."""
    return (*map(str, copy.copy.said_by), *(entry.evidence for entry in copy.entries))


def about_vendor(
    rule: Rule,
    tally: Tally,
    vendor: str,
    *,
    detail: str = "",
    row: Row | None = None,
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
        stores=frozenset(tally.stores),
        owner=tally.owner,
    )


def examples(tally: Tally) -> tuple[str, ...]:
    more = tally.total - len(tally.examples)
    return (*sorted(tally.examples), *([f"… and {more} more"] if more > 0 else []))


def _stack(store_id: str) -> str | None:
    """A store that has no id of its provider yet is called tf:<stack>/<address>."""
    return store_id[3:].partition("/")[0] if store_id.startswith("tf:") else None
