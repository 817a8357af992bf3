"""Resources of a template as facts: they become the documents that the provider would answer.

What stands where is said once, by the `place` of a service file, whatever the language of the template. A language
brings its resources and the way to look into them (`Declared`), and a table of types. What a row of a table means,
its `names`, `computed` and the paths that begin with "@", stands at `Template` (services/base.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from residency.atlas import Atlas
from residency.clouds.answers import Body, Document, Origin, Unknown, name_key, steps_of
from residency.model import Cell, Copy, Edge, Followed, Said, State, Store, Why
from residency.services.base import REGION, TAGS, Always, Each, Several, Template, TemplateField
from residency.sources.own_place import OwnPlace

AWS = "aws"


class Resource(Protocol):
    """One thing that a template declares."""

    @property
    def address(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def after(self) -> Mapping[str, Any]:
        """Its attributes as they will be, as far as they are known."""
        ...

    @property
    def is_data(self) -> bool:
        """It is there already, and the template only asks for it."""
        ...

    @property
    def provider_name(self) -> str: ...
    @property
    def stays(self) -> bool:
        """It stands already, and the template lets go of it."""
        ...

    def sets(self, attribute: str) -> bool:
        """Whether the template itself sets an attribute or a block, known or not."""
        ...


class Block(Protocol):
    """One element of a repeated block."""

    @property
    def resource(self) -> Resource: ...
    def value(self, path: str, computed: bool = False) -> Any: ...
    def children(self, name: str) -> list[Any] | Unknown: ...


class Declared(Protocol):
    """The resources of one template, in whatever language it is written."""

    @property
    def language(self) -> str:
        """What its facts are said by: "terraform"."""
        ...

    @property
    def types(self) -> Mapping[str, Template]: ...
    @property
    def resources(self) -> list[Any]: ...
    @property
    def data(self) -> list[Any]: ...
    @property
    def by_address(self) -> Mapping[str, Any]: ...

    def everything(self) -> Iterator[Any]: ...
    def value(self, resource: Any, path: str, computed: bool = False) -> Any:
        """The value at a path of attributes; Unknown where it is not known yet.

        `computed`: where the template sets nothing, the provider's default holds (None).
        """
        ...

    def blocks(self, resource: Any, path: str, computed: bool = False) -> list[Any] | Unknown:
        """The elements of a repeated block, each as a `Block`."""
        ...

    def meant(self, resource: Any, path: str) -> tuple[str, ...]:
        """The addresses of everything that the expression at a path may refer to."""
        ...

    def region(self, resource: Any) -> Any:
        """Where the resource is made; Unknown where nobody says it. Never a default."""
        ...

    def tags(self, resource: Any) -> Any:
        """All its tags; Unknown where one of them is not known."""
        ...

    def stranger(self, resource: Any) -> Said | None:
        """What says that it is not made in its provider's own cloud; None where nothing does."""
        ...


@dataclass(frozen=True)
class Context:
    """What the gate knows besides the template."""

    stack: str
    atlas: Atlas
    holds: Callable[[str], str]  # resource type -> what it holds
    local_providers: frozenset[str]
    regionless: frozenset[str]  # types whose provider's region is not their place
    region: str | None = None  # for templates that name none
    at: Callable[[str], str] = str  # address -> where it is written: "main.tf:14", or the address itself


# What fills a path of a document: an attribute of a resource; inside an element, under the name of the block above.
_Source = tuple[Resource, TemplateField, str]


@dataclass
class _Part:
    """One resource as a document under way: companions add to the body of the resource they belong to."""

    resource: Resource
    template: Template
    body: Body
    sources: dict[str, _Source] = field(default_factory=dict)  # where not the resource itself
    attached: set[str] = field(default_factory=set)  # the paths that companions fill
    elsewhere: bool = False  # the plan makes a companion of it, and not the thing itself
    open: bool = False  # something in it is not known yet


