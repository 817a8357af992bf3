"""The row of coverage.yaml that accepts one cause of gaps for a while, and nothing beside it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from residency.errors import InputError
from residency.gaps import Seen, Tree, gravity, rows_of, seen_of
from residency.gaps.coverage_file import FILE, stanza, written
from residency.inventory import SavedRun
from residency.model import Gap, Status
from residency.policy.load import Config
from residency.policy.models import Acceptance
from residency.policy.reader import ConfigError, Document, shown, validate_as
from residency.shipped import shipped_config

MIN_REASON = 15  # characters; shorter ones say nothing to whoever reads them a year later
LISTED = 10  # causes that a message names


@dataclass(frozen=True)
class Terms:
    """What somebody has to say who accepts a gap."""

    reason: str
    owner: str
    approved_by: str
    expires: date


def accept(
    cause: str, run: SavedRun, config: Config, today: date, terms: Terms, reload: Callable[[], Config] | None
) -> str:
    """Write the row that accepts a cause, and prove with `reload` that it does; the row as it stands in the file.

    Without `reload` nothing is written. InputError where the row is refused, or where it does not accept exactly
    the gaps that were meant: then the file is as it was.
    """
    seen = seen_of(run, config, today)
    gaps = open_gaps(cause, seen)
    row = row_for(gaps, terms, config, seen, today)
    _check(gaps, row["id"], seen, seen_of(run, _with_row(config, acceptance(row)), today))
    if reload:
        folder = Path(config.folder)
        if folder.resolve() == shipped_config().resolve():
            raise InputError(
                f"{folder}: is the shipped config, which every other one is read over: write one of your own"
            )
        with written(folder / FILE, row):
            _check(gaps, row["id"], seen, seen_of(run, reload(), today))
    return stanza(row)


def _with_row(config: Config, row: Acceptance) -> Config:
    """The config as it would be with one more row of `accept`."""
    coverage = config.coverage.model_copy(update={"accept": (*config.coverage.accept, row)})
    return replace(config, coverage=coverage)


def _check(gaps: list[Gap], row_id: str, before: Seen, after: Seen) -> None:
    """InputError unless a row accepts these gaps and no other, and takes no acceptance away."""
    wanted, found = accepted_gaps(before) | set(gaps), accepted_gaps(after)
    if wanted - found:
        raise InputError(f"{row_id} would leave {len(wanted - found)} gaps open, such as {_told(wanted - found)}")
    if found - wanted:
        raise InputError(f"{row_id} would accept {len(found - wanted)} other gaps too, such as {_told(found - wanted)}")


def accepted_gaps(seen: Seen) -> set[Gap]:
    return {gap for cause in seen.causes if cause.accepted_by for gap in cause.gaps}


def _told(gaps: set[Gap]) -> str:
    gap = min(gaps, key=lambda gap: (str(gap.cell), gap.subject or "", gap.call))
    return shown(f"{gap.cell}: {gap.call} {gap.status.value}")


# --- which cause is meant ---------------------------------------------------------------------


def open_gaps(text: str, seen: Seen) -> list[Gap]:
    """The gaps of the one cause that a text names and that nobody accepts yet. InputError for any other."""
    cause_id = _cause_id(text, seen)
    parts = [cause for cause in seen.causes if cause.id == cause_id]
    if all(part.level == "out" for part in parts):
        raise InputError(f"{shown(cause_id)} is out of scope: there is nothing to accept")
    accepting = [part.accepted_by for part in parts if part.accepted_by]
    gaps = [gap for part in parts if part.level != "out" and not part.accepted_by for gap in part.gaps]
    if not gaps:
        raise InputError(f"{shown(cause_id)} is accepted already, by {', '.join(accepting)}")
    return gaps


def _cause_id(text: str, seen: Seen) -> str:
    ids = list(dict.fromkeys(cause.id for cause in sorted(seen.causes, key=gravity)))
    found = [text] if text in ids else [cause_id for cause_id in ids if text in cause_id]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"{shown(text)} is a part of {len(found)} causes: {_list(found)}")
    near = difflib.get_close_matches(text, ids, n=3, cutoff=0.4) or ids[:3]
    hint = f"the nearest are {_list(near)}" if near else "the run has no gap"
    raise InputError(f"{shown(text)} is no cause of a gap, nor a part of one: {hint}")


def _list(ids: list[str]) -> str:
    more = f", and {len(ids) - LISTED} more" if len(ids) > LISTED else ""
    return ", ".join(shown(cause_id) for cause_id in ids[:LISTED]) + more


# --- the row ----------------------------------------------------------------------------------


def row_for(gaps: list[Gap], terms: Terms, config: Config, seen: Seen, today: date) -> Tree:
    """A row of `accept` that takes exactly these gaps, as it stands in the file."""
    return {
        "id": _next_id(config, today),
        "match": _match(gaps, seen),
        "cause": _why(gaps),
        "reason": terms.reason,
        "owner": terms.owner,
        "approved_by": terms.approved_by,
        "approved_on": today,
        "expires": terms.expires,
    }


def _next_id(config: Config, today: date) -> str:
    numbers = [re.fullmatch(rf"CG-{today.year}-([0-9]{{1,6}})", row.id) for row in rows_of(config)]
    return f"CG-{today.year}-{max((int(found[1]) for found in numbers if found), default=0) + 1:03}"


def _match(gaps: list[Gap], seen: Seen) -> dict[str, str]:
    """What all the gaps have in common, and the source where the account alone does not tell causes apart."""
    cell = gaps[0].cell
    alike = {level.result.cell.source for level in seen.levels if level.result.cell.account == cell.account}
    values: dict[str, set[str | None]] = {
        "provider": {gap.cell.provider for gap in gaps},
        "source": {cell.source if len(alike) > 1 or cell.account is None else None},
        "account": {gap.cell.account for gap in gaps},
        "region": {gap.cell.region for gap in gaps},
        "service": {gap.cell.service for gap in gaps},
        "status": {gap.status.value for gap in gaps},
        "call": {gap.call for gap in gaps},
    }
    return {key: _literal(one) for key, found in values.items() if (one := _only(found))}


def _why(gaps: list[Gap]) -> dict[str, str]:
    """The cause: as soon as one of these changes, the row is void."""
    values: dict[str, set[str | None]] = {
        "status": {gap.status.value for gap in gaps},
        "policy": {gap.policy for gap in gaps},
        "action": {gap.needs for gap in gaps},
        "source": {"scp" if gap.status is Status.GUARDED else None for gap in gaps},
    }
    return {key: one for key, found in values.items() if (one := _only(found))}


def _only(values: set[str | None]) -> str | None:
    return next(iter(values)) if len(values) == 1 else None


def _literal(text: str) -> str:
    """A glob that matches this text alone."""
    return re.sub(r"([*?[])", r"[\1]", text)


def acceptance(row: Tree) -> Acceptance:
    """The row as the reader of the config takes it; InputError says what it refuses."""
    if len(row["reason"].strip()) < MIN_REASON:
        raise InputError(f"`reason` has fewer than {MIN_REASON} characters: say why this may stay unseen")
    try:
        return validate_as(Document("coverage.yaml", row, {}), Acceptance)
    except ConfigError as error:
        raise InputError("; ".join(mistake.text for mistake in error.mistakes)) from error
