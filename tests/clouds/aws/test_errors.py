"""What AWS and the network refuse, as a status."""

from __future__ import annotations

import pytest
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from residency.clouds.aws.errors import code_of, heard, refusal_of
from residency.model import Status

SCP = "is not authorized to perform: s3:ListAllMyBuckets with an explicit deny in a service control policy"
RCP = "not authorized: explicit deny in a resource control policy: arn:aws:organizations::1:policy/o-1/r/p-0a1b2c3d"
S = Status

# code, message, HTTP, operation, identified -> status
ANSWERS = [
    ("AccessDenied", "Access Denied", 403, "ListBuckets", True, S.DENIED),
    ("AccessDeniedException", "User is not authorized", 400, "DescribeKey", True, S.DENIED),
    ("UnauthorizedOperation", "You are not authorized", 403, "DescribeVolumes", True, S.DENIED),
    ("AllAccessDisabled", "", 403, "HeadBucket", True, S.DENIED),
    ("403", "Forbidden", 403, "HeadBucket", True, S.DENIED),
    ("SomethingNew", "no", 403, "DescribeThings", True, S.DENIED),
    ("AccessDenied", SCP, 403, "ListBuckets", True, S.GUARDED),
    ("AccessDenied", RCP, 403, "GetBucketTagging", True, S.GUARDED),
    ("UnauthorizedOperation", SCP, 403, "DescribeVolumes", True, S.GUARDED),
    # A region that does not know the credentials: the region is refused, unless nobody knows them.
    ("AuthFailure", "AWS was not able to validate", 401, "DescribeVolumes", True, S.REGION_REFUSED),
    ("AuthFailure", "AWS was not able to validate", 401, "DescribeVolumes", False, S.UNAUTHENTICATED),
    ("UnrecognizedClientException", "invalid token", 400, "DescribeKey", True, S.REGION_REFUSED),
    ("UnrecognizedClientException", "invalid token", 400, "DescribeKey", False, S.UNAUTHENTICATED),
    ("InvalidClientTokenId", "The security token is invalid", 403, "DescribeVolumes", True, S.REGION_REFUSED),
    ("InvalidClientTokenId", "The security token is invalid", 403, "GetCallerIdentity", False, S.UNAUTHENTICATED),
    ("OptInRequired", "You are not subscribed", 401, "DescribeVolumes", True, S.REGION_REFUSED),
    # Credentials that ran out in the middle are no matter of the region.
    ("ExpiredToken", "expired", 400, "ListBuckets", True, S.UNAUTHENTICATED),
    ("ExpiredTokenException", "expired", 400, "DescribeKey", True, S.UNAUTHENTICATED),
    ("RequestExpired", "clock", 400, "DescribeVolumes", True, S.UNAUTHENTICATED),
    ("SignatureDoesNotMatch", "", 403, "ListBuckets", True, S.UNAUTHENTICATED),
    ("InvalidAccessKeyId", "", 403, "ListBuckets", True, S.UNAUTHENTICATED),
    ("Throttling", "Rate exceeded", 400, "DescribeVolumes", True, S.THROTTLED),
    ("RequestLimitExceeded", "", 503, "DescribeVolumes", True, S.THROTTLED),
    ("SlowDown", "", 503, "ListBuckets", True, S.THROTTLED),
    ("Whatever", "", 429, "ListBuckets", True, S.THROTTLED),
    ("NotImplemented", "", 501, "ListDirectoryBuckets", True, S.UNSUPPORTED),
    ("InternalError", "sorry", 500, "ListBuckets", True, S.ERROR),
    ("NoSuchBucket", "", 404, "HeadBucket", True, S.ERROR),
    ("", "", 418, "ListBuckets", True, S.ERROR),
    # The role, and not the listing, was refused.
    ("AccessDenied", "not authorized to perform: sts:AssumeRole", 403, "AssumeRole", False, S.NO_ROLE),
    ("NoSuchEntity", "", 404, "AssumeRole", False, S.NO_ROLE),
    ("ValidationError", "1 validation error", 400, "AssumeRole", False, S.NO_ROLE),
    ("AccessDenied", SCP, 403, "AssumeRole", False, S.GUARDED),
    ("InvalidClientTokenId", "", 403, "AssumeRole", False, S.UNAUTHENTICATED),
    ("ExpiredToken", "", 403, "AssumeRole", False, S.UNAUTHENTICATED),
    ("Throttling", "", 400, "AssumeRole", False, S.THROTTLED),
]


