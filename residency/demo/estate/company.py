"""Who the company is: its accounts and regions, and the clients of its engineers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3

from residency.demo.emulator import holds, says
from residency.demo.server import ACCOUNT, Answer, Call, Layer, Reply, changed

# The organisation: three accounts at work, and three that cannot be entered.
PLATFORM, MEMBERS, ANALYTICS = ACCOUNT, "234567890123", "345678901234"
OLD_CAMPAIGN, NEW_VENTURE, ACQUIRED = "456789012345", "567890123456", "678901234567"
# Accounts of its own in two other partitions.
SOVEREIGN, BEIJING = "789012345678", "890123456789"
PARTNER = "210987654321"  # somebody else's

TOKYO, OSAKA, VIRGINIA = "ap-northeast-1", "ap-northeast-3", "us-east-1"
IRELAND, LONDON, SINGAPORE = "eu-west-1", "eu-west-2", "ap-southeast-1"
SEOUL, HONG_KONG = "ap-northeast-2", "ap-east-1"
BRANDENBURG, CHINA_NORTH = "eusc-de-east-1", "cn-north-1"
BUENOS_AIRES = "us-east-1-bue-1a"  # a Local Zone of Virginia that stands in Argentina
IN_USE = (TOKYO, OSAKA, VIRGINIA, IRELAND, LONDON, SINGAPORE)

PERSONAL, HEALTH, STATISTICS, PUBLIC = "confidential-pii", "health", "statistics", "public"
LABEL = "data-classification"


class Company:
    """The company's engineers at work on the emulator."""

    def __init__(self, endpoint: str, layer: Layer) -> None:
        self.endpoint = endpoint
        self.layer = layer
        self._keys: dict[tuple[str, str], str] = {}
        self._credentials: dict[str, dict[str, str]] = {}

    def client(self, service: str, region: str, account: str = MEMBERS) -> Any:
        return boto3.client(service, region_name=region, endpoint_url=self.endpoint, **self._of(account, region))

    def key(self, region: str, account: str = MEMBERS) -> str:
        """The account's own key in a region."""
        if (account, region) not in self._keys:
            made = self.client("kms", region, account).create_key(Description="data", Tags=[])
            self._keys[account, region] = made["KeyMetadata"]["Arn"]
        return self._keys[account, region]

    def _of(self, account: str, region: str) -> dict[str, str]:
        own = {"aws_access_key_id": "demo", "aws_secret_access_key": "demo"}
        if account == ACCOUNT:
            return own
        if account not in self._credentials:
            sts = boto3.client("sts", region_name=region, endpoint_url=self.endpoint, **own)
            role = f"arn:aws:iam::{account}:role/engineer"
            given = sts.assume_role(RoleArn=role, RoleSessionName="engineer")["Credentials"]
            self._credentials[account] = {
                "aws_access_key_id": given["AccessKeyId"],
                "aws_secret_access_key": given["SecretAccessKey"],
                "aws_session_token": given["SessionToken"],
            }
        return self._credentials[account]

    # --- what the emulator cannot hold --------------------------------------------------------

    def has(self, name: str, region: str, body: dict[str, Any] | str, *, account: str = MEMBERS, **more: Any) -> None:
        """What a call answers in one account and region."""
        self.layer.answers.insert(0, holds(name, account, region, body, **more))

    def answers(self, rule: Callable[[Call], dict[str, Any] | str | None]) -> None:
        """What a call answers, by a rule of its own."""

        def answer(call: Call) -> Reply | None:
            body = rule(call)
            return None if body is None else says(body)

        self.layer.answers.insert(0, answer)

    def refuses(self, answer: Answer) -> None:
        self.layer.answers.insert(0, answer)

    def adds(self, name: str, region: str, about: str, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the JSON that a call answers where the question names `about`."""

        def add(call: Call, reply: Reply) -> Reply:
            if (call.name, call.region) != (name, region) or about.encode() not in call.body or reply.status != 200:
                return reply
            body = json.loads(reply.body)
            change(body)
            return changed(reply, json.dumps(body).encode())

        self.layer.changes.append(add)


def tags(data_class: str | None) -> list[dict[str, str]]:
    """The label that says which data a thing holds; none for what nobody has labelled."""
    return [{"Key": LABEL, "Value": data_class}] if data_class else []
