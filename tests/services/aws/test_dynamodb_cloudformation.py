"""DynamoDB and S3 in CloudFormation templates."""

from __future__ import annotations

import pytest

from tests.sources.stacks import Read

STORES = Read("stores.yaml")
HERE = "primary aws:ap-northeast-1"
PLACES = {
    "Members": [
        f"{HERE} grade 3 by Key in aws:ap-northeast-1",
        "replica unresolved held by arn:aws:s3:::member-elsewhere of 999999999999 grade None "
        "by arn:aws:kms:ap-southeast-1:999999999999:key/1 in aws:ap-southeast-1",
    ],
    "Unnamed": [f"{HERE} grade 2"],
    "MaybeGone": [f"{HERE} grade 2"],
    "Plain": [f"{HERE} grade 3 by Key in aws:ap-northeast-1"],
    "Table": [
        f"{HERE} grade 2",
        "replica aws:us-west-2 grade None by arn:aws:kms:us-west-2:123456789012:key/2 in aws:us-west-2",
        "replica not-known-yet",
        "replica aws:eu-central-1",
        "replica not-known-yet",
        "witness aws:ap-northeast-2",
    ],
    "Zone": ["primary aws:apne1-az4 grade None"],
    "NamedZone": ["primary not-known-yet grade None"],
    "Simple": [f"{HERE} grade 2"],
}


@pytest.mark.parametrize("address", PLACES)
def test_a_store_stands_where_its_template_says(address: str) -> None:
    assert STORES.copies(address) == PLACES[address]


def test_what_a_condition_takes_out_is_no_store_and_what_it_may_take_out_is_one() -> None:
    assert "Gone" not in STORES.stores
    assert "MaybeGone" in STORES.stores


def test_without_a_region_nothing_is_placed_but_what_names_its_place() -> None:
    nowhere = Read("stores.yaml", region=None)
    assert nowhere.place("Members") == nowhere.place("Unnamed") == nowhere.place("Table") == "unresolved"
    assert nowhere.place("Zone") == "aws:apne1-az4"


@pytest.mark.parametrize(
    ("abroad", "place"), [("us-east-1", "aws:us-east-1"), ("ap-southeast-1", "aws:ap-southeast-1")]
)
def test_a_parameter_that_is_given_places_its_replica(abroad: str, place: str) -> None:
    copies = Read("stores.yaml", Abroad=abroad).copies("Table")
    assert f"replica {place}" in copies
    assert ("replica aws:us-east-1" if abroad == "us-east-1" else "replica aws:eu-west-1") == copies[-2]


KEYS = """\
Resources:
  Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {}}}
  Alias: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/x, TargetKeyId: !Ref Key}}
  Table:
    Type: AWS::DynamoDB::GlobalTable
    Properties:
      TableName: members
      SSESpecification: {SSEEnabled: true, SSEType: KMS}
      Replicas:
        - {Region: ap-northeast-1, SSESpecification: {KMSMasterKeyId: alias/x}}
        - {Region: us-west-2, SSESpecification: {KMSMasterKeyId: alias/x}}
"""


def test_an_alias_is_the_key_of_its_own_region_and_of_no_other() -> None:
    primary, replica = Read(KEYS).copies("Table")
    assert primary == "primary aws:ap-northeast-1 grade 3 by Key in aws:ap-northeast-1"
    assert replica == "replica aws:us-west-2 grade None by alias/x"


@pytest.mark.parametrize(
    ("second", "tags"),
    [
        ("[{Key: data, Value: personal}]", {"data": "personal"}),
        ("[]", {"data": "personal"}),
        ("[{Key: data, Value: public}]", None),
        ("!ImportValue x", None),
    ],
)
def test_the_tags_of_a_global_table_stand_with_its_replicas(second: str, tags: dict[str, str] | None) -> None:
    text = f"""\
Resources:
  T:
    Type: AWS::DynamoDB::GlobalTable
    Properties:
      Replicas:
        - {{Region: ap-northeast-1, Tags: [{{Key: data, Value: personal}}]}}
        - Region: ap-southeast-1
          Tags: {second}
"""
    assert Read(text).stores["T"].tags == tags
