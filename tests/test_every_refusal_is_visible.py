"""Every operation of a scan, broken in every way: whatever was not seen is said, and nothing gets better by it.

The operations are those that the listings declare, and a scan of the embedded estate makes them all, so that a
service that comes later is broken too, as soon as it is written.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import DataNotFoundError

from residency.clouds.aws import discover
from residency.demo.estate.company import ANALYTICS, IRELAND, MEMBERS, TOKYO
from residency.demo.server import ACCOUNT, Call, Change, Reply, changed, refused
from residency.policy.load import Config
from residency.rules.base import JudgedCopy, JudgedStore
from residency.run import Selection
from residency.services import listings
from tests.estates import Seen, estate

SCP = "not authorized to perform this operation with an explicit deny in a service control policy"
LOGIN = b"<html><body>login</body></html>"
NOT_FOUND = b"<!DOCTYPE html><html><head><title>404 Not Found</title><body><hr>nginx</body></html>"
SESSION = botocore.session.get_session()
Fault = Callable[[Call, Reply], Reply | None]


# --- ways to break an answer ------------------------------------------------------------------


def _refusal(status: int, code: str, message: str = "no") -> Fault:
    return lambda call, reply: refused(call, code, message, status)


def _answer(status: int, body: bytes, kind: str = "text/html") -> Fault:
    return lambda call, reply: changed(Reply(status, [("Content-Type", kind)], b""), body)


def _reset(call: Call, reply: Reply) -> Reply:
    raise ConnectionResetError


def _cut(call: Call, reply: Reply) -> Reply | None:
    """Half of the body under the length of the whole."""
    if not reply.body:
        return None
    headers = [
        *((n, v) for n, v in reply.headers if n.lower() != "content-length"),
        ("Content-Length", str(len(reply.body))),
    ]
    return Reply(reply.status, headers, reply.body[: len(reply.body) // 2])


def _hollow(call: Call, reply: Reply) -> Reply | None:
    """The right answer's outermost element, and nothing in it."""
    root = re.search(rb"<(\w+)[^>?]*>", reply.body)
    body = b"<%s></%s>" % (root[1], root[1]) if reply.body.lstrip().startswith(b"<") and root else b"{}"
    return changed(Reply(200, reply.headers, b""), body) if reply.body else None


def _held_back(call: Call, reply: Reply) -> Reply:
    OVER.wait(60)
    return reply


def _same_page() -> Fault:
    """The same page with the same token for more, however often it is asked for."""
    first: dict[tuple[Any, ...], Reply] = {}

    def again(call: Call, reply: Reply) -> Reply | None:
        key = (call.account, call.region, call.name, call.path)
        if key not in first and reply.status == 200:
            first[key] = _with_token(call, reply)
        return first.get(key)

    return again


def _with_token(call: Call, reply: Reply) -> Reply:
    fields = _token_of(call.name) or {}
    if not reply.body.lstrip().startswith(b"<"):
        return changed(reply, json.dumps({**json.loads(reply.body), **fields}).encode())
    inside = b"".join(b"<%s>%s</%s>" % (n.encode(), str(v).encode(), n.encode()) for n, v in fields.items())
    ends = list(re.finditer(rb"</\w+>", reply.body))
    wrapped = re.search(rb"Result>\s*<ResponseMetadata>|Result>\s*</\w+Response>", reply.body)
    end = reply.body.rindex(b"</", 0, wrapped.start()) if wrapped else ends[-1].start()
    return changed(reply, reply.body[:end] + inside + reply.body[end:])


@cache
def _token_of(name: str) -> dict[str, Any] | None:
    """The fields of an answer that lead to another page, as the wire names them; None where there is one page."""
    service, _, operation = name.partition(":")
    try:
        pages = SESSION.get_paginator_model(service).get_paginator(operation)
    except (DataNotFoundError, ValueError):
        return {field: TOKEN for call, field in PAGED_BY_HAND if call == name} or None
    output = pages["output_token"]
    token = (output[0] if isinstance(output, list) else output).split("||")[0].strip()
    shape = SESSION.get_service_model(service).operation_model(operation).output_shape.members[token]
    if shape.type_name != "string":
        return None
    found: dict[str, Any] = {shape.serialization.get("name", token): TOKEN}
    return found | ({pages["more_results"]: True} if "more_results" in pages else {})


