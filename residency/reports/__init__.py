"""One file per format: a judged run -> pieces of text. A format never prints and never opens a file.

The names of the formats cost nothing to import: what a format needs is imported when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from residency.reports.result import Result

# Format name -> module of this package with a function `render`.
FORMATS = {
    "text": "text",
    "json": "json_result",
    "sarif": "sarif",
    "junit": "junit",
    "github": "github",
    "markdown": "markdown",
    "html": "html_page",
}

# The formats that tell of every store; for the others no store has to be kept.
OF_STORES = frozenset({"json", "sarif", "html"})

Languages = tuple[str, ...]
Render = Callable[["Result", Languages, bool], Iterator[str]]


def render(name: str, result: Result, languages: Languages, colour: bool = False) -> Iterator[str]:
    """The report in one format, piece by piece."""
    module = import_module(f"{__name__}.{FORMATS[name]}")
    function: Render = module.render
    return function(result, languages, colour)
