"""What Spanner and Cloud Location Finder list is taken as they list it; what they do not list whole is not seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import google.auth
import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import DefaultCredentialsError

from residency.clouds.gcp.locations import location_finder, spanner
from residency.survey import Known, NotSeen, Record
from tests.replay import JSON, Answer, Table, any_query, query, replayed, told

CONFIGS = "/v1/projects/some-project/instanceConfigs"
LOCATIONS = "/v1/projects/some-project/locations/global/cloudLocations"
FIRST = query()
SECOND = query(pageToken="2")


def config(code: str, quorum: str, *replicas: tuple[str, str], **more: Any) -> dict[str, Any]:
    """A configuration in the form of the API."""
    return {
        "name": f"projects/some-project/instanceConfigs/{code}",
        "displayName": f"{code} (for a test)",
        "configType": "GOOGLE_MANAGED",
        "replicas": [{"location": place, "type": kind} for place, kind in replicas],
        "leaderOptions": [replicas[0][0]],
        "freeInstanceAvailability": "UNSUPPORTED",
        "quorumType": quorum,
        **more,
    }


TOKYO = config("regional-asia-northeast1", "REGION", *[("asia-northeast1", "READ_WRITE")] * 3)
ASIA1 = config(
    "asia1",
    "MULTI_REGION",
    ("asia-northeast1", "READ_WRITE"),
    ("asia-northeast1", "READ_WRITE"),
    ("asia-northeast2", "READ_WRITE"),
    ("asia-northeast3", "WITNESS"),
    optionalReplicas=[{"location": "us-west1", "type": "READ_ONLY"}],
)


def place(cloud: str, kind: str, code: str, territory: str = "", container: str = "") -> dict[str, Any]:
    """A cloud location in the form of the API; empty fields are left out, as proto3 does."""
    parent = "projects/some-project/locations/global/cloudLocations"
    found = {
        "name": f"{parent}/{cloud.lower()}-{code}",
        "displayName": code,
        "cloudProvider": f"CLOUD_PROVIDER_{cloud}",
        "cloudLocationType": f"CLOUD_LOCATION_TYPE_{kind}",
        "territoryCode": territory,
        "containingCloudLocation": f"{parent}/{cloud.lower()}-{container}" if container else "",
    }
    return {name: value for name, value in found.items() if value}


OSAKA = place("GCP", "REGION", "asia-northeast2", "JP")


def configured(*configs: dict[str, Any]) -> Record:
    with replayed({(CONFIGS, FIRST): told({"instanceConfigs": list(configs)})}) as server:
        return spanner("some-project", requests.Session(), server.url)


def found(*places: dict[str, Any]) -> list[Record]:
    with replayed({(LOCATIONS, FIRST): told({"cloudLocations": list(places)})}) as server:
        return location_finder("some-project", requests.Session(), server.url)


def test_the_witness_of_a_configuration_is_a_member_and_an_optional_replica_is_not() -> None:
    members = ("gcp:asia-northeast1", "gcp:asia-northeast2", "gcp:asia-northeast3")
    assert configured(ASIA1).known == (Known("gcp.spanner", "asia1", "multi-region", members=members),)


def test_a_read_only_replica_abroad_is_a_member() -> None:
    far = config("nam-eur-asia1", "MULTI_REGION", ("us-central1", "READ_WRITE"), ("asia-east1", "READ_ONLY"))
    assert configured(far).known[0].members == ("gcp:us-central1", "gcp:asia-east1")


def test_the_kind_is_that_of_the_atlas() -> None:
    dual = config("dual-region-japan1", "DUAL_REGION", ("asia-northeast1", "READ_WRITE"))
    kinds = {known.code: known.kind for known in configured(TOKYO, dual, ASIA1).known}
    assert kinds == {
        "regional-asia-northeast1": "configuration",
        "dual-region-japan1": "dual-region",
        "asia1": "multi-region",
    }


def test_a_configuration_that_somebody_made_is_none_of_googles() -> None:
    custom = config("custom-one", "MULTI_REGION", ("us-west1", "READ_WRITE"), configType="USER_MANAGED")
    assert [known.code for known in configured(custom, TOKYO).known] == ["regional-asia-northeast1"]


def test_the_record_of_spanner_is_complete_for_its_kinds() -> None:
    record = configured(TOKYO)
    assert record.name == "Spanner instanceConfigs.list (API v1)"
    assert record.complete == {
        ("gcp.spanner", "configuration"),
        ("gcp.spanner", "dual-region"),
        ("gcp.spanner", "multi-region"),
    }


def test_each_cloud_has_a_record_with_the_codes_that_it_uses_itself() -> None:
    records = found(
        OSAKA,
        place("GCP", "ZONE", "asia-northeast2-a", "JP", "asia-northeast2"),
        place("AWS", "REGION", "eu-central-1", "DE"),
        place("AWS", "REGION_EXTENSION", "eu-central-1-ist-1a", "TR", "eu-central-1"),
        place("AZURE", "REGION", "brazilsouth", "BR"),
        place("OCI", "REGION", "eu-jovanovac-1", "RS"),
        place("GCP", "GDCC_ZONE", "us-west1-edge-den1", "US", "us-west1"),
    )
    assert [record.known for record in records] == [
        (
            Known("gcp", "asia-northeast2", "region", country="JP"),
            Known("gcp", "asia-northeast2-a", "zone", "asia-northeast2", "JP"),
            # What contains it is not in the answer: its resource's name is all there is.
            Known("gcp", "us-west1-edge-den1", "gdcc-zone", "gcp-us-west1", "US"),
        ),
        (
            Known("aws", "eu-central-1", "region", country="DE"),
            Known("aws", "eu-central-1-ist-1a", "region-extension", "eu-central-1", "TR"),
        ),
        (Known("azure", "brazilsouth", "region", country="BR"),),
        (Known("oci", "eu-jovanovac-1", "region", country="RS"),),
    ]


def test_only_of_google_cloud_does_the_finder_claim_to_know_all() -> None:
    google_cloud, aws = found(OSAKA, place("AWS", "REGION", "eu-central-1", "DE"))
    assert google_cloud.complete == {("gcp", "region"), ("gcp", "zone")}
    assert aws.complete == frozenset()


def test_a_location_without_a_territory_has_no_country() -> None:
    assert found(place("AWS", "REGION", "us-east-1"))[0].known == (Known("aws", "us-east-1", "region"),)


CALLS: list[Any] = [
    pytest.param(spanner, CONFIGS, "instanceConfigs", TOKYO, ASIA1, id="spanner"),
    pytest.param(location_finder, LOCATIONS, "cloudLocations", OSAKA, place("AWS", "REGION", "x"), id="finder"),
]
Call = Callable[[str, requests.Session, str], object]
Item = dict[str, Any]


@pytest.mark.parametrize(("call", "path", "field", "one", "other"), CALLS)
def test_two_pages_are_one_record(call: Call, path: str, field: str, one: Item, other: Item) -> None:
    with replayed({(path, FIRST): told({field: [one, other]})}) as server:
        whole = call("some-project", requests.Session(), server.url)
    pages: Table = {
        (path, FIRST): told({field: [one], "nextPageToken": "2"}),
        (path, SECOND): told({field: [other], "nextPageToken": ""}),
    }
    with replayed(pages) as server:
        assert call("some-project", requests.Session(), server.url) == whole


@pytest.mark.parametrize(("call", "path", "field", "one", "other"), CALLS)
def test_an_empty_last_page_is_an_end(call: Call, path: str, field: str, one: Item, other: Item) -> None:
    pages: Table = {(path, FIRST): told({field: [one], "nextPageToken": "2"}), (path, SECOND): told({})}
    with replayed(pages) as server:
        assert call("some-project", requests.Session(), server.url)


@pytest.mark.parametrize(("call", "path", "field", "one", "other"), CALLS)
def test_the_same_token_again_ends_in_an_error(call: Call, path: str, field: str, one: Item, other: Item) -> None:
    pages: Table = {(path, any_query): told({field: [one], "nextPageToken": "2"})}
    with replayed(pages) as server, pytest.raises(NotSeen, match="the token of a page that was read"):
        call("some-project", requests.Session(), server.url)
    assert len(server.requests) == 2


@pytest.mark.parametrize(("call", "path", "field", "one", "other"), CALLS)
def test_a_refused_second_page_leaves_no_record(call: Call, path: str, field: str, one: Item, other: Item) -> None:
    pages: Table = {(path, FIRST): told({field: [one], "nextPageToken": "2"}), (path, SECOND): told({}, 403)}
    with replayed(pages) as server, pytest.raises(NotSeen, match="answered 403"):
        call("some-project", requests.Session(), server.url)


ERROR = {"error": {"code": 403, "message": "Permission denied.", "status": "PERMISSION_DENIED"}}
HTML = b"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>"
CUT = json.dumps({"instanceConfigs": [TOKYO], "cloudLocations": [OSAKA]}).encode()
REFUSED = [
    (told(ERROR, 401), "answered 401: sign in"),
    (told(ERROR, 403), "googleapis.com in the project and give the account "),
    ((404, {"Content-Type": "text/html"}, HTML), "answered 404: check the id of the project"),
    (told(ERROR, 429), "answered 429: wait some minutes and ask again"),
    (told(ERROR, 500), "answered 500: ask again later"),
    ((302, {"Location": "https://example.invalid/"}, b""), "answered 302: ask again later"),
    ((200, {"Content-Type": "text/html"}, HTML), "the body is not JSON"),
    ((200, JSON, CUT[:-20]), "the body is not JSON"),
    ((200, JSON, b""), "the body is not JSON"),
    ((200, JSON, b'{"\xff": 1}'), "the body is not JSON"),
    ((200, {**JSON, "Content-Length": str(len(CUT))}, CUT[:-20]), "gave no whole answer"),
    (told([]), "the body is not an object"),
    (told({}), "check the project"),
    (told({"instanceConfigs": [], "cloudLocations": []}), "check the project"),
    (told(ERROR), "there is no list"),
    (told({"nextPageToken": "2"}), "there is no list"),
    (told({"instanceConfigs": None, "cloudLocations": None}), "there is no list"),
    (told({"instanceConfigs": [TOKYO], "cloudLocations": [OSAKA], "nextPageToken": 2}), "nextPageToken is not a text"),
    (told({"instanceConfigs": ["x"], "cloudLocations": ["x"]}), "0: "),
]


@pytest.mark.parametrize(("answer", "sentence"), REFUSED)
@pytest.mark.parametrize(("call", "path", "field", "one", "other"), CALLS)
def test_what_is_refused_cut_or_malformed_is_not_seen(
    call: Call, path: str, field: str, one: Item, other: Item, answer: Answer, sentence: str
) -> None:
    with replayed({(path, any_query): answer}) as server, pytest.raises(NotSeen) as caught:
        call("some-project", requests.Session(), server.url)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith(("Spanner instanceConfigs.list ", "Cloud Location Finder cloudLocations.list "))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"configType": None}, "instanceConfigs.0"),
        ({"quorumType": "QUORUM_TYPE_UNSPECIFIED"}, "Input should be 'REGION', 'DUAL_REGION' or 'MULTI_REGION'"),
        ({"replicas": []}, "replicas"),
        ({"replicas": [{"type": "WITNESS"}]}, "location: Field required"),
        ({"name": ""}, "name"),
    ],
)
def test_a_configuration_without_what_it_must_have_is_not_seen(change: Item, sentence: str) -> None:
    with pytest.raises(NotSeen) as caught:
        configured({**TOKYO, **change})
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"displayName": ""}, "cloudLocations.0.displayName"),
        ({"cloudProvider": "CLOUD_PROVIDER_UNSPECIFIED"}, "cloudLocations.0.cloudProvider"),
        ({"cloudLocationType": "CLOUD_LOCATION_TYPE_MOON"}, "cloudLocations.0.cloudLocationType"),
        ({"territoryCode": "UK"}, "this is no ISO 3166-1 alpha-2 code"),
    ],
)
def test_a_location_without_what_it_must_have_is_not_seen(change: Item, sentence: str) -> None:
    with pytest.raises(NotSeen) as caught:
        found({**OSAKA, **change})
    assert sentence in str(caught.value)


@pytest.mark.parametrize(("call", "path", "field", "one", "other"), CALLS)
def test_without_a_session_the_default_credentials_are_used(
    monkeypatch: pytest.MonkeyPatch, call: Any, path: str, field: str, one: Item, other: Item
) -> None:
    asked: list[Any] = []

    def default(**given: Any) -> Any:
        asked.append(given)
        return AnonymousCredentials(), None

    monkeypatch.setattr(google.auth, "default", default)
    with replayed({(path, FIRST): told({field: [one]})}) as server:
        assert call("some-project", endpoint=server.url)
    assert asked == [{"scopes": ["https://www.googleapis.com/auth/cloud-platform"]}]


def test_without_credentials_nothing_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def default(**_: Any) -> Any:
        raise DefaultCredentialsError("nobody is signed in")

    monkeypatch.setattr(google.auth, "default", default)
    with pytest.raises(NotSeen, match="gcloud auth application-default login"):
        spanner("some-project")


def test_without_a_server_nothing_is_seen() -> None:
    with replayed({}) as server:
        pass
    with pytest.raises(NotSeen, match="check the network and ask again"):
        spanner("some-project", requests.Session(), server.url)