TOKEN = "again-and-again-and-again-and-again-and-again"
PAGED_BY_HAND = (
    ("dynamodb:ListGlobalTables", "LastEvaluatedGlobalTableName"),
    ("dynamodb:ListExports", "NextToken"),
)
OVER = threading.Event()  # the scan has ended: what is held back may come
TIMEOUTS = (0.5, 3.0, 20.0)  # a machine that is busy may not come to the call within the first of them
FAULTS: dict[str, tuple[Fault, set[str]]] = {
    "403": (_refusal(403, "AccessDenied"), {"denied", "no-role"}),
    "403 of a guardrail": (_refusal(403, "AccessDenied", SCP), {"guarded"}),
    "region switched off": (_refusal(403, "OptInRequired"), {"region-refused", "unauthenticated"}),
    "429": (_refusal(429, "ThrottlingException", "Rate exceeded"), {"throttled"}),
    "500": (_refusal(500, "InternalFailure", "sorry"), {"error", "no-role"}),
    "connection reset": (_reset, {"unreachable"}),
    # botocore does not compare the length; S3's own handler calls a broken body an error 500.
    "body cut": (_cut, {"malformed", "error"}),
    "empty body": (_answer(200, b"", "text/xml"), {"malformed"}),
    "login page": (_answer(200, LOGIN), {"malformed"}),
    "404 page": (_answer(404, NOT_FOUND), {"malformed", "error", "no-role"}),
    "same token again": (_same_page(), {"truncated", "partial"}),
    "nothing in the answer": (_hollow, {"malformed", "error"}),
    "no answer": (_held_back, {"timeout"}),
}
ONCE = ("no answer",)  # one call of the operation is enough, and quicker


# --- the estate -------------------------------------------------------------------------------


# Between them, these regions of the organisation have one of everything.
HERE = Selection(source=("company",), region=(TOKYO, IRELAND))


def operations() -> set[str]:
    """Every operation that a scan may make."""
    return {call for listing in listings("aws") for call in listing.needs} | set(discover.NEEDS) | {"sts:AssumeRole"}


@cache
def recorded() -> dict[str, set[tuple[str, str]]]:
    """Every operation that a scan makes, with the accounts and regions that it was made in."""
    found: dict[str, set[tuple[str, str]]] = {}
    for call in estate().clean(HERE).calls:
        found.setdefault(call.name, set()).add((call.account or ACCOUNT, call.region))
    return found


def selection_of(operation: str) -> Selection:
    """The least that makes the operation: the services that ask it, in one account and region."""
    services = tuple(sorted({listing.service for listing in listings("aws") if operation in listing.needs}))
    made = recorded()[operation]
    account, region = next((pair for pair in PREFERRED if pair in made), min(made))
    source = "company" if operation.startswith(("organizations:", "sts:AssumeRole")) else account
    else_asked = "geography" if operation == discover.ZONES else "sqs"
    return Selection(source=(source,), region=(region,), service=services or (else_asked,))


def config_of(selection: Selection) -> Config:
    return estate().config if selection.source == ("company",) else estate().one_by_one


PREFERRED = ((MEMBERS, TOKYO), (ANALYTICS, IRELAND), (ACCOUNT, TOKYO))


def can_break(operation: str, fault: str) -> bool:
    """An answer without a body cannot be cut, one without pages has no token."""
    if fault == "same token again":
        return _token_of(operation) is not None
    if operation in LEFT_OUT_WHEN_EMPTY and fault == "nothing in the answer":
        return False  # it is what the service says of an empty list
    return not operation.endswith(":HeadBucket") or fault not in ("body cut", "nothing in the answer")


