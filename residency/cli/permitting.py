"""`permissions`: the rights that a scan needs."""

from __future__ import annotations

import click

from residency.cli.group import cli
from residency.cli.options import Settings, option


@cli.command(
    epilog="Example: residency permissions --provider aws -f cloudformation > role.json",
    short_help="Print the rights that a scan needs.",
)
@option("--provider", required=True, type=click.Choice(("aws",)), help="Whose rights.")
@option(
    "--tier",
    type=click.Choice(("inventory", "deep")),
    default="deep",
    show_default=True,
    help="Only what lists stores, or all that a scan asks.",
)
@option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(("json", "terraform", "cloudformation")),
    default="json",
    show_default=True,
)
@click.pass_obj
def permissions(settings: Settings, /, provider: str, tier: str, format_: str) -> int:
    """Print the read-only rights of all scanners that would run: a policy, or a role with it as Terraform or for a
    stack set. No right of them reads what is saved.
    """
    from residency import permissions as wanted

    click.echo("".join(wanted.FORMATS[format_](tier)), nl=False)
    return 0
