"""Container images: a registry that replicates to Singapore what nobody has labelled."""

from __future__ import annotations

from residency.demo.estate.company import MEMBERS, SINGAPORE, TOKYO, Company


def move_in(company: Company) -> None:
    ecr = company.client("ecr", TOKYO)
    encrypted = {"encryptionType": "KMS", "kmsKey": company.key(TOKYO)}
    ecr.create_repository(repositoryName="api", encryptionConfiguration=encrypted)
    destination = {"region": SINGAPORE, "registryId": MEMBERS}
    ecr.put_replication_configuration(replicationConfiguration={"rules": [{"destinations": [destination]}]})
