"""What a policy says of countries that the law says otherwise: told by `validate`, and never an error."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from residency.countries import countries, country_name, sets_of
from residency.policy.models import Policy

EU = "EU"


def doubts(policy: Policy, today: date) -> Iterator[str]:
    """Countries that a jurisdiction `EU` holds and the European Union does not on its day, and the other way round."""
    for jurisdiction in policy.jurisdictions:
        if jurisdiction.id == EU:
            day = jurisdiction.as_of or today
            held = {*jurisdiction.countries, *jurisdiction.also}
            for code in sorted(countries()):
                inside = not {"eu", "eu-also"}.isdisjoint(sets_of(code, day))
                name = f"{country_name(code, 'en')} ({code})"
                if code in held and not inside:
                    yield f"policy {policy.id}: the jurisdiction {EU} holds {name}, which is not in the EU on {day}"
                elif inside and code not in held:
                    yield f"policy {policy.id}: the jurisdiction {EU} lacks {name}, which is in the EU on {day}"
