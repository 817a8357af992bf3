"""A provider's own document, whether a live call answered it or a template will make it so.

A document is a nest of mappings whose first keys are calls: `{"s3:GetBucketTagging": {…}}`. A
listed element stands under its list's name, `{"s3:ListBuckets": {"Buckets[]": {…}}}`, so that a path
such as `s3:ListBuckets.Buckets[].Name` says by itself who said it, and can be checked against the
provider's model. A value that somebody could have given and did not is `Unknown`, and every look-up
through it is Unknown too: it never becomes an absent value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from residency.model import Copy, Edge, Followed, Place, Role, Said, SeenFrom, State, Store, Why


@dataclass(frozen=True)
class Unknown:
    """A value that was refused, or that is known only after a plan is applied."""

    why: Why
    reason: str = ""
    refers_to: str | None = None  # the id of the store or key of the same plan that the value will name
    one_of: tuple[str, ...] = ()  # where that cannot be told: everything that it may name
    same_index: bool = False  # the first of them repeats with the same index as what asks


MAX_REASON = 160
HERE = object()  # the region that was asked
# What one call answered: its body, None where the provider said that there is none, Unknown where it refused.
Answer = Mapping[str, Any] | Unknown | None
Body = dict[str, Any]


@dataclass(slots=True)  # frozen would be right, and three times as slow to make: there is one for every store
class Origin:
    """Where documents come from: the frame that their stores are placed in."""

    source: str
    partition: str
    account: str | None
    region: str | None = None  # the region that was asked, or that the template sets
    planned: bool = False
    address: str | None = None  # the address in a template
    stands_for: str | None = None  # the id of a store whose own id is not known yet, or is written in the template
    names: Mapping[str, str] = field(default_factory=dict)  # ids and names (name_key) of a plan -> ids of its stores
    say: Callable[[str, Any], Said] | None = None  # how a template names the source of a path inside a body


@dataclass(slots=True)
class Document:
    """A document, or one element inside it, with where it comes from."""

    body: Any
    origin: Origin
    path: str = ""  # of `body` inside the whole document
    whole: Document | None = field(default=None, repr=False)

    @property
    def root(self) -> Document:
        return self.whole or self

    # --- looking up ---------------------------------------------------------------------------

    def get(self, path: str) -> Any:
        """The value at a path; None = the provider says that there is none; Unknown = nobody said."""
        value = self.body
        for step in steps_of(path):
            if type(value) is dict:  # so it nearly always is; asking for the abstract type costs ten times as much
                value = value.get(step)
            elif value is None or isinstance(value, Unknown):
                return value
            else:
                value = value.get(step) if isinstance(value, Mapping) else None
        return value

    def each(self, path: str) -> list[Document] | Unknown:
        """The elements of the list at a path; an absent list is empty, an unknown one stays unknown."""
        value = self.get(path.removesuffix("[]"))
        if isinstance(value, Unknown):
            return value
        return [Document(item, self.origin, f"{self.path}{path}.", self.root) for item in value or ()]

    def said(self, path: str) -> Said:
        """Who said the value at a path, or why nobody did."""
        full, value = self.path + path, self.get(path)
        if self.origin.say:
            said = self.origin.say(full, self.body)
        else:
            call, _, name = full.partition(".")
            said = Said(call=call, field=name)
        return silent(said, value) if isinstance(value, Unknown) else said

    def tags(self, path: str) -> dict[str, str] | None:
        """Tags as a mapping, from a list of Key and Value or from a mapping; None = could not be read."""
        value = self.get(path.removesuffix("[]"))
        if isinstance(value, Unknown):
            return None
        if isinstance(value, Mapping):
            unknown = any(isinstance(text, Unknown) for text in value.values())
            return None if unknown else {str(key): str(text) for key, text in value.items() if text is not None}
        return {str(tag["Key"]): str(tag.get("Value", "")) for tag in value or ()}

    # --- saying what stands where -------------------------------------------------------------

    def id(self, template: str, **parts: Any) -> str:
        """The id of this document's store: the template filled, or what a plan calls it until it has one."""
        if self.origin.stands_for:
            return self.origin.stands_for
        return template.format(partition=self.origin.partition, account=self.origin.account, **parts)

    def id_of(self, template: str, name: Any, region: Any = None) -> str | None:
        """The id of another store that a value names; None where the value, or a part of the id, is not known."""
        if isinstance(name, Unknown):
            return name.refers_to
        if not name:
            return None
        parts = {"partition": self.origin.partition, "account": self.origin.account, "region": region}
        told = all(isinstance(value, str) for key, value in parts.items() if f"{{{key}}}" in template)
        known = self.origin.names.get(name) or self.origin.names.get(name_key(template, region, name))
        return known or (template.format(name, **parts) if told else None)

    def place(self, code: Any, namespace: str | None = None) -> Place | None:
        """A location as this provider calls it; None where the value is no text."""
        return _place(namespace or self.origin.partition, code) if isinstance(code, str) and code else None

    def copy(self, role: Role, code: Any, said: Said, *, namespace: str | None = None, **more: Any) -> Copy:
        """A copy at a location; without a known one it says why it has none."""
        place = self.place(code, namespace)
        unknown = code.why if isinstance(code, Unknown) else Why.UNRESOLVED
        state = more.pop("state", State.PLANNED if self.origin.planned else State.EXISTS)
        return Copy(role=role, place=place, why=None if place else unknown, state=state, said_by=(said,), **more)

    def store(
        self,
        kind: str,
        store_id: str,
        name: Any,
        copies: Iterable[Copy],
        *,
        tags: str,
        region: Any = HERE,
        followed: Followed = Followed.SOME,
    ) -> Store:
        """The store that this document is. `tags` is the path of its tags; `region` where it is not the one asked."""
        known = self.origin.region if region is HERE else region
        return Store(
            id=store_id,
            kind=kind,
            name=name if isinstance(name, str) else "",
            account=self.origin.account,
            region=known if isinstance(known, str) else None,
            tags=self.tags(tags),
            sources=(self.origin.source,),
            address=self.origin.address,
            followed=followed,
            copies=tuple(copies),
        )


