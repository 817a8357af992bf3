"""JSON Schemas of everything that is read or written: `residency schema`."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from residency.model import Account, Cell, CellResult, Edge, Geography, Store
from residency.policy.models import (
    Classification,
    Coverage,
    Exceptions,
    Operators,
    Owners,
    Policy,
    Sources,
)
from residency.policy.vendor import Vendor
from residency.reports.schema import ResultV1

CONFIG: dict[str, type[BaseModel]] = {
    "policy": Policy,
    "sources": Sources,
    "classification": Classification,
    "coverage": Coverage,
    "exceptions": Exceptions,
    "owners": Owners,
    "operators": Operators,
    "vendor": Vendor,
}
NAMES = (*CONFIG, "inventory", "result")
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(name: str) -> dict[str, Any]:
    """The schema of one of NAMES."""
    if name == "result":
        return {"$schema": DIALECT, "title": "residency/result/v1", **ResultV1.model_json_schema(mode="serialization")}
    if name == "inventory":
        return _inventory()
    return {"$schema": DIALECT, **CONFIG[name].model_json_schema()}


def _inventory() -> dict[str, Any]:
    """One line of a saved run."""
    nouns: list[type[BaseModel]] = [Cell, Account, Geography, Store, Edge, CellResult]
    found, definitions = models_json_schema([(noun, "validation") for noun in nouns])
    cell, account, geography, store, edge, result = (found[noun, "validation"] for noun in nouns)
    choices = [
        _record("head", schema={"const": "residency/inventory/v1"}, id={"type": "string"}, started={"type": "string"}),
        _record("plan", cells={"type": "array", "items": cell}),
        _record("account", account=account),
        _record("geography", geography=geography),
        _record("store", cell={"type": "integer"}, store=store),
        _record("edge", cell={"type": "integer"}, edge=edge),
        _record("cell", cell={"type": "integer"}, result=result),
        _record("end", counts={"type": "object"}, sha256={"type": "string"}),
    ]
    return {"$schema": DIALECT, "title": "a line of residency/inventory/v1", "oneOf": choices, **definitions}


def _record(name: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"record": {"const": name}, **properties},
        "required": ["record", *properties],
    }
