"""YAML 1.2 as libyaml parses it: fast, and with no line for a mistake. Only for files that a test has read strictly."""

from __future__ import annotations

import re
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.cyaml import CParser
from yaml.resolver import BaseResolver


class _Loader(CParser, SafeConstructor, BaseResolver):  # type: ignore[misc]
    """What a plain word means is YAML 1.2's core schema and days: `NO` is Norway, and no truth value."""

    def __init__(self, stream: bytes) -> None:
        CParser.__init__(self, stream)
        SafeConstructor.__init__(self)
        BaseResolver.__init__(self)


for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", ["n", "~", ""]),
    ("int", r"0|-?[1-9][0-9]*", "-0123456789"),
    ("timestamp", r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})$"), list(_first))


def load(raw: bytes) -> Any:
    """The value of one document."""
    return yaml.load(raw, Loader=_Loader)
