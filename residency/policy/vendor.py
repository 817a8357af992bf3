"""The record of one vendor: who it is, what it may see, and which papers prove it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from residency.policy.models import Check, Country, Entity, Grade, Id, Names, Section, Text, _no_number

VendorState = Literal[
    "draft", "evidence-requested", "in-review", "approved", "conditional", "rejected", "expired", "offboarded"
]


class Entities(Section):
    contracting: Entity | None = None
    operating: Entity
    parent: Entity | None = None


class Service(Section):
    id: Id
    kind: Literal["iaas", "paas", "saas"] | None = None
    personal_data: Literal["none", "personal", "special_care", "my_number"] | None = None
    purposes: tuple[str, ...] | str = ()


class DataLocation(Section):
    country: Country
    regions: tuple[str, ...] = ()
    commitment: Literal["contractual", "configurable", "best_effort", "none"] | None = None
    evidence: Any = None


class SupportAccess(Section):
    countries: tuple[Country, ...] = ()
    follow_the_sun: bool = False
    can_see_plaintext: Literal["no", "with_approval", "yes"]


class Subprocessor(Section):
    name: Text
    country: Country
    purpose: str | None = None
    touches_data: bool | None = None
    hosting: bool | None = None
    source_url: str | None = None
    as_of: date | None = None


class Evidence(Section):
    type: Literal["doc", "attestation", "api"]
    url: str | None = None
    path: str | None = None
    sha256: str | None = None
    issued: date | None = None
    retrieved_on: date
    expires: date | None = None

    def last_day(self, max_age_days: int) -> date:
        """The last day on which the paper counts: its age, or its own end if that is earlier."""
        aged = self.retrieved_on + timedelta(days=max_age_days)
        return min(aged, self.expires) if self.expires else aged


class Measure(Section):
    """One technical measure that keeps the vendor from reading what is saved."""

    grade: Grade
    scope: Annotated[tuple[Id, ...], Field(min_length=1)]  # service ids: s3, ebs; "*" for every service
    control_id: str | None = None
    statement: Text
    evidence: tuple[Evidence, ...] = ()
    effective_check: dict[str, Any] | None = None
    covers_backups: bool | None = None
    exclusions: tuple[str, ...] = ()

    def covers(self, service: str) -> bool:
        """Scope may name a service alone or with its provider: `s3`, `aws.s3`."""
        return any(name == "*" or name.rpartition(".")[2] == service for name in self.scope)


class Decision(Section):
    """What a reviewer said of one check."""

    state: Literal["missing", "requested", "received", "accepted", "conditional", "rejected"]
    by: str | None = None
    on: date | None = None
    valid_until: date | None = None
    reason: str | None = None


class Review(Section):
    date: Any = None
    reviewer: str | None = None
    approver: str | None = None
    next_due: Any = None
    result: str | None = None
    conditions: tuple[Any, ...] = ()
    exceptions: tuple[Any, ...] = ()


class HandlingPolicy(Section):
    url: str | None = None
    version: Annotated[str | None, BeforeValidator(_no_number)] = None
    retrieved_on: date | None = None
    sha256: str | None = None


class Regulation(Section):
    law: Text
    applies: Literal["yes", "no", "unknown"] | bool
    reason: str | None = None
    url: str | None = None
    as_of: date | None = None


class Vendor(Section):
    version: Literal[1]
    kind: Literal["vendor"]
    id: Id
    state: VendorState
    operates: tuple[Id, ...] = ()
    names: Names | None = None
    entities: Entities | None = None
    partitions: tuple[str, ...] = ()
    services: tuple[Service, ...] = ()
    data_locations: tuple[DataLocation, ...] = ()
    support_access: SupportAccess | None = None
    subprocessors: tuple[Subprocessor, ...] = ()
    change_notice_days: int | None = None
    contracts: dict[str, Any] | None = None
    regulations: tuple[Regulation, ...] = ()
    gov_access: dict[str, Any] | None = None
    data_handling_policy: HandlingPolicy | None = None
    technical_measures: tuple[Measure, ...] = ()
    certifications: tuple[dict[str, Any], ...] = ()
    appi_basis: (
        Literal[
            "cloud_exception",
            "designated_country",
            "rule16_contract",
            "rule16_cbpr",
            "consent",
            "entrustment_domestic",
        ]
        | None
    ) = None
    foreign_system: tuple[dict[str, Any], ...] = ()
    review: Review | None = None
    checks: dict[Check, Decision] = Field(default_factory=dict)
    owner: str | None = None
    notes: str | None = None
