"""What the scan is refused: by a bucket's policy, by guardrails, by a region, by a service that is busy."""

from __future__ import annotations

import re

from residency.demo.estate.company import (
    ANALYTICS,
    HONG_KONG,
    IN_USE,
    LONDON,
    MEMBERS,
    PLATFORM,
    Company,
)
from residency.demo.server import ACCOUNT, Call, Reply, changed, denied, refused

ORGANISATION = (PLATFORM, MEMBERS, ANALYTICS)
GUARDRAIL, SNAPSHOT_GUARDRAIL = "p-regiondeny1", "p-snapshots01"
# What belongs to no region, and stays open where a guardrail closes regions.
OPEN = ("sts", "organizations")


def move_in(company: Company) -> None:
    for answer in (_payroll, _outside_the_regions_in_use, _snapshots_in_london, _hong_kong, _busy_queues, _partner):
        company.refuses(answer)
    company.layer.changes.append(_switched_on)


def _switched_on(call: Call, reply: Reply) -> Reply:
    """The account's own list says that Hong Kong is switched on."""
    if call.name != "ec2:DescribeRegions" or call.account != ANALYTICS:
        return reply
    inside = rb"(?:(?!<item>).)*?"
    item = re.compile(
        rb"<item>%s<regionName>%s</regionName>%s</item>" % (inside, HONG_KONG.encode(), inside), re.DOTALL
    )
    return changed(reply, item.sub(lambda found: found[0].replace(b"not-opted-in", b"opted-in"), reply.body))


def _payroll(call: Call) -> Reply | None:
    """A bucket policy that lets nobody read the replication rules."""
    asked = call.name == "s3:GetBucketReplication" and call.path == "/payroll"
    return denied() if asked else None


def _partner(call: Call) -> Reply | None:
    """Somebody else's bucket, which does not even say where it stands."""
    return Reply(403, [], b"") if call.name == "s3:HeadBucket" and call.path == "/partner-contracts" else None


def _outside_the_regions_in_use(call: Call) -> Reply | None:
    """A service control policy that closes every other region."""
    closed = call.region not in (*IN_USE, HONG_KONG) and call.region.count("-") == 2
    ours = (call.account or ACCOUNT) in ORGANISATION and call.service not in OPEN
    return guarded(call, GUARDRAIL) if closed and ours else None


def _snapshots_in_london(call: Call) -> Reply | None:
    """A guardrail that somebody wrote too wide."""
    asked = (call.name, call.region, call.account) == ("ec2:DescribeSnapshots", LONDON, ANALYTICS)
    return guarded(call, SNAPSHOT_GUARDRAIL) if asked else None


def _hong_kong(call: Call) -> Reply | None:
    """A region that is switched on, and does not know the credentials."""
    if call.region != HONG_KONG:
        return None
    return refused(call, "AuthFailure", "AWS was not able to validate the provided access credentials", 401)


def _busy_queues(call: Call) -> Reply | None:
    asked = (call.name, call.region, call.account) == ("sqs:ListQueues", LONDON, ANALYTICS)
    return refused(call, "ThrottlingException", "Rate exceeded", 400) if asked else None


def guarded(call: Call, policy: str) -> Reply:
    """What a service control policy refuses, in the words of the service."""
    arn = f"arn:aws:organizations::{PLATFORM}:policy/o-demo/service_control_policy/{policy}"
    reason = f"with an explicit deny in a service control policy: {arn}"
    message = f"User: arn:aws:sts::{call.account}:assumed-role/scan is not authorized to perform: {call.name} {reason}"
    return refused(call, "AccessDeniedException", message, 403)
