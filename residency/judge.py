"""Facts + config + a day -> findings. The one pure function of the program.

It reads no clock, no network and no file but the saved run; stores pass through one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import chain

from residency.coverage import CellLevel, Coverage, results_of
from residency.inventory import SavedRun
from residency.join import End, View, view_of
from residency.lineage import Classes, Note, covered, spread
from residency.model import (
    EVERYONE,
    Account,
    Copy,
    Finding,
    FindingStatus,
    Followed,
    Place,
    Role,
    Severity,
    Store,
    Why,
)
from residency.naming import StoreNames
from residency.personal.classify import classify
from residency.policy.load import Config
from residency.policy.matching import Names, matches
from residency.policy.models import DataClass, Policy
from residency.rules import rule_of, rules
from residency.rules.base import (
    EXCEPTED,
    NOT_PERSONAL,
    PERMITTED,
    PROHIBITED,
    UNDETERMINED,
    JudgedCopy,
    JudgedStore,
    World,
    tally_of,
)
from residency.rules.places import UNKNOWN_ID, Places, unplaced

# The kind of what a plan makes with another provider: "google.resource".
OF_ANOTHER_PROVIDER = ".resource"
_STATUS_ORDER = list(FindingStatus)  # the gravest first


@dataclass
class Summary:
    """What page one counts."""

    stores: int = 0
    copies: int = 0
    violations: int = 0
    decisions: int = 0
    gap_causes: int = 0
    accepted_gaps: int = 0
    tracked: int = 0
    by_country: Counter[str] = field(default_factory=Counter)

    def count_store(self, judged: JudgedStore, ends: dict[str, End]) -> None:
        self.stores += 1
        for copy in judged.copies:
            if copy.copy.role is Role.KEY or copy.copy.holder in ends:
                continue  # a key is no copy of the data; a held copy is counted where it is held
            self.copies += 1
            self.by_country[_country_of(copy)] += 1


def _country_of(copy: JudgedCopy) -> str:
    if not copy.countries:
        return "??"
    return copy.countries[0] if len(copy.countries) == 1 else "mixed"


class Judge:
    """Judges one run. First take every store from `stores()`, then ask `conclude()`."""

    def __init__(self, run: SavedRun, config: Config, today: date, compared: bool = False) -> None:
        self.config = config
        self.today = today
        self.summary = Summary()
        self._run = run
        self._accounts = {(account.provider, account.id): account for account in run.accounts}
        self._places = {policy.id: Places(config.atlas, policy) for policy in config.policies}
        self.world = World(config, today, {**_configured_accounts(config), **self._accounts}, self._places)
        self.world.gated = run.head.get("use") == "gate"
        self.world.compared = compared
        for geography in run.geographies:
            self.world.said.setdefault(geography.place, []).append(geography)
        self._checks = [module.check for module in rules().values() if hasattr(module, "check")]
        self._concludes = [module.conclude for module in rules().values() if hasattr(module, "conclude")]
        self._coverage = Coverage(config, today, self._accounts, self.world.used)
        self._view: View | None = None
        self._classes: Classes = {}

    # --- stores -------------------------------------------------------------------------------

    def stores(self) -> Iterator[tuple[JudgedStore, list[Finding]]]:
        """Every store with its verdict, and the findings about it alone."""
        self._coverage.judge(results_of(self._run, self.config))
        self.world.causes = self._coverage.causes
        self._view = view_of(self._run, self._note)
        self._classes = spread(self._view)
        for store in chain(self._view.stores(), self._view.unlisted(self.config.kinds)):
            judged = self._judged(store)
            findings = [self._approved(f, judged) for check in self._checks for f in check(judged, self.world)]
            findings = _unique(findings)
            judged.verdict = _verdict(judged, findings)
            judged.assumed = any(finding.assumed for finding in findings)
            self._count(judged, findings)
            yield judged, findings

    def _note(self, store: Store) -> Note:
        names = self._names(store)
        data_class, by = classify(store, names, self.config.classification, self.config.holds(store.kind))
        tells = tuple((copy.holder, copy.role, copy.place, copy.why) for copy in store.copies if copy.holder)
        return Note(data_class, by, self.config.policy_for(names), tells)

    def _names(self, store: Store) -> StoreNames:
        return StoreNames(store, self._accounts.get((store.provider, store.account or "")), self._vendor_at)

    def _vendor_at(self, place: Place) -> str | None:
        vendor = self.world.vendor_of(self._places[self.config.policy.id].of(place).operator)
        return vendor.id if vendor else None

    def _judged(self, store: Store) -> JudgedStore:
        assert self._view is not None
        names = self._names(store)
        own, by = classify(store, names, self.config.classification, self.config.holds(store.kind))
        data_class, by = max((own, by), self._classes.get(store.id, (own, by)), key=lambda found: found[0].strength)
        policy = self.config.policy_for(names)
        copies = tuple(self._judged_copy(copy, policy) for copy in store.copies)
        judged = JudgedStore(
            store=store,
            policy=policy,
            data_class=data_class,
            classified_by=by,
            owner=self.config.owner_of(store.tags, names, store.owner),
            copies=copies,
            names=names,
            compared=self.world.compared,
        )
        judged.held = frozenset(copy.holder for copy in store.copies if copy.holder in self._view.ends)
        judged.covered = frozenset(covered(self._view, self._classes, store, own, policy))
        return judged

    def _judged_copy(self, copy: Copy, policy: Policy) -> JudgedCopy:
        places = (copy.place,) if copy.place else copy.candidates
        known = self._places[policy.id].of(*places) if places else unplaced(copy.why)
        verdict, why = known.verdict, copy.why.value if copy.why else known.why
        if copy.why is not None and verdict == PERMITTED:
            verdict = UNDETERMINED  # allowed places are named, but not that the copy is in one of them
        operator = self.config.operators.get(known.operator or "")
        country = operator.operating.country if operator else None
        return JudgedCopy(copy, known.countries, verdict, why, known.operator, country, known.entries)

    # --- exceptions and counting --------------------------------------------------------------

    def _approved(self, finding: Finding, judged: JudgedStore | None = None) -> Finding:
        """The finding, excepted where a current exception or an accepted gap covers it."""
        rows = [row for row in self.config.exceptions.exceptions if row.rule == finding.rule]
        for row in rows if _may_be_excepted(finding, judged) else ():
            if matches(row.match, self._finding_names(finding, judged)):
                if row.begun(self.today) and not row.expired(self.today):
                    self.world.used.add(row.id)
                    return _excepted(finding, row.id)
        acceptances = self._coverage.gapped.get(finding.subject.id, [])
        if _left_by_a_gap(finding) and acceptances and all(acceptances):
            return _excepted(finding, acceptances[0] or "")
        return finding

    def _finding_names(self, finding: Finding, judged: JudgedStore | None) -> Names:
        """Those of its store; of a copy its own role and place."""
        subject = finding.subject
        own: dict[str, str | Iterable[str] | None] = {}
        if subject.kind == "vendor":
            own["vendor"] = subject.id
        if subject.role:
            own["role"] = subject.role.value
            own["place"] = str(subject.place) if subject.place else None
            own["vendor"] = self._vendor_at(subject.place) if subject.place else None
        return {**judged.names, **own} if judged else {"id": subject.id, "account": subject.account, **own}

    def _count(self, judged: JudgedStore, findings: list[Finding]) -> None:
        assert self._view is not None
        self.summary.count_store(judged, self._view.ends)
        self._count_findings(findings)
        kind = judged.store.kind
        if judged.store.followed is Followed.NONE:
            tally_of(self.world.unfollowed, kind, owner=self.config.owners.default).add(judged)
        provider = kind.removesuffix(OF_ANOTHER_PROVIDER)
        if provider != kind and judged.data_class is not DataClass.NONE:
            operator = self.config.terraform_operators.get(provider, provider)
            tally_of(self.world.planned_with, operator, policy=judged.policy, owner=judged.owner).add(judged)
        if judged.personal or judged.data_class is DataClass.UNKNOWN:
            self._count_places(judged)
        if not judged.personal:
            return
        operators = {copy.operator for copy in judged.copies if copy.operator and copy.copy.role is not Role.KEY}
        for operator in sorted(operators):
            vendor = self.world.vendor_of(operator)
            owner = vendor.owner if vendor else self.config.owners.default
            pair = (judged.policy.id, operator)
            tally_of(self.world.operators, pair, policy=judged.policy, owner=owner).add(judged)
            triple = (*pair, judged.store.service)
            tally_of(self.world.services, triple, policy=judged.policy, owner=owner).add(judged)

    def _count_places(self, judged: JudgedStore) -> None:
        """Remember where the atlas is silent, and where a provider says something of its own place."""
        for copy in judged.copies:
            for place in (copy.place,) if copy.place else copy.copy.candidates:
                if copy.why == UNKNOWN_ID or place in self.world.said:
                    tally_of(self.world.stands, place, owner=judged.owner).add(judged)

    def _count_findings(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self.summary.violations += finding.status is FindingStatus.VIOLATION
            self.summary.decisions += finding.assumed

    @property
    def levels(self) -> list[CellLevel]:
        """Every planned cell with its level."""
        return self._coverage.levels

    # --- the end ------------------------------------------------------------------------------

    def conclude(self) -> list[Finding]:
        """The findings that need all stores: vendors, keys, coverage, exceptions."""
        found = [self._approved(finding) for conclude in self._concludes for finding in conclude(self.world)]
        # Whether an exception was used is only known once all the others have been asked.
        last = [f for f in found if f.rule == "exception-unused" and f.subject.id in self.world.used]
        findings = _unique([finding for finding in found if finding not in last])
        self._count_findings(findings)
        levels = Counter((cause.level, bool(cause.accepted_by)) for cause in self.world.causes)
        self.summary.gap_causes = levels[("required", False)]
        self.summary.accepted_gaps = levels[("required", True)]
        self.summary.tracked = levels[("tracked", False)] + sum(
            f.rule == "copies-not-followed" and f.status is FindingStatus.WARNING for f in findings
        )
        return findings


def _configured_accounts(config: Config) -> dict[tuple[str, str], Account]:
    found: dict[tuple[str, str], Account] = {}
    for source in config.sources:
        account = getattr(source, "account", None)
        if account:
            found[source.provider, account] = Account(source=source.name, provider=source.provider, id=account)
    return found


def _may_be_excepted(finding: Finding, judged: JudgedStore | None) -> bool:
    """What was not checked is closed otherwise; special-care data outside and public shares by nothing but a fix."""
    if finding.status not in (FindingStatus.VIOLATION, FindingStatus.WARNING):
        return False
    beyond = rule_of(finding.rule).no_exception_for
    special = beyond == "special-care" and judged is not None and judged.data_class.special
    public = beyond == "everyone" and finding.subject.account == EVERYONE
    return not (special or public)


def _left_by_a_gap(finding: Finding) -> bool:
    """A gap on its subject may be why it was not checked. No gap is why the atlas lacks a place that was read."""
    rule = rule_of(finding.rule)
    explained = not rule.only_where_unresolved or finding.facts["why"] == Why.UNRESOLVED
    return finding.status is FindingStatus.NOT_CHECKED and rule.excepted_with_gap and explained


def _excepted(finding: Finding, by: str) -> Finding:
    return Finding(
        rule=finding.rule,
        status=FindingStatus.EXCEPTED,
        severity=finding.severity,
        subject=finding.subject,
        facts=finding.facts,
        policy=finding.policy,
        evidence=finding.evidence,
        stores=finding.stores,
        at=finding.at,
        assumed=finding.assumed,
        owner=finding.owner,
        excepted_by=by,
    )


def _unique(findings: list[Finding]) -> list[Finding]:
    """One finding per rule and subject, the gravest: two settings that make the same copy are one copy."""
    if len(findings) < 2:
        return findings
    found: dict[tuple[str, str], Finding] = {}
    for finding in sorted(findings, key=lambda f: (_STATUS_ORDER.index(f.status), f.severity.rank)):
        found.setdefault((finding.rule, finding.subject.model_dump_json()), finding)
    return list(found.values())


def _verdict(judged: JudgedStore, findings: list[Finding]) -> str:
    if not judged.personal and judged.data_class is not DataClass.UNKNOWN:
        return NOT_PERSONAL
    states = {finding.status for finding in findings if rule_of(finding.rule).decides_verdict}
    told_elsewhere = {copy.verdict for copy in judged.copies if copy.place in judged.covered} - {PERMITTED}
    # A policy may warn of what is outside; it stands outside all the same.
    if states & {FindingStatus.VIOLATION, FindingStatus.WARNING} or (judged.personal and PROHIBITED in told_elsewhere):
        return PROHIBITED
    if FindingStatus.NOT_CHECKED in states or told_elsewhere:
        return UNDETERMINED
    return EXCEPTED if FindingStatus.EXCEPTED in states else PERMITTED


def verdict_of(summary: Summary, findings: Iterable[Finding], planned: int) -> str:
    """The verdict of a run, whatever `--fail-on` says."""
    if not planned:
        return "nothing-checked"
    incomplete = any(finding.status is FindingStatus.NOT_CHECKED for finding in findings)
    if summary.violations:
        return "violations-and-incomplete" if incomplete else "violations"
    if incomplete:
        return "incomplete"
    return "no-violation-with-accepted-gaps" if summary.accepted_gaps else "no-violation"


def exit_code_of(findings: Iterable[Finding], planned: int, fail_on: Severity) -> int:
    """0, 1, 3, 4 or 5 of the contract; `fail_on` filters violations only."""
    if not planned:
        return 5
    violated = incomplete = False
    for finding in findings:
        violated |= finding.status is FindingStatus.VIOLATION and finding.severity.rank <= fail_on.rank
        incomplete |= finding.status is FindingStatus.NOT_CHECKED
    return (1 if violated else 0) + (3 if incomplete else 0)
