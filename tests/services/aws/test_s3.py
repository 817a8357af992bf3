"""What the answers about a bucket mean."""

from __future__ import annotations

from typing import Any

import pytest

from residency.clouds.answers import Unknown
from residency.clouds.aws.keys import DESCRIBE
from residency.model import Followed, Why
from residency.services.aws import s3
from tests.services.documents import ACCOUNT, KEY, PARTNER, REFUSED, key_metadata, lines, live, placed

THERE = "arn:aws:s3:::there"
NO_RULES: dict[str, Any] = {s3.TAGGING: None, s3.REPLICATION: None, s3.ENCRYPTION: None}


def bucket(region: str | None = "ap-northeast-1", **answers: Any) -> dict[str, Any]:
    """A listed bucket with what the calls say of it; a call is named by its last word."""
    named = {"tags": s3.TAGGING, "replication": s3.REPLICATION, "encryption": s3.ENCRYPTION, "key": DESCRIBE}
    listed = {"Name": "here"} | ({"BucketRegion": region} if region else {})
    return {s3.LIST: {"Buckets[]": listed}} | NO_RULES | {named.get(key, key): said for key, said in answers.items()}


def rules(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"ReplicationConfiguration": {"Role": "arn:aws:iam::123456789012:role/r", "Rules": list(rules)}}


def rule(arn: str = THERE, status: str = "Enabled", **destination: Any) -> dict[str, Any]:
    return {"ID": "r", "Status": status, "Destination": {"Bucket": arn} | destination}


