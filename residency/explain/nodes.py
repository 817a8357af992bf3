"""The parts of an answer, as plain data: a copy, a place, a finding, an approval, a gap, a vendor."""

from __future__ import annotations

from datetime import date
from typing import Any

from residency.inventory import SavedRun
from residency.model import Finding, Gap, Place
from residency.policy.models import Acceptance, Approval, ExceptionRow, Operator, Policy
from residency.policy.vendor import Vendor
from residency.reports.json_result import finding_as_json
from residency.reports.result import store_as_json
from residency.rules import rules
from residency.rules.base import GapCause, JudgedCopy, JudgedStore, Rule, Texts, World
from residency.rules.papers import check_states, vendor_verdict

Tree = dict[str, Any]


def both(texts: Texts) -> Tree:
    return {"en": texts.en, "ja": texts.ja}


def policy_node(judged: JudgedStore) -> Tree:
    policy, grades = judged.policy, judged.policy.access_prevention
    needed = grades.special_care if judged.data_class.special else grades
    return {
        "id": policy.id,
        "title": policy.title.model_dump(),
        "allow": list(policy.location.allow),
        "min_grade": needed.min_grade,
        "target_grade": needed.target_grade,
    }


def copy_node(judged: JudgedStore, judged_copy: JudgedCopy, world: World) -> Tree:
    """What result/v1 does not say of a copy: what its role counts as, and every place with its source."""
    copy, policy = judged_copy.copy, judged.policy
    places = (copy.place,) if copy.place else copy.candidates
    control = copy.control
    return {
        "counts_as": judged.counting(judged_copy).value,
        "holder_seen": copy.holder in judged.held,
        "places": [place_node(place, policy, world) for place in places],
        "control": control
        and {
            "grade": control.grade,
            "modifiers": list(control.modifiers),
            "key": control.key,
            "key_account": control.key_account,
            "key_place": place_node(control.key_place, policy, world) if control.key_place else None,
            "said_by": [str(said) for said in control.said_by],
        },
    }


def place_node(place: Place, policy: Policy, world: World) -> Tree:
    """A place with its jurisdictions and verdict, who runs it, and the row of the atlas that says so."""
    known = world.places[policy.id].of(place)
    operator = world.config.operators.get(known.operator or "")
    vendor = world.vendor_of(known.operator)
    jurisdictions = [name for country in known.countries for name in policy.jurisdictions_of(country)]
    return {
        "place": str(place),
        "countries": list(known.countries),
        "jurisdictions": list(dict.fromkeys(jurisdictions)),
        "verdict": known.verdict,
        "why": known.why,
        "operator": known.operator,
        "operator_name": operator.names.legal if operator else None,
        "operator_country": operator.operating.country if operator else None,
        "vendor": vendor.id if vendor else None,
        "atlas": _atlas_row(place, world),
    }


def _atlas_row(place: Place, world: World) -> Tree | None:
    entry = world.config.atlas.find(place).entry
    names = ("kind", "parent", "source", "read_on", "confidence", "status", "note")
    return {name: getattr(entry, name) or None for name in names} if entry else None


def finding_node(finding: Finding, run: SavedRun) -> Tree:
    """A finding as result/v1 has it, with the clause that it enforces and where that is written down."""
    rule: Rule = rules()[finding.rule].RULE
    more = {"title": both(rule.title), "clause": both(rule.clause), "source": rule.source}
    return finding_as_json(finding, run.head["started"]) | more


def approval_node(row: Approval, covers: bool, today: date) -> Tree:
    state = "expired" if row.expired(today) else "not-begun" if not row.begun(today) else "unused"
    kind = {ExceptionRow: "exception", Acceptance: "acceptance"}.get(type(row), "out-of-scope")
    return {
        "id": row.id,
        "kind": kind,
        "rule": getattr(row, "rule", None),
        "state": "covers" if covers else state,
        "reason": row.reason,
        "owner": row.owner,
        "approved_by": row.approved_by,
        "approved_on": row.approved_on.isoformat(),
        "expires": row.expires.isoformat(),
        "days_left": (row.expires - today).days,
    }


def gap_node(gap: Gap, cause: GapCause) -> Tree:
    return {
        "cell": str(gap.cell),
        "subject": gap.subject,
        "call": gap.call,
        "status": gap.status.value,
        "code": gap.code,
        "needs": gap.needs,
        "reason": gap.reason,
        "cause": cause.id,
        "level": cause.level,
        "owner": cause.owner,
        "accepted_by": cause.accepted_by,
    }


def short_node(judged: JudgedStore) -> Tree:
    nodes = store_as_json(judged)
    return {key: nodes[key] for key in ("id", "address", "kind", "owner", "policy", "data_class", "verdict")}


def vendor_node(vendor: Vendor, policy: Policy, today: date) -> Tree:
    states = check_states(vendor, policy, today)
    return {
        "id": vendor.id,
        "state": vendor.state,
        "verdict": vendor_verdict(vendor, states),
        "checks": states,
        "operates": list(vendor.operates),
        "owner": vendor.owner,
    }


def operator_node(operator: Operator) -> Tree:
    """The shipped row of an operator that no vendor record answers for."""
    return {
        "id": operator.id,
        "name": operator.names.legal,
        "country": operator.operating.country,
        "source": operator.source,
        "read_on": operator.read_on.isoformat(),
    }
