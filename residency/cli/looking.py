"""`where`, `validate` and `schema`: what needs neither a cloud nor a saved run."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from residency.cli.group import cli
from residency.cli.options import Settings, option

if TYPE_CHECKING:
    from residency.where import Row, Where


@cli.command(
    epilog="Example: residency where aws:eu-central-1-ist-1a aws:apne1-az4",
    short_help="Say where a location stands.",
)
@click.argument("ids", nargs=-1, metavar="ID…")
@option("--list", "list_", is_flag=True, help="Every location that is held.")
@option("--provider", help="With --list: only this provider.")
@option("--country", help="With --list: only this country.")
@option("-f", "--format", "format_", type=click.Choice(("text", "json", "csv")), default="text", show_default=True)
@click.pass_obj
def where(settings: Settings, /, ids: tuple[str, ...], **options: Any) -> int:
    """Country, jurisdiction, verdict, operator, source and date of locations such as aws:ap-northeast-1.

    `-` reads locations from stdin, one a line; a line that is none is answered with an error of its own. Ends with 0
    when every location is known, also when it is prohibited, and with 3 when one is not.
    """
    from residency import where as places

    if bool(ids) == options["list_"]:
        raise click.UsageError("give locations such as aws:ap-northeast-1, or --list")
    if not options["list_"] and (options["provider"] or options["country"]):
        raise click.UsageError("--provider and --country narrow --list")
    known = places.open_where(settings.config)
    if options["list_"]:
        rows = known.list_all(options["provider"], options["country"])
    else:
        rows = [row for query in ids for row in _rows_of(query, known)]
    text = partial(places.as_text, language=settings.languages[0])
    formats: dict[str, Callable[[list[places.Row]], str]] = {"text": text, "json": places.as_json, "csv": places.as_csv}
    click.echo(formats[options["format_"]](rows), nl=False)
    return 3 if ids and any(places.is_unknown(row) for row in rows) else 0


def _rows_of(query: str, known: Where) -> Iterator[Row]:
    """A wrong argument is a usage error; a wrong line of stdin is an answer among the others."""
    if query == "-":
        yield from (known.look_up_line(line.strip()) for line in sys.stdin if line.strip())
    else:
        yield known.look_up(query)


@cli.command(epilog="Example: residency validate -c config", short_help="Check the config.")
@click.pass_obj
def validate(settings: Settings) -> int:
    """Check the whole config: every mistake with file, line and column; and print the digest of each policy."""
    from residency import run
    from residency.policy.doubts import doubts

    config = run.open_config(settings.config)
    for policy in config.policies:
        for doubt in doubts(policy, run.today_of(config)):
            click.echo(f"note: {doubt}", err=True)
    counts = (
        f"{len(config.policies)} policies, {len(config.sources)} sources, "
        f"{len(config.classification.rules)} classification rules, "
        f"{len(config.exceptions.exceptions)} exceptions, {len(config.vendors)} vendors"
    )
    if not settings.quiet:
        click.echo(f"{config.folder}: valid ({counts})")
        for policy in config.policies:
            click.echo(f"policy {policy.id}: sha256:{config.policy_sha256[policy.id]}")
    return 0


@cli.command(epilog="Example: residency schema policy > policy.schema.json", short_help="Print a JSON Schema.")
@click.argument("name", required=False)
@click.pass_obj
def schema(settings: Settings, name: str | None) -> int:
    """Print the JSON Schema of a config file, of a saved run's records, or of the result."""
    from residency import schemas

    if name is None:
        click.echo("\n".join(schemas.NAMES))
        return 0
    if name not in schemas.NAMES:
        raise click.UsageError(f"{name[:80]!r} is no schema; choose one of {', '.join(schemas.NAMES)}")
    click.echo(json.dumps(schemas.schema(name), ensure_ascii=False, indent=2))
    return 0
