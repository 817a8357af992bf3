"""Small ways to build facts, saved runs and configs by hand. Nothing here imitates our own code.

What is not said is in order: a run of these defaults under the config of these defaults has no finding.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from residency.inventory import RunWriter, SavedRun, read_run
from residency.judge import Judge
from residency.model import (
    Account,
    Cell,
    CellResult,
    Control,
    Copy,
    Edge,
    Finding,
    Followed,
    Gap,
    Geography,
    Place,
    Role,
    Said,
    SeenFrom,
    Status,
    Store,
    Why,
)
from residency.policy.load import Config
from residency.rules.base import JudgedStore
from residency.run import open_config

TODAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
ACCOUNT = "123456789012"
SAID = (Said(call="test:Listing", field="Things[].Place"),)


def a_control(grade: int | None = 3, **more: Any) -> Control:
    return Control(grade=grade, said_by=SAID, **more)


def a_copy(place: str | None = "aws:ap-northeast-1", role: Role = Role.PRIMARY, **more: Any) -> Copy:
    """A copy at `NAMESPACE:CODE`, by default the primary one, in Tokyo, of grade 3; `None` as place is unresolved."""
    if place is None and not more.get("candidates"):
        more.setdefault("why", Why.UNRESOLVED)
    more.setdefault("control", a_control())
    return Copy(role=role, place=Place.parse(place) if place else None, said_by=SAID, **more)


def a_store(store_id: str = "arn:aws:s3:::one", *copies: Copy, **more: Any) -> Store:
    """A bucket with one copy in Tokyo and the tag `data=personal`: no owner, no address, seen by the source `prod`."""
    settings: dict[str, Any] = {
        "kind": "aws.s3.bucket",
        "name": store_id.rpartition(":")[2],
        "account": ACCOUNT,
        "region": "ap-northeast-1",
        "tags": {"data": "personal"},
        "sources": ("prod",),
        "followed": Followed.ALL,
    }
    return Store(id=store_id, copies=copies or (a_copy(),), **(settings | more))


def an_edge(source: str, target: str | None, role: Role = Role.REPLICA, **more: Any) -> Edge:
    """A relation that only its source told of."""
    return Edge(source=source, target=target, role=role, **({"seen_from": SeenFrom.SOURCE, "said_by": SAID} | more))


def a_cell(**more: Any) -> Cell:
    """The listing of buckets, which is asked once for the account."""
    settings: dict[str, Any] = {
        "source": "prod",
        "provider": "aws",
        "account": ACCOUNT,
        "region": "global",
        "service": "s3",
        "listing": "ListBuckets",
    }
    return Cell(**(settings | more))


def a_geography(place: str, words: str) -> Geography:
    """What the provider itself says of one of its places."""
    return Geography(source="prod", place=Place.parse(place), words=words, said_by=SAID[0])


def a_gap(cell: Cell | None = None, status: Status = Status.DENIED, **more: Any) -> Gap:
    """The listing of buckets, denied; with `subject`, a call about that one store."""
    settings: dict[str, Any] = {"call": "s3:ListBuckets", "code": "AccessDenied", "needs": "s3:ListAllMyBuckets"}
    return Gap(cell=cell or a_cell(), status=status, **(settings | more))


def save_run(
    path: Path,
    *records: Store | Edge,
    gaps: Iterable[Gap] = (),
    cells: Iterable[Cell] = (),
    accounts: Iterable[Account] = (),
    geographies: Iterable[Geography] = (),
) -> SavedRun:
    """A whole scan of the source `prod`: all records in the first cell, every gap in the cell it names.

    Without `accounts` no account is ours but those that the config names: a share with any is one with a stranger.
    """
    gaps = tuple(gaps)
    planned = list(dict.fromkeys((*(tuple(cells) or (a_cell(),)), *(gap.cell for gap in gaps))))
    writer = RunWriter(path, {"id": "test-run", "started": "2026-11-22T03:00:00Z", "tool": "test", "use": "scan"})
    numbers = writer.plan(planned)
    for account in accounts:
        writer.account(account)
    for geography in geographies:
        writer.geography(geography)
    for record in records:
        writer.store(0, record) if isinstance(record, Store) else writer.edge(0, record)
    gaps_of: dict[Cell, list[Gap]] = {}
    for gap in gaps:
        gaps_of.setdefault(gap.cell, []).append(gap)
    for number, cell in zip(numbers, planned, strict=True):
        own = tuple(gaps_of.get(cell, ()))
        listing_gap = next((gap for gap in own if gap.subject is None), None)
        stores = sum(isinstance(record, Store) for record in records) if number == 0 else 0
        edges = sum(isinstance(record, Edge) for record in records) if number == 0 else 0
        writer.result(
            number,
            CellResult(
                cell=cell,
                status=listing_gap.status if listing_gap else Status.LISTED,
                stores=stores,
                edges=edges,
                gaps=own,
                calls=1,
                began=NOON,
                ended=NOON,
            ),
        )
    writer.end()
    return read_run(path)


CLASSIFICATION = """\
version: 1
kind: classification
tag_keys: [data]
values: {personal: personal, special: special-care, public: none}
"""
# A vendor record with everything in order on TODAY.
VENDOR_AWS = """\
version: 1
kind: vendor
id: aws
state: approved
operates: [aws]
names: {legal: "Amazon Web Services, Inc."}
entities:
  contracting: {name: "Amazon Web Services Japan G.K.", country: JP}
  operating: {name: "Amazon Web Services, Inc.", country: US}
