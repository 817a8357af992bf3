"""Options that stand before or after the command's name, each with its environment variable."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from residency import __version__


class Option(click.Option):
    """An option whose environment variable is RESIDENCY_ and its flag, without the command's name."""

    def __init__(self, declarations: list[str], **settings: Any) -> None:
        longest = max(declarations, key=len).split("/")[0]
        settings.setdefault("envvar", "RESIDENCY_" + longest.lstrip("-").replace("-", "_").upper())
        settings.setdefault("show_envvar", True)
        super().__init__(declarations, **settings)


def option(*declarations: str, **settings: Any) -> Callable[[Any], Any]:
    return click.option(*declarations, cls=_declared, **settings)


class _declared(Option):
    def __init__(self, param_decls: list[str], **settings: Any) -> None:
        super().__init__(list(param_decls), **settings)


def _shared() -> list[click.Parameter]:
    return [
        Option(
            ["-c", "--config"],
            metavar="DIR",
            default="config",
            show_default="./config",
            help="The config directory.",
        ),
        Option(["--lang"], default="auto", help="en, ja, auto; a report also ja,en.", show_default=True),
        Option(["-q", "--quiet"], is_flag=True, help="Say nothing but the data."),
        Option(["-v", "--verbose"], is_flag=True, help="Say more on stderr."),
        Option(["--color"], type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True),
        Option(["--no-progress"], is_flag=True, help="No progress on the terminal."),
        Option(["--log-format"], type=click.Choice(["text", "json"]), default="text", show_default=True),
    ]


@dataclass
class Settings:
    """The global options, wherever they stood."""

    config: Path
    config_given: Path | None  # None where nobody named one, and `config` is the default
    lang: str
    quiet: bool
    verbose: bool
    color: str
    no_progress: bool
    log_format: str

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of a report; UsageError for one that it does not speak."""
        words = [word for word in self.lang.split(",") if word]
        wrong = [word for word in words if word not in ("en", "ja", "auto")]
        if wrong or not words:
            raise click.UsageError(f"--lang {self.lang[:80]!r}: choose en, ja, auto, or ja,en")
        return tuple(dict.fromkeys(_system_language() if word == "auto" else word for word in words))

    @property
    def colour(self) -> bool:
        if self.color == "auto":
            return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        return self.color == "always"

    @property
    def progress(self) -> bool:
        return sys.stderr.isatty() and not (self.quiet or self.no_progress)


def _system_language() -> str:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return "ja" if value.startswith("ja") else "en"
    return "en"


class Command(click.Command):
    """A command that takes the global options too; what stands after its name wins."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params.extend(_shared())

    def invoke(self, context: click.Context) -> Any:
        names = [str(parameter.name) for parameter in _shared()]
        values = {name: _nearest(context, name) for name in names}
        for name in names:
            del context.params[name]
        values["config"] = Path(values["config"])
        values["config_given"] = values["config"] if _is_given(context, "config") else None
        context.obj = Settings(**values)
        from residency.cli.logs import configure

        configure(verbose=values["verbose"], quiet=values["quiet"], form=values["log_format"])
        _ = context.obj.languages  # a wrong --lang is told before any work is done
        return super().invoke(context)


def _nearest(context: click.Context, name: str) -> Any:
    """The value that was written nearest to the command, wherever it stood; else the command's own."""
    around: click.Context | None = context
    while around is not None:
        if around.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            return around.params[name]
        around = around.parent
    return context.params[name]


def _is_given(context: click.Context, name: str) -> bool:
    """Whether the value was written down anywhere, and is no default."""
    around: click.Context | None = context
    while around is not None:
        if around.get_parameter_source(name) in (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT):
            return True
        around = around.parent
    return False


class Group(click.Group):
    """The program, or a word with commands below it."""

    command_class = Command
    group_class = type  # a group below is of this class too

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params.extend(_shared())


version_option = functools.partial(click.version_option, __version__, prog_name="residency")


def write_atomically(path: Path, pieces: Any) -> None:
    """Write a report to a file that only its owner may read; a half-written one is never left."""
    part = path.with_name(f".{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
