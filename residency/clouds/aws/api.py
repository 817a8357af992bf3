"""One cell's window on one account: calls, pages, refusals. Nothing above this file catches an error of AWS."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import ClientError, PaginationError
from botocore.paginate import PageIterator, Paginator

from residency.clouds.answers import Answer, Body, Unknown
from residency.clouds.aws.errors import CALL_ERRORS, Refusal, RoleNotTaken, code_of, heard, refusal_of
from residency.clouds.aws.session import AccountSession
from residency.model import Cell, Gap, Status, Why

if TYPE_CHECKING:
    from botocore.client import BaseClient

FOLLOW_UPS_AT_ONCE = 16


class Refused(Exception):
    """A listing was refused: the cell is a gap. Carried from `each` to `documents`, and caught nowhere else."""

    def __init__(self, call: str, refusal: Refusal) -> None:
        self.call = call
        self.refusal = refusal
        super().__init__(f"{call}: {refusal.code}")


class Api:
    """What a service's listing may ask. Its clients are dropped when the cell is done."""

    def __init__(
        self, session: AccountSession, cell: Cell, needs: Mapping[str, str], partition: str, *, identified: bool = True
    ) -> None:
        self.cell = cell
        self.partition = partition
        self.calls = 0
        self.gaps: list[Gap] = []
        self.status = Status.LISTED
        self._session = session
        self._needs = needs
        self._identified = identified
        self._clients: dict[tuple[str, str | None], BaseClient] = {}
        self._once: dict[object, Answer] = {}
        self._turns: dict[object, threading.Lock] = {}
        self._refused: dict[object, Gap] = {}  # of what was asked once and refused
        self._lock = threading.Lock()
        self._pages = 0

    @property
    def region(self) -> str | None:
        """The region that is asked; None for what belongs to no region."""
        return None if self.cell.region == "global" else self.cell.region

    def each(
        self,
        call: str,
        path: str,
        key: str | None,
        *,
        region: str | None = None,
        token: tuple[str, str] | None = None,
        absent_when_empty: bool = False,
        **params: Any,
    ) -> Iterator[Body]:
        """Every element of a listing, page by page, as `{call: {path: element}}`.

        `key` names an element; None where the elements are names themselves. `token`: the fields of the
        answer and of the question that carry it on, where botocore does not know how the call is paged.
        `absent_when_empty`: the provider leaves the list out where nothing is in it.
        Raises Refused when a page does not come, does not hold the list, or holds an element without its
        name; what came before it stays.
        """
        name = path.removesuffix("[]")
        for page in self._pages_of(call, region, params, token and Paging(*token, name)):
            if name not in page and not (absent_when_empty and _is_empty_object(page)):
                raise Refused(call, Refusal(Status.MALFORMED, "no-list", f"the answer holds no {name}"))
            self._pages += 1
            for element in page.get(name, ()):
                if not (element.get(key) if key else element):
                    raise Refused(call, Refusal(Status.MALFORMED, "no-name", f"an element of {name} has no {key}"))
                yield {call: {path: element}}
            self._refuse_a_full_last_page(call, page, name, params)

    def one(self, call: str, *expect: str, **params: Any) -> Body:
        """The whole answer of a call without pages, as `{call: answer}`. Raises Refused."""
        for page in self._pages_of(call, None, params):
            for field in expect:
                if not _holds(page, field):
                    raise Refused(call, Refusal(Status.MALFORMED, "no-field", f"the answer holds no {field}"))
            return {call: page}
        raise Refused(call, Refusal(Status.MALFORMED, "no-answer", "there was no answer"))

    def ask(
        self,
        body: Body,
        call: str,
        *,
        expect: str,
        subject: str | None = None,
        absent: Iterable[str] = (),
        absent_when_empty: bool = False,
        region: str | None = None,
        **params: Any,
    ) -> Any:
        """Ask one follow-up and write its answer into the document under the call's name.

        None where the provider answers with one of its words for "there is none", or with an empty object
        where it leaves out what is empty (`absent_when_empty`); Unknown, and a gap on the subject, where it
        refuses or where the answer lacks the field that it always has (`expect`, a path: botocore reads an
        empty body or a login page as an answer whose first field is empty).
        """
        body[call] = self._answer(call, expect, subject, frozenset(absent), region, params, absent_when_empty)
        return body[call]

    def ask_once(
        self, key: object, call: str, *, expect: str, subject: str, region: str | None, **params: Any
    ) -> Answer:
        """The same question about a thing that many stores share is asked once for the cell."""
        with self._lock:
            turn = self._turns.setdefault(key, threading.Lock())
        with turn:  # whoever comes while it is being asked waits for the answer
            if key not in self._once:
                self._once[key] = self._answer(call, expect, subject, frozenset(), region, params)
                if isinstance(self._once[key], Unknown):
                    self._refused[key] = self._last_gap(subject)
                return self._once[key]
        if key in self._refused:
            self._repeat_gap(self._refused[key], subject)
        return self._once[key]

    def spread(self, follow_up: Callable[[Api, Body], Body], bodies: Iterable[Body]) -> Iterator[Body]:
        """Follow up every document, several at once, in the order in which they were listed."""
        waiting: deque[Future[Body]] = deque()
        with ThreadPoolExecutor(FOLLOW_UPS_AT_ONCE, thread_name_prefix="follow") as pool:
            try:
                for body in bodies:
                    waiting.append(pool.submit(follow_up, self, body))
                    if len(waiting) >= 2 * FOLLOW_UPS_AT_ONCE:
                        yield waiting.popleft().result()
            except Refused as refused:
                yield from (done.result() for done in waiting)
                raise refused
            yield from (done.result() for done in waiting)

    def documents(self, listing: Callable[[Api], Iterator[Body]]) -> Iterator[Body]:
        """Run a listing; where it is refused, say so in `status` and `gaps` and end."""
        try:
            yield from listing(self)
        except Refused as refused:
            self.status = Status.PARTIAL if self._pages else refused.refusal.status
            self._gap(refused.call, refused.refusal, None)
        finally:
            self.close()

    def close(self) -> None:
        for key in self._clients:
            self._session.give_back(*key)
        self._clients.clear()

    # --- inside -------------------------------------------------------------------------------

    def _pages_of(
        self, call: str, region: str | None, params: dict[str, Any], paging: Paging | None = None
    ) -> Iterator[Mapping[str, Any]]:
        service, _, operation = call.partition(":")
        try:
            client: Any = self._client(service, region)
            pages = _pages(client, operation, params, paging)
            while (page := heard(lambda: next(pages, None))) is not None:
                self._count()
                yield page
        except CALL_ERRORS as error:
            self._count()
            raise Refused(_refused_call(error, call), refusal_of(error, identified=self._identified)) from error

    def _refuse_a_full_last_page(self, call: str, page: Mapping[str, Any], name: str, params: dict[str, Any]) -> None:
        """A page as long as was asked for, without a token for the next, may have been cut."""
        limit = params.get("MaxBuckets")
        if limit and len(page.get(name, ())) >= limit and not page.get("ContinuationToken"):
            raise Refused(call, Refusal(Status.TRUNCATED, "full-page", f"{limit} elements and no token for more"))

    def _answer(
        self,
        call: str,
        expect: str,
        subject: str | None,
        absent: frozenset[str],
        region: str | None,
        params: dict[str, Any],
        absent_when_empty: bool = False,
    ) -> Answer:
        service, _, operation = call.partition(":")
        self._count()
        try:
            client: Any = self._client(service, region)
            answer: dict[str, Any] = heard(lambda: _whole(client, operation, params))
        except CALL_ERRORS as error:
            if code_of(error) in absent:
                return None
            region_header = _bucket_region(error) if expect == "BucketRegion" else None
            if region_header:
                return {"BucketRegion": region_header}  # S3 says it even to those whom it refuses the rest
            return self._unknown(_refused_call(error, call), refusal_of(error, identified=self._identified), subject)
        if not _holds(answer, expect):
            if absent_when_empty and _is_empty_object(answer):
                return None
            return self._unknown(call, Refusal(Status.MALFORMED, "no-field", f"the answer holds no {expect}"), subject)
        answer.pop("ResponseMetadata", None)
        return answer

    def _unknown(self, call: str, refusal: Refusal, subject: str | None) -> Unknown:
        self._gap(call, refusal, subject)
        return Unknown(Why.UNRESOLVED, f"{call} {refusal.status} {refusal.code}".strip())

    def _gap(self, call: str, refusal: Refusal, subject: str | None) -> None:
        gap = Gap(
            cell=self.cell,
            subject=subject,
            call=call,
            status=refusal.status,
            code=refusal.code,
            needs=self._needs.get(call, call if call == RoleNotTaken.call else None) or None,
            policy=refusal.policy,
            reason=refusal.reason,
        )
        with self._lock:
            self.gaps.append(gap)

    def _last_gap(self, subject: str) -> Gap:
        with self._lock:
            return next(gap for gap in reversed(self.gaps) if gap.subject == subject)

    def _repeat_gap(self, gap: Gap, subject: str) -> None:
        """The refusal of a shared thing is a gap of every store that shares it."""
        with self._lock:
            self.gaps.append(
                Gap(
                    cell=self.cell,
                    subject=subject,
                    call=gap.call,
                    status=gap.status,
                    code=gap.code,
                    needs=gap.needs,
                    policy=gap.policy,
                    reason=gap.reason,
                )
            )

    def _count(self) -> None:
        with self._lock:
            self.calls += 1

    def _client(self, service: str, region: str | None) -> BaseClient:
        key = (service, region or self.region)
        with self._lock:
            client = self._clients.get(key)
            if client is None:
                client = self._clients[key] = self._session.client(*key)
            return client


