"""What list-locations says is taken as it says it, and no more; what it does not say whole is not seen."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from residency.clouds.azure.locations import CLOUDS, locations
from residency.survey import Known, NotSeen
from tests.replay import JSON, Answer, Replay, any_query, query, replayed, told

SUBSCRIPTION = "5a0f8dcb-1111-4222-8333-9f1a2b3c4d5e"
PATH = f"/subscriptions/{SUBSCRIPTION}/locations"
FIRST = query(**{"api-version": "2022-12-01", "includeExtendedLocations": "true"})


class Token:
    """A credential that asks nobody."""

    def __init__(self) -> None:
        self.scopes: list[str] = []

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.scopes += scopes
        return AccessToken("token-of-the-test", 4102444800)


class Nobody(Token):
    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        raise ClientAuthenticationError("nobody is signed in")


def physical(name: str, geography: str, place: str, *zones: str) -> dict[str, Any]:
    """A region in the form of the API."""
    return {
        "id": f"{PATH}/{name}",
        "name": name,
        "type": "Region",
        "displayName": name.title(),
        "regionalDisplayName": f"(Somewhere) {name.title()}",
        "metadata": {
            "regionType": "Physical",
            "regionCategory": "Recommended",
            "geography": geography,
            "geographyGroup": "Europe",
            "longitude": "33.4506633",
            "latitude": "31.2655698",
            "physicalLocation": place,
            "pairedRegion": [],
        },
        "availabilityZoneMappings": [
            {"logicalZone": str(number), "physicalZone": zone} for number, zone in enumerate(zones, 1)
        ],
    }


def logical(name: str) -> dict[str, Any]:
    about = {"regionType": "Logical", "regionCategory": "Other", "geography": "usa"}
    return {"id": f"{PATH}/{name}", "name": name, "type": "Region", "displayName": name.title(), "metadata": about}


def edge(name: str, **about: str) -> dict[str, Any]:
    metadata = {"regionType": "Physical", "regionCategory": "Extended", "homeLocation": "westus", **about}
    return {"id": f"{PATH}/westus/edgeZones/{name}", "name": name, "type": "EdgeZone", "metadata": metadata}


JAPAN = physical("japaneast", "Japan", "Tokyo")


def listed(*found: dict[str, Any]) -> tuple[Known, ...]:
    """What is known when the API lists these."""
    with replayed({(PATH, FIRST): told({"value": list(found)})}) as server:
        return locations(SUBSCRIPTION, endpoint=server.url, credential=Token()).known


@pytest.mark.parametrize(
    ("name", "geography", "place", "country"),
    [
        ("brazilsouth", "Brazil", "Sao Paulo State", "BR"),
        ("israelcentral", "Israel", "Israel", "IL"),
        ("uksouth", "United Kingdom", "London", "GB"),
        ("uaenorth", "UAE", "Dubai", "AE"),
        ("koreacentral", "Korea", "Seoul", "KR"),
        ("eastus", "United States", "Virginia", "US"),
        ("southeastus", "United States", "Georgia", "US"),
    ],
)
def test_a_geography_that_is_a_country_is_the_country(name: str, geography: str, place: str, country: str) -> None:
    assert listed(physical(name, geography, place)) == (Known("azure", name, "region", country=country),)


@pytest.mark.parametrize(
    ("name", "geography", "place", "country"),
    [
        ("northeurope", "Europe", "Ireland", "IE"),
        ("westeurope", "Europe", "Netherlands", "NL"),
        ("eastasia", "Asia Pacific", "Hong Kong", "HK"),
        ("southeastasia", "Asia Pacific", "Singapore", "SG"),
    ],
)
def test_where_the_geography_is_no_country_the_physical_location_may_be(
    name: str, geography: str, place: str, country: str
) -> None:
    assert listed(physical(name, geography, place)) == (Known("azure", name, "region", country=country),)


@pytest.mark.parametrize(
    ("name", "geography", "place"),
    [
        ("eastus2euap", "Canary (US)", ""),  # physicalLocation is empty in all EUAP regions
        ("eastusstg", "Stage (US)", "Virginia"),
        ("southeastusstg", "Stage (US)", "Georgia"),  # the State
        ("somewhere", "Stage (US)", "CA"),  # California, or Canada
        ("brazilus", "Brazil", ""),
        ("europenew", "Europe", "Frankfurt"),
        ("caribbean", "United States", "Puerto Rico"),  # two countries in the sense of ISO 3166-1
    ],
)
def test_where_no_country_or_two_are_named_there_is_none(name: str, geography: str, place: str) -> None:
    assert listed(physical(name, geography, place)) == (Known("azure", name, "region"),)


def test_a_zone_stands_in_the_country_of_its_region() -> None:
    assert listed(physical("japanwest", "Japan", "Osaka", "japanwest-az1", "japanwest-az2"))[1:] == (
        Known("azure", "japanwest-az1", "zone", "japanwest", "JP"),
        Known("azure", "japanwest-az2", "zone", "japanwest", "JP"),
    )


def test_a_zone_of_a_region_without_a_country_has_none() -> None:
    _, zone = listed(physical("eastus2euap", "Canary (US)", "", "eastus2euap-az1"))
    assert zone == Known("azure", "eastus2euap-az1", "zone", "eastus2euap")


def test_a_logical_location_has_no_country_whatever_its_name_and_geography() -> None:
    found = listed(JAPAN, logical("japan"), logical("eastusstage"))[1:]
    assert found == (Known("azure", "japan", "logical"), Known("azure", "eastusstage", "logical"))


def test_an_edge_zone_has_the_country_of_its_own_metadata_and_never_that_of_its_region() -> None:
    silent, said = edge("microsoftlosangeles1"), edge("perth", geography="Australia", physicalLocation="Perth")
    assert listed(physical("westus", "United States", "California"), silent, said)[1:] == (
        Known("azure", "microsoftlosangeles1", "edge-zone", "westus"),
        Known("azure", "perth", "edge-zone", "westus", "AU"),
    )


def test_the_record_says_which_call_it_is_and_that_it_has_all_regions() -> None:
    with replayed({(PATH, FIRST): told({"value": [JAPAN]})}) as server:
        record = locations(SUBSCRIPTION, endpoint=f"{server.url}/", credential=Token())
    assert record.name == "Azure list-locations (API version 2022-12-01)"
    assert record.complete == {("azure", "region")}


def test_the_token_is_sent_to_a_server_on_this_machine_over_http() -> None:
    with replayed({(PATH, FIRST): told({"value": [JAPAN]})}) as server:
        locations(SUBSCRIPTION, endpoint=server.url, credential=Token())
    assert server.requests[0].headers["authorization"] == "Bearer token-of-the-test"


def test_no_token_is_asked_for_or_sent_to_another_server_over_http() -> None:
    credential = Token()
    with pytest.raises(NotSeen, match=r"give one of https://management\.azure\.com, "):
        locations(SUBSCRIPTION, endpoint="http://management.azure.com", credential=credential)
    assert credential.scopes == []


@pytest.mark.parametrize(
    ("host", "namespace", "scope"),
    [
        ("management.azure.com", "azure", "https://management.azure.com/.default"),
        ("management.usgovcloudapi.net", "azure-usgov", "https://management.core.usgovcloudapi.net/.default"),
        ("management.chinacloudapi.cn", "azure-china", "https://management.chinacloudapi.cn/.default"),
    ],
)
def test_the_endpoint_decides_the_cloud_and_whom_the_token_is_for(
    monkeypatch: pytest.MonkeyPatch, host: str, namespace: str, scope: str
) -> None:
    credential = Token()
    with replayed({(PATH, FIRST): told({"value": [JAPAN]})}) as server:
        monkeypatch.setitem(CLOUDS, "management.azure.com", CLOUDS[host])  # the cloud that a local server stands for
        record = locations(SUBSCRIPTION, endpoint=server.url, credential=credential)
    assert record.complete == {(namespace, "region")}
    assert {known.namespace for known in record.known} == {namespace}
    assert credential.scopes == [scope]


@pytest.mark.parametrize("endpoint", ["https://management.local.azurestack.external", "management.azure.com", "https:"])
def test_an_endpoint_of_no_known_cloud_is_not_asked(endpoint: str) -> None:
    with pytest.raises(NotSeen, match="the atlas has no cloud with the endpoint"):
        locations(SUBSCRIPTION, endpoint=endpoint, credential=Token())


def test_two_pages_are_one_record() -> None:
    with replayed({}) as server:
        server.table = paged(server, {"value": [physical("japanwest", "Japan", "Osaka")]})
        record = locations(SUBSCRIPTION, endpoint=server.url, credential=Token())
    assert [known.code for known in record.known] == ["japaneast", "japanwest"]


def test_a_link_to_the_same_page_again_ends_in_an_error() -> None:
    with replayed({}) as server:
        again = f"{server.url}{PATH}?%24skiptoken=2"
        server.table = paged(server, {"value": [JAPAN], "nextLink": again})
        with pytest.raises(NotSeen, match="a link to a page that was read"):
            locations(SUBSCRIPTION, endpoint=server.url, credential=Token())
    assert len(server.requests) == 2


def test_a_second_page_without_its_list_is_no_end() -> None:
    with replayed({}) as server:
        server.table = paged(server, {})
        with pytest.raises(NotSeen, match=r"not in the form of API version 2022-12-01 \(value: Field required\)"):
            locations(SUBSCRIPTION, endpoint=server.url, credential=Token())


def paged(server: Replay, second: dict[str, Any]) -> dict[Any, Answer]:
    """A first page with a link, and the page behind the link."""
    link = f"{server.url}{PATH}?%24skiptoken=2"
    behind = query(**{"api-version": "2022-12-01", "$skiptoken": "2"})
    return {(PATH, FIRST): told({"value": [JAPAN], "nextLink": link}), (PATH, behind): told(second)}


ERROR = {"error": {"code": "AuthorizationFailed", "message": "The client does not have authorization."}}
CUT = json.dumps({"value": [JAPAN]}).encode()
HTML = b"<html><body>Sign in to your account</body></html>"


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (told(ERROR, 401), "answered 401: sign in to this cloud"),
        (told(ERROR, 403), "answered 403: give the account the role Reader on the subscription"),
        ((404, {"Content-Type": "text/html"}, HTML), "answered 404: check the id of the subscription"),
        ((429, {**JSON, "Retry-After": "3600"}, b"{}"), "answered 429: wait some minutes and ask again"),
        (told(ERROR, 500), "answered 500: ask again later"),
        ((200, {"Content-Type": "text/html"}, HTML), "answered 200, but not in the form"),
        ((200, JSON, CUT[:-20]), "answered 200, but not in the form"),
        ((200, {**JSON, "Content-Length": str(len(CUT))}, CUT[:-20]), "gave no whole answer"),
        (told({"value": []}), "named no region at all"),
        (told({"value": [logical("japan")]}), "named no region at all"),
        (told({}), "value: Field required"),
        (told([JAPAN]), "not in the form"),
        (told({"value": None}), "value: Input should be a valid array"),
        (told({"value": [{**JAPAN, "name": None}]}), "value.0.name: Input should be a valid string"),
        (told({"value": [JAPAN, {"name": "global", "type": "Region"}]}), "value.1.metadata: Field required"),
        (told({"value": [{**JAPAN, "type": "SpaceStation"}]}), "value.0.type: Input should be 'Region' or 'EdgeZone'"),
    ],
)
def test_what_is_refused_cut_or_malformed_is_not_seen(answer: Answer, sentence: str) -> None:
    with replayed({(PATH, any_query): answer}) as server, pytest.raises(NotSeen) as caught:
        locations(SUBSCRIPTION, endpoint=server.url, credential=Token())
    assert str(caught.value).startswith(f"Azure list-locations at {server.url} ")
    assert sentence in str(caught.value)
    assert len(server.requests) == 1


def test_without_credentials_nothing_is_seen() -> None:
    with pytest.raises(NotSeen, match="sign in to this cloud, for example with `az login`"):
        locations(SUBSCRIPTION, credential=Nobody())


def test_without_a_server_nothing_is_seen() -> None:
    with replayed({}) as server:
        pass
    with pytest.raises(NotSeen, match="check the network and ask again"):
        locations(SUBSCRIPTION, endpoint=server.url, credential=Token())
