"""How an answer is read: as JSON, or as the error that it is.

Between the client and the service there may be proxies, with answers of their own. What is not
Reckoner's is never taken for its word: a proxy's 404 does not mean that a calculation is unknown.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx

from reckoner.client.documents.problem import Problem, problem_from
from reckoner.client.errors import (
    InvalidRequest,
    LimitExceeded,
    NotAllowed,
    NotFound,
    ProblemResponse,
    ServerUnavailable,
    ServiceUnreachable,
)
from reckoner.client.values.json_text import read_json

_JSON, _PROBLEM = "application/json", "application/problem+json"
_CLASSES: Mapping[int, type[ProblemResponse]] = {
    400: InvalidRequest,
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    411: InvalidRequest,
    413: InvalidRequest,
    414: InvalidRequest,
    415: InvalidRequest,
    422: InvalidRequest,
    429: LimitExceeded,
    431: InvalidRequest,
}


class BrokenAnswer(Exception):
    """Raised when an answer says that it is JSON and is not: it was cut off on its way."""


def read_answer(url: str, status: int, headers: httpx.Headers, content: bytes) -> Any:
    """Return the JSON of a success. Raises ProblemResponse, ServiceUnreachable, BrokenAnswer."""
    if 200 <= status < 300 and media_type(headers) == _JSON:
        try:
            return read_json(content)
        except (ValueError, RecursionError) as error:
            raise BrokenAnswer(f"{url} sent JSON that is not complete.") from error
    raise answer_error(url, status, headers, content)


def answer_error(
    url: str, status: int, headers: httpx.Headers, content: bytes
) -> ProblemResponse | ServiceUnreachable:
    """Return what an answer that is not the expected one means."""
    problem = _problem(status, headers, content)
    if problem is None and (status == 429 or status >= 500):
        problem = _foreign(url, status)
    if problem is None:
        return ServiceUnreachable(_not_ours(url, status, headers))
    kind = _CLASSES.get(status, ServerUnavailable if status >= 500 else ProblemResponse)
    if status == 503 and problem.name == "queue-full":
        kind = LimitExceeded
    return kind(problem, status, headers.get("X-Request-ID"))


def media_type(headers: httpx.Headers) -> str:
    """Return the media type without its parameters."""
    return str(headers.get("Content-Type", "")).partition(";")[0].strip().lower()


def _problem(status: int, headers: httpx.Headers, content: bytes) -> Problem | None:
    if status < 400 or media_type(headers) != _PROBLEM:
        return None
    try:
        document = read_json(content)
    except (ValueError, RecursionError):
        return None
    return problem_from(document) if isinstance(document, dict) else None


def _foreign(url: str, status: int) -> Problem:
    """Return a problem for an error that something before the service has answered."""
    title = _phrase(status)
    return Problem(
        "about:blank",
        title,
        status,
        f"{url} answered {status} {title}, and not by a problem document: this is from a proxy "
        "before the service. Try again later, or ask its operator.",
    )


def _not_ours(url: str, status: int, headers: httpx.Headers) -> str:
    if 300 <= status < 400 and "Location" in headers:
        return (
            f"{url} redirects to {_origin(headers['Location'])}, and redirects are not followed, "
            "so that a key goes nowhere else. Give the URL of the service itself."
        )
    if status == 407:
        return "A proxy demands a password. Set HTTPS_PROXY or HTTP_PROXY with it."
    kind = media_type(headers) or "nothing that says what it is"
    return (
        f"{url} answered {status} {_phrase(status)} with {kind}, which is not Reckoner. "
        "Check the URL, and the proxies on the way."
    )


def _origin(location: str) -> str:
    try:
        there = httpx.URL(location)
    except httpx.InvalidURL:
        return "elsewhere"
    return f"{there.scheme}://{there.netloc.decode('ascii')}" if there.host else "another path"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "(unknown status)"