@dataclass(frozen=True)
class Paging:
    """How a call is paged: the token's field in the answer and in the question, and the list that goes on."""

    output: str
    input: str
    result: str


def _pages(client: Any, operation: str, params: dict[str, Any], paging: Paging | None) -> Iterator[Mapping[str, Any]]:
    pages = _paginator(client, operation, paging)
    if pages is not None:
        yield from pages.paginate(**params)
    else:
        yield _only_page(getattr(client, xform_name(operation))(**params))


def _whole(client: Any, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    """The answer of a call, with the lists of all its pages."""
    pages = _paginator(client, operation, None)
    if pages is not None:
        found: dict[str, Any] = pages.paginate(**params).build_full_result()
        return found
    return _only_page(getattr(client, xform_name(operation))(**params))


def _paginator(client: Any, operation: str, paging: Paging | None) -> Any:
    """botocore's paginator of a call; None where the call has one page."""
    method = xform_name(operation)
    if paging is None and not client.can_paginate(method):
        return None
    if paging is None:
        paginator = client.get_paginator(method)
    else:
        config = {"input_token": paging.input, "output_token": paging.output, "result_key": paging.result}
        paginator = Paginator(getattr(client, method), config, client.meta.service_model.operation_model(operation))
    paginator.PAGE_ITERATOR_CLS = _WholePages
    return paginator


class _WholePages(PageIterator):  # type: ignore[misc]  # botocore has no types
    """The pages of a call. PaginationError where the last one says that it is not the last: botocore ends there."""

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        page: Mapping[str, Any] = {}
        for page in super().__iter__():
            yield page
        _refuse_if_cut(page)


def _only_page(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer. PaginationError where it names a page that nobody asks for."""
    token = next((name for name in _TOKENS if answer.get(name)), None)
    if token:
        raise PaginationError(message=f"the answer goes on ({token}), and how is not known")
    _refuse_if_cut(answer)
    return answer


def _refuse_if_cut(page: Mapping[str, Any]) -> None:
    flag = next((name for name in page if name.lower().startswith(_CUT) and page[name] is True), None)
    if flag:
        raise PaginationError(message=f"the answer was cut ({flag}), and no token leads on")


# How the names begin that the services give to the flag of a cut list (models of botocore 1.44.5, 2026-11-22).
_CUT = ("truncated", "istruncated", "hasmore")
# The names that the services give to what leads to the next page.
_TOKENS = ("NextToken", "nextToken", "NextMarker", "Marker", "LastEvaluatedGlobalTableName", "PaginationToken")


def _refused_call(error: Exception, call: str) -> str:
    """What was refused: the call, or the role that it needed."""
    return error.call if isinstance(error, RoleNotTaken) else call


def _holds(answer: Any, path: str) -> bool:
    """The answer has every field of the path."""
    for step in path.split("."):
        if not isinstance(answer, Mapping) or step not in answer:
            return False
        answer = answer[step]
    return True


def _is_empty_object(answer: Mapping[str, Any]) -> bool:
    """The service itself answered, in JSON, and what it said is `{}`.

    botocore reads an empty body, a login page and a JSON text that was cut as the same answer. Those lack
    the service's request id or its type of content, or are not two bytes long.
    """
    said = answer.get("ResponseMetadata", {})
    headers = said.get("HTTPHeaders", {})
    is_json = str(headers.get("content-type")).startswith("application/x-amz-json")
    return answer.keys() <= {"ResponseMetadata"} and bool(
        said.get("RequestId") and is_json and headers.get("content-length") == "2"
    )


def _bucket_region(error: Exception) -> str | None:
    if not isinstance(error, ClientError):
        return None  # nothing was answered: what botocore then calls the error's response is None
    region = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("x-amz-bucket-region")
    return str(region) if region else None
