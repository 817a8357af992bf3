"""What an Amazon Resource Name says, and what it does not."""

from __future__ import annotations

import pytest

from residency.clouds.aws.arn import Arn, parse_arn
from residency.model import Place


@pytest.mark.parametrize(
    ("text", "arn"),
    [
        ("arn:aws:s3:::logs", Arn("aws", "s3", None, None, "logs")),
        ("arn:aws:sts::123456789012:assumed-role/r/s", Arn("aws", "sts", None, "123456789012", "assumed-role/r/s")),
        (
            "arn:aws-cn:rds:cn-north-1:123456789012:db:main",
            Arn("aws-cn", "rds", "cn-north-1", "123456789012", "db:main"),
        ),
        ("arn:aws:kms:*:123456789012:key/mrk-1", Arn("aws", "kms", "*", "123456789012", "key/mrk-1")),
    ],
)
def test_a_name_has_six_parts_and_comes_back_as_it_was(text: str, arn: Arn) -> None:
    assert parse_arn(text) == arn
    assert str(arn) == text


@pytest.mark.parametrize("text", ["", "alias/aws/s3", "arn:aws:s3", "arn::s3:::logs", "urn:aws:s3:::logs", None, 7])
def test_what_is_no_name_is_none(text: object) -> None:
    assert parse_arn(text) is None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("arn:aws:kms:ap-northeast-1:123456789012:key/1", Place(namespace="aws", code="ap-northeast-1")),
        ("arn:aws-cn:kms:cn-north-1:123456789012:key/1", Place(namespace="aws-cn", code="cn-north-1")),
        ("arn:aws:s3:::logs", None),
        ("arn:aws:kms:*:123456789012:key/mrk-1", None),
        ("arn:aws:kms:ap-*:123456789012:key/mrk-1", None),
    ],
)
def test_a_name_without_one_region_says_no_place(text: str, place: Place | None) -> None:
    arn = parse_arn(text)
    assert arn is not None
    assert arn.place == place
