"""Who may import whom, and who may catch what: the contracts hold, and each of them can be broken."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import ROOT

LINT = Path(sys.executable).with_name("lint-imports")
SOURCE = ROOT / "residency"

# Contract -> one import that it forbids: where it is planted, and what it says.
PLANTED = {
    "Layers: what is above may import what is below": ("atlas.py", "from residency.run import scan"),
    "Judgement and presentation know no cloud": ("rules/planted.py", "import residency.clouds.aws.errors"),
    "Whoever obtains facts knows no rule": ("sources/planted.py", "from residency.rules.base import World"),
    "Services stand alone": ("services/aws/planted.py", "from residency.services.aws.s3 import buckets"),
}


def lint(folder: Path) -> tuple[int, dict[str, str]]:
    """The exit code of lint-imports, and KEPT or BROKEN for each contract."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [LINT, "--no-cache"], cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    found = dict(re.findall(r"^(.+?) (KEPT|BROKEN)\b.*$", done.stdout, re.MULTILINE))
    assert found, done.stdout + done.stderr
    return done.returncode, found


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(SOURCE, tmp_path / "residency", ignore=shutil.ignore_patterns("__pycache__", "config"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_hold() -> None:
    code, contracts = lint(ROOT)
    assert contracts == dict.fromkeys(PLANTED, "KEPT")
    assert code == 0


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_import_breaks_its_contract(copy: Path, contract: str) -> None:
    name, line = PLANTED[contract]
    with (copy / "residency" / name).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    code, contracts = lint(copy)
    assert contracts[contract] == "BROKEN"
    assert code == 1


def handlers(folder: Path) -> Iterator[tuple[str, ast.ExceptHandler]]:
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                yield path.relative_to(SOURCE).as_posix(), node


def test_no_service_catches_anything() -> None:
    assert len(list((SOURCE / "services").rglob("*.py"))) > 4
    assert [name for name, _ in handlers(SOURCE / "services")] == []


def test_only_the_command_line_catches_everything() -> None:
    """Whoever cleans up and raises again catches nothing."""
    broad = {name for name, node in handlers(SOURCE) if _is_broad(node) and not _raises_again(node)}
    assert broad == {"cli/__init__.py"}


def _is_broad(node: ast.ExceptHandler) -> bool:
    if node.type is None:
        return True
    types = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return any(isinstance(kind, ast.Name) and kind.id in ("Exception", "BaseException") for kind in types)


def _raises_again(node: ast.ExceptHandler) -> bool:
    last = node.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


@pytest.mark.parametrize("cloud", ["boto3", "botocore"])
def test_only_the_clouds_and_the_demonstration_know_a_providers_library(cloud: str) -> None:
    found = set()
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.partition(".")[0] == cloud for name in names):
                found.add(path.relative_to(SOURCE).parts[0])
    assert found <= {"clouds", "demo"}
    assert "clouds" in found


def test_the_gate_needs_no_cloud() -> None:
    """What talks to a provider takes longer to import than a small plan takes to be judged."""
    code = (
        "import sys, io, contextlib\n"
        f"sys.argv = ['residency', 'gate', '-q', {str(ROOT / 'tests/data/plans/regions.json')!r}]\n"
        "from residency.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    main()\n"
        "heavy = {'botocore', 'boto3', 'jinja2', 'hcl2', 'junitparser'}\n"
        "print(sorted(heavy & set(sys.modules)), 'residency.judge' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] True\n"
