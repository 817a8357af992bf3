"""Where a resource, a data source or a module call of a plan is written: the file and the line."""

from __future__ import annotations

import json
import logging
import multiprocessing
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, Self

from residency.errors import InputError
from residency.sources.blocks import Block, Key, UnreadableError, serve
from residency.sources.terraform_parts import steps_of

# opentofu.org/docs/language/files (2026-11-22): OpenTofu reads its own endings beside those of Terraform.
ENDINGS = (".tf", ".tofu", ".tf.json", ".tofu.json")
MAX_BYTES = 5 * 1024 * 1024
# 10,000 lines take 1.3 s (python-hcl2 8.1.4); the first file waits for the parser to be built as well.
SECONDS_PER_FILE = 10.0
SECONDS = 60.0
LOG = logging.getLogger(__name__)


class _Written(NamedTuple):
    at: str | None  # "modules/db/main.tf:14"; None where two files write it
    source: str | None


class SourceLines:
    """The lines of one configuration, by the folder of its root module. A folder is read when it is asked for.

    Nothing outside that folder is read. What cannot be read in time, or at all, is told as a warning and has no lines.
    InputError where the parser is not installed.
    """

    def __init__(self, root: Path, seconds: float = SECONDS, seconds_per_file: float = SECONDS_PER_FILE) -> None:
        if find_spec("hcl2") is None:
            raise InputError("--source-root needs a parser of Terraform: pip install 'residency[iac]'")
        self.root = root.resolve()
        self.seconds = seconds
        self.seconds_per_file = seconds_per_file
        self._folders: dict[Path, dict[Key, _Written]] = {}
        self._known: dict[Key, str | None] = {}
        self._installed: dict[str, str] | None = None
        self._parser: _Parser | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end_parser()

    def at(self, address: str) -> str | None:
        """`FILE:LINE` of what an address names, or of the nearest module call that leads to it; None for neither.

        The file is relative to the root. The indexes of an address do not matter.
        """
        names = tuple(name for name, _ in steps_of(address))
        if names not in self._known:
            self._known[names] = self._find(names)
        return self._known[names]

    def _find(self, names: Key) -> str | None:
        folder: Path | None = self.root
        modules: Key = ()
        nearest = None
        while folder and names[:1] == ("module",):
            call = self._folder(folder).get(names[:2])
            if call is None or call.at is None:
                return nearest
            nearest, modules = call.at, (*modules, names[1])
            folder, names = self._called(folder, call, modules), names[2:]
        key = names if names[:1] == ("data",) else ("resource", *names)
        written = self._folder(folder).get(key) if folder else None
        return (written.at if written else None) or nearest

    # --- folders ------------------------------------------------------------------------------

    def _called(self, caller: Path, call: _Written, modules: Key) -> Path | None:
        """The folder of a module; None where it is not below the root.

        Only a path that begins so is local (developer.hashicorp.com, Module Sources; 2026-11-22).
        """
        if call.source and call.source.startswith(("./", "../")):
            return self._inside(caller / call.source)
        installed = self._modules().get(".".join(modules))
        return self._inside(self.root / installed) if installed else None

    def _inside(self, path: Path) -> Path | None:
        """The path without symbolic links; None where it leads out of the root."""
        try:
            real = path.resolve()
        except (OSError, ValueError, RuntimeError):  # a circle of links, a NUL in the name
            return None
        return real if real.is_relative_to(self.root) else None

    def _modules(self) -> dict[str, str]:
        """Where `terraform init` put each module: "app.db" -> folder (hashicorp/terraform, modsdir/manifest.go)."""
        if self._installed is None:
            self._installed = {}
            path = self.root / ".terraform/modules/modules.json"
            if path.is_file():
                try:
                    self._installed = dict(_installed(json.loads(self._text(path))))
                except (OSError, ValueError, RecursionError, UnreadableError) as error:
                    self._warn(path, error)
        return self._installed

    def _folder(self, folder: Path) -> dict[Key, _Written]:
        """What the files of a module write.

        Two files that write the same are two configurations, for only an override file may; it changes what is
        there and makes nothing of its own (developer.hashicorp.com, Override Files; 2026-11-22).
        """
        if folder not in self._folders:
            found = self._folders.setdefault(folder, {})
            for path in self._files(folder):
                for block in self._blocks(path):
                    here = _Written(f"{path.relative_to(self.root).as_posix()}:{block.line}", block.source)
                    found[block.key] = _merged(found.get(block.key), here, _is_override(path))
        return self._folders[folder]

    def _files(self, folder: Path) -> list[Path]:
        try:
            files = [path for path in folder.iterdir() if path.name.endswith(ENDINGS) and path.name[0] != "."]
        except OSError as error:
            self._warn(folder, error)
            return []
        if not files:
            self._warn(folder, UnreadableError("it holds no file of a configuration"))
        return sorted(files, key=lambda path: (_is_override(path), path.name))

    # --- files --------------------------------------------------------------------------------

    def _blocks(self, path: Path) -> list[Block]:
        try:
            return self._parsed(self._text(path), path.name.endswith(".json"))
        except (OSError, ValueError, UnreadableError) as error:
            self._warn(path, error)
            return []

    def _text(self, path: Path) -> str:
        real = self._inside(path)
        if real is None:
            raise UnreadableError("it leads out of the source root")
        if not real.is_file():
            raise UnreadableError("it is no regular file")
        with real.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise UnreadableError(f"it is larger than {MAX_BYTES:,} bytes")
        return raw.decode("utf-8-sig")

    def _parsed(self, text: str, is_json: bool) -> list[Block]:
        if self.seconds <= 0:
            raise UnreadableError("the files before it took too long")
        began = time.monotonic()
        self._parser = self._parser or _Parser()
        answer = self._parser.ask((text, is_json), min(self.seconds, self.seconds_per_file))
        self.seconds -= time.monotonic() - began
        if answer is None:
            self._end_parser()
            raise UnreadableError("the parser gave no answer in time")
        if isinstance(answer, str):
            raise UnreadableError(answer)
        return answer

    def _end_parser(self) -> None:
        if self._parser:
            self._parser.end()
        self._parser = None

    def _warn(self, path: Path, error: Exception) -> None:
        """Its findings point to their addresses. A name may hold what a terminal would obey."""
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error
        LOG.warning("%r has no source lines: %s", path.relative_to(self.root).as_posix(), why)


