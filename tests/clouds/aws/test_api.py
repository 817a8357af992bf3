"""One cell's window on one account, against a server that answers, refuses and breaks off."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from residency.clouds.answers import Body, Unknown
from residency.clouds.aws.api import Api
from residency.clouds.aws.session import Access, AccountSession
from residency.demo.server import Answer, Call, Reply, changed, denied
from residency.model import Cell, Gap, Status
from tests.build import a_cell
from tests.serving import TOKYO, Served, a_server, make_bucket, when

VOLUMES, BUCKETS, HEAD, TAGS = "ec2:DescribeVolumes", "s3:ListBuckets", "s3:HeadBucket", "s3:GetBucketTagging"
NEEDS = {TAGS: "s3:GetBucketTagging", HEAD: "s3:ListBucket", VOLUMES: VOLUMES}
NAMES = ["five", "four", "one", "three", "two"]
CELL = a_cell(region=TOKYO)


@pytest.fixture(scope="module")
def at() -> Iterator[Served]:
    with a_server() as served:
        for name in NAMES:
            make_bucket(served, name)
        yield served


@pytest.fixture
def api(at: Served, monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return an_api(at)


def an_api(at: Served, cell: Cell = CELL) -> Api:
    access = Access(endpoint=at.endpoint, timeout=10, attempts=1)
    return Api(AccountSession(access), cell, NEEDS, "aws")


def pages_of_volumes(*pages: tuple[str, ...], end: Reply | None = None) -> Answer:
    """DescribeVolumes page by page; after the last one `end`, where there is one."""
    waiting = list(pages)

    def answer(call: Call) -> Reply | None:
        if call.action != "DescribeVolumes":
            return None
        if not waiting:
            return end
        items = "".join(f"<item><volumeId>{name}</volumeId></item>" for name in waiting.pop(0))
        token = f"<nextToken>{len(waiting)}</nextToken>" if waiting or end else ""
        body = f"<DescribeVolumesResponse><volumeSet>{items}</volumeSet>{token}</DescribeVolumesResponse>"
        return changed(Reply(200, [("Content-Type", "text/xml")], b""), body.encode())

    return answer


def volumes(api: Api) -> Iterator[Body]:
    yield from api.each(VOLUMES, "Volumes[]", "VolumeId")


def names(bodies: Iterator[Body]) -> list[str]:
    return [body[VOLUMES]["Volumes[]"]["VolumeId"] for body in bodies]


def told(gaps: list[Gap]) -> list[tuple[str | None, str, Status, str]]:
    return [(gap.subject, gap.call, gap.status, gap.code) for gap in gaps]


def test_a_listing_goes_on_to_its_last_page(at: Served, api: Api) -> None:
    with at.rules(pages_of_volumes(("vol-1", "vol-2"), ("vol-3",), (), ("vol-4",))) as layer:
        assert names(api.documents(volumes)) == ["vol-1", "vol-2", "vol-3", "vol-4"]
    assert (api.status, api.gaps, api.calls) == (Status.LISTED, [], 4)
    assert len(layer.calls) == 4


def test_an_empty_list_is_listed(at: Served, api: Api) -> None:
    with at.rules(pages_of_volumes(())):
        assert names(api.documents(volumes)) == []
    assert (api.status, api.gaps) == (Status.LISTED, [])


def test_a_listing_that_is_refused_is_a_gap_of_the_cell(at: Served, api: Api) -> None:
    with at.rules(when("ec2", "DescribeVolumes", denied("no", "UnauthorizedOperation"))):
        assert names(api.documents(volumes)) == []
    assert api.status is Status.DENIED
    assert told(api.gaps) == [(None, VOLUMES, Status.DENIED, "UnauthorizedOperation")]
    assert api.gaps[0].needs == VOLUMES


def test_a_listing_that_breaks_off_keeps_what_it_saw_and_is_partial(at: Served, api: Api) -> None:
    with at.rules(pages_of_volumes(("vol-1",), ("vol-2",), end=denied("no", "UnauthorizedOperation"))):
        assert names(api.documents(volumes)) == ["vol-1", "vol-2"]
    assert api.status is Status.PARTIAL
    assert told(api.gaps) == [(None, VOLUMES, Status.DENIED, "UnauthorizedOperation")]


def test_a_token_that_comes_again_ends_the_listing_as_partial(at: Served, api: Api) -> None:
    page = b"<DescribeVolumesResponse><volumeSet/><nextToken>again</nextToken></DescribeVolumesResponse>"
    reply = changed(Reply(200, [("Content-Type", "text/xml")], b""), page)
    with at.rules(when("ec2", "DescribeVolumes", reply)):
        assert names(api.documents(volumes)) == []
    assert api.status is Status.PARTIAL
    assert told(api.gaps) == [(None, VOLUMES, Status.TRUNCATED, "PaginationError")]


def test_a_listing_is_followed_from_page_to_page(at: Served, api: Api) -> None:
    def buckets(api: Api) -> Iterator[Body]:
        yield from api.each(BUCKETS, "Buckets[]", "Name", MaxBuckets=2)

    with at.rules() as layer:
        found = [body[BUCKETS]["Buckets[]"]["Name"] for body in api.documents(buckets)]
    assert (found, [call.name for call in layer.calls]) == (NAMES, [BUCKETS] * 3)
    assert (api.status, api.gaps) == (Status.LISTED, [])


def without_tokens(call: Call, reply: Reply) -> Reply:
    """Some servers cut the list and give no token for more."""
    return changed(reply, re.sub(rb"<ContinuationToken>.*?</ContinuationToken>", b"", reply.body))


def test_a_last_page_as_long_as_was_asked_for_is_not_the_whole(at: Served, api: Api) -> None:

    def buckets(api: Api) -> Iterator[Body]:
        yield from api.each(BUCKETS, "Buckets[]", "Name", MaxBuckets=2)

    with at.rules(changes=[without_tokens]):
        found = [body[BUCKETS]["Buckets[]"]["Name"] for body in api.documents(buckets)]
    assert len(found) == 2
    assert api.status is Status.PARTIAL
    assert told(api.gaps) == [(None, BUCKETS, Status.TRUNCATED, "full-page")]


def follow(api: Api, call: str, expect: str, **more: Any) -> Any:
    body: Body = {}
    return api.ask(body, call, expect=expect, subject="arn:aws:s3:::one", Bucket="one", **more)


def test_the_providers_word_for_none_is_none(api: Api) -> None:
    body: Body = {}
    call = "s3:GetBucketReplication"
    absent = ["ReplicationConfigurationNotFoundError"]
    assert api.ask(body, call, expect="ReplicationConfiguration", absent=absent, Bucket="one") is None
    assert body == {call: None}
    assert api.gaps == []


def test_another_word_is_a_gap_on_the_subject(api: Api) -> None:
    answer = follow(api, "s3:GetBucketReplication", "ReplicationConfiguration", absent=["NoSuchTagSet"])
    assert isinstance(answer, Unknown)
    assert [(gap.subject, gap.code) for gap in api.gaps] == [
        ("arn:aws:s3:::one", "ReplicationConfigurationNotFoundError")
    ]


def test_a_refused_follow_up_names_the_right_that_it_needs(at: Served, api: Api) -> None:
    with at.rules(when("s3", "GetBucketTagging", denied())):
        answer = follow(api, TAGS, "TagSet")
    assert isinstance(answer, Unknown)
    assert told(api.gaps) == [("arn:aws:s3:::one", TAGS, Status.DENIED, "AccessDenied")]
    assert api.gaps[0].needs == "s3:GetBucketTagging"
    assert api.status is Status.LISTED


@pytest.mark.parametrize(
    "body", [b"", b"<html><body>login</body></html>", b"<Tagging></Tagging>"], ids=["empty", "login page", "hollow"]
)
def test_an_answer_without_its_field_is_malformed(at: Served, api: Api, body: bytes) -> None:
    reply = changed(Reply(200, [("Content-Type", "text/html")], b""), body)
    with at.rules(when("s3", "GetBucketTagging", reply)):
        answer = follow(api, TAGS, "TagSet")
    assert isinstance(answer, Unknown)
    assert told(api.gaps) == [("arn:aws:s3:::one", TAGS, Status.MALFORMED, "no-field")]


def test_a_field_inside_an_empty_payload_is_missed_too(at: Served, api: Api) -> None:
    """botocore reads a login page as a replication without a single rule."""
    reply = changed(Reply(200, [("Content-Type", "text/html")], b""), b"<html><body>login</body></html>")
    with at.rules(when("s3", "GetBucketReplication", reply)):
        answer = follow(api, "s3:GetBucketReplication", "ReplicationConfiguration.Rules")
    assert isinstance(answer, Unknown)
    assert [gap.status for gap in api.gaps] == [Status.MALFORMED]


def test_a_refused_bucket_still_says_its_region_in_a_header(at: Served, api: Api) -> None:
    refused = Reply(403, [("x-amz-bucket-region", "eu-west-2"), ("Content-Length", "0")], b"")
    with at.rules(when("s3", "HeadBucket", refused)):
        assert follow(api, HEAD, "BucketRegion") == {"BucketRegion": "eu-west-2"}
    assert api.gaps == []


def test_a_refused_bucket_without_the_header_has_no_region(at: Served, api: Api) -> None:
    with at.rules(when("s3", "HeadBucket", Reply(403, [("Content-Length", "0")], b""))):
        assert isinstance(follow(api, HEAD, "BucketRegion"), Unknown)
    assert told(api.gaps) == [("arn:aws:s3:::one", HEAD, Status.DENIED, "403")]


def test_a_bucket_behind_a_broken_connection_has_no_region(at: Served, api: Api) -> None:
    with at.rules(when("s3", "HeadBucket", ConnectionResetError())):
        assert isinstance(follow(api, HEAD, "BucketRegion"), Unknown)
    assert [gap.status for gap in api.gaps] == [Status.UNREACHABLE]


QUEUES, QUEUE_TAGS = "sqs:ListQueues", "sqs:ListQueueTags"
JSON, HTML = "application/x-amz-json-1.0", "text/html"


def queues(api: Api) -> Iterator[Body]:
    """SQS leaves the list out where there is no queue (localstack#9828, checked there against AWS)."""
    yield from api.each(QUEUES, "QueueUrls[]", None, absent_when_empty=True, MaxResults=1000)


def answered(body: bytes, kind: str = JSON, request: str = "8f0d54da") -> Reply:
    headers = [("Content-Type", kind), *([("x-amzn-RequestId", request)] if request else [])]
    return changed(Reply(200, headers, b""), body)


def test_a_list_that_is_left_out_is_empty_where_the_service_says_nothing_else(at: Served, api: Api) -> None:
    with at.rules(when("sqs", "ListQueues", answered(b"{}"))):
        assert list(api.documents(queues)) == []
    assert (api.status, api.gaps) == (Status.LISTED, [])


NOT_EMPTY = {
    "empty body": answered(b""),
    "login page": answered(b"<html><body>login</body></html>", HTML, ""),
    "page of two": answered(b"ok", HTML, ""),
    "cut": answered(b'{"QueueUrls":["htt'),
    "foreign": answered(b'{"message":"later"}'),
    "of nobody": answered(b"{}", request=""),
    "of another kind": answered(b"{}", HTML),
    "no object": answered(b"[]"),
}


@pytest.mark.parametrize("reply", NOT_EMPTY.values(), ids=NOT_EMPTY)
def test_a_broken_answer_is_never_an_empty_list(at: Served, api: Api, reply: Reply) -> None:
    with at.rules(when("sqs", "ListQueues", reply)):
        assert list(api.documents(queues)) == []
    assert api.status is Status.MALFORMED


def test_a_list_that_is_always_there_may_not_be_left_out(at: Served, api: Api) -> None:
    with at.rules(when("sqs", "ListQueues", answered(b"{}"))):
        assert list(api.documents(lambda api: api.each(QUEUES, "QueueUrls[]", None))) == []
    assert told(api.gaps) == [(None, QUEUES, Status.MALFORMED, "no-list")]


def tags_of(api: Api, **more: Any) -> Any:
    return api.ask({}, QUEUE_TAGS, expect="Tags", subject="q", QueueUrl="https://queue/q", **more)


def test_a_field_that_is_left_out_when_empty_is_none(at: Served, api: Api) -> None:
    with at.rules(when("sqs", "ListQueueTags", answered(b"{}"))):
        assert tags_of(api, absent_when_empty=True) is None
        assert api.gaps == []
        assert isinstance(tags_of(api), Unknown)


@pytest.mark.parametrize("reply", NOT_EMPTY.values(), ids=NOT_EMPTY)
def test_a_broken_answer_is_never_an_empty_field(at: Served, api: Api, reply: Reply) -> None:
    with at.rules(when("sqs", "ListQueueTags", reply)):
        assert isinstance(tags_of(api, absent_when_empty=True), Unknown)
    assert [gap.status for gap in api.gaps] == [Status.MALFORMED]


def once(api: Api, bucket: str, subject: str) -> Any:
    return api.ask_once(("bucket", bucket), HEAD, expect="BucketRegion", subject=subject, region=None, Bucket=bucket)


def test_a_thing_that_many_share_is_asked_once(at: Served, api: Api) -> None:
    with at.rules() as layer:
        answers = [once(api, "one", subject) for subject in ("a", "b", "c")]
    assert [answer["BucketRegion"] for answer in answers] == [TOKYO] * 3
    assert len(layer.calls) == api.calls == 1


def test_its_refusal_is_a_gap_of_each_of_them(at: Served, api: Api) -> None:
    """And of the thing's own kind: another thing that was refused for another reason is not taken for it."""

    def answer(call: Call) -> Reply | None:
        return {"/one": Reply(403, [], b""), "/two": Reply(429, [], b"")}[call.path]

    with at.rules(answer) as layer:
        for bucket, subject in (("one", "a"), ("two", "b"), ("two", "c"), ("one", "d")):
            assert isinstance(once(api, bucket, subject), Unknown)
    assert [(gap.subject, gap.status) for gap in api.gaps] == [
        ("a", Status.DENIED),
        ("b", Status.THROTTLED),
        ("c", Status.THROTTLED),
        ("d", Status.DENIED),
    ]
    assert len(layer.calls) == 2


def tagged(api: Api, body: Body) -> Body:
    name = body[BUCKETS]["Buckets[]"]["Name"]
    api.ask(body, TAGS, expect="TagSet", subject=name, Bucket=name)
    return body


def test_follow_ups_come_in_the_order_of_the_list(api: Api) -> None:
    def listing(api: Api) -> Iterator[Body]:
        yield from api.spread(tagged, api.each(BUCKETS, "Buckets[]", "Name", MaxBuckets=100))

    found = list(api.documents(listing))
    assert [body[BUCKETS]["Buckets[]"]["Name"] for body in found] == NAMES
    assert all(body[TAGS]["TagSet"] == [{"Key": "data", "Value": "personal"}] for body in found)


@pytest.mark.parametrize("refuses", [False, True], ids=["answered", "refused"])
def test_what_many_follow_ups_share_is_asked_once_even_if_they_ask_together(
    at: Served, api: Api, refuses: bool
) -> None:
    def shared(api: Api, body: Body) -> Body:
        body["destination"] = once(api, "one", body[BUCKETS]["Buckets[]"]["Name"])
        return body

    def listing(api: Api) -> Iterator[Body]:
        yield from api.spread(shared, api.each(BUCKETS, "Buckets[]", "Name", MaxBuckets=100))

    def late(call: Call) -> Reply | None:
        if call.action == "HeadBucket":
            time.sleep(0.2)
            return Reply(403, [], b"") if refuses else None
        return None

    with at.rules(late) as layer:
        found = list(api.documents(listing))
    assert [call.action for call in layer.calls].count("HeadBucket") == 1
    assert len(found) == len(NAMES)
    assert sorted(str(gap.subject) for gap in api.gaps) == (NAMES if refuses else [])


def test_what_was_listed_before_a_refusal_is_still_followed_up(api: Api) -> None:
    def listing(api: Api) -> Iterator[Body]:
        yield from api.spread(tagged, api.each(BUCKETS, "Buckets[]", "Name", MaxBuckets=len(NAMES)))

    found = list(api.documents(listing))
    assert [body[BUCKETS]["Buckets[]"]["Name"] for body in found] == NAMES
    assert all(TAGS in body for body in found)
    assert api.status is Status.PARTIAL


def test_a_global_cell_names_no_region(at: Served) -> None:
    assert an_api(at, a_cell(region="global")).region is None
    assert an_api(at, a_cell(region="eu-west-2")).region == "eu-west-2"


def test_an_element_without_its_name_breaks_the_listing_off(at: Served, api: Api) -> None:
    with at.rules(pages_of_volumes(("vol-1",), ("",))):
        assert names(api.documents(volumes)) == ["vol-1"]
    assert (api.status, [gap.code for gap in api.gaps]) == (Status.PARTIAL, ["no-name"])


# --- pages that botocore does not know ----------------------------------------------------------

GLOBAL_TABLES, TABLE_TAGS = "dynamodb:ListGlobalTables", "dynamodb:ListTagsOfResource"
PAGING = ("LastEvaluatedGlobalTableName", "ExclusiveStartGlobalTableName")


def in_turn(name: str, *bodies: dict[str, Any]) -> Answer:
    """One body after the other for the same call."""
    left = list(bodies)

    def answer(call: Call) -> Reply | None:
        if call.name != name:
            return None
        text = json.dumps(left.pop(0)).encode()
        return changed(Reply(200, [("Content-Type", "application/x-amz-json-1.0")], b""), text)

    return answer


def global_tables(api: Api, **more: Any) -> list[str]:
    listed = lambda api: api.each(GLOBAL_TABLES, "GlobalTables[]", "GlobalTableName", **more)  # noqa: E731
    return [body[GLOBAL_TABLES]["GlobalTables[]"]["GlobalTableName"] for body in api.documents(listed)]


def test_a_listing_that_says_how_it_is_paged_goes_to_its_end(at: Served, api: Api) -> None:
    first = {"GlobalTables": [{"GlobalTableName": "a"}], "LastEvaluatedGlobalTableName": "first"}
    with at.rules(in_turn(GLOBAL_TABLES, first, {"GlobalTables": [{"GlobalTableName": "b"}]})) as layer:
        assert global_tables(api, token=PAGING) == ["a", "b"]
    assert json.loads(layer.calls[1].body) == {"ExclusiveStartGlobalTableName": "first"}
    assert (api.status, api.gaps) == (Status.LISTED, [])


def test_a_page_that_leads_to_another_one_is_not_the_whole(at: Served, api: Api) -> None:
    with at.rules(in_turn(GLOBAL_TABLES, {"GlobalTables": [], "LastEvaluatedGlobalTableName": "first"})):
        assert global_tables(api) == []
    assert told(api.gaps) == [(None, GLOBAL_TABLES, Status.TRUNCATED, "PaginationError")]


def test_a_follow_up_with_pages_is_asked_to_its_end(at: Served, api: Api) -> None:
    pages: list[dict[str, Any]] = [{"Tags": [{"Key": "a"}], "NextToken": "n"}, {"Tags": [{"Key": "b"}]}]
    with at.rules(in_turn(TABLE_TAGS, *pages)):
        answer = api.ask({}, TABLE_TAGS, expect="Tags", subject="t", ResourceArn="arn:aws:dynamodb:::table/t")
    assert answer["Tags"] == [{"Key": "a"}, {"Key": "b"}]


def test_a_follow_up_whose_pages_repeat_is_unknown(at: Served, api: Api) -> None:
    page = {"Tags": [{"Key": "a"}], "NextToken": "n"}
    with at.rules(in_turn(TABLE_TAGS, page, page, page)):
        answer = api.ask({}, TABLE_TAGS, expect="Tags", subject="t", ResourceArn="arn:aws:dynamodb:::table/t")
    assert isinstance(answer, Unknown)
    assert told(api.gaps) == [("t", TABLE_TAGS, Status.TRUNCATED, "PaginationError")]


@pytest.mark.parametrize(
    ("call", "path", "key", "page"),
    [
        ("kms:ListKeys", "Keys[]", "KeyId", {"Keys": [{"KeyId": "k"}], "Truncated": True}),
        ("firehose:ListDeliveryStreams", "DeliveryStreamNames[]", None, {"HasMoreDeliveryStreams": True}),
    ],
)
def test_a_page_that_was_cut_and_leads_nowhere_is_not_the_whole(
    at: Served, api: Api, call: str, path: str, key: str | None, page: dict[str, Any]
) -> None:
    body = {path.removesuffix("[]"): ["k"]} | page
    with at.rules(in_turn(call, body)):
        assert len(list(api.documents(lambda api: api.each(call, path, key)))) == (1 if key else 0)
    assert told(api.gaps) == [(None, call, Status.TRUNCATED, "PaginationError")]


def test_a_follow_up_that_was_cut_is_unknown(at: Served, api: Api) -> None:
    page = {"Tags": [{"TagKey": "a", "TagValue": "b"}], "Truncated": True}
    with at.rules(in_turn("kms:ListResourceTags", page)):
        assert isinstance(api.ask({}, "kms:ListResourceTags", expect="Tags", subject="k", KeyId="k"), Unknown)


def test_a_page_that_says_that_it_was_cut_and_leads_on_is_followed(at: Served, api: Api) -> None:
    pages: list[dict[str, Any]] = [
        {"Keys": [{"KeyId": "k"}], "Truncated": True, "NextMarker": "n"},
        {"Keys": [{"KeyId": "l"}]},
    ]
    with at.rules(in_turn("kms:ListKeys", *pages)):
        assert len(list(api.documents(lambda api: api.each("kms:ListKeys", "Keys[]", "KeyId")))) == 2
    assert (api.status, api.gaps) == (Status.LISTED, [])