technical_measures:
  - grade: 3
    scope: ["*"]
    statement: "Saved data are encrypted with keys that only the customer may use."
    evidence: [{type: doc, url: "https://example.com/measure", retrieved_on: 2026-11-01}]
regulations: [{law: CLOUD_Act, applies: "yes"}]
data_handling_policy: {url: "https://example.com/policy", retrieved_on: 2026-11-01}
contracts: {basic_agreement: {ref: BA-1, date: 2026-04-01}}
"""


def run_from(country: str, parent: str = "") -> str:
    """An `operators.yaml` that replaces the row of `aws`: its operating entity is based elsewhere."""
    entity = f'{{name: "Amazon Web Services, Inc.", country: {country}}}'
    row = f"{{id: aws, names: {{legal: aws}}, operating: {entity}, source: test, read_on: 2026-11-01, "
    row += f"{parent}confidence: high, reason: the test says so}}"
    return f"version: 1\nkind: operators\noperators:\n  - {row}\n"


def write_config(folder: Path, **files: str) -> Path:
    """A config directory: `classification` by the tag `data`, a vendor `aws` in order, and whatever is given.

    Keys are file names without `.yaml`; `__` stands for a folder (`vendors__aws`). None leaves a file out.
    The rest is as shipped: the policy allows JP, US and EU, and nobody owns a store or a finding (`owners.yaml`).
    """
    contents: dict[str, str | None] = {"classification": CLASSIFICATION, "vendors__aws": VENDOR_AWS, **files}
    for name, text in contents.items():
        if text is None:
            continue
        path = folder / (name.replace("__", "/") + ("" if "." in name else ".yaml"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def a_config(folder: Path, **files: str) -> Config:
    return open_config(write_config(folder, **files))


def judge(run: SavedRun, config: Config, today: date = TODAY) -> tuple[dict[str, JudgedStore], list[Finding]]:
    """Every judged store by its id, and all findings."""
    judged_by = Judge(run, config, today)
    stores: dict[str, JudgedStore] = {}
    findings: list[Finding] = []
    for judged, found in judged_by.stores():
        stores[judged.store.id] = judged
        findings += found
    return stores, findings + judged_by.conclude()


def said(findings: Iterable[Finding], rule: str) -> list[Finding]:
    """The findings of one rule."""
    return [finding for finding in findings if finding.rule == rule]
