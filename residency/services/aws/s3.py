"""Amazon S3: buckets, where they stand, where they replicate to, and which key protects them.

A bucket's name says neither region nor account, so every destination of a replication rule is asked
for its region. A rule that is switched off still means that older objects were copied. Directory
buckets carry the id of their zone in their name, `NAME--ZONE-ID--x-s3` (S3 user guide, directory
bucket naming rules, read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from residency.clouds.answers import Body, Document, Origin, Unknown, edges_of
from residency.clouds.aws import keys
from residency.model import Control, Copy, Followed, Role, State, Why
from residency.services.base import REGION, TAGS, Each, Listing, Placed, Scope, Template

if TYPE_CHECKING:
    from residency.clouds.aws.api import Api

LIST, HEAD, TAGGING = "s3:ListBuckets", "s3:HeadBucket", "s3:GetBucketTagging"
REPLICATION, ENCRYPTION = "s3:GetBucketReplication", "s3:GetBucketEncryption"
DIRECTORY = "s3:ListDirectoryBuckets"
NAME = f"{LIST}.Buckets[].Name"
RULES = f"{REPLICATION}.ReplicationConfiguration.Rules[]"
SSE_RULES = f"{ENCRYPTION}.ServerSideEncryptionConfiguration.Rules[]"
ALGORITHM, KEY = (f"ApplyServerSideEncryptionByDefault.{name}" for name in ("SSEAlgorithm", "KMSMasterKeyID"))
REPLICA_KEY = "Destination.EncryptionConfiguration.ReplicaKmsKeyID"

NEEDS = {
    LIST: "s3:ListAllMyBuckets",
    HEAD: "",  # the region is in the answer's head whatever rights one has; s3:ListBucket would tell what is in it
    TAGGING: "s3:GetBucketTagging",
    REPLICATION: "s3:GetReplicationConfiguration",
    ENCRYPTION: "s3:GetEncryptionConfiguration",
    **keys.NEEDS,
}
MOST_BUCKETS = 10_000  # of one page (S3 API reference, ListBuckets, MaxBuckets, read 2026-11-22)
DIRECTORY_SUFFIX = "--x-s3"
ZONE = "@zone"  # that a template names by itself; else the name carries it
DIRECTORY_ARN = "arn:{partition}:s3express:{region}:{account}:bucket/{name}"


# --- live -------------------------------------------------------------------------------------


def buckets(api: Api) -> Iterator[Body]:
    # BucketRegion is only answered where a parameter is passed.
    yield from api.spread(_follow, api.each(LIST, "Buckets[]", "Name", MaxBuckets=MOST_BUCKETS))


def _follow(api: Api, body: Body) -> Body:
    listed = body[LIST]["Buckets[]"]
    name, region = listed["Name"], listed.get("BucketRegion")
    subject = f"arn:{api.partition}:s3:::{name}"
    if not region:
        head = api.ask(body, HEAD, expect="BucketRegion", subject=subject, Bucket=name)
        region = None if isinstance(head, Unknown) else head["BucketRegion"]
    here: dict[str, Any] = {"subject": subject, "region": region, "Bucket": name}
    api.ask(body, TAGGING, expect="TagSet", absent=["NoSuchTagSet"], **here)
    api.ask(
        body,
        ENCRYPTION,
        expect="ServerSideEncryptionConfiguration.Rules",
        absent=["ServerSideEncryptionConfigurationNotFoundError"],
        **here,
    )
    api.ask(
        body,
        REPLICATION,
        expect="ReplicationConfiguration.Rules",
        absent=["ReplicationConfigurationNotFoundError"],
        **here,
    )
    for rule in _each(body, SSE_RULES):
        keys.describe(api, body, rule.get(KEY), subject=subject, region=region)
    for rule in _each(body, RULES):
        _ask_destination(api, body, rule, subject)
    return body


def _ask_destination(api: Api, body: Body, rule: Document, subject: str) -> None:
    arn = rule.get("Destination.Bucket")
    name = str(arn).rpartition(":::")[2]
    head = api.ask_once(("bucket", name), HEAD, expect="BucketRegion", subject=subject, region=None, Bucket=name)
    body.setdefault("destinations", {})[arn] = head
    keys.describe(api, body, rule.get(REPLICA_KEY), subject=subject, region=None)


def _each(body: Body, path: str) -> list[Document]:
    found = Document(body, Origin(source="", partition="", account=None)).each(path)
    return [] if isinstance(found, Unknown) else found


def directory_buckets(api: Api) -> Iterator[Body]:
    for body in api.each(DIRECTORY, "Buckets[]", "Name"):
        # Some S3-compatible servers answer with their ordinary buckets: those are listed by LIST.
        if body[DIRECTORY]["Buckets[]"]["Name"].endswith(DIRECTORY_SUFFIX):
            # Its tags need a session with the bucket, which is not asked for yet.
            yield body | {"@tags": Unknown(Why.UNRESOLVED, "tags of directory buckets are not asked for")}


# --- what a document says ---------------------------------------------------------------------


def place_bucket(bucket: Document) -> Placed:
    name = bucket.get(NAME)
    store_id = bucket.id("arn:{partition}:s3:::{name}", name=name)
    code, path = _region(bucket)
    key_copies = [copy for rule in _each(bucket.body, SSE_RULES) for copy in keys.replicas(bucket, rule.get(KEY))]
    primary = bucket.copy(Role.PRIMARY, code, bucket.said(path), namespace=_namespace(code), control=_control(bucket))
    replicas = list(_replicas(bucket))
    found = (primary, *replicas, *key_copies)
    store = bucket.store("aws.s3.bucket", store_id, name, found, tags=f"{TAGGING}.TagSet[]", region=code)
    yield store
    yield from edges_of(store)


def _region(bucket: Document) -> tuple[Any, str]:
    listed = f"{LIST}.Buckets[].BucketRegion"
    head = f"{HEAD}.BucketRegion"
    return (bucket.get(listed), listed) if bucket.get(listed) else (bucket.get(head), head)


def _namespace(code: Any) -> str | None:
    """The location constraint `EU` is a word of its own, not a region (S3 API reference, GetBucketLocation)."""
    return "aws.s3" if code == "EU" else None


def _control(bucket: Document) -> Control:
    rules = bucket.each(SSE_RULES)
    said = bucket.said(SSE_RULES)
    if isinstance(rules, Unknown):
        return keys.plain(None, said)
    if len(rules) > 1:
        return keys.plain(None, said)  # a bucket has one; in a template several claim to be it
    if not rules:
        # Every bucket encrypts with SSE-S3 unless it is told otherwise (S3 user guide, default encryption).
        return keys.plain(keys.PROVIDER_OWNED, said)
    algorithm, key = rules[0].get(ALGORITHM), rules[0].get(KEY)
    said = rules[0].said(ALGORITHM)
    if algorithm == "AES256":
        return keys.plain(keys.PROVIDER_OWNED, said)
    if algorithm in ("aws:kms", "aws:kms:dsse"):
        # Without a key it is the key that AWS manages in the account, alias/aws/s3.
        return keys.of_key(bucket, key, rules[0].said(KEY)) if key else keys.plain(2, said, "provider-managed-key")
    return keys.plain(None, said)


def _replicas(bucket: Document) -> Iterator[Copy]:
    rules = bucket.each(RULES)
    if isinstance(rules, Unknown):
        yield bucket.copy(Role.REPLICA, rules, bucket.said(RULES), state=State.MAY_APPEAR)
        return
    found: dict[object, Copy] = {}
    for rule in rules:
        copy = _replica(bucket, rule)
        of = copy.holder or len(found)
        found[of] = min(found.get(of, copy), copy, key=_counts_first)
    yield from found.values()


def _counts_first(copy: Copy) -> tuple[bool, int]:
    """Of several rules to one bucket, one that is switched on; of those, the one that protects least."""
    grade = copy.control.grade if copy.control else None
    return copy.former, -1 if grade is None else grade


def _replica(bucket: Document, rule: Document) -> Copy:
    arn, key, account = rule.get("Destination.Bucket"), rule.get(REPLICA_KEY), rule.get("Destination.Account")
    holder = bucket.id_of("{0}", arn)
    if holder and holder == bucket.origin.stands_for:
        # A bucket is never its own destination: of instances that refer to each other another one is meant.
        arn, holder = Unknown(Why.NOT_KNOWN_YET, "the destination is another instance"), None
    region = Document(bucket.root.body.get("destinations", {}).get(holder), bucket.origin).get("BucketRegion")
    if isinstance(arn, Unknown) and arn.refers_to is None:
        region = arn
    return bucket.copy(
        Role.REPLICA,
        region,
        rule.said("Destination.Bucket"),
        namespace=_namespace(region),
        holder=holder,
        account=account if isinstance(account, str) else None,
        former=rule.get("Status") == "Disabled",
        control=keys.of_key(bucket, key, rule.said(REPLICA_KEY), region=region) if key else None,
    )


def place_directory_bucket(bucket: Document) -> Placed:
    path = f"{DIRECTORY}.Buckets[].Name"
    name = bucket.get(path)
    zone = bucket.get(ZONE) or (_zone_in(name) if isinstance(name, str) else name)
    # Encryption of a directory bucket is read with a session of its own, which is not asked for yet.
    primary = bucket.copy(Role.PRIMARY, zone, bucket.said(path), control=keys.plain(None, bucket.said(path)))
    store_id = bucket.id(DIRECTORY_ARN, name=name, region=bucket.origin.region)
    yield bucket.store("aws.s3.directory-bucket", store_id, name, [primary], tags="@tags", followed=Followed.ALL)


def _zone_in(name: str) -> str | None:
    """The zone that a directory bucket's name carries; None where the name is no such name."""
    own, dashes, zone = name.removesuffix(DIRECTORY_SUFFIX).rpartition("--")
    return zone if own and dashes and name.endswith(DIRECTORY_SUFFIX) else None


