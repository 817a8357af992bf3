"""What the answers about queues mean, live and as code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from residency.clouds.answers import Unknown
from residency.clouds.aws.keys import DESCRIBE
from residency.demo.server import Reply, changed, denied
from residency.model import Status, Why
from residency.services.aws import sqs
from tests.services.documents import ACCOUNT, KEY, REFUSED, TOKYO, key_metadata, lines, live, placed
from tests.services.listed import Listed, a_server_to_list
from tests.serving import PERSONAL, Served, when
from tests.sources.plans import Block, Read, a_plan, a_resource, constant, read, refer

HERE, DEAD = (f"arn:aws:sqs:{TOKYO}:{ACCOUNT}:{name}" for name in ("orders", "dead"))


def queue(attributes: Any = None, tags: Any = None) -> dict[str, Any]:
    asked = attributes if isinstance(attributes, Unknown) else {"Attributes": {"QueueArn": HERE} | (attributes or {})}
    listed = {"QueueUrls[]": f"https://sqs.{TOKYO}.amazonaws.com/{ACCOUNT}/orders"}
    return {sqs.LIST: listed, sqs.ATTRIBUTES: asked, sqs.TAGGED: tags}


def told(attributes: Any = None) -> list[str]:
    body = queue(attributes) | {DESCRIBE: {KEY: key_metadata()}}
    return lines(placed(sqs.place_queue(live(body)))[0])


def redrive(arn: str = DEAD, **more: Any) -> dict[str, str]:
    return {"SqsManagedSseEnabled": "true", "RedrivePolicy": json.dumps({"deadLetterTargetArn": arn} | more)}


def test_a_queue_is_named_by_its_address_and_stands_in_its_region() -> None:
    store, edges = placed(sqs.place_queue(live(queue({"SqsManagedSseEnabled": "true"}))))
    assert (store.id, store.name, store.kind, store.account) == (HERE, "orders", "aws.sqs.queue", ACCOUNT)
    assert (store.region, lines(store), edges) == (TOKYO, [f"primary aws:{TOKYO} grade 2"], [])
    assert str(store.copies[0].said_by[0]) == "sqs:GetQueueAttributes Attributes.QueueArn"


@pytest.mark.parametrize(
    ("answer", "tags"), [({"Tags": {"data": "personal"}}, {"data": "personal"}), (None, {}), (REFUSED, None)]
)
def test_refused_tags_are_not_absent_tags(answer: Any, tags: dict[str, str] | None) -> None:
    assert placed(sqs.place_queue(live(queue(tags=answer))))[0].tags == tags


@pytest.mark.parametrize(
    ("attributes", "control"),
    [
        ({"SqsManagedSseEnabled": "true"}, "grade 2"),
        ({"SqsManagedSseEnabled": "false"}, "grade 0"),
        ({}, "grade 0"),
        ({"KmsMasterKeyId": "alias/aws/sqs"}, "grade 2 provider-managed-key"),
        ({"KmsMasterKeyId": KEY, "SqsManagedSseEnabled": "false"}, "grade 3"),
        ({"KmsMasterKeyId": "alias/refused"}, "grade None"),
        ({"KmsMasterKeyId": "", "SqsManagedSseEnabled": "true"}, "grade 2"),
        (REFUSED, "grade None"),
    ],
)
def test_the_grade_of_a_queue_is_that_of_its_key(attributes: Any, control: str) -> None:
    assert told(attributes)[0] == f"primary aws:{TOKYO} {control}"


@pytest.mark.parametrize(
    ("attributes", "copies"),
    [
        (redrive(), [f"export aws:{TOKYO} held by {DEAD} of {ACCOUNT}"]),
        (redrive(maxReceiveCount="3"), [f"export aws:{TOKYO} held by {DEAD} of {ACCOUNT}"]),
        (redrive("a name"), ["export unresolved held by a name"]),
        ({"RedrivePolicy": '{"deadLetterTargetArn":'}, ["export unresolved"]),
        ({"RedrivePolicy": ""}, []),
        ({"RedrivePolicy": "{}"}, []),
        ({}, []),
        (REFUSED, ["export unresolved may-appear"]),
    ],
)
def test_messages_that_nobody_took_are_kept_in_the_queue_that_the_policy_names(
    attributes: Any, copies: list[str]
) -> None:
    assert told(attributes)[1:] == copies


def test_a_queue_of_undelivered_messages_is_reached_by_an_edge() -> None:
    assert placed(sqs.place_queue(live(queue(redrive()))))[1] == [f"{HERE} -> {DEAD}"]


# --- listed for real --------------------------------------------------------------------------


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    with a_server_to_list(monkeypatch) as served:
        yield served


def answered(body: bytes) -> Reply:
    headers = [("Content-Type", "application/x-amz-json-1.0"), ("x-amzn-RequestId", "8f0d54da")]
    return changed(Reply(200, headers, b""), body)


def test_queues_are_listed_with_their_tags_their_key_and_where_their_messages_go(at: Served) -> None:
    key = at.client("kms").create_key()["KeyMetadata"]["Arn"]
    client, tags = at.client("sqs"), {PERSONAL["Key"]: PERSONAL["Value"]}
    client.create_queue(QueueName="dead", Attributes={"SqsManagedSseEnabled": "false"})
    client.create_queue(QueueName="orders", Attributes={"KmsMasterKeyId": key} | redrive_to(DEAD), tags=tags)
    with at.rules() as layer:
        found = Listed(at, sqs.LISTINGS[0])
    assert {call.name for call in layer.calls} == set(sqs.NEEDS)
    assert (found.status, found.gaps) == (Status.LISTED, [])
    assert found.lines == {
        "dead": [f"primary aws:{TOKYO} grade 0"],
        "orders": [f"primary aws:{TOKYO} grade 3", f"export aws:{TOKYO} held by {DEAD} of {ACCOUNT}"],
    }
    assert {name: store.tags for name, store in found.stores.items()} == {"dead": {}, "orders": tags}
    assert [(edge.source, edge.target) for edge in found.edges] == [(HERE, DEAD)]


def redrive_to(arn: str) -> dict[str, str]:
    return {"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})}


def test_a_region_without_a_queue_is_listed(at: Served) -> None:
    """moto answers an empty list, where the service leaves it out."""
    with at.rules(when("sqs", "ListQueues", answered(b"{}"))):
        found = Listed(at, sqs.LISTINGS[0])
    assert (found.stores, found.status, found.gaps) == ({}, Status.LISTED, [])


def test_a_queue_without_tags_has_none(at: Served) -> None:
    at.client("sqs").create_queue(QueueName="orders")
    with at.rules(when("sqs", "ListQueueTags", answered(b"{}"))):
        found = Listed(at, sqs.LISTINGS[0])
    assert (found.stores["orders"].tags, found.gaps) == ({}, [])


def test_a_queue_that_nobody_may_ask_stands_in_its_region_and_leaves_the_rest_open(at: Served) -> None:
    at.client("sqs").create_queue(QueueName="orders")
    with at.rules(when("sqs", "GetQueueAttributes", denied()), when("sqs", "ListQueueTags", denied())):
        found = Listed(at, sqs.LISTINGS[0])
    assert found.lines == {"orders": [f"primary aws:{TOKYO} grade None", "export unresolved may-appear"]}
    assert (found.stores["orders"].id, found.stores["orders"].tags) == (HERE, None)
    assert found.gaps == [(HERE, call, Status.DENIED) for call in (sqs.ATTRIBUTES, sqs.TAGGED)]


def test_more_queues_than_fit_a_page_are_all_listed(at: Served) -> None:
    """Without MaxResults the service answers a thousand and no token for more."""
    pages = [b'{"QueueUrls":["https://q/1/a"],"NextToken":"t"}', b'{"QueueUrls":["https://q/1/b"]}']
    with at.rules(lambda call: answered(pages.pop(0)) if call.action == "ListQueues" else None) as layer:
        found = Listed(at, sqs.LISTINGS[0])
    assert set(found.stores) == {"a", "b"}
    asked = [json.loads(call.body) for call in layer.calls if call.action == "ListQueues"]
    assert asked == [{"MaxResults": 1000}, {"MaxResults": 1000, "NextToken": "t"}]


# --- as code ----------------------------------------------------------------------------------

BY_HAND = "arn:aws:sqs:{}:123456789012:by-hand"


@pytest.mark.parametrize(
    ("name", "copies"),
    [
        ("plain", ["primary aws:ap-northeast-1 grade 2 <- region"]),  # SQS encrypts what is new
        ("undelivered", ["primary aws:ap-northeast-1 grade 0 <- region"]),
        (
            "orders",
            [
                "primary aws:ap-northeast-1 grade 3 by aws_kms_key.home in aws:ap-northeast-1 <- region",
                "export unresolved held by tf:s/aws_sqs_queue.undelivered <- redrive_policy",
            ],
        ),
        (
            "several",  # the policy mentions the queue, and something else: what it does with them is not told
            ["primary aws:ap-northeast-1 grade 2 <- region", "export not-known-yet <- redrive_policy"],
        ),
        (
            "literal",
            [
                "primary aws:ap-northeast-1 grade 2 provider-managed-key <- region",
                f"export aws:ap-northeast-1 held by {BY_HAND.format(TOKYO)} of {ACCOUNT} <- redrive_policy",
            ],
        ),
    ],
)
def test_a_planned_queue_stands_in_its_region(name: str, copies: list[str]) -> None:
    address = f"aws_sqs_queue.{name}"
    assert read("files").told(address)[1:] == [f"{copy} of {address}" for copy in copies]


def test_a_redrive_policy_of_its_own_belongs_to_its_queue() -> None:
    there = BY_HAND.format("ap-southeast-1")
    companion = "aws_sqs_queue_redrive_policy.abroad"
    assert read("files").told("aws_sqs_queue.abroad")[1:] == [
        "primary aws:ap-southeast-1 grade 2 <- region of aws_sqs_queue.abroad",
        f"export aws:ap-southeast-1 held by {there} of {ACCOUNT} <- redrive_policy of {companion}",
    ]


def test_a_redrive_policy_of_a_queue_made_elsewhere_says_nothing_more_of_it() -> None:
    address = "aws_sqs_queue_redrive_policy.elsewhere"
    assert read("files").told(address) == [
        f"tf:s/{address} aws.sqs.queue None",
        f"primary unresolved grade None <- @region of {address}",
        f"export unresolved held by tf:s/aws_sqs_queue.undelivered <- redrive_policy of {address}",
    ]


@pytest.mark.parametrize(
    ("after", "unknown", "written", "control"),
    [
        ({}, {"sqs_managed_sse_enabled": True}, {}, "grade 2"),
        ({}, {"sqs_managed_sse_enabled": True}, {"sqs_managed_sse_enabled": refer("local.x")}, "grade None"),
        ({}, {"kms_master_key_id": True}, {"kms_master_key_id": refer("local.x")}, "grade None"),
        ({"kms_master_key_id": "alias/x"}, {}, {"kms_master_key_id": constant("alias/x")}, "grade None by alias/x"),
        ({"sqs_managed_sse_enabled": False}, {}, {"sqs_managed_sse_enabled": constant(False)}, "grade 0"),
    ],
)
def test_a_planned_queue_is_protected_by_what_is_written_or_the_default(
    after: Block, unknown: Block, written: Block, control: str
) -> None:
    planned = a_resource("aws_sqs_queue.q", after, unknown, written)
    told = Read(a_plan(planned)).told("aws_sqs_queue.q")[1]
    assert told == f"primary aws:{TOKYO} {control} <- region of aws_sqs_queue.q"


def test_a_planned_queue_without_a_known_region_stands_nowhere_that_is_known() -> None:
    planned = a_resource("aws_sqs_queue.q", {}, {}, {}, key="other")
    assert Read(a_plan(planned)).stores["aws_sqs_queue.q"].copies[0].why is Why.UNRESOLVED
