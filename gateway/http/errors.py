"""The one place where an error meets its HTTP status and its words.

A detail is one sentence on what is wrong and one on what to do.
"""

import http
import logging
from collections.abc import Mapping, Sequence
from functools import singledispatch
from typing import Any

import falcon
import falcon.asgi

from gateway.http.problems import Problem, write_problem
from shared import errors
from shared.failures import PROBLEM_PREFIX

_RETRY_SECONDS = 2

_logger = logging.getLogger(__name__)


async def handle_error(
    req: falcon.asgi.Request,
    resp: falcon.asgi.Response,
    error: Exception,
    params: Mapping[str, Any],  # noqa: ARG001 (Falcon's signature)
) -> None:
    """Answer with the problem that an error is; a bug is a 500 and a traceback in the log."""
    problem = describe(error)
    if problem.status == http.HTTPStatus.INTERNAL_SERVER_ERROR:
        _logger.error(
            "A request failed: %s %s",
            req.method,
            req.path,
            exc_info=error,
            extra={"request_id": req.context.get("request_id")},
        )
    write_problem(resp, problem)


@singledispatch
def describe(error: Exception) -> Problem:  # noqa: ARG001 (the default says nothing of a bug)
    """Return the problem that an error is to a client."""
    return Problem(
        500,
        "internal",
        "Reckoner made a mistake",
        "The request could not be carried out because of a fault in Reckoner. "
        "Tell its operator the X-Request-ID of this response.",
    )


@describe.register
def _(error: falcon.HTTPError) -> Problem:
    status = int(error.status_code)
    headers = dict(error.headers or {})
    if isinstance(error, falcon.HTTPMethodNotAllowed):
        return Problem(
            status,
            "method-not-allowed",
            "This route does not have this method",
            f"Use one of those that the Allow header names: {headers.get('Allow', '')}.",
            headers=headers,
        )
    if isinstance(error, falcon.HTTPRouteNotFound):
        return Problem(
            status, "route-not-found", "There is no such route", "GET / names the routes there are."
        )
    name = "bad-request" if status == http.HTTPStatus.BAD_REQUEST else "http-error"
    return Problem(
        status,
        name,
        error.title or http.HTTPStatus(status).phrase,
        error.description or "The request cannot be understood. Check its form.",
        headers=headers,
    )


@describe.register
def _(error: errors.FunctionUnknown) -> Problem:
    known = ", ".join(error.known_names)
    return Problem(
        422,
        "unknown-function",
        "There is no such function",
        f"No function has this name. Use one that GET /functions lists: {known}.",
        {"errors": [{"pointer": "/function", "detail": f"must be one of: {known}"}]},
    )


@describe.register
def _(error: errors.ArgumentsInvalid) -> Problem:
    return Problem(
        422,
        "invalid-arguments",
        "The request asks for something that cannot be",
        _sum_up(error.faults, error.count),
        {"errors": [fault._asdict() for fault in error.faults], "error_count": error.count},
    )


def _sum_up(faults: Sequence[errors.Fault], count: int) -> str:
    if count == 1:
        return f"{faults[0].pointer or 'The body'}: {faults[0].detail} Mend it and send it again."
    if count > len(faults):
        return (
            f"It has {count} faults, of which `errors` names the first {len(faults)}. "
            "Correct them and send it again."
        )
    return f"It has {count} faults. Mend those that `errors` names and send it again."


@describe.register
def _(error: errors.CalculationTooLarge) -> Problem:
    detail = (
        f"needs about {error.needed_bytes} bytes of memory; "
        f"the limit of this server is {error.limit_bytes} bytes"
    )
    return Problem(
        422,
        "memory-limit",
        "The calculation needs more memory than it may have",
        f"It {detail}. Ask for less, or have RECKONER_MEMORY_LIMIT_BYTES raised.",
        {
            "errors": [{"pointer": "/arguments", "detail": detail}],
            "needed_bytes": error.needed_bytes,
            "limit_bytes": error.limit_bytes,
        },
    )


@describe.register
def _(error: errors.BodyInvalid) -> Problem:
    return Problem(
        400,
        "not-json",
        "The body is not JSON that can be read",
        f"{error.detail} Send one JSON object in UTF-8.",
    )


@describe.register
def _(error: errors.BodyTooLarge) -> Problem:
    return Problem(
        413,
        "body-too-large",
        "The body is too large",
        f"This route takes at most {error.limit_bytes} bytes. "
        "Send less, or several calculations at a time to POST /calculations/batch.",
        {"limit_bytes": error.limit_bytes},
    )


@describe.register
def _(error: errors.MediaTypeUnsupported) -> Problem:
    given = f"It is declared as {error.media_type!r}." if error.media_type else "It is undeclared."
    return Problem(
        415,
        "unsupported-media-type",
        "The body is not declared to be JSON",
        f"{given} Send it with Content-Type: application/json.",
        headers={"Accept-Post": "application/json"},
    )


@describe.register
def _(error: errors.CalculationNotFound) -> Problem:
    return Problem(
        404,
        "calculation-not-found",
        "There is no such calculation",
        f"Nothing was submitted under the id {error.calculation_id!r:.80}. "
        "Check the id, or submit the calculation.",
    )


@describe.register
def _(error: errors.CalculationFinal) -> Problem:
    return Problem(
        409,
        "already-final",
        "The calculation has already ended",
        f"It has {error.status} and can no longer be cancelled. Nothing needs to be done.",
        {"calculation_status": error.status},
    )


@describe.register
def _(error: errors.ResultNotFinished) -> Problem:
    return Problem(
        409,
        "not-finished",
        "The calculation is not finished",
        f"It is {error.status}. Ask again in {error.retry_after_seconds} s, "
        "or wait for it with Prefer: wait on the calculation.",
        {"calculation_status": error.status},
        {"Retry-After": str(error.retry_after_seconds)},
    )


@describe.register
def _(error: errors.ResultMissing) -> Problem:
    reason = error.reason or {}
    return Problem(
        409,
        str(reason.get("type", "")).removeprefix(PROBLEM_PREFIX) or error.status,
        str(reason.get("title", f"The calculation has {error.status}")),
        f"There is no result: {reason.get('detail', 'no reason was stored.')}",
        {"calculation_status": error.status},
    )


@describe.register
def _(error: errors.ResultPruned) -> Problem:  # noqa: ARG001
    return Problem(
        410,
        "result-pruned",
        "The result was removed",
        "Its digits were removed to make room; its document is kept. "
        "Submit the calculation again, and it is computed again.",
    )


@describe.register
def _(error: errors.ResultCorrupt) -> Problem:  # noqa: ARG001
    return Problem(
        500,
        "result-corrupt",
        "The stored result is damaged",
        "Its digits no longer match the SHA-256 that was stored with them, so they are not served. "
        "Tell the operator of this server.",
    )


@describe.register
def _(error: errors.StoreUnavailable) -> Problem:  # noqa: ARG001
    return Problem(
        503,
        "unavailable",
        "The database cannot be reached",
        "The request may not have been carried out. "
        f"Send it again in {_RETRY_SECONDS} s; that is harmless if it was.",
        headers={"Retry-After": str(_RETRY_SECONDS)},
    )
