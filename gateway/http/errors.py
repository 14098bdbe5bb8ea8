"""The error table: the HTTP status and the text of every error.

A detail is one sentence on what is wrong and one on what to do. Here are the errors in what a
request says, and outages; access_errors.py has those of clients that may not do something,
admission_errors.py those of a full queue, and calculation_errors.py those of a calculation that
has another state than the request needs.
"""

import http
import logging
from collections.abc import Mapping
from functools import singledispatch
from typing import Any

import falcon
import falcon.asgi

from gateway.http import access_errors, admission_errors, calculation_errors
from gateway.http.limits import (
    FOLLOWED_RETRY_SECONDS,
    KEY_CHECK_RETRY_SECONDS,
    UNAVAILABLE_RETRY_SECONDS,
)
from gateway.http.problems import Problem, write_problem
from gateway.http.trace_context import read_traceparent
from shared import errors
from shared.keys.credential import without_key
from shared.logs.members import trace_id_of

_logger = logging.getLogger(__name__)


async def handle_error(
    req: falcon.asgi.Request,
    resp: falcon.asgi.Response,
    error: Exception,
    params: Mapping[str, Any],  # noqa: ARG001 (Falcon's signature)
) -> None:
    """Respond with the error's problem; log the traceback of a bug, which is a 500."""
    problem = describe(error)
    if problem.status == http.HTTPStatus.INTERNAL_SERVER_ERROR:
        caller = req.context.get("caller")
        extra = {
            "request_id": req.context.get("request_id"),
            "key": caller.name if caller else None,
            "trace_id": trace_id_of(read_traceparent(req)),
        }
        path = without_key(req.path)  # a client may put its key into any place
        _logger.error("A request failed: %s %s", req.method, path, exc_info=error, extra=extra)
    write_problem(resp, problem)


@singledispatch
def describe(error: Exception) -> Problem:  # noqa: ARG001 (a client learns nothing of a bug)
    """Return the problem that a client gets for an error."""
    return Problem(
        500,
        "internal",
        "Internal server error",
        "The request failed because of a fault in Reckoner. "
        "Report the X-Request-ID of this response to the operator.",
    )


@describe.register
def _(error: falcon.HTTPError) -> Problem:
    status = int(error.status_code)
    headers = dict(error.headers or {})
    if isinstance(error, falcon.HTTPMethodNotAllowed):
        return Problem(
            status,
            "method-not-allowed",
            "Method not allowed",
            f"This route does not support the method. Use one of {headers.get('Allow', '')}.",
            headers=headers,
        )
    if isinstance(error, falcon.HTTPRouteNotFound):
        return Problem(
            status,
            "route-not-found",
            "Route not found",
            "There is no such route. Send GET / for a list of routes.",
        )
    is_bad_request = status == http.HTTPStatus.BAD_REQUEST
    return Problem(
        status,
        "bad-request" if is_bad_request else "http-error",
        "Bad request" if is_bad_request else http.HTTPStatus(status).phrase,
        f"{error.description or 'The request is malformed.'} Correct it and resubmit.",
        headers=headers,
    )


@describe.register
def _(error: errors.FunctionUnknown) -> Problem:
    return Problem(
        422,
        "unknown-function",
        "Unknown function",
        f"No function has this name. Use one of {', '.join(error.known_names)}.",
        _faults_of(error),
    )


@describe.register
def _(error: errors.FunctionNotFound) -> Problem:
    known = ", ".join(error.known_names)
    return Problem(
        404,
        "unknown-function",
        "Unknown function",
        f"No function has this name. Use one of {known}.",
    )