class TemplateReader:
    """Turns the resources of one template into stores and edges."""

    def __init__(self, declared: Declared, cell: Cell, context: Context) -> None:
        self.declared = declared
        self.cell = cell
        self.context = context
        self.answers: dict[str, dict[str, Any]] = {}
        self.names: dict[str, str] = {}  # address, or what the provider calls it -> id of the store
        self.parts: dict[str, _Part] = {}
        self.partitions = partitions_of_aws(context.atlas)

    def records(self) -> Iterator[Store | Edge]:
        for record in self._records():
            yield self._as_it_stands(record) if isinstance(record, Store) else record

    def _as_it_stands(self, store: Store) -> Store:
        """Without places where its cloud cannot be told; existing where the template only lets go of it."""
        resource = self.declared.by_address.get(store.address or "")
        stranger = self.declared.stranger(resource) if resource else None
        if resource is None or not (resource.stays or stranger):
            return store
        copies = [_of_a_stranger(copy, stranger) if stranger else copy for copy in store.copies]
        if resource.stays:
            copies = [_standing(copy) for copy in copies]
        return Store.model_validate(store.model_dump() | {"copies": tuple(copies)})

    def _records(self) -> Iterator[Store | Edge]:
        types = self.declared.types
        own_place = OwnPlace(self.declared, self.cell, self.context, self.partition, self.names)
        for resource in self.declared.everything():
            template = types.get(("data." if resource.is_data else "") + resource.type)
            if template is None:
                if own_place.is_unfollowed(resource):
                    self.names[resource.address] = self._store_id(resource, Template({}))
            elif template.answers:
                self._answer(resource, template)
            elif not template.attaches_to:
                self._name(resource, template)
                self.parts[resource.address] = self._part(resource, template)
        self._attach()
        unread = {resource.address for resource in self.declared.data}  # what is read later has no id yet
        self.names |= {key: key for answers in self.answers.values() for key in answers if key not in unread}
        for part in self.parts.values():
            yield from self._placed(part)
        yield from own_place.stores()

    # --- documents ----------------------------------------------------------------------------

    def _part(self, resource: Resource, template: Template) -> _Part:
        part = _Part(resource, template, {})
        for path, attribute in template.fields.items():
            _put(part, path, self._value(resource, attribute, template))
        return part

    def _fill(
        self,
        part: _Part,
        path: str,
        resource: Resource,
        attribute: TemplateField,
        template: Template,
        add: bool = False,
    ) -> None:
        """Write what a companion says into the document; `add`: behind what stands there already."""
        value = self._value(resource, attribute, template)
        if add:
            value = [*_listed(Document(part.body, NOWHERE).get(path.removesuffix("[]"))), *_listed(value)]
        _put(part, path, value)
        part.sources[path] = (resource, attribute, "")

    def _value(self, resource: Resource, attribute: TemplateField, template: Template) -> Any:
        if isinstance(attribute, Always):
            return attribute.value
        if isinstance(attribute, Each):
            blocks = self.declared.blocks(resource, attribute.block, _is_computed(attribute.block, template))
            if isinstance(blocks, Unknown):
                return blocks
            return [self._element(block, attribute, template) for block in blocks]
        if attribute == REGION:
            return self.declared.region(resource)
        if attribute == TAGS:
            return self.declared.tags(resource)
        return _as_given(self.declared.value(resource, attribute, _is_computed(attribute, template)), attribute)

    def _element(self, block: Block, each: Each, template: Template, above: str = "") -> dict[str, Any]:
        """One block as an element of a list; `above` is the block that it stands in."""
        found: dict[str, Any] = {BY: (block.resource, each, above)}
        for path, attribute in each.fields.items():
            value = self._value_in(block, attribute, template, f"{above}{each.block}.".lstrip("."))
            if value is not None and value != "":
                _set(found, path, value)
        return found

    def _value_in(self, block: Block, attribute: TemplateField, template: Template, above: str) -> Any:
        """What a block says; a block inside it that repeats is a list of elements again."""
        if isinstance(attribute, Each):
            inner = block.children(attribute.block)
            if isinstance(inner, Unknown):
                return inner
            return [self._element(view, attribute, template, above) for view in inner]
        if isinstance(attribute, Always):
            return attribute.value
        if attribute == REGION:
            return self.declared.region(block.resource)
        return _as_given(block.value(attribute, f"{above}{attribute}" in template.computed), attribute)

    def _answer(self, resource: Resource, template: Template) -> None:
        """What the plan says of a key stands under every name by which others may refer to it.

        An alias may be two keys in two regions: then the name tells nothing.
        """
        assert template.answers
        body = self._part(resource, template).body
        names = [resource.after.get(name) for name in template.names]
        known = self.answers.setdefault(template.answers, {})
        for name in dict.fromkeys((resource.address, *(name for name in names if isinstance(name, str)))):
            same = name not in known or _is_same(known[name], body)
            known[name] = known.get(name, body) if same else Unknown(Why.UNRESOLVED, f"{name} is several things")

    def _name(self, resource: Resource, template: Template) -> None:
        store_id = self._store_id(resource, template)
        self.names[resource.address] = store_id
        for name in template.names:
            value = resource.after.get(name)
            if isinstance(value, str) and value:
                for key in self._keys_of(resource, template, value):
                    self._know(key, store_id)

    def _keys_of(self, resource: Resource, template: Template, value: str) -> Iterator[str]:
        """What a value names it by: an id of the provider's by itself, a name only among things of its kind."""
        if _OWN_ID.match(value):
            yield value
        region = self.declared.region(resource)
        yield name_key(_KIND + resource.type, region, value)
        yield name_key(resource.type, None, value)
        if template.arn:
            yield name_key(template.arn, region, value)

    def _know(self, key: str, store_id: str) -> None:
        """Remember a name; one that two things have names neither."""
        self.names[key] = store_id if self.names.get(key, store_id) == store_id else ""

    def _store_id(self, resource: Resource, template: Template) -> str:
        """The provider's id when it is known or can be computed, else the resource's address in its stack."""
        arn = resource.after.get("arn")
        if isinstance(arn, str) and arn:
            return arn
        partition = self.partition(self.declared.region(resource))
        if template.id:
            attribute = template.id.rpartition("{")[2].rstrip("}")
            known = resource.after.get(attribute)  # a name of digits alone stays a name
            value = known if isinstance(known, str) else self.declared.value(resource, attribute)
            if isinstance(value, str) and value:
                return template.id.format(partition=partition, **{attribute: value})
        return f"tf:{self.context.stack}/{resource.address}"

    def _attach(self) -> None:
        mains = {self.names[address]: part for address, part in self.parts.items()}
        for resource in self.declared.resources:
            template = self.declared.types.get(resource.type)
            if template is None or not template.attaches_to:
                continue
            attribute, main_type = template.attaches_to
            value = self.declared.value(resource, attribute)
            main = self._main(resource, main_type, value, mains)
            if main is None:
                self._doubt(value, template, main_type)
                main = self._part_of_elsewhere(resource, template, value)
                mains[self.names[resource.address]] = main
            for path, source in template.fields.items():
                if source != attribute:
                    add = path in main.attached or _is_declared(main, path)
                    self._fill(main, path, resource, source, template, add and isinstance(source, Each))
                    main.attached.add(path)

    def _main(self, resource: Resource, main_type: str, value: Any, mains: Mapping[str, _Part]) -> _Part | None:
        if isinstance(value, Unknown):
            # Each companion belongs to a thing of its own, so that the same index is meant.
            address = value.refers_to or (value.one_of[0] if value.same_index else "")
            return self.parts.get(address)
        if not isinstance(value, str):
            return None
        keys = (
            value,
            name_key(_KIND + main_type, self.declared.region(resource), value),
            name_key(main_type, None, value),
        )
        return next((part for key in keys if (part := mains.get(self.names.get(key, "")))), None)

    def _doubt(self, value: Any, template: Template, main_type: str) -> None:
        """A companion that may belong to one of several: what it says is unknown of each of them."""
        for address in value.one_of if isinstance(value, Unknown) else ():
            part = self.parts.get(address)
            if part is None or part.resource.type != main_type:
                continue
            for path, attribute in template.fields.items():
                if isinstance(attribute, Each):
                    known = _listed(Document(part.body, NOWHERE).get(path.removesuffix("[]")))
                    _set(part.body, path, [*known, Unknown(Why.NOT_KNOWN_YET, "a companion may be its own")])
                    part.attached.add(path)

    def _part_of_elsewhere(self, resource: Resource, template: Template, value: Any) -> _Part:
        """A companion of something that this plan does not make: all the plan knows of it is its name."""
        attribute = template.attaches_to[0] if template.attaches_to else ""
        part = _Part(resource, template, {}, elsewhere=True)
        self.names[resource.address] = self._store_id(resource, template)
        if isinstance(value, str) and value:
            main_type = template.attaches_to[1] if template.attaches_to else ""
            for key in (value, name_key(_KIND + main_type, self.declared.region(resource), value)):
                self._know(key, self.names[resource.address])
            for path, source in template.fields.items():
                if source == attribute:
                    self._fill(part, path, resource, source, template)
        self.parts[resource.address] = part
        return part

    # --- stores -------------------------------------------------------------------------------

    def _placed(self, part: _Part) -> Iterator[Store | Edge]:
        assert part.template.place
        resource = part.resource
        region = None if part.elsewhere else self.declared.region(resource)
        if part.elsewhere:
            self._mark_unread(part)
        origin = Origin(
            source=self.cell.source,
            partition=self.partition(region),
            account=None,
            region=region if isinstance(region, str) else None,
            planned=True,
            address=resource.address,
            stands_for=self.names[resource.address],
            names=self.names,
            say=lambda path, body: self._said(part, path, body),
        )
        body = (_with_ids(part.body, self.names) if part.open else part.body) | self.answers
        records = list(part.template.place(Document(body, origin)))
        yield from records
        if not any(isinstance(record, Store) for record in records):
            yield from self._flow_of_elsewhere(resource, [record for record in records if isinstance(record, Edge)])

    def _flow_of_elsewhere(self, resource: Resource, edges: list[Edge]) -> Iterator[Store]:
        """A relation out of what the template does not make, or of nobody knows what: it tells where the data go."""
        own = set(self.names.values()) - {self.names[resource.address]} if edges else ()
        copies = [_far_end(edge) for edge in edges if edge.source not in own]
        if copies:
            yield Store(
                id=self.names[resource.address],
                kind=resource.type,
                name="",
                account=None,
                region=None,
                tags=Document({"t": self.declared.tags(resource)}, NOWHERE).tags("t"),
                sources=(self.cell.source,),
                address=resource.address,
                followed=Followed.SOME,
                copies=tuple(copies),
            )

    def partition(self, region: Any) -> str:
        return self.partitions.get(region, AWS) if isinstance(region, str) else AWS

    def _said(self, part: _Part, path: str, body: Any) -> Said:
        """The attribute of the template that fills a path of the provider's document, or the nearest above it."""
        own, known = part.template.fields, path
        while known and known not in own and known not in part.sources:
            known = known.rpartition(".")[0]
        if not known:
            return self._say(part.resource.type, path.rpartition(".")[2], part.resource.address)
        element: _Source | None = body.get(BY) if type(body) is dict else None
        source = element or part.sources.get(known) or (part.resource, own[known], "")
        resource, attribute, above = source
        if not isinstance(attribute, Each):
            return self._say(resource.type, str(attribute).removeprefix("@"), resource.address)
        inner = attribute.fields.get(_below(path[len(known) + 1 :], attribute.fields))
        words = [word.removeprefix("@") for word in (above + attribute.block, inner) if isinstance(word, str) and word]
        return self._say(resource.type, ".".join(words), resource.address)

    def _say(self, kind: str, attribute: str, address: str) -> Said:
        return Said(call=f"{self.declared.language}:{kind}", field=attribute, at=self.context.at(address))

    def _mark_unread(self, part: _Part) -> None:
        """What a companion does not say of the thing it belongs to was not asked: it is unknown, not absent."""
        main = self.declared.types.get(part.template.attaches_to[1]) if part.template.attaches_to else None
        for path in main.fields if main else ():
            if Document(part.body, NOWHERE).get(path.removesuffix("[]")) is None:
                _set(part.body, path, Unknown(Why.UNRESOLVED, "the plan does not make it"))