def encryption(algorithm: str, key: str | None = None) -> dict[str, Any]:
    default = {"SSEAlgorithm": algorithm} | ({"KMSMasterKeyID": key} if key else {})
    return {"ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}}


def told(body: dict[str, Any]) -> list[str]:
    return lines(placed(s3.place_bucket(live(body, region=None)))[0])


def test_a_bucket_stands_where_its_listing_says() -> None:
    tags = {"TagSet": [{"Key": "data", "Value": "personal"}, {"Key": "empty", "Value": ""}]}
    store, edges = placed(s3.place_bucket(live(bucket(tags=tags), region=None)))
    assert (store.id, store.name, store.account) == ("arn:aws:s3:::here", "here", ACCOUNT)
    assert (store.region, store.followed, store.tags) == (
        "ap-northeast-1",
        Followed.SOME,
        {"data": "personal", "empty": ""},
    )
    assert lines(store) == ["primary aws:ap-northeast-1 grade 2"]
    assert [str(said) for said in store.copies[0].said_by] == ["s3:ListBuckets Buckets[].BucketRegion"]
    assert edges == []


def test_a_bucket_whose_listing_says_no_region_stands_where_head_bucket_says() -> None:
    store, _ = placed(s3.place_bucket(live(bucket(None, **{s3.HEAD: {"BucketRegion": "eu-west-1"}}))))
    assert str(store.copies[0].place) == "aws:eu-west-1"
    assert str(store.copies[0].said_by[0]) == "s3:HeadBucket BucketRegion"


@pytest.mark.parametrize("head", [REFUSED, {}, None])
def test_a_bucket_that_nobody_placed_stands_nowhere_that_is_known(head: Any) -> None:
    store, _ = placed(s3.place_bucket(live(bucket(None, **{s3.HEAD: head}), region="us-east-1")))
    assert (store.copies[0].place, store.copies[0].why, store.region) == (None, Why.UNRESOLVED, None)


def test_the_location_constraint_eu_is_a_word_of_its_own() -> None:
    assert told(bucket("EU")) == ["primary aws.s3:EU grade 2"]


def test_refused_tags_are_not_absent_tags() -> None:
    for answer, tags in ((REFUSED, None), (None, {}), ({"TagSet": []}, {})):
        assert placed(s3.place_bucket(live(bucket(tags=answer))))[0].tags == tags


@pytest.mark.parametrize(
    ("answer", "control"),
    [
        (None, "grade 2"),
        (encryption("AES256"), "grade 2"),
        (encryption("aws:kms"), "grade 2 provider-managed-key"),
        (encryption("aws:kms:dsse"), "grade 2 provider-managed-key"),
        (encryption("aws:kms", KEY), "grade 3"),
        (encryption("aws:kms", "arn:aws:kms:eu-west-1:1:key/x"), "grade None"),  # nobody described it
        (encryption("aws:fsx"), "grade None"),
        ({"ServerSideEncryptionConfiguration": {"Rules": [{}]}}, "grade None"),
        (REFUSED, "grade None"),
    ],
)
def test_the_grade_is_that_of_the_key_that_protects_new_objects(answer: Any, control: str) -> None:
    assert told(bucket(encryption=answer, key={KEY: key_metadata()})) == [f"primary aws:ap-northeast-1 {control}"]


def test_a_refused_key_gives_no_grade() -> None:
    assert told(bucket(encryption=encryption("aws:kms", KEY), key={KEY: REFUSED})) == [
        "primary aws:ap-northeast-1 grade None"
    ]


def test_a_replica_of_the_key_is_a_place_of_its_own() -> None:
    there = "arn:aws:kms:ap-southeast-1:123456789012:key/mrk-1"
    related = {
        "PrimaryKey": {"Arn": KEY, "Region": "ap-northeast-1"},
        "ReplicaKeys": [{"Arn": there, "Region": "ap-southeast-1"}],
    }
    key = {KEY: key_metadata(MultiRegion=True, MultiRegionConfiguration=related)}
    assert told(bucket(encryption=encryption("aws:kms", KEY), key=key)) == [
        "primary aws:ap-northeast-1 grade 3",
        f"key aws:ap-southeast-1 held by {there}",
    ]


def test_a_replica_stands_where_head_bucket_found_its_destination() -> None:
    destination = rule(Account=PARTNER, EncryptionConfiguration={"ReplicaKmsKeyID": KEY})
    body = bucket(replication=rules(destination), key={KEY: key_metadata()})
    body["destinations"] = {THERE: {"BucketRegion": "ap-southeast-1"}}
    store, edges = placed(s3.place_bucket(live(body)))
    assert lines(store)[1:] == [f"replica aws:ap-southeast-1 held by {THERE} of {PARTNER} grade 3"]
    assert str(store.copies[1].said_by[0]) == (
        "s3:GetBucketReplication ReplicationConfiguration.Rules[].Destination.Bucket"
    )
    assert edges == [f"arn:aws:s3:::here -> {THERE}"]


@pytest.mark.parametrize("head", [REFUSED, None])
def test_a_destination_that_could_not_be_asked_is_a_replica_without_a_place(head: Any) -> None:
    body = bucket(replication=rules(rule())) | {"destinations": {THERE: head}}
    assert told(body)[1:] == [f"replica unresolved held by {THERE}"]


def test_refused_replication_may_be_a_replica() -> None:
    assert told(bucket(replication=REFUSED))[1:] == ["replica unresolved may-appear"]


def test_a_disabled_rule_still_places_its_copy() -> None:
    body = bucket(replication=rules(rule(status="Disabled")))
    body["destinations"] = {THERE: {"BucketRegion": "ap-southeast-1"}}
    store, edges = placed(s3.place_bucket(live(body)))
    assert lines(store)[1:] == [f"replica aws:ap-southeast-1 former held by {THERE}"]
    assert edges == [f"arn:aws:s3:::here -> {THERE} former"]


@pytest.mark.parametrize("order", [1, -1])
def test_a_rule_that_is_on_counts_before_one_to_the_same_bucket_that_is_off(order: int) -> None:
    pair = [rule(status="Disabled"), rule()][::order]
    assert told(bucket(replication=rules(*pair)))[1:] == [f"replica unresolved held by {THERE}"]


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_rules_to_one_bucket_the_one_that_protects_less_counts(order: int) -> None:
    pair = [rule(EncryptionConfiguration={"ReplicaKmsKeyID": KEY}), rule()][::order]
    body = bucket(replication=rules(*pair), key={KEY: key_metadata()})
    assert told(body)[1:] == [f"replica unresolved held by {THERE}"]


def test_rules_without_a_name_of_their_destination_are_each_a_replica() -> None:
    late = {"Status": "Enabled", "Destination": {"Bucket": Unknown(Why.NOT_KNOWN_YET)}}
    assert told(bucket(replication=rules(late, rule(), late)))[1:] == [
        "replica not-known-yet",
        f"replica unresolved held by {THERE}",
        "replica not-known-yet",
    ]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a--apne1-az4--x-s3", "apne1-az4"),
        ("a--b--euc1-ist1-az1--x-s3", "euc1-ist1-az1"),
        ("unnamed", ""),
        ("a--apne1-az4", ""),
        ("apne1-az4--x-s3", ""),
    ],
)
def test_a_directory_bucket_carries_the_id_of_its_zone_in_its_name(name: str, code: str) -> None:
    body = {s3.DIRECTORY: {"Buckets[]": {"Name": name}}, "@tags": REFUSED}
    store, _ = placed(s3.place_directory_bucket(live(body)))
    assert store.id == f"arn:aws:s3express:ap-northeast-1:{ACCOUNT}:bucket/{name}"
    assert lines(store) == [f"primary aws:{code} grade None" if code else "primary unresolved grade None"]
    assert store.tags is None
