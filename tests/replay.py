"""A real HTTP server that gives prepared answers, and notes what it was asked."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

Query = frozenset[tuple[str, str]]
Answer = tuple[int, Mapping[str, str], bytes]
# (path, query) -> answer; a query that need not be exactly this one is told by a predicate.
Table = Mapping[tuple[str, Query | Callable[[Query], bool]], Answer]
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Request:
    """What a client asked; the names of headers are in lower case."""

    method: str
    path: str
    query: Query
    headers: Mapping[str, str]


@dataclass
class Replay:
    """A WSGI application that answers GETs from a table; 501 for everything that is not in it."""

    table: Table
    requests: list[Request] = field(default_factory=list)
    url: str = ""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        from werkzeug.wrappers import Request as Parsed

        parsed = Parsed(environ)
        query = frozenset((name, value) for name, value in parsed.args.items(multi=True))
        headers = {name.lower(): value for name, value in parsed.headers.items()}
        request = Request(parsed.method, parsed.path, query, headers)
        self.requests.append(request)
        status, fields, body = self._answer(request)
        # One answer a connection, so that a body that is shorter than its Content-Length ends.
        sized = {"Content-Length": str(len(body)), **fields, "Connection": "close"}
        start_response(f"{status} {HTTPStatus(status).phrase}", list(sized.items()))
        return [body]

    def _answer(self, request: Request) -> Answer:
        for (path, query), answer in self.table.items():
            matches = query(request.query) if callable(query) else query == request.query
            if request.method == "GET" and path == request.path and matches:
                return answer
        return 501, {"Content-Type": "text/plain"}, f"no answer prepared for {request}".encode()


def told(body: object, status: int = 200) -> Answer:
    """An answer in JSON."""
    return status, JSON, json.dumps(body).encode()


def query(**pairs: str) -> Query:
    """A query of exactly these pairs."""
    return frozenset(pairs.items())


def any_query(_: Query) -> bool:
    """Whatever was asked."""
    return True


@contextmanager
def replayed(table: Table) -> Iterator[Replay]:
    """A server with this table on a free port of this machine; its `url` is the address to give as endpoint."""
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    replay = Replay(table)
    server = make_server("127.0.0.1", 0, replay, threaded=True)
    replay.url = f"http://127.0.0.1:{server.server_port}"
    # It looks every 0.01 s whether it is to end: half a second otherwise.
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield replay
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
