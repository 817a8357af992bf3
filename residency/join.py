"""Many cells, one view: each relation once, each store once, each copy with the place of its holder.

Memory grows with the edges, not with the stores: edges are read first, then store by store.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field

from residency.inventory import SavedRun, json_id
from residency.model import Copy, Edge, Followed, Place, Role, Said, SeenFrom, State, Store, Why


@dataclass(slots=True)
class End:
    """What is kept of a store that stands at an end of an edge."""

    places: tuple[Place | None, ...]  # of its own (primary) copies
    account: str | None
    state: State = State.EXISTS
    notes: list[object] = field(default_factory=list)  # what the caller wants to remember of it


@dataclass
class View:
    """The estate as one: edges by source and by target, and the stores as a stream."""

    run: SavedRun
    outgoing: dict[str, list[Edge]] = field(default_factory=dict)
    incoming: dict[str, list[Edge]] = field(default_factory=dict)
    ends: dict[str, End] = field(default_factory=dict)

    def stores(self) -> Iterator[Store]:
        """Every store once, with what the far side of its edges adds."""
        if not self.run.twice:
            yield from (self._joined(store) for store in self.run.stores())
            return
        doubles: dict[tuple[str, str], list[Store]] = defaultdict(list)
        for store in self.run.stores_with_id(self.run.twice):
            doubles[store.provider, store.id].append(store)
        for store in self.run.stores():
            if (store.provider, store.id) not in doubles:
                yield self._joined(store)
        for same in doubles.values():
            yield self._joined(_merged(same))

    def unlisted(self, kinds: Container[str]) -> Iterator[Store]:
        """What has a copy by a relation neither end of which was listed: deleted, or where nobody looked.

        `kinds`: those that are known. Of what it holds, and of where it stands itself, nothing is claimed.
        """
        for source, edges in self.outgoing.items():
            copies = [self._far_copy(edge) for edge in edges if (edge.target or "") not in self.ends]
            if source not in self.ends and copies:
                yield _unlisted(source, copies, kinds)

    def _joined(self, store: Store) -> Store:
        edges = self.outgoing.get(store.id, ())
        if not edges and not any(copy.holder for copy in store.copies):
            return store
        copies = [self._placed(copy) for copy in store.copies]
        # What counts as metadata hides no replica. A copy that nothing holds is known by its place.
        known: dict[tuple[str | Place | None, Role], list[Place | None]] = {}
        for copy in copies:
            known.setdefault((copy.holder or copy.place, copy.role), []).append(copy.place)
        copies += [self._far_copy(edge) for edge in edges if _adds(edge, known)]
        return _with_copies(store, copies)

    def _placed(self, copy: Copy) -> Copy:
        """An unresolved copy takes the place of the store that holds it, where that was seen."""
        end = self.ends.get(copy.holder or "")
        if copy.place is not None or copy.why is not Why.UNRESOLVED or end is None or len(end.places) != 1:
            return copy
        place = end.places[0]
        if place is None:
            return copy
        said = (*copy.said_by, Said(call="join", field="place of the store that holds the copy", at=copy.holder))
        return Copy(
            role=copy.role,
            place=place,
            holder=copy.holder,
            account=copy.account or end.account,
            state=copy.state,
            former=copy.former,
            control=copy.control,
            said_by=said,
        )

    def _far_copy(self, edge: Edge) -> Copy:
        """The copy that only the other side of an edge told of."""
        end = self.ends.get(edge.target or "")
        place = edge.target_place or (end.places[0] if end and len(end.places) == 1 else None)
        return Copy(
            role=edge.role,
            place=place,
            holder=edge.target,
            account=edge.target_account or (end.account if end else None),
            state=end.state if end else State.EXISTS,
            former=edge.former,
            why=None if place else Why.UNRESOLVED,
            said_by=edge.said_by,
        )


def _adds(edge: Edge, known: dict[tuple[str | Place | None, Role], list[Place | None]]) -> bool:
    """It tells of a copy that its source does not name, or places one elsewhere: neither is believed more."""
    places = known.get((edge.target or edge.target_place, edge.role))
    if places is None:
        return True
    return edge.target_place is not None and None not in places and edge.target_place not in places


def view_of(run: SavedRun, note: Callable[[Store], object]) -> View:
    """Read the edges and what stands at their ends; `note` is kept of each end's store."""
    view = View(run)
    relations: dict[tuple[str, str | None, Role, str | None], Edge] = {}
    apart: list[Edge] = []
    for edge in run.edges():
        known = relations.get(edge.relation)
        if known and known.target_place and edge.target_place and known.target_place != edge.target_place:
            apart.append(edge)  # one target in two places: neither is believed more than the other
        else:
            relations[edge.relation] = _both(known, edge) if known else edge
    for edge in (*relations.values(), *apart):
        view.outgoing.setdefault(edge.source, []).append(edge)
        if edge.target:
            view.incoming.setdefault(edge.target, []).append(edge)
    # Several sightings of one store are remembered too: each may say what the store holds.
    wanted = {json_id(end) for end in (*view.outgoing, *view.incoming)} | run.twice
    for store in run.stores_with_id(wanted) if wanted else ():
        _remember(view.ends, store, note(store))
    return view


