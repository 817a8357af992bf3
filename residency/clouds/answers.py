"""A provider's own document, whether a live call answered it or a template will make it so.

A document is a nest of mappings whose first keys are calls: `{"s3:GetBucketTagging": {…}}`. A
listed element stands under its list's name, `{"s3:ListBuckets": {"Buckets[]": {…}}}`, so that a path
such as `s3:ListBuckets.Buckets[].Name` says by itself who said it, and can be checked against the
provider's model. A value that somebody could have given and did not is `Unknown`, and every look-up
through it is Unknown too: it never becomes an absent value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from residency.model import Said, Why


@dataclass(frozen=True)
class Unknown:
    """A value that was refused, or that is known only after a plan is applied."""

    why: Why
    reason: str = ""


# What one call answered: its body, None where the provider said that there is none, Unknown where it refused.
Answer = Mapping[str, Any] | Unknown | None
Body = dict[str, Any]


@dataclass(frozen=True)
class Origin:
    """Where a document comes from: the frame that its stores are placed in."""

    source: str
    partition: str
    account: str | None
    region: str | None  # the region that was asked; None = asked once for all regions
    planned: bool = False
    address: str | None = None  # the address in a template
    say: Callable[[str], Said] | None = None  # how a template names the source of a path


@dataclass(frozen=True)
class Document:
    """A document, or one element inside it, with where it comes from."""

    body: Any
    origin: Origin
    path: str = ""  # of `body` inside the whole document
    whole: Document | None = field(default=None, repr=False)

    def get(self, path: str) -> Any:
        """The value at a path; None = the provider says that there is none; Unknown = nobody said."""
        value = self.body
        for step in path.split(".") if path else ():
            if value is None or isinstance(value, Unknown):
                return value
            value = value.get(step) if isinstance(value, Mapping) else None
        return value

    def text(self, path: str) -> str:
        """A value that the provider always gives. KeyError with the path when it does not."""
        value = self.get(path)
        if not isinstance(value, str):
            raise KeyError(f"{self.path}{path} is {value!r}")
        return value

    def each(self, path: str) -> list[Document] | Unknown:
        """The elements of the list at a path; an absent list is empty, an unknown one stays unknown."""
        value = self.get(path.removesuffix("[]"))
        if isinstance(value, Unknown):
            return value
        return [Document(item, self.origin, f"{self.path}{path}.", self.root) for item in value or ()]

    @property
    def root(self) -> Document:
        return self.whole or self

    def said(self, path: str) -> Said:
        """Who said the value at a path."""
        full = self.path + path
        if self.origin.say:
            return self.origin.say(full)
        call, _, name = full.partition(".")
        return Said(call=call, field=name)

    def tags(self, path: str) -> dict[str, str] | None:
        """Tags as a mapping, from a list of Key and Value or from a mapping; None = could not be read."""
        value = self.get(path.removesuffix("[]"))
        if isinstance(value, Unknown):
            return None
        if isinstance(value, Mapping):
            unknown = any(isinstance(text, Unknown) for text in value.values())
            return None if unknown else {str(key): str(text) for key, text in value.items() if text is not None}
        return dict(_pairs(value or ()))


def _pairs(tags: Any) -> Iterator[tuple[str, str]]:
    for tag in tags:
        yield str(tag["Key"]), str(tag.get("Value", ""))
