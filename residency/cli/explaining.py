"""`explain`: the chain behind a rule, a store or a finding."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from residency.cli.group import cli
from residency.cli.options import Settings, option

if TYPE_CHECKING:
    from residency.explain import Tree
    from residency.inventory import SavedRun


@cli.command(
    epilog="Example: residency explain arn:aws:s3:::member-backup",
    short_help="Say what a rule, a store or a finding rests on.",
)
@click.argument("question", metavar="RULE|STORE|FINGERPRINT")
@option(
    "--from",
    "--in",
    "saved",
    metavar="SAVED",
    default="latest",
    show_default=True,
    help="A path (such as that of `gate --facts`), a run id, or latest.",
)
@option("-f", "--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True)
@click.pass_obj
def explain(settings: Settings, /, question: str, saved: str, format_: str) -> int:
    """Store, copy, place, source of the fact, jurisdiction, clause and fix.

    RULE is the id of a rule and needs no saved run. STORE is an id, or an address or a name that only one
    store has; what only holds copies of other stores is told by these. FINGERPRINT names a finding; its first
    six digits are enough where no other begins alike.
    """
    from residency.explain.text import render

    tree = _tree(settings, question, saved)
    if format_ == "json":
        click.echo(json.dumps(tree, ensure_ascii=False, indent=1))
    else:
        click.echo("".join(render(tree, settings.languages, _asked_with(settings, saved))), nl=False)
    return 0


def _tree(settings: Settings, question: str, saved: str) -> Tree:
    from residency import explain, run, where

    if explain.is_rule(question):
        return explain.rule_tree(question, where.open_config(settings.config))
    facts = _facts(saved)
    config = run.config_of(facts, settings.config_given, settings.config)
    return explain.tree_of(question, facts, config, run.today_of(config))


def _facts(saved: str) -> SavedRun:
    from residency import run
    from residency.inventory import SavedRunError, read_run

    try:
        path = run.find_run(saved)
    except SavedRunError as error:
        hint = "name one with --from FILE, such as what `residency gate … --facts FILE` wrote"
        raise SavedRunError(f"{error}: {hint}") from error
    return read_run(path)


def _asked_with(settings: Settings, saved: str) -> list[tuple[str, str]]:
    """The options that the next question needs as well, to be about the same run under the same config."""
    config = [("-c", str(settings.config_given))] if settings.config_given else []
    return [*config, *([("--from", saved)] if saved != "latest" else [])]
