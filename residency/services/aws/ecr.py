"""Amazon ECR: repositories of container images, and where their registry replicates them to.

Replication is a setting of the registry in a region: each rule copies the repositories whose name begins
with one of its filters, all where it has none, into repositories of the same name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from residency.clouds.answers import Body, Document, Unknown, edges_of
from residency.clouds.aws import keys
from residency.model import Control, Copy, Role, State
from residency.services.base import REGION, TAGS, Each, Listing, Placed, Scope, Template

if TYPE_CHECKING:
    from residency.clouds.aws.api import Api

LIST, TAGGED, REGISTRY = "ecr:DescribeRepositories", "ecr:ListTagsForResource", "ecr:DescribeRegistry"
REPOSITORY, RULES = f"{LIST}.repositories[]", f"{REGISTRY}.replicationConfiguration.rules[]"
ENCRYPTION = f"{REPOSITORY}.encryptionConfiguration"
ARN = "arn:{partition}:ecr:{region}:{account}:repository/{name}"
NEEDS = {name: name for name in (LIST, TAGGED, REGISTRY)} | keys.NEEDS


# --- live -------------------------------------------------------------------------------------


def repositories(api: Api) -> Iterator[Body]:
    yield from api.spread(_follow, api.each(LIST, "repositories[]", "repositoryArn"))


def _follow(api: Api, body: Body) -> Body:
    listed = body[LIST]["repositories[]"]
    arn, encryption = listed["repositoryArn"], listed.get("encryptionConfiguration") or {}
    api.ask(body, TAGGED, expect="tags", subject=arn, resourceArn=arn)
    # A registry that replicates nothing has no rules, and says so.
    body[REGISTRY] = api.ask_once(
        "registry", REGISTRY, expect="replicationConfiguration.rules", subject=arn, region=api.region
    )
    keys.describe(api, body, encryption.get("kmsKey"), subject=arn, region=api.region)
    return body


# --- what a document says ---------------------------------------------------------------------


def place_repository(repository: Document) -> Placed:
    arn, name = (repository.get(f"{REPOSITORY}.{field}") for field in ("repositoryArn", "repositoryName"))
    said = repository.said(f"{REPOSITORY}.repositoryArn" if arn else "@region")
    primary = repository.copy(Role.PRIMARY, _here(repository), said, control=_control(repository))
    key_copies = keys.replicas(repository, repository.get(f"{ENCRYPTION}.kmsKey"))
    found = (primary, *_replicas(repository, name), *key_copies)
    store = repository.store(
        "aws.ecr.repository", repository.id("{arn}", arn=arn), name, found, tags=f"{TAGGED}.tags[]"
    )
    yield store
    yield from edges_of(store)


def _here(document: Document) -> Any:
    return document.origin.region or document.get("@region")


def _control(repository: Document) -> Control:
    """Without a word it is AES256, with keys of Amazon S3 (API reference, EncryptionConfiguration)."""
    kind, key = (repository.get(f"{ENCRYPTION}.{field}") for field in ("encryptionType", "kmsKey"))
    said = repository.said(f"{ENCRYPTION}.encryptionType")
    if kind in (None, "AES256"):
        return keys.plain(keys.PROVIDER_OWNED, said)
    if kind not in ("KMS", "KMS_DSSE"):
        return keys.plain(None, said)
    if key is None:  # alias/aws/ecr (ibid., kmsKey)
        return keys.plain(keys.PROVIDER_OWNED, said, "provider-managed-key")
    return keys.of_key(repository, key, repository.said(f"{ENCRYPTION}.kmsKey"))


def _replicas(document: Document, name: Any) -> Iterator[Copy]:
    """A replica for each destination of a rule that takes this repository; without a name, any repository.

    It is encrypted as its own repository is: the settings are not replicated.
    """
    rules = document.each(RULES)
    if isinstance(rules, Unknown):
        yield document.copy(Role.REPLICA, rules, document.said(RULES), state=State.MAY_APPEAR)
        return
    found: dict[tuple[Any, Any], Copy] = {}
    for rule in rules:
        destinations = rule.each("destinations[]") if _takes(rule, name) else []
        if isinstance(destinations, Unknown):
            found[rule.path, None] = rule.copy(Role.REPLICA, destinations, rule.said("destinations[]"))
            continue
        for destination in destinations:
            region, account = destination.get("region"), destination.get("registryId")
            found[region, account] = _replica(destination, region, account, name)
    yield from found.values()


def _takes(rule: Document, name: Any) -> bool:
    """Whether a rule replicates a repository: each filter begins names. One of another kind may mean any."""
    filters = rule.each("repositoryFilters[]")
    if isinstance(filters, Unknown) or not filters or not isinstance(name, str):
        return True
    kinds, texts = ([each.get(field) for each in filters] for field in ("filterType", "filter"))
    return set(kinds) != {"PREFIX_MATCH"} or name.startswith(tuple(texts))


def _replica(destination: Document, region: Any, account: Any, name: Any) -> Copy:
    told = all(isinstance(part, str) for part in (region, account, name))
    partition = destination.origin.partition
    return destination.copy(
        Role.REPLICA,
        region,
        destination.said("region"),
        holder=ARN.format(partition=partition, region=region, account=account, name=name) if told else None,
        account=account if isinstance(account, str) else None,
    )


def place_registry(registry: Document) -> Placed:
    """All repositories of a registry in a region: a template that sets their replication names none of them."""
    primary = registry.copy(Role.PRIMARY, _here(registry), registry.said(RULES))
    found = (primary, *_replicas(registry, None))
    yield registry.store("aws.ecr.registry", registry.id(""), None, found, tags="@none")


LISTINGS = (Listing("aws", "ecr", LIST, Scope.REGION, NEEDS, repositories, place_repository),)


# --- as code ----------------------------------------------------------------------------------

TERRAFORM = {
    "aws_ecr_repository": Template(
        fields={
            f"{REPOSITORY}.repositoryArn": "arn",
            f"{REPOSITORY}.repositoryName": "name",
            f"{ENCRYPTION}.encryptionType": "encryption_configuration.encryption_type",
            f"{ENCRYPTION}.kmsKey": "encryption_configuration.kms_key",
            f"{TAGGED}.tags[]": TAGS,
            "@region": REGION,
        },
        place=place_repository,
        names=("arn", "name"),
    ),
    "aws_ecr_replication_configuration": Template(
        fields={
            RULES: Each(
                "replication_configuration.rule",
                {
                    "destinations[]": Each("destination", {"region": "region", "registryId": "registry_id"}),
                    "repositoryFilters[]": Each("repository_filter", {"filter": "filter", "filterType": "filter_type"}),
                },
            ),
            "@region": REGION,
        },
        place=place_registry,
    ),
}

# Property names: CloudFormation template reference of each type (read 2026-11-22).
CLOUDFORMATION = {
    "AWS::ECR::Repository": Template(
        fields={
            f"{REPOSITORY}.repositoryName": "RepositoryName",
            f"{ENCRYPTION}.encryptionType": "EncryptionConfiguration.EncryptionType",
            f"{ENCRYPTION}.kmsKey": "EncryptionConfiguration.KmsKey",
            f"{TAGGED}.tags[]": TAGS,
            "@region": REGION,
        },
        place=place_repository,
    ),
    "AWS::ECR::ReplicationConfiguration": Template(
        fields={
            RULES: Each(
                "ReplicationConfiguration.Rules",
                {
                    "destinations[]": Each("Destinations", {"region": "Region", "registryId": "RegistryId"}),
                    "repositoryFilters[]": Each("RepositoryFilters", {"filter": "Filter", "filterType": "FilterType"}),
                },
            ),
            "@region": REGION,
        },
        place=place_registry,
    ),
}
