"""`scan` and `gate`: facts, and what the policy says of them."""

from __future__ import annotations

import logging
from typing import Any

import click
from click.core import ParameterSource

from residency.cli.group import checked_outputs, cli, outputs, report
from residency.cli.options import Settings, option

SELECTORS = ("source", "provider", "account", "region", "service")


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


# --- of the scan alone -------------------------------------------------------------------------


def _refuse_beside_from() -> None:
    """What asks a cloud for less or more means nothing for facts that are saved: they are judged whole."""
    context = click.get_current_context()
    for name in (*SELECTORS, "resume", "plan", "retry_gaps"):
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name.replace('_', '-')} does not go with --from: a saved run is judged whole")


def _progress(settings: Settings) -> Any:
    from residency.cli.progress import bar, silent

    return bar() if settings.progress else silent()
