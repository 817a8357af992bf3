"""The data class of a store: the strongest of what its tags and the rules of classification.yaml say."""

from __future__ import annotations

from collections.abc import Iterator

from residency.model import Store
from residency.policy.matching import Names, matches
from residency.policy.models import Classification, DataClass


def classify(store: Store, names: Names, classification: Classification, holds: str = "data") -> tuple[DataClass, str]:
    """The class and what it rests on. Without any word about it the class is unknown.

    `holds`: what kinds.csv says that such stores hold. A key is no data, whatever its tags say.
    """
    if holds == "keys":
        return DataClass.NONE, "it holds a key"
    votes = list(_votes(store, names, classification))
    if not votes:
        return DataClass.UNKNOWN, "nothing says what it holds"
    return max(votes, key=lambda vote: vote[0].strength)


def _votes(store: Store, names: Names, classification: Classification) -> Iterator[tuple[DataClass, str]]:
    if store.tags is None:
        yield DataClass.UNKNOWN, "its tags could not be read"
    for key in classification.tag_keys:
        value = (store.tags or {}).get(key)
        if value is not None:
            known = classification.values.get(value)
            yield known or DataClass.UNKNOWN, f"tag {key}={value}" + ("" if known else ", which no value explains")
    for index, rule in enumerate(classification.rules, start=1):
        if matches(rule.match, names):
            yield rule.data_class, f"classification.yaml rule {index}" + (f": {rule.reason}" if rule.reason else "")
