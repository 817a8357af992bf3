"""The commands. Each one reads its options, calls run.py once, and returns an exit code."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from residency.cli.options import Group, Settings, option, version_option, write_atomically

if TYPE_CHECKING:
    from residency.reports.result import Result

SEVERITIES = ("critical", "high", "medium", "low")
FORMATS = ("text", "json")
SELECTORS = ("source", "provider", "account", "region", "service")


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@version_option()
def cli(**_: Any) -> None:
    """Where does personal data really stand, and who could read it there?

    What could not be seen is reported as not checked (exit 3), never as a pass.
    """


def outputs(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that ends in a report."""
    for decorate in (
        option("-f", "--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True),
        option("-o", "--output", multiple=True, metavar="NAME=PATH", help="Also write a report to a file. Repeatable."),
        option("--fail-on", type=click.Choice(SEVERITIES), default="high", show_default=True),
        option("--exit-zero", is_flag=True, help="Violations do not change the exit code."),
        option("--allow-incomplete", is_flag=True, help="What was not seen does not change the exit code."),
    ):
        function = decorate(function)
    return function


@cli.command(
    epilog="Example: residency scan --provider aws -o json=out/result.json",
    short_help="List the live estate and judge it.",
)
@option("--source", multiple=True, help="Only these sources. Repeatable, globs.")
@option("--provider", multiple=True, help="Only these providers.")
@option("--account", multiple=True, help="Only these accounts.")
@option("--region", multiple=True, help="Only these regions.")
@option("--service", multiple=True, help="Only these services.")
@option("--from", "saved", metavar="SAVED", help="Judge a saved run again: a path, a run id, or latest.")
@option("--resume", metavar="SAVED", help="Take over what a saved run saw whole, ask the rest.")
@option("--plan", is_flag=True, help="Only discover accounts and regions, and say what would be asked.")
@option("--parallel", type=click.IntRange(1, 256), default=16, show_default=True, help="Cells at once.")
@option("--timeout", type=click.FloatRange(1), default=60.0, show_default=True, help="Seconds for one answer.")
@option(
    "--retry-gaps", type=click.IntRange(0, 10), default=0, show_default=True, help="Ask again what failed in passing."
)
@option("--save/--no-save", default=True, help="Keep the facts in .residency/runs.  [default: save]")
@outputs
@click.pass_obj
def scan(settings: Settings, /, **options: Any) -> int:
    """List every store of every source, save the facts, and judge them."""
    from residency import run

    config = run.open_config(settings.config)
    checked_outputs(options)
    if options["saved"]:
        _refuse_beside_from()
        facts = run.open_run(options["saved"])
        return report(settings, options, run.judged(facts, config, options["fail_on"]))
    selection = run.Selection(**{key: options[key] for key in SELECTORS})
    chosen = run.ScanOptions(
        selection=selection,
        parallel=options["parallel"],
        timeout=options["timeout"],
        retry_gaps=options["retry_gaps"],
        resume=run.open_run(options["resume"]) if options["resume"] else None,
        save=options["save"],
        only_plan=options["plan"],
    )
    with run.folder_for(chosen) as folder:
        with _progress(settings) as progress:
            facts = run.scan_into(folder, config, chosen, progress)
        if options["plan"]:
            click.echo(run.plan_as_text(facts, chosen.planned), nl=False)
            return 0
        if options["save"]:
            level = logging.WARNING if settings.progress else logging.INFO
            logging.getLogger("residency").log(level, "saved as %s", facts.path)
        return report(settings, options, run.judged(facts, config, options["fail_on"]))


@cli.command(
    epilog="Example: terraform show -json tfplan | residency gate -",
    short_help="Judge what a change leads to, before it is deployed.",
)
@click.argument("files", nargs=-1, required=True, metavar="FILE…|-")
@option("--type", "type_", type=click.Choice(["auto", "terraform-plan"]), default="auto", show_default=True)
@option("--region", metavar="REGION", help="The region of providers that name none.")
@option("--stack", metavar="NAME", help="Names the stores that have no id yet.  [default: the file's name]")
@option("--expect-policy", multiple=True, metavar="sha256:…", help="Refuse any other policy. Repeatable.")
@option("--facts", metavar="FILE", help="Also write what was read, as residency/inventory/v1.")
@outputs
@click.pass_obj
def gate(settings: Settings, /, files: tuple[str, ...], **options: Any) -> int:
    """Judge Terraform or OpenTofu plans (terraform show -json)."""
    from residency import run

    config = run.open_config(settings.config)
    run.expect_policies(config, options["expect_policy"])
    checked_outputs(options)
    chosen = run.GateOptions(region=options["region"], stack=options["stack"], facts=options["facts"])
    with run.gated(list(files), config, chosen) as facts:
        return report(settings, options, run.judged(facts, config, options["fail_on"]))


@cli.command(
    epilog="Example: residency where aws:eu-central-1-ist-1a aws:apne1-az4",
    short_help="Say where a location stands.",
)
@click.argument("ids", nargs=-1, metavar="ID…")
@option("--list", "list_", is_flag=True, help="Every location that is held.")
@option("--provider", help="With --list: only this provider.")
@option("--country", help="With --list: only this country.")
@option("-f", "--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
@click.pass_obj
def where(settings: Settings, /, ids: tuple[str, ...], **options: Any) -> int:
    """Country, jurisdiction, verdict, operator, source and date of locations such as aws:ap-northeast-1.

    Ends with 0 when every location is known, also when it is prohibited, and with 3 when one is not.
    """
    from residency import where as places

    if not ids and not options["list_"]:
        raise click.UsageError("give a location such as aws:ap-northeast-1, or --list")
    config = places.open_config(settings.config)
    if options["list_"]:
        rows = places.list_all(config, options["provider"], options["country"])
    else:
        rows = [places.look_up(config, query) for query in ids]
    if options["format_"] == "json":
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        click.echo("".join(places.as_text(row, settings.languages[0]) for row in rows), nl=False)
    unknown = bool(ids) and any(row["why"] for row in rows)
    return 3 if unknown else 0


@cli.command(epilog="Example: residency validate -c config", short_help="Check the config.")
@click.pass_obj
def validate(settings: Settings) -> int:
    """Check the whole config: every mistake with file, line and column."""
    from residency import run

    config = run.open_config(settings.config)
    counts = (
        f"{len(config.policies)} policies, {len(config.sources)} sources, "
        f"{len(config.classification.rules)} classification rules, "
        f"{len(config.exceptions.exceptions)} exceptions, {len(config.vendors)} vendors"
    )
    if not settings.quiet:
        click.echo(f"{config.folder}: valid ({counts})")
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


# --- what the commands share ------------------------------------------------------------------


def checked_outputs(options: dict[str, Any]) -> None:
    """Refuse an output that cannot be written before any work is done."""
    pairs = []
    for text in options["output"]:
        name, equals, path = text.partition("=")
        if not equals or not path or name not in FORMATS:
            raise click.UsageError(f"-o {text[:80]!r}: write NAME=PATH, with NAME one of {', '.join(FORMATS)}")
        target = Path(path)
        if target.is_dir():
            raise click.UsageError(f"-o {text[:80]!r}: is a directory")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise click.UsageError(f"-o {text[:80]!r}: cannot be written: {error.strerror}") from error
        if not os.access(target.parent, os.W_OK):
            raise click.UsageError(f"-o {text[:80]!r}: the folder cannot be written")
        pairs.append((name, target))
    options["output"] = pairs


def report(settings: Settings, options: dict[str, Any], result: Result) -> int:
    """Write every output, print one, and say the exit code."""
    from residency.reports import render

    languages = settings.languages
    for name, path in options["output"]:
        write_atomically(path, render(name, result, languages))
    for piece in render(options["format_"], result, languages, settings.colour):
        sys.stdout.write(piece)
    sys.stdout.flush()
    return _exit_code(result, options)


def _refuse_beside_from() -> None:
    """What asks a cloud for less or more means nothing for facts that are saved: they are judged whole."""
    context = click.get_current_context()
    for name in (*SELECTORS, "resume", "plan", "retry_gaps"):
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name.replace('_', '-')} does not go with --from: a saved run is judged whole")


def _exit_code(result: Result, options: dict[str, Any]) -> int:
    """`--exit-zero` and `--allow-incomplete` change only what the shell sees, and say what they hid."""
    from residency.reports.text import printable

    code = result.exit_code
    if options["exit_zero"] and code in (1, 4):
        click.echo(f"--exit-zero hides {result.summary['violations']} violations", err=True)
        code -= 1
    if options["allow_incomplete"] and code in (3, 4):
        unchecked = [finding for finding in result.findings if finding.status == "not-checked"]
        click.echo(f"--allow-incomplete hides {len(unchecked)} things that were not checked:", err=True)
        for finding in unchecked:
            click.echo(f"  {finding.rule} {printable(finding.subject.id)}", err=True)
        code -= 3
    return code


def _progress(settings: Settings) -> Any:
    from residency.cli.progress import bar, silent

    return bar() if settings.progress else silent()
