"""What a key of a CloudFormation template proves for a queue that names it."""

from __future__ import annotations

import pytest

from tests.sources.plans import SINGAPORE, TOKYO
from tests.sources.stacks import TEMPLATES, Read

PRIMARY = f"arn:aws:kms:{TOKYO}:123456789012:key/mrk-11112222333344445555666677778888"
AN_ARN = f"arn:aws:kms:{SINGAPORE}:210987654321:key/11111111-2222-3333-4444-555555555555"
AT_PRIMARY = f"key aws:{TOKYO} held by {PRIMARY}"


def queue_with(key: str, region: str | None = SINGAPORE, **parameters: str) -> tuple[str, list[str]]:
    """How the messages of a queue are protected, and where else its key stands."""
    queue = f"  Queue: {{Type: AWS::SQS::Queue, Properties: {{KmsMasterKeyId: {key}}}}}\n"
    primary, *others = Read((TEMPLATES / "kms.yaml").read_text("utf-8") + queue, region, **parameters).copies("Queue")
    return primary.partition(" grade ")[2], others


@pytest.mark.parametrize(
    ("key", "told", "others"),
    [
        ("!Ref Key", f"3 by Key in aws:{SINGAPORE}", []),
        ("!GetAtt Key.Arn", f"3 by Key in aws:{SINGAPORE}", []),
        ("!Sub '${Key.Arn}'", f"3 by Key in aws:{SINGAPORE}", []),
        ("!Ref Imported", f"3 by Imported in aws:{SINGAPORE}", []),
        ("!Ref AnyMaterial", f"3 by AnyMaterial in aws:{SINGAPORE}", []),  # of either origin the grade is the same
        ("!Ref MultiRegion", f"3 by MultiRegion in aws:{SINGAPORE}", []),  # no replica until something is one
        ("!GetAtt OfTokyo.Arn", f"3 by OfTokyo in aws:{SINGAPORE}", [AT_PRIMARY]),
        ("!Ref OfAnother", f"3 by OfAnother in aws:{SINGAPORE}", ["key not-known-yet"]),
        ("!Ref Alias", f"3 by Key in aws:{SINGAPORE}", []),
        ("alias/members", f"3 by Key in aws:{SINGAPORE}", []),
        ("alias/by-arn", f"3 by OfTokyo in aws:{SINGAPORE}", [AT_PRIMARY]),
        ("alias/another", "None by alias/another", []),
        ("alias/twice", "None by alias/twice", []),  # which of two keys is not known
        ("alias/of-nobody", "None by alias/of-nobody", []),
        (AN_ARN, f"None by {AN_ARN} in aws:{SINGAPORE}", []),
        ("!Ref Given", "None", []),
        ("!ImportValue key", "None", []),
        ("!If [Perhaps, !Ref Key, !Ref Imported]", "None", []),
        ("!If [Never, !Ref Given, !Ref Key]", f"3 by Key in aws:{SINGAPORE}", []),
        ("!Ref NeverMade", "None", []),
    ],
)
def test_a_key_is_found_by_every_name_that_a_template_gives_it(key: str, told: str, others: list[str]) -> None:
    assert queue_with(key) == (told, others)


def test_a_key_that_a_parameter_names_is_the_one_that_was_given() -> None:
    assert queue_with("!Ref Given", Given="alias/members") == (f"3 by Key in aws:{SINGAPORE}", [])
    assert queue_with("!Ref Given", Given=AN_ARN) == (f"None by {AN_ARN} in aws:{SINGAPORE}", [])


def test_a_replica_stands_in_the_region_of_its_stack_and_its_primary_where_its_name_says() -> None:
    abroad = "arn:aws:kms:us-east-1:123456789012:key/mrk-1"
    told, others = queue_with("!Ref OfTokyo", TOKYO, Tokyo=abroad)
    assert (told, others) == (f"3 by OfTokyo in aws:{TOKYO}", [f"key aws:us-east-1 held by {abroad}"])


def test_without_a_region_a_key_stands_nowhere_that_is_known_and_an_alias_is_nobodys() -> None:
    assert queue_with("!Ref Key", None) == ("3 by Key", [])
    assert queue_with("alias/members", None) == ("None by alias/members", [])


def test_keys_and_aliases_are_no_stores() -> None:
    assert Read("kms.yaml").stores == {}
