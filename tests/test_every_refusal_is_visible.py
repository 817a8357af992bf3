"""Every operation of a scan, broken in every way: whatever was not seen is said, and nothing gets better by it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

from residency.demo.server import Call, Change, Reply, changed
from residency.inventory import SavedRun
from residency.judge import exit_code_of
from residency.model import Gap, Severity
from residency.rules.base import JudgedStore
from residency.run import Selection, open_config
from tests.build import judge
from tests.serving import TOKYO, Served, a_server, a_source, actions, move_in, scan_here, write_scan_config

SCP = (
    "User: arn:aws:iam::123456789012:user/scan is not authorized to perform this operation "
    "with an explicit deny in a service control policy"
)
LOGIN = b"<html><body>login</body></html>"
NOT_FOUND = b"<!DOCTYPE html><html><head><title>404 Not Found</title><body><hr>nginx</body></html>"
BUCKETS = ("arn:aws:s3:::kept", "arn:aws:s3:::copied", "arn:aws:s3:::abroad")


class Asked(NamedTuple):
    """What an operation is called in a gap, which stores it was asked about, and how its pages go on."""

    call: str
    about: tuple[str, ...] = ()  # ids, or their kinds; none: the cell's own listing
    token: str | None = None


OPERATIONS = {
    ("sts", "GetCallerIdentity"): Asked("sts:GetCallerIdentity"),
    ("ec2", "DescribeRegions"): Asked("ec2:DescribeRegions"),
    ("s3", "GET ?max-buckets"): Asked("s3:ListBuckets", token="ContinuationToken"),
    ("s3", "HEAD"): Asked("s3:HeadBucket", BUCKETS),
    ("s3", "GET ?tagging"): Asked("s3:GetBucketTagging", BUCKETS),
    ("s3", "GET ?encryption"): Asked("s3:GetBucketEncryption", BUCKETS),
    ("s3", "GET ?replication"): Asked("s3:GetBucketReplication", BUCKETS),
    ("s3express", "GET"): Asked("s3:ListDirectoryBuckets", token="ContinuationToken"),
    ("ec2", "DescribeVolumes"): Asked("ec2:DescribeVolumes", token="nextToken"),
    ("ec2", "DescribeSnapshots"): Asked("ec2:DescribeSnapshots", token="nextToken"),
    ("ec2", "DescribeSnapshotAttribute"): Asked("ec2:DescribeSnapshotAttribute", ("aws.ebs.snapshot",)),
    ("ec2", "DescribeImages"): Asked("ec2:DescribeImages", token="nextToken"),
    ("ec2", "DescribeImageAttribute"): Asked("ec2:DescribeImageAttribute", ("aws.ebs.image",)),
    ("kms", "DescribeKey"): Asked("kms:DescribeKey", (*BUCKETS[:2], "aws.ebs.volume", "snapshot of the volume")),
}

Fault = Callable[[Call, Reply], Reply | None]


def _refusal(status: int, code: str, message: str) -> Fault:
    def refuse(call: Call, reply: Reply) -> Reply:
        if call.service == "kms":
            body = json.dumps({"__type": code, "message": message}).encode()
            return changed(Reply(status, [("Content-Type", "application/x-amz-json-1.1")], b""), body)
        error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        sts = f"<ErrorResponse>{error}</ErrorResponse>"
        ec2 = f"<Response><Errors>{error}</Errors><RequestID>1</RequestID></Response>"
        body = {"sts": sts, "ec2": ec2}.get(call.service, error).encode()
        return changed(Reply(status, [("Content-Type", "text/xml")], b""), body)

    return refuse


def _answer(status: int, body: bytes, kind: str = "text/html") -> Fault:
    return lambda call, reply: changed(Reply(status, [("Content-Type", kind)], b""), body)


def _reset(call: Call, reply: Reply) -> Reply:
    raise ConnectionResetError


def _cut(call: Call, reply: Reply) -> Reply | None:
    """Half of the body under the length of the whole."""
    return Reply(reply.status, reply.headers, reply.body[: len(reply.body) // 2]) if reply.body else None


def _hollow(call: Call, reply: Reply) -> Reply | None:
    """The right answer's outermost element, and nothing in it."""
    root = re.search(rb"<(\w+)[^>?]*>", reply.body)
    body = b"<%s></%s>" % (root[1], root[1]) if root else b"{}"
    return changed(Reply(200, reply.headers, b""), body) if reply.body else None


