"""Every property of a CloudFormation table stands in a template of the tests, and is one that the type has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from residency.services import cloudformation_types, terraform_types
from residency.services.base import Each, TemplateField
from residency.sources.cloudformation_text import read_text

TEMPLATES = Path(__file__).parents[1] / "data" / "templates"


@cache
def written() -> dict[str, set[str]]:
    """Resource type -> every path of properties that a template of the tests sets."""
    found: dict[str, set[str]] = {}
    for file in TEMPLATES.glob("*.yaml"):
        for row in read_text(file.read_text("utf-8"), file.name).value["Resources"].values():
            found.setdefault(row["Type"], set()).update(_paths(row.get("Properties") or {}))
    return found


def _paths(value: Any, above: str = "") -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        for name, inner in item.items() if isinstance(item, Mapping) else ():
            if not name.startswith("Fn::"):
                yield f"{above}{name}"
                yield from _paths(inner, f"{above}{name}.")


def properties(fields: Mapping[str, TemplateField], above: str = "") -> Iterator[str]:
    """The paths that a table reads."""
    for field in fields.values():
        if isinstance(field, Each):
            block = f"{above}{field.block}"
            yield from [block] if block else []
            yield from properties(field.fields, f"{block}." if block else above)
        elif isinstance(field, str) and not field.startswith("@"):
            yield f"{above}{field}"


@pytest.mark.parametrize("kind", sorted(cloudformation_types()))
def test_every_property_of_a_table_is_written_in_a_template(kind: str) -> None:
    read = set(properties(cloudformation_types()[kind].fields))
    assert sorted(read - written().get(kind, set())) == []


def test_every_service_file_has_a_table_for_each_language() -> None:
    places = {template.place for template in terraform_types().values() if template.place}
    both = {template.place for template in cloudformation_types().values() if template.place}
    assert {place.__name__ for place in places - both} == NOT_IN_CLOUDFORMATION


# Kinds that CloudFormation does not make: copies, exports and images come from calls, not from templates.
NOT_IN_CLOUDFORMATION = {
    "place_automated_backup",
    "place_export",
    "place_image",
    "place_key_store",
    "place_snapshot",
}
