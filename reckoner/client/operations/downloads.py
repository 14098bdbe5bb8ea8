"""Downloads: streamed, taken up again where they broke, and kept only if the digest is right."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeAlias

import httpx

from reckoner.client.documents.calculation import Calculation, Result
from reckoner.client.errors import (
    DigestMismatch,
    ProblemResponse,
    ResultPruned,
    ServiceUnreachable,
    WaitTimeout,
)
from reckoner.client.operations.service import Named, Service, path_of
from reckoner.client.operations.sinks import Sink, Writable, opened
from reckoner.client.operations.submission import get
from reckoner.client.operations.waiting import succeeded
from reckoner.client.transport.exchange import (
    CONNECTION_ERRORS,
    Attempts,
    unreachable,
    with_request_id,
)
from reckoner.client.transport.steps import Call, Steps, read, tell, work
from reckoner.client.transport.streams import RefusedStream, open_for_reading

#: Written at once. The asynchronous client writes in a thread, which is not for 64 KiB.
_WRITE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Received:
    """How many bytes of a download are there, of how many."""

    received: int
    length: int


OnReceived: TypeAlias = Callable[[Received], Any]
Target: TypeAlias = "str | os.PathLike[str] | Writable"


def download(
    service: Service, calculation: Named, target: Target, on_received: OnReceived | None
) -> Steps[Calculation]:
    """Write the result of a calculation to a file or a path; return the calculation.

    Raises what `finished` raises, ResultPruned and DigestMismatch.
    """
    found = yield from get(service, calculation)
    result = finished(found)
    with ExitStack() as stack:
        sink = yield from work(
            lambda: stack.enter_context(opened(target, result.sha256, result.length))
        )
        yield from fetch(service, found, result, sink, on_received)
    return found


def finished(calculation: Calculation) -> Result:
    """Return what is known of the result of a calculation.

    Raises CalculationFailed, CalculationCancelled, and WaitTimeout if it is not final.
    """
    if not calculation.is_final:
        raise WaitTimeout(calculation)
    result = succeeded(calculation).result
    if result is None:
        raise ServiceUnreachable("The service describes no result. Try again.")
    return result


def fetch(
    service: Service,
    calculation: Calculation,
    result: Result,
    sink: Sink,
    on_received: OnReceived | None = None,
) -> Steps[None]:
    """Bring into the sink what it lacks of a result, and finish it."""
    attempts, is_complete = Attempts(service.retries), sink.length == result.length
    call = with_request_id(Call("GET", path_of(calculation, "result")))
    while not is_complete:
        before, retry_after = sink.length, None
        try:
            yield from _receive(service, call, result, sink, on_received)
            is_complete = True
        except RefusedStream as refused:
            if not refused.may_pass:
                raise _explained(refused, calculation) from None
            failure, retry_after = refused.failure, refused.retry_after
        except CONNECTION_ERRORS as error:
            failure = unreachable(service.url, error)
        if sink.length > before:
            attempts.begin_again()
        if not is_complete:
            yield from attempts.pause(failure, retry_after)
    if sink.sha256 != result.sha256:
        yield from work(sink.discard)
        raise DigestMismatch(calculation.id, result.sha256, sink.sha256)
    yield from work(sink.finish)


def _receive(
    service: Service, call: Call, result: Result, sink: Sink, on_received: OnReceived | None
) -> Steps[None]:
    """Read on from where the sink ends. What has come is in the sink, even if an error follows."""
    headers = {**call.headers, "Accept-Encoding": "identity"}
    if sink.length:
        headers |= {"Range": f"bytes={sink.length}-", "If-Range": f'"{result.sha256}"'}
    part = Call(call.method, call.path, headers=headers)
    response = yield from open_for_reading(service.url, part, _media_type(result))
    to_skip = _bytes_to_skip(response, sink.length)
    waiting = bytearray()
    is_at_end = False
    while not is_at_end:
        broken: Exception | None = None
        try:
            piece = yield from read()
        except CONNECTION_ERRORS as error:
            piece, broken = None, error
        is_at_end = piece is None
        if piece is not None:
            waiting += piece[to_skip:]
            to_skip = max(0, to_skip - len(piece))
        if len(waiting) >= _WRITE_BYTES or (is_at_end and waiting):
            data = bytes(waiting)
            yield from work(lambda data=data: sink.write(data))  # type: ignore[misc]
            waiting.clear()
            if on_received is not None:
                yield from tell(on_received, Received(sink.length, result.length))
        if broken is not None:
            raise broken
        if sink.length > result.length:
            return  # its digest will be wrong
    if sink.length < result.length:
        raise httpx.RemoteProtocolError("the answer ended early")


def _bytes_to_skip(response: httpx.Response, length: int) -> int:
    """Return how many bytes at the beginning of a response are there already."""
    if response.status_code == 200:  # the whole, from something that does not know ranges
        return length
    content_range = response.headers.get("Content-Range", "")
    if not content_range.startswith(f"bytes {length}-"):
        raise httpx.RemoteProtocolError("the answer is another part of the result")
    return 0


def _media_type(result: Result) -> str:
    return result.media_type.partition(";")[0].strip().lower()


def _explained(refused: RefusedStream, calculation: Calculation) -> Exception:
    failure = refused.failure
    if isinstance(failure, ProblemResponse) and failure.problem.name == "result-pruned":
        return ResultPruned(calculation.id)
    return failure
