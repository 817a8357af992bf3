"""`atlas check` and `atlas refresh`: the atlas against what packages and providers know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from residency.cli.group import cli
from residency.cli.options import Settings, option

if TYPE_CHECKING:
    from residency.survey import Difference, Record

PROVIDERS = ("aws", "azure", "gcp")


@cli.group("atlas", epilog="Example: residency atlas check", short_help="Compare the atlas with what others know.")
def atlas(**_: Any) -> None:
    """The atlas says where every location stands. Here it is compared with records that others keep."""


@atlas.command(epilog="Example: residency atlas check", short_help="Compare it with installed packages.")
@option("-f", "--format", "format_", type=click.Choice(("text", "json")), default="text", show_default=True)
@click.pass_obj
def check(settings: Settings, /, format_: str) -> int:
    """Name what is new, changed or vanished in the records of installed packages; no network is needed.

    Ends with 0 when there is no difference, and with 1 when there is one.
    """
    from residency.clouds.installed import records, silent
    from residency.survey import compare
    from residency.where import open_config

    known = open_config(settings.config).atlas
    found = list(records())
    differences = [difference for record in found for difference in compare(known, record)]
    if format_ == "json":
        click.echo(json.dumps([asdict(difference) for difference in differences], ensure_ascii=False, indent=1))
    else:
        click.echo("".join(f"{difference}\n" for difference in differences), nl=False)
    if not settings.quiet:
        for record in found:
            click.echo(f"{record.name}: {len(record.known)} locations compared", err=True)
        for line in silent():
            click.echo(line, err=True)
    return 1 if differences else 0


@atlas.command(
    epilog="Example: residency atlas refresh --provider aws > atlas.diff",
    short_help="Ask providers, and print what differs as a diff.",
)
@option("--provider", multiple=True, type=click.Choice(PROVIDERS), default=("aws",), show_default=True)
@option("--profile", help="AWS: a profile of the credentials file.")
@option("--subscription", help="Azure: a subscription whose locations are listed.")
@option("--project", help="Google Cloud: a project that may ask Spanner and the Cloud Location Finder.")
@option("--endpoint", metavar="URL", help="Azure: the cloud to ask, such as https://management.usgovcloudapi.net.")
@option("--write", is_flag=True, help="Write the rows into the atlas files instead of printing a diff.")
@click.pass_obj
def refresh(settings: Settings, /, **options: Any) -> int:
    """Print a diff of the atlas files with what the providers' live APIs say now, for a person to review.

    Ends with 0 when nothing differs or everything was written, with 1 when there is a diff, and with 3 when a
    provider could not be asked.
    """
    from datetime import UTC, datetime

    from residency.shipped import shipped_config
    from residency.survey import NotSeen, compare
    from residency.survey.rows import changes
    from residency.where import open_config

    known = open_config(settings.config).atlas
    differences: list[Difference] = []
    unseen = False
    for provider in options["provider"]:
        try:
            for record in _ask(provider, options):
                differences += compare(known, record)
        except NotSeen as error:
            unseen = True
            click.echo(f"{provider}: {error}", err=True)
    found = list(changes(shipped_config() / "atlas", differences, datetime.now(UTC).date()))
    for change in found:
        if options["write"]:
            change.path.write_text(change.after, encoding="utf-8")
        else:
            click.echo("".join(f"{line}\n" for line in change.diff()), nl=False)
    return 3 if unseen else 1 if found and not options["write"] else 0


def _ask(provider: str, options: dict[str, Any]) -> Iterator[Record]:
    """The records of one provider, as they come. NotSeen where one does not come whole."""
    if provider == "aws":
        from residency.clouds.aws.locations import records
        from residency.clouds.aws.session import Access

        yield from records(Access(profile=options["profile"]))
    elif provider == "azure":
        subscription = _needed(options, "subscription")
        from residency.clouds.azure.locations import locations

        yield locations(subscription, endpoint=options["endpoint"])
    else:
        project = _needed(options, "project")
        from residency.clouds.gcp.locations import location_finder, spanner

        yield spanner(project)
        yield from location_finder(project)


def _needed(options: dict[str, Any], name: str) -> str:
    if not options[name]:
        raise click.UsageError(f"give --{name}: it is asked what locations there are")
    return str(options[name])
