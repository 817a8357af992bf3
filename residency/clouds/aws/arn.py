"""Amazon Resource Names: what they say of partition, region and account. An S3 name says neither of the last two."""

from __future__ import annotations

from dataclasses import dataclass

from residency.model import Place


@dataclass(frozen=True)
class Arn:
    partition: str
    service: str
    region: str | None
    account: str | None
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region or ''}:{self.account or ''}:{self.resource}"

    @property
    def place(self) -> Place | None:
        """The region that the name says; None where it says none, or a wildcard."""
        if self.region is None or "*" in self.region:
            return None
        return Place(namespace=self.partition, code=self.region)


def parse_arn(text: object) -> Arn | None:
    """The parts of a name; None when the text is no ARN."""
    parts = str(text).split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not parts[1]:
        return None
    return Arn(parts[1], parts[2], parts[3] or None, parts[4] or None, parts[5])


def region_in(name: object) -> str | None:
    """The region that an ARN says; None for a name that says none."""
    arn = parse_arn(name)
    return arn.region if arn and arn.place else None
