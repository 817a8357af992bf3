"""What a template's key proves, and what DescribeKey's answer proves: the same reading for both."""

from __future__ import annotations

from typing import Any

import pytest

from residency.clouds.answers import Unknown
from residency.clouds.aws import keys
from residency.model import Said, Why
from tests.services.documents import ACCOUNT, KEY, REFUSED, key_metadata, line, live
from tests.sources.plans import TOKYO, Block, Read, a_plan, a_resource, constant, refer

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
    assert (control.grade, control.key, control.said_by) == (None, KEY, (SAID,))


def test_an_alias_is_known_by_the_name_of_its_key() -> None:
    control = keys.of_key(live({keys.DESCRIBE: {"alias/x": key_metadata()}}), "alias/x", SAID)
    assert (control.grade, control.key) == (3, KEY)


def test_the_primary_of_a_replica_key_is_another_place_of_the_key() -> None:
    primary = "arn:aws:kms:us-east-1:123456789012:key/mrk-1"
    related = {"PrimaryKey": {"Arn": primary, "Region": "us-east-1"}, "ReplicaKeys": [{"Arn": KEY, "Region": TOKYO}]}
    document = live({keys.DESCRIBE: {KEY: key_metadata(MultiRegion=True, MultiRegionConfiguration=related)}})
    assert [line(copy) for copy in keys.replicas(document, KEY)] == [f"key aws:us-east-1 held by {primary}"]


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


@pytest.mark.parametrize("kind", ["aws_kms_replica_key", "aws_kms_alias", "aws_s3_bucket"])
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
