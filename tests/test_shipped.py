"""The shipped config is found in a checkout and in an installed wheel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import residency
from residency import shipped

CHECKOUT = Path(residency.__file__).resolve().parent.parent
NEEDED = ["policy.yaml", "operators.yaml", "kinds.csv", "countries.csv", "coverage.yaml", "atlas/aws.csv"]
ASK = """
import json, residency
from pathlib import Path
from residency.policy.load import load_config
from residency.shipped import shipped_config
folder = shipped_config()
files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
print(json.dumps([residency.__file__, str(folder), files, load_config(folder).policy.id]))
"""


def asked(path: Path, cwd: Path) -> tuple[str, str, list[str], str]:
    """What a Python says that imports the program from `path`."""
    # -P: the checkout is not on the path because we stand in it; site-packages hold only the dependencies.
    environment = {"PYTHONPATH": str(path), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-P", "-c", ASK], cwd=cwd, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    module, folder, files, policy = json.loads(done.stdout)
    return module, folder, files, policy


def every_shipped_file() -> list[str]:
    config = CHECKOUT / "config"
    return sorted(path.relative_to(config).as_posix() for path in config.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the wheel that hatchling builds from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = (
        f"import os; os.chdir({str(CHECKOUT)!r}); import hatchling.build as b; print(b.build_wheel({str(folder)!r}))"
    )
    done = subprocess.run([sys.executable, "-c", build], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(folder / done.stdout.split()[-1]) as wheel:
        wheel.extractall(folder / "unpacked")
    return folder / "unpacked"


def test_a_wheel_finds_the_config_that_it_brought(unpacked: Path, tmp_path: Path) -> None:
    module, folder, files, policy = asked(unpacked, tmp_path)
    assert Path(module).is_relative_to(unpacked)
    assert Path(folder) == unpacked / "residency" / "config"
    assert set(NEEDED) <= set(files)
    assert files == every_shipped_file()
    assert policy == "personal-information-jp-us-eu"


def test_a_wheel_brings_no_tests_and_nothing_beside_the_package(unpacked: Path) -> None:
    found = sorted(path.name for path in unpacked.iterdir() if not path.name.endswith(".dist-info"))
    assert found == ["residency"]


def test_a_checkout_finds_the_config_beside_the_package(tmp_path: Path) -> None:
    _, folder, files, policy = asked(CHECKOUT, tmp_path)
    assert Path(folder) == CHECKOUT / "config"
    assert set(NEEDED) <= set(files)
    assert policy == "personal-information-jp-us-eu"


def test_an_installation_without_a_config_judges_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    monkeypatch.setattr(shipped, "_PACKAGE", tmp_path)
    with pytest.raises(FileNotFoundError, match="install the package again"):
        shipped.shipped_config()
