"""The key that protects personal data stands outside, or nobody knows where."""

from __future__ import annotations

from collections.abc import Iterator

from residency.model import Finding, FindingStatus, Place, Role, Severity, Subject, Why
from residency.rules.about import examples
from residency.rules.base import (
    PERMITTED,
    PROHIBITED,
    UNDETERMINED,
    JudgedStore,
    Row,
    Rule,
    Tally,
    Texts,
    World,
    severity,
    status,
    tally_of,
)
from residency.rules.places import PlaceVerdict, unplaced
from residency.rules.sources import CLOUD_EXCEPTION, MEASURE_CLAUSE

RULE = Rule(
    id="key-outside-territory",
    status=FindingStatus.VIOLATION,
    personal=Severity.MEDIUM,
    special=Severity.HIGH,
    title=Texts("A key stands outside the allowed places", "鍵が許可された場所の外にある"),
    message=Texts(
        "{what} of {stores} stores of personal data stands in {countries} ({place}{unknown})",
        "個人データ {stores} 件の{what}が {countries}({place}{unknown})にある",
    ),
    fix=Texts(
        "encrypt with a key that stands inside, or delete the replica of the key",
        "区域内の鍵で暗号化し直すか、鍵の複製を削除する",
    ),
    clause=MEASURE_CLAUSE,
    source=CLOUD_EXCEPTION,
)

REPLICA = (FindingStatus.WARNING, Severity.LOW, Severity.LOW)
UNKNOWN = (FindingStatus.NOT_CHECKED, Severity.MEDIUM, Severity.MEDIUM)
ONLY_KEY, KEY_REPLICA = "key", "key-replica"
FIND_OUT = Texts(
    "encrypt with a key that stands inside, or add its place with a source to atlas/*.csv",
    "区域内の鍵で暗号化し直すか、鍵の場所を出典付きで atlas/*.csv に追加する",
)


def check(judged: JudgedStore, world: World) -> Iterator[Finding]:
    """Counts the keys of each personal store; `conclude` says one thing per key and place."""
    if judged.personal:
        _count(judged, world)
    yield from ()


def _count(judged: JudgedStore, world: World) -> None:
    replicas = [copy for copy in judged.copies if copy.copy.role is Role.KEY]
    some_inside = any(copy.verdict == PERMITTED for copy in replicas)
    for copy in judged.copies:
        control = copy.copy.control
        if control and control.key and copy.copy.role is not Role.KEY:
            known = _place_of(control.key_place, judged.policy.id, world)
            # What could not be read of the key is told of with its grade.
            unknown = known.verdict == UNDETERMINED and control.grade is not None and not some_inside
            if known.verdict == PROHIBITED or unknown:
                _add(judged, world, control.key, control.key_place, KEY_REPLICA if some_inside else ONLY_KEY)
    for copy in replicas:
        if copy.verdict == PROHIBITED and copy.place:
            _add(judged, world, copy.copy.holder or judged.store.id, copy.place, KEY_REPLICA)


def _place_of(place: Place | None, policy: str, world: World) -> PlaceVerdict:
    return world.places[policy].of(place) if place else unplaced(Why.UNRESOLVED)


def _add(judged: JudgedStore, world: World, key: str, place: Place | None, what: str) -> None:
    tally = tally_of(world.keys, (judged.policy.id, key, place), policy=judged.policy, owner=judged.owner)
    if tally.facts.get("what") != ONLY_KEY:
        tally.facts = {"what": what, **_facts(place, _place_of(place, judged.policy.id, world))}
    if judged.store.id not in tally.examples:
        tally.add(judged)


def _facts(place: Place | None, known: PlaceVerdict) -> dict[str, str]:
    facts = {"countries": " ".join(known.countries) or "??", "place": str(place or "?"), "unknown": ""}
    if known.verdict == PROHIBITED:
        return facts
    return facts | {
        "unknown_en": ": nobody knows where that is",
        "unknown_ja": ": 所在国は不明",
        "fix_en": FIND_OUT.en,
        "fix_ja": FIND_OUT.ja,
    }


def conclude(world: World) -> Iterator[Finding]:
    for (policy, key, place), tally in world.keys.items():
        assert tally.policy is not None
        row = _row(tally, _place_of(place, policy, world))
        yield Finding(
            rule=RULE.id,
            status=status(RULE, tally.policy, row[0]),
            severity=severity(RULE, tally.policy, tally.special, row[2] if tally.special else row[1]),
            subject=Subject(
                kind="key",
                id=key,
                role=Role.KEY,
                place=place,
                detail=None if policy == world.config.policy.id else policy,
            ),
            facts={"store": key, "stores": str(tally.total), **tally.facts},
            policy=policy,
            evidence=examples(tally),
            stores=frozenset(tally.stores),
            owner=tally.owner,
        )


def _row(tally: Tally, known: PlaceVerdict) -> Row:
    if known.verdict == UNDETERMINED:
        return UNKNOWN
    return (RULE.status, RULE.personal, RULE.special) if tally.facts["what"] == ONLY_KEY else REPLICA
