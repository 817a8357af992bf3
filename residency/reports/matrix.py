"""Accounts by regions: where something was listed, where nothing stands, and where nobody could look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from residency.coverage import CellLevel
from residency.model import Gap, Status

GLOBAL = "global"


@dataclass
class Square:
    """All cells of one account in one region: the worst of its services decides the sign."""

    stores: int = 0
    listed: bool = False
    gaps: int = 0  # in the required scope, not accepted
    passed_over: int = 0  # gaps that are accepted or only tracked
    statuses: set[str] = field(default_factory=set)

    @property
    def sign(self) -> str:
        """`n`, `0`, `-`, `?` or `(?)`; conventional, and explained by the report's legend."""
        if self.gaps:
            return "?"
        if self.passed_over:
            return "(?)"
        return str(self.stores) if self.listed else "-"

    def add(self, level: CellLevel) -> None:
        result = level.result
        if level.cause is None:
            self.stores += result.stores
            self.listed = self.listed or (
                result.status is Status.LISTED and (level.level != "out" or result.stores > 0)
            )
        elif level.level != "out":
            self.stores += result.stores
            self.statuses |= {gap.status.value for gap in result.gaps} or {result.status.value}
            open_one = level.level == "required" and not level.accepted_by
            count = max(1, len(result.gaps))
            self.gaps += count if open_one else 0
            self.passed_over += 0 if open_one else count


@dataclass
class Matrix:
    """One provider's accounts and regions."""

    provider: str
    rows: dict[str, dict[str, Square]] = field(default_factory=dict)

    def add(self, level: CellLevel) -> None:
        cell = level.result.cell
        row = self.rows.setdefault(cell.account or cell.source, {})
        row.setdefault(cell.region or GLOBAL, Square()).add(level)

    def _regions(self) -> list[str]:
        every = {region for row in self.rows.values() for region in row}
        return sorted(every, key=lambda region: (region != GLOBAL, region))

    def _nowhere(self, region: str) -> bool:
        return all(region not in row or row[region].sign == "-" for row in self.rows.values())

    @property
    def regions(self) -> list[str]:
        """The columns: what is listed once first, and no region that has nothing to show in any account."""
        return [region for region in self._regions() if not self._nowhere(region)]

    @property
    def folded(self) -> list[str]:
        return [region for region in self._regions() if self._nowhere(region)]


def matrices(levels: Iterable[CellLevel]) -> list[Matrix]:
    """One for each provider. Cells that only found accounts and regions say nothing of what stands there."""
    found: dict[str, Matrix] = {}
    for level in levels:
        if level.result.cell.lists or level.cause is not None:
            provider = level.result.cell.provider
            found.setdefault(provider, Matrix(provider)).add(level)
    return list(found.values())


@dataclass
class Unseen:
    """The gaps of one account that one call left for one reason."""

    account: str
    status: str
    call: str
    needs: str | None
    counts_as: str
    gaps: int = 0
    regions: set[str] = field(default_factory=set)
    services: set[str] = field(default_factory=set)
    reason: str = ""


def unseen(levels: Iterable[CellLevel]) -> list[Unseen]:
    """What was not seen, required before accepted before tracked."""
    found: dict[tuple[str, ...], Unseen] = {}
    for level in levels:
        counts_as = "accepted" if level.accepted_by else level.level
        for gap in _gaps(level):
            account = gap.cell.account or gap.cell.source
            key = (gap.cell.provider, account, gap.status.value, gap.call, gap.needs or "", counts_as)
            row = found.setdefault(key, Unseen(account, gap.status.value, gap.call, gap.needs, counts_as))
            row.gaps += 1
            row.regions.add(gap.cell.region or GLOBAL)
            row.services.add(gap.cell.service)
            row.reason = row.reason or gap.reason
    order = ["required", "accepted", "tracked", "out"]
    return sorted(found.values(), key=lambda row: (order.index(row.counts_as), row.account, row.status, row.call))


def _gaps(level: CellLevel) -> tuple[Gap, ...]:
    """The gaps of a cell; one that was not listed has at least one, whatever it says of itself."""
    result = level.result
    if result.gaps or level.cause is None:
        return result.gaps
    return (Gap(cell=result.cell, call=result.cell.listing, status=result.status, code=result.status.value),)
