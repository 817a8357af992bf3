"""Judges a saved run again for every candidate. What a candidate would change is computed, never guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from residency.inventory import SavedRun
from residency.judge import Judge
from residency.model import Finding, FindingStatus, Store
from residency.personal.classify import classify
from residency.personal.suggest import Candidate, candidates, hints
from residency.policy.load import Config
from residency.policy.models import Classification, DataClass
from residency.rules.base import JudgedStore

MAX_SUGGESTED = 20
MAX_EXAMPLES = 3
_RULE = "store-unclassified"

Progress = Callable[[int, int], None]  # the number of a candidate, how many there are


# --- what nobody classified -----------------------------------------------------------------


@dataclass
class Group:
    """Unclassified stores of one kind and account that the same thing would decide."""

    why: str  # nothing, tags, value, rule or copy
    said: str  # what the judgement rests on, where that names something
    kind: str
    account: str | None
    stores: int = 0
    decisions: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, store_id: str, decisions: int) -> None:
        self.stores += 1
        self.decisions += decisions
        if len(self.examples) < MAX_EXAMPLES:
            self.examples.append(store_id)


@dataclass
class Unclassified:
    """Every store without a class, in groups; the groups with most decisions first."""

    run: str
    stores: int
    tag_keys: tuple[str, ...]
    groups: list[Group]

    @property
    def unclassified(self) -> int:
        return sum(group.stores for group in self.groups)

    @property
    def decisions(self) -> int:
        return sum(group.decisions for group in self.groups)


def unclassified(run: SavedRun, config: Config, today: date) -> Unclassified:
    """Judge a saved run and group what it holds of stores without a class."""
    groups: dict[tuple[str, str, str, str | None], Group] = {}
    stores = 0
    for judged, findings in Judge(run, config, today).stores():
        stores += 1
        if judged.data_class is DataClass.UNKNOWN:
            why, said = _why(judged, config.classification)
            key = (why, said, judged.store.kind, judged.store.account)
            groups.setdefault(key, Group(*key)).add(judged.store.id, _decisions(findings))
    ordered = sorted(groups.values(), key=lambda group: (-group.decisions, -group.stores, group.why, group.kind))
    return Unclassified(run.id, stores, config.classification.tag_keys, ordered)


def _why(judged: JudgedStore, classification: Classification) -> tuple[str, str]:
    """Why a store has no class, and what names it."""
    own, by = classify(judged.store, judged.names, classification)
    if own is not DataClass.UNKNOWN:
        return "copy", ""  # its own tags are no word against what it is a copy of
    if judged.store.tags is None:
        return "tags", ""
    tags = {key: judged.store.tags.get(key) for key in classification.tag_keys}
    said = next((f"{key}={value}" for key, value in tags.items() if value not in (None, *classification.values)), None)
    if said is not None:
        return "value", said
    return ("rule", by) if by.startswith("classification.yaml") else ("nothing", "")


def _decisions(findings: list[Finding]) -> int:
    return sum(finding.rule == _RULE for finding in findings)


# --- what could be said, and what it would change -------------------------------------------


@dataclass
class Suggestion:
    """A candidate, the stores it speaks of, and what it changes as `none` and as `personal`."""

    candidate: Candidate
    classes: Counter[DataClass] = field(default_factory=Counter)  # of the stores it speaks of, as they are now
    hints: set[str] = field(default_factory=set)
    closes: int = 0
    violations: Counter[str] = field(default_factory=Counter)  # rule -> how many would appear
    examples: list[Finding] = field(default_factory=list)

    @property
    def stores(self) -> int:
        return self.classes.total()

    @property
    def unclassified(self) -> int:
        return self.classes[DataClass.UNKNOWN]

    @property
    def otherwise(self) -> dict[str, int]:
        """The classes that other words give some of its stores; a conflict with any other class."""
        return {name.value: n for name, n in sorted(self.classes.items()) if name is not DataClass.UNKNOWN}

    def add(self, judged: JudgedStore) -> None:
        self.classes[judged.data_class] += 1
        if judged.data_class is DataClass.UNKNOWN:
            self.hints |= hints(judged.store)

    def appears(self, finding: Finding) -> None:
        self.violations[finding.rule] += 1
        if len(self.examples) < MAX_EXAMPLES:
            self.examples.append(finding)


@dataclass
class Suggestions:
    """The suggestions for a run, those that close most first; `more` candidates were not judged."""

    run: str
    stores: int
    unclassified: int
    decisions: int
    classification: Classification
    rows: list[Suggestion]
    more: int


class _AsItIs:
    """One judgement of the run as it is: what it counts, its violations, and the stores to say something of."""

    def __init__(self, run: SavedRun, config: Config, today: date) -> None:
        self._judge = Judge(run, config, today)
        self._classification = config.classification
        self.total = self.unclassified = self.decisions = 0
        self.violations: set[int] = set()

    def stores(self) -> Iterator[tuple[Store, int]]:
        """The unclassified stores with their decisions, but for copies: what is said of their source decides."""
        for judged, findings in self._judge.stores():
            self._note(findings)
            self.total += 1
            if judged.data_class is not DataClass.UNKNOWN:
                continue
            self.unclassified += 1
            self.decisions += _decisions(findings)
            if _why(judged, self._classification)[0] != "copy":
                yield judged.store, _decisions(findings)
        self._note(self._judge.conclude())

    def _note(self, findings: list[Finding]) -> None:
        self.violations |= {_key(f) for f in findings if f.status is FindingStatus.VIOLATION}


def suggest(run: SavedRun, config: Config, today: date, progress: Progress | None = None) -> Suggestions:
    """What could be said of the unclassified stores of a saved run, and what each of it would change.

    The run is judged twice as it is, and twice for each of at most MAX_SUGGESTED candidates: as `none` and as
    `personal`. Stores are streamed each time, so it costs the time of 42 judgements at most (about a minute for
    20,000 stores on one slow core) and hardly any memory. `progress` hears of each candidate that was judged.
    """
    as_it_is = _AsItIs(run, config, today)
    found = candidates(as_it_is.stores(), config.classification)
    rows = [Suggestion(candidate) for candidate in found[:MAX_SUGGESTED]]
    _cover(rows, run, config, today)
    for number, row in enumerate(rows, start=1):
        _try(row, as_it_is, run, config, today)
        if progress:
            progress(number, len(rows))
    rows.sort(key=lambda row: (-row.closes, sum(row.otherwise.values()), -row.unclassified, row.candidate.text))
    return Suggestions(
        run=run.id,
        stores=as_it_is.total,
        unclassified=as_it_is.unclassified,
        decisions=as_it_is.decisions,
        classification=config.classification,
        rows=rows,
        more=len(found) - len(rows),
    )


def _cover(rows: list[Suggestion], run: SavedRun, config: Config, today: date) -> None:
    """Show every store to the candidates that would speak of it."""
    for judged, _ in Judge(run, config, today).stores() if rows else ():
        for row in rows:
            if row.candidate.covers(judged.store, judged.names, config.classification):
                row.add(judged)


def _try(row: Suggestion, as_it_is: _AsItIs, run: SavedRun, config: Config, today: date) -> None:
    """Judge with the candidate as `none`, which closes decisions, and as `personal`, which brings violations."""
    left = _findings(run, _with(config, row.candidate, DataClass.NONE), today)
    row.closes = as_it_is.decisions - sum(finding.rule == _RULE for finding in left)
    for finding in _findings(run, _with(config, row.candidate, DataClass.PERSONAL), today):
        if finding.status is FindingStatus.VIOLATION and _key(finding) not in as_it_is.violations:
            row.appears(finding)


def _with(config: Config, candidate: Candidate, data_class: DataClass) -> Config:
    return replace(config, classification=candidate.applied(config.classification, data_class))


def _findings(run: SavedRun, config: Config, today: date) -> Iterator[Finding]:
    judge = Judge(run, config, today)
    for _, findings in judge.stores():
        yield from findings
    yield from judge.conclude()


def _key(finding: Finding) -> int:
    return hash((finding.rule, finding.subject.model_dump_json()))
