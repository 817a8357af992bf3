"""Google Cloud: the configurations of Spanner, and the locations of four clouds as Cloud Location Finder has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator
from pydantic.alias_generators import to_camel

from residency.countries import countries
from residency.survey import Known, NotSeen, Record

if TYPE_CHECKING:
    from requests import Session


@dataclass(frozen=True)
class Api:
    """One list call of a REST API: the field that holds the list, and the permission that it needs."""

    call: str
    endpoint: str
    path: str
    field: str
    needs: str


# https://docs.cloud.google.com/spanner/docs/reference/rest/v1/projects.instanceConfigs/list
SPANNER = Api(
    "Spanner instanceConfigs.list",
    "https://spanner.googleapis.com",
    "/v1/projects/{project}/instanceConfigs",
    "instanceConfigs",
    "spanner.instanceConfigs.list",
)
# PyPI package google-cloud-locationfinder 0.4.2; the permission:
# https://cloud.google.com/iam/docs/roles-permissions/cloudlocationfinder
FINDER = Api(
    "Cloud Location Finder cloudLocations.list",
    "https://cloudlocationfinder.googleapis.com",
    "/v1/projects/{project}/locations/global/cloudLocations",
    "cloudLocations",
    "cloudlocationfinder.cloudLocations.list",
)
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
# InstanceConfig.QuorumType -> the kind that the atlas gives to such a configuration.
KINDS = {"REGION": "configuration", "DUAL_REGION": "dual-region", "MULTI_REGION": "multi-region"}
# "A repository of all Google Cloud locations": https://docs.cloud.google.com/location-finder/docs/overview. Of the
# other clouds it has locations too, but nobody says all.
WHOLE = {"gcp": frozenset({("gcp", "region"), ("gcp", "zone")})}
SIGN_IN = "sign in, for example with `gcloud auth application-default login`"
TIMEOUT = 60  # seconds

Text = Annotated[str, Field(min_length=1)]
Item = TypeVar("Item")


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class Replica(_Wire):
    """One replica of a configuration, of whatever type: a witness votes on every write."""

    location: Text


class Managed(_Wire):
    """A configuration of Google's own. `optionalReplicas` are not read: nothing stands there yet."""

    name: Annotated[str, Field(pattern=r"/instanceConfigs/[^/]+$")]
    config_type: Literal["GOOGLE_MANAGED"]
    quorum_type: Literal["REGION", "DUAL_REGION", "MULTI_REGION"]
    replicas: Annotated[list[Replica], Field(min_length=1)]


class Custom(_Wire):
    """A configuration that somebody made in this project: no location of Google's."""

    config_type: Literal["USER_MANAGED"]


Config = Annotated[Managed | Custom, Field(discriminator="config_type")]


class CloudLocation(_Wire):
    """A location as Cloud Location Finder has it.

    `display_name` is the id that the provider uses ("us-east-1"); the last part of `name` has the provider in front
    of it ("aws-us-east-1"): https://docs.cloud.google.com/location-finder/docs/syntax.
    """

    name: Text
    display_name: Text
    cloud_provider: Literal["CLOUD_PROVIDER_GCP", "CLOUD_PROVIDER_AWS", "CLOUD_PROVIDER_AZURE", "CLOUD_PROVIDER_OCI"]
    cloud_location_type: Literal[
        "CLOUD_LOCATION_TYPE_REGION",
        "CLOUD_LOCATION_TYPE_ZONE",
        "CLOUD_LOCATION_TYPE_REGION_EXTENSION",
        "CLOUD_LOCATION_TYPE_GDCC_ZONE",
    ]
    territory_code: str = ""
    containing_cloud_location: str = ""

    @field_validator("territory_code")
    @classmethod
    def _is_a_country(cls, code: str) -> str:
        if code and code not in countries():
            raise ValueError("this is no ISO 3166-1 alpha-2 code")
        return code

    @property
    def namespace(self) -> str:
        return self.cloud_provider.removeprefix("CLOUD_PROVIDER_").lower()

    @property
    def kind(self) -> str:
        return self.cloud_location_type.removeprefix("CLOUD_LOCATION_TYPE_").lower().replace("_", "-")


def spanner(project: str, session: Session | None = None, endpoint: str | None = None) -> Record:
    """Google's own configurations of Spanner, with the locations of all their replicas as members.

    Raises NotSeen when a page was refused, cut off or is not in the documented form.
    """
    configs: list[Managed | Custom] = _list(SPANNER, TypeAdapter(list[Config]), project, session, endpoint)
    known = tuple(_configuration(config) for config in configs if isinstance(config, Managed))
    if not known:
        raise NotSeen(f"{SPANNER.call} answered 200 without a configuration of Google's own: check the project")
    complete = frozenset(("gcp.spanner", kind) for kind in KINDS.values())
    return Record(f"{SPANNER.call} (API v1)", known, complete)


