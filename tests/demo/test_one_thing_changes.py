"""Change one thing of the estate, and exactly the stores that it concerns are judged otherwise.

Which stores those are is written by hand, or read from the lines that were (tests/data/estate).
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from residency.atlas import Atlas
from residency.demo.config import write_config
from residency.demo.estate.company import ANALYTICS, BRANDENBURG, CHINA_NORTH, IN_USE, MEMBERS, SINGAPORE, TOKYO
from residency.demo.server import Answer, Call, Change, Reply, changed
from residency.inventory import SavedRun, read_run
from residency.judge import exit_code_of
from residency.model import Edge, Gap, Severity, Store
from residency.policy.load import Config
from residency.reports.json_result import finding_as_json
from residency.reports.result import store_as_json
from residency.run import Selection, open_config
from residency.services import listings, modules
from tests.build import TODAY, judge, save_run
from tests.demo.told import finding_line, label, store_line, written
from tests.estates import estate as living

Lines = Counter[str]
# The same judgement again and again: what it runs through is measured elsewhere.
pytestmark = pytest.mark.unmeasured


def told(run: SavedRun, config: Config) -> tuple[Lines, Lines]:
    """The stores and the findings of a run as lines."""
    judged, findings = judge(run, config)
    stores = [store_as_json(store) for store in judged.values()]
    labels = {store["id"]: label(store) for store in stores}
    found = [finding_line(finding_as_json(finding, ""), labels) for finding in findings]
    return Counter(map(store_line, stores)), Counter(found)


def changed_stores(before: Lines, after: Lines) -> set[str]:
    """The labels of the stores that are judged otherwise, or are there no more, or are new."""
    return {line.partition(" |")[0] for line in (*(before - after), *(after - before))}


@pytest.fixture(scope="module")
def before(whole: SavedRun) -> tuple[Lines, Lines]:
    """The estate as it is."""
    return told(whole, living().config)


def test_nothing_changes_when_nothing_is_changed(before: tuple[Lines, Lines]) -> None:
    stores, findings = before
    assert stores == Counter(written("stores"))
    assert findings == Counter(written("findings"))


# --- what the company's papers say -------------------------------------------------------------


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    return write_config(tmp_path, TODAY)


# A file of the config, what is replaced in it, the stores that change, and the findings that go (-) and come (+).
PAPERS = [
    (
        "vendors/aws-eusc.yaml",
        ("expires: 2026-03-31", "expires: 2036-03-31"),
        set(),
        {"-violation high access-prevention-undocumented | aws-eusc |"},
    ),
    (
        "vendors/aws.yaml",
        ("retrieved_on: 2026-11-01}]\nregulations", "retrieved_on: 2026-11-01, expires: 2026-01-01}]\nregulations"),
        set(),
        {
            "+violation critical access-prevention-undocumented | aws |",
            "-violation high access-prevention-not-in-effect | s3.bucket member-backup-dr | primary ap-southeast-1",
        },
    ),
    (
        "classification.yaml",
        ("public: none", "public: personal"),
        {"s3.bucket orders-old-dr", "s3.bucket web-assets"},
        {
            "+violation high copy-outside-territory | s3.bucket web-assets | primary ap-southeast-1",
            "+violation high copy-outside-territory | s3.bucket orders-old-dr | primary ap-southeast-1",
            "+violation high access-prevention-not-in-effect | s3.bucket web-assets | primary ap-southeast-1",
            "+violation high access-prevention-not-in-effect | s3.bucket orders-old-dr | primary ap-southeast-1",
        },
    ),
    (
        "exceptions.yaml",
        ("name: member-db/password", "name: member-db/token"),
        {"secretsmanager.secret member-db/password ap-northeast-1"},
        {
            "-excepted high copy-outside-territory | secretsmanager.secret member-db/password ap-northeast-1"
            " | replica ap-southeast-1 (EX-DEMO-1)",
            "+violation high copy-outside-territory | secretsmanager.secret member-db/password ap-northeast-1"
            " | replica ap-southeast-1",
            "+warning low exception-unused | EX-DEMO-1 |",
        },
    ),
]


@pytest.mark.parametrize(("file", "words", "stores", "findings"), PAPERS, ids=[row[0] for row in PAPERS])
def test_a_paper_that_is_changed(
    whole: SavedRun,
    before: tuple[Lines, Lines],
    papers: Path,
    file: str,
    words: tuple[str, str],
    stores: set[str],
    findings: set[str],
) -> None:
    text = (papers / file).read_text("utf-8")
    assert words[0] in text
    (papers / file).write_text(text.replace(*words), "utf-8")
    after = told(whole, open_config(papers))
    assert changed_stores(before[0], after[0]) == stores
    assert {f"-{line}" for line in before[1] - after[1]} | {f"+{line}" for line in after[1] - before[1]} == findings


# --- the atlas --------------------------------------------------------------------------------


PLACES = sorted(
    {word for line in written("stores") for copy in line.split("|")[2].split(";") if (word := copy.split()[1]) != "-"}
)


@pytest.mark.parametrize("code", PLACES)
def test_without_its_row_of_the_atlas_a_place_is_unknown(
    whole: SavedRun, before: tuple[Lines, Lines], code: str
) -> None:
    config = living().config
    entries = {
        (namespace, other): entry
        for (namespace, other), entry in config.atlas.entries.items()
        if other != code or not namespace.startswith("aws")
    }
    assert len(entries) == len(config.atlas.entries) - 1
    after, _ = told(whole, dataclasses.replace(config, atlas=Atlas(entries)))
    there = {line.partition(" |")[0] for line in written("stores") if f" {code} " in line.split("|")[2]}
    assert changed_stores(before[0], after) == there
    for line in after:
        assert not [
            copy for copy in line.split("|")[2].split(";") if f" {code} " in copy and f" {code} - ?" not in copy
        ]


# --- the estate itself ------------------------------------------------------------------------


def lifted(name: str, path: str) -> Answer:
    """The emulator's own answer where the estate refuses one."""
    body = b"<Error><Code>ReplicationConfigurationNotFoundError</Code><Message>none</Message></Error>"

    def answer(call: Call) -> Reply | None:
        asked = (call.name, call.path) == (name, path)
        return Reply(404, [("Content-Type", "text/xml")], body) if asked else None

    return answer


