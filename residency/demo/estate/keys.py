"""Keys: one of its own in each region in use, and one that stands in two regions."""

from __future__ import annotations

from residency.demo.estate.company import SINGAPORE, TOKYO, Company


def move_in(company: Company) -> None:
    kms = company.client("kms", TOKYO)
    shared = kms.create_key(MultiRegion=True, Description="secrets")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/secrets", TargetKeyId=shared)
    kms.replicate_key(KeyId=shared, ReplicaRegion=SINGAPORE)
