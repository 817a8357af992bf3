"""One file per rule; the rule's id is the module's name with hyphens. A module without `RULE` is shared by rules."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from residency.rules.base import Rule


@cache
def rules() -> dict[str, ModuleType]:
    """Rule id -> its module, found by walking this package."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [import_module(f"{__name__}.{name}") for name in names]
    return {module.RULE.id: module for module in modules if hasattr(module, "RULE")}


def rule_of(rule_id: str) -> Rule:
    """The head of a rule. KeyError where no rule has the id."""
    return cast("Rule", rules()[rule_id].RULE)
