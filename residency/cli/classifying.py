"""`classify`: what nobody classified, and what could be said of it."""

from __future__ import annotations

from typing import Any

import click

from residency.cli.group import cli
from residency.cli.options import Settings, option


@cli.command(
    epilog="Example: residency classify --suggest -f yaml",
    short_help="Say what nobody classified, and what would.",
)
@click.argument("saved", default="latest", metavar="[SAVED]")
@option("--suggest", is_flag=True, help="Propose rules by kind, name, account and tag, and what each would change.")
@option("-f", "--format", "format_", type=click.Choice(("text", "json", "yaml")), default="text", show_default=True)
@click.pass_obj
def classify(settings: Settings, /, saved: str, **options: Any) -> int:
    """List the stores of a saved run that have no class, and what would decide them.

    SAVED is a path, a run id, or latest. A suggestion never names a class: that is for a person to decide. The facts
    are judged again twice for each of at most 20 suggestions, which takes its time on a big run.
    """
    from residency import run
    from residency.classifying import again, shown

    form = options["format_"]
    if form == "yaml" and not options["suggest"]:
        raise click.UsageError("-f yaml prints rules: add --suggest")
    facts = run.open_run(saved)
    config = run.config_of(facts, settings.config_given, settings.config)
    today = run.today_of(config)
    found: again.Unclassified | again.Suggestions
    if options["suggest"]:
        found = again.suggest(facts, config, today, _tell if settings.progress else None)
    else:
        found = again.unclassified(facts, config, today)
    for piece in shown.render(found, form, settings.languages):
        click.echo(piece, nl=False)
    return 0


def _tell(number: int, of: int) -> None:
    """One line on the terminal, cleared by the last."""
    click.echo(f"\r\x1b[2Kjudging again: {number} of {of}" if number < of else "\r\x1b[2K", nl=False, err=True)
