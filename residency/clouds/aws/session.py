"""How the scan reaches one AWS account: the standard credential chain, a role, one session per account."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config as BotoConfig
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import EndpointConnectionError, NoCredentialsError
from botocore.loaders import Loader

from residency.clouds.aws.arn import parse_arn
from residency.clouds.aws.errors import CALL_ERRORS, RoleNotTaken, heard

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


class _Models(Loader):  # type: ignore[misc]  # botocore has no types
    """botocore's models of the services, read once a process and cut down to what is asked for.

    Most of what a client costs is one method for each operation of its service: EC2 has eight hundred.
    """

    def __init__(self, operations: frozenset[str]) -> None:
        super().__init__(extra_search_paths=[Loader.CUSTOMER_DATA_PATH], include_default_search_paths=True)
        self._operations = operations
        self._cut: dict[tuple[str, str], Any] = {}

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        if type_name != "service-2":
            return super().load_service_model(service_name, type_name, api_version)
        key = (service_name, type_name)
        if key not in self._cut:
            model = super().load_service_model(service_name, type_name, api_version)
            wanted = {name.partition(":")[2] for name in self._operations if name.startswith(f"{service_name}:")}
            kept = {name: value for name, value in model["operations"].items() if name in wanted}
            self._cut[key] = {**model, "operations": kept} if kept else model
        return self._cut[key]


_models = cache(_Models)


class AccountSession:
    """Lends clients for one account; making one is serialised because boto3's session is not thread-safe.

    `operations`: every call that may be asked for, as `client:Operation`; none: whatever there is.
    """

    def __init__(self, access: Access, operations: frozenset[str] = frozenset()) -> None:
        self._access = access
        self._operations = operations
        self._lock = threading.Lock()
        self._lent: dict[tuple[str, str], list[Any]] = {}  # service and region -> the client, and how many have it

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
        """A client of one service, the same for all who have it at a time. Raises CALL_ERRORS."""
        with self._lock:
            key = (service, region or self.home_region)
            if key not in self._lent:
                self._lent[key] = [self._made(*key), 0]
            self._lent[key][1] += 1
            client: BaseClient = self._lent[key][0]
            return client

    def give_back(self, service: str, region: str | None) -> None:
        """Drop a client that nobody has any more."""
        with self._lock:
            key = (service, region or self.home_region)
            self._lent[key][1] -= 1
            if not self._lent[key][1]:
                self._lent.pop(key)[0].close()

    def _made(self, service: str, region: str) -> BaseClient:
        endpoint = self._access.endpoint
        make: Any = self._session.client
        try:
            client: BaseClient = make(service, region_name=region, endpoint_url=endpoint, config=self._config)
        except ValueError as error:  # the endpoint of the source or of the environment is no address
            raise EndpointConnectionError(endpoint_url=endpoint or str(error)) from error
        return client

    @cached_property
    def _session(self) -> boto3.Session:
        """Made with the first client, so that a profile or a credential that is missing refuses that call."""
        session = self._of_profile()
        return self._in_role(session, self._access.role_arn) if self._access.role_arn else session

    def _of_profile(self) -> boto3.Session:
        core = botocore.session.Session(profile=self._access.profile)
        core.register_component("data_loader", _models(self._operations))
        return boto3.Session(botocore_session=core)

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

        def take() -> Any:
            try:
                return heard(fetcher.fetch_credentials)
            except CALL_ERRORS as error:
                raise RoleNotTaken(error) from error

        renewed = self._of_profile()
        inside: Any = renewed._session
        inside._credentials = DeferredRefreshableCredentials(take, "assume-role")
        return renewed
