"""Pages that the program prints about itself: `python -m residency.docs DIR`. A test compares them with docs/."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from residency.cli.commands import cli
from residency.rules import rules
from residency.rules.base import Rule
from residency.services import PROVIDERS, listings, terraform_types

GENERATED = "<!-- Made by `make docs`. Do not edit. -->\n\n"


def rules_page() -> str:
    """Every rule with its texts, its clause and its source."""
    return GENERATED + "# Rules\n\n" + "\n".join(_rule(module.RULE) for module in rules().values())


def _rule(rule: Rule) -> str:
    opposite = (
        f"- The contrary is demanded by: {', '.join(f'`{name}`' for name in rule.opposite)}\n" if rule.opposite else ""
    )
    return (
        f"## {rule.id}\n\n"
        f"{rule.title.en} · {rule.title.ja}\n\n"
        f"- Ships as: {rule.status}, {rule.personal} for personal, {rule.special} for special-care data\n"
        f"- Clause: {rule.clause.en} · {rule.clause.ja}\n"
        f"- Source: {rule.source}\n"
        f"- Says: {rule.message.en}\n"
        f"- Fix: {rule.fix.en}\n"
        f"{opposite}"
    )


def services_page() -> str:
    """What is listed live, with the rights it needs, and which template types are followed."""
    lines = ["# Services\n", "## Live\n", "| service | listing | where | rights |", "|---|---|---|---|"]
    for provider in PROVIDERS:
        for listing in listings(provider):
            rights = ", ".join(f"`{right}`" for right in sorted(set(listing.needs.values())))
            lines.append(f"| {provider}.{listing.service} | `{listing.call}` | {listing.scope} | {rights} |")
    lines += ["", "## Terraform and OpenTofu\n", "| type | is |", "|---|---|"]
    for name, template in sorted(terraform_types().items()):
        lines.append(f"| `{name}` | {_template(template.attaches_to, template.answers)} |")
    lines.append("\nEvery other AWS type that holds data is judged by its own place, and said to be so.")
    return GENERATED + "\n".join(lines) + "\n"


def _template(attaches_to: tuple[str, str] | None, answers: str | None) -> str:
    if answers:
        return f"a key: what `{answers}` would say of it"
    return f"a part of `{attaches_to[1]}`" if attaches_to else "a store"


def commands_page() -> str:
    """The help of every command."""
    return GENERATED + "# Commands\n\n" + "\n".join(_help())


def _help() -> Iterator[str]:
    settings = {**cli.context_settings, "info_name": "residency", "terminal_width": 100}
    with click.Context(cli, **settings) as top:
        yield f"```\n{cli.get_help(top)}\n```\n"
        for name, command in sorted(cli.commands.items()):
            with click.Context(command, info_name=name, parent=top) as context:
                yield f"## residency {name}\n\n```\n{command.get_help(context)}\n```\n"


PAGES: dict[str, Callable[[], str]] = {
    "rules.md": rules_page,
    "services.md": services_page,
    "commands.md": commands_page,
}


def main(folder: Path) -> None:
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
