"""Keys and key stores, and what a key proves: the same reading for DescribeKey's answer and for a template."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from residency.clouds.answers import Unknown
from residency.clouds.aws import keys
from residency.demo.emulator import says
from residency.demo.server import Call, Change, Reply, changed, denied
from residency.model import Said, Status, Store, Why
from residency.services.aws import kms
from tests.build import judge, save_run
from tests.rules.cases import config_of
from tests.services.documents import ACCOUNT, KEY, REFUSED, key_metadata, line, lines, live, placed
from tests.services.listed import Listed, a_server_to_list
from tests.serving import SINGAPORE, Served, when
from tests.sources.plans import TOKYO, Block, Read, a_plan, a_resource, constant, read, refer

SAID = Said(call="s3:GetBucketEncryption", field="Key")


@pytest.mark.parametrize(
    ("said", "grade", "modifiers"),
    [
        ({}, 3, ()),
        ({"Origin": "EXTERNAL"}, 3, ()),
        ({"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": "cks-1"}, 3, ("hsm",)),
        ({"Origin": "EXTERNAL_KEY_STORE", "CustomKeyStoreId": "cks-1", "XksKeyConfiguration": {"Id": "x"}}, 4, ()),
        ({"KeyManager": "AWS"}, 2, ("provider-managed-key",)),
        ({"Origin": "SOMETHING_NEW"}, None, ()),
        ({"KeyManager": None}, None, ()),
        ({"Origin": None}, None, ()),
        ({"Origin": Unknown(Why.NOT_KNOWN_YET), "CustomKeyStoreId": "cks-1"}, None, ()),
    ],
)
def test_a_key_gives_the_grade_of_who_can_use_it(said: dict[str, Any], grade: int | None, modifiers: Any) -> None:
    control = keys.of_key(live({keys.DESCRIBE: {KEY: key_metadata(**said)}}), KEY, SAID)
    assert (control.grade, control.modifiers) == (grade, modifiers)
    assert (control.key, control.key_account, str(control.key_place)) == (KEY, ACCOUNT, "aws:ap-northeast-1")


@pytest.mark.parametrize("answers", [{}, {KEY: REFUSED}, {KEY: None}, {KEY: {}}, None])
def test_a_key_that_nobody_described_is_no_proof(answers: Any) -> None:
    control = keys.of_key(live({keys.DESCRIBE: answers}), KEY, SAID)
    assert (control.grade, control.key, control.said_by[0]) == (None, KEY, SAID)
    assert "".join(said.reason for said in control.said_by) == (REFUSED.reason if answers == {KEY: REFUSED} else "")


def test_an_alias_is_known_by_the_name_of_its_key() -> None:
    control = keys.of_key(live({keys.DESCRIBE: {"alias/x": key_metadata()}}), "alias/x", SAID)
    assert (control.grade, control.key) == (3, KEY)


def test_the_primary_of_a_replica_key_is_another_place_of_the_key() -> None:
    primary = "arn:aws:kms:us-east-1:123456789012:key/mrk-1"
    related = {"PrimaryKey": {"Arn": primary, "Region": "us-east-1"}, "ReplicaKeys": [{"Arn": KEY, "Region": TOKYO}]}
    document = live({keys.DESCRIBE: {KEY: key_metadata(MultiRegion=True, MultiRegionConfiguration=related)}})
    assert [line(copy) for copy in keys.replicas(document, KEY)] == [f"key aws:us-east-1 held by {primary}"]


# --- keys and key stores ----------------------------------------------------------------------

KEY_IN = {region: KEY.replace(TOKYO, region) for region in (SINGAPORE, "us-east-1")}


def a_key(described: Any, region: str = TOKYO) -> Store:
    arn = KEY.replace(TOKYO, region)
    body = {kms.LIST: {"Keys[]": {"KeyArn": arn, "KeyId": "11111111-2222-3333-4444-555555555555"}}}
    return placed(kms.place_key(live(body | {keys.DESCRIBE: {arn: described}, "@tags": kms.NOT_ASKED}, region)))[0]


def related(primary: str, *replicas: str) -> dict[str, Any]:
    named = [{"Arn": KEY.replace(TOKYO, region), "Region": region} for region in (primary, *replicas)]
    return {"MultiRegion": True, "MultiRegionConfiguration": {"PrimaryKey": named[0], "ReplicaKeys": named[1:]}}


@pytest.mark.parametrize(
    ("described", "told"),
    [
        (key_metadata(), [f"key aws:{TOKYO} grade 3"]),
        (key_metadata(Origin="AWS_CLOUDHSM"), [f"key aws:{TOKYO} grade 3 hsm"]),
        (key_metadata(Origin="EXTERNAL_KEY_STORE"), [f"key aws:{TOKYO} grade 4"]),
        (
            key_metadata(**related(TOKYO, SINGAPORE, "us-east-1")),
            [f"key aws:{TOKYO} grade 3", *(f"key aws:{region} held by {KEY_IN[region]}" for region in KEY_IN)],
        ),
        (
            key_metadata(**related("us-east-1", TOKYO)),
            [f"key aws:{TOKYO} grade 3", f"key aws:us-east-1 held by {KEY_IN['us-east-1']}"],
        ),
        (REFUSED, [f"key aws:{TOKYO} grade None", "key unresolved may-appear"]),
    ],
)
def test_a_key_stands_in_its_region_and_where_it_is_replicated(described: Any, told: list[str]) -> None:
    store = a_key(described)
    assert (store.id, store.kind, store.tags) == (KEY, "aws.kms.key", None)
    assert lines(store) == told


def test_a_key_abroad_that_protects_nothing_personal_is_no_finding(tmp_path: Path) -> None:
    far = key_metadata(Arn=KEY_IN[SINGAPORE], **related(SINGAPORE, TOKYO))
    store = a_key(far, SINGAPORE)
    run = save_run(tmp_path / "run.jsonl", store, *placed_store(proxied()), *placed_store({"CustomKeyStoreType": None}))
    _, findings = judge(run, config_of())
    assert [finding for finding in findings if finding.subject.kind == "store"] == []
    assert [finding.rule for finding in findings if finding.subject.id == store.id] == []


def proxied(**more: Any) -> dict[str, Any]:
    proxy = {"Connectivity": "PUBLIC_ENDPOINT", "UriEndpoint": "https://xks.example.com", "UriPath": "/kms/xks/v1"}
    return {"CustomKeyStoreType": "EXTERNAL_KEY_STORE", "XksProxyConfiguration": proxy | more}


def placed_store(said: dict[str, Any]) -> list[Any]:
    described = {"CustomKeyStoreId": "cks-1234567890abcdef0", "CustomKeyStoreName": "own"}
    return list(kms.place_key_store(live({kms.STORES: {"CustomKeyStores[]": described | said}})))


@pytest.mark.parametrize(
    ("said", "told", "field"),
    [
        ({"CustomKeyStoreType": "AWS_CLOUDHSM"}, f"key aws:{TOKYO}", "CustomKeyStoreType"),
        ({"CustomKeyStoreType": "AWS_CLOUDHSM", "ConnectionState": "FAILED"}, f"key aws:{TOKYO}", "CustomKeyStoreType"),
        (proxied(), "key unresolved", "XksProxyConfiguration.UriEndpoint"),
        (
            proxied(VpcEndpointServiceName="com.amazonaws.vpce.ap-northeast-1.vpce-svc-1"),
            "key unresolved",
            "XksProxyConfiguration.VpcEndpointServiceName",
        ),
        ({"CustomKeyStoreType": "SOMETHING_NEW"}, "key unresolved", "CustomKeyStoreType"),
        ({}, "key unresolved", "CustomKeyStoreType"),
    ],
)
def test_the_keys_of_a_store_stand_with_its_cluster_and_behind_a_proxy_nowhere_known(
    said: dict[str, Any], told: str, field: str
) -> None:
    (store,) = placed_store(said)
    assert store.id == f"arn:aws:kms:{TOKYO}:{ACCOUNT}:custom-key-store/cks-1234567890abcdef0"
    assert (store.name, store.tags, lines(store)) == ("own", {}, [told])
    assert store.copies[0].said_by == (Said(call=kms.STORES, field=f"CustomKeyStores[].{field}"),)


# --- listed for real --------------------------------------------------------------------------


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    with a_server_to_list(monkeypatch) as served:
        yield served


def test_the_keys_of_customers_are_listed_and_those_of_aws_are_not(at: Served) -> None:
    client = at.client("kms")
    plain, shared = (client.create_key(MultiRegion=many)["KeyMetadata"] for many in (False, True))
    client.replicate_key(KeyId=shared["KeyId"], ReplicaRegion=SINGAPORE)
    managed = client.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]["KeyId"]  # which makes it
    with at.rules(changes=[managed_by_aws(managed)]):
        here, abroad = Listed(at, kms.LISTINGS[0]), Listed(at, kms.LISTINGS[0], SINGAPORE)
    far = shared["Arn"].replace(TOKYO, SINGAPORE)
    assert len(client.list_keys()["Keys"]) == 3
    assert (here.gaps, abroad.gaps, here.edges) == ([], [], [])
    assert here.lines == {
        plain["KeyId"]: [f"key aws:{TOKYO} grade 3"],
        shared["KeyId"]: [f"key aws:{TOKYO} grade 3", f"key aws:{SINGAPORE} held by {far}"],
    }
    assert abroad.lines == {
        shared["KeyId"]: [f"key aws:{SINGAPORE} grade 3", f"key aws:{TOKYO} held by {shared['Arn']}"]
    }


def managed_by_aws(key: str) -> Change:
    """moto says of every key that a customer manages it."""

    def change(call: Call, reply: Reply) -> Reply:
        if call.action != "DescribeKey" or key.encode() not in call.body:
            return reply
        return changed(reply, reply.body.replace(b'"KeyManager": "CUSTOMER"', b'"KeyManager": "AWS"'))

    return change


def test_a_key_that_nobody_may_describe_is_a_gap_and_may_stand_elsewhere(at: Served) -> None:
    key = at.client("kms").create_key()["KeyMetadata"]
    with at.rules(when("kms", "DescribeKey", denied())):
        found = Listed(at, kms.LISTINGS[0])
    assert found.gaps == [(key["Arn"], keys.DESCRIBE, Status.DENIED)]
    assert found.lines == {key["KeyId"]: [f"key aws:{TOKYO} grade None", "key unresolved may-appear"]}


def test_key_stores_are_listed(at: Served) -> None:
    common = {"ConnectionState": "CONNECTED", "CreationDate": 1.6e9}
    stores = [
        {"CustomKeyStoreId": "cks-1", "CustomKeyStoreName": "hsm", "CustomKeyStoreType": "AWS_CLOUDHSM"},
        {"CustomKeyStoreId": "cks-2", "CustomKeyStoreName": "outside"} | proxied(),
    ]
    body = {"CustomKeyStores": [store | common for store in stores], "Truncated": False}
    with at.rules(when("kms", "DescribeCustomKeyStores", says(body))):
        found = Listed(at, kms.LISTINGS[1])
    assert (found.status, found.lines) == (Status.LISTED, {"hsm": [f"key aws:{TOKYO}"], "outside": ["key unresolved"]})


# --- as code ----------------------------------------------------------------------------------


def control_by(*resources: Block, reference: str) -> tuple[int | None, tuple[str, ...], str]:
    """Grade, modifiers and place of the key of a volume that refers to it."""
    volume = a_resource(
        "aws_ebs_volume.v",
        {"availability_zone": "ap-northeast-1a", "encrypted": True},
        {"id": True, "kms_key_id": True},
        {"encrypted": constant(True), "kms_key_id": refer(reference)},
    )
    control = Read(a_plan(*resources, volume)).stores["aws_ebs_volume.v"].copies[0].control
    assert control is not None
    return control.grade, control.modifiers, str(control.key_place)


@pytest.mark.parametrize(
    ("after", "unknown", "grade", "modifiers"),
    [
        ({}, {}, 3, ()),
        ({"custom_key_store_id": "cks-1"}, {}, 3, ("hsm",)),
        ({"custom_key_store_id": "cks-1", "xks_key_id": "x"}, {}, 4, ()),
        ({"custom_key_store_id": "cks-1"}, {"xks_key_id": True}, 4, ()),  # a key from outside, whichever
        ({}, {"custom_key_store_id": True}, 3, ("hsm",)),
    ],
)
def test_a_planned_key_proves_what_its_store_is(after: Block, unknown: Block, grade: int, modifiers: Any) -> None:
    key = a_resource("aws_kms_key.k", after, unknown | {"arn": True}, dict.fromkeys(unknown, refer("local.x")))
    assert control_by(key, reference="aws_kms_key.k.arn") == (grade, modifiers, "aws:ap-northeast-1")


def test_an_imported_key_is_the_customers() -> None:
    key = a_resource("aws_kms_external_key.k", {}, {"arn": True})
    assert control_by(key, reference="aws_kms_external_key.k.arn") == (3, (), "aws:ap-northeast-1")


@pytest.mark.parametrize("kind", ["aws_kms_alias", "aws_kms_grant", "aws_s3_bucket"])
def test_what_is_no_key_that_is_followed_proves_nothing(kind: str) -> None:
    other = a_resource(f"{kind}.k", {}, {"arn": True})
    assert control_by(other, reference=f"{kind}.k.arn") == (None, (), "None")


@pytest.mark.parametrize(
    ("after", "unknown", "grade"),
    [
        ({"arn": KEY, "key_manager": "AWS", "origin": "AWS_KMS"}, {}, 2),
        ({"arn": KEY, "key_manager": "CUSTOMER", "origin": "EXTERNAL_KEY_STORE"}, {}, 4),
        ({}, {"arn": True, "key_manager": True, "origin": True}, None),  # read only when the plan is applied
    ],
)
def test_a_key_that_a_data_source_read_proves_what_that_says(after: Block, unknown: Block, grade: int | None) -> None:
    key = a_resource("data.aws_kms_key.k", after, unknown)
    after = {"availability_zone": "ap-northeast-1a", "encrypted": True, "kms_key_id": after.get("arn")}
    unknown = {"id": True} | ({} if after["kms_key_id"] else {"kms_key_id": True})
    volume = a_resource("aws_ebs_volume.v", after, unknown, {"kms_key_id": refer("data.aws_kms_key.k.arn")})
    control = Read(a_plan(key, volume)).stores["aws_ebs_volume.v"].copies[0].control
    assert control is not None
    assert control.grade == grade


REPLICAS = [
    f"key aws:{SINGAPORE} held by aws_kms_replica_key.sg",
    "key aws:us-east-1 held by aws_kms_replica_key.chosen",
]


@pytest.mark.parametrize(
    ("address", "key", "others"),
    [
        ("aws_ebs_volume.by_own", "grade 3 by aws_kms_key.own in aws:ap-northeast-1", REPLICAS),
        ("aws_ebs_volume.by_alias", "grade 3 by aws_kms_key.own in aws:ap-northeast-1", REPLICAS),
        ("aws_s3_bucket.by_alias_name", "grade 3 by aws_kms_key.own in aws:ap-northeast-1", REPLICAS),
        # The plan makes an alias of that name in another region: here it is another key.
        ("aws_s3_bucket.by_alias_of_another_region", "grade None by alias/abroad", []),
        (
            "aws_ebs_volume.by_replica",
            "grade 3 by aws_kms_replica_key.sg in aws:ap-southeast-1",
            ["key aws:ap-northeast-1 held by aws_kms_key.own", REPLICAS[1]],
        ),
        (
            "aws_ebs_volume.by_replica_of_elsewhere",
            "grade 3 by aws_kms_replica_key.of_elsewhere in aws:ap-northeast-1",
            ["key aws:eu-west-2 held by arn:aws:kms:eu-west-2:123456789012:key/mrk-11111111222233334444555555555555"],
        ),
        (
            "aws_ebs_volume.by_imported",
            "grade 3 by aws_kms_external_key.imported in aws:ap-northeast-1",
            [f"key aws:{SINGAPORE} held by aws_kms_replica_external_key.sg"],
        ),
        ("aws_ebs_volume.by_outside", "grade 4 by aws_kms_key.outside in aws:ap-northeast-1", []),
        ("aws_ebs_volume.by_single", "grade 3 by aws_kms_key.single in aws:ap-northeast-1", []),
        ("aws_ebs_volume.by_alias_of_stranger", "grade None by 22222222-2222-3333-4444-555555555555", []),
    ],
)
def test_what_a_planned_key_encrypts_knows_where_the_key_stands(address: str, key: str, others: list[str]) -> None:
    primary, *copies = (text.partition(" <-")[0] for text in read("keys").told(address)[1:])
    assert primary.endswith(key)
    assert copies == others


def test_the_primary_of_a_replica_may_not_be_known_yet() -> None:
    replica = a_resource("aws_kms_replica_key.k", {}, {"arn": True, "primary_key_arn": True})
    volume = a_resource(
        "aws_ebs_volume.v",
        {"availability_zone": "ap-northeast-1a", "encrypted": True},
        {"id": True, "kms_key_id": True},
        {"encrypted": constant(True), "kms_key_id": refer("aws_kms_replica_key.k.arn")},
    )
    _, copy = Read(a_plan(replica, volume)).stores["aws_ebs_volume.v"].copies
    assert line(copy).removesuffix(" planned") == "key not-known-yet"


def test_a_replica_that_is_there_already_is_found_by_the_name_of_its_primary() -> None:
    """Of an applied plan: names are known, and a multi-Region key has one id in all its regions."""
    key = {"arn": KEY, "key_id": "mrk-1", "id": "mrk-1", "multi_region": True}
    far = {"arn": KEY_IN[SINGAPORE], "key_id": "mrk-1", "id": "mrk-1", "primary_key_arn": KEY}
    after = {"availability_zone": "ap-northeast-1a", "encrypted": True, "kms_key_id": KEY}
    plan = a_plan(
        a_resource("aws_kms_key.k", key),
        a_resource("aws_kms_replica_key.r", far),
        a_resource("aws_ebs_volume.v", after),
    )
    primary, copy = Read(plan).stores["aws_ebs_volume.v"].copies
    assert primary.control is not None
    assert (primary.control.grade, primary.control.key) == (3, KEY)
    assert (str(copy.place), copy.holder) == ("aws:ap-southeast-1", "aws_kms_replica_key.r")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("hsm", f"key aws:{TOKYO} <- custom_key_store_type of"),
        ("outside", "key unresolved <- xks_proxy_uri_endpoint of"),
        ("chosen", "key aws:us-east-1 <- custom_key_store_type of"),
    ],
)
def test_a_planned_key_store_stands_where_its_template_says(name: str, told: str) -> None:
    address = f"aws_kms_custom_key_store.{name}"
    assert read("keys").told(address) == [f"tf:s/{address} aws.kms.custom-key-store {{}}", f"{told} {address}"]
