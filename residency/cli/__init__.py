"""Arguments -> one call of run.py -> an exit code. No logic."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import click

BAD_INPUT, INTERNAL, INTERRUPTED = 2, 70, 130


def main() -> NoReturn:
    """The console entry point: every way out is one of the documented exit codes."""
    # pydantic searches every installed package for plugins of its own; we have none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    gc.set_threshold(100_000)  # a command makes many objects and few cycles, and most of them live as long as it
    try:
        from residency.cli.commands import cli
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except ModuleNotFoundError as error:
        sys.exit(_not_installed(error))
    except Exception:  # a broken installation
        sys.exit(_defect())
    code = run_cli(cli)
    gc.freeze()  # what is left goes with the process
    sys.exit(code)


def run_cli(command: click.Command, arguments: list[str] | None = None) -> int:
    """Run a command and turn whatever happens into an exit code; an error of ours is never 1."""
    import click

    try:
        result = command.main(arguments, prog_name="residency", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as done:
        return int(done.exit_code)
    except click.ClickException as error:
        error.show(file=sys.stderr)
        return BAD_INPUT
    except (click.Abort, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nothing more can be said there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INTERNAL
    except ModuleNotFoundError as error:
        return _not_installed(error)
    except Exception as error:
        return _failed(error)


def _not_installed(error: ModuleNotFoundError) -> int:
    from residency.errors import what_to_install

    text = what_to_install(error)
    if text is None:
        return _defect()
    print(f"error: {text}", file=sys.stderr)
    return BAD_INPUT


def _failed(error: Exception) -> int:
    try:
        from residency.errors import InputError
        from residency.inventory import SavedRunError
        from residency.policy.reader import ConfigError
        from residency.run import Interrupted
    except Exception:  # a broken installation
        return _defect()

    if isinstance(error, ConfigError):
        for line in error.lines():
            print(f"error: {line}", file=sys.stderr)
        return BAD_INPUT
    if isinstance(error, SavedRunError | InputError):
        print(f"error: {error}", file=sys.stderr)
        return BAD_INPUT
    if isinstance(error, Interrupted):
        text = f"interrupted: what was seen is saved; go on with `residency scan --resume {error.path}`"
        print(text, file=sys.stderr, flush=True)
        os._exit(INTERRUPTED)  # calls that are still under way would keep the process alive for their timeout
    return _defect()


def _defect() -> int:
    traceback.print_exc(file=sys.stderr)
    print("error: this is a defect of residency itself; nothing above is a finding", file=sys.stderr)
    return INTERNAL
