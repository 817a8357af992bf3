"""Container images: a registry that replicates to Singapore."""

from __future__ import annotations

from residency.demo.estate.company import MEMBERS, PUBLIC, SINGAPORE, TOKYO, Company, tags


def move_in(company: Company) -> None:
    ecr = company.client("ecr", TOKYO)
    encrypted = {"encryptionType": "KMS", "kmsKey": company.key(TOKYO)}
    ecr.create_repository(repositoryName="api", encryptionConfiguration=encrypted, tags=tags(PUBLIC))
    destination = {"region": SINGAPORE, "registryId": MEMBERS}
    ecr.put_replication_configuration(replicationConfiguration={"rules": [{"destinations": [destination]}]})
