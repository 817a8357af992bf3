"""`scan` and `gate`: facts, and what the policy says of them."""

from __future__ import annotations

import logging
from typing import Any

import click
from click.core import ParameterSource

from residency.cli.group import checked_outputs, cli, outputs, report, wants_stores
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

    checked_outputs(options)
    if options["saved"]:
        _refuse_beside_from()
        facts = run.open_run(options["saved"])
        config = run.config_of(facts, settings.config_given, settings.config)
        return report(settings, options, run.judged(facts, config, options["fail_on"], wants_stores(options)))
    config = run.open_config(settings.config)
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
        return report(settings, options, run.judged(facts, config, options["fail_on"], wants_stores(options)))


@cli.command(
    epilog="Example: terraform show -json tfplan | residency gate -",
    short_help="Judge what a change leads to, before it is deployed.",
)
@click.argument("files", nargs=-1, required=True, metavar="FILE…|-")
@option(
    "--type",
    "type_",
    type=click.Choice(["auto", "terraform-plan", "terraform-state", "cloudformation", "change-set", "cdk"]),
    default="auto",
    show_default=True,
    help="What every file is; any other is refused.",
)
@option("--region", metavar="REGION", help="The region of providers and templates that name none.")
@option("--parameter", multiple=True, metavar="K=V", help="A parameter of a template. Repeatable.")
@option("--parameters", multiple=True, metavar="FILE", help="Parameters as CloudFormation's own JSON file. Repeatable.")
@option(
    "--stack", metavar="NAME", help="Names the stores of one stack that have no id yet.  [default: the file's name]"
)
@option(
    "--source-root",
    type=click.Path(exists=True, file_okay=False),
    metavar="DIR",
    help="The root module that was planned: findings point to its lines.",
)
@option("--new-only", is_flag=True, help="Only findings that are not there already, by the plan's own prior state.")
@option("--baseline", metavar="SAVED", help="With --new-only: what is there already, by a saved run.")
@option("--known", metavar="SAVED", help="Places and protection of what the files do not make, by a saved run.")
@option("--expect-policy", multiple=True, metavar="sha256:…", help="Refuse any other policy. Repeatable.")
@option("--facts", metavar="FILE", help="Also write what was read, as residency/inventory/v1.")
@outputs
@click.pass_obj
def gate(settings: Settings, /, files: tuple[str, ...], **options: Any) -> int:
    """Judge plans and states of Terraform and OpenTofu, CloudFormation and SAM templates, change sets, CDK assemblies.

    A plan is what `terraform show -json` prints; an assembly is the directory that `cdk synth` writes.
    """
    from residency import gating, run

    config = run.open_config(settings.config)
    run.expect_policies(config, options["expect_policy"])
    checked_outputs(options)
    if options["baseline"] and not options["new_only"]:
        raise click.UsageError("--baseline says what --new-only compares with: give both")
    names = ("region", "stack", "facts", "source_root", "new_only", "baseline", "known")
    chosen = gating.GateOptions(
        type=options["type_"],
        parameters=gating.parameters_of(options["parameter"], options["parameters"]),
        stores=wants_stores(options),
        **{key: options[key] for key in names},
    )
    return report(settings, options, gating.judge_files(list(files), config, chosen, options["fail_on"]))


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
