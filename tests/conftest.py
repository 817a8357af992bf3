"""Keeps every test away from the machine it runs on: its clouds, its config, its language."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.measuring import unmeasured


@pytest.fixture(autouse=True)
def _a_machine_without_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    import os

    for name in list(os.environ):
        if name.startswith(("AWS_", "RESIDENCY_")):
            monkeypatch.delenv(name)
    home: Path = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("LANG", "C.UTF-8")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    if not item.get_closest_marker("unmeasured"):
        return (yield)
    with unmeasured():
        return (yield)