def _same_token(call: Call, reply: Reply) -> Reply | None:
    """The same token for more with every page."""
    token = OPERATIONS[_operation(call)].token
    if token is None:
        return None
    end = reply.body.rindex(b"</")
    return changed(reply, reply.body[:end] + f"<{token}>again</{token}>".encode() + reply.body[end:])


FAULTS: dict[str, tuple[Fault, set[str]]] = {
    "403": (_refusal(403, "AccessDenied", "no"), {"denied"}),
    "403 of a guardrail": (_refusal(403, "AccessDenied", SCP), {"guarded", "denied"}),
    "429": (_refusal(429, "Throttling", "Rate exceeded"), {"throttled"}),
    "500": (_refusal(500, "InternalFailure", "sorry"), {"error"}),
    "connection reset": (_reset, {"unreachable"}),
    # botocore does not compare the length; S3's own handler calls a broken body an error 500.
    "body cut": (_cut, {"malformed", "error"}),
    "empty body": (_answer(200, b"", "text/xml"), {"malformed"}),
    "login page": (_answer(200, LOGIN), {"malformed"}),
    "404 page": (_answer(404, NOT_FOUND), {"malformed", "error"}),
    "same token again": (_same_token, {"truncated", "partial"}),
    "nothing in the answer": (_hollow, {"malformed", "error"}),
}


@dataclass
class Seen:
    """What came of one scan."""

    run: SavedRun
    stores: dict[str, JudgedStore]
    exit_code: int

    @property
    def gaps(self) -> list[Gap]:
        return [gap for result in self.run.results.values() for gap in result.gaps if gap.cell.service != "sweep"]


class Estate:
    """One server and one config for the whole matrix; one scan for each way to break it."""

    def __init__(self, at: Served, folder: Path) -> None:
        self.at = at
        self.config_folder = write_scan_config(folder, a_source(at.endpoint))
        self.config = open_config(self.config_folder)

    def scan(self, *changes: Change, timeout: float = 20, retry_gaps: int = 0) -> Seen:
        with self.at.rules(changes=changes):
            tokyo = Selection(region=(TOKYO,))
            run = scan_here(self.config_folder, selection=tokyo, timeout=timeout, retry_gaps=retry_gaps)
        stores, findings = judge(run, self.config)
        return Seen(run, stores, exit_code_of(findings, len(run.cells), Severity.HIGH))

    def about(self, asked: Asked, clean: Seen) -> set[str]:
        """The ids of the stores that an operation is asked about."""
        found = set()
        for store_id, judged in clean.stores.items():
            kind = judged.store.kind
            encrypted = kind == "aws.ebs.snapshot" and judged.copies[0].copy.control is not None
            encrypted = encrypted and judged.copies[0].copy.control.key is not None  # type: ignore[union-attr]
            names = {store_id, kind} | ({"snapshot of the volume"} if encrypted else set())
            if names & set(asked.about):
                found.add(store_id)
        return found


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with a_server() as at:
        move_in(at)
        yield Estate(at, tmp_path_factory.mktemp("config"))


@pytest.fixture(autouse=True)
def _a_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_REGION", TOKYO)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("RESIDENCY_RUNS", str(tmp_path))


CLEAN: list[Seen] = []


@pytest.fixture
def clean(estate: Estate) -> Seen:
    """The scan with nothing broken; it is made once."""
    if not CLEAN:
        CLEAN.append(estate.scan())
    return CLEAN[0]


def test_the_unbroken_estate_is_complete_and_has_violations(estate: Estate, clean: Seen) -> None:
    assert clean.gaps == []
    assert clean.exit_code == 1
    verdicts = {store_id: judged.verdict for store_id, judged in clean.stores.items() if "s3" in store_id}
    assert verdicts == {BUCKETS[0]: "permitted", BUCKETS[1]: "prohibited", BUCKETS[2]: "prohibited"}


def test_every_operation_that_a_scan_asks_for_is_in_the_matrix(estate: Estate) -> None:
    with estate.at.rules() as layer:
        scan_here(estate.config_folder, selection=Selection(region=(TOKYO,)), timeout=20)
        assert set(actions(layer)) == set(OPERATIONS)


def _operation(call: Call) -> tuple[str, str]:
    """What the call is in the matrix; directory buckets have only one call, whatever stands in its query."""
    return ("s3express", "GET") if call.service == "s3express" else (call.service, call.action)


