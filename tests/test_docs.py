"""The pages that the program prints about itself are the pages in docs/."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import click
import pytest

from residency.cli import run_cli
from residency.cli.commands import cli
from residency.docs import PAGES
from residency.policy.load import load_config
from residency.shipped import shipped_config
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


def test_the_readme_counts_the_locations_and_providers_that_the_atlas_holds() -> None:
    files = len(list((shipped_config() / "atlas").glob("*.csv")))
    places = len(load_config(shipped_config()).atlas.entries)
    said = f"{places // 100 * 100:,} locations of AWS, Google Cloud, Azure and {files - 3} others"
    assert said in README.read_text(encoding="utf-8")


def test_the_readme_shows_what_where_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)  # away from any config
    ((arguments, answer),) = re.findall(
        r"^    \$ residency (where .*)\n((?: {4}.*\n)+)", README.read_text("utf-8"), re.M
    )
    assert run_cli(cli, [*arguments.split(), "--lang", "en"]) == 0
    assert capsys.readouterr().out == dedent(answer)
