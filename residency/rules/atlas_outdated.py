"""A place is not in the atlas, and the atlas is old, or the provider itself names the place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from residency.model import Finding, FindingStatus, Place, Severity, Subject
from residency.rules.about import examples
from residency.rules.base import Rule, Tally, Texts, World, severity, status
from residency.rules.sources import GROUND_RULE, UNSEEN_CLAUSE

RULE = Rule(
    id="atlas-outdated",
    status=FindingStatus.NOT_CHECKED,
    personal=Severity.MEDIUM,
    special=Severity.MEDIUM,
    title=Texts("The atlas is too old for a place", "位置台帳が古く、この場所を含まない"),
    message=Texts(
        "the atlas of {as_of} does not hold {place}{words}; stores there: {stores}",
        "{as_of} 時点の位置台帳に {place}{words} がない(該当する保存先 {stores} 件)",
    ),
    fix=Texts(
        "install a newer version, or add the place with its source to atlas/*.csv (`residency atlas refresh` "
        "prints the rows)",
        "新しい版を導入するか、出典付きで atlas/*.csv に追加する(`residency atlas refresh` が行を出力する)",
    ),
    clause=UNSEEN_CLAUSE,
    source=GROUND_RULE,
)

# Providers open places every few weeks (AWS: Local Zones in May, July and August of 2026; atlas/aws.csv).
OLD_AFTER_DAYS = 90


def conclude(world: World) -> Iterator[Finding]:
    atlas = world.config.atlas
    for place, tally in world.stands.items():
        if atlas.find(place).entry is None and (place in world.said or _is_old(atlas.as_of, world.today)):
            yield _finding(world, place, tally)


def _is_old(as_of: str, today: date) -> bool:
    return not as_of or (today - date.fromisoformat(as_of)).days > OLD_AFTER_DAYS


def _finding(world: World, place: Place, tally: Tally) -> Finding:
    policy = world.config.policy
    said = world.said.get(place, [])
    return Finding(
        rule=RULE.id,
        status=status(RULE, policy),
        severity=severity(RULE, policy, tally.special),
        subject=Subject(kind="atlas", id=str(place), place=place),
        facts={
            "as_of": world.config.atlas.as_of or "?",
            "place": str(place),
            "stores": str(tally.total),
            "words": "".join(f" ({geography.words})" for geography in said[:1]),
        },
        policy=policy.id,
        evidence=(*(f"{geography.said_by}: {geography.words}" for geography in said), *examples(tally)),
        stores=frozenset(tally.stores),
        owner=tally.owner,
    )
