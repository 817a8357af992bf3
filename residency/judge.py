"""Facts + config + a day -> findings. The one pure function of the program.

It reads no clock, no network and no file but the saved run; stores pass through one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from residency.inventory import SavedRun
from residency.join import End, View, view_of
from residency.model import (
    EVERYONE,
    Account,
    CellResult,
    Copy,
    Edge,
    Finding,
    FindingStatus,
    Followed,
    Gap,
    Place,
    Role,
    Severity,
    Store,
    Why,
)
from residency.personal.classify import classify
from residency.policy.load import Config
from residency.policy.matching import matches
from residency.policy.models import Acceptance, Counting, DataClass, Policy
from residency.policy.vendor import Vendor
from residency.rules import rules
from residency.rules.base import (
    EXCEPTED,
    NOT_PERSONAL,
    PERMITTED,
    PROHIBITED,
    UNDETERMINED,
    GapCause,
    JudgedCopy,
    JudgedStore,
    Tally,
    World,
)
from residency.rules.places import Places, unplaced

# The rules whose findings decide a store's verdict; the others speak of operators, keys and papers.
_PLACE_RULES = frozenset({"copy-outside-territory", "copy-place-unbounded", "copy-place-unknown", "store-unclassified"})
# Special-care data and My Number that stand outside, or anywhere, are beyond any exception.
_STANDS_OUTSIDE = frozenset({"copy-outside-territory", "copy-place-unbounded"})
# How grave a finding on a copy is by what its role counts as, for personal and for special-care data. A copy of
# unknown content is graver than identifiers, and less grave than anything that is known to be personal.
_GRAVITY = {
    Counting.SAVED: (5, 6),
    Counting.SAVED_FOR_A_WHILE: (4, 5),
    Counting.PARTLY: (4, 5),
    Counting.PROCESSED: (4, 5),
    Counting.IDENTIFIERS: (1, 2),
    Counting.KEY: (0, 0),
}
_UNKNOWN_CONTENT = 3
_STATUS_ORDER = list(FindingStatus)  # the gravest first


@dataclass(frozen=True)
class CellLevel:
    """One planned cell with its level and, where its gaps are accepted, by which row."""

    result: CellResult
    level: str
    accepted_by: str | None
    cause: str | None

    @property
    def tells_nothing(self) -> bool:
        """Accounts and regions were found; of what stands there this cell says nothing."""
        return self.result.cell.discovers and self.cause is None


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


@dataclass(frozen=True, slots=True)
class _Note:
    """What is remembered of a store at an end of an edge."""

    data_class: DataClass
    by: str
    policy: Policy
    tells: tuple[tuple[str, Role, Place | None, Why | None], ...]  # of its copies: holder, role, place, why none


class Judge:
    """Judges one run. First take every store from `stores()`, then ask `conclude()`."""

    def __init__(self, run: SavedRun, config: Config, today: date) -> None:
        self.config = config
        self.today = today
        self.summary = Summary()
        self.levels: list[CellLevel] = []
        self._run = run
        self._accounts = {(account.provider, account.id): account for account in run.accounts}
        self._places = {policy.id: Places(config.atlas, policy) for policy in config.policies}
        self.world = World(config, today, {**_configured_accounts(config), **self._accounts}, self._places)
        self._checks = [module.check for module in rules().values() if hasattr(module, "check")]
        self._concludes = [module.conclude for module in rules().values() if hasattr(module, "conclude")]
        self._gapped: dict[str, list[str | None]] = {}  # subject -> who accepts each of its gaps
        self._view: View | None = None
        self._classes: dict[str, tuple[DataClass, str]] = {}

    # --- stores -------------------------------------------------------------------------------

    def stores(self) -> Iterator[tuple[JudgedStore, list[Finding]]]:
        """Every store with its verdict, and the findings about it alone."""
        self._judge_cells()
        self._view = view_of(self._run, self._note)
        self._classes = _spread(self._view)
        for store in self._view.stores():
            judged = self._judged(store)
            findings = [self._approved(f, judged) for check in self._checks for f in check(judged, self.world)]
            findings = _unique(findings)
            judged.verdict = _verdict(judged, findings)
            judged.assumed = any(finding.assumed for finding in findings)
            self._count(judged, findings)
            yield judged, findings

    def _note(self, store: Store) -> _Note:
        names = self._names(store)
        data_class, by = classify(store, names, self.config.classification)
        tells = tuple((copy.holder, copy.role, copy.place, copy.why) for copy in store.copies if copy.holder)
        return _Note(data_class, by, self.config.policy_for(names), tells)

    def _names(self, store: Store) -> dict[str, str | list[str] | None]:
        """What rows of the config may match a store by."""
        account = self._accounts.get((store.provider, store.account or ""))
        places = {place for copy in store.copies for place in (copy.place, *copy.candidates) if place}
        vendors = {vendor.id for place in places if (vendor := self._vendor_at(place))}
        return {
            "id": [name for name in (store.id, store.address) if name],
            "kind": store.kind,
            "name": store.name,
            "account": store.account,
            "ou": list(account.ou) if account else None,
            "tag": [name for key, value in (store.tags or {}).items() for name in (f"{key}={value}", key)],
            "address": store.address,
            "source": list(store.sources),
            "provider": store.provider,
            "region": store.region,
            "service": store.service,
            "stack": store.id[3:].partition("/")[0] if store.id.startswith("tf:") else None,
            "place": [str(copy.place) for copy in store.copies if copy.place],
            "role": [copy.role.value for copy in store.copies],
            "vendor": sorted(vendors),
        }

    def _vendor_at(self, place: Place) -> Vendor | None:
        return self.world.vendor_of(self._places[self.config.policy.id].of(place).operator)

    def _judged(self, store: Store) -> JudgedStore:
        assert self._view is not None
        names = self._names(store)
        own, by = classify(store, names, self.config.classification)
        data_class, by = max((own, by), self._classes.get(store.id, (own, by)), key=lambda found: found[0].strength)
        policy = self.config.policy_for(names)
        copies = tuple(self._judged_copy(copy, policy) for copy in store.copies)
        judged = JudgedStore(
            store=store,
            policy=policy,
            data_class=data_class,
            classified_by=by,
            owner=self._owner(store.tags, names, store.owner),
            copies=copies,
            names=dict(names),
        )
        judged.held = frozenset(copy.holder for copy in store.copies if copy.holder in self._view.ends)
        judged.covered = frozenset(self._covered(store, own, policy))
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

    def _covered(self, store: Store, own: DataClass, policy: Policy) -> Iterator[Place | None]:
        """The store's own place, when the stores that it is a copy of tell of it as gravely as it would itself."""
        assert self._view is not None
        end = self._view.ends.get(store.id)
        if end is None or len(end.places) != 1:
            return
        told, needed = 0, _gravity(own, policy.copies[Role.PRIMARY])
        for edge in self._view.incoming.get(store.id, ()):
            source = self._view.ends.get(edge.source)
            if source is None or edge.former or edge.source == store.id:
                continue
            gravity = _gravity(self._classes[edge.source][0], policy.copies[edge.role])
            same_policy = all(note.policy.id == policy.id for note in _notes(source))
            if same_policy and edge.role is not Role.SHARE and _tells_of(edge, source, end.places[0]):
                told = max(told, gravity)
            else:
                needed = max(needed, gravity)
        if told and told >= needed:
            yield end.places[0]

    def _owner(
        self, tags: dict[str, str] | None, names: dict[str, str | list[str] | None], provided: str | None = None
    ) -> str | None:
        """Whom a tag names, else a rule, else the provider, else the default."""
        owners = self.config.owners
        for key in owners.tag_keys:
            if (tags or {}).get(key):
                return (tags or {})[key]
        found = next((rule.owner for rule in owners.rules if matches(rule.match, names)), None)
        return found or provided or owners.default

    # --- exceptions and counting --------------------------------------------------------------

    def _approved(self, finding: Finding, judged: JudgedStore | None = None) -> Finding:
        """The finding, excepted where a current exception or an accepted gap covers it."""
        names = self._finding_names(finding, judged)
        for row in self.config.exceptions.exceptions if _may_be_excepted(finding, judged) else ():
            if row.rule == finding.rule and matches(row.match, names):
                if row.begun(self.today) and not row.expired(self.today):
                    self.world.used.add(row.id)
                    return _excepted(finding, row.id)
        acceptances = self._gapped.get(finding.subject.id, [])
        unreadable = finding.status is FindingStatus.NOT_CHECKED and finding.rule in (
            "copy-place-unknown",
            "access-prevention-not-in-effect",
        )
        if unreadable and acceptances and all(acceptances):
            return _excepted(finding, acceptances[0] or "")
        return finding

    def _finding_names(self, finding: Finding, judged: JudgedStore | None) -> dict[str, str | list[str] | None]:
        subject = finding.subject
        names: dict[str, str | list[str] | None] = dict(judged.names) if judged else {"id": subject.id}  # type: ignore[arg-type]
        if subject.kind == "vendor":
            names["vendor"] = subject.id
        if subject.role:
            names["role"] = subject.role.value
        if subject.role:
            vendor = self._vendor_at(subject.place) if subject.place else None
            names["place"] = str(subject.place) if subject.place else None
            names["vendor"] = vendor.id if vendor else None
        names.setdefault("account", subject.account)
        return names

    def _count(self, judged: JudgedStore, findings: list[Finding]) -> None:
        assert self._view is not None
        self.summary.count_store(judged, self._view.ends)
        self._count_findings(findings)
        kind = judged.store.kind
        if judged.store.followed is Followed.NONE:
            self.world.unfollowed.setdefault(kind, Tally(owner=self.config.owners.default)).add(judged)
        if not judged.personal:
            return
        operators = {copy.operator for copy in judged.copies if copy.operator and copy.copy.role is not Role.KEY}
        for operator in sorted(operators):
            vendor = self.world.vendor_of(operator)
            owner = vendor.owner if vendor else self.config.owners.default
            pair = (judged.policy.id, operator)
            self.world.operators.setdefault(pair, Tally(policy=judged.policy, owner=owner)).add(judged)
            triple = (*pair, judged.store.service)
            self.world.services.setdefault(triple, Tally(policy=judged.policy, owner=owner)).add(judged)

    def _count_findings(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self.summary.violations += finding.status is FindingStatus.VIOLATION
            self.summary.decisions += finding.assumed

    # --- cells --------------------------------------------------------------------------------

    def _judge_cells(self) -> None:
        causes: dict[tuple[str, str, str | None], GapCause] = {}
        for result in self._run.closed_results():
            level = self._level(result)
            accepted: list[str | None] = []
            gaps = _gaps_of(result)
            for gap in gaps:
                accepted_by = self._acceptance(gap) if level != "out" else None
                accepted.append(accepted_by)
                key = (_cause_of(gap), level, accepted_by)
                cause = causes.get(key)
                if cause is None:
                    owner = self._owner(None, self._gap_names(gap))
                    cause = causes[key] = GapCause(key[0], level, accepted_by, owner=owner)
                cause.gaps.append(gap)
                if gap.subject:
                    self._gapped.setdefault(gap.subject, []).append(accepted_by)
            by = accepted[0] if accepted and all(accepted) else None
            cause_id = _cause_of(gaps[0]) if gaps else None
            self.levels.append(CellLevel(result, level, by, cause_id))
        self.world.causes = list(causes.values())

    def _level(self, result: CellResult) -> str:
        """required, tracked or out: by scope.out, else by what the listed kinds hold."""
        names = {**self._cell_names(result), "status": result.status.value}
        for row in self.config.coverage.scope.out:
            if matches(row.match, names) and row.begun(self.today) and not row.expired(self.today):
                self.world.used.add(row.id)
                return "out"
        scope = self.config.coverage.scope
        holds = self._holds(result)
        if not holds or holds & set(scope.required.holds):
            return "required"
        return "tracked" if holds & set(scope.tracked.holds) else "out"

    def _holds(self, result: CellResult) -> set[str]:
        if result.cell.discovers:
            return set()  # nobody knows what the accounts and regions hold that it did not find
        prefix = f"{result.cell.provider}.{result.cell.service}."
        return {holds for kind, holds in self.config.kinds.items() if kind.startswith(prefix)}

    def _cell_names(self, result: CellResult) -> dict[str, str | list[str] | None]:
        cell = result.cell
        account = self._accounts.get((cell.provider, cell.account or ""))
        return {
            "id": str(cell),
            "source": cell.source,
            "provider": cell.provider,
            "account": cell.account,
            "region": cell.region,
            "service": cell.service,
            "call": f"{cell.service}:{cell.listing}",
            "ou": list(account.ou) if account else None,
        }

    def _gap_names(self, gap: Gap) -> dict[str, str | list[str] | None]:
        cell = gap.cell
        account = self._accounts.get((cell.provider, cell.account or ""))
        return {
            "id": [name for name in (gap.subject, str(cell)) if name],
            "source": cell.source,
            "provider": cell.provider,
            "account": cell.account,
            "region": cell.region,
            "service": cell.service,
            "status": gap.status.value,
            "call": gap.call,
            "ou": list(account.ou) if account else None,
        }

    def _acceptance(self, gap: Gap) -> str | None:
        """The id of the row that accepts this gap today; None where its cause has changed."""
        names = self._gap_names(gap)
        for row in self.config.coverage.accept:
            current = row.begun(self.today) and not row.expired(self.today)
            if current and matches(row.match, names) and _same_cause(row, gap):
                self.world.used.add(row.id)
                return row.id
        return None

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


def _notes(end: End) -> list[_Note]:
    return [note for note in end.notes if isinstance(note, _Note)]


def _spread(view: View) -> dict[str, tuple[DataClass, str]]:
    """The class of every store at an end of an edge: the strongest that reaches it along edges."""
    classes: dict[str, tuple[DataClass, str]] = {}
    for store_id, end in view.ends.items():
        strongest = max(_notes(end), key=lambda note: note.data_class.strength)
        classes[store_id] = (strongest.data_class, strongest.by)
    todo = list(classes)
    while todo:
        _travel(view, classes, todo)
        joined = dict(_collated(view, classes))  # what became personal has copies of its own
        classes |= joined
        todo = list(joined)
    return classes


def _travel(view: View, classes: dict[str, tuple[DataClass, str]], todo: list[str]) -> None:
    while todo:
        source = todo.pop()
        for edge in view.outgoing.get(source, ()):
            target = edge.target
            if target is None or edge.former or not _carries_data(edge, view.ends.get(source)):
                continue
            # What nobody saw has no class of its own, and hands on what it was given.
            if target not in classes or classes[source][0].strength > classes[target][0].strength:
                classes[target] = (classes[source][0], f"{edge.role.value} of {source}")
                todo.append(target)


def _collated(view: View, classes: dict[str, tuple[DataClass, str]]) -> Iterator[tuple[str, tuple[DataClass, str]]]:
    """Person-related data that are joined with what identifies a person are personal."""
    for store_id, (data_class, _) in classes.items():
        if data_class is not DataClass.PERSON_RELATED:
            continue
        targets = [edge.target for edge in view.outgoing.get(store_id, ()) if not edge.former]
        joined = next((t for t in targets if t in classes and classes[t][0].personal), None)
        if joined:
            yield store_id, (DataClass.PERSONAL, f"person-related, and joined with {joined}")


def _carries_data(edge: Edge, source: End | None) -> bool:
    """Identifiers and keys are no copy of the data: what else their holder has is its own matter."""
    if source is None:
        return edge.role not in (Role.METADATA, Role.KEY)
    return any(note.policy.copies[edge.role] not in (Counting.IDENTIFIERS, Counting.KEY) for note in _notes(source))


def _gravity(data_class: DataClass, counting: Counting) -> int:
    """How grave a finding on a copy outside would be; 0 = there would be none."""
    if data_class is DataClass.UNKNOWN and counting is not Counting.KEY:
        return _UNKNOWN_CONTENT
    return _GRAVITY[counting][data_class.special] if data_class.personal else 0


def _tells_of(edge: Edge, source: End, place: Place | None) -> bool:
    """Whether the source says of the copy at the end of an edge that it stands at `place`."""
    tells = [tell for note in _notes(source) for tell in note.tells]
    told = [(where, why) for holder, role, where, why in tells if (holder, role) == (edge.target, edge.role)]
    if not told:
        return edge.target_place in (None, place)
    # An unresolved copy takes the place of the store that holds it (join.py).
    return all(where == place or why is Why.UNRESOLVED for where, why in told)


def _gaps_of(result: CellResult) -> tuple[Gap, ...]:
    """The gaps of a cell; one that was not listed has at least one, whatever it says of itself."""
    if result.gaps or result.status.complete:
        return result.gaps
    return (Gap(cell=result.cell, call=result.cell.listing, status=result.status, code=result.status.value),)


def _may_be_excepted(finding: Finding, judged: JudgedStore | None) -> bool:
    """What was not checked is closed otherwise; special-care data outside and public shares by nothing but a fix."""
    if finding.status not in (FindingStatus.VIOLATION, FindingStatus.WARNING):
        return False
    special_outside = judged is not None and judged.data_class.special and finding.rule in _STANDS_OUTSIDE
    public = finding.rule == "copy-shared-outside" and finding.subject.account == EVERYONE
    return not (special_outside or public)


def _cause_of(gap: Gap) -> str:
    """Names the one thing that closes a gap: in this account, this right, this setting."""
    cell = gap.cell
    what = gap.policy or gap.needs or gap.call
    return f"{cell.source}/{cell.account or '?'}: {gap.status.value} {what}"


def _same_cause(row: Acceptance, gap: Gap) -> bool:
    cause = row.cause
    if cause is None:
        return True
    pairs = [
        (cause.status, gap.status.value),
        (cause.policy, gap.policy),
        (cause.sha256, None),  # what a guardrail says is read when the sweep of policies exists
        (cause.action, gap.needs),
        (cause.source, "scp" if gap.status == "guarded" else None),
        (cause.code, gap.code),
    ]
    return all(wanted is None or wanted == found for wanted, found in pairs)


def _excepted(finding: Finding, by: str) -> Finding:
    return Finding(
        rule=finding.rule,
        status=FindingStatus.EXCEPTED,
        severity=finding.severity,
        subject=finding.subject,
        facts=finding.facts,
        policy=finding.policy,
        evidence=finding.evidence,
        at=finding.at,
        assumed=finding.assumed,
        owner=finding.owner,
        excepted_by=by,
    )


def _unique(findings: list[Finding]) -> list[Finding]:
    """One finding per rule and subject, the gravest: two settings that make the same copy are one copy."""
    found: dict[tuple[str, str], Finding] = {}
    for finding in sorted(findings, key=lambda f: (_STATUS_ORDER.index(f.status), f.severity.rank)):
        found.setdefault((finding.rule, finding.subject.model_dump_json()), finding)
    return list(found.values())


def _verdict(judged: JudgedStore, findings: list[Finding]) -> str:
    if not judged.personal and judged.data_class is not DataClass.UNKNOWN:
        return NOT_PERSONAL
    states = {finding.status for finding in findings if finding.rule in _PLACE_RULES}
    told_elsewhere = {copy.verdict for copy in judged.copies if copy.place in judged.covered} - {PERMITTED}
    if FindingStatus.VIOLATION in states or (judged.personal and PROHIBITED in told_elsewhere):
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
