"""What a plan marks as sensitive is never held: neither shown, nor taken as known."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sources.plans import BUCKET_UNKNOWN, Read, a_plan, a_resource

SECRET = "s3cr3t-4711"


def a_bucket(after: dict[str, Any], sensitive: Any) -> Read:
    change = {"after_sensitive": sensitive}
    return Read(a_plan(a_resource("aws_s3_bucket.b", after, BUCKET_UNKNOWN, change=change)))


def held(read: Read) -> str:
    return "".join(record.model_dump_json() for record in read.records)


def test_a_sensitive_name_is_not_held_and_the_store_is_known_by_its_address() -> None:
    read = a_bucket({"bucket": SECRET, "tags": {"data": "personal"}}, {"bucket": True, "tags": {}})
    (store,) = read.stores.values()
    assert (store.id, store.name, store.tags) == ("tf:s/aws_s3_bucket.b", "", {"data": "personal"})
    assert SECRET not in held(read)


@pytest.mark.parametrize("sensitive", [{"tags": True}, {"tags": {"data": True}}, {"tags": True, "tags_all": True}])
def test_sensitive_tags_could_not_be_read(sensitive: dict[str, Any]) -> None:
    after = {"bucket": "b", "tags": {"data": SECRET}}
    read = a_bucket(after | {"tags_all": after["tags"]}, sensitive | {"tags_all": sensitive.get("tags")})
    (store,) = read.stores.values()
    assert store.tags is None
    assert SECRET not in held(read)


def test_a_sensitive_place_is_unknown_and_never_the_region() -> None:
    after = {"availability_zone": SECRET, "size": 1}
    change = {"after_sensitive": {"availability_zone": True}}
    read = Read(a_plan(a_resource("aws_ebs_volume.v", after, {"id": True, "arn": True}, change=change)))
    assert read.place("aws_ebs_volume.v") == "not-known-yet"
    assert SECRET not in held(read)


def test_a_sensitive_value_inside_a_block_is_unknown() -> None:
    rule = [{"id": "r", "status": "Enabled", "destination": [{"bucket": f"arn:aws:s3:::{SECRET}"}]}]
    after = {"bucket": "source", "role": "r", "rule": rule}
    change = {"after_sensitive": {"rule": [{"destination": [{"bucket": True}]}]}}
    kind = "aws_s3_bucket_replication_configuration"
    read = Read(a_plan(a_resource(f"{kind}.r", after, {"id": True}, change=change)))
    assert SECRET not in held(read)
    replicas = [copy for store in read.stores.values() for copy in store.copies if copy.role == "replica"]
    assert [(copy.place, copy.holder) for copy in replicas] == [(None, None)]


def test_a_sensitive_value_of_a_state_is_not_held() -> None:
    resource = {
        "address": "aws_s3_bucket.b",
        "mode": "managed",
        "type": "aws_s3_bucket",
        "name": "b",
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "values": {"bucket": SECRET, "region": "ap-northeast-1"},
        "sensitive_values": {"bucket": True},
    }
    document = {"format_version": "1.2", "planned_values": {"root_module": {"resources": [resource]}}}
    read = Read(document)
    assert json.dumps(SECRET) not in held(read)
    assert read.place("aws_s3_bucket.b") == "aws:ap-northeast-1"
