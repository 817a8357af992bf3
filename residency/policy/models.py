"""The typed form of every config file. Unknown keys are errors; numbers are no account ids."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal, Self, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from residency.countries import countries
from residency.model import Role

MAX_APPROVAL_DAYS = 366


class Section(BaseModel):
    """Base of every part of a config file."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


def _country(code: str) -> str:
    if code not in countries():
        raise ValueError("is not an ISO 3166-1 alpha-2 country code (the United Kingdom is GB, Greece is GR)")
    return code


def _no_number(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError("is a number; an id is text: put it in quotes")
    return value


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str | int | float) else value


@cache
def _timezone_exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder's name, on Python 3.11
        return False
    return True


def _timezone(name: str) -> str:
    if not _timezone_exists(name):
        raise ValueError("is not an IANA time zone such as Asia/Tokyo")
    return name


def _refuse_null(section: Section) -> None:
    """A key without a value would match everything that the row does not speak of."""
    empty = sorted(key for key in section.model_fields_set if getattr(section, key) is None)
    if empty:
        raise ValueError(f"`{empty[0]}` has no value: give one, or leave the key out")


def _wrong_at(*loc: str | int, text: str, value: object) -> ValidationError:
    """A mistake with its own place, for a check that needs the whole of a file."""
    kind = PydanticCustomError("value_error", "{text}", {"text": text})
    return ValidationError.from_exception_data("config", [InitErrorDetails(type=kind, loc=loc, input=value)])


Text = Annotated[str, Field(min_length=1)]
Country = Annotated[str, AfterValidator(_country)]
Id = Annotated[str, BeforeValidator(_no_number), Field(min_length=1)]
AccountId = Annotated[str, BeforeValidator(_no_number), Field(pattern=r"^[0-9]{12}$")]
Globs = Annotated[tuple[Id, ...], BeforeValidator(_one_or_many), Field(min_length=1)]
Grade = Annotated[int, Field(ge=0, le=5)]
Days = Annotated[int, Field(ge=0)]


class Bilingual(Section):
    """A text in both languages of the reports."""

    en: str | None = None
    ja: str | None = None


class Match(Section):
    """Which things a row is about: anchored globs; all given keys must match."""

    id: Globs | None = None
    kind: Globs | None = None
    name: Globs | None = None
    account: Globs | None = None
    ou: Globs | None = None
    tag: Globs | None = None
    place: Globs | None = None
    role: Globs | None = None
    vendor: Globs | None = None
    stack: Globs | None = None
    repo: Globs | None = None
    address: Globs | None = None
    source: Globs | None = None
    provider: Globs | None = None
    region: Globs | None = None
    service: Globs | None = None
    status: Globs | None = None
    call: Globs | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("an empty match would match everything: name at least one key")
        _refuse_null(self)
        return self

    def given(self) -> dict[str, tuple[str, ...]]:
        """The keys that were written, with their globs."""
        return {key: getattr(self, key) for key in self.model_fields_set}


# Only a gap has a status and a call, and nothing says yet of which repository a store is.
NO_KEY_OF_A_STORE = ("repo", "status", "call")


class DataClass(StrEnum):
    """What data a store holds, strongest first. `unknown` stands above what is not judged as personal."""

    MY_NUMBER = "my-number"
    SPECIAL_CARE = "special-care"
    PERSONAL = "personal"
    PSEUDONYMISED = "pseudonymised"
    UNKNOWN = "unknown"
    PERSON_RELATED = "person-related"
    STATISTICAL = "statistical"
    ANONYMISED = "anonymised"
    NONE = "none"

    @property
    def strength(self) -> int:
        return _STRENGTH[self]

    @property
    def personal(self) -> bool:
        """Judged as personal information."""
        return self in _PERSONAL

    @property
    def special(self) -> bool:
        """Judged with the stricter column of each rule."""
        return self in (DataClass.MY_NUMBER, DataClass.SPECIAL_CARE)


