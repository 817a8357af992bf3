"""Which findings are about a store, and which stores a finding is about that was made of all of them."""

from __future__ import annotations

from collections.abc import Container, Iterator

from residency.judge import Judge
from residency.model import Finding, Followed, Gap, Place, Role
from residency.policy.matching import matches
from residency.rules.base import MAX_EXAMPLES, JudgedStore, World


def concerned(finding: Finding, judge: Judge) -> Iterator[JudgedStore]:
    unseen: set[str | None] | None = None
    for judged, _ in judge.stores():
        if unseen is None:
            unseen = unseen_of(finding, judge.world)  # the gaps are known as soon as the first store comes
        if concerns(finding, judged, judge.world, unseen):
            yield judged


def concerns(finding: Finding, judged: JudgedStore, world: World, unseen: Container[str | None]) -> bool:
    """Whether a finding that was made of all stores is about this one too. `unseen`: what its gaps are about."""
    subject, store = finding.subject, judged.store
    if subject.kind == "exception":
        rows = [row for row in world.config.exceptions.exceptions if row.id == subject.id]
        return any(matches(row.match, judged.names) for row in rows)
    if finding.rule == "coverage-gap":
        return store.id in unseen
    if store.id in finding.evidence or len(finding.evidence) <= MAX_EXAMPLES:
        return store.id in finding.evidence  # every store is named there
    if subject.kind == "atlas":
        return any(copy.place == subject.place for copy in judged.copies)
    if finding.rule == "copies-not-followed":
        return store.kind == subject.id and store.followed is Followed.NONE
    if not judged.personal or finding.policy != judged.policy.id:
        return False
    if subject.kind == "key":
        return (subject.id, subject.place) in _keys(judged)
    return subject.kind == "vendor" and _stands_with(finding, judged, world)


def unseen_of(finding: Finding, world: World) -> set[str | None]:
    """The stores of which something was not seen, by the gaps behind a finding."""
    return {gap.subject for gap in gaps_behind(finding, world)}


def gaps_behind(finding: Finding, world: World) -> list[Gap]:
    """The gaps of the cause that a finding of coverage-gap is about; of another finding there are none."""
    level = (finding.subject.detail or "").partition("/")[0]
    wanted = (finding.subject.id, level, finding.excepted_by)
    return [gap for cause in world.causes if (cause.id, cause.level, cause.accepted_by) == wanted for gap in cause.gaps]


def _keys(judged: JudgedStore) -> set[tuple[str, Place | None]]:
    found: set[tuple[str, Place | None]] = set()
    for copy in (judged_copy.copy for judged_copy in judged.copies):
        if copy.role is Role.KEY:
            found.add((copy.holder or judged.store.id, copy.place))
        elif copy.control and copy.control.key:
            found.add((copy.control.key, copy.control.key_place))
    return found


def _stands_with(finding: Finding, judged: JudgedStore, world: World) -> bool:
    """The store stands with the vendor, and is of the kind or service that the finding is narrowed to."""
    operators = {copy.operator for copy in judged.copies if copy.operator and copy.copy.role is not Role.KEY}
    vendors = {vendor.id for operator in operators if (vendor := world.vendor_of(operator))}
    if finding.subject.id not in operators | vendors:
        return False
    narrowed = (finding.subject.detail or "").partition("/")[0]
    own = {
        "access-prevention-not-in-effect": judged.store.kind,
        "access-prevention-undocumented": judged.store.service,
    }.get(finding.rule)
    return own is None or narrowed in ("", finding.policy, own)
