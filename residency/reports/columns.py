"""How many columns of a terminal a text takes: a Japanese character takes two.

What is written in Latin takes one for each character. It is by far the most that is printed, and the
tables of everything else take longer to load than a small gate takes to judge.
"""

from __future__ import annotations

import textwrap

# From here on characters combine, or take two columns or none.
_FIRST_OTHER = "\u0300"


def width(text: str) -> int:
    """The columns that a text takes."""
    if _is_latin(text):
        return len(text)
    import wcwidth

    return wcwidth.width(text)


def ljust(text: str, columns: int) -> str:
    """The text with spaces behind it, up to so many columns."""
    return text + " " * (columns - width(text))


def wrap(text: str, columns: int) -> list[str]:
    """The lines of a text that is broken between words; a hyphen is a part of its word."""
    if _is_latin(text):
        return textwrap.wrap(text, columns, break_on_hyphens=False)
    import wcwidth

    return wcwidth.wrap(text, columns, break_on_hyphens=False)


def _is_latin(text: str) -> bool:
    return text.isprintable() and (text.isascii() or max(text) < _FIRST_OTHER)