_STRENGTH = {data_class: -index for index, data_class in enumerate(DataClass)}
_PERSONAL = frozenset({DataClass.MY_NUMBER, DataClass.SPECIAL_CARE, DataClass.PERSONAL, DataClass.PSEUDONYMISED})


# --- policy ---------------------------------------------------------------------------------


class Basis(Section):
    document: str
    section: str | None = None
    amended: date | None = None
    url: str | None = None
    text: Bilingual = Bilingual()


class Jurisdiction(Section):
    id: Text
    name: Bilingual
    countries: Annotated[tuple[Country, ...], Field(min_length=1)]
    also: tuple[Country, ...] = ()
    as_of: date | None = None
    reason: str | None = None

    @property
    def members(self) -> frozenset[str]:
        return frozenset(self.countries) | frozenset(self.also)


class Location(Section):
    allow: Annotated[tuple[Text, ...], Field(min_length=1)]


class OperatorRule(Section):
    domestic: tuple[Text, ...]
    allow_foreign: tuple[Text, ...]
    parent: Literal["warn", "reject", "ignore"]


class Counting(StrEnum):
    """What a role counts as."""

    SAVED = "saved"
    SAVED_FOR_A_WHILE = "saved-for-a-while"
    PARTLY = "partly"
    PROCESSED = "processed"
    IDENTIFIERS = "identifiers"
    KEY = "key"


class Grades(Section):
    min_grade: Grade
    target_grade: Grade


class AccessPrevention(Grades):
    special_care: Grades


Check = Literal["access_prevention", "regulation", "handling_policy", "agreement", "supervision"]


class Required(Section):
    foreign: tuple[Check, ...]
    domestic: tuple[Check, ...]


class VendorRule(Section):
    require: Required
    evidence_max_age_days: Days
    grace_days: Days
    warn_before_days: tuple[Days, ...]


class Unclassified(Section):
    outside: Literal["decide", "violation"]


class Severities(Section):
    personal: Literal["critical", "high", "medium", "low"] | None = None
    special_care: Literal["critical", "high", "medium", "low"] | None = None


class RuleChange(Section):
    """How a policy changes what a rule ships with."""

    status: Literal["violation", "not-checked", "warning"] | None = None
    severity: Severities = Severities()
    reason: Text


class Policy(Section):
    """One promise, as a program can check it."""

    version: Literal[1]
    kind: Literal["policy"]
    id: Text
    title: Bilingual = Bilingual()
    basis: Basis | None = None
    applies_to: tuple[Match, ...] = ()
    jurisdictions: Annotated[tuple[Jurisdiction, ...], Field(min_length=1)]
    location: Location
    operator: OperatorRule
    copies: dict[Role, Counting]
    access_prevention: AccessPrevention
    vendors: VendorRule
    unclassified: Unclassified
    timezone: Annotated[str, AfterValidator(_timezone)]
    rules: dict[str, RuleChange] = {}

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        for index in unique_ids(self.jurisdictions):
            name = self.jurisdictions[index].id
            raise _wrong_at("jurisdictions", index, "id", text="two jurisdictions have the same id", value=name)
        known = {jurisdiction.id for jurisdiction in self.jurisdictions} | countries().keys()
        for path, names in self._references().items():
            for index, name in enumerate(names):
                if name not in known:
                    text = "is neither a jurisdiction's id nor a country code"
                    raise _wrong_at(*path, index, text=text, value=name)
        missing = [role.value for role in Role if role not in self.copies]
        if missing:
            raise ValueError(f"copies: say what these roles count as: {', '.join(missing)}")
        for role, counting in self.copies.items():
            if counting is Counting.KEY and role is not Role.KEY:
                raise _wrong_at(
                    "copies", role.value, text="is no key: a key is not judged by its place", value=counting
                )
        return self

    @model_validator(mode="after")
    def _can_apply_to_a_store(self) -> Self:
        for index, row in enumerate(self.applies_to):
            for key, globs in row.given().items():
                if key in NO_KEY_OF_A_STORE:
                    text = "no store has this key: the policy would judge nothing"
                    raise _wrong_at("applies_to", index, key, text=text, value=globs)
        return self

    def _references(self) -> dict[tuple[str, str], tuple[str, ...]]:
        return {
            ("location", "allow"): self.location.allow,
            ("operator", "domestic"): self.operator.domestic,
            ("operator", "allow_foreign"): self.operator.allow_foreign,
        }

    def countries_of(self, names: tuple[str, ...]) -> frozenset[str]:
        """The countries that a list of jurisdiction ids and country codes stands for."""
        known = {jurisdiction.id: jurisdiction.members for jurisdiction in self.jurisdictions}
        return frozenset().union(*(known.get(name, frozenset({name})) for name in names))

    def jurisdictions_of(self, country: str) -> tuple[str, ...]:
        """The ids of the jurisdictions that a country belongs to."""
        return tuple(j.id for j in self.jurisdictions if country in j.members)