LEFT_OUT_WHEN_EMPTY = ("sqs:ListQueues", "sqs:ListQueueTags")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The matrix is made of what is declared, so that nothing has to be scanned to know which tests there are."""
    if {"operation", "fault"} <= set(metafunc.fixturenames):
        matrix = [
            (operation, fault) for operation in sorted(operations()) for fault in FAULTS if can_break(operation, fault)
        ]
        metafunc.parametrize(("operation", "fault"), matrix, ids=[f"{o}-{f}" for o, f in matrix])


def breaking(operation: str, fault: Fault, done: list[Call], times: int = 10_000) -> Change:
    lock = threading.Lock()

    def chosen(call: Call) -> bool:
        """One of the first `times`, whichever threads they come from."""
        with lock:
            if len(done) < times:
                done.append(call)
                return True
        return False

    def change(call: Call, reply: Reply) -> Reply:
        if call.name != operation:
            return reply
        if fault in (_reset, _held_back):  # whoever asked is gone before these return
            return (fault(call, reply) or reply) if chosen(call) else reply
        broken = fault(call, reply)
        return broken if broken and chosen(call) else reply

    return change


@pytest.fixture(autouse=True)
def _one_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")


# --- what must hold ---------------------------------------------------------------------------


def test_a_scan_of_the_estate_makes_every_call_that_any_listing_declares() -> None:
    """What the estate has nothing of would never be broken."""
    assert set(recorded()) == operations()


@pytest.mark.unmeasured
def test_what_was_not_seen_is_said(operation: str, fault: str) -> None:
    selection = selection_of(operation)
    config = config_of(selection)
    clean = estate().clean(selection, config)
    breaks, statuses = FAULTS[fault]
    done: list[Call] = []
    times = 1 if fault in ONCE else 10_000
    taken = operation == "sts:AssumeRole"
    change = breaking(operation, breaks, done, times)
    OVER.clear()
    for timeout in TIMEOUTS if breaks is _held_back else (60,):
        seen = estate().scan(selection, change, config=config, timeout=timeout, fresh=taken)
        if done:
            break
    OVER.set()
    assert done, "nothing was broken"
    before = {(gap.cell, gap.call, gap.subject, gap.status) for gap in clean.gaps}
    gaps = [gap for gap in seen.gaps if gap.call == operation]
    new = [gap for gap in gaps if (gap.cell, gap.call, gap.subject, gap.status) not in before]
    assert new, [gap.call for gap in seen.gaps]
    headless = {"denied"} if operation.endswith(":HeadBucket") else set()  # an answer to HEAD carries no reason
    assert {gap.status.value for gap in new} <= statuses | headless
    assert any(finding.rule == "coverage-gap" for finding in seen.findings)
    if not {gap.cell.service for gap in new} <= tracked(config):
        assert seen.exit_code in (3, 4)
    assert list(_silently_better(clean, seen)) == []


def tracked(config: Config) -> set[str]:
    """The services whose kinds are all outside the required scope: shown and counted, not in the exit code."""
    required = config.coverage.scope.required.holds
    holds = [(kind.split(".")[1], held) for kind, held in config.kinds.items() if kind.startswith("aws.")]
    return {service for service, _ in holds} - {service for service, held in holds if held in required}


_RANK = {"prohibited": 0, "undetermined": 1, "excepted": 2, "permitted": 3, "not-personal": 3}


def _silently_better(clean: Seen, seen: Seen) -> Iterator[str]:
    """Every store that looks better than it is, or lost something, without a gap that says so."""
    broken_cells = {gap.cell.service for gap in seen.gaps if gap.subject is None} - {
        gap.cell.service for gap in clean.gaps if gap.subject is None
    }
    told = {gap.subject for gap in seen.gaps}
    # A gap on what is no store, a backup plan, speaks for the stores of its service that the plan would tell of.
    spoken_for = {gap.cell.service for gap in seen.gaps if gap.subject and gap.subject not in clean.stores}
    for store_id, before in clean.stores.items():
        neighbours = {copy.copy.holder for copy in before.copies}
        neighbours |= {other for other, judged in clean.stores.items() if store_id in _holders(judged)}
        if broken_cells or before.store.service in spoken_for or ({store_id} | neighbours) & told:
            continue
        now = seen.stores.get(store_id)
        if now is None:
            yield f"{store_id} is gone"
        elif _copies(before) - _copies(now):
            yield f"{store_id} lost {_copies(before) - _copies(now)}"
        elif _RANK[now.verdict] > _RANK[before.verdict]:
            yield f"{store_id} became {now.verdict}"
    for store_id, now in seen.stores.items():
        yield from _stronger(store_id, clean.stores.get(store_id), now)


def _stronger(store_id: str, before: JudgedStore | None, now: JudgedStore) -> Iterator[str]:
    """A protection that nobody read is never stronger than what was read."""
    if before is None:
        return
    known = {_which(copy): copy.copy.control for copy in before.copies}
    for copy in now.copies:
        was, control = known.get(_which(copy)), copy.copy.control
        if control and control.grade is not None and (was is None or was.grade is None or control.grade > was.grade):
            yield f"{store_id}: the {copy.copy.role} has grade {control.grade}"


def _which(copy: JudgedCopy) -> tuple[object, ...]:
    return (copy.copy.role, copy.copy.place, copy.copy.holder)


def _holders(judged: JudgedStore) -> set[str | None]:
    return {copy.copy.holder for copy in judged.copies}


def _copies(judged: JudgedStore) -> set[tuple[object, ...]]:
    return {(c.copy.role, c.copy.place, c.copy.holder, c.copy.account) for c in judged.copies}


@pytest.mark.parametrize("fault", ["429", "500", "connection reset"])
def test_what_fails_twice_is_asked_again(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "3")
    done: dict[str, list[Call]] = {operation: [] for operation in recorded()}
    breaks = FAULTS[fault][0]
    clean = estate().clean(HERE)
    # Another timeout is another way in, so that the session with one attempt is not taken.
    seen = estate().scan(
        HERE,
        *(breaking(operation, breaks, calls, times=2) for operation, calls in done.items()),
        timeout=59,
        fresh=True,
    )
    assert {operation: len(calls) for operation, calls in done.items()} == dict.fromkeys(done, 2)
    assert _said(seen) == _said(clean)
    assert seen.exit_code == clean.exit_code
    assert {i: _copies(s) for i, s in seen.stores.items()} == {i: _copies(s) for i, s in clean.stores.items()}


def _said(seen: Seen) -> set[tuple[object, ...]]:
    return {(gap.cell, gap.call, gap.subject, gap.status) for gap in seen.gaps}


def test_a_broken_body_is_asked_again_where_the_user_says_so() -> None:
    done: list[Call] = []
    selection = selection_of("ec2:DescribeVolumes")
    config = config_of(selection)
    seen = estate().scan(selection, breaking("ec2:DescribeVolumes", _cut, done, times=1), config=config, retry_gaps=1)
    assert done
    assert _said(seen) == _said(estate().clean(selection, config))
