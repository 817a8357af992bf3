"""Which operation of a service a request asks for, by botocore's own model of the service."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qs

import botocore.session

_SESSION = botocore.session.get_session()
# Signing names that are not the name of botocore's client.
_CLIENTS = {"elasticfilesystem": "efs", "s3express": "s3"}


@dataclass(frozen=True)
class _Route:
    """How a REST operation is asked for."""

    operation: str
    method: str
    path: re.Pattern[str]
    query: frozenset[str]
    literal: int  # how many characters of the path are no parameter


def client_of(signing_name: str) -> str:
    """The name of botocore's client for what stands in a signature."""
    return _CLIENTS.get(signing_name, signing_name)


def operation_of(signing_name: str, method: str, path: str, query: str, target: str, body: bytes) -> str:
    """The operation's name, "GetBucketTagging"; the method where no model knows the request."""
    if target:
        return target.rpartition(".")[2]
    if b"Action=" in body:
        return parse_qs(body.decode("utf-8", "replace"))["Action"][0]
    keys = {part.partition("=")[0] for part in query.split("&") if part}
    if signing_name == "s3express" and path == "/":
        return "ListDirectoryBuckets"  # asked for with the path of ListBuckets, at another host
    fitting = [
        route
        for route in _routes(client_of(signing_name))
        if route.method == method and route.query <= keys and route.path.fullmatch(path)
    ]
    best = max(fitting, key=lambda route: (len(route.query), route.literal), default=None)
    return best.operation if best else method


def speaks_xml(client: str) -> bool:
    """Whether a service answers in XML; JSON otherwise."""
    return _SESSION.get_service_model(client).protocol in ("query", "ec2", "rest-xml")


@cache
def _routes(client: str) -> tuple[_Route, ...]:
    if client not in _SESSION.get_available_services():
        return ()
    model = _SESSION.get_service_model(client)
    found = (_route(name, model.operation_model(name).http) for name in model.operation_names)
    return tuple(route for route in found if route.operation != "ListDirectoryBuckets")


def _route(operation: str, http: dict[str, str]) -> _Route:
    path, _, query = http.get("requestUri", "/").partition("?")
    literal = re.sub(r"\{[^}]*\}", "", path)
    pattern = "".join(_pattern(part) for part in re.split(r"(\{[^}]*\})", path.rstrip("/")))
    keys = frozenset(part.partition("=")[0] for part in query.split("&") if part)
    return _Route(operation, http.get("method", "POST"), re.compile(pattern + "/?"), keys, len(literal))


def _pattern(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    return ".+" if part.endswith("+}") else "[^/]+"
