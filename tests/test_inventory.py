"""Saved runs: what is written is read back, and what was cut off or changed never looks whole."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from residency.inventory import RunWriter, SavedRun, SavedRunError, json_id, read_run
from residency.model import Account, Cell, CellResult, Edge, Status, Store
from tests.build import NOON, a_cell, a_copy, a_gap, a_store, an_edge, save_run

HEAD = {"id": "test-run", "started": "2026-11-22T03:00:00Z", "tool": "test"}
EMPTY_CELL = a_cell(service="ec2", listing="DescribeVolumes", region="ap-northeast-1")
REFUSED_CELL = a_cell(service="rds", listing="DescribeDBInstances", region="ap-northeast-1")
ONE = a_store("arn:aws:s3:::ユーザー", a_copy(), a_copy("aws:eu-west-1", holder="arn:aws:s3:::two"))
TWO = a_store("arn:aws:s3:::two", a_copy(None), tags=None)
EDGE = an_edge(ONE.id, TWO.id)
GAP = a_gap(REFUSED_CELL)
ACCOUNT = Account(source="prod", provider="aws", id="123456789012", ou=("ou-1", "ou-2"))


def whole_run(path: Path) -> SavedRun:
    return save_run(path, ONE, TWO, EDGE, cells=(a_cell(), EMPTY_CELL), gaps=(GAP,), accounts=(ACCOUNT,))


@pytest.fixture
def run(tmp_path: Path) -> SavedRun:
    return whole_run(tmp_path / "run.jsonl")


def statuses(run: SavedRun) -> dict[str, Status]:
    return {result.cell.service: result.status for result in run.closed_results()}


def sealed(lines: list[bytes]) -> bytes:
    """These lines as a file whose end record fits them: what somebody who knows the format would write."""
    body = b"".join(lines[:-1])
    end = json.loads(lines[-1]) | {"sha256": hashlib.sha256(body).hexdigest()}
    return body + json.dumps(end).encode() + b"\n"


def changed(run: SavedRun, change: Callable[[list[bytes]], list[bytes]]) -> SavedRun:
    """The run after somebody changed its lines and made the digest fit."""
    run.path.write_bytes(sealed(change(run.path.read_bytes().splitlines(keepends=True))))
    return read_run(run.path)


def without(start: bytes, number: int = 0) -> Callable[[list[bytes]], list[bytes]]:
    """Leaves out one of the lines that start so."""

    def change(lines: list[bytes]) -> list[bytes]:
        gone = [line for line in lines if line.startswith(start)][number]
        return [line for line in lines if line != gone]

    return change


def test_a_run_is_read_back_as_it_was_saved(run: SavedRun) -> None:
    assert (run.whole, run.id) == (True, "test-run")
    assert run.cells == [a_cell(), EMPTY_CELL, REFUSED_CELL]
    assert (list(run.stores()), list(run.edges()), run.accounts) == ([ONE, TWO], [EDGE], [ACCOUNT])
    assert list(run.stores_with_id({json_id(ONE.id)})) == [ONE]
    assert statuses(run) == {"s3": Status.LISTED, "ec2": Status.LISTED, "rds": Status.DENIED}
    assert [gap for result in run.closed_results() for gap in result.gaps] == [GAP]
    assert run.twice == set()


def test_only_its_owner_may_read_a_run(tmp_path: Path) -> None:
    for path in (tmp_path / "new.jsonl", tmp_path / "old.jsonl"):
        if path.name == "old.jsonl":
            path.write_text("what was there")
            path.chmod(0o644)
        whole_run(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_digest_of_a_run_is_that_of_every_byte_before_its_end(run: SavedRun) -> None:
    before = b"".join(run.path.read_bytes().splitlines(keepends=True)[:-1])
    assert run.sha256 == hashlib.sha256(before).hexdigest()


def cuts(raw: bytes) -> list[int]:
    """All line ends, the bytes beside them, and every seventh byte between."""
    ends = {at + step for at, byte in enumerate(raw) if byte == 10 for step in (0, 1, 2)}
    return sorted({at for at in ends | set(range(0, len(raw), 7)) if at < len(raw)})


def test_a_run_that_was_cut_at_any_byte_never_looks_whole(run: SavedRun) -> None:
    raw = run.path.read_bytes()
    planned = raw.index(b"\n", raw.index(b'{"record":"plan"')) + 1
    for at in cuts(raw):
        run.path.write_bytes(raw[:at])
        try:
            cut = read_run(run.path)
        except SavedRunError:
            assert at < raw.index(b"\n") + 1
            continue
        assert not cut.whole
        found = statuses(cut)
        assert found.pop("run") is Status.INTERRUPTED
        assert set(found.values()) <= {Status.LISTED, Status.DENIED, Status.INTERRUPTED}
        assert len(found) == (3 if at >= planned else 0)
        assert all(store in (ONE, TWO) for store in cut.stores())
        assert all(edge == EDGE for edge in cut.edges())


def test_a_cut_before_a_result_leaves_its_cell_interrupted(run: SavedRun) -> None:
    raw = run.path.read_bytes()
    for number, listed in enumerate((0, 1, 2)):
        at = -1
        for _ in range(number + 1):
            at = raw.index(b'{"record":"cell"', at + 1)
        run.path.write_bytes(raw[: at + 30])
        found = list(statuses(read_run(run.path)).values())
        assert found.count(Status.INTERRUPTED) == 3 - listed + 1  # the missing end is one more


def test_an_interrupted_cell_says_how_much_of_it_was_saved(run: SavedRun) -> None:
    cut = changed(run, without(b'{"record":"cell","cell":0'))
    first = next(cut.closed_results())
    assert (first.status, first.stores, first.edges) == (Status.INTERRUPTED, 2, 1)
    assert first.gaps[0].code == "interrupted"


@pytest.mark.parametrize(
    ("start", "number", "service", "status"),
    [
        (b'{"record":"cell","cell":0', 0, "s3", Status.INTERRUPTED),
        (b'{"record":"cell","cell":1', 0, "ec2", Status.INTERRUPTED),
        (b'{"record":"cell","cell":2', 0, "rds", Status.INTERRUPTED),
        (b'{"record":"store"', 0, "s3", Status.TRUNCATED),
        (b'{"record":"store"', 1, "s3", Status.TRUNCATED),
        (b'{"record":"edge"', 0, "s3", Status.TRUNCATED),
    ],
)
def test_a_line_that_was_taken_out_is_missed_even_when_the_digest_fits(
    run: SavedRun, start: bytes, number: int, service: str, status: Status
) -> None:
    before = statuses(run)
    after = changed(run, without(start, number))
    assert after.whole
    assert statuses(after) == {**before, service: status}


def test_a_truncated_cell_keeps_its_own_gaps(tmp_path: Path) -> None:
    run = save_run(tmp_path / "run.jsonl", ONE, gaps=(a_gap(subject=ONE.id, call="kms:DescribeKey"),))
    (result,) = changed(run, without(b'{"record":"store"')).closed_results()
    assert [gap.status for gap in result.gaps] == [Status.DENIED, Status.TRUNCATED]
    assert "1 stores and 0 edges were saved, 0 and 0 are there" in result.gaps[1].reason


def doubled(start: bytes) -> Callable[[list[bytes]], list[bytes]]:
    def change(lines: list[bytes]) -> list[bytes]:
        again = next(line for line in lines if line.startswith(start))
        return [*lines[:-1], again, lines[-1]]

    return change


def moved(start: bytes, wanted: bytes) -> Callable[[list[bytes]], list[bytes]]:
    return lambda lines: [line.replace(start, wanted, 1) for line in lines]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (moved(b'{"record":"store","cell":0', b'{"record":"store","cell":3'), "cell 3, which is not in the plan"),
        (moved(b'{"record":"store","cell":0', b'{"record":"store","cell":-1'), "cell -1, which is not in the plan"),
        (moved(b'{"record":"edge","cell":0', b'{"record":"edge","cell":99'), "cell 99, which is not in the plan"),
        (moved(b'{"record":"edge","cell":0', b'{"record":"edge","cell":x'), "is not a record of a saved run"),
        (moved(b'{"record":"cell","cell":1', b'{"record":"cell","cell":3'), "this cell was not planned"),
        (moved(b'{"record":"cell","cell":1', b'{"record":"cell","cell":0'), "this cell was not planned"),
        (moved(b'{"record":"cell","cell":1', b'{"record":"cell","cell":"1"'), "a cell record that cannot be read"),
        (moved(b'"id":"arn:aws:s3:::two","kind"', b'"identity":"x","what"'), "is not a record of a saved run"),
        (moved(b'"record":"account"', b'"record":"accounts"'), "is not a record of a saved run"),
        (moved(b'"schema":"residency/inventory/v1"', b'"schema":"residency/inventory/v2"'), "this version reads"),
        (moved(b'"started":"2026-11-22T03:00:00Z"', b'"started":"today"'), "a head record that cannot be read"),
        (moved(b'"cells":[{', b'"cells":[5,{'), "a plan record that cannot be read"),
        (moved(b'"record":"plan","cells":[', b'"record":"plan","cells":7,"x":['), "a plan record that cannot be read"),
        (doubled(b'{"record":"cell","cell":2'), "a second result of cell 2"),
        (doubled(b'{"record":"head"'), "a second head"),
        (doubled(b'{"record":"plan"'), "a part of the plan is missing"),
        (without(b'{"record":"head"'), "the head is missing"),
        (without(b'{"record":"plan"'), "not in the plan"),
        (lambda lines: [b"[" * 100_000 + b"\n", *lines], "is not a record of a saved run"),
        (lambda lines: [lines[0], b"null\n", *lines[1:]], "is not a record of a saved run"),
        (lambda lines: [lines[0], b"\0" * 10 + b"\n", *lines[1:]], "is not a record of a saved run"),
    ],
)  # fmt: skip
def test_a_run_that_was_rewritten_is_refused(
    run: SavedRun, change: Callable[[list[bytes]], list[bytes]], says: str
) -> None:
    with pytest.raises(SavedRunError, match=says):
        changed(run, change)


def test_a_part_of_the_plan_cannot_be_taken_out_with_its_results(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    writer = RunWriter(path, HEAD)
    for cell in (a_cell(), EMPTY_CELL):
        (number,) = writer.plan([cell])
        writer.result(number, CellResult(cell=cell, status=Status.LISTED, began=NOON, ended=NOON))
    writer.end()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(sealed([*lines[:3], lines[-1]]))
    with pytest.raises(SavedRunError, match="a part of the plan is missing"):
        read_run(path)


def test_a_changed_byte_is_refused(run: SavedRun) -> None:
    raw = run.path.read_bytes()
    end = raw.index(b'{"record":"end"')
    for at in [*range(0, end, 11), *(at for at in range(end) if raw[at] == 10)]:
        run.path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        with pytest.raises(SavedRunError):
            read_run(run.path)


def test_a_run_that_was_changed_says_to_scan_again(run: SavedRun) -> None:
    run.path.write_bytes(run.path.read_bytes().replace(b'"eu-west-1"', b'"eu-west-2"', 1))
    with pytest.raises(SavedRunError, match=r"run.jsonl:\d+: the digest does not match: .*scan again"):
        read_run(run.path)


def test_nothing_may_follow_the_end(run: SavedRun) -> None:
    with run.path.open("ab") as file:
        file.write(b'{"record":"store","cell":0,"store":{}}\n')
    with pytest.raises(SavedRunError, match="after the end"):
        read_run(run.path)


NO_RUN = [b"", b"\n", b"{}\n", b"[]\n", b"version: 1\n", b"\xff\xfe\n", b'{"record":"plan","cells":[]}\n']


@pytest.mark.parametrize("content", NO_RUN)
def test_a_file_that_is_no_run_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(content)
    with pytest.raises(SavedRunError, match=r"not a (record of a )?saved run"):
        read_run(path)


def test_a_run_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SavedRunError, match="cannot be read: No such file"):
        read_run(tmp_path / "none.jsonl")


NO_STORE, NO_EDGE = b'{"record":"store","cell":0,"store":{"id":"a","kind":5}}', b'{"record":"edge","cell":0,"edge":{}}'


@pytest.mark.parametrize("record", [NO_STORE, NO_EDGE])
def test_a_record_that_is_no_store_is_refused_when_it_is_read(run: SavedRun, record: bytes) -> None:
    after = changed(run, lambda lines: [*lines[:-1], record + b"\n", lines[-1]])
    with pytest.raises(SavedRunError, match="record that cannot be read"):
        list(after.stores() if record is NO_STORE else after.edges())


def test_a_run_without_an_end_was_cut_off_even_when_every_cell_is_there(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run.jsonl", HEAD)
    (number,) = writer.plan([a_cell()])
    writer.result(number, CellResult(cell=a_cell(), status=Status.LISTED, began=NOON, ended=NOON))
    writer.close()
    writer.store(number, ONE)  # a listing that is still under way when the run stops
    assert statuses(read_run(writer.path)) == {"s3": Status.LISTED, "run": Status.INTERRUPTED}


def test_what_was_seen_whole_is_taken_over_under_its_new_number(run: SavedRun, tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "next.jsonl", HEAD)
    first, second = writer.plan([EMPTY_CELL, a_cell()])
    writer.copy(run, {0: second, 1: first})
    for number, old in ((first, 1), (second, 0)):
        writer.result(number, run.results[old])
    writer.end()
    after = read_run(writer.path)
    assert (list(after.stores()), list(after.edges())) == ([ONE, TWO], [EDGE])
    assert statuses(after) == {"ec2": Status.LISTED, "s3": Status.LISTED}


def test_a_store_that_two_records_describe_is_marked(tmp_path: Path) -> None:
    run = save_run(tmp_path / "run.jsonl", ONE, TWO, ONE)
    assert run.twice == {json_id(ONE.id)}
    assert list(run.stores_with_id(run.twice)) == [ONE, ONE]


def test_several_threads_may_plan_and_write_at_once(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run.jsonl", HEAD)

    def listing(name: int) -> None:
        for part in range(10):
            cells = [a_cell(region=f"r-{name}-{part}-{half}") for half in (1, 2)]
            for number, cell in zip(writer.plan(cells), cells, strict=True):
                stores = [a_store(f"{cell.region}/{index}") for index in range(3)]
                for store in stores:
                    writer.store(number, store)
                writer.edge(number, an_edge(stores[0].id, stores[1].id))
                done: Any = {"stores": 3, "edges": 1, "began": NOON, "ended": NOON}
                writer.result(number, CellResult(cell=cell, status=Status.LISTED, **done))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(listing, range(8)))
    writer.end()
    run = read_run(writer.path)
    assert run.whole
    assert run.twice == set()
    assert [result.status for result in run.closed_results()] == [Status.LISTED] * 160
    assert len({store.id for store in run.stores()}) == 480


ANY_NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@settings(max_examples=100, deadline=None)
@given(ANY_NAME, st.dictionaries(ANY_NAME, ANY_NAME, max_size=2), ANY_NAME)
def test_a_store_of_any_name_is_found_by_its_id(
    tmp_path_factory: pytest.TempPathFactory, name: str, tags: dict[str, str], target: str
) -> None:
    store, edge = a_store(name, tags=tags), an_edge(name, target)
    run = save_run(tmp_path_factory.getbasetemp() / "any.jsonl", store, a_store("another one"), edge)
    assert store in list(run.stores_with_id({json_id(name)}))
    assert next(iter(run.stores())) == store
    assert list(run.edges()) == [edge]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_run_with_any_bytes_changed_is_read_as_it_was_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "changed.jsonl"
    whole_run(path)
    raw = path.read_bytes()
    at = data.draw(st.integers(0, len(raw) - 1))
    length = data.draw(st.integers(0, 40))
    path.write_bytes(raw[:at] + data.draw(st.binary(max_size=40)) + raw[at + length :])
    try:
        run = read_run(path)
        stores: list[Store] = list(run.stores())
        edges: list[Edge] = list(run.edges())
    except SavedRunError:
        return
    if run.whole:
        assert (stores, edges, len(run.cells)) == ([ONE, TWO], [EDGE], 3)
    assert all(isinstance(result.cell, Cell) for result in run.closed_results())