# --- sources --------------------------------------------------------------------------------


class Exclude(Section):
    """What a source leaves out on purpose: it stays in the plan, as a gap."""

    account: Globs | None = None
    ou: Globs | None = None
    region: Globs | None = None
    service: Globs | None = None


class SourceBase(Section):
    name: Id
    endpoint: str | None = None
    exclude: Exclude = Exclude()


class AwsSource(SourceBase):
    provider: Literal["aws"]
    account: AccountId | None = None
    organization: bool = False
    role_arn: str | None = None
    role_name: str | None = None
    external_id: Annotated[str | None, BeforeValidator(_no_number)] = None
    profile: str | None = None
    regions: Literal["all-enabled"] | Annotated[tuple[Id, ...], Field(min_length=1)] = "all-enabled"

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.organization and self.account:
            raise ValueError("a source is one account or an organization, not both")
        if self.organization and not self.role_name:
            raise ValueError("an organization needs `role_name`: the role to take in each account")
        if self.role_arn and self.role_name:
            raise ValueError("give `role_arn` or `role_name`, not both")
        return self


class GcpSource(SourceBase):
    provider: Literal["gcp"]
    scope: Annotated[str, Field(pattern=r"^(organizations|folders|projects)/.+$")]


class AzureSource(SourceBase):
    provider: Literal["azure"]
    management_group: Id | None = None
    subscription: Id | None = None


class NetboxSource(SourceBase):
    provider: Literal["netbox"]
    url: Text
    token_env: Text


class FileSource(SourceBase):
    provider: Literal["file"]
    file: Text


Source = Annotated[AwsSource | GcpSource | AzureSource | NetboxSource | FileSource, Field(discriminator="provider")]


class Sources(Section):
    version: Literal[1]
    kind: Literal["sources"]
    sources: tuple[Source, ...]


# --- what data a store holds, who owns it ---------------------------------------------------


class ClassRule(Section):
    match: Match
    data_class: DataClass
    reason: str | None = None
    owner: str | None = None
    reviewed: date | None = None

    @model_validator(mode="after")
    def _relief_is_owned(self) -> Self:
        if self.data_class.strength < DataClass.UNKNOWN.strength and not (self.reason and self.owner):
            raise ValueError(f"`data_class: {self.data_class}` takes a store out: give `reason` and `owner`")
        return self


class Classification(Section):
    version: Literal[1]
    kind: Literal["classification"]
    tag_keys: tuple[Text, ...] = ()
    values: dict[str, DataClass] = {}
    rules: tuple[ClassRule, ...] = ()


class OwnerRule(Section):
    match: Match
    owner: Text
    notify: str | None = None


class Owners(Section):
    version: Literal[1]
    kind: Literal["owners"]
    tag_keys: tuple[Text, ...] = ()
    rules: tuple[OwnerRule, ...] = ()
    default: str | None = None


# --- what does not count, and for how long --------------------------------------------------


