"""What a rule is: facts at its head, texts in both languages, and one pure generator.

A rule module has `RULE` and either `check(judged, world)`, asked for every store, or
`conclude(world)`, asked once after the last store. No clock, no network, no file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeVar

from residency.atlas import Entry
from residency.model import Account, Copy, FindingStatus, Gap, Geography, Place, Role, Severity, Store
from residency.policy.load import Config
from residency.policy.matching import Names
from residency.policy.models import Counting, DataClass, Policy
from residency.policy.vendor import Vendor

if TYPE_CHECKING:
    from residency.rules.places import Places

PERMITTED, PROHIBITED, UNDETERMINED = "permitted", "prohibited", "undetermined"
EXCEPTED, NOT_PERSONAL = "excepted", "not-personal"
# Where a rule has several: the status, the severity for personal and for special-care data that it ships with.
Row = tuple[FindingStatus, Severity, Severity]


@dataclass(frozen=True)
class Texts:
    """One sentence in both languages, with placeholders for the facts of a finding."""

    en: str
    ja: str


@dataclass(frozen=True)
class Rule:
    """The head of a rule. `status` and the severities are what it ships with; a policy may change them.

    From `decides_verdict` on: what judge and reports do with its findings. No list elsewhere has to name the rule.
    """

    id: str
    status: FindingStatus
    personal: Severity
    special: Severity
    title: Texts
    message: Texts
    fix: Texts
    clause: Texts  # the part of the promise that it enforces
    source: str  # where the clause is written down, with the day it was read, or that it is unverified
    opposite: tuple[str, ...] = ()  # well-known checks of other tools that demand the contrary
    decides_verdict: bool = False  # of the store; other rules speak of operators, keys, papers
    counts_as_outside: bool = False  # a violation is one copy in a country that the policy does not allow
    excepted_with_gap: bool = False  # what it could not check is excepted where the gap behind it is accepted
    only_where_unresolved: bool = False  # and that only where nobody told the place
    no_exception_for: Literal["special-care", "everyone"] | None = None  # such data, such a share: only a fix ends it


@dataclass(slots=True)
class JudgedCopy:
    """A copy with what the atlas and the policy say of its place."""

    copy: Copy
    countries: tuple[str, ...]
    verdict: str  # of its geography alone, whatever the data are
    why: str | None  # Why, or "unknown-id"
    operator: str | None
    operator_country: str | None
    entries: tuple[Entry, ...]

    @property
    def place(self) -> Place | None:
        return self.copy.place


@dataclass(slots=True)
class JudgedStore:
    """A store with its class, its policy and the verdict of each copy."""

    store: Store
    policy: Policy
    data_class: DataClass
    classified_by: str
    owner: str | None
    copies: tuple[JudgedCopy, ...]
    covered: frozenset[Place | None] = frozenset()  # places of copies of this store that another store's finding covers
    held: frozenset[str | None] = frozenset()  # the holders of its copies that are stores of this run
    names: Names = field(default_factory=dict)  # what rows of the config may match it by
    verdict: str = UNDETERMINED
    assumed: bool = False
    compared: bool = False  # what counts it keeps its id, to be compared with an earlier run

    @property
    def personal(self) -> bool:
        return self.data_class.personal

    def counting(self, copy: JudgedCopy) -> Counting:
        return self.policy.copies[copy.copy.role]

    def told_elsewhere(self, copy: JudgedCopy) -> bool:
        """It is the copy that another store has of its data, and that store's finding speaks of it."""
        return copy.copy.role is Role.PRIMARY and copy.place is not None and copy.place in self.covered

    def shared_in_place(self, copy: JudgedCopy) -> bool:
        """A share of the data where the store itself keeps them: it adds no place."""
        home = {(own.place, own.copy.candidates) for own in self.copies if own.copy.role is Role.PRIMARY}
        return copy.copy.role is Role.SHARE and (copy.place, copy.copy.candidates) in home


@dataclass(slots=True)
class Tally:
    """What was counted over all stores of one kind of thing: an operator, a key, a vendor's service."""

    special: bool = False
    total: int = 0
    below: int = 0
    examples: list[str] = field(default_factory=list)
    stores: set[str] = field(default_factory=set)  # ids of all of them; only where runs are compared
    policy: Policy | None = None
    facts: dict[str, str] = field(default_factory=dict)
    owner: str | None = None

    def add(self, judged: JudgedStore) -> None:
        self.total += 1
        self.special = self.special or judged.data_class.special
        if len(self.examples) < MAX_EXAMPLES and judged.store.id not in self.examples:
            self.examples.append(judged.store.id)
        if judged.compared:
            self.stores.add(judged.store.id)


