"""What the papers of a vendor prove on a given day."""

from __future__ import annotations

from datetime import date, timedelta

from residency.policy.models import Policy
from residency.policy.vendor import Measure, Vendor

ACCEPTED_STATES = ("approved", "conditional")
_ACCEPTED = ("accepted", "conditional")  # of a check
_ENDED = {"rejected": "rejected", "offboarded": "rejected", "expired": "expired"}  # what they make of an accepted check


def is_foreign(country: str, policy: Policy) -> bool:
    """An operator is foreign when its operating entity's country is not one of `operator.domestic`."""
    return country not in policy.countries_of(policy.operator.domestic)


def accepted_measures(vendor: Vendor, policy: Policy, today: date, special: bool = False) -> list[Measure]:
    """The measures that somebody accepted and whose papers are not too old."""
    if _check_state(vendor, "access_prevention", bool(vendor.technical_measures), today) not in _ACCEPTED:
        return []
    grades = policy.access_prevention.special_care if special else policy.access_prevention
    high_enough = [measure for measure in vendor.technical_measures if measure.grade >= grades.min_grade]
    return [measure for measure in high_enough if _is_current(measure, policy, today, policy.vendors.grace_days)]


def _is_current(measure: Measure, policy: Policy, today: date, grace_days: int = 0) -> bool:
    """A paper that nobody has retrieved yet proves nothing."""
    oldest = today - timedelta(days=grace_days)
    return any(
        paper.retrieved_on <= today and oldest <= paper.last_day(policy.vendors.evidence_max_age_days)
        for paper in measure.evidence
    )


def documented_grade(vendor: Vendor, policy: Policy, today: date, service: str, special: bool = False) -> int | None:
    """The lowest accepted measure whose scope names the service; None when there is none."""
    grades = [m.grade for m in accepted_measures(vendor, policy, today, special) if m.covers(service)]
    return min(grades, default=None)


def check_states(vendor: Vendor, policy: Policy, today: date) -> dict[str, str]:
    """The state of each check: accepted, conditional, missing, rejected or expired."""
    present = {
        "access_prevention": bool(vendor.technical_measures),
        "regulation": bool(vendor.regulations),
        "handling_policy": vendor.data_handling_policy is not None,
        "agreement": bool(vendor.contracts and vendor.contracts.get("basic_agreement")),
    }
    found = {name: _check_state(vendor, name, there, today) for name, there in present.items()}
    if found["access_prevention"] in _ACCEPTED:
        measures = accepted_measures(vendor, policy, today)
        if not any(measure.evidence for measure in vendor.technical_measures):
            found["access_prevention"] = "missing"
        elif not measures or not all(_is_current(measure, policy, today) for measure in measures):
            found["access_prevention"] = "expired"  # also within grace_days, while the measure still counts
    return found


def _check_state(vendor: Vendor, name: str, present: bool, today: date) -> str:
    decision = next((value for key, value in vendor.checks.items() if key == name), None)
    if decision is not None:
        if decision.valid_until is not None and today > decision.valid_until:
            return "expired"
        if decision.on is not None and decision.on > today:
            return "missing"  # nobody decided that yet
        if decision.state in _ACCEPTED:
            return _ENDED.get(vendor.state, decision.state)
        return "rejected" if decision.state == "rejected" else "missing"
    return "accepted" if present and vendor.state in ACCEPTED_STATES else "missing"


def vendor_verdict(vendor: Vendor, states: dict[str, str]) -> str:
    """approved, conditional, rejected or incomplete: what state and checks say together."""
    if vendor.state in ("rejected", "offboarded") or "rejected" in states.values():
        return "rejected"
    if "missing" in states.values() or vendor.state not in ACCEPTED_STATES:
        return "incomplete"
    conditional = vendor.state == "conditional" or {"conditional", "expired"} & set(states.values())
    return "conditional" if conditional else "approved"
