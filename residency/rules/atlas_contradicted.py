"""A provider says that one of its places stands in another country than the atlas has it in."""

from __future__ import annotations

from collections.abc import Iterator

from residency.countries import country_of
from residency.model import Finding, FindingStatus, Geography, Severity, Subject
from residency.rules.about import examples
from residency.rules.base import Rule, Tally, Texts, World, severity, status
from residency.rules.sources import PLACE_CLAUSE, SERVER_COUNTRY

RULE = Rule(
    id="atlas-contradicted",
    status=FindingStatus.NOT_CHECKED,
    personal=Severity.MEDIUM,
    special=Severity.MEDIUM,
    title=Texts("The provider contradicts the atlas", "事業者の回答が位置台帳と食い違う"),
    message=Texts(
        "the atlas has {place} in {countries}, the provider itself says {words}; stores there: {stores}",
        "位置台帳では {place} は {countries} だが、事業者は {words} と回答している(該当する保存先 {stores} 件)",
    ),
    fix=Texts(
        "find out which of the two is right; correct the row in atlas/*.csv with a source and a `reason`",
        "どちらが正しいか確認し、出典と `reason` を付けて atlas/*.csv の行を訂正する",
    ),
    clause=PLACE_CLAUSE,
    source=SERVER_COUNTRY,
)


def conclude(world: World) -> Iterator[Finding]:
    for place, tally in world.stands.items():
        location = world.config.atlas.find(place)
        for said in world.said.get(place, ()):
            country = country_of(said.words)
            recorded_as = location.entry.recorded_as if location.entry else ""
            if location.countries and country not in (*location.countries, recorded_as):  # None: nobody can read it
                yield _finding(world, said, " ".join(location.countries), tally)


def _finding(world: World, said: Geography, countries: str, tally: Tally) -> Finding:
    policy = world.config.policy
    return Finding(
        rule=RULE.id,
        status=status(RULE, policy),
        severity=severity(RULE, policy, tally.special),
        subject=Subject(kind="atlas", id=str(said.place), place=said.place, detail=said.words),
        facts={"place": str(said.place), "countries": countries, "words": said.words, "stores": str(tally.total)},
        policy=policy.id,
        evidence=(f"{said.said_by}: {said.words}", *examples(tally)),
        stores=frozenset(tally.stores),
        owner=tally.owner,
    )