UNLISTED = "unlisted"
# arn:partition:service:region:account:type:name, or type/name; one without a type, a region or an account tells no
# kind (docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns, read 2026-11-22).
_ARN = re.compile(r"arn:[^:]+:(?P<service>[^:]+):(?P<region>[^:]+):(?P<account>[^:]+):(?P<type>[^:/]+)[:/](?P<name>.+)")


def _unlisted(store_id: str, copies: list[Copy], kinds: Container[str]) -> Store:
    """A store by what others say of it; its kind only where the ARN names one that is known."""
    arn = _ARN.fullmatch(store_id)
    kind = f"aws.{arn['service']}.{arn['type']}" if arn else UNLISTED
    return Store(
        id=store_id,
        kind=kind if kind in kinds else UNLISTED,
        name=arn["name"] if arn else store_id,
        account=arn["account"] if arn else None,
        region=arn["region"] if arn else None,
        tags=None,
        sources=(UNLISTED,),
        followed=Followed.SOME,
        copies=tuple(copies),
    )


def _remember(ends: dict[str, End], store: Store, note: object) -> None:
    places = tuple(dict.fromkeys(copy.place for copy in store.copies if copy.role is Role.PRIMARY))
    known = ends.get(store.id)
    if known is None:
        ends[store.id] = End(places, store.account, store.copies[0].state, [note])
    else:
        known.state = min((known.state, store.copies[0].state), key=list(State).index)
        known.places = tuple(dict.fromkeys((*known.places, *places)))
        known.notes.append(note)


def _both(first: Edge, second: Edge) -> Edge:
    seen = first.seen_from if first.seen_from is second.seen_from else SeenFrom.BOTH
    return Edge(
        source=first.source,
        target=first.target,
        role=first.role,
        target_place=first.target_place or second.target_place,
        target_account=first.target_account or second.target_account,
        seen_from=seen,
        former=first.former and second.former,
        said_by=tuple(dict.fromkeys((*first.said_by, *second.said_by))),
    )


def _merged(same: list[Store]) -> Store:
    """One store that several cells or sources saw."""
    first = same[0]
    followed = [store.followed for store in same]
    return Store(
        id=first.id,
        kind=first.kind,
        name=first.name,
        account=first.account,
        region=first.region,
        tags=_merged_tags([store.tags for store in same]),
        sources=tuple(dict.fromkeys(name for store in same for name in store.sources)),
        address=first.address,
        owner=first.owner,
        followed=followed[0] if len(set(followed)) == 1 else Followed.SOME,
        copies=tuple(_merged_copies(same)),
    )


def _merged_tags(sightings: list[dict[str, str] | None]) -> dict[str, str] | None:
    """All tags; None where one sighting could not read them, or two read different values."""
    merged: dict[str, str] = {}
    for tags in sightings:
        if tags is None or any(merged.get(key, value) != value for key, value in tags.items()):
            return None
        merged |= tags
    return merged


def _merged_copies(same: list[Store]) -> list[Copy]:
    """Each copy once. Where sightings of the primary disagree, all places stay and none is believed."""
    copies = [copy for store in same for copy in store.copies]
    primaries = [copy for copy in copies if copy.role is Role.PRIMARY and copy.place]
    sightings = {frozenset(c.place for c in store.copies if c.role is Role.PRIMARY and c.place) for store in same}
    disputed = []
    if len(sightings - {frozenset()}) > 1:
        places = tuple(dict.fromkeys(copy.place for copy in primaries if copy.place))
        said = tuple(dict.fromkeys(said for copy in primaries for said in copy.said_by))
        disputed = [Copy(role=Role.PRIMARY, place=None, candidates=places, why=Why.UNRESOLVED, said_by=said)]
        copies = [copy for copy in copies if copy not in primaries]
    once: dict[object, Copy] = {}
    for copy in copies:
        key = (copy.role, copy.place, copy.candidates, copy.holder, copy.account, copy.why)
        once[key] = _weaker(once[key], copy) if key in once else copy
    return disputed + list(once.values())


def _weaker(first: Copy, second: Copy) -> Copy:
    """One copy from two sightings: what exists now counts, and the lower of two grades that were read."""
    grades = [copy.control for copy in (first, second) if copy.control and copy.control.grade is not None]
    lowest = min(grades, key=lambda control: control.grade or 0, default=first.control or second.control)
    return Copy(
        role=first.role,
        place=first.place,
        candidates=first.candidates,
        holder=first.holder,
        account=first.account,
        state=min((first.state, second.state), key=list(State).index),
        former=first.former and second.former,
        why=first.why,
        control=lowest,
        said_by=tuple(dict.fromkeys((*first.said_by, *second.said_by))),
    )


def _with_copies(store: Store, copies: list[Copy]) -> Store:
    return Store(
        id=store.id,
        kind=store.kind,
        name=store.name,
        account=store.account,
        region=store.region,
        tags=store.tags,
        sources=store.sources,
        address=store.address,
        owner=store.owner,
        followed=store.followed,
        copies=tuple(copies),
    )
