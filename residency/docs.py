"""Pages that the program prints about itself: `python -m residency.docs DIR`. A test compares them with docs/."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from residency.atlas import Entry
from residency.cli.commands import cli
from residency.clouds.aws import discover
from residency.policy.load import load_config
from residency.rules import rules
from residency.rules.base import Rule
from residency.services import PROVIDERS, cloudformation_types, listings, terraform_types
from residency.shipped import shipped_config

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
    everywhere = ", ".join(f"`{right}`" for right in sorted({*discover.NEEDS.values(), "sts:AssumeRole"}))
    lines.append(
        f"\nTo find accounts, regions and zones, AWS also needs {everywhere}: what concerns an organisation only there."
    )
    for title, types in (("Terraform and OpenTofu", terraform_types()), ("CloudFormation", cloudformation_types())):
        lines += ["", f"## {title}\n", "| type | is |", "|---|---|"]
        for name, template in sorted(types.items()):
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
        yield from _help_of(cli, top)


def _help_of(group: click.Group, above: click.Context) -> Iterator[str]:
    for name, command in sorted(group.commands.items()):
        with click.Context(command, info_name=name, parent=above) as context:
            yield f"## {context.command_path}\n\n```\n{command.get_help(context)}\n```\n"
            if isinstance(command, click.Group):
                yield from _help_of(command, context)


def locations_page() -> str:
    """How many locations the atlas holds of each namespace, who runs them, and what it does not know of them."""
    config = load_config(shipped_config())
    entries: dict[str, list[Entry]] = {}
    for entry in config.atlas.entries.values():
        entries.setdefault(entry.namespace, []).append(entry)
    lines = ["# Locations\n", f"The atlas of {config.atlas.as_of}: {len(config.atlas.entries)} locations.\n"]
    lines += ["| namespace | operators | locations | not confirmed or without a place |", "|---|---|---|---|"]
    for namespace, rows in sorted(entries.items()):
        operators = ", ".join(f"`{name}`" for name in sorted({row.operator for row in rows}))
        open_ones = [row for row in rows if not config.atlas.find(row.place).complete]
        lines.append(f"| `{namespace}` | {operators} | {len(rows)} | {_some(open_ones)} |")
    lines += [
        "",
        "## Operators\n",
        "| id | runs it | country | parent | source | confidence |",
        "|---|---|---|---|---|---|",
    ]
    for operator in sorted(config.operators.values(), key=lambda row: row.id):
        parent = f"{operator.parent.name} ({operator.parent.country})" if operator.parent else ""
        runs = f"{operator.operating.name} | {operator.operating.country}"
        lines.append(f"| `{operator.id}` | {runs} | {parent} | {operator.source} | {operator.confidence} |")
    return GENERATED + "\n".join(lines) + "\n"


def _some(entries: list[Entry], most: int = 8) -> str:
    codes = [f"`{entry.code}`" for entry in entries]
    return ", ".join(codes[:most]) + (f" and {len(codes) - most} more" if len(codes) > most else "")


PAGES: dict[str, Callable[[], str]] = {
    "rules.md": rules_page,
    "services.md": services_page,
    "commands.md": commands_page,
    "locations.md": locations_page,
}


def main(folder: Path) -> None:
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
