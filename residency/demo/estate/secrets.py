"""Secrets: one with a replica abroad."""

from __future__ import annotations

from residency.demo.estate.company import MEMBERS, PERSONAL, SINGAPORE, TOKYO, Company, tags
from residency.demo.server import Call, Change, Reply, changed


def move_in(company: Company) -> None:
    secrets = company.client("secretsmanager", TOKYO)
    secrets.create_secret(
        Name="member-db/password",
        SecretString="demo",
        KmsKeyId=company.key(TOKYO),
        AddReplicaRegions=[{"Region": SINGAPORE, "KmsKeyId": company.key(SINGAPORE)}],
        Tags=tags(PERSONAL),
    )
    secrets.create_secret(Name="payment/api-key", SecretString="demo", KmsKeyId="alias/secrets")
    company.layer.changes.append(_own_keys(company.key(TOKYO), company.key(SINGAPORE)))


def _own_keys(here: str, there: str) -> Change:
    """moto gives a replica the key of its primary, and says that it has the provider's."""

    def change(call: Call, reply: Reply) -> Reply:
        if call.service != "secretsmanager" or call.account != MEMBERS:
            return reply
        body = reply.body.replace(b'"alias/aws/secretsmanager"', f'"{there}"'.encode())
        return changed(reply, body.replace(here.encode(), there.encode()) if call.region == SINGAPORE else body)

    return change
