"""What a listing finds on a server, asked with the real client and placed as a scan does it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from residency.clouds.answers import Document, Origin
from residency.clouds.aws.api import Api
from residency.clouds.aws.session import Access, AccountSession
from residency.model import Edge, Store
from residency.services.base import Listing
from tests.build import a_cell
from tests.services.documents import ACCOUNT, TOKYO, lines
from tests.serving import KEYS, Served, a_server


@contextmanager
def a_server_to_list(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """An empty server, and credentials that it takes."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name.upper(), value)
    with a_server() as at:
        yield at


class Listed:
    """The stores of one listing by name, their copies as lines, the edges, and what was refused."""

    def __init__(self, at: Served, listing: Listing, region: str = TOKYO) -> None:
        session = AccountSession(Access(endpoint=at.endpoint, timeout=10, attempts=1))
        api = Api(session, a_cell(region=region, service=listing.service), listing.needs, "aws")
        origin = Origin(source="prod", partition="aws", account=ACCOUNT, region=region)
        bodies = list(api.documents(listing.list))
        records = [record for body in bodies for record in listing.place(Document(body, origin))]
        self.stores = {r.name: r for r in records if isinstance(r, Store)}
        self.lines = {name: lines(store) for name, store in self.stores.items()}
        self.edges = [r for r in records if isinstance(r, Edge)]
        self.status, self.gaps = api.status, [(gap.subject, gap.call, gap.status) for gap in api.gaps]
