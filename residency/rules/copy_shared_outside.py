"""Somebody who is none of our accounts may read or copy a store of personal data."""

from __future__ import annotations

from collections.abc import Iterator

from residency.model import EVERYONE, Finding, FindingStatus, Role, Severity
from residency.rules.about import about_copy
from residency.rules.base import JudgedStore, Rule, Texts, World
from residency.rules.causes import because
from residency.rules.sources import CLOUD_EXCEPTION, FOREIGN_COUNTRY

RULE = Rule(
    id="copy-shared-outside",
    status=FindingStatus.VIOLATION,
    personal=Severity.HIGH,
    special=Severity.CRITICAL,
    title=Texts("Shared with somebody outside", "外部と共有されている"),
    message=Texts(
        "{data_class} data are shared with {recipient}, which no source names{because}",
        "{data_class} が、走査対象にない {recipient} と共有されている{because}",
    ),
    fix=Texts(
        "take the share back, or add the recipient's account to sources.yaml if it is yours",
        "共有を解除する。自社のアカウントであれば sources.yaml に加える",
    ),
    clause=Texts(
        "personal information goes to no third party that was not confirmed", "確認していない第三者に個人情報を渡さない"
    ),
    source=f"{CLOUD_EXCEPTION}; {FOREIGN_COUNTRY}",
    no_exception_for="everyone",
)

PUBLIC = (FindingStatus.VIOLATION, Severity.CRITICAL, Severity.CRITICAL)
UNREADABLE = (FindingStatus.NOT_CHECKED, Severity.HIGH, Severity.HIGH)


def check(judged: JudgedStore, world: World) -> Iterator[Finding]:
    if not judged.personal:
        return
    for copy in judged.copies:
        if copy.copy.role is not Role.SHARE:
            continue
        account = copy.copy.account
        if account is None:
            yield about_copy(
                RULE, judged, copy, row=UNREADABLE, facts=because(copy.copy.said_by, judged, world), recipient="?"
            )
        elif account == EVERYONE:
            yield about_copy(RULE, judged, copy, row=PUBLIC, recipient="everyone")
        elif not world.our_account(judged.store.provider, account):
            yield about_copy(RULE, judged, copy, recipient=account)
