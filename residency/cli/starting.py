"""`init`: the first config of a directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from residency.cli.group import cli
from residency.cli.options import Settings, option

PROVIDERS = ("aws", "gcp", "azure", "netbox", "file")


@cli.command(
    epilog="Example: residency init --account 123456789012",
    short_help="Start a config.",
)
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path(path_type=Path))
@option(
    "--provider",
    multiple=True,
    type=click.Choice(PROVIDERS),
    default=("aws",),
    show_default=True,
    help="What is scanned. Repeatable.",
)
@option("--account", metavar="ID", help="One AWS account.  [default: the one that the credentials belong to]")
@option("--organization", is_flag=True, help="Every account of an AWS organization.")
@click.pass_obj
def init(settings: Settings, /, folder: Path | None, **options: Any) -> int:
    """Write a config that explains each key and decides nothing, into DIR (default: the config directory).

    Every file is written, or none: what is there already is never overwritten.
    """
    from residency import start

    folder = folder or settings.config
    providers = tuple(dict.fromkeys(options["provider"]))
    wanted = start.Wanted(providers, options["account"], options["organization"])
    written = start.start(folder, wanted)
    if not settings.quiet:
        click.echo("".join(f"wrote {path}\n" for path in written) + start.next_steps(folder, wanted), nl=False)
    return 0
