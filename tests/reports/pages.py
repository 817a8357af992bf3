"""Reads a page as a strict browser would: what does not close is an error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from residency.reports import render
from residency.reports.result import Result

INLINE = {"span", "bdi", "a", "code", "strong", "svg"}
VOID = {"meta", "input", "link", "img", "br", "hr"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    def __iter__(self) -> Iterator[Element]:
        """The element and everything in it."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child

    def text(self, without: str = "") -> str:
        """What it says, in one line; `without` the elements of a class."""
        return " ".join("".join(self._words(without)).split())

    def _words(self, without: str) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif without not in child.classes:
                edge = "" if child.tag in INLINE else " "
                yield edge
                yield from child._words(without)
                yield edge

    def all(self, tag: str = "", class_: str = "") -> list[Element]:
        return [e for e in self if (not tag or e.tag == tag) and (not class_ or class_ in e.classes)]

    def one(self, tag: str = "", class_: str = "") -> Element:
        (found,) = self.all(tag, class_)
        return found

    def by_id(self, name: str) -> Element:
        (found,) = (element for element in self if element.attributes.get("id") == name)
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice: {tag} {names}"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read(html: str) -> Element:
    """The page's root element."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert [element.tag for element in reader.open] == [""], "something is not closed"
    return reader.open[0].one("html")


def html_of(result: Result, *languages: str) -> str:
    return "".join(render("html", result, languages or ("en",)))


def page_of(result: Result, *languages: str) -> Element:
    return read(html_of(result, *languages))