# An id that the provider gives, which no other thing has: an ARN, vol-0123abcd, a URL.
_OWN_ID = re.compile(r"arn:|https://|[a-z]+-[0-9a-f]{8,}$|[0-9a-f]{8}-[0-9a-f]{4}-")
_KIND = "{region}"  # of one type in one region (name_key)
NOWHERE = Origin(source="", partition="", account=None)
BY = "@by"  # in an element: the resource that holds it, for several may fill one list


def partitions_of_aws(atlas: Atlas) -> dict[str, str]:
    """Region of AWS -> its partition. Others give places of theirs the same names: `eu-west-1` is London at Wasabi."""
    regions = (entry for entry in atlas.entries.values() if entry.kind == "region")
    return {entry.code: entry.namespace for entry in regions if entry.namespace.partition("-")[0] == AWS}


def _far_end(edge: Edge) -> Copy:
    return Copy(
        role=edge.role,
        place=edge.target_place,
        why=None if edge.target_place else Why.UNRESOLVED,
        holder=edge.target,
        account=edge.target_account,
        former=edge.former,
        state=State.PLANNED,
        said_by=edge.said_by,
    )


def _of_a_stranger(copy: Copy, said: Said) -> Copy:
    """A store of the same name in the provider's own cloud is not the one that holds it."""
    unplaced = {"place": None, "candidates": (), "holder": None, "why": Why.UNRESOLVED}
    return Copy.model_validate(copy.model_dump() | unplaced | {"said_by": (said, *copy.said_by)})


