"""Globs are anchored, all keys must match, and a thing without a name matches nothing."""

from __future__ import annotations

import pytest

from residency.policy.matching import Names, matches
from residency.policy.models import Match


@pytest.mark.parametrize(
    ("glob", "name", "matched"),
    [
        ("logs", "logs", True),
        ("logs", "my-logs", False),
        ("logs", "logs-2", False),
        ("logs", "my-logs-2", False),
        ("logs", "logs\n", False),
        ("logs", "Logs", False),
        ("*logs", "my-logs", True),
        ("logs*", "logs-2", True),
        ("*", "", True),
        ("*", "a\nb", True),
        ("user-?", "user-1", True),
        ("user-?", "user-12", False),
        ("user-[ab]", "user-a", True),
        ("user-[!ab]", "user-a", False),
        ("a.b", "axb", False),
        ("arn:aws:s3:::user-*", "arn:aws:s3:::user-uploads", True),
        ("arn:aws:s3:::user-*", "arn:aws:s3:::other/arn:aws:s3:::user-x", False),
        ("ユーザー*", "ユーザー情報", True),
    ],
)
def test_a_glob_is_anchored_at_both_ends(glob: str, name: str, matched: bool) -> None:
    assert matches(Match.model_validate({"name": glob}), {"name": name}) is matched


@pytest.mark.parametrize(
    ("match", "matched"),
    [
        ({"account": "1*", "region": "eu-west-1"}, True),
        ({"account": "1*", "region": "eu-west-2"}, False),
        ({"account": "2*", "region": "eu-west-1"}, False),
        ({"region": ["us-*", "eu-*"]}, True),
        ({"region": ["us-*", "ap-*"]}, False),
        ({"tag": "data=public"}, True),
        ({"tag": ["data=none", "team=a"]}, True),
        ({"tag": "team=b"}, False),
        ({"tag": "data=public", "account": "2*"}, False),
        ({"ou": "*"}, False),
        ({"stack": "*"}, False),
        ({"role": "*"}, False),
    ],
)
def test_all_keys_must_match_one_of_their_values(match: dict[str, object], matched: bool) -> None:
    names: Names = {"account": "123", "region": "eu-west-1", "tag": ["data=public", "team=a"], "ou": None, "role": []}
    assert matches(Match.model_validate(match), names) is matched
