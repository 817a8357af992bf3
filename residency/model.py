"""The nouns: what was seen, where it stands, and what could not be seen.

Everything else in the program produces these, judges these or prints these. They are
frozen, strict and small. A reader of saved facts ignores fields it does not know, so
that a newer minor version can still be read.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Noun(BaseModel):
    """Base of all facts: frozen, and no silent conversion between types."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", defer_build=True)


class Role(StrEnum):
    """What a copy is to its store. Whether it is written at once or later is a fact, not a role."""

    PRIMARY = "primary"
    REPLICA = "replica"
    STANDBY = "standby"
    WITNESS = "witness"  # votes and keeps a log, holds no full data
    BACKUP = "backup"
    SNAPSHOT = "snapshot"
    STREAM = "stream"
    LOG = "log"
    EXPORT = "export"
    CACHE = "cache"
    SHARE = "share"  # somebody else may read or copy it
    INFERENCE = "inference"
    METADATA = "metadata"  # identifiers such as object names
    KEY = "key"  # another place where the key that protects the store stands


class State(StrEnum):
    """Whether a copy is there now."""

    EXISTS = "exists"
    PLANNED = "planned"  # a template will make it
    MAY_APPEAR = "may-appear"  # a setting allows it, nothing proves it


class Why(StrEnum):
    """Why a copy has no one place."""

    UNBOUNDED = "unbounded"  # the provider says that the place is not limited: an answer
    UNRESOLVED = "unresolved"  # somebody could have told and did not
    NOT_KNOWN_YET = "not-known-yet"  # known only after a plan is applied


class Followed(StrEnum):
    """How far the copies of a store were looked for."""

    ALL = "all"
    SOME = "some"
    NONE = "none"


class Status(StrEnum):
    """How the listing of one cell, or one follow-up call, ended."""

    LISTED = "listed"
    NOT_OFFERED = "not-offered"
    REGION_OFF = "region-off"
    ACCOUNT_CLOSED = "account-closed"
    # From here on something was not seen.
    PARTIAL = "partial"
    UNAUTHENTICATED = "unauthenticated"
    NO_ROLE = "no-role"
    ACCOUNT_PENDING = "account-pending"
    ACCOUNT_SUSPENDED = "account-suspended"
    DENIED = "denied"
    GUARDED = "guarded"
    REGION_REFUSED = "region-refused"
    SERVICE_OFF = "service-off"
    THROTTLED = "throttled"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    UNSUPPORTED = "unsupported"
    UNSWEPT = "unswept"
    INTERRUPTED = "interrupted"
    ERROR = "error"

    @property
    def complete(self) -> bool:
        """True where nothing was left unseen."""
        return self in _COMPLETE


_COMPLETE = frozenset({Status.LISTED, Status.NOT_OFFERED, Status.REGION_OFF, Status.ACCOUNT_CLOSED})

# The value of Copy.account and Edge.target_account that means everybody.
EVERYONE = "*"


class Place(Noun):
    """The most exact word a provider uses for a location, e.g. `aws:eu-central-1-ist-1a`.

    It says no country: only the atlas does.
    """

    namespace: Annotated[str, Field(min_length=1)]
    code: str

    def __str__(self) -> str:
        return f"{self.namespace}:{self.code}"

    # Places are the keys of what is remembered of them; pydantic's own comparison takes several times as long.
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and self.code == other.code and self.namespace == other.namespace

    def __hash__(self) -> int:
        return hash(self.code)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `NAMESPACE:CODE`; ValueError when there is no colon or no namespace."""
        namespace, colon, code = text.partition(":")
        if not colon or not namespace:
            raise ValueError(f"not a location of the form NAMESPACE:CODE: {text[:80]!r}")
        return cls(namespace=namespace, code=code)


class Said(Noun):
    """Who said a fact: a provider's call and the field of its answer, or a line of a file."""

    call: Annotated[str, Field(min_length=1)]  # "ec2:DescribeVolumes", "terraform:aws_ebs_volume"
    field: str  # "Volumes[].AvailabilityZone"
    at: str | None = None  # "main.tf:14", or the address in a plan
    reason: str = ""  # why it does not say the fact: what was refused, or what the template leaves open

    def __str__(self) -> str:
        text = f"{self.call} {self.field}".rstrip()
        return f"{text} ({self.at})" if self.at else text


class Control(Noun):
    """What keeps the operator from reading one copy."""

    grade: Annotated[int, Field(ge=0, le=5)] | None  # None = could not be read; 0 = there is none
    modifiers: tuple[str, ...] = ()  # provider-managed-key, hsm, approval, no-operator-access
    key: str | None = None
    key_account: str | None = None
    key_place: Place | None = None
    said_by: tuple[Said, ...] = ()


