"""What the answers about file systems and their replications mean, live and as code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from residency.clouds.aws.keys import DESCRIBE
from residency.demo.server import Reply, changed, denied
from residency.model import SeenFrom, Status
from residency.services.aws import efs
from tests.services.documents import ACCOUNT, KEY, PARTNER, REFUSED, SINGAPORE, TOKYO, key_metadata, lines, live, placed
from tests.services.listed import Listed, a_server_to_list
from tests.serving import PERSONAL, Served, when
from tests.sources.plans import Block, Read, a_plan, a_resource, constant, read, refer

HERE = f"arn:aws:elasticfilesystem:{TOKYO}:{ACCOUNT}:file-system/fs-1"
THERE = f"arn:aws:elasticfilesystem:{SINGAPORE}:{ACCOUNT}:file-system/fs-2"


def system(replications: Any = (), **more: Any) -> dict[str, Any]:
    answer = replications if replications is REFUSED else {"Replications": list(replications)}
    said = {"FileSystemId": "fs-1", "FileSystemArn": HERE, "Encrypted": False, "Tags": []}
    return {efs.LIST: {"FileSystems[]": said | more}, efs.REPLICATION: answer}


def replication(source: str = HERE, **destination: Any) -> dict[str, Any]:
    written = {"FileSystemId": "fs-2", "Region": SINGAPORE, "OwnerId": ACCOUNT, "Status": "ENABLED"}
    return {
        "SourceFileSystemArn": source,
        "SourceFileSystemRegion": TOKYO,
        "OriginalSourceFileSystemArn": source,
        "Destinations": [written | destination],
    }


def told(body: dict[str, Any], region: str = TOKYO) -> list[str]:
    return lines(placed(efs.place_file_system(live(body, region)))[0])


def test_a_file_system_is_named_and_tagged_as_it_is_listed() -> None:
    store, edges = placed(efs.place_file_system(live(system(Tags=[{"Key": "data", "Value": "personal"}]))))
    assert (store.id, store.name, store.kind, store.tags) == (
        HERE,
        "fs-1",
        "aws.efs.file-system",
        {"data": "personal"},
    )
    assert (store.account, store.region, edges) == (ACCOUNT, TOKYO, [])


@pytest.mark.parametrize(
    ("said", "place", "field"),
    [
        ({}, f"aws:{TOKYO}", "FileSystemArn"),
        ({"AvailabilityZoneName": "ap-northeast-1c"}, "aws:ap-northeast-1c", "AvailabilityZoneName"),
        (
            {"AvailabilityZoneName": "ap-northeast-1c", "AvailabilityZoneId": "apne1-az1"},
            "aws:apne1-az1",
            "AvailabilityZoneId",
        ),
        ({"AvailabilityZoneName": REFUSED}, "unresolved", "AvailabilityZoneName"),
    ],
)
def test_a_one_zone_file_system_stands_in_its_zone_and_any_other_in_its_region(
    said: dict[str, Any], place: str, field: str
) -> None:
    store, _ = placed(efs.place_file_system(live(system(**said))))
    assert lines(store) == [f"primary {place} grade 0"]
    assert str(store.copies[0].said_by[0]) == f"efs:DescribeFileSystems FileSystems[].{field}"


@pytest.mark.parametrize(
    ("said", "control"),
    [
        ({}, "grade 0"),
        ({"Encrypted": True, "KmsKeyId": KEY}, "grade 3"),
        ({"Encrypted": True, "KmsKeyId": "arn:aws:kms:ap-northeast-1:1:key/refused"}, "grade None"),
        ({"Encrypted": True}, "grade None"),  # an encrypted file system always names its key
        ({"Encrypted": None}, "grade None"),
        ({"Encrypted": REFUSED}, "grade None"),
    ],
)
def test_the_grade_of_a_file_system_is_that_of_its_key(said: dict[str, Any], control: str) -> None:
    body = system(**said) | {DESCRIBE: {KEY: key_metadata()}}
    assert told(body) == [f"primary aws:{TOKYO} {control}"]


@pytest.mark.parametrize(
    ("said", "copy"),
    [
        ({}, f"aws:{SINGAPORE} held by {THERE} of {ACCOUNT}"),
        ({"OwnerId": None}, f"aws:{SINGAPORE} held by {THERE} of {ACCOUNT}"),
        (
            {"OwnerId": PARTNER},
            f"aws:{SINGAPORE} held by {THERE.replace(ACCOUNT, PARTNER)} of {PARTNER}",
        ),
        ({"FileSystemId": THERE}, f"aws:{SINGAPORE} held by {THERE} of {ACCOUNT}"),
        ({"Region": None}, "unresolved"),
        ({"Status": "PAUSED"}, f"aws:{SINGAPORE} held by {THERE} of {ACCOUNT}"),
        ({"Status": "ERROR"}, f"aws:{SINGAPORE} held by {THERE} of {ACCOUNT}"),
        ({"Status": "DELETING"}, f"aws:{SINGAPORE} former held by {THERE} of {ACCOUNT}"),
    ],
)
def test_a_replica_stands_where_its_destination_says(said: dict[str, Any], copy: str) -> None:
    assert told(system([replication(**said)]))[1:] == [f"replica {copy}"]


def test_a_replication_of_another_file_system_is_no_copy_of_this_one() -> None:
    store, edges = placed(efs.place_file_system(live(system([replication(HERE.replace("fs-1", "fs-9"))]))))
    assert (lines(store)[1:], edges) == ([], [])


def test_refused_replications_may_be_a_replica() -> None:
    assert told(system(REFUSED))[1:] == ["replica unresolved may-appear"]


@pytest.mark.parametrize(("status", "former"), [("ENABLED", ""), ("DELETING", " former")])
def test_a_replication_is_one_relation_from_whichever_side_it_is_seen(status: str, former: str) -> None:
    seen = [replication(Status=status)]
    _, edges_here = placed(efs.place_file_system(live(system(seen))))
    store, edges_there = placed(efs.place_file_system(live(system(seen, FileSystemId="fs-2"), SINGAPORE)))
    assert edges_here == edges_there == [f"{HERE} -> {THERE}{former}"]
    assert (store.id, lines(store)) == (THERE, [f"primary aws:{SINGAPORE} grade 0"])


# --- listed for real --------------------------------------------------------------------------


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    with a_server_to_list(monkeypatch) as served:
        yield served


def replications(*found: dict[str, Any]) -> Reply:
    """moto does not know this call: what the service sends."""
    body = {"Replications": [one | {"SourceFileSystemId": "fs-1", "CreationTime": 1_780_000_000} for one in found]}
    return changed(Reply(200, [("Content-Type", "application/json")], b""), json.dumps(body).encode())


def test_file_systems_are_listed_with_what_protects_them_and_their_replications_asked_once(at: Served) -> None:
    key = at.client("kms").create_key()["KeyMetadata"]["Arn"]
    client = at.client("efs")
    made = client.create_file_system(CreationToken="a", Encrypted=True, KmsKeyId=key, Tags=[PERSONAL])
    zonal = client.create_file_system(CreationToken="b", AvailabilityZoneName=f"{TOKYO}a")
    source = made["FileSystemArn"]
    with at.rules(when("efs", "DescribeReplicationConfigurations", replications(replication(source)))) as layer:
        found = Listed(at, efs.LISTINGS[0])
    assert found.gaps == []
    assert found.lines == {
        made["FileSystemId"]: [
            f"primary aws:{TOKYO} grade 3",
            f"replica aws:{SINGAPORE} held by {THERE} of {ACCOUNT}",
        ],
        zonal["FileSystemId"]: [f"primary aws:{zonal['AvailabilityZoneId']} grade 0"],
    }
    assert found.stores[made["FileSystemId"]].id == source
    assert found.stores[made["FileSystemId"]].tags == {"data": "personal"}
    assert [(edge.source, edge.target, edge.seen_from) for edge in found.edges] == [(source, THERE, SeenFrom.SOURCE)]
    asked = [call.name for call in layer.calls]
    assert (set(asked), len(asked)) == (set(efs.NEEDS), len(efs.NEEDS))


def test_replications_that_nobody_may_read_are_a_gap_of_every_file_system(at: Served) -> None:
    names = [at.client("efs").create_file_system(CreationToken=token)["FileSystemArn"] for token in "ab"]
    with at.rules(when("efs", "DescribeReplicationConfigurations", denied())):
        found = Listed(at, efs.LISTINGS[0])
    assert sorted(found.gaps) == [(name, efs.REPLICATION, Status.DENIED) for name in sorted(names)]
    assert [copies[1] for copies in found.lines.values()] == ["replica unresolved may-appear"] * 2


# --- as code ----------------------------------------------------------------------------------

PARTNERS = f"arn:aws:elasticfilesystem:eu-west-2:{PARTNER}:file-system/fs-0123456789abcdef0"


@pytest.mark.parametrize(
    ("name", "primary"),
    [
        ("plain", "aws:ap-northeast-1 grade 0 <- region"),  # encrypted only where it is told so
        ("members", "aws:ap-northeast-1 grade 3 by aws_kms_key.home in aws:ap-northeast-1 <- region"),
        ("one_zone", "aws:ap-northeast-1c grade 2 provider-managed-key <- availability_zone_name"),
        ("existing", "aws:ap-southeast-1 grade 0 <- region"),
    ],
)
def test_a_planned_file_system_stands_in_its_zone_or_region(name: str, primary: str) -> None:
    address = f"aws_efs_file_system.{name}"
    assert read("files").told(address)[1] == f"primary {primary} of {address}"


@pytest.mark.parametrize(
    ("name", "replica"),
    [
        ("members", "aws:ap-southeast-1 grade 3 by aws_kms_key.dr in aws:ap-southeast-1 <- destination.region"),
        ("one_zone", "aws:us-west-2b grade 2 provider-managed-key <- destination.availability_zone_name"),
        ("to_existing", "aws:ap-southeast-1 held by tf:s/aws_efs_file_system.existing <- destination.region"),
        ("to_partner", f"aws:eu-west-2 held by {PARTNERS} of {PARTNER} <- destination.region"),
        ("late", "not-known-yet grade 2 provider-managed-key <- destination.region"),
    ],
)
def test_a_planned_replication_is_a_copy_of_its_source(name: str, replica: str) -> None:
    told = read("files").told(f"aws_efs_file_system.{name}")
    assert told[2:] == [f"replica {replica} of aws_efs_replication_configuration.{name}"]


def test_a_planned_replication_to_a_file_system_that_has_a_name_is_an_edge() -> None:
    edges = [edge for edge in read("files").edges if "efs" in edge]
    ours = "tf:s/aws_efs_file_system."
    assert edges == [f"{ours}to_existing -> {ours}existing", f"{ours}to_partner -> {PARTNERS}"]


def test_a_replication_of_a_file_system_made_elsewhere_says_where_the_replica_stands_and_nothing_more() -> None:
    address = "aws_efs_replication_configuration.elsewhere"
    assert read("files").stores[address].name == "fs-0aaaaaaaaaaaaaaaa"
    assert read("files").told(address) == [
        f"tf:s/{address} aws.efs.file-system None",
        f"primary unresolved grade None <- AvailabilityZoneName of {address}",
        f"replica aws:eu-west-2 grade 2 provider-managed-key <- destination.region of {address}",
    ]


def replicated_to(after: Block, unknown: Block, written: Block) -> list[str]:
    """The copies of a file system whose replication has one destination, as lines."""
    source = a_resource("aws_efs_file_system.s", {}, {"id": True, "availability_zone_name": True, "encrypted": True})
    companion = a_resource(
        "aws_efs_replication_configuration.r",
        {"destination": [after]},
        {"source_file_system_id": True, "destination": [unknown]},
        {"source_file_system_id": refer("aws_efs_file_system.s.id"), "destination": [written]},
    )
    return Read(a_plan(source, companion)).told("aws_efs_file_system.s")[2:]


@pytest.mark.parametrize(
    ("after", "unknown", "written", "replica"),
    [
        # Only the file system is named: it says by itself where it stands and what protects it.
        ({"file_system_id": PARTNERS}, {"region": True}, {"file_system_id": constant(PARTNERS)}, "aws:eu-west-2"),
        ({"file_system_id": "fs-9"}, {"region": True}, {"file_system_id": constant("fs-9")}, "unresolved"),
        ({}, {"region": True}, {"region": refer("local.x")}, "not-known-yet grade 2 provider-managed-key"),
        (
            {"region": SINGAPORE},
            {"file_system_id": True},
            {"region": constant(SINGAPORE), "file_system_id": refer("local.x")},
            f"aws:{SINGAPORE}",
        ),
        (
            {"region": SINGAPORE},
            {"file_system_id": True, "kms_key_id": True},
            {"region": constant(SINGAPORE), "kms_key_id": refer("local.x")},
            f"aws:{SINGAPORE} grade None",
        ),
    ],
)
def test_what_a_destination_leaves_open_is_not_guessed(
    after: Block, unknown: Block, written: Block, replica: str
) -> None:
    held = f" held by {PARTNERS} of {PARTNER}" if after.get("file_system_id") == PARTNERS else ""
    (told,) = replicated_to(after, unknown, written)
    assert told.partition(" <- ")[0] == f"replica {replica}{held}"
