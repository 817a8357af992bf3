"""Many cells as one view: each relation once, each store once, and nothing believed that is disputed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from residency.join import View, view_of
from residency.model import Copy, Edge, Followed, Place, Role, Said, SeenFrom, State, Store, Why
from tests.build import a_control, a_copy, a_store, an_edge, save_run

TOKYO, IRELAND, OHIO = "aws:ap-northeast-1", "aws:eu-west-1", "aws:us-east-2"
OTHER = (Said(call="other:Listing", field="Places[]"),)


@pytest.fixture
def view(tmp_path: Path) -> Any:
    """The view of a run that holds these records."""
    return lambda *records: view_of(save_run(tmp_path / "run.jsonl", *records), lambda store: store.id)


def stores(view: View) -> dict[str, Store]:
    found = list(view.stores())
    assert len({(store.provider, store.id) for store in found}) == len(found)
    return {store.id: store for store in found}


def copies(store: Store) -> list[tuple[Role, str | None, str | None]]:
    return [(copy.role, str(copy.place) if copy.place else None, copy.holder) for copy in store.copies]


def seen_by(place: str | None, *sources: str, said: tuple[Said, ...] = OTHER, **more: Any) -> Store:
    """One bucket as some source saw it."""
    control = more.pop("control", a_control())
    extra = more.pop("copies", ())
    primary = Copy(
        role=Role.PRIMARY,
        place=Place.parse(place) if place else None,
        why=None if place else Why.UNRESOLVED,
        control=control,
        said_by=said,
    )
    return a_store("one", primary, *extra, sources=sources or ("prod",), **more)


def test_one_relation_that_is_seen_from_both_ends_is_one_edge(view: Any) -> None:
    here = an_edge("one", "two")
    there = Edge(
        source="one", target="two", role=Role.REPLICA, target_place=Place.parse(IRELAND), target_account="210987654321",
        seen_from=SeenFrom.TARGET, former=True, said_by=OTHER,
    )  # fmt: skip
    found = view(a_store("one"), a_store("two"), here, there)
    (edge,) = found.outgoing["one"]
    assert found.incoming["two"] == [edge]
    assert (edge.seen_from, str(edge.target_place), edge.target_account) == (SeenFrom.BOTH, IRELAND, "210987654321")
    assert edge.former is False  # one end says that it flows now
    assert edge.said_by == (*here.said_by, *OTHER)


@pytest.mark.parametrize(
    "other",
    [
        {"target": "three"},
        {"role": Role.SNAPSHOT},
        {"target": None, "target_place": Place.parse(OHIO)},
        {"target": None, "target_place": Place.parse(IRELAND)},
    ],
)
def test_another_target_or_role_is_another_relation(view: Any, other: dict[str, Any]) -> None:
    found = view(an_edge("one", "two"), an_edge("one", **({"target": "two"} | other)))
    assert len(found.outgoing["one"]) == 2


def test_one_end_that_is_told_of_twice_stays_one_end(view: Any) -> None:
    found = view(an_edge("one", "two"), an_edge("one", "two"))
    (edge,) = found.outgoing["one"]
    assert edge.seen_from is SeenFrom.SOURCE
    assert len(edge.said_by) == 1


def test_an_unresolved_copy_takes_the_place_of_its_holder(view: Any) -> None:
    one = a_store("one", a_copy(), a_copy(None, Role.REPLICA, holder="two"))
    two = a_store("two", a_copy(IRELAND), account="210987654321")
    joined = stores(view(one, two, an_edge("one", "two")))["one"]
    replica = joined.copies[1]
    assert copies(joined) == [(Role.PRIMARY, TOKYO, None), (Role.REPLICA, IRELAND, "two")]
    assert (replica.why, replica.account, replica.control) == (None, "210987654321", one.copies[1].control)
    assert replica.said_by[-1] == Said(call="join", field="place of the store that holds the copy", at="two")


@pytest.mark.parametrize(
    "two",
    [
        a_store("elsewhere", a_copy(IRELAND)),
        a_store("two", a_copy(None)),
        a_store("two", a_copy(IRELAND), a_copy(OHIO)),
        a_store("two", a_copy(IRELAND, Role.BACKUP)),
    ],
)
def test_a_holder_whose_place_was_not_seen_leaves_the_copy_unresolved(view: Any, two: Store) -> None:
    one = a_store("one", a_copy(), a_copy(None, Role.REPLICA, holder="two"))
    assert stores(view(one, two, an_edge("one", "two")))["one"] == one


@pytest.mark.parametrize("why", [Why.UNBOUNDED, Why.NOT_KNOWN_YET])
def test_what_is_said_to_have_no_one_place_gets_none(view: Any, why: Why) -> None:
    one = a_store("one", a_copy(), a_copy(None, Role.REPLICA, holder="two", why=why))
    assert stores(view(one, a_store("two", a_copy(IRELAND)), an_edge("one", "two")))["one"] == one


def test_the_place_that_the_source_tells_is_not_replaced_by_that_of_the_holder(view: Any) -> None:
    one = a_store("one", a_copy(), a_copy(OHIO, Role.REPLICA, holder="two"))
    assert stores(view(one, a_store("two", a_copy(IRELAND)), an_edge("one", "two")))["one"] == one


def test_the_far_side_of_an_edge_adds_the_copy_that_its_source_did_not_tell_of(view: Any) -> None:
    edge = an_edge("one", "two", Role.SNAPSHOT, seen_from=SeenFrom.TARGET)
    joined = stores(view(a_store("one"), a_store("two", a_copy(IRELAND), account="210987654321"), edge))
    assert copies(joined["one"]) == [(Role.PRIMARY, TOKYO, None), (Role.SNAPSHOT, IRELAND, "two")]
    assert joined["one"].copies[1].account == "210987654321"
    assert joined["one"].copies[1].said_by == edge.said_by
    assert joined["two"] == a_store("two", a_copy(IRELAND), account="210987654321")


def test_a_far_copy_that_nobody_placed_is_unresolved(view: Any) -> None:
    far = stores(view(a_store("one"), an_edge("one", "two")))["one"].copies[1]
    assert (far.place, far.why, far.holder, far.control) == (None, Why.UNRESOLVED, "two", None)


def test_a_far_copy_of_a_relation_that_ended_is_former(view: Any) -> None:
    far = stores(view(a_store("one"), an_edge("one", "two", former=True, target_place=Place.parse(OHIO))))["one"]
    assert [(str(copy.place), copy.former) for copy in far.copies] == [(TOKYO, False), (OHIO, True)]


def test_a_copy_that_the_source_told_of_is_not_added_again(view: Any) -> None:
    one = a_store("one", a_copy(), a_copy(IRELAND, Role.REPLICA, holder="two"))
    assert stores(view(one, a_store("two", a_copy(IRELAND)), an_edge("one", "two")))["one"] == one


def test_a_copy_of_names_does_not_hide_the_replica_in_the_same_store(view: Any) -> None:
    one = a_store("one", a_copy(), a_copy(IRELAND, Role.METADATA, holder="two"))
    joined = stores(view(one, a_store("two", a_copy(IRELAND)), an_edge("one", "two", Role.REPLICA)))["one"]
    assert copies(joined)[1:] == [(Role.METADATA, IRELAND, "two"), (Role.REPLICA, IRELAND, "two")]


@pytest.mark.parametrize("said_at", [IRELAND, None])
def test_a_named_copy_that_an_edge_places_elsewhere_stands_in_both(view: Any, said_at: str | None) -> None:
    """One that its source did not place is unresolved, and is told of as such."""
    one = a_store("one", a_copy(), a_copy(said_at, Role.REPLICA, holder="two"))
    joined = stores(view(one, an_edge("one", "two", target_place=Place.parse(OHIO))))["one"]
    assert [place for _, place, _ in copies(joined)[1:]] == ([IRELAND, OHIO] if said_at else [None])


SNAPSHOT = "arn:aws:rds:ap-northeast-1:123456789012:snapshot:gone"


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (SNAPSHOT, "aws.rds.snapshot"),
        (SNAPSHOT.replace("snapshot", "thing"), "unlisted"),
        ("arn:aws:s3:::bucket", "unlisted"),
    ],
)
def test_a_relation_of_which_neither_end_was_listed_is_a_store(view: Any, source: str, kind: str) -> None:
    found = view(a_store("one"), an_edge(source, "elsewhere", Role.EXPORT, target_place=Place.parse(OHIO)))
    (gone,) = found.unlisted({"aws.rds.snapshot"})
    assert (gone.id, gone.kind, gone.tags, gone.followed) == (source, kind, None, Followed.SOME)
    assert copies(gone) == [(Role.EXPORT, OHIO, "elsewhere")]


def test_a_relation_of_which_one_end_was_listed_is_no_store_of_its_own(view: Any) -> None:
    found = view(a_store("one"), an_edge("one", "gone"), an_edge("gone too", "one"))
    assert list(found.unlisted(())) == []


def test_a_store_without_edges_stays_as_it_is(view: Any) -> None:
    found = view(a_store("one"), a_store("two"), an_edge("two", "three"))
    assert stores(found)["one"] == a_store("one")


def test_a_store_that_two_sources_saw_at_different_places_is_believed_at_neither(view: Any) -> None:
    joined = stores(view(seen_by(TOKYO, "prod"), seen_by(IRELAND, "org"), a_store("two")))
    (primary,) = joined["one"].copies
    assert (primary.place, primary.why) == (None, Why.UNRESOLVED)
    assert [str(place) for place in primary.candidates] == [TOKYO, IRELAND]
    assert joined["one"].sources == ("prod", "org")
    assert set(joined) == {"one", "two"}


def test_a_disputed_holder_places_no_copy(view: Any) -> None:
    holder = a_store("two", a_copy(None, Role.REPLICA, holder="one"))
    assert stores(view(holder, seen_by(TOKYO, "a"), seen_by(IRELAND, "b"), an_edge("two", "one")))["two"] == holder


def test_a_store_that_two_sources_saw_at_one_place_is_one_store(view: Any) -> None:
    joined = stores(view(seen_by(TOKYO, "prod", tags={"a": "1"}), seen_by(TOKYO, "org", tags={"b": "2"})))["one"]
    assert copies(joined) == [(Role.PRIMARY, TOKYO, None)]
    assert (joined.sources, joined.tags, joined.followed) == (("prod", "org"), {"a": "1", "b": "2"}, Followed.ALL)


def test_two_sightings_of_the_same_two_places_do_not_disagree(view: Any) -> None:
    joined = stores(view(*[seen_by(TOKYO, name, copies=(a_copy(IRELAND),)) for name in ("a", "b")]))["one"]
    assert copies(joined) == [(Role.PRIMARY, TOKYO, None), (Role.PRIMARY, IRELAND, None)]


def test_a_sighting_without_a_place_stays_beside_the_one_with_a_place(view: Any) -> None:
    joined = stores(view(seen_by(None, "a"), seen_by(TOKYO, "b")))["one"]
    assert [(copy.place is None, copy.why) for copy in joined.copies] == [(True, Why.UNRESOLVED), (False, None)]


@pytest.mark.parametrize(("first", "second"), [
    ({"data": "public"}, {"data": "personal"}), ({"data": "public"}, None), (None, {"data": "public"}),
])  # fmt: skip
def test_tags_that_two_sightings_do_not_agree_on_are_not_believed(
    view: Any, first: dict[str, str] | None, second: dict[str, str] | None
) -> None:
    assert stores(view(seen_by(TOKYO, "a", tags=first), seen_by(TOKYO, "b", tags=second)))["one"].tags is None


def test_a_store_of_another_provider_with_the_same_id_is_another_store(view: Any) -> None:
    found = list(view(seen_by(TOKYO), seen_by("gcp:europe-west1", kind="gcp.storage.bucket")).stores())
    assert [(store.provider, len(store.copies)) for store in found] == [("aws", 1), ("gcp", 1)]
    assert all(store.copies[0].place for store in found)


def test_followed_is_all_only_if_every_sighting_says_so(view: Any) -> None:
    joined = stores(view(seen_by(TOKYO, "a"), seen_by(TOKYO, "b", followed=Followed.NONE)))["one"]
    assert joined.followed is Followed.SOME


@pytest.mark.parametrize("turned", [False, True])
def test_the_worse_of_two_sightings_of_one_copy_counts(view: Any, turned: bool) -> None:
    good = seen_by(TOKYO, "a", copies=(a_copy(IRELAND, Role.REPLICA, former=True, state=State.MAY_APPEAR),))
    bad = seen_by(TOKYO, "b", control=a_control(1), copies=(a_copy(IRELAND, Role.REPLICA, control=a_control(0)),))
    primary, replica = stores(view(*((bad, good) if turned else (good, bad))))["one"].copies
    assert (primary.control and primary.control.grade, replica.control and replica.control.grade) == (1, 0)
    assert (replica.former, replica.state) == (False, State.EXISTS)


@pytest.mark.parametrize("turned", [False, True])
def test_a_grade_that_one_sighting_could_read_is_known(view: Any, turned: bool) -> None:
    pair = [seen_by(TOKYO, "a", control=a_control(None)), seen_by(TOKYO, "b", control=a_control(2))]
    (primary,) = stores(view(*(reversed(pair) if turned else pair)))["one"].copies
    assert primary.control == a_control(2)


def test_two_lists_of_allowed_places_both_stay(view: Any) -> None:
    lists = [a_copy(None, Role.REPLICA, candidates=(Place.parse(place),)) for place in (IRELAND, OHIO)]
    joined = stores(view(seen_by(TOKYO, "a", copies=tuple(lists)), seen_by(TOKYO, "b")))["one"]
    assert [str(copy.candidates[0]) for copy in joined.copies[1:]] == [IRELAND, OHIO]


def test_what_a_caller_wants_to_remember_is_kept_of_the_ends_of_edges_only(view: Any) -> None:
    found = view(a_store("one"), a_store("two"), a_store("three"), an_edge("one", "two"))
    assert {name: end.notes for name, end in found.ends.items()} == {"one": ["one"], "two": ["two"]}
