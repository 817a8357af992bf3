"""An organisation: three accounts at work, one suspended, one not yet active, one without the scan's role."""

from __future__ import annotations

from typing import Any

from residency.demo.estate.company import (
    ACQUIRED,
    ANALYTICS,
    MEMBERS,
    NEW_VENTURE,
    OLD_CAMPAIGN,
    PLATFORM,
    TOKYO,
    Company,
)
from residency.demo.server import Call, Reply, denied

NAMES = {
    MEMBERS: "members",
    ANALYTICS: "analytics",
    OLD_CAMPAIGN: "old-campaign",
    NEW_VENTURE: "new-venture",
    ACQUIRED: "acquired",
}
STATES = {OLD_CAMPAIGN: "SUSPENDED", NEW_VENTURE: "PENDING_ACTIVATION"}


def move_in(company: Company) -> None:
    organizations = company.client("organizations", TOKYO, PLATFORM)
    organizations.create_organization(FeatureSet="ALL")
    for account, name in NAMES.items():
        organizations.create_account(AccountName=name, Email=f"{name}@example.co.jp")
        _rename(name, account)
    company.refuses(_no_role)


def _rename(name: str, account: str) -> None:
    """The emulator draws an account's number by lot, and knows no account that is not at work."""
    from moto.organizations.models import organizations_backends

    backend: Any = organizations_backends[PLATFORM]["aws"]
    made = next(known for known in backend.accounts if known.name == name)
    made.id = account
    made.status = made.state = STATES.get(account, "ACTIVE")


def _no_role(call: Call) -> Reply | None:
    """Nobody has made the scan's role in the account that was acquired."""
    asked = call.name == "sts:AssumeRole" and ACQUIRED.encode() in call.body
    return denied(f"not authorized to perform: sts:AssumeRole on role of {ACQUIRED}") if asked else None
