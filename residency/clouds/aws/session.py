"""How the scan reaches one AWS account: the standard credential chain, a role, one session per account."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config as BotoConfig
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

from residency.clouds.aws.arn import parse_arn

if TYPE_CHECKING:
    from botocore.client import BaseClient

# Where each partition answers questions that belong to no region (identity, region list), when the
# environment names no region. It is only whom we ask; nothing is ever said to stand there.
_ASK_IN = {
    "aws": "us-east-1",
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-eusc": "eusc-de-east-1",
    "aws-iso": "us-iso-east-1",
    "aws-iso-b": "us-isob-east-1",
}


@dataclass(frozen=True)
class Access:
    """How to get into one account."""

    profile: str | None = None
    role_arn: str | None = None
    external_id: str | None = None
    endpoint: str | None = None
    timeout: float = 60.0
    attempts: int = 4

    @property
    def partition(self) -> str:
        arn = parse_arn(self.role_arn)
        return arn.partition if arn else "aws"


class AccountSession:
    """Makes clients for one account; making a client is serialised because boto3's session is not thread-safe."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._session = boto3.Session(profile_name=access.profile)
        self._lock = threading.Lock()
        self._config = BotoConfig(
            connect_timeout=min(10.0, access.timeout),
            read_timeout=access.timeout,
            retries={"mode": "standard", "total_max_attempts": access.attempts},
            max_pool_connections=32,
            user_agent_extra="residency",
        )
        if access.role_arn:
            self._take_role(access.role_arn)

    @property
    def home_region(self) -> str:
        """The region whose endpoint answers what belongs to no region."""
        region: str | None = self._session.region_name
        return region or _ASK_IN.get(self._access.partition, _ASK_IN["aws"])

    def partition_of(self, region: str, otherwise: str) -> str:
        """The partition that lists the region; `otherwise` where none does."""
        for partition in self._session.get_available_partitions():
            if region in self._session.get_available_regions("ec2", partition_name=partition):
                return str(partition)
        return otherwise

    def client(self, service: str, region: str | None) -> BaseClient:
        with self._lock:
            make: Any = self._session.client
            client: BaseClient = make(
                service, region_name=region or self.home_region, endpoint_url=self._access.endpoint, config=self._config
            )
            return client

    def _take_role(self, role_arn: str) -> None:
        """Credentials of the role, renewed before they expire."""
        core = self._session._session
        extra = {"RoleSessionName": "residency"}
        if self._access.external_id:
            extra["ExternalId"] = self._access.external_id

        def create_client(service: str, **options: Any) -> BaseClient:
            where = {"region_name": self.home_region, "endpoint_url": self._access.endpoint, "config": self._config}
            client: BaseClient = core.create_client(service, **(where | options))
            return client

        source = core.get_credentials()
        fetcher = AssumeRoleCredentialFetcher(create_client, source, role_arn, extra_args=extra)
        credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
        self._session = boto3.Session(profile_name=self._access.profile)
        renewed: Any = self._session._session
        renewed._credentials = credentials
