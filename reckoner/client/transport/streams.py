"""Responses that are read piece by piece."""

import httpx

from reckoner.client.errors import ProblemResponse, ServiceUnreachable
from reckoner.client.transport.answers import answer_error, media_type
from reckoner.client.transport.retries import REPEATED_STATUSES, parse_retry_after
from reckoner.client.transport.steps import Call, Steps, open_stream, read

#: What is read of an answer that is not a stream: a problem, or a proxy's page.
_MAX_PROBLEM_BYTES = 1024 * 1024


class RefusedStream(Exception):
    """Raised when a stream is answered with something else; `may_pass` if a repetition may help."""

    def __init__(
        self, failure: ProblemResponse | ServiceUnreachable, retry_after: float | None
    ) -> None:
        super().__init__(failure, retry_after)
        self.failure = failure
        self.retry_after = retry_after

    @property
    def may_pass(self) -> bool:
        """Whether the refusal is one for a while."""
        failure = self.failure
        return isinstance(failure, ProblemResponse) and failure.status in REPEATED_STATUSES


def open_for_reading(url: str, call: Call, kind: str) -> Steps[httpx.Response]:
    """Open a response whose body has this media type. Raises RefusedStream."""
    response = yield from open_stream(call)
    if response.status_code in (200, 206) and media_type(response.headers) == kind:
        return response
    content = b""
    while len(content) < _MAX_PROBLEM_BYTES and (piece := (yield from read())) is not None:
        content += piece
    failure = answer_error(url, response.status_code, response.headers, content)
    raise RefusedStream(failure, parse_retry_after(response.headers.get("Retry-After")))