def in_json(name: str, about: str, change: Callable[[dict[str, Any]], None]) -> Change:
    def edit(call: Call, reply: Reply) -> Reply:
        if call.name != name or about.encode() not in call.body or reply.status != 200:
            return reply
        body = json.loads(reply.body)
        change(body)
        return changed(reply, json.dumps(body).encode())

    return edit


def no_replicas(body: dict[str, Any]) -> None:
    body["Table"].pop("Replicas", None)


def no_witnesses(body: dict[str, Any]) -> None:
    body["Table"].pop("GlobalTableWitnesses", None)


def in_xml(name: str, old: str, new: str, path: str = "/") -> Change:
    def edit(call: Call, reply: Reply) -> Reply:
        asked = (call.name, call.path) == (name, path)
        return changed(reply, reply.body.replace(old.encode(), new.encode())) if asked else reply

    return edit


def tagged(bucket: str, value: str) -> Answer:
    pair = f"<Tag><Key>data-classification</Key><Value>{value}</Value></Tag>"
    body = f"<Tagging><TagSet>{pair}</TagSet></Tagging>".encode()

    def answer(call: Call) -> Reply | None:
        asked = (call.name, call.path) == ("s3:GetBucketTagging", f"/{bucket}")
        return Reply(200, [("Content-Type", "text/xml")], body) if asked else None

    return answer