def _configuration(config: Managed) -> Known:
    members = dict.fromkeys(f"gcp:{replica.location}" for replica in config.replicas)
    code = config.name.rpartition("/")[2]
    return Known("gcp.spanner", code, KINDS[config.quorum_type], members=tuple(members))


def location_finder(project: str, session: Session | None = None, endpoint: str | None = None) -> list[Record]:
    """The regions, zones and extensions of Google Cloud, AWS, Azure and OCI as Google has them: a record for each.

    Raises NotSeen when a page was refused, cut off or is not in the documented form.
    """
    found = _list(FINDER, TypeAdapter(list[CloudLocation]), project, session, endpoint)
    if not found:
        raise NotSeen(f"{FINDER.call} answered 200 without any location: check the project")
    codes = {_last(location.name): location.display_name for location in found}
    clouds: dict[str, list[Known]] = {}
    for location in found:
        clouds.setdefault(location.namespace, []).append(_location(location, codes))
    name = "Cloud Location Finder (API v1)"
    return [Record(name, tuple(known), WHOLE.get(cloud, frozenset())) for cloud, known in clouds.items()]


def _location(location: CloudLocation, codes: Mapping[str, str]) -> Known:
    container = _last(location.containing_cloud_location)
    return Known(
        location.namespace,
        location.display_name,
        location.kind,
        parent=codes.get(container, container),
        country=location.territory_code or None,
    )


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _list(
    api: Api, form: TypeAdapter[list[Item]], project: str, session: Session | None, endpoint: str | None
) -> list[Item]:
    """The items of all pages in their documented form; NotSeen where one is not."""
    url = (endpoint or api.endpoint).rstrip("/") + api.path.format(project=quote(project, safe=":"))
    items = _items(api, session or _session(api), url)
    try:
        return form.validate_python(items)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in (api.field, *first["loc"]))
        raise _malformed(api, f"{where}: {first['msg']}") from error


def _items(api: Api, session: Session, url: str) -> list[Any]:
    items: list[Any] = []
    token, asked = "", {""}
    while True:
        page = _page(api, session, url, token)
        items += page.get(api.field, [])
        token = page.get("nextPageToken", "")
        if not token:
            return items
        if token in asked:
            raise NotSeen(f"{api.call} answered 200 with the token of a page that was read: ask again later")
        asked.add(token)


def _page(api: Api, session: Session, url: str, token: str) -> dict[str, Any]:
    """One page; an empty object is one without items, since proto3 leaves empty lists out."""
    try:
        page = json.loads(_body(api, session, url, token))
    except ValueError as error:
        raise _malformed(api, "the body is not JSON") from error
    if not isinstance(page, dict):
        raise _malformed(api, "the body is not an object")
    if page and not isinstance(page.get(api.field), list):
        raise _malformed(api, f"there is no list {api.field}")
    if not isinstance(page.get("nextPageToken", ""), str):
        raise _malformed(api, "nextPageToken is not a text")
    return page


def _body(api: Api, session: Session, url: str, token: str) -> bytes:
    from google.auth.exceptions import GoogleAuthError
    from requests import RequestException

    params = {"pageToken": token} if token else None
    try:
        # A token is never taken to where an answer points.
        response = session.get(url, params=params, timeout=TIMEOUT, allow_redirects=False)
    except GoogleAuthError as error:
        raise NotSeen(f"{api.call} was not asked ({type(error).__name__}): {SIGN_IN}") from error
    except RequestException as error:
        reason = type(error).__name__
        raise NotSeen(f"{api.call} gave no whole answer ({reason}): check the network and ask again") from error
    if response.status_code != 200:
        raise NotSeen(f"{api.call} answered {response.status_code}: {_to_do(api, response.status_code)}")
    return response.content


def _session(api: Api) -> Session:
    import google.auth
    from google.auth.exceptions import GoogleAuthError
    from google.auth.transport.requests import AuthorizedSession

    try:
        credentials, _ = google.auth.default(scopes=[SCOPE])
    except GoogleAuthError as error:
        raise NotSeen(f"{api.call} was not asked ({type(error).__name__}): {SIGN_IN}") from error
    return AuthorizedSession(credentials)


def _to_do(api: Api, status: int) -> str:
    host = api.endpoint.removeprefix("https://")
    return {
        401: SIGN_IN,
        403: f"enable {host} in the project and give the account {api.needs}",
        404: "check the id of the project",
        429: "wait some minutes and ask again",
    }.get(status, "ask again later")


def _malformed(api: Api, what: str) -> NotSeen:
    return NotSeen(f"{api.call} answered 200, but not in the form of API v1 ({what}): ask again, or report it")
