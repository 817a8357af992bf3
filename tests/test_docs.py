"""The pages that the program prints about itself are the pages in docs/."""

from __future__ import annotations

import re

import click
import pytest

from residency.cli.commands import cli
from residency.docs import PAGES
from tests.readme import README, ROOT


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


def test_every_link_of_the_docs_leads_to_a_file() -> None:
    for page in (README, *(ROOT / "docs").glob("*.md"), ROOT / "CONTRIBUTING.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_command_shows_an_example() -> None:
    commands = [*cli.commands.values()]
    for command in commands:
        commands += command.commands.values() if isinstance(command, click.Group) else ()
    examples = [command.epilog or "" for command in commands]
    assert all(example.startswith("Example: ") and "residency " in example for example in examples)