LISTINGS = (
    Listing("aws", "s3", LIST, Scope.GLOBAL, NEEDS, buckets, place_bucket),
    Listing(
        "aws",
        "s3",
        DIRECTORY,
        Scope.REGION,
        {DIRECTORY: "s3express:ListAllMyDirectoryBuckets"},
        directory_buckets,
        place_directory_bucket,
    ),
)


# --- as code ----------------------------------------------------------------------------------

_ENCRYPTION = Each(
    "rule",
    {
        ALGORITHM: "apply_server_side_encryption_by_default.sse_algorithm",
        KEY: "apply_server_side_encryption_by_default.kms_master_key_id",
    },
)
_DESTINATION = {
    "Status": "status",
    "Destination.Bucket": "destination.bucket",
    REPLICA_KEY: "destination.encryption_configuration.replica_kms_key_id",
}
TERRAFORM = {
    "aws_s3_bucket": Template(
        fields={
            NAME: "bucket",
            f"{HEAD}.BucketRegion": REGION,
            f"{TAGGING}.TagSet[]": TAGS,
            SSE_RULES: Each("server_side_encryption_configuration.rule", _ENCRYPTION.fields),
            RULES: Each(
                "replication_configuration.rules",
                _DESTINATION
                | {
                    "Destination.Account": "destination.account_id",
                    REPLICA_KEY: "destination.replica_kms_key_id",
                },
            ),
        },
        place=place_bucket,
        id="arn:{partition}:s3:::{bucket}",
        names=("id", "arn", "bucket"),
        arn="arn:{partition}:s3:::{0}",
        computed=("server_side_encryption_configuration", "replication_configuration"),
    ),
    "aws_s3_bucket_replication_configuration": Template(
        fields={NAME: "bucket", RULES: Each("rule", _DESTINATION | {"Destination.Account": "destination.account"})},
        place=place_bucket,
        id="arn:{partition}:s3:::{bucket}",
        attaches_to=("bucket", "aws_s3_bucket"),
    ),
    "aws_s3_bucket_server_side_encryption_configuration": Template(
        fields={NAME: "bucket", SSE_RULES: _ENCRYPTION},
        place=place_bucket,
        id="arn:{partition}:s3:::{bucket}",
        attaches_to=("bucket", "aws_s3_bucket"),
    ),
    # A bucket that others made says where it stands as HeadBucket does.
    "data.aws_s3_bucket": Template(fields={"BucketRegion": "region"}, answers="destinations", names=("arn",)),
    "aws_s3_directory_bucket": Template(
        fields={f"{DIRECTORY}.Buckets[].Name": "bucket", "@tags": TAGS},
        place=place_directory_bucket,
    ),
}

