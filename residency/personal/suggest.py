"""What unclassified stores have in common: candidates for classification.yaml. Which class they are is not guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, zip_longest

from residency.model import Store
from residency.policy.matching import Names, matches
from residency.policy.models import Classification, ClassRule, DataClass, Match

# What a candidate would change: one entry of `values` or `tag_keys`, or a rule whose match has this key.
VALUE, TAG_KEY = "value", "tag_key"
BY = (VALUE, TAG_KEY, "tag", "name", "kind", "account", "id")

MAX_FEATURES = 50_000  # what several stores share is known long before
MAX_ALONE = 200  # more stores than this are not decided one by one
MAX_VALUES = 20  # a tag with more values than this does not name classes
MAX_DEPTH = 3  # words of a name from either end

# Words that make a reader look twice. They never decide: `user-agent-strings` holds no user.
_HINTS = frozenset(
    re.findall(
        r"\w+",
        """
        user member customer subscriber employee staff applicant student patient person personal people profile
        contact email address phone birth passport identity payroll salary crm hr kyc pii phi
        kojin kaiin kokyaku shain kyuyo jinji jusho shimei meibo mynumber
        """,
    )
)
_HINTS_JA = (
    "個人",
    "会員",
    "顧客",
    "お客様",
    "社員",
    "従業員",
    "給与",
    "人事",
    "患者",
    "住所",
    "氏名",
    "名簿",
    "マイナンバー",
)
_CLASS_WORDS = ("classification", "dataclass", "sensitiv", "confidential", "privacy", "personaldata", "機密", "分類")

_SEPARATORS = re.compile(r"[\W_]+")
# vol-0a1b2c3d4e5f6a7b8, subnet-0a1b2c3d: made by the provider, says nothing of what it holds.
_PROVIDERS_OWN = re.compile(r"[a-z]+-[0-9a-f]{8,}")

Feature = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A change of classification.yaml that leaves the class open.

    `text` is a value of `values`, a tag's key, or the glob of a rule; `values`: what a tag's key was seen to say.
    """

    by: str
    text: str
    values: tuple[str, ...] = ()

    def covers(self, store: Store, names: Names, config: Classification) -> bool:
        """Whether the change speaks of a store."""
        tags = store.tags or {}
        if self.by == VALUE:
            return any(tags.get(key) == self.text for key in config.tag_keys)
        if self.by == TAG_KEY:
            return self.text in tags
        return matches(self.match, names)

    @property
    def match(self) -> Match:
        return Match.model_validate({self.by: self.text})

    def applied(self, config: Classification, data_class: DataClass) -> Classification:
        """The classification as it would be if somebody decided for this class."""
        tag_keys, values, rules = config.tag_keys, config.values, config.rules
        if self.by == VALUE:
            values = {**values, self.text: data_class}
        elif self.by == TAG_KEY:
            tag_keys = (*tag_keys, self.text)
            values = {**dict.fromkeys(self.values, data_class), **values}
        else:
            rule = ClassRule(match=self.match, data_class=data_class, reason="a candidate", owner="nobody yet")
            rules = (*rules, rule)
        return Classification(version=1, kind="classification", tag_keys=tag_keys, values=values, rules=rules)


@dataclass(slots=True)
class _Tally:
    stores: int = 0
    decisions: int = 0
    mark: int = 0  # the same for two features that the same stores have

    def add(self, store: Store, decisions: int) -> None:
        self.stores += 1
        self.decisions += decisions
        self.mark ^= hash((store.provider, store.id))


@dataclass
class _Shared:
    """What was seen of the unclassified stores so far; bounded, however many there are."""

    config: Classification
    tallies: dict[Feature, _Tally] = field(default_factory=dict)
    said: dict[str, set[str]] = field(default_factory=dict)  # key of a tag that may name classes -> its values
    alone: dict[str, tuple[int, list[Feature]]] = field(default_factory=dict)  # id -> decisions, features

    def add(self, store: Store, decisions: int) -> None:
        own = list(dict.fromkeys(features(store, self.config)))
        for feature in own:
            self.tallies.setdefault(feature, _Tally()).add(store, decisions)
        for by, key in own:
            if by == TAG_KEY and len(self.said.setdefault(key, set())) <= MAX_VALUES:
                self.said[key].add((store.tags or {})[key])
        if len(self.alone) <= MAX_ALONE:
            self.alone[store.id] = (decisions, own)
        self._forget()

    def _forget(self) -> None:
        """Drop what the fewest stores have. A count may then be too low, which only moves a candidate down."""
        few = 1
        while few > 1 or len(self.tallies) > MAX_FEATURES:
            self.tallies = {feature: tally for feature, tally in self.tallies.items() if tally.stores > few}
            few = 0 if len(self.tallies) < MAX_FEATURES // 2 else few + 1

    def candidates(self) -> Iterator[tuple[Candidate, _Tally]]:
        for (by, text), tally in self.tallies.items():
            values = self.said.get(text, set()) if by == TAG_KEY else set()
            unexplained = by in (VALUE, TAG_KEY) and len(values) <= MAX_VALUES
            if unexplained or (tally.stores > 1 and by != TAG_KEY):
                yield Candidate(by, text, tuple(sorted(values))), tally
        for store_id, (decisions, own) in self.alone.items() if len(self.alone) <= MAX_ALONE else ():
            if not any(self._is_shared(feature) for feature in own):
                yield Candidate("id", _literal(store_id)), _Tally(1, decisions, hash(store_id))

    def _is_shared(self, feature: Feature) -> bool:
        """By what it is called or tagged: that they are of one kind or account says little of two stores."""
        by = feature[0]
        return by in (VALUE, TAG_KEY) or (by in ("tag", "name") and self.tallies[feature].stores > 1)