MAX_EXAMPLES = 10
K = TypeVar("K")


def tally_of(tallies: dict[K, Tally], key: K, *, policy: Policy | None = None, owner: str | None = None) -> Tally:
    """The tally of a key. It is made once: making one for every store would cost more than the counting."""
    found = tallies.get(key)
    if found is None:
        found = tallies[key] = Tally(policy=policy, owner=owner)
    return found


def together(tallies: Iterable[Tally]) -> Tally:
    """Several operators of one vendor as one; a store that stands with two of them is counted with each."""
    parts = list(tallies)
    return Tally(
        special=any(tally.special for tally in parts),
        total=sum(tally.total for tally in parts),
        examples=list(dict.fromkeys(example for tally in parts for example in tally.examples))[:MAX_EXAMPLES],
        stores={store for tally in parts for store in tally.stores},
        policy=parts[0].policy,
        owner=parts[0].owner,
    )


@dataclass(slots=True)
class GapCause:
    """All gaps that one thing would close."""

    id: str
    level: str
    accepted_by: str | None
    gaps: list[Gap] = field(default_factory=list)
    owner: str | None = None


@dataclass
class World:
    """What a rule may know besides the store: config, day, and what was counted so far."""

    config: Config
    today: date
    accounts: dict[tuple[str, str], Account]
    places: dict[str, Places]  # policy id -> the verdicts of its places
    operators: dict[tuple[str, str], Tally] = field(default_factory=dict)  # (policy id, operator id)
    planned_with: dict[str, Tally] = field(default_factory=dict)  # operator of another provider of a plan
    services: dict[tuple[str, str, str], Tally] = field(default_factory=dict)  # (policy id, operator id, service)
    below_target: dict[tuple[str, str, str], Tally] = field(default_factory=dict)  # (policy, vendor, kind)
    keys: dict[tuple[str, str, Place | None], Tally] = field(default_factory=dict)  # (policy id, key id, place)
    unfollowed: dict[str, Tally] = field(default_factory=dict)  # kind
    causes: list[GapCause] = field(default_factory=list)
    documented: dict[tuple[str, str, str], int | None] = field(default_factory=dict)  # what papers.py found
    said: dict[Place, list[Geography]] = field(default_factory=dict)  # what providers say of their own places
    stands: dict[Place, Tally] = field(default_factory=dict)  # places that are said, or not in the atlas -> stores
    compared: bool = False  # findings are compared with those of an earlier run
    gated: bool = False  # plans and templates were read: no cell of the live estate
    used: set[str] = field(default_factory=set)  # ids of exceptions and acceptances that matched something

    @cached_property
    def gaps_on(self) -> dict[str, list[Gap]]:
        """Id of a store -> what was not seen of it. The causes are whole before the first store is judged."""
        found: dict[str, list[Gap]] = {}
        for gap in (gap for cause in self.causes for gap in cause.gaps if gap.subject):
            found.setdefault(gap.subject or "", []).append(gap)
        return found

    def vendor_of(self, operator: str | None) -> Vendor | None:
        return self.config.vendor_of_operator.get(operator or "")

    def our_account(self, provider: str, account: str) -> bool:
        """True when a source names the account or reached it."""
        return (provider, account) in self.accounts


def severity(rule: Rule, policy: Policy, special: bool, shipped: Severity | None = None) -> Severity:
    """The severity for the strongest class concerned; `shipped` where a rule has several rows."""
    change = policy.rules.get(rule.id)
    own = change and (change.severity.special_care if special else change.severity.personal)
    return Severity(own) if own else shipped or (rule.special if special else rule.personal)


def status(rule: Rule, policy: Policy, shipped: FindingStatus | None = None) -> FindingStatus:
    """The status of a row. What was not checked stays so: a violation may be excepted, or be below --fail-on."""
    shipped = shipped or rule.status
    change = policy.rules.get(rule.id)
    if shipped is FindingStatus.NOT_CHECKED or not change or not change.status:
        return shipped
    return FindingStatus(change.status)