# What is changed, the account and service that are asked again, and the stores that change with it.
CHANGES: dict[str, tuple[tuple[Answer, ...], tuple[Change, ...], str, str, set[str]]] = {
    "a refusal is lifted": (
        (lifted("s3:GetBucketReplication", "/payroll"),),
        (),
        MEMBERS,
        "s3",
        {"s3.bucket payroll"},
    ),
    "a bucket replicates no more": (
        (lifted("s3:GetBucketReplication", "/member-backup"),),
        (),
        MEMBERS,
        "s3",
        {"s3.bucket member-backup", "s3.bucket member-backup-dr"},
    ),
    "a bucket is labelled": ((tagged("event-uploads", "public"),), (), ANALYTICS, "s3", {"s3.bucket event-uploads"}),
    "a bucket is labelled otherwise": (
        (tagged("signups", "public"),),
        (),
        MEMBERS,
        "s3",
        {"s3.bucket signups", "s3.bucket signup-events"},
    ),
    "a table has no replica": (
        (),
        (in_json("dynamodb:DescribeTable", '"profiles"', no_replicas),),
        MEMBERS,
        "dynamodb",
        {f"dynamodb.table profiles {TOKYO}", f"dynamodb.table profiles {SINGAPORE}"},
    ),
    "a table has no witness": (
        (),
        (in_json("dynamodb:DescribeTable", '"ledger"', no_witnesses),),
        MEMBERS,
        "dynamodb",
        {f"dynamodb.table ledger {TOKYO}", "dynamodb.table ledger ap-northeast-3"},
    ),
    "a volume stands in Virginia": (
        (),
        (in_xml("ec2:DescribeVolumes", "us-east-1-bue-1a", "us-east-1b"),),
        ANALYTICS,
        "ebs",
        {"ebs.volume edge-cache us-east-1"},
    ),
    "a key is the provider's": (
        (),
        (in_xml("s3:GetBucketEncryption", "aws:kms", "AES256", path="/survey"),),
        ANALYTICS,
        "s3",
        {"s3.bucket survey"},
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_one_thing_of_the_estate_is_changed(tmp_path: Path, what: str) -> None:
    answers, changes, account, service, stores = CHANGES[what]
    clean = living().clean(WHERE_STORES_ARE)
    rest = without(clean.run, tmp_path / "rest.jsonl", account, service)
    seen = living().scan(WHERE_STORES_ARE, *changes, answers=answers, resume=rest)
    before, _ = told(clean.run, living().config)
    after, _ = told(seen.run, living().config)
    assert len(before) == len(written("stores"))
    assert changed_stores(before, after) == stores
    assert {call.service for call in seen.calls} <= {"sts", "organizations", "ec2", "kms", service} | REPEATED


# The regions in which nothing stands are left out: they are most of the cells.
WHERE_STORES_ARE = Selection(region=(*IN_USE, BRANDENBURG, CHINA_NORTH))
# Cells that were not seen whole are asked again in any case.
REPEATED = {"s3", "sqs", *(listing.call.partition(":")[0] for listing in listings("aws"))}


def without(run: SavedRun, path: Path, account: str, service: str) -> SavedRun:
    """The run as if it had been cut off before one account's cells of one service."""
    lost = {n for n, cell in enumerate(run.cells) if (cell.account, cell.service) == (account, service)}
    assert lost
    kept = [
        line
        for line in run.path.read_text("utf-8").splitlines(keepends=True)
        if (record := json.loads(line))["record"] != "end"
        and not (record["record"] in ("store", "edge", "cell") and record.get("cell") in lost)
    ]
    path.write_text("".join(kept), "utf-8")
    return read_run(path)


# --- a service file that was never written -----------------------------------------------------


LISTED = {
    module.__name__.rpartition(".")[2]: {(listing.service, listing.operation) for listing in module.LISTINGS}
    for module in modules("aws")
    if hasattr(module, "LISTINGS")  # subnets.py only knows what templates say
}
# What aurora.py lists of the stores of RDS.
OF_CLUSTERS = ("rds.cluster", "rds.automated-backup old-survey ")
# Besides its own stores: those that only this service tells of, with the class or the copies that go with it.
ALSO: dict[str, set[str]] = {
    "aurora": set(),
    "backup": {f"dynamodb.table ledger {TOKYO}"},
    "dynamodb": {
        f"backup.recovery-point ledger {TOKYO}",
        "backup.recovery-point ledger ap-northeast-3",
        f"backup.vault daily {TOKYO}",
        "backup.vault daily ap-northeast-3",
        f"backup.vault daily {SINGAPORE}",
    },
    "rds": set(),
    "s3": {
        f"rds.snapshot member-db-monthly {TOKYO}",
        f"dynamodb.table profiles {TOKYO}",
    },
}


@pytest.mark.parametrize("service", sorted(LISTED))
def test_a_service_that_is_gone_is_missed(
    whole: SavedRun, before: tuple[Lines, Lines], tmp_path: Path, service: str
) -> None:
    """As if its file had never been written: no cell, no store."""
    run, config = whole, living().config
    numbers = {n for n, cell in enumerate(run.cells) if (cell.service, cell.listing) in LISTED[service]}
    kept = [cell for n, cell in enumerate(run.cells) if n not in numbers]
    gaps: list[Gap] = [gap for n, result in run.results.items() if n not in numbers for gap in result.gaps]
    rest = save_run(tmp_path / "rest.jsonl", *records_of(run, numbers), gaps=gaps, cells=kept, accounts=run.accounts)
    (stores, said), (after, left) = before, told(rest, config)
    own = own_stores(service)
    assert own, f"tests/data/estate/stores.txt has no store of {service}: put one into residency/demo/estate/"
    also = "stores of other services that lose a class or a copy with it are named in ALSO"
    assert changed_stores(stores, after) == own | ALSO.get(service, set()), also
    assert left != said, f"no finding is about {service}: put something of it into the estate that causes one"
    _, findings = judge(rest, config)
    assert exit_code_of(findings, len(rest.cells), Severity.HIGH) in (3, 4)


def own_stores(file: str) -> set[str]:
    """The written stores that a service file lists."""
    names = {line.partition(" |")[0] for line in written("stores")}
    clusters = {name for name in names if name.startswith(OF_CLUSTERS)}
    return clusters if file == "aurora" else {name for name in names if name.startswith(f"{file}.")} - clusters


def records_of(run: SavedRun, lost: set[int]) -> Iterator[Store | Edge]:
    """Every store and edge but those of some cells."""
    for line in run.path.read_text("utf-8").splitlines():
        record = json.loads(line)
        if record["record"] in ("store", "edge") and record["cell"] not in lost:
            kind = Store if record["record"] == "store" else Edge
            yield kind.model_validate_json(json.dumps(record[record["record"]]))
