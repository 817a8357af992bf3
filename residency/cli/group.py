"""The program `residency` and what its commands share: their outputs, and how they end."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from residency.cli.options import Group, Settings, option, version_option, write_atomically
from residency.reports import FORMATS, OF_STORES, render

if TYPE_CHECKING:
    from residency.reports.result import Result

SEVERITIES = ("critical", "high", "medium", "low")


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@version_option()
def cli(**_: Any) -> None:
    """Where does personal data really stand, and who could read it there?

    What could not be seen is reported as not checked (exit 3), never as a pass.
    """


def outputs(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that ends in a report."""
    for decorate in (
        option("-f", "--format", "format_", type=click.Choice(tuple(FORMATS)), default="text", show_default=True),
        option("-o", "--output", multiple=True, metavar="NAME=PATH", help="Also write a report to a file. Repeatable."),
        option("--fail-on", type=click.Choice(SEVERITIES), default="high", show_default=True),
        option("--exit-zero", is_flag=True, help="Violations do not change the exit code."),
        option("--allow-incomplete", is_flag=True, help="What was not seen does not change the exit code."),
    ):
        function = decorate(function)
    return function


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


def wants_stores(options: dict[str, Any]) -> bool:
    """Whether one of the reports tells of every store."""
    return not OF_STORES.isdisjoint({options["format_"], *(name for name, _ in options["output"])})


def report(settings: Settings, options: dict[str, Any], result: Result) -> int:
    """Write every output, print one, and say the exit code."""
    languages = settings.languages
    for name, path in options["output"]:
        write_atomically(path, render(name, result, _languages_of(name, settings)))
    for piece in render(options["format_"], result, languages, settings.colour):
        sys.stdout.write(piece)
    sys.stdout.flush()
    return _exit_code(result, options)


def _languages_of(name: str, settings: Settings) -> tuple[str, ...]:
    """A page that people hand on speaks both languages, unless one was asked for."""
    own = settings.languages
    both = name == "html" and settings.lang == "auto"
    return tuple(dict.fromkeys((*own, "en", "ja"))) if both else own


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
