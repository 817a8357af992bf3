"""What a question names: a store by its id, address or name, or a finding by its fingerprint."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from datetime import date

from residency.errors import InputError
from residency.inventory import SavedRun
from residency.judge import Judge
from residency.model import Finding
from residency.policy.load import Config
from residency.policy.reader import shown
from residency.reports.json_result import fingerprint
from residency.reports.text import printable
from residency.rules import rules

LISTED = 20  # things of one name that a message lists
_FINGERPRINT = re.compile(r"[0-9a-f]{6,64}")


def named_by(question: str, run: SavedRun, config: Config, today: date) -> str | Finding | None:
    """The id of a store, a finding, or None where neither is called so. InputError where several are."""
    stores = _stores_called(question, run)
    if stores == [question]:
        return question
    asked = question.lower()
    prefix = _FINGERPRINT.fullmatch(asked) is not None
    findings = [f for f in _findings(run, config, today) if fingerprint(f).startswith(asked)] if prefix else []
    named: list[str | Finding] = [*stores, *findings]
    if len(named) > 1:
        raise _ambiguous(question, stores, findings)
    return named[0] if named else None


def _stores_called(question: str, run: SavedRun) -> list[str]:
    """The ids of the stores with that id, address or name; an id is the answer, whatever else is called so."""
    found: dict[str, None] = {}
    for store in run.stores() if question else ():
        if store.id == question:
            return [question]
        if question in (store.address, store.name):
            found[store.id] = None
    return list(found)


def _findings(run: SavedRun, config: Config, today: date) -> Iterator[Finding]:
    judge = Judge(run, config, today)
    for _, findings in judge.stores():
        yield from findings
    yield from judge.conclude()


def _ambiguous(question: str, stores: list[str], findings: list[Finding]) -> InputError:
    names = [*stores, *(f"{fingerprint(f)[:16]} ({f.rule} {f.subject.id})" for f in findings)]
    more = f", and {len(names) - LISTED} more" if len(names) > LISTED else ""
    listed = ", ".join(printable(name) for name in names[:LISTED])
    return InputError(f"{shown(question)} names {len(names)} things: ask for one of {listed}{more}")


def unknown(question: str, run: SavedRun, config: Config, today: date) -> InputError:
    """What is said of a question that names nothing, with the nearest names that there are."""
    near = difflib.get_close_matches(question, _names(question, run, config, today), n=3)
    names = " or ".join(shown(name) for name in dict.fromkeys(near))
    hint = f"did you mean {names}?" if near else "nothing that is known is called alike"
    return InputError(f"{shown(question)} is no rule, and no store or finding of the run {printable(run.id)}: {hint}")


def _names(question: str, run: SavedRun, config: Config, today: date) -> Iterator[str]:
    """Everything that could have been asked; a fingerprint is as long as the one that was asked."""
    yield from rules()
    for store in run.stores():
        yield from (name for name in (store.id, store.address, store.name) if name)
        yield from (re.split("[:/]", copy.holder)[-1] for copy in store.copies if copy.holder)
    if _FINGERPRINT.fullmatch(question.lower()):
        yield from (fingerprint(finding)[: len(question)] for finding in _findings(run, config, today))
