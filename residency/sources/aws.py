"""A live AWS source: its accounts, their regions, and a cell for every listing in every region."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial

from residency.atlas import Atlas
from residency.clouds.answers import Body, Document, Origin
from residency.clouds.aws import discover
from residency.clouds.aws.api import Api
from residency.clouds.aws.discover import Identity
from residency.clouds.aws.session import Access, AccountSession
from residency.inventory import RunWriter
from residency.model import Account, Cell, CellResult, Gap, Geography, Status, Store
from residency.policy.matching import matches
from residency.policy.models import AwsSource, Match
from residency.services import listings
from residency.services.base import Listing, Scope
from residency.sources.waves import Found, Planned, Save, Wave

GLOBAL = "global"
ACCOUNT, GEOGRAPHY, SWEEP = "account", "geography", "sweep"
# What a region's own answer calls a region that the account has not switched on.
OFF = "not-opted-in"


@dataclass(frozen=True)
class Door:
    """One account to go into."""

    account: str | None  # None: whatever account the credentials belong to
    access: Access
    name: str | None = None
    units: tuple[str, ...] = ()


Reached = tuple[Door, Found, Found]  # an account, who it is, and which regions it has


@cache
def _session(access: Access) -> AccountSession:
    """One session per account, whatever asks for it."""
    calls = {call for listing in listings("aws") for call in listing.needs}
    return AccountSession(access, frozenset(calls | discover.NEEDS.keys() | {"sts:AssumeRole"}))


class AwsScan:
    """The waves of one AWS source: identity and regions of its accounts first, then their listings."""

    def __init__(
        self, source: AwsSource, writer: RunWriter, atlas: Atlas, timeout: float, heard: Iterable[Geography] = ()
    ) -> None:
        self.source = source
        self.heard = heard
        self.writer = writer
        self.atlas = atlas
        self.access = Access(
            profile=source.profile,
            role_arn=source.role_arn,
            external_id=source.external_id,
            endpoint=source.endpoint,
            timeout=timeout,
        )

    def waves(self) -> Wave:
        doors = [Door(self.source.account, self.access)]
        if self.source.organization:
            found = yield [self._discovery(Door(None, self.access), discover.IDENTITY), self._organization()]
            identity, accounts = found
            if identity.bodies:
                self._save_account(Door(None, self.access), discover.who(identity.bodies[0]))
            doors, barred = self._doors(identity, accounts)
            yield barred
        pairs = [(self._discovery(d, discover.IDENTITY), self._discovery(d, discover.REGIONS)) for d in doors]
        found = yield [planned for pair in pairs for planned in pair]
        answers = {id(item.planned): item for item in found}
        reached = [
            (door, answers[id(who)], answers[id(where)]) for door, (who, where) in zip(doors, pairs, strict=True)
        ]
        listed = [planned for door, who, where in reached for planned in self._listings(door, who, where)]
        self._save_geographies((yield [*self._zones(reached), *listed]), reached)

    # --- discovery ----------------------------------------------------------------------------

    def _cell(self, account: str | None, region: str | None, service: str, call: str) -> Cell:
        return Cell(
            source=self.source.name,
            provider="aws",
            account=account,
            region=region,
            service=service,
            listing=call.partition(":")[2] or call,
        )

    def _discovery(self, door: Door, call: str) -> Planned:
        cell = self._cell(door.account, GLOBAL, ACCOUNT, call)
        listing = discover.identity if call == discover.IDENTITY else discover.regions
        return Planned(cell, partial(_discover, cell, door.access, listing), discovers=True)

    def _organization(self) -> Planned:
        cell = self._cell(None, GLOBAL, "organization", discover.ACCOUNTS)
        return Planned(cell, partial(_discover, cell, self.access, discover.accounts), discovers=True)

    def _doors(self, identity: Found, accounts: Found) -> tuple[list[Door], list[Planned]]:
        """The accounts to go into, and the cells of those that cannot be or are left out."""
        caller = discover.who(identity.bodies[0]) if identity.bodies else None
        doors, barred = [], []
        for body in accounts.bodies:
            account = body[discover.ACCOUNTS]["Accounts[]"]
            state = account.get("State") or account.get("Status")
            units = discover.units(body)
            cell = self._cell(account["Id"], GLOBAL, ACCOUNT, discover.IDENTITY)
            door = Door(account["Id"], self._access(account["Id"], caller), account.get("Name"), units)
            if self._left_out(cell, units):
                self._save_account(door, None)
                barred.append(self._excluded(cell))
            elif state in discover.UNREACHABLE_ACCOUNTS:
                barred.append(Planned(cell, status=discover.UNREACHABLE_ACCOUNTS[state], code=state))
            else:
                doors.append(door)
        return doors, barred

    def _access(self, account: str, caller: Identity | None) -> Access:
        """The account that asks is entered as it is, any other one by the role that the source names."""
        if caller and caller.account == account:
            return self.access
        partition = caller.partition if caller else "aws"
        return Access(
            profile=self.source.profile,
            role_arn=f"arn:{partition}:iam::{account}:role/{self.source.role_name}",
            external_id=self.source.external_id,
            endpoint=self.source.endpoint,
            timeout=self.access.timeout,
        )

    # --- where AWS says that its regions and zones stand ------------------------------------------

    def _zones(self, reached: list[Reached]) -> list[Planned]:
        """The zones of every region, asked in the first account that has it switched on: they are the same in all."""
        found: dict[str, Planned] = {}
        left_out: dict[str, Planned] = {}
        for door, who, where in reached:
            identity = _entered(door, who)
            for region, state in self._regions(identity.partition, where).items() if identity else ():
                cell = self._cell(identity.account if identity else None, region, GEOGRAPHY, discover.ZONES)
                if region in found or state == OFF:
                    continue
                if self._left_out(cell, door.units):
                    left_out[region] = self._excluded(cell)
                else:
                    found[region] = Planned(cell, partial(_discover, cell, door.access, discover.zones))
        planned = left_out | found
        return [planned[region] for region in sorted(planned)]

    def _save_geographies(self, found: list[Found], reached: list[Reached]) -> None:
        """Each place once, in the partition of the account that was asked.

        Of what was not heard again, what an earlier run heard stands.
        """
        entered = [(identity, where) for door, who, where in reached if (identity := _entered(door, who))]
        answers = [(identity, body) for identity, where in entered for body in where.bodies]
        answers += [(entered[0][0], body) for item in found for body in item.bodies]
        said = {
            (geography.place, geography.words): geography
            for identity, body in answers
            for geography in discover.geographies(body, self.source.name, identity.partition)
        }
        told = {geography.place for geography in said.values()}
        before = [g for g in self.heard if g.source == self.source.name and g.place not in told]
        for geography in (*said.values(), *before):
            self.writer.geography(geography)

    # --- listings -----------------------------------------------------------------------------

    def _listings(self, door: Door, who: Found, where: Found) -> Iterator[Planned]:
        """Every cell of one account; nothing where nobody could say which account it is."""
        if not who.bodies:
            return
        identity = _entered(door, who)
        if not identity:
            cell = self._cell(door.account, GLOBAL, ACCOUNT, "credentials")
            reason = f"the credentials belong to the account {discover.who(who.bodies[0]).account}"
            yield Planned(cell, status=Status.UNAUTHENTICATED, code="other-account", reason=reason)
            return
        self._save_account(door, identity)
        regions = self._regions(identity.partition, where)
        # Region by region, so that listings of one service in one region share a client.
        for region in (GLOBAL, *sorted(regions)):
            for listing in listings("aws"):
                if (listing.scope is Scope.GLOBAL) is (region == GLOBAL):
                    cell = self._cell(identity.account, region, listing.service, listing.call)
                    yield self._planned(cell, door, listing, identity, regions.get(region))
        cell = self._cell(identity.account, GLOBAL, SWEEP, SWEEP)
        reason = "kinds of stores without a scanner of their own were not looked for"
        yield Planned(cell, status=Status.UNSWEPT, code="no-sweep", reason=reason)

    def _save_account(self, door: Door, identity: Identity | None) -> None:
        """An account of ours; `identity` is None where it was not gone into."""
        self.writer.account(
            Account(
                source=self.source.name,
                provider="aws",
                id=identity.account if identity else door.account or "",
                name=door.name,
                ou=door.units,
                principal=identity.principal if identity else None,
            )
        )

    def _regions(self, partition: str, where: Found) -> dict[str, str]:
        """Region -> what the account says of it. Where it was refused, every region the atlas knows is asked."""
        rows = [body[discover.REGIONS]["Regions[]"] for body in where.bodies]
        if where.result.status.complete and rows:
            return {row["RegionName"]: str(row.get("OptInStatus", "")) for row in rows}
        known = {
            entry.code: ""
            for entry in self.atlas.entries.values()
            if entry.namespace == partition and entry.kind == "region" and entry.status == "current"
        }
        return known | {row["RegionName"]: str(row.get("OptInStatus", "")) for row in rows}

    def _planned(self, cell: Cell, door: Door, listing: Listing, identity: Identity, state: str | None) -> Planned:
        if state == OFF:
            return Planned(cell, status=Status.REGION_OFF, code=OFF)
        if self._left_out(cell, door.units):
            return self._excluded(cell)
        return Planned(cell, partial(list_cell, cell, door.access, (listing.service, listing.call), identity.partition))

    def _left_out(self, cell: Cell, units: tuple[str, ...]) -> bool:
        exclude = self.source.exclude
        names = {"account": cell.account, "region": cell.region, "service": cell.service, "ou": units}
        for key, globs in ((key, getattr(exclude, key)) for key in names):
            if globs and matches(Match.model_validate({key: list(globs)}), names):
                return True
        chosen = self.source.regions
        return chosen != "all-enabled" and cell.region not in (*chosen, GLOBAL)

    def _excluded(self, cell: Cell) -> Planned:
        reason = f"left out by the source {self.source.name}: cover it by a scope.out row, or scan it"
        return Planned(cell, status=Status.UNSUPPORTED, code="excluded", reason=reason)


def _entered(door: Door, who: Found) -> Identity | None:
    """Who asks in an account; None where nobody answered, or where it is another account than the named one."""
    identity = discover.who(who.bodies[0]) if who.bodies else None
    return identity if identity and door.account in (None, identity.account) else None


def _discover(
    cell: Cell, access: Access, listing: Callable[[Api], Iterator[Body]], save: Save
) -> tuple[CellResult, list[Body]]:
    """Run a discovery call; its documents decide the next wave and are no stores."""
    began = datetime.now(UTC)
    known = listing is discover.zones  # who asks; the other calls find it out
    api = Api(_session(access), cell, discover.NEEDS, access.partition, identified=known)
    bodies = list(api.documents(listing))
    return _result(api, began, 0, 0), bodies


def list_cell(
    cell: Cell, access: Access, key: tuple[str, str], partition: str, save: Save
) -> tuple[CellResult, list[Body]]:
    """List one cell: every record is saved as it comes. Needs nothing but its arguments, so it can run anywhere."""
    listing = next(listing for listing in listings("aws") if (listing.service, listing.call) == key)
    began = datetime.now(UTC)
    session = _session(access)
    region = None if cell.region == GLOBAL else cell.region
    here = session.partition_of(region, partition) if region else partition
    api = Api(session, cell, listing.needs, here)
    origin = Origin(source=cell.source, partition=here, account=cell.account, region=region)
    stores = edges = 0
    for body in api.documents(listing.list):
        for record in listing.place(Document(body, origin)):
            save(record)
            stores += isinstance(record, Store)
            edges += not isinstance(record, Store)
    return _result(api, began, stores, edges), []


def _result(api: Api, began: datetime, stores: int, edges: int) -> CellResult:
    gaps: tuple[Gap, ...] = tuple(api.gaps)
    return CellResult(
        cell=api.cell,
        status=api.status,
        stores=stores,
        edges=edges,
        gaps=gaps,
        calls=api.calls,
        began=began,
        ended=datetime.now(UTC),
    )
