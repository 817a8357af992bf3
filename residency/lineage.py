"""What travels along edges: the data class of a store to its copies, and who tells of a copy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from residency.join import End, View
from residency.model import Edge, Place, Role, Store, Why
from residency.policy.models import Counting, DataClass, Policy

# Id of a store at an end of an edge -> its class, and what that rests on.
Classes = dict[str, tuple[DataClass, str]]

# How grave a finding on a copy is by what its role counts as, for personal and for special-care data. A copy of
# unknown content is graver than identifiers, and less grave than anything that is known to be personal.
_GRAVITY = {
    Counting.SAVED: (5, 6),
    Counting.SAVED_FOR_A_WHILE: (4, 5),
    Counting.PARTLY: (4, 5),
    Counting.PROCESSED: (4, 5),
    Counting.IDENTIFIERS: (1, 2),
    Counting.KEY: (0, 0),
}
_UNKNOWN_CONTENT = 3


@dataclass(frozen=True, slots=True)
class Note:
    """What is remembered of a store at an end of an edge."""

    data_class: DataClass
    by: str
    policy: Policy
    tells: tuple[tuple[str, Role, Place | None, Why | None], ...]  # of its copies: holder, role, place, why none


def notes_of(end: End) -> list[Note]:
    return [note for note in end.notes if isinstance(note, Note)]


def spread(view: View) -> Classes:
    """The class of every store at an end of an edge: the strongest that reaches it along edges."""
    classes: Classes = {}
    for store_id, end in view.ends.items():
        strongest = max(notes_of(end), key=lambda note: note.data_class.strength)
        classes[store_id] = (strongest.data_class, strongest.by)
    todo = list(classes)
    while todo:
        _travel(view, classes, todo)
        joined = dict(_collated(view, classes))  # what became personal has copies of its own
        classes |= joined
        todo = list(joined)
    return classes


def _travel(view: View, classes: Classes, todo: list[str]) -> None:
    while todo:
        source = todo.pop()
        for edge in view.outgoing.get(source, ()):
            target = edge.target
            if target is None or edge.former or not _carries_data(edge, view.ends.get(source)):
                continue
            # What nobody saw has no class of its own, and hands on what it was given.
            if target not in classes or classes[source][0].strength > classes[target][0].strength:
                classes[target] = (classes[source][0], f"{edge.role.value} of {source}")
                todo.append(target)


def _collated(view: View, classes: Classes) -> Iterator[tuple[str, tuple[DataClass, str]]]:
    """Person-related data that are joined with what identifies a person are personal."""
    for store_id, (data_class, _) in classes.items():
        if data_class is not DataClass.PERSON_RELATED:
            continue
        targets = [edge.target for edge in view.outgoing.get(store_id, ()) if not edge.former]
        joined = next((t for t in targets if t in classes and classes[t][0].personal), None)
        if joined:
            yield store_id, (DataClass.PERSONAL, f"person-related, and joined with {joined}")


def _carries_data(edge: Edge, source: End | None) -> bool:
    """Identifiers and keys are no copy of the data: what else their holder has is its own matter."""
    if source is None:
        return edge.role not in (Role.METADATA, Role.KEY)
    return any(note.policy.copies[edge.role] not in (Counting.IDENTIFIERS, Counting.KEY) for note in notes_of(source))


def _gravity(data_class: DataClass, counting: Counting) -> int:
    """How grave a finding on a copy outside would be; 0 = there would be none."""
    if data_class is DataClass.UNKNOWN and counting is not Counting.KEY:
        return _UNKNOWN_CONTENT
    return _GRAVITY[counting][data_class.special] if data_class.personal else 0


def _tells_of(edge: Edge, source: End, place: Place | None) -> bool:
    """Whether the source says of the copy at the end of an edge that it stands at `place`."""
    tells = [tell for note in notes_of(source) for tell in note.tells]
    told = [(where, why) for holder, role, where, why in tells if (holder, role) == (edge.target, edge.role)]
    if not told:
        return edge.target_place in (None, place)
    # An unresolved copy takes the place of the store that holds it (join.py).
    return all(where == place or why is Why.UNRESOLVED for where, why in told)


def covered(view: View, classes: Classes, store: Store, own: DataClass, policy: Policy) -> Iterator[Place | None]:
    """The store's own place, when the stores that it is a copy of tell of it as gravely as it would itself."""
    end = view.ends.get(store.id)
    if end is None or len(end.places) != 1:
        return
    told, needed = 0, _gravity(own, policy.copies[Role.PRIMARY])
    for edge in view.incoming.get(store.id, ()):
        source = view.ends.get(edge.source)
        if source is None or edge.former or edge.source == store.id:
            continue
        gravity = _gravity(classes[edge.source][0], policy.copies[edge.role])
        same_policy = all(note.policy.id == policy.id for note in notes_of(source))
        if same_policy and edge.role is not Role.SHARE and _tells_of(edge, source, end.places[0]):
            told = max(told, gravity)
        else:
            needed = max(needed, gravity)
    if told and told >= needed:
        yield end.places[0]
