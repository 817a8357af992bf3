"""The rights that a scan needs, taken from what the service files declare, in the provider's own formats.

`inventory` is what finds accounts and regions and lists stores; `deep` is everything: tags, copies, shares, keys too.
Without a right of `deep` a store is still found, and what was not read of it is a gap.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from residency.clouds.aws import discover
from residency.services import listings

TIERS = ("inventory", "deep")
NAME = "residency-readonly"
# A managed policy has at most so many characters, white space not counted, and a role takes ten of them
# (IAM user guide, IAM and STS quotas, read 2026-11-22).
MOST_CHARACTERS = 6144


def rights(tier: str) -> list[str]:
    """Every right that the listings need, sorted."""
    needed = set(discover.NEEDS.values())
    for listing in listings("aws"):
        needed |= set(listing.needs.values()) if tier == "deep" else {listing.needs[listing.call]}
    return sorted(right for right in needed if right)


def policies(tier: str) -> list[dict[str, Any]]:
    """The rights as policy documents, each small enough for a managed policy."""
    found: list[list[str]] = [[]]
    for right in rights(tier):
        if len(json.dumps(_document([*found[-1], right]), separators=(",", ":"))) > MOST_CHARACTERS:
            found.append([])
        found[-1].append(right)
    return [_document(actions) for actions in found]


def _document(actions: list[str]) -> dict[str, Any]:
    statement = {"Sid": "ResidencyReadOnly", "Effect": "Allow", "Action": actions, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def as_json(tier: str) -> Iterator[str]:
    """The policy document; where the rights do not fit into one, one a line."""
    documents = policies(tier)
    for document in documents:
        yield json.dumps(document, indent=1 if len(documents) == 1 else None) + "\n"


def as_terraform(tier: str) -> Iterator[str]:
    """A role that the scanner may take, with its policies."""
    yield _ROLE
    for number, document in enumerate(policies(tier), start=1):
        yield _POLICY.format(name=NAME, number=number, actions=json.dumps(document["Statement"][0]["Action"]))


def as_cloudformation(tier: str) -> Iterator[str]:
    """A template for a stack set: the same role in every account of an organisation."""
    policy_of = {f"Policy{number}": document for number, document in enumerate(policies(tier), start=1)}
    resources = {"Role": _role(), **{name: _managed(document) for name, document in policy_of.items()}}
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The role by which residency reads where stores stand. It reads no data.",
        "Parameters": {
            "Scanner": {"Type": "String", "Description": "ARN of the role or user that scans"},
            "ExternalId": {"Type": "String", "Default": "", "Description": "what the scanner gives when it comes"},
        },
        "Conditions": {"HasExternalId": {"Fn::Not": [{"Fn::Equals": [{"Ref": "ExternalId"}, ""]}]}},
        "Resources": resources,
    }
    yield json.dumps(template, indent=1) + "\n"


def _role() -> dict[str, Any]:
    given = {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}}
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": {"Ref": "Scanner"}},
        "Action": "sts:AssumeRole",
        "Condition": {"Fn::If": ["HasExternalId", given, {"Ref": "AWS::NoValue"}]},
    }
    document = {"Version": "2012-10-17", "Statement": [trust]}
    return {"Type": "AWS::IAM::Role", "Properties": {"RoleName": NAME, "AssumeRolePolicyDocument": document}}


def _managed(document: dict[str, Any]) -> dict[str, Any]:
    properties = {"Roles": [{"Ref": "Role"}], "PolicyDocument": document}
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}


_ROLE = f"""\
variable "scanner" {{
  description = "ARN of the role or user that scans"
  type        = string
}}

variable "external_id" {{
  description = "what the scanner gives when it comes"
  type        = string
  default     = null
}}

data "aws_iam_policy_document" "trust" {{
  statement {{
    actions = ["sts:AssumeRole"]

    principals {{
      type        = "AWS"
      identifiers = [var.scanner]
    }}

    dynamic "condition" {{
      for_each = var.external_id == null ? [] : [var.external_id]

      content {{
        test     = "StringEquals"
        variable = "sts:ExternalId"
        values   = [condition.value]
      }}
    }}
  }}
}}

resource "aws_iam_role" "residency" {{
  name               = "{NAME}"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}}
"""
_POLICY = """
resource "aws_iam_policy" "residency_{number}" {{
  name = "{name}-{number}"

  policy = jsonencode({{
    Version   = "2012-10-17"
    Statement = [{{ Effect = "Allow", Action = {actions}, Resource = "*" }}]
  }})
}}

resource "aws_iam_role_policy_attachment" "residency_{number}" {{
  role       = aws_iam_role.residency.name
  policy_arn = aws_iam_policy.residency_{number}.arn
}}
"""
FORMATS: dict[str, Callable[[str], Iterator[str]]] = {
    "json": as_json,
    "terraform": as_terraform,
    "cloudformation": as_cloudformation,
}
