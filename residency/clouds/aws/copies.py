"""Copies that AWS names by an ARN, and shares with other accounts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from residency.clouds.answers import Document, Unknown
from residency.clouds.aws.arn import parse_arn
from residency.model import EVERYONE, Copy, Role, Said


def at_arn(document: Document, role: Role, arn: Any, said: Said, **more: Any) -> Copy:
    """The copy that an ARN names: in the region that the name says, held by the store of that name.

    A name without a region (a bucket's), and one that a plan knows only by what it refers to, is left to the
    store that holds the copy; what nobody knows says so.
    """
    known, holder = parse_arn(arn), document.id_of("{0}", arn)
    code: Any = known.region if known else None
    if isinstance(arn, Unknown) and holder is None:
        code = arn
    if code is not None and known and known.place is None:
        code = None  # a wildcard is no region
    namespace = known.partition if known else None
    more.setdefault("account", known.account if known else None)
    return document.copy(role, code, said, namespace=namespace, holder=holder, **more)


def shares(primary: Copy, recipients: Iterable[tuple[Any, Said]]) -> Iterator[Copy]:
    """One share for each recipient: an account, `all` for everyone, anything else for one that cannot be read.

    It gives access where the data stand, so it has the same place.
    """
    for recipient, said in recipients:
        account = EVERYONE if recipient in ("all", "*") else recipient if isinstance(recipient, str) else None
        yield Copy(
            role=Role.SHARE,
            place=primary.place,
            candidates=primary.candidates,
            why=primary.why,
            account=account,
            state=primary.state,
            said_by=(said,),
        )
