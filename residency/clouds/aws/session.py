"""How the scan reaches one AWS account: the standard credential chain, a role, one session per account."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config as BotoConfig
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

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
        self._lock = threading.Lock()

    @property
    def home_region(self) -> str:
        """The region whose endpoint answers what belongs to no region."""
        return self._home_of(self._session)

    def _home_of(self, session: boto3.Session) -> str:
        region: str | None = session.region_name
        return region or _ASK_IN.get(self._access.partition, _ASK_IN["aws"])

    def partition_of(self, region: str, otherwise: str) -> str:
        """The partition that lists the region; `otherwise` where none does."""
        for partition in self._session.get_available_partitions():
            if region in self._session.get_available_regions("ec2", partition_name=partition):
                return str(partition)
        return otherwise

    def client(self, service: str, region: str | None) -> BaseClient:
        """A client of one service. Raises CALL_ERRORS."""
        endpoint = self._access.endpoint
        with self._lock:
            make: Any = self._session.client
            where = region or self.home_region
            try:
                client: BaseClient = make(service, region_name=where, endpoint_url=endpoint, config=self._config)
            except ValueError as error:  # the endpoint of the source or of the environment is no address
                raise EndpointConnectionError(endpoint_url=endpoint or str(error)) from error
            return client

    @cached_property
    def _session(self) -> boto3.Session:
        """Made with the first client, so that a profile or a credential that is missing refuses that call."""
        session = self._of_profile()
        return self._in_role(session, self._access.role_arn) if self._access.role_arn else session

    def _of_profile(self) -> boto3.Session:
        return boto3.Session(profile_name=self._access.profile)

    @cached_property
    def _config(self) -> BotoConfig:
        """Time and attempts of a call; AWS_MAX_ATTEMPTS and the profile's `max_attempts` go before our own number."""
        given = self._of_profile()._session.get_config_variable("max_attempts")
        return BotoConfig(
            connect_timeout=min(10.0, self._access.timeout),
            read_timeout=self._access.timeout,
            retries={"mode": "standard", "total_max_attempts": given or self._access.attempts},
            max_pool_connections=32,
            user_agent_extra="residency",
            s3={"addressing_style": "path"} if self._own_endpoint else None,
        )

    @property
    def _own_endpoint(self) -> bool:
        """Another address than AWS's: there a bucket is a path, for its name is no host that can be found."""
        return bool(self._access.endpoint or any(name.startswith("AWS_ENDPOINT_URL") for name in os.environ))

    def _in_role(self, session: boto3.Session, role_arn: str) -> boto3.Session:
        """A session with credentials of the role, renewed before they expire."""
        core = session._session
        source = core.get_credentials()
        if source is None:
            raise NoCredentialsError
        extra = {"RoleSessionName": "residency"}
        if self._access.external_id:
            extra["ExternalId"] = self._access.external_id
        home = self._home_of(session)

        def create_client(service: str, **options: Any) -> BaseClient:
            where = {"region_name": home, "endpoint_url": self._access.endpoint, "config": self._config}
            client: BaseClient = core.create_client(service, **(where | options))
            return client

        fetcher = AssumeRoleCredentialFetcher(create_client, source, role_arn, extra_args=extra)
        renewed = self._of_profile()
        inside: Any = renewed._session
        inside._credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
        return renewed
