"""moto's server with a layer in front that can change, refuse or break any answer."""

from __future__ import annotations

import logging
import os
import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
_SCOPE = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request")


@dataclass(frozen=True)
class Call:
    """One request as the layer sees it."""

    service: str
    region: str
    action: str  # "DescribeVolumes"; for S3 the method and the sub-resource: "GET ?replication"
    path: str
    body: bytes = b""


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
    """A WSGI application in front of another: first `answers`, then the server, then `changes`."""

    application: Callable[[Environ, StartResponse], Iterable[bytes]]
    answers: list[Answer] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        call = read_call(environ)
        self.calls.append(call)
        try:
            reply = self._reply(call, environ)
        except ConnectionError:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise
        # One answer a connection, so that a body that is shorter than it claims ends.
        start_response(f"{reply.status} {_reason(reply.status)}", [*reply.headers, ("Connection", "close")])
        return [reply.body]

    def _reply(self, call: Call, environ: Environ) -> Reply:
        reply = next((reply for answer in self.answers if (reply := answer(call))), None)
        if reply is None:
            reply = self._ask_server(environ)
            for change in self.changes:
                reply = change(call, reply)
        return reply

    def _ask_server(self, environ: Environ) -> Reply:
        started: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            started.update(status=int(status.split()[0]), headers=headers)

        body = b"".join(self.application(environ, start))
        return Reply(started["status"], _sized(started["headers"], body), body)


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


def read_call(environ: Environ) -> Call:
    """Service and region from the signature, the action from wherever the protocol carries it."""
    import io

    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    environ["wsgi.input"] = io.BytesIO(body)
    scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    region, service = scope.groups() if scope else ("", "")
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    form = parse_qs(body.decode("utf-8", "replace")) if b"Action=" in body else {}
    if target:
        action = target.rpartition(".")[2]
    elif form:
        action = form["Action"][0]
    else:
        query = environ.get("QUERY_STRING", "").split("&")[0].split("=")[0]
        action = f"{environ['REQUEST_METHOD']} {'?' + query if query else ''}".strip()
    return Call(service, region, action, environ.get("PATH_INFO", ""), body)


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


def moto_layer() -> Layer:
    """A layer in front of a fresh moto server. moto keeps its state in this process: one at a time."""
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"  # or it owns a thousand snapshots
    from moto.backends import get_backend
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    for service in ("s3", "ec2", "kms", "sts", "organizations"):
        for account in get_backend(service).values():
            for backend in account.values():
                backend.reset()
    return Layer(DomainDispatcherApplication(create_backend_app))
