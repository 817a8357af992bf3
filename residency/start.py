"""Starts a config: `residency init`. It says which keys there are, and decides nothing.

What is not commented out judges exactly as no config at all would, but for the sources that were asked for
and a draft record of each vendor that operates them. Lines that begin with `#~ ` are examples: without these
three characters they are valid too.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template

from pydantic import TypeAdapter, ValidationError

from residency.errors import InputError
from residency.policy.load import FILES, load_config
from residency.policy.models import AccountId, Operator
from residency.policy.reader import shown
from residency.shipped import shipped_config

TEMPLATES = Path(__file__).resolve().parent / "templates"
ROLE = "residency-readonly"  # the name that the examples use; an organization needs one


@dataclass(frozen=True)
class Wanted:
    """What the first sources are. An account or an organization is one of AWS."""

    providers: tuple[str, ...] = ("aws",)
    account: str | None = None
    organization: bool = False

    @property
    def unfilled(self) -> list[str]:
        """The providers whose source needs words that only the reader knows."""
        return [provider for provider in self.providers if provider != "aws"]


def start(folder: Path, wanted: Wanted) -> list[Path]:
    """Write a config that `residency validate` accepts; the files, all or none of them.

    InputError where one of them is there already, ConfigError where the folder holds what no config may hold.
    """
    _check(wanted)
    files = {folder / name: text for name, text in contents(wanted).items()}
    there = [path.relative_to(folder).as_posix() for path in files if os.path.lexists(path)]
    if there:
        raise InputError(f"{folder} holds {', '.join(there)} already; nothing was written")
    with _all_or_none(folder) as written:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:  # x: refuses a name that is taken meanwhile
                written.append(path)
                file.write(text)
        load_config(folder)
    return list(files)


@contextmanager
def _all_or_none(folder: Path) -> Iterator[list[Path]]:
    """Collects what is written; takes it back, with the folders that were made for it, when anything fails."""
    missing = [path for path in (folder / "vendors", folder, *folder.parents) if not path.exists()]
    written: list[Path] = []
    try:
        yield written
    except BaseException as error:
        for path in written:
            path.unlink()
        for path in missing:
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()
        if isinstance(error, OSError):
            raise InputError(f"{folder}: cannot be written: {error.strerror}; nothing was written") from error
        raise


def _check(wanted: Wanted) -> None:
    if wanted.account is None and not wanted.organization:
        return
    if "aws" not in wanted.providers:
        raise InputError("an account or an organization is one of AWS: add --provider aws")
    if wanted.account is not None and wanted.organization:
        raise InputError("a source is one account or an organization, not both")
    try:
        TypeAdapter(AccountId | None).validate_python(wanted.account)
    except ValidationError as error:
        text = f"{shown(wanted.account)} is no AWS account id: it has 12 digits, zeros at its head included"
        raise InputError(text) from error


def contents(wanted: Wanted) -> dict[str, str]:
    """File name -> its text."""
    shipped = load_config(shipped_config()).operators.values()
    # The operator of a provider is the one that runs the provider's own namespace.
    operators = {name: next((o for o in shipped if name in o.namespaces), None) for name in wanted.providers}
    names = [*FILES]
    if None in operators.values():
        names.append("operators.yaml")  # somebody has to say who runs the machines there
    files = {name: _filled(name, sources=_sources(wanted)) for name in names}
    return files | {f"vendors/{operator.id}.yaml": _vendor(operator) for operator in operators.values() if operator}


def _filled(name: str, **values: str) -> str:
    return Template((TEMPLATES / name).read_text(encoding="utf-8")).substitute(values)


def _sources(wanted: Wanted) -> str:
    if "aws" not in wanted.providers:
        return "sources: [] # nothing is scanned yet: take `[]` away with the `#~ ` of a row below"
    if wanted.organization:
        more = f", organization: true, role_name: {ROLE}"
    else:
        more = f', account: "{wanted.account}"' if wanted.account else ""
    return f"sources:\n  - {{name: aws, provider: aws{more}}}"


def _vendor(operator: Operator) -> str:
    # JSON's text is YAML's too, whatever a name holds.
    return _filled(
        "vendor.yaml",
        id=operator.id,
        legal=json.dumps(operator.names.legal, ensure_ascii=False),
        operating=json.dumps(operator.operating.name, ensure_ascii=False),
        country=operator.operating.country,
        source=operator.source,
        read_on=operator.read_on.isoformat(),
    )


def next_steps(folder: Path, wanted: Wanted) -> str:
    """What to do with a config that was started."""
    place = "" if folder == Path("config") else f" -c {shlex.quote(str(folder))}"
    first = f"fill in sources.yaml: {', '.join(wanted.unfilled)}\n" if wanted.unfilled else ""
    return (
        f"{first}next:\n"
        f"  residency{place} validate      check it after every change\n"
        f"  residency{place} scan --plan   what a scan would ask, and of which accounts\n"
        f"  residency{place} scan          list the stores and judge them\n"
    )
