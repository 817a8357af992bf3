"""The key that protects personal data stands outside."""

from __future__ import annotations

from collections.abc import Iterator

from residency.model import Finding, FindingStatus, Place, Role, Severity, Subject
from residency.rules.about import examples
from residency.rules.base import PERMITTED, PROHIBITED, JudgedStore, Rule, Texts, World, severity, status, tally_of
from residency.rules.places import Places
from residency.rules.sources import CLOUD_EXCEPTION, MEASURE_CLAUSE

RULE = Rule(
    id="key-outside-territory",
    status=FindingStatus.VIOLATION,
    personal=Severity.MEDIUM,
    special=Severity.HIGH,
    title=Texts("A key stands outside the allowed places", "鍵が許可された場所の外にある"),
    message=Texts(
        "{what} of {stores} stores of personal data stands in {countries} ({place})",
        "個人データ {stores} 件の{what}が {countries}({place})にある",
    ),
    fix=Texts(
        "encrypt with a key that stands inside, or delete the replica of the key",
        "区域内の鍵で暗号化し直すか、鍵の複製を削除する",
    ),
    clause=MEASURE_CLAUSE,
    source=CLOUD_EXCEPTION,
)

REPLICA = (FindingStatus.WARNING, Severity.LOW, Severity.LOW)
ONLY_KEY, KEY_REPLICA = "key", "key-replica"


def check(judged: JudgedStore, world: World) -> Iterator[Finding]:
    """Counts the keys of each personal store; `conclude` says one thing per key and place."""
    if judged.personal:
        _count(judged, world, world.places[judged.policy.id])
    yield from ()


def _count(judged: JudgedStore, world: World, places: Places) -> None:
    replicas = [copy for copy in judged.copies if copy.copy.role is Role.KEY]
    some_inside = any(copy.verdict == PERMITTED for copy in replicas)
    for copy in judged.copies:
        control = copy.copy.control
        if control and control.key and control.key_place and copy.copy.role is not Role.KEY:
            if places.of(control.key_place).verdict == PROHIBITED:
                what = KEY_REPLICA if some_inside else ONLY_KEY
                _add(judged, world, control.key, control.key_place, what)
    for copy in replicas:
        if copy.verdict == PROHIBITED and copy.place:
            _add(judged, world, copy.copy.holder or judged.store.id, copy.place, KEY_REPLICA)


def _add(judged: JudgedStore, world: World, key: str, place: Place, what: str) -> None:
    countries = world.places[judged.policy.id].of(place).countries
    tally = tally_of(world.keys, (judged.policy.id, key, str(place)), policy=judged.policy, owner=judged.owner)
    if tally.facts.get("what") != ONLY_KEY:
        tally.facts = {"what": what, "countries": " ".join(countries), "place": str(place)}
    if judged.store.id not in tally.examples:
        tally.add(judged)


def conclude(world: World) -> Iterator[Finding]:
    for (policy, key, place), tally in world.keys.items():
        assert tally.policy is not None
        only = tally.facts["what"] == ONLY_KEY
        row = (RULE.status, RULE.personal, RULE.special) if only else REPLICA
        yield Finding(
            rule=RULE.id,
            status=status(RULE, tally.policy, row[0]),
            severity=severity(RULE, tally.policy, tally.special, row[2] if tally.special else row[1]),
            subject=Subject(
                kind="key",
                id=key,
                role=Role.KEY,
                place=Place.parse(place),
                detail=None if policy == world.config.policy.id else policy,
            ),
            facts={"store": key, "stores": str(tally.total), **tally.facts},
            policy=policy,
            evidence=examples(tally),
            stores=frozenset(tally.stores),
            owner=tally.owner,
        )
