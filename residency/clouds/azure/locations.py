"""Azure: the locations that Azure Resource Manager lists, with the country where it names one.

A location's `geography` is a market that Microsoft makes promises for, `physicalLocation` a country, a State or a
city. Coordinates and `geographyGroup` are not read: they are wrong for several regions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from residency.countries import country_of
from residency.survey import Known, NotSeen, Record

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


@dataclass(frozen=True)
class Cloud:
    """One cloud of Azure: its namespace in the atlas, and what azure-core and azure-identity call it."""

    namespace: str
    setting: str
    authority: str


CALL = "Azure list-locations"
# https://learn.microsoft.com/rest/api/resources/subscriptions/list-locations
API_VERSION = "2022-12-01"
ENDPOINT = "https://management.azure.com"
# By host of Resource Manager: azure-mgmt-core 1.6.0 (get_arm_endpoints), azure-identity 1.27.0 (AzureAuthorityHosts).
CLOUDS = {
    "management.azure.com": Cloud("azure", "AZURE_PUBLIC_CLOUD", "AZURE_PUBLIC_CLOUD"),
    "management.usgovcloudapi.net": Cloud("azure-usgov", "AZURE_US_GOVERNMENT", "AZURE_GOVERNMENT"),
    "management.chinacloudapi.cn": Cloud("azure-china", "AZURE_CHINA_CLOUD", "AZURE_CHINA"),
}
LOCAL = ("127.0.0.1", "localhost")
TO_DO = {
    401: "sign in to this cloud, for example with `az login`",
    403: "give the account the role Reader on the subscription",
    404: "check the id of the subscription, and that it belongs to this cloud",
    429: "wait some minutes and ask again",
}
# physicalLocation is the name of a State in regions of the US, and this one is that of a country too.
STATE_OR_COUNTRY = "georgia"

Text = Annotated[str, Field(min_length=1)]


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class Metadata(_Wire):
    """What list-locations says about a location; only what is read here."""

    region_type: Literal["Physical", "Logical"]
    geography: str | None = None
    physical_location: str | None = None
    home_location: str | None = None


class Zone(_Wire):
    """A physical zone; its logical number is another one in every subscription."""

    physical_zone: Text


class Location(_Wire):
    """One element of the answer."""

    name: Text
    type: Literal["Region", "EdgeZone"]
    metadata: Metadata
    availability_zone_mappings: list[Zone] | None = None


class Page(_Wire):
    """One answer."""

    value: list[Location]
    next_link: str | None = None


def locations(subscription: str, *, endpoint: str | None = None, credential: TokenCredential | None = None) -> Record:
    """All locations of the cloud that the endpoint belongs to, as a subscription of it sees them.

    The record is complete for regions: the call gives "all the locations that are available for resource providers".
    Raises NotSeen when the answer was refused, cut off or is not in the documented form.
    """
    address = (endpoint or ENDPOINT).rstrip("/")
    cloud = _cloud(address)
    listed = _list(subscription, address, cloud, credential)
    known = tuple(known for location in listed for known in _known(cloud.namespace, location))
    if not any(one.kind == "region" for one in known):
        raise NotSeen(f"{CALL} at {address} named no region at all: check the id of the subscription and its state")
    return Record(f"{CALL} (API version {API_VERSION})", known, frozenset({(cloud.namespace, "region")}))


def _cloud(address: str) -> Cloud:
    parts = urlsplit(address)
    if _is_local(address):
        return CLOUDS["management.azure.com"]
    if parts.scheme != "https" or parts.hostname not in CLOUDS:
        ours = ", ".join(f"https://{host}" for host in CLOUDS)
        raise NotSeen(f"{CALL} was not asked: the atlas has no cloud with the endpoint {address!r}: give one of {ours}")
    return CLOUDS[parts.hostname]


def _is_local(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "http" and parts.hostname in LOCAL


def _list(subscription: str, address: str, cloud: Cloud, credential: TokenCredential | None) -> list[Location]:
    from azure.core import AzureClouds
    from azure.core.exceptions import AzureError
    from azure.mgmt.resource.subscriptions import SubscriptionClient

    pages = _Pages(address)
    # azure-core sends no token over plain http unless the call says so: only a server on this machine may have one.
    options: dict[str, Any] = {"enforce_https": False} if _is_local(address) else {}
    setting = AzureClouds[cloud.setting]
    try:
        client = SubscriptionClient(
            credential or _default_credential(cloud), address, cloud_setting=setting, api_version=API_VERSION
        )
        with client:
            # One attempt: who refreshes the atlas can ask again, and a Retry-After may be an hour.
            asked = client.subscriptions.list_locations(
                subscription, include_extended_locations=True, raw_response_hook=pages.read, retry_total=0, **options
            )
            for _ in asked:
                pass
    except AzureError as error:
        raise _refused(address, error) from error
    return pages.locations


def _default_credential(cloud: Cloud) -> TokenCredential:
    from azure.identity import AzureAuthorityHosts, DefaultAzureCredential

    return DefaultAzureCredential(authority=getattr(AzureAuthorityHosts, cloud.authority))


def _refused(address: str, error: Exception) -> NotSeen:
    from azure.core.exceptions import ClientAuthenticationError

    status = getattr(error, "status_code", None)
    if status:
        return NotSeen(f"{CALL} at {address} answered {status}: {TO_DO.get(status, 'ask again later')}")
    to_do = TO_DO[401] if isinstance(error, ClientAuthenticationError) else "check the network and ask again"
    return NotSeen(f"{CALL} at {address} gave no whole answer ({type(error).__name__}): {to_do}")


@dataclass
class _Pages:
    """The pages as they came: the SDK takes one without its list for an empty one, and follows a link for ever."""

    address: str
    locations: list[Location] = field(default_factory=list)
    links: set[str] = field(default_factory=set)

    def read(self, answer: Any) -> None:
        """Called by the SDK with each answer before it reads it; what is not a page it raises itself."""
        response = answer.http_response
        if response.status_code != 200:
            return
        try:
            page = Page.model_validate_json(response.content)
        except ValidationError as error:
            raise NotSeen(f"{CALL} at {self.address} answered 200, {_wrong(error)}") from error
        self.locations += page.value
        if page.next_link in self.links:
            raise NotSeen(f"{CALL} at {self.address} answered 200 with a link to a page that was read: ask again later")
        self.links |= {page.next_link} if page.next_link else set()


def _wrong(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "body"
    return f"but not in the form of API version {API_VERSION} ({where}: {first['msg']}): ask again, or report it"


def _known(namespace: str, location: Location) -> Iterator[Known]:
    """A location and its zones.

    A zone stands in the country of its region: availability zones are "separated groups of datacenters within a
    region" (https://learn.microsoft.com/azure/reliability/availability-zones-overview). An edge zone need not.
    """
    about, country = location.metadata, _country(location.metadata)
    if location.type == "EdgeZone":
        home = (about.home_location or "").rpartition("/")[2]
        yield Known(namespace, location.name, "edge-zone", home, country)
    elif about.region_type == "Logical":
        yield Known(namespace, location.name, "logical")
    else:
        yield Known(namespace, location.name, "region", country=country)
        for zone in location.availability_zone_mappings or ():
            yield Known(namespace, zone.physical_zone, "zone", location.name, country)


def _country(about: Metadata) -> str | None:
    """The country that the metadata names; None where it names none or two, and where no physical location is given.

    `brazilus` has the geography Brazil, "US" in its name and no physical location: nobody publishes where it stands.
    """
    physical = (about.physical_location or "").strip()
    if not physical:
        return None
    # Two letters may be a State of the US: CA, DE.
    ambiguous = len(physical) == 2 or physical.casefold() == STATE_OR_COUNTRY
    named = {country_of(about.geography or ""), None if ambiguous else country_of(physical)} - {None}
    return named.pop() if len(named) == 1 else None