@describe.register
def _(error: errors.ArgumentsInvalid) -> Problem:
    listed = len(error.faults)
    if error.count == 1:
        fault = error.faults[0]
        place = f"{fault.pointer}: " if fault.pointer else ""
        detail = f"{place}{fault.detail} Correct it and resubmit."
    elif error.count > listed:
        detail = (
            f"The request has {error.count} faults, and `errors` lists the first {listed}. "
            "Correct them and resubmit."
        )
    else:
        detail = "The request has the faults listed in `errors`. Correct them and resubmit."
    members = {**_faults_of(error), "error_count": error.count}
    return Problem(422, "invalid-arguments", "Invalid arguments", detail, members)


@describe.register
def _(error: errors.CalculationTooLarge) -> Problem:
    return Problem(
        422,
        "memory-limit",
        "Memory limit exceeded",
        f"{error.faults[0].detail} "
        "Submit a smaller calculation, or ask the operator to raise RECKONER_MEMORY_LIMIT_BYTES.",
        {
            **_faults_of(error),
            "needed_bytes": error.needed_bytes,
            "limit_bytes": error.limit_bytes,
        },
    )


def _faults_of(
    error: errors.FunctionUnknown | errors.ArgumentsInvalid | errors.CalculationTooLarge,
) -> dict[str, Any]:
    return {"errors": [fault._asdict() for fault in error.faults]}


@describe.register
def _(error: errors.BodyInvalid) -> Problem:
    return Problem(400, "not-json", "Invalid JSON", f"{error} Send one JSON object in UTF-8.")


@describe.register
def _(error: errors.BodyTooLarge) -> Problem:
    return Problem(
        413,
        "body-too-large",
        "Body too large",
        f"The body exceeds {error.limit_bytes} bytes. "
        "Send less, or use POST /calculations/batch for several calculations.",
        {"limit_bytes": error.limit_bytes},
    )


@describe.register
def _(error: errors.MediaTypeUnsupported) -> Problem:
    given = (
        f"The body is declared as {error.media_type!r}."
        if error.media_type
        else "The body has no Content-Type."
    )
    return Problem(
        415,
        "unsupported-media-type",
        "Unsupported media type",
        f"{given} Send it uncompressed, with Content-Type: application/json.",
        headers={"Accept-Post": "application/json"},
    )


@describe.register
def _(error: errors.StoreUnavailable) -> Problem:  # noqa: ARG001
    return Problem(
        503,
        "unavailable",
        "Service unavailable",
        "The database is not available, and the request may not have been carried out. "
        f"Resubmit it in {UNAVAILABLE_RETRY_SECONDS} s; repeating it does no harm.",
        headers={"Retry-After": str(UNAVAILABLE_RETRY_SECONDS)},
    )


@describe.register
def _(error: errors.KeyChecksBusy) -> Problem:  # noqa: ARG001
    return Problem(
        503,
        "unavailable",
        "Service unavailable",
        "Too many requests with unknown keys are waiting, and this key is not known yet. "
        f"Resubmit the request in {KEY_CHECK_RETRY_SECONDS} s.",
        headers={"Retry-After": str(KEY_CHECK_RETRY_SECONDS)},
    )


@describe.register
def _(error: errors.TooManyLists) -> Problem:  # noqa: ARG001
    return Problem(
        503,
        "unavailable",
        "Service unavailable",
        "Too many different lists of calculations are followed. "
        f"Resubmit the request in {FOLLOWED_RETRY_SECONDS} s, or repeat GET /calculations.",
        headers={"Retry-After": str(FOLLOWED_RETRY_SECONDS)},
    )


for _described in (
    access_errors.unauthenticated,
    access_errors.scope_missing,
    access_errors.rate_exceeded,
    access_errors.key_seconds_exceeded,
    access_errors.host_unknown,
    access_errors.cross_site_refused,
    admission_errors.queue_limit_exceeded,
    admission_errors.queue_full,
    admission_errors.key_limit_reached,
    calculation_errors.calculation_not_found,
    calculation_errors.calculation_final,
    calculation_errors.result_not_finished,
    calculation_errors.result_missing,
    calculation_errors.result_pruned,
    calculation_errors.result_corrupt,
):
    describe.register(_described)
