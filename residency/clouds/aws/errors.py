"""Turns what AWS and the network refuse into a status. The order of the questions matters."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from residency.model import Status

# Every error of a call that the provider, the network or the credentials cause.
CALL_ERRORS = (boto.BotoCoreError, boto.ClientError, ResponseParserError)
_STUMBLES = (LookupError, TypeError, ValueError, AttributeError)

_UNAUTHENTICATED = frozenset(
    [
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "InvalidToken",
        "RequestExpired",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "IncompleteSignature",
    ]
)
_REGION = frozenset(["AuthFailure", "UnrecognizedClientException", "OptInRequired", "InvalidClientTokenId"])
_THROTTLED = frozenset(
    [
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "SlowDown",
        "RequestThrottled",
        "RequestThrottledException",
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "429",
    ]
)
_DENIED = frozenset(
    [
        "AccessDenied",
        "AccessDeniedException",
        "UnauthorizedOperation",
        "AuthorizationError",
        "AllAccessDisabled",
        "Forbidden",
        "403",
    ]
)
_TIMEOUT = (boto.ConnectTimeoutError, boto.ReadTimeoutError)
_NO_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.TokenRetrievalError,
    boto.SSOError,
    boto.ProfileNotFound,
    boto.UnauthorizedSSOTokenError,
)
_UNREACHABLE = (
    boto.EndpointConnectionError,
    boto.ConnectionClosedError,
    boto.ConnectionError,
    boto.ProxyConnectionError,
    boto.SSLError,
    boto.HTTPClientError,
)
Heard = TypeVar("Heard")
_POLICY_ID = re.compile(r"\bp-[a-z0-9]{8,}\b")
_MAX_REASON = 200


class RoleNotTaken(boto.BotoCoreError):  # type: ignore[misc]  # botocore has no types
    """The role of an account was refused, whatever call needed it."""

    call = "sts:AssumeRole"
    fmt = "the role could not be taken: {error}"

    def __init__(self, error: Exception) -> None:
        super().__init__(error=error)
        self.error = error


@dataclass(frozen=True)
class Refusal:
    """Why a call gave no answer."""

    status: Status
    code: str
    reason: str
    policy: str | None = None


def heard(call: Callable[[], Heard]) -> Heard:
    """What a call of botocore answers. Raises CALL_ERRORS and nothing else.

    Its parsers stumble over an answer that is not of the service (a login page has no
    GetCallerIdentityResult): that is an answer that cannot be parsed, and no defect of ours.
    """
    try:
        return call()
    except CALL_ERRORS:
        raise
    except _STUMBLES as error:
        raise ResponseParserError(f"no answer of this service: {type(error).__name__} {error}") from error


def refusal_of(error: Exception, *, identified: bool) -> Refusal:
    """Class, code and sentence of an error.

    `identified`: the account's identity call went through, so that a region which does not know the
    credentials refuses the region and not the caller.
    """
    if isinstance(error, RoleNotTaken):
        return refusal_of(error.error, identified=identified)
    if isinstance(error, boto.ClientError):
        return _answered(error, identified)
    reason = " ".join(str(error).split())[:_MAX_REASON]
    return Refusal(_unanswered(error), type(error).__name__, reason)


def code_of(error: Exception) -> str:
    """The provider's own word for a refusal; empty where it gave none."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, boto.ClientError) else ""


def _answered(error: boto.ClientError, identified: bool) -> Refusal:
    code = code_of(error)
    message = " ".join(str(error.response.get("Error", {}).get("Message", "")).split())
    http = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    policy = _POLICY_ID.search(message)
    status = _status(code, message, http, identified)
    if error.operation_name == "AssumeRole" and status in (Status.DENIED, Status.ERROR):
        status = Status.NO_ROLE
    return Refusal(status, code or str(http), message[:_MAX_REASON], policy.group() if policy else None)


def _status(code: str, message: str, http: int, identified: bool) -> Status:
    if identified and code in _REGION:
        return Status.REGION_REFUSED
    if code in _UNAUTHENTICATED or code in _REGION:
        return Status.UNAUTHENTICATED
    if "service control policy" in message or "resource control policy" in message:
        return Status.GUARDED
    if code in _THROTTLED or http == 429:
        return Status.THROTTLED
    if code in _DENIED or http == 403:
        return Status.DENIED
    if http == 501 or code in ("NotImplemented", "UnsupportedOperation"):
        return Status.UNSUPPORTED
    return Status.ERROR


def _unanswered(error: Exception) -> Status:
    if isinstance(error, _TIMEOUT):
        return Status.TIMEOUT
    if isinstance(error, _NO_CREDENTIALS):
        return Status.UNAUTHENTICATED
    if isinstance(error, boto.ResponseStreamingError | boto.IncompleteReadError | boto.PaginationError):
        return Status.TRUNCATED
    if isinstance(error, ResponseParserError):
        return Status.MALFORMED
    if isinstance(error, _UNREACHABLE):
        return Status.UNREACHABLE
    return Status.ERROR