# Property names: CloudFormation template reference of each type (read 2026-11-22).
CLOUDFORMATION = {
    "AWS::S3::Bucket": Template(
        fields={
            NAME: "BucketName",
            f"{HEAD}.BucketRegion": REGION,
            f"{TAGGING}.TagSet[]": TAGS,
            SSE_RULES: Each(
                "BucketEncryption.ServerSideEncryptionConfiguration",
                {
                    ALGORITHM: "ServerSideEncryptionByDefault.SSEAlgorithm",
                    KEY: "ServerSideEncryptionByDefault.KMSMasterKeyID",
                },
            ),
            RULES: Each(
                "ReplicationConfiguration.Rules",
                {
                    "Status": "Status",
                    "Destination.Bucket": "Destination.Bucket",
                    "Destination.Account": "Destination.Account",
                    REPLICA_KEY: "Destination.EncryptionConfiguration.ReplicaKmsKeyID",
                },
            ),
        },
        place=place_bucket,
        id="arn:{partition}:s3:::{BucketName}",
        names=("BucketName",),
        arn="arn:{partition}:s3:::{0}",
    ),
    "AWS::S3Express::DirectoryBucket": Template(
        fields={f"{DIRECTORY}.Buckets[].Name": "BucketName", ZONE: "LocationName", "@tags": TAGS},
        place=place_directory_bucket,
    ),
}
