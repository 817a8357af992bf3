"""The embedded estate, scanned once for a whole session as `make scan` does it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from residency.inventory import SavedRun, read_run
from tests.serving import own_environment


@dataclass(frozen=True)
class ScannedEstate:
    """What the scan of the estate left."""

    exit_code: int
    result: dict[str, Any]
    saved: Path
    page: str
    stdout: str
    stderr: str

    @property
    def run(self) -> SavedRun:
        return read_run(self.saved)


@pytest.fixture(scope="session")
def estate(tmp_path_factory: pytest.TempPathFactory) -> ScannedEstate:
    folder = tmp_path_factory.mktemp("estate")
    done = subprocess.run(
        [sys.executable, "-m", "residency.demo", "--lang", "en", "-o", "json=result.json", "-o", "html=report.html"],
        env=own_environment(RESIDENCY_RUNS=str(folder / "runs")),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    result = folder / "result.json"
    assert result.exists(), done.stderr
    (saved,) = (folder / "runs").glob("*.jsonl")
    page = (folder / "report.html").read_text("utf-8")
    told = json.loads(result.read_text("utf-8"))
    return ScannedEstate(done.returncode, told, saved, page, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def whole(estate: ScannedEstate) -> SavedRun:
    """What that scan saw of everything: what a change of one thing is compared with."""
    return estate.run


@pytest.fixture(autouse=True)
def _one_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
