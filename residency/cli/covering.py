"""`coverage` and `coverage accept`: what was not seen, and who answers for that."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from residency.cli.group import cli
from residency.cli.options import Command, Settings, option

ACCEPT = "coverage accept"  # a command of its own, with its own help; `coverage` hands over to it


class _WithAccept(Command):
    """`coverage [SAVED]`, unless the first word behind it is `accept`."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        rest = self._behind_accept(info_name, args, parent)
        if rest is None:
            return super().make_context(info_name, args, parent, **extra)
        return cli.commands[ACCEPT].make_context(ACCEPT, rest, parent, **extra)

    def _behind_accept(self, info_name: str | None, args: list[str], parent: click.Context | None) -> list[str] | None:
        """The arguments without the word `accept`; None where they are those of `coverage` alone."""
        context = click.Context(self, info_name=info_name, parent=parent, allow_interspersed_args=False)
        try:
            values, behind, _ = self.make_parser(context).parse_args(list(args))
        except click.UsageError:
            return None  # it is told when the arguments are read in earnest
        if values.get("saved") != "accept":
            return None
        position = len(args) - len(behind) - 1
        return [*args[:position], *behind]


@cli.command(
    "coverage",
    cls=_WithAccept,
    epilog="Example: residency coverage latest --by owner",
    short_help="Gaps by the one thing that closes them.",
)
@click.argument("saved", default="latest", metavar="[SAVED]")
@option("--by", type=click.Choice(("cause", "owner", "account")), default="cause", show_default=True)
@option("-f", "--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True)
@click.pass_obj
def coverage(settings: Settings, /, saved: str, **options: Any) -> int:
    """What a saved run (a path, a run id, or latest) did not see, grouped by the one thing that closes it.

    `residency coverage accept CAUSE` writes the row that accepts a gap for a while.
    """
    from residency import gaps, run
    from residency.gaps.text import render

    facts = run.open_run(saved)
    config = run.config_of(facts, settings.config_given, settings.config)
    tree = gaps.tree_of(facts, config, run.today_of(config), options["by"])
    if options["format_"] == "json":
        click.echo(json.dumps(tree, ensure_ascii=False, indent=1))
    else:
        click.echo("".join(render(tree, settings.languages)), nl=False)
    return 0


@cli.command(
    ACCEPT,
    epilog="Example: residency coverage accept 'prod/123456789012: unswept sweep' --reason 'checked by hand' "
    "--owner cloud@example.co.jp --approved-by dpo@example.co.jp --expires 2027-05-31",
    short_help="Accept a cause of gaps for a while.",
)
@click.argument("cause")
@click.argument("saved", default="latest", metavar="[SAVED]")
@option("--reason", required=True, help="Why this may stay unseen.")
@option("--owner", required=True, metavar="MAIL", help="Who answers for it.")
@option("--approved-by", required=True, metavar="MAIL", help="Who approved it: somebody else.")
@option("--expires", required=True, metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="The last day it counts.")
@option("--dry-run", is_flag=True, help="Print the row and write nothing.")
@click.pass_obj
def accept(settings: Settings, /, cause: str, saved: str, expires: datetime, **options: Any) -> int:
    """Write the row of coverage.yaml that accepts a CAUSE, and prove that it accepts that cause and no other.

    CAUSE is the cause as `residency coverage` prints it, or a part of it that no other has.
    """
    from residency import run
    from residency.gaps.accept import Terms
    from residency.gaps.accept import accept as write_row

    facts = run.open_run(saved)
    config = run.config_of(facts, settings.config_given, settings.config)
    folder, today = Path(config.folder), run.today_of(config)
    terms = Terms(options["reason"], options["owner"], options["approved_by"], expires.date())
    reload = None if options["dry_run"] else lambda: run.open_config(folder)
    click.echo(write_row(cause, facts, config, today, terms, reload), nl=False)
    if reload and not settings.quiet:
        click.echo(f"written to {folder / 'coverage.yaml'}; it counts from the next judgement on", err=True)
    return 0
