"""moto's server with a layer in front that can change, refuse or break any answer."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from residency.demo.operations import client_of, operation_of, speaks_xml

ACCOUNT = "123456789012"  # whose credentials are used that no AssumeRole gave out
Environ = dict[str, Any]
StartResponse = Callable[..., Any]
# How the emulator ends when it is asked what it does not know.
_UNKNOWN_TO_IT = (NotImplementedError, LookupError, TypeError, ValueError, AttributeError)
_SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
_ROLE = re.compile(r"arn:[\w-]+:iam::(\d{12}):role/")
_KEY = re.compile(rb"<AccessKeyId>(\w+)</AccessKeyId>")


@dataclass(frozen=True)
class Call:
    """One request as the layer sees it."""

    service: str  # the name of botocore's client: "ec2"
    region: str
    action: str  # "DescribeVolumes"
    path: str
    body: bytes = b""
    query: str = ""
    account: str | None = None  # whose credentials signed it; None for those that no AssumeRole gave out

    @property
    def name(self) -> str:
        """As the scan calls it: "ec2:DescribeVolumes"."""
        return f"{self.service}:{self.action}"


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


# Given a call, a rule answers in the server's place (Reply), or not (None), or breaks the connection (ConnectionError).
Answer = Callable[[Call], Reply | None]
# Given a call and what the server answered, a rule may change it.
Change = Callable[[Call, Reply], Reply]


@dataclass
class Layer:
    """A WSGI application in front of another: the first of `answers` or the server, then all `changes`."""

    application: Callable[[Environ, StartResponse], Iterable[bytes]]
    answers: list[Answer] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    _accounts: dict[str, str] = field(default_factory=dict)  # access key -> the account that it was given out for

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        call = read_call(environ, self._accounts)
        self.calls.append(call)
        try:
            reply = self._reply(call, environ)
        except ConnectionError:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise
        # One answer a connection, so that a body that is shorter than it claims ends.
        headers = reply.headers if _is_sized(reply.headers) else _sized(reply.headers, reply.body)
        start_response(f"{reply.status} {_reason(reply.status)}", [*headers, ("Connection", "close")])
        return [reply.body]

    def _reply(self, call: Call, environ: Environ) -> Reply:
        reply = next((reply for answer in self.answers if (reply := answer(call))), None)
        if reply is None:
            reply = self._ask_server(environ)
            self._note_role(call, reply)
        for change in self.changes:
            reply = change(call, reply)
        return reply

    def _note_role(self, call: Call, reply: Reply) -> None:
        """The keys that AssumeRole gives out belong to the account of the role."""
        role = _ROLE.search(unquote_plus(call.body.decode("utf-8", "replace"))) if call.action == "AssumeRole" else None
        key = _KEY.search(reply.body)
        if role and key:
            self._accounts[key[1].decode()] = role[1]

    def _ask_server(self, environ: Environ) -> Reply:
        started: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            started.update(status=int(status.split()[0]), headers=headers)

        try:
            body = b"".join(self.application(environ, start))
        except _UNKNOWN_TO_IT as error:
            return Reply(500, [("Content-Type", "text/html")], f"<html>{type(error).__name__}</html>".encode())
        return Reply(started["status"], _sized(started["headers"], body), body)


def _is_sized(headers: list[tuple[str, str]]) -> bool:
    return any(name.lower() == "content-length" for name, _ in headers)


def _sized(headers: list[tuple[str, str]], body: bytes) -> list[tuple[str, str]]:
    kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
    return [*kept, ("Content-Length", str(len(body)))]


def _reason(status: int) -> str:
    from http import HTTPStatus

    return HTTPStatus(status).phrase


def changed(reply: Reply, body: bytes) -> Reply:
    """The same answer with another body."""
    return Reply(reply.status, _sized(reply.headers, body), body)


def denied(message: str = "not authorized", code: str = "AccessDenied") -> Reply:
    """A refusal in the XML form that EC2, S3 and the query services share."""
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    body = f"<Response><Errors>{error}</Errors>{error}<RequestID>demo</RequestID></Response>".encode()
    return Reply(403, _sized([("Content-Type", "text/xml")], body), body)


def refused(call: Call, code: str, message: str, status: int = 403) -> Reply:
    """A refusal in the form that the service's protocol has for it."""
    if speaks_xml(call.service):
        reply = denied(message, code)
        return Reply(status, reply.headers, reply.body)
    body = json.dumps({"__type": code, "message": message}).encode()
    return Reply(status, [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-ErrorType", code)], body)


def read_call(environ: Environ, accounts: Mapping[str, str]) -> Call:
    """Service, region and account from the signature, the operation from wherever the protocol carries it."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    environ["wsgi.input"] = io.BytesIO(body)
    scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    key, region, service = scope.groups() if scope else ("", "", "")
    path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    action = operation_of(service, environ["REQUEST_METHOD"], path, query, target, body)
    return Call(client_of(service), region, action, path, body, query, accounts.get(key))


@contextmanager
def served(layer: Layer) -> Iterator[str]:
    """Serve a layer on a free port of this machine; the address to give as endpoint."""
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, layer, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


# The services of the emulator that anything is made in.
EMULATED = (
    "backup",
    "dynamodb",
    "ec2",
    "ecr",
    "efs",
    "kms",
    "organizations",
    "rds",
    "s3",
    "secretsmanager",
    "sqs",
    "sts",
)


def moto_layer() -> Layer:
    """A layer in front of a fresh moto server. moto keeps its state in this process: one at a time."""
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"  # or it owns a thousand snapshots
    from moto import backends
    from moto.moto_api._internal import mock_random
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    backend_of: Any = backends.get_backend
    mock_random.seed(1)  # the same ids every time
    for service in EMULATED:
        for account in backend_of(service).values():
            for backend in account.values():
                backend.reset()
    from residency.demo.emulator import teach

    return teach(Layer(DomainDispatcherApplication(create_backend_app)))