@cache
def steps_of(path: str) -> tuple[str, ...]:
    """The keys that lead to the value at a path: the same few paths are asked of every document."""
    return tuple(path.split(".")) if path else ()


@lru_cache(maxsize=10_000)
def _place(namespace: str, code: str) -> Place:
    return Place(namespace=namespace, code=code)


def silent(said: Said, unknown: Unknown) -> Said:
    """Who was to say a value, and why it is not known; a reason that names things of a template may be long."""
    return Said(call=said.call, field=said.field, at=said.at, reason=unknown.reason[:MAX_REASON])


def name_key(template: str, region: Any, name: str) -> str:
    """What a plan keeps a thing's own name under: two kinds, or two regions, may have things of the same name."""
    return f"{template}|{region if '{region}' in template else ''}|{name}"


def edges_of(store: Store) -> Iterable[Edge]:
    """One edge from a store to each of its copies that the provider lists as a store of its own.

    A key holds no data, so nothing flows to it.
    """
    for copy in store.copies:
        if copy.holder and copy.role is not Role.KEY:
            yield Edge(
                source=store.id,
                target=copy.holder,
                role=copy.role,
                target_place=copy.place,
                target_account=copy.account,
                seen_from=SeenFrom.SOURCE,
                former=copy.former,
                said_by=copy.said_by,
            )


def edge_from(source: str | None, store: Store, role: Role, said: Said, *, former: bool = False) -> Iterable[Edge]:
    """The edge by which a store names what it was made from; none where it names nothing."""
    primary = store.copies[0]
    if source and source != store.id:
        yield Edge(
            source=source,
            target=store.id,
            role=role,
            target_place=primary.place,
            target_account=store.account,
            seen_from=SeenFrom.TARGET,
            former=former,
            said_by=(said,),
        )
