"""What a service file declares: its listings, and how templates become the same documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from residency.clouds.answers import Body, Document
from residency.model import Edge, Store

Placed = Iterator[Store | Edge]
Place = Callable[[Document], Placed]


class Scope(StrEnum):
    """Where a listing is asked."""

    GLOBAL = "global"  # once for the account
    REGION = "region"  # in every enabled region


@dataclass(frozen=True)
class Listing:
    """One listing call: what it needs, what it yields, and what its documents mean."""

    provider: str
    service: str
    call: str  # "s3:ListBuckets"
    scope: Scope
    needs: Mapping[str, str]  # every call that the listing makes -> the right that it needs
    list: Callable[[Any], Iterator[Body]]
    place: Place

    @property
    def operation(self) -> str:
        return self.call.partition(":")[2]


@dataclass(frozen=True)
class Each:
    """A block that repeats: the template's block, and the fields inside one element."""

    block: str
    fields: Mapping[str, TemplateField]


@dataclass(frozen=True)
class Always:
    """A value that the template does not carry because it never differs."""

    value: Any


class Several(str):
    """A template attribute whose value is a list of plain values; that of any other is a plain value."""


# A template attribute; one of the words below; a constant; or a repeating block.
TemplateField = str | Each | Always
REGION = "@region"  # the region of the resource: its own `region`, else the one its provider is set to
TAGS = "@tags"  # all its tags, the provider's default tags included


@dataclass(frozen=True)
class Template:
    """One resource type of a template language, as the document that the provider would answer.

    `fields` maps provider path -> template attribute. A path that begins with "@" is none of the provider's: it holds
    what a live answer says by other means, and no model is asked whether it exists ("@region", where the resource is
    made; "@name", where the answer has only a URL). A companion (`attaches_to`: the attribute that
    names the other resource, and that resource's type) adds its fields to the other's document, and
    makes one of its own where the other is not part of the template. With `answers`, the document is no
    store but what that call says of a thing that other resources refer to.
    """

    fields: Mapping[str, TemplateField]
    place: Place | None = None
    attaches_to: tuple[str, str] | None = None
    answers: str | None = None
    id: str | None = None  # the store's id with the attribute that fills it: "arn:{partition}:s3:::{bucket}"
    # The attributes by which other resources name this one. CloudFormation resolves Ref and GetAtt by itself: its
    # tables name the properties whose text others may write (`AliasName`).
    names: tuple[str, ...] = ("id", "arn")
    arn: str | None = None  # how others make its ARN of its name, where they give only that: "arn:…:db:{0}"
    # Attributes that the provider fills itself, those inside a repeating block by their whole path
    # (`replica.kms_key_arn`). Unknown and without an expression they have its documented default; a place
    # is never among them. A CloudFormation template says nothing of what it does not set: there it has no effect.
    computed: tuple[str, ...] = ()
