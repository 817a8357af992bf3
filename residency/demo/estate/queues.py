"""Queues: one with a queue for what could not be delivered."""

from __future__ import annotations

import json

from residency.demo.estate.company import (
    ANALYTICS,
    IRELAND,
    LABEL,
    MEMBERS,
    PERSONAL,
    TOKYO,
    Company,
)


def move_in(company: Company) -> None:
    sqs = company.client("sqs", TOKYO)
    key = {"KmsMasterKeyId": company.key(TOKYO)}
    sqs.create_queue(QueueName="signup-failed", Attributes=key)
    dead = json.dumps({"deadLetterTargetArn": f"arn:aws:sqs:{TOKYO}:{MEMBERS}:signup-failed", "maxReceiveCount": "5"})
    sqs.create_queue(QueueName="signup", Attributes=key | {"RedrivePolicy": dead}, tags={LABEL: PERSONAL})
    company.client("sqs", IRELAND, ANALYTICS).create_queue(QueueName="metrics")