class Copy(Noun):
    """One place where the data of a store stands, or may stand."""

    role: Role
    place: Place | None  # None = a copy exists and nothing says where
    candidates: tuple[Place, ...] = ()  # the provider's list of allowed places; only without a place
    holder: str | None = None  # id of the Store that is this copy, where the provider lists it as one
    account: str | None = None  # who holds it; EVERYONE for a public share
    state: State = State.EXISTS
    former: bool = False  # what made it is switched off, what it made may remain
    why: Why | None = None
    control: Control | None = None
    said_by: Annotated[tuple[Said, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _a_copy_without_a_place_says_why(self) -> Self:
        if self.place is not None and (self.candidates or self.why):
            raise ValueError("a copy with a place has neither candidates nor a reason for having none")
        if self.place is None and not self.candidates and self.why is None:
            raise ValueError("a copy without a place says why")
        return self


class Store(Noun):
    """Something that holds data, with every copy of it that was seen. It carries no verdict."""

    id: Annotated[str, Field(min_length=1)]
    kind: Annotated[str, Field(min_length=1)]  # "aws.s3.bucket", or a template's "aws_dynamodb_table"
    name: str
    account: str | None
    region: str | None
    tags: dict[str, str] | None  # None = could not be read; {} = it has none
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    address: str | None = None  # "module.db.aws_ebs_volume.this[0]" in a template
    owner: str | None = None  # where the provider itself names one
    followed: Followed
    copies: Annotated[tuple[Copy, ...], Field(min_length=1)]

    @property
    def provider(self) -> str:
        return _words(self.kind)[0]

    @property
    def service(self) -> str:
        words = _words(self.kind)
        return words[1] if len(words) > 1 else self.kind


@cache
def _words(kind: str) -> tuple[str, ...]:
    """A kind of a template, `aws_dynamodb_table`, begins with provider and service as ours do."""
    return tuple(kind.replace("_", ".").split("."))


class SeenFrom(StrEnum):
    SOURCE = "source"
    TARGET = "target"
    BOTH = "both"


class Edge(Noun):
    """One relation along which data flows, however often and from whichever side it is seen."""

    source: str
    target: str | None
    role: Role
    target_place: Place | None = None
    target_account: str | None = None
    seen_from: SeenFrom
    former: bool = False  # switched off: what flowed may remain, nothing flows now
    said_by: Annotated[tuple[Said, ...], Field(min_length=1)]

    @property
    def relation(self) -> tuple[str, str | None, Role, str | None]:
        """What makes two sightings the same relation."""
        return (self.source, self.target, self.role, None if self.target else str(self.target_place))


class Cell(Noun):
    """One listing call in one place: the smallest thing that can be seen or missed.

    What is listed once for an account has the region "global".
    """

    source: str
    provider: str
    account: str | None
    region: str | None
    service: str
    listing: str

    @property
    def discovers(self) -> bool:
        """It finds the accounts and regions that the other cells are planned for, and lists no store."""
        return self.service in ("account", "organization")

    @property
    def lists(self) -> bool:
        """It looks for stores; the others look for accounts, regions and zones."""
        return not self.discovers and self.service != "geography"

    def __str__(self) -> str:
        return "/".join(part or "?" for part in (self.source, self.account, self.region, self.service, self.listing))


class Gap(Noun):
    """One thing that was not seen: a listing, or one follow-up call about one subject."""

    cell: Cell
    subject: str | None = None  # the store that the call was about; None = the cell's own listing
    call: str
    status: Status
    code: str  # the provider's own word: "AccessDenied"
    needs: str | None = None  # the right that would have let it pass: "kms:DescribeKey"
    policy: str | None = None  # the guardrail that the provider names as the reason
    reason: str = ""  # the provider's sentence, shortened
    attempts: int = 1


class CellResult(Noun):
    """How one cell ended: the unit of saving, resuming, timeout and distribution.

    Its stores and edges are records of their own; the counts here say how many there are, so
    that a record that was lost is missed.
    """

    cell: Cell
    status: Status
    stores: Annotated[int, Field(ge=0)] = 0
    edges: Annotated[int, Field(ge=0)] = 0
    gaps: tuple[Gap, ...] = ()
    calls: Annotated[int, Field(ge=0)] = 0
    began: datetime
    ended: datetime


class Account(Noun):
    """One account that a source reached: what "our own accounts" means to a rule."""

    source: str
    provider: str
    id: str
    name: str | None = None
    ou: tuple[str, ...] = ()  # the organisational units above it, nearest first
    principal: str | None = None  # who asked


class Geography(Noun):
    """Where a provider itself says that one of its locations stands: its words, not the atlas's."""

    source: str
    place: Place
    words: Annotated[str, Field(min_length=1)]  # a country as the provider writes it: "TR", "Türkiye"
    said_by: Said


class FindingStatus(StrEnum):
    VIOLATION = "violation"
    NOT_CHECKED = "not-checked"
    WARNING = "warning"
    EXCEPTED = "excepted"


class Severity(StrEnum):
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for critical, 3 for low."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Subject(Noun):
    """What a finding is about. `detail` tells findings apart that share all the rest."""

    kind: str  # store | vendor | cell | key | exception | atlas
    id: str
    role: Role | None = None
    place: Place | None = None
    holder: str | None = None
    account: str | None = None
    stack: str | None = None
    detail: str | None = None


class Finding(Noun):
    """What a rule says of a subject. It holds no text: texts are filled in when it is printed."""

    rule: str
    status: FindingStatus
    severity: Severity
    subject: Subject
    facts: dict[str, str]  # fills the placeholders of the rule's texts
    policy: str  # the id of the policy that it was judged by
    evidence: tuple[str, ...] = ()
    stores: frozenset[str] = frozenset()  # ids of all that it counts; only where it is compared with an earlier run
    at: str | None = None  # "main.tf:14" or the address in a plan
    assumed: bool = False  # nothing says that the data are personal; the worst is assumed
    owner: str | None = None
    excepted_by: str | None = None
