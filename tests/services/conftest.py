"""Every look-up of a service's `place` is checked against botocore's own model while its tests run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from residency.clouds.answers import Document
from tests.services.shapes import CALL, shape_at


@pytest.fixture(autouse=True)
def _every_path_that_is_asked_for_exists(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    asked: set[str] = set()
    look_up = Document.get

    def get(document: Document, path: str) -> Any:
        full = (document.path + path).rstrip(".")
        if CALL.match(full):
            asked.add(full)
        return look_up(document, path)

    monkeypatch.setattr(Document, "get", get)
    yield
    for path in asked:
        shape_at(path)
