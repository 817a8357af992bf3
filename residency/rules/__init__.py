"""One file per rule; the rule's id is the module's name with hyphens."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from types import ModuleType

# What the rules share is in this package too, and is no rule.
_NO_RULES = frozenset({"base", "about", "papers", "places", "sources", "texts"})


@cache
def rules() -> dict[str, ModuleType]:
    """Rule id -> its module, found by walking this package."""
    names = [m.name for m in pkgutil.iter_modules(__path__) if m.name not in _NO_RULES]
    modules = [import_module(f"{__name__}.{name}") for name in sorted(names)]
    return {module.RULE.id: module for module in modules}
