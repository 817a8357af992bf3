"""The published shape of `residency/result/v1`. A reader ignores fields it does not know."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    model_config = ConfigDict(extra="allow")


class PolicyRef(Part):
    id: str
    sha256: str


class AtlasRef(Part):
    as_of: str
    sha256: str


class Run(Part):
    id: str
    started: str
    ended: str | None
    tool: str
    principal: str | None
    facts_sha256: str
    policy: PolicyRef
    config_sha256: str
    atlas: AtlasRef
    replaced: list[str]


class SummaryPart(Part):
    stores: int
    copies: int
    violations: int
    decisions: int
    gap_causes: int
    accepted_gaps: int
    tracked: int
    by_country: dict[str, int]


Place = str
CopyVerdict = Literal["permitted", "prohibited", "undetermined"]


class ControlPart(Part):
    grade: int | None = Field(ge=0, le=5)
    modifiers: list[str]
    key: str | None
    key_place: Place | None


class CopyPart(Part):
    role: str
    place: Place | None
    candidates: list[Place]
    countries: list[str]
    verdict: CopyVerdict
    why: Literal["unbounded", "unresolved", "unknown-id", "not-known-yet"] | None
    state: Literal["exists", "planned", "may-appear"]
    former: bool
    holder: str | None
    account: str | None
    operator: str | None
    operator_country: str | None
    control: ControlPart | None
    said_by: list[str] = Field(min_length=1)


class StorePart(Part):
    id: str
    address: str | None
    kind: str
    provider: str
    account: str | None
    name: str
    sources: list[str]
    owner: str | None
    tags: dict[str, str] | None
    policy: str
    data_class: str
    classified_by: str
    assumed: bool
    followed: Literal["all", "some", "none"]
    verdict: Literal["permitted", "prohibited", "undetermined", "excepted", "not-personal"]
    copies: list[CopyPart] = Field(min_length=1)


class VendorPart(Part):
    id: str
    state: str
    verdict: Literal["approved", "conditional", "rejected", "incomplete"]
    checks: dict[str, Literal["accepted", "conditional", "missing", "rejected", "expired"]]


class SubjectPart(Part):
    kind: Literal["store", "vendor", "cell", "key", "exception", "atlas"]
    id: str
    role: str | None
    place: Place | None
    holder: str | None


class Texts(Part):
    en: str
    ja: str


class FindingPart(Part):
    rule: str
    status: Literal["violation", "not-checked", "warning", "excepted"]
    severity: Literal["critical", "high", "medium", "low"]
    assumed: bool
    subject: SubjectPart
    message: Texts
    evidence: list[str]
    fix: Texts
    policy: str
    owner: str | None
    first_seen: str
    file: str | None
    line: int | None
    fingerprint: str = Field(pattern="^[0-9a-f]{64}$")


class GapPart(Part):
    subject: str | None
    call: str
    status: str
    needs: str | None
    reason: str


class CoveragePart(Part):
    source: str
    provider: str
    account: str | None
    region: str | None
    service: str
    listing: str
    status: str
    level: Literal["required", "tracked", "out"]
    accepted_by: str | None
    cause: str | None
    calls: int
    stores: int
    gaps: list[GapPart]


class ResultV1(Part):
    """One judged run."""

    format: Literal["residency/result/v1"] = Field(alias="schema")
    run: Run
    verdict: Literal[
        "no-violation",
        "no-violation-with-accepted-gaps",
        "violations",
        "incomplete",
        "violations-and-incomplete",
        "nothing-checked",
    ]
    exit_code: Literal[0, 1, 3, 4, 5]
    summary: SummaryPart
    stores: list[StorePart]
    vendors: list[VendorPart]
    findings: list[FindingPart]
    coverage: list[CoveragePart]