class _Parser:
    """A process that parses, so that it can be ended."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would take over the threads' locks
        self._asking, asked = context.Pipe()
        self._process = context.Process(target=serve, args=(asked,), daemon=True)
        self._process.start()
        asked.close()

    def ask(self, question: tuple[str, bool], seconds: float) -> list[Block] | str | None:
        """None where there is no answer in time, or none at all."""
        try:
            self._asking.send(question)
            return self._asking.recv() if self._asking.poll(seconds) else None
        except (EOFError, OSError):
            return None  # the system has ended it

    def end(self) -> None:
        self._asking.close()
        self._process.kill()
        self._process.join()
        self._process.close()


def _merged(first: _Written | None, second: _Written, is_override: bool) -> _Written:
    if first is None:
        return second
    return _Written(first.at if is_override else None, second.source or first.source)


def _is_override(path: Path) -> bool:
    stem = path.name.removesuffix(".json").rpartition(".")[0]
    return stem == "override" or stem.endswith("_override")


def _installed(manifest: Any) -> Iterator[tuple[str, str]]:
    records = manifest.get("Modules") if isinstance(manifest, dict) else None
    for record in records if isinstance(records, list) else ():
        if isinstance(record, dict) and isinstance(record.get("Key"), str) and isinstance(record.get("Dir"), str):
            yield record["Key"], record["Dir"]
