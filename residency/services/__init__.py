"""One file per service: how its stores are listed, and what its documents say of places and protection."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from types import ModuleType

from residency.services.base import Listing, Template

# The packages that hold service files, one per provider.
PROVIDERS = ("aws",)


@cache
def modules(provider: str) -> tuple[ModuleType, ...]:
    """The service files of a provider."""
    package = import_module(f"{__name__}.{provider}")
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(import_module(f"{__name__}.{provider}.{name}") for name in names)


def listings(provider: str) -> tuple[Listing, ...]:
    """Every listing that the service files of a provider declare."""
    return tuple(listing for module in modules(provider) for listing in getattr(module, "LISTINGS", ()))


@cache
def terraform_types() -> dict[str, Template]:
    """Terraform resource type -> how it becomes the provider's document."""
    return _types("TERRAFORM")


@cache
def cloudformation_types() -> dict[str, Template]:
    """CloudFormation resource type -> how it becomes the provider's document."""
    return _types("CLOUDFORMATION")


def _types(table: str) -> dict[str, Template]:
    found: dict[str, Template] = {}
    for provider in PROVIDERS:
        for module in modules(provider):
            found |= getattr(module, table, {})
    return found