def _standing(copy: Copy) -> Copy:
    state = State.EXISTS if copy.state is State.PLANNED else copy.state
    return Copy.model_validate(copy.model_dump() | {"state": state})


def _is_same(one: Any, other: Any) -> bool:
    """Two answers about one thing: the same name in full, or the same in all."""
    arns = {Document(answer, NOWHERE).get("KeyMetadata.Arn") for answer in (one, other)}
    return one == other or (len(arns) == 1 and isinstance(arns.pop(), str))


def _is_declared(part: _Part, path: str) -> bool:
    """The thing itself has an expression for the block that its companion fills too."""
    known = part.template.fields.get(path)
    return isinstance(known, Each) and part.resource.sets(known.block.partition(".")[0])


def _is_computed(attribute: str, template: Template) -> bool:
    """Without an expression the provider fills it."""
    return bool(template.computed) and attribute.partition(".")[0] in template.computed


def _as_given(value: Any, attribute: str) -> Any:
    """A plain value, or a list of them where the attribute has several; Unknown for what no provider gives there."""
    if value is None or isinstance(value, Unknown):
        return value
    if isinstance(attribute, Several):
        if isinstance(value, list):
            return [_as_given(element, "an element") for element in value]
    elif isinstance(value, str | int | float):
        return value
    return Unknown(Why.UNRESOLVED, f"{attribute} has a value of a kind that it cannot have")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _put(part: _Part, path: str, value: Any) -> None:
    """Write a value into the document; what is absent in a template leaves no trace in it."""
    if value is not None and value != "":
        _set(part.body, path, value)
        part.open = part.open or (type(value) is not str and _is_open(value))


def _set(body: dict[str, Any], path: str, value: Any) -> None:
    steps = steps_of(path.removesuffix("[]"))
    for step in steps[:-1]:
        body = body.setdefault(step, {})
    body[steps[-1]] = value


def _is_open(value: Any) -> bool:
    """Something in a value is not known yet."""
    if isinstance(value, dict):
        return any(map(_is_open, value.values()))
    return any(map(_is_open, value)) if isinstance(value, list) else isinstance(value, Unknown)


def _with_ids(value: Any, names: Mapping[str, str]) -> Any:
    """Addresses that unknown values refer to, as the ids of their stores and keys; of other things nothing."""
    if isinstance(value, Unknown) and value.refers_to:
        return Unknown(value.why, value.reason, names.get(value.refers_to))
    if isinstance(value, dict):
        return {key: _with_ids(item, names) for key, item in value.items()}
    return [_with_ids(item, names) for item in value] if isinstance(value, list) else value


def _below(path: str, fields: Mapping[str, TemplateField]) -> str:
    """The end of a path that an element of a block in a block knows."""
    while path not in fields and "[]." in path:
        path = path.partition("[].")[2]
    return path
