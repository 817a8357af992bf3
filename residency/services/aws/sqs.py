"""Amazon SQS: queues, what encrypts their messages, and the queue that takes what could not be delivered.

A message is kept for 14 days at most, and until then it is saved data like any other (SQS API reference,
CreateQueue, MessageRetentionPeriod, read 2026-11-22).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from residency.clouds.answers import Body, Document, Unknown, edges_of
from residency.clouds.aws import copies, keys
from residency.clouds.aws.arn import region_in
from residency.model import Control, Copy, Role, State, Why
from residency.services.base import REGION, TAGS, Listing, Placed, Scope, Template

if TYPE_CHECKING:
    from residency.clouds.aws.api import Api

LIST, ATTRIBUTES, TAGGED = "sqs:ListQueues", "sqs:GetQueueAttributes", "sqs:ListQueueTags"
URL, KEY = f"{LIST}.QueueUrls[]", f"{ATTRIBUTES}.Attributes.KmsMasterKeyId"
QUEUE_ARN, MANAGED = f"{ATTRIBUTES}.Attributes.QueueArn", f"{ATTRIBUTES}.Attributes.SqsManagedSseEnabled"
REDRIVE = f"{ATTRIBUTES}.Attributes.RedrivePolicy"
UNDELIVERED = "@undelivered"  # the ARN in a redrive policy that a template writes as a mapping; else it is a text
TARGET = re.compile(r'"deadLetterTargetArn"\s*:\s*"([^"]+)"')  # in the text of a redrive policy
DEFAULT_KEY = "alias/aws/sqs"
ARN = "arn:{partition}:sqs:{region}:{account}:{name}"
# Without a number no token for more is answered (SQS API reference, ListQueues, MaxResults).
MOST_QUEUES = 1000

NEEDS = {name: name for name in (LIST, ATTRIBUTES, TAGGED)} | keys.NEEDS


# --- live -------------------------------------------------------------------------------------


def queues(api: Api) -> Iterator[Body]:
    # The list is left out where there is no queue, and so are the tags of a queue that has none.
    found = api.each(LIST, "QueueUrls[]", None, absent_when_empty=True, MaxResults=MOST_QUEUES)
    yield from api.spread(_follow, found)


def _follow(api: Api, body: Body) -> Body:
    url = body[LIST]["QueueUrls[]"]
    parts = {"partition": api.partition, "region": api.region, "account": api.cell.account}
    subject = ARN.format(name=_name_in(url), **parts)
    asked: dict[str, Any] = {"subject": subject, "QueueUrl": url}
    answer = api.ask(body, ATTRIBUTES, expect="Attributes.QueueArn", AttributeNames=["All"], **asked)
    api.ask(body, TAGGED, expect="Tags", absent_when_empty=True, **asked)
    key = None if isinstance(answer, Unknown) else answer["Attributes"].get("KmsMasterKeyId")
    if not _is_default(key):
        keys.describe(api, body, key, subject=subject, region=api.region)
    return body


def _name_in(url: str) -> str:
    return url.rpartition("/")[2]


def _is_default(key: Any) -> bool:
    """It is the key that AWS manages for this service."""
    return isinstance(key, str) and key.endswith(DEFAULT_KEY)


# --- what a document says ---------------------------------------------------------------------


def place_queue(queue: Document) -> Placed:
    url = queue.get(URL)
    name = _name_in(url) if isinstance(url, str) else queue.get("@name")
    store_id = queue.id(ARN, region=queue.origin.region, name=name)
    here = queue.origin.region or region_in(store_id) or queue.get("@region")
    said = queue.said("@region" if queue.origin.planned else QUEUE_ARN)
    primary = queue.copy(Role.PRIMARY, here, said, control=_control(queue))
    found = (primary, *_undelivered(queue), *keys.replicas(queue, queue.get(KEY)))
    store = queue.store("aws.sqs.queue", store_id, name, found, tags=f"{TAGGED}.Tags", region=here)
    yield store
    yield from edges_of(store)


def _control(queue: Document) -> Control:
    key, managed = queue.get(KEY), queue.get(MANAGED)
    if _is_default(key):
        return keys.plain(keys.PROVIDER_OWNED, queue.said(KEY), "provider-managed-key")
    if key:
        return keys.of_key(queue, key, queue.said(KEY))
    if isinstance(managed, Unknown):
        return keys.plain(None, queue.said(MANAGED))
    # A new queue has keys that SQS owns unless it is told otherwise (AWS Compute Blog, SSE-SQS by default).
    # One that says neither has no encryption (SQS developer guide, encryption at rest).
    on = managed in (True, "true") or (managed is None and queue.origin.planned)
    return keys.plain(keys.PROVIDER_OWNED if on else keys.UNENCRYPTED, queue.said(MANAGED))


def _undelivered(queue: Document) -> Iterator[Copy]:
    """The queue to which messages are moved that nobody could take.

    It keeps them as long as this queue would have, so that it counts as saved data: an export, and no stream.
    """
    policy, target = queue.get(REDRIVE), queue.get(UNDELIVERED)
    if isinstance(policy, str):
        if "deadLetterTargetArn" in policy:
            named = TARGET.search(policy)
            yield copies.at_arn(queue, Role.EXPORT, named[1] if named else None, queue.said(REDRIVE))
    elif target:
        yield copies.at_arn(queue, Role.EXPORT, target, queue.said(UNDELIVERED))
    elif isinstance(policy, Unknown) and policy.why is Why.UNRESOLVED:
        yield queue.copy(Role.EXPORT, policy, queue.said(REDRIVE), state=State.MAY_APPEAR)
    elif isinstance(policy, Unknown):
        yield copies.at_arn(queue, Role.EXPORT, policy, queue.said(REDRIVE))


LISTINGS = (Listing("aws", "sqs", LIST, Scope.REGION, NEEDS, queues, place_queue),)


# --- as code ----------------------------------------------------------------------------------

TERRAFORM = {
    "aws_sqs_queue": Template(
        fields={
            "@name": "name",
            KEY: "kms_master_key_id",
            MANAGED: "sqs_managed_sse_enabled",
            REDRIVE: "redrive_policy",
            f"{TAGGED}.Tags": TAGS,
            "@region": REGION,
        },
        place=place_queue,
        names=("id", "arn", "url"),
        computed=("sqs_managed_sse_enabled", "redrive_policy"),
    ),
    "aws_sqs_queue_redrive_policy": Template(
        fields={URL: "queue_url", REDRIVE: "redrive_policy"},
        place=place_queue,
        attaches_to=("queue_url", "aws_sqs_queue"),
    ),
}

# Property names: CloudFormation template reference of each type (read 2026-11-22).
CLOUDFORMATION = {
    "AWS::SQS::Queue": Template(
        fields={
            "@name": "QueueName",
            KEY: "KmsMasterKeyId",
            MANAGED: "SqsManagedSseEnabled",
            REDRIVE: "RedrivePolicy",
            UNDELIVERED: "RedrivePolicy.deadLetterTargetArn",
            f"{TAGGED}.Tags": TAGS,
            "@region": REGION,
        },
        place=place_queue,
    ),
}
