"""A request and its answer, repeated where that may help.

Every request of Reckoner may be repeated: ids follow from the arguments, so a second submission
finds the calculation of the first.
"""

import math
import random
import ssl
import time
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import httpx

from reckoner.client.errors import ProblemResponse, ReckonerError, ServiceUnreachable
from reckoner.client.transport.answers import BrokenAnswer, read_answer
from reckoner.client.transport.retries import (
    REPEATED_STATUSES,
    Retries,
    backoff_seconds,
    parse_retry_after,
)
from reckoner.client.transport.steps import Call, Steps, send, sleep

#: What httpx raises when no answer has come, or not all of it.
CONNECTION_ERRORS = (httpx.TransportError, httpx.DecodingError)


#: What an answer may take that is asked for at the last moment.
GRACE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A success: its JSON, and the seconds of its Retry-After."""

    status: int
    document: Any
    retry_after: float | None


class Attempts:
    """Counts the attempts of one request, and pauses between them."""

    def __init__(self, retries: Retries, seconds: float | None = None) -> None:
        """With `seconds`, none begins later than that from now on."""
        self._retries = retries
        self._latest = math.inf if seconds is None else time.monotonic() + seconds
        self.begin_again()

    def begin_again(self) -> None:
        """Count from the beginning: the last attempt has brought something."""
        self._failed = 0
        self._end = self._latest

    def pause(self, failure: ReckonerError, retry_after: float | None = None) -> Steps[None]:
        """Wait before the next attempt, or raise the failure if there may be none."""
        if self._failed == 0:  # a request that was held for long has as much time as any other
            self._end = min(self._latest, time.monotonic() + self._retries.seconds)
        self._failed += 1
        seconds = backoff_seconds(self._failed)
        if retry_after is not None:  # not earlier, and not all clients at once
            seconds = retry_after + random.uniform(0, 0.25)  # noqa: S311 (no secret)
        is_over = time.monotonic() + seconds > self._end
        if self._failed >= self._retries.attempts or is_over:
            raise failure
        yield from sleep(seconds)


def exchange(url: str, call: Call, retries: Retries, seconds: float | None = None) -> Steps[Answer]:
    """Send a request until it is answered. All attempts have one X-Request-ID.

    With `seconds`, no attempt begins later than that from now on, and none is silent for much
    longer. Raises ProblemResponse, and ServiceUnreachable once the attempts are used up.
    """
    call, attempts = with_request_id(call), Attempts(retries, seconds)
    if seconds is not None:
        call = replace(call, longest_silence=seconds + GRACE_SECONDS)
    while True:
        failure: ServiceUnreachable | ProblemResponse
        try:
            response = yield from send(call)
            document = read_answer(url, response.status_code, response.headers, response.content)
        except (*CONNECTION_ERRORS, BrokenAnswer) as error:
            failure, retry_after = unreachable(url, error), None
        except ProblemResponse as error:
            if error.status not in REPEATED_STATUSES:
                raise
            failure, retry_after = error, parse_retry_after(response.headers.get("Retry-After"))
        else:
            retry_after = parse_retry_after(response.headers.get("Retry-After"))
            return Answer(response.status_code, document, retry_after)
        yield from attempts.pause(failure, retry_after)


def with_request_id(call: Call) -> Call:
    """Return the call with an id, by which all its attempts are found in the logs."""
    return replace(call, headers={**call.headers, "X-Request-ID": uuid4().hex})


def unreachable(url: str, error: Exception) -> ServiceUnreachable:
    """Return what a broken connection means to the user; raise it if it will not pass."""
    failure = ServiceUnreachable(_sentence(url, error))
    failure.__cause__ = error
    if _certificate_error(error) or isinstance(error, _LASTING) or _is_refused_by_proxy(error):
        raise failure
    return failure


def _sentence(url: str, error: Exception) -> str:
    if certificate := _certificate_error(error):
        return (
            f"The certificate of {url} is not trusted: {certificate.verify_message}. "
            "Check the URL, or name the authority's file in SSL_CERT_FILE."
        )
    match error:
        case BrokenAnswer():
            return f"{error} Try again."
        case httpx.PoolTimeout():
            return "All connections of this client are in use. Use fewer threads, or more clients."
        case httpx.ConnectTimeout() | httpx.ConnectError() | httpx.ProxyError():
            reason = str(error) or "no answer in time"
            return f"{url} cannot be reached: {reason}. Check the URL, and that the service runs."
        case httpx.TimeoutException():
            return f"{url} did not answer in time. Try again, or give a longer time-out."
        case httpx.UnsupportedProtocol():
            return f"{url} cannot be reached: {error} Check the URL and the proxies."
    return f"The connection to {url} broke: {str(error) or type(error).__name__}. Try again."


#: Errors of what was asked, which a repetition does not change.
_LASTING = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)


def _is_refused_by_proxy(error: Exception) -> bool:
    """Whether a proxy has answered 403 or 407, for example, when it was asked to connect."""
    return isinstance(error, httpx.ProxyError) and str(error).startswith("4")


def _certificate_error(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error
        error = error.__cause__ or error.__context__
    return None
