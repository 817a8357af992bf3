"""Secrets: one with a replica abroad."""

from __future__ import annotations

from residency.demo.estate.company import PERSONAL, SINGAPORE, TOKYO, Company, tags


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