def answered(code: str, message: str = "", http: int = 403, operation: str = "ListBuckets") -> boto.ClientError:
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": http}}
    return boto.ClientError(response, operation)


@pytest.mark.parametrize(("code", "message", "http", "operation", "identified", "status"), ANSWERS)
def test_a_refusal_has_one_class(
    code: str, message: str, http: int, operation: str, identified: bool, status: Status
) -> None:
    refusal = refusal_of(answered(code, message, http, operation), identified=identified)
    assert refusal.status is status
    assert refusal.code == (code or str(http))


@pytest.mark.parametrize("row", ANSWERS, ids=lambda row: f"{row[0]}-{row[2]}-{row[3]}-{row[4]}")
def test_no_refusal_is_complete(row: tuple[str, str, int, str, bool, Status]) -> None:
    code, message, http, operation, identified, _ = row
    assert not refusal_of(answered(code, message, http, operation), identified=identified).status.complete


URL = {"endpoint_url": "https://s3.ap-northeast-1.amazonaws.com"}
# What botocore raises where nothing was answered.
SILENCES = [
    (boto.ConnectTimeoutError(**URL), S.TIMEOUT),
    (boto.ReadTimeoutError(**URL), S.TIMEOUT),
    (boto.EndpointConnectionError(**URL), S.UNREACHABLE),
    (boto.ConnectionClosedError(**URL), S.UNREACHABLE),
    (boto.ProxyConnectionError(proxy_url="http://proxy"), S.UNREACHABLE),
    (boto.SSLError(**URL, error="certificate"), S.UNREACHABLE),
    (boto.HTTPClientError(error="odd"), S.UNREACHABLE),
    (boto.NoCredentialsError(), S.UNAUTHENTICATED),
    (boto.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), S.UNAUTHENTICATED),
    (boto.CredentialRetrievalError(provider="process", error_msg="1"), S.UNAUTHENTICATED),
    (boto.ProfileNotFound(profile="prod"), S.UNAUTHENTICATED),
    (boto.UnauthorizedSSOTokenError(), S.UNAUTHENTICATED),
    (boto.IncompleteReadError(actual_bytes=1, expected_bytes=2), S.TRUNCATED),
    (boto.ResponseStreamingError(error="cut"), S.TRUNCATED),
    (boto.PaginationError(message="The same next token was received twice"), S.TRUNCATED),
    (ResponseParserError("no XML"), S.MALFORMED),
    (boto.UnknownServiceError(service_name="new", known_service_names=""), S.ERROR),
]


@pytest.mark.parametrize(("error", "status"), SILENCES, ids=lambda value: type(value).__name__)
def test_a_silence_has_one_class(error: Exception, status: Status) -> None:
    refusal = refusal_of(error, identified=True)
    assert refusal.status is status
    assert refusal.code == type(error).__name__


NAMED = "arn:aws:organizations::210987654321:policy/o-abc/service_control_policy/p-examplepolicyid"


@pytest.mark.parametrize(
    ("message", "policy"),
    [
        (RCP, "p-0a1b2c3d"),
        (f"{SCP}: {NAMED}", "p-examplepolicyid"),
        (f"{SCP} p-examplepolicyid111.", "p-examplepolicyid111"),
        (SCP, None),
        ("no permission for ap-northeast-1", None),
    ],
)
def test_the_guardrail_is_named_where_the_provider_names_it(message: str, policy: str | None) -> None:
    assert refusal_of(answered("AccessDenied", message), identified=True).policy == policy


def test_a_long_sentence_is_one_line_and_short() -> None:
    reason = refusal_of(answered("AccessDenied", "no\n  " + "x" * 1000), identified=True).reason
    assert reason.startswith("no x")
    assert len(reason) == 200


def test_only_an_answer_has_the_providers_own_word() -> None:
    assert code_of(answered("NoSuchTagSet")) == "NoSuchTagSet"
    assert code_of(boto.EndpointConnectionError(**URL)) == ""


@pytest.mark.parametrize("stumble", [KeyError("GetCallerIdentityResult"), ValueError("x"), AttributeError("get")])
def test_an_answer_that_the_parser_stumbles_over_is_malformed(stumble: Exception) -> None:
    def call() -> None:
        raise stumble

    with pytest.raises(ResponseParserError, match=type(stumble).__name__) as caught:
        heard(call)
    assert refusal_of(caught.value, identified=True).status is S.MALFORMED


def test_a_defect_of_ours_is_no_refusal() -> None:
    def call() -> None:
        raise AssertionError

    with pytest.raises(AssertionError):
        heard(call)
