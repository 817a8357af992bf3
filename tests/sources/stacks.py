"""CloudFormation templates for the tests, and what the reader makes of them as text."""

from __future__ import annotations

from pathlib import Path

from residency.model import CellResult, Edge, Store
from residency.sources import templates, terraform
from residency.sources.cloudformation import Given, read_stacks, stacks_of
from residency.sources.cloudformation_text import read_text
from tests.sources import plans
from tests.sources.plans import TOKYO

TEMPLATES = Path(__file__).parent.parent / "data" / "templates"


class Read(plans.Read):
    """What the reader made of a template: one of tests/data/templates by its name, or a text of several lines."""

    def __init__(self, template: str, region: str | None = TOKYO, stack: str = "s", **parameters: str) -> None:
        shown_as = "template.yaml" if "\n" in template else template
        text = template if "\n" in template else (TEMPLATES / template).read_text("utf-8")
        stacks = stacks_of(read_text(text, shown_as), shown_as, Given(region, stack, parameters))
        config = plans._config()
        context = templates.Context(
            stack, config.atlas, config.holds, config.local_providers, config.regionless, region
        )
        self.records: list[Store | Edge] = []
        self.result: CellResult = read_stacks(stacks, terraform.cell_of(shown_as), context, self.records.append)
        self.stores = {str(r.address): r for r in self.records if isinstance(r, Store)}
        self.edges = [f"{r.source} -> {r.target}{' former' * r.former}" for r in self.records if isinstance(r, Edge)]

    def copies(self, address: str) -> list[str]:
        """Each copy of a store, without who says it."""
        return [line.partition(" <- ")[0] for line in self.told(address)[1:]]