def candidates(stores: Iterable[tuple[Store, int]], config: Classification) -> list[Candidate]:
    """What could be said of unclassified stores, given with the decisions that each needs; the best come first.

    Best are those that most decisions depend on, taken in turn from each way to say it, so that a hundred accounts do
    not hide a name. Of several patterns that the same stores share only one is there.
    """
    shared = _Shared(config)
    for store, decisions in stores:
        shared.add(store, decisions)
    found: dict[str, list[tuple[Candidate, _Tally]]] = {by: [] for by in BY}
    for candidate, tally in _distinct(shared.candidates()):
        found[candidate.by].append((candidate, tally))
    ranked = [sorted(rows, key=lambda row: (-row[1].decisions, -row[1].stores, row[0].text)) for rows in found.values()]
    return [row[0] for row in chain.from_iterable(zip_longest(*ranked)) if row]


def _distinct(rows: Iterable[tuple[Candidate, _Tally]]) -> Iterator[tuple[Candidate, _Tally]]:
    """One pattern for each set of stores: a prefix rather than a suffix or a word, and the longest of them."""
    kept: dict[tuple[str, int], tuple[Candidate, _Tally]] = {}
    for candidate, tally in rows:
        same = (candidate.by, tally.mark)
        if same not in kept or _clearness(candidate) > _clearness(kept[same][0]):
            kept[same] = (candidate, tally)
    yield from kept.values()


def _clearness(candidate: Candidate) -> tuple[bool, bool, int, str]:
    text = candidate.text
    if candidate.by != "name":
        return (False, False, -len(text), text)
    return (not text.startswith("*"), not text.endswith("*"), len(text), text)


# --- what a store has that another may have too ---------------------------------------------


def features(store: Store, config: Classification) -> Iterator[Feature]:
    """What an entry of classification.yaml could know a store by."""
    yield "kind", _literal(store.kind)
    if store.account:
        yield "account", _literal(store.account)
    for pattern in name_patterns(store.name):
        yield "name", pattern
    for key, value in (store.tags or {}).items():
        if key in config.tag_keys:
            if value not in config.values:
                yield VALUE, value
        elif _names_a_class(key):
            yield TAG_KEY, key
        else:
            yield "tag", _literal(f"{key}={value}")


def name_patterns(name: str) -> Iterator[str]:
    """Globs that the name of a similar store would match too: `user-*`, `*-logs`, `*member*`."""
    if _PROVIDERS_OWN.fullmatch(name):
        return
    gaps = [gap for gap in _SEPARATORS.finditer(name) if gap.start() > 0 and gap.end() < len(name)]
    for gap in gaps[:MAX_DEPTH]:
        if _speaks(name[: gap.start()]):
            yield _literal(name[: gap.end()]) + "*"
    for gap in gaps[-MAX_DEPTH:]:
        if _speaks(name[gap.end() :]):
            yield "*" + _literal(name[gap.start() :])
    for word in _words(name):
        if _speaks(word):
            yield f"*{word}*"


def hints(store: Store) -> frozenset[str]:
    """Words in a name or a tag that speak of people."""
    texts = [store.name, *chain.from_iterable((store.tags or {}).items())]
    words = {word.casefold() for text in texts for word in _words(text)}
    found = {word for word in words | {word.removesuffix("s") for word in words} if word in _HINTS}
    return frozenset(found | {word for word in _HINTS_JA for text in texts if word in text})


def _words(text: str) -> list[str]:
    return [word for word in _SEPARATORS.split(text) if word]


def _speaks(text: str) -> bool:
    """Not a number, a digest or two letters: it could mean something to a reader."""
    return any(not word.isascii() or re.fullmatch(r"[A-Za-z]{3,}\d*", word) for word in _words(text))


def _names_a_class(key: str) -> bool:
    plain = _SEPARATORS.sub("", key).casefold()
    return any(word in plain for word in _CLASS_WORDS) or "pii" in {word.casefold() for word in _words(key)}


def _literal(text: str) -> str:
    """A text as a glob that matches nothing else."""
    return re.sub(r"([*?[])", r"[\1]", text)
