"""From a key's description to the grade of what it protects, and to the places where the key stands."""

from __future__ import annotations

from typing import Any

import pytest

from residency.clouds.answers import Document, Origin, Unknown
from residency.clouds.aws import keys
from residency.model import Control, Copy, Place, Role, Said, Why

KEY = "arn:aws:kms:ap-northeast-1:123456789012:key/mrk-1"
SAID = Said(call="s3:GetBucketEncryption", field="Rules[]")
TOKYO, SINGAPORE, OREGON = (
    Place(namespace="aws", code=code) for code in ("ap-northeast-1", "ap-southeast-1", "us-west-2")
)


def a_document(metadata: Any, key: str = KEY) -> Document:
    answer = metadata if isinstance(metadata, Unknown) or metadata is None else {"KeyMetadata": metadata}
    return Document({keys.DESCRIBE: {key: answer}}, Origin(source="prod", partition="aws", account="123456789012"))


def control(metadata: Any, key: str = KEY) -> Control:
    return keys.of_key(a_document(metadata, key), key, SAID)


def metadata(manager: str | None = "CUSTOMER", origin: str | None = "AWS_KMS", **more: Any) -> dict[str, Any]:
    return {"KeyId": "mrk-1", "Arn": KEY, "KeyManager": manager, "Origin": origin} | more


@pytest.mark.parametrize(
    ("manager", "origin", "grade", "modifiers"),
    [
        ("CUSTOMER", "EXTERNAL_KEY_STORE", 4, ()),
        ("CUSTOMER", "AWS_CLOUDHSM", 3, ("hsm",)),
        ("CUSTOMER", "AWS_KMS", 3, ()),
        ("CUSTOMER", "EXTERNAL", 3, ()),
        ("AWS", "AWS_KMS", 2, ("provider-managed-key",)),
        # A word that nobody knows yet is no grade.
        ("CUSTOMER", "SOMETHING_NEW", None, ()),
        ("CUSTOMER", None, None, ()),
        ("SOMEBODY", "AWS_KMS", None, ()),
        (None, "EXTERNAL_KEY_STORE", None, ()),
    ],
)
def test_every_origin_has_its_grade(
    manager: str | None, origin: str | None, grade: int | None, modifiers: tuple[str, ...]
) -> None:
    found = control(metadata(manager, origin))
    assert (found.grade, found.modifiers) == (grade, modifiers)


def test_every_origin_that_the_provider_has_is_known() -> None:
    import botocore.session

    shape = botocore.session.get_session().get_service_model("kms").shape_for("OriginType")
    assert {control(metadata(origin=origin)).grade for origin in shape.enum} == {3, 4}


@pytest.mark.parametrize("answer", [Unknown(Why.UNRESOLVED, "kms:DescribeKey denied"), None, {}])
def test_a_key_that_could_not_be_read_has_no_grade_but_keeps_its_name(answer: Any) -> None:
    found = control(answer)
    assert (found.grade, found.key, found.key_account, found.key_place) == (None, KEY, "123456789012", TOKYO)
    assert found.said_by[0] == SAID
    assert [said.reason for said in found.said_by[1:]] == ([answer.reason] if isinstance(answer, Unknown) else [])


def test_an_alias_is_what_its_description_says() -> None:
    found = control(metadata(), key="alias/data")
    assert (found.grade, found.key, found.key_place) == (3, KEY, TOKYO)
    assert [said.call for said in found.said_by] == ["s3:GetBucketEncryption", "kms:DescribeKey"]


def test_an_alias_that_could_not_be_read_stands_nowhere_that_is_known() -> None:
    found = control(Unknown(Why.UNRESOLVED), key="alias/data")
    assert (found.grade, found.key, found.key_account, found.key_place) == (None, "alias/data", None, None)


def test_a_key_of_another_account_is_said_to_be() -> None:
    theirs = KEY.replace("123456789012", "210987654321")
    assert control(metadata(Arn=theirs), key=theirs).key_account == "210987654321"


def related(primary: str, *replicas: str) -> dict[str, Any]:
    def key(region: str) -> dict[str, str]:
        return {"Arn": KEY.replace("ap-northeast-1", region), "Region": region}

    return {"PrimaryKey": key(primary), "ReplicaKeys": [key(region) for region in replicas]}


@pytest.mark.parametrize(
    ("configuration", "places"),
    [
        (related("ap-northeast-1", "ap-southeast-1", "us-west-2"), [SINGAPORE, OREGON]),
        (related("us-west-2", "ap-northeast-1", "ap-southeast-1"), [OREGON, SINGAPORE]),
        (related("ap-northeast-1"), []),
        ({}, []),
    ],
    ids=["of the primary", "of a replica", "without replicas", "not told"],
)
def test_the_other_regions_of_a_key_are_copies_of_it(configuration: dict[str, Any], places: list[Place]) -> None:
    document = a_document(metadata(MultiRegion=True, MultiRegionConfiguration=configuration))
    copies = list(keys.replicas(document, KEY))
    assert [copy.place for copy in copies] == places
    assert all(copy.role is Role.KEY and copy.holder and copy.holder != KEY for copy in copies)


def test_a_key_of_one_region_and_a_key_that_could_not_be_read_have_no_copies() -> None:
    def copies(answer: Any) -> list[Copy]:
        return list(keys.replicas(a_document(answer), KEY))

    assert copies(metadata(MultiRegion=False)) == []
    assert copies(Unknown(Why.UNRESOLVED)) == []