class Approval(Section):
    """Reason, owner, approver and end: what every relief needs."""

    id: Text
    match: Match
    reason: Text
    owner: Text
    approved_by: Text
    approved_on: date
    expires: date

    @model_validator(mode="after")
    def _two_people_and_an_end(self) -> Self:
        if self.owner.strip().casefold() == self.approved_by.strip().casefold():
            raise ValueError("`owner` and `approved_by` are the same: somebody else approves")
        if self.expires < self.approved_on:
            raise ValueError("`expires` is before `approved_on`")
        if self.expires - self.approved_on > timedelta(days=MAX_APPROVAL_DAYS):
            raise ValueError(f"`expires` is more than {MAX_APPROVAL_DAYS} days after `approved_on`")
        return self

    def expired(self, today: date) -> bool:
        """The last day counts."""
        return today > self.expires

    def begun(self, today: date) -> bool:
        return today >= self.approved_on


class Cause(Section):
    """Why something was not seen; an acceptance is void as soon as this changes."""

    status: Id | None = None
    policy: Id | None = None
    sha256: Id | None = None
    action: Id | None = None
    source: Id | None = None
    code: Id | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name at least the status of the gap")
        _refuse_null(self)
        return self


class Acceptance(Approval):
    cause: Cause | None = None

    @model_validator(mode="after")
    def _names_its_cause(self) -> Self:
        if self.cause is None and self.match.status is None:
            raise ValueError("say which cause is accepted: `cause: {status: …}`")
        return self


Holds = Literal["data", "logs", "secrets", "code", "keys", "config", "nothing"]


class RequiredScope(Section):
    holds: tuple[Holds, ...]
    unfollowed: bool = False


class TrackedScope(Section):
    holds: tuple[Holds, ...]
    unfollowed: bool = True


class Scope(Section):
    required: RequiredScope
    tracked: TrackedScope
    out: tuple[Approval, ...] = ()

    @model_validator(mode="after")
    def _nothing_falls_out_unsaid(self) -> Self:
        said = {*self.required.holds, *self.tracked.holds, "nothing"}
        unsaid = [holds for holds in get_args(Holds) if holds not in said]
        if unsaid:
            raise ValueError(
                f"neither required nor tracked: {', '.join(unsaid)}; what is out has a row in `out` with an owner"
            )
        return self


class Coverage(Section):
    version: Literal[1]
    kind: Literal["coverage"]
    scope: Scope
    accept: tuple[Acceptance, ...] = ()


class ExceptionRow(Approval):
    rule: Text
    basis: str | None = None
    ticket: str | None = None


class Exceptions(Section):
    version: Literal[1]
    kind: Literal["exceptions"]
    exceptions: tuple[ExceptionRow, ...] = ()


# --- operators ------------------------------------------------------------------------------


class Entity(Section):
    name: Text
    country: Country
    register_no: Annotated[str | None, BeforeValidator(_no_number)] = None
    address: str | None = None
    control: dict[str, Any] | None = None


class Names(Section):
    legal: Text
    trade: str | None = None
    local_entity: str | None = None


class Operator(Section):
    """Who runs the machines at a place."""

    id: Id
    names: Names
    operating: Entity
    parent: Entity | None = None
    namespaces: tuple[Text, ...] = ()
    source: Text
    read_on: date
    confidence: Literal["high", "medium", "low", "unverified"]
    note: str | None = None
    reason: str | None = None  # why a config replaces the shipped row


class TerraformProviders(Section):
    """Which operator a Terraform provider's resources stand with."""

    model_config = ConfigDict(frozen=True, extra="allow")

    local: tuple[Text, ...] = ()
    builtin: tuple[Text, ...] = ()


class Operators(Section):
    version: Literal[1]
    kind: Literal["operators"]
    operators: tuple[Operator, ...]
    terraform: TerraformProviders = TerraformProviders()


def unique_ids(rows: tuple[Any, ...]) -> list[int]:
    """The indexes of the rows whose `id` (or `name`) stood before."""
    seen: set[str] = set()
    again = []
    for index, row in enumerate(rows):
        key = getattr(row, "id", None) or row.name
        if key in seen:
            again.append(index)
        seen.add(key)
    return again
