"""What a run had to see, what it did not see, and which of that is accepted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from residency.inventory import SavedRun
from residency.model import Account, Cell, CellResult, Gap, Status
from residency.policy.load import Config
from residency.policy.matching import matches
from residency.policy.models import Acceptance, Match, Source
from residency.rules.base import GapCause


@dataclass(frozen=True)
class CellLevel:
    """One planned cell with its level and, where its gaps are accepted, by which row."""

    result: CellResult
    level: str
    accepted_by: str | None
    cause: str | None

    @property
    def tells_nothing(self) -> bool:
        """Accounts, regions and zones were found; of what stands there this cell says nothing."""
        return not self.result.cell.lists and self.cause is None

    @property
    def checked(self) -> bool:
        """It is in scope, or listed stores all the same: those are judged."""
        return not self.tells_nothing and (self.level != "out" or self.result.stores > 0)


@dataclass
class Coverage:
    """Judges the cells of one run; what it finds is read from its fields."""

    config: Config
    today: date
    accounts: dict[tuple[str, str], Account]
    used: set[str]  # ids of the rows that matched; shared with the exceptions
    levels: list[CellLevel] = field(default_factory=list)
    gapped: dict[str, list[str | None]] = field(default_factory=dict)  # subject -> who accepts each of its gaps
    _causes: dict[tuple[str, str, str | None], GapCause] = field(default_factory=dict)
    _held: dict[str, set[str]] = field(default_factory=dict)  # what the kinds of a service hold

    @property
    def causes(self) -> list[GapCause]:
        return list(self._causes.values())

    def judge(self, results: Iterable[CellResult]) -> None:
        for result in results:
            level = self._level(result)
            gaps = _gaps_of(result)
            accepted = [self._take(gap, level) for gap in gaps]
            by = accepted[0] if accepted and all(accepted) else None
            self.levels.append(CellLevel(result, level, by, _cause_of(gaps[0]) if gaps else None))

    def _take(self, gap: Gap, level: str) -> str | None:
        """Add a gap to its cause; the id of the row that accepts it."""
        accepted_by = self._acceptance(gap) if level != "out" else None
        key = (_cause_of(gap), level, accepted_by)
        if key not in self._causes:
            owner = self.config.owner_of(None, self._gap_names(gap))
            self._causes[key] = GapCause(key[0], level, accepted_by, owner=owner)
        self._causes[key].gaps.append(gap)
        if gap.subject:
            self.gapped.setdefault(gap.subject, []).append(accepted_by)
        return accepted_by

    def _level(self, result: CellResult) -> str:
        """required, tracked or out: by scope.out, else by what the listed kinds hold."""
        names = {**self._cell_names(result), "status": result.status.value}
        for row in self.config.coverage.scope.out:
            if matches(row.match, names) and row.begun(self.today) and not row.expired(self.today):
                self.used.add(row.id)
                return "out"
        scope = self.config.coverage.scope
        holds = self._holds(result)
        if not holds or holds & set(scope.required.holds):
            return "required"
        return "tracked" if holds & set(scope.tracked.holds) else "out"

    def _holds(self, result: CellResult) -> set[str]:
        if not result.cell.lists or result.cell.service in _OF_EVERY_KIND:
            return set()  # nobody knows what the accounts, regions and kinds hold that it did not find
        prefix = f"{result.cell.provider}.{result.cell.service}."
        if prefix not in self._held:
            self._held[prefix] = {holds for kind, holds in self.config.kinds.items() if kind.startswith(prefix)}
        return self._held[prefix]

    def _cell_names(self, result: CellResult) -> dict[str, str | list[str] | None]:
        cell = result.cell
        account = self.accounts.get((cell.provider, cell.account or ""))
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
        account = self.accounts.get((cell.provider, cell.account or ""))
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
                self.used.add(row.id)
                return row.id
        return None


# Such a cell is not the listing of one service: no row of kinds.csv says what it holds.
_OF_EVERY_KIND = frozenset({"sweep", "run", "plan", "template"})


def results_of(run: SavedRun, config: Config) -> Iterator[CellResult]:
    """One result for every planned cell, and one for every source of the config that a scan did not plan to ask."""
    yield from run.closed_results()
    planned = {cell.source for cell in run.cells}
    for source in config.sources if run.head.get("use") == "scan" else ():
        if source.name not in planned and _selected(source, run.head.get("selection", {})):
            yield _not_asked(source, datetime.fromisoformat(run.head["started"]))


def _selected(source: Source, selection: dict[str, list[str]]) -> bool:
    """Whether the run was to ask a source: its selection names sources and providers, or leaves none out."""
    names = {"source": source.name, "provider": source.provider}
    wanted = {key: globs for key, globs in selection.items() if key in names}
    return not wanted or matches(Match.model_validate(wanted), names)


def _not_asked(source: Source, when: datetime) -> CellResult:
    account = getattr(source, "account", None)
    cell = Cell(
        source=source.name, provider=source.provider, account=account, region=None, service="account", listing="scan"
    )
    reason = "the config names this source, and the run did not plan to ask it"
    gap = Gap(cell=cell, call="scan", status=Status.INTERRUPTED, code="not-asked", reason=reason, attempts=0)
    return CellResult(cell=cell, status=Status.INTERRUPTED, gaps=(gap,), began=when, ended=when)


def _gaps_of(result: CellResult) -> tuple[Gap, ...]:
    """The gaps of a cell; one that was not listed has at least one, whatever it says of itself."""
    if result.gaps or result.status.complete:
        return result.gaps
    return (Gap(cell=result.cell, call=result.cell.listing, status=result.status, code=result.status.value),)


def _cause_of(gap: Gap) -> str:
    """Names the one thing that closes a gap: in this account, this right, this setting."""
    cell = gap.cell
    if gap.status in _OF_THE_ACCOUNT:
        what = ""
    elif gap.status is Status.REGION_REFUSED:
        what = cell.region or ""
    else:
        what = gap.policy or gap.needs or gap.call
    return f"{cell.source}/{cell.account or '?'}: {gap.status.value} {what}".rstrip()


# One thing closes all gaps of an account that have such a status, whatever was asked.
_OF_THE_ACCOUNT = frozenset({Status.UNAUTHENTICATED, Status.NO_ROLE, Status.UNREACHABLE, Status.INTERRUPTED})


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
