"""`explain`: the chain behind a rule, a store or a finding."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from residency.cli.group import cli
from residency.cli.options import Settings, option

if TYPE_CHECKING:
    from residency.explain import Tree


@cli.command(
    epilog="Example: residency explain arn:aws:s3:::member-backup",
    short_help="Say what a rule, a store or a finding rests on.",
)
@click.argument("question", metavar="RULE|STORE|FINGERPRINT")
@option("--in", "in_", metavar="SAVED", default="latest", show_default=True, help="A path, a run id, or latest.")
@option("-f", "--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True)
@click.pass_obj
def explain(settings: Settings, /, question: str, **options: Any) -> int:
    """Store, copy, place, source of the fact, jurisdiction, clause and fix.

    RULE is the id of a rule and needs no saved run. STORE is an id, or an address or a name that only one
    store has. FINGERPRINT names a finding; its first six digits are enough where no other begins alike.
    """
    from residency.explain.text import render

    tree = _tree(settings, question, options["in_"])
    if options["format_"] == "json":
        click.echo(json.dumps(tree, ensure_ascii=False, indent=1))
    else:
        click.echo("".join(render(tree, settings.languages)), nl=False)
    return 0


def _tree(settings: Settings, question: str, saved: str) -> Tree:
    from residency import explain, run, where

    if explain.is_rule(question):
        return explain.rule_tree(question, where.open_config(settings.config))
    facts = run.open_run(saved)
    config = run.config_of(facts, settings.config_given, settings.config)
    return explain.tree_of(question, facts, config, run.today_of(config))
