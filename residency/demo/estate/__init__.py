"""What the company has, a file per kind of thing, made through the emulator's own API.

What the emulator cannot hold is taught to the layer in front of it. The expected verdicts are in the tests.
"""

from __future__ import annotations

from residency.demo.estate import (
    accounts,
    backups,
    buckets,
    databases,
    disks,
    files,
    images,
    keys,
    queues,
    secrets,
    tables,
    weather,
)
from residency.demo.estate.company import Company
from residency.demo.server import Layer

__all__ = ["Company", "move_in"]

# In the order in which things need each other.
ROOMS = (accounts, keys, buckets, disks, tables, databases, files, secrets, backups, images, queues, weather)


def move_in(endpoint: str, layer: Layer) -> Company:
    """Make everything. Ids are the same every time."""
    company = Company(endpoint, layer)
    for room in ROOMS:
        room.move_in(company)
    layer.calls.clear()
    return company
