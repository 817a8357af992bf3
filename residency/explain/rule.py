"""A rule: what it enforces, what it ships as, and what the policies in force make of it."""

from __future__ import annotations

import re

from residency.explain.nodes import Tree, both
from residency.model import FindingStatus, Severity
from residency.policy.load import Config
from residency.policy.models import Policy
from residency.rules import rules
from residency.rules.base import Rule, Texts, severity, status


def is_rule(question: str) -> bool:
    return question in rules()


def rule_tree(rule_id: str, config: Config) -> Tree:
    rule: Rule = rules()[rule_id].RULE
    changed = [policy for policy in config.policies if rule_id in policy.rules]
    return {
        "question": rule_id,
        "is": "rule",
        "id": rule.id,
        "title": both(rule.title),
        "says": _open(rule.message),
        "clause": both(rule.clause),
        "source": rule.source,
        "shipped": _weight(rule.status, rule.personal, rule.special),
        "in_force": [_in_force(rule, policy) for policy in changed],
        "fix": _open(rule.fix),
        "opposite": list(rule.opposite),
    }


def _in_force(rule: Rule, policy: Policy) -> Tree:
    weight = _weight(status(rule, policy), severity(rule, policy, False), severity(rule, policy, True))
    return {"policy": policy.id, **weight, "reason": policy.rules[rule.id].reason}


def _weight(state: FindingStatus, personal: Severity, special: Severity) -> Tree:
    return {"status": state.value, "personal": personal.value, "special_care": special.value}


def _open(texts: Texts) -> Tree:
    """The texts with their placeholders open: `<place>` is what a finding fills in."""
    return {language: re.sub(r"\{([a-z_]+)\}", r"<\1>", text) for language, text in both(texts).items()}