def _breaking(operation: tuple[str, str], fault: Fault, done: list[Call], times: int = 10_000) -> Change:
    def change(call: Call, reply: Reply) -> Reply:
        if _operation(call) != operation or len(done) >= times:
            return reply
        broken = fault(call, reply) if fault is not _reset else reply
        if broken is None:
            return reply
        done.append(call)
        return _reset(call, reply) if fault is _reset else broken

    return change


def _can_break(operation: tuple[str, str], fault: str) -> bool:
    """An answer without a body cannot be cut, one without pages has no token."""
    if fault == "same token again":
        return OPERATIONS[operation].token is not None
    return operation[1] != "HEAD" or fault not in ("body cut", "nothing in the answer")


MATRIX = [
    pytest.param(operation, fault, id=f"{' '.join(operation)}-{fault}")
    for operation in OPERATIONS
    for fault in FAULTS
    if _can_break(operation, fault)
]


@pytest.mark.parametrize(("operation", "fault"), MATRIX)
def test_what_was_not_seen_is_said(estate: Estate, clean: Seen, operation: tuple[str, str], fault: str) -> None:
    asked = OPERATIONS[operation]
    breaks, statuses = FAULTS[fault]
    done: list[Call] = []
    seen = estate.scan(_breaking(operation, breaks, done))
    assert done, "nothing was broken"
    gaps = [gap for gap in seen.gaps if gap.call == asked.call]
    assert gaps
    assert {gap.status.value for gap in gaps} <= statuses
    if asked.about:
        assert {gap.subject for gap in gaps} >= estate.about(asked, clean)
    else:
        assert [gap.subject for gap in gaps] == [None]
        assert [r.status.complete for r in seen.run.results.values() if r.cell == gaps[0].cell] == [False]
    assert seen.exit_code in (3, 4)
    assert list(_better(clean, seen)) == []


_RANK = {"prohibited": 0, "undetermined": 1, "excepted": 2, "permitted": 3, "not-personal": 3}


def _better(clean: Seen, seen: Seen) -> Iterator[str]:
    """Every store that looks better than it is, or lost something, without a gap that says so."""
    cells = [gap.cell.service for gap in seen.gaps if gap.subject is None]
    told = {gap.subject for gap in seen.gaps}
    for store_id, before in clean.stores.items():
        neighbours = {copy.copy.holder for copy in before.copies}
        neighbours |= {other for other, judged in clean.stores.items() if store_id in _holders(judged)}
        if cells or ({store_id} | neighbours) & told:
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
    known = {copy.copy.role: copy.copy.control for copy in before.copies}
    for copy in now.copies:
        was, control = known.get(copy.copy.role), copy.copy.control
        if control and control.grade is not None and (was is None or was.grade is None or control.grade > was.grade):
            yield f"{store_id}: the {copy.copy.role} has grade {control.grade}"


def _holders(judged: JudgedStore) -> set[str | None]:
    return {copy.copy.holder for copy in judged.copies}


def _copies(judged: JudgedStore) -> set[tuple[object, ...]]:
    return {(c.copy.role, c.copy.place, c.copy.holder, c.copy.account) for c in judged.copies}


@pytest.mark.parametrize("fault", ["429", "500", "connection reset"])
def test_what_fails_once_is_asked_again(
    estate: Estate, clean: Seen, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    done: dict[tuple[str, str], list[Call]] = {operation: [] for operation in OPERATIONS}
    breaks = FAULTS[fault][0]
    # Another timeout is another way in, so that the session with one attempt is not taken.
    seen = estate.scan(*(_breaking(operation, breaks, calls, times=1) for operation, calls in done.items()), timeout=21)
    assert [len(calls) for calls in done.values()] == [1] * len(OPERATIONS)
    assert seen.gaps == []
    assert seen.exit_code == clean.exit_code
    assert {i: _copies(s) for i, s in seen.stores.items()} == {i: _copies(s) for i, s in clean.stores.items()}


def test_a_broken_body_is_asked_again_where_the_user_says_so(estate: Estate, clean: Seen) -> None:
    done: list[Call] = []
    operation = ("ec2", "DescribeVolumes")
    seen = estate.scan(_breaking(operation, FAULTS["body cut"][0], done, times=1), retry_gaps=1)
    assert done
    assert seen.gaps == []
    assert seen.exit_code == clean.exit_code
