"""The error table: the HTTP status and the text of every error.

A detail is one sentence on what is wrong and one on what to do.
"""

import http
import logging
from collections.abc import Mapping
from functools import singledispatch
from typing import Any

import falcon
import falcon.asgi

from gateway.http.limits import KEY_CHECK_RETRY_SECONDS, UNAVAILABLE_RETRY_SECONDS
from gateway.http.problems import Problem, write_problem
from shared import errors
from shared.failures import PROBLEM_PREFIX
from shared.keys.credential import without_key

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


@describe.register
def _(error: errors.QueueLimitExceeded) -> Problem:
    is_one = error.calculations == 1
    advice = "Submit a smaller calculation" if is_one else "Submit fewer calculations at once"
    setting = f"limits of the key {error.key_name}" if error.key_name else _setting_of(error.unit)
    return Problem(
        422,
        "exceeds-queue-limit",
        "More than may be queued",
        f"The request alone needs {_amount(error.needed, error.unit)}, and at most "
        f"{_amount(error.limit, error.unit)} may be queued. "
        f"{advice}, or ask the operator to raise the {setting}.",
        _numbers_of(error),
    )


@describe.register
def _(error: errors.QueueFull) -> Problem:
    return _refusal(error, 503, "queue-full", "Queue full", "All unfinished calculations")


@describe.register
def _(error: errors.KeyLimitReached) -> Problem:
    whose = f"The unfinished calculations of the key {error.key_name}"
    return _refusal(error, 429, "key-limit", "Limit of the key reached", whose)


def _refusal(
    error: errors.AdmissionRefused, status: int, name: str, title: str, whose: str
) -> Problem:
    return Problem(
        status,
        name,
        title,
        f"{whose} need {_amount(error.used, error.unit)} of at most "
        f"{_amount(error.limit, error.unit)}, and the request {_amount(error.needed, error.unit)} "
        f"more; nothing of it was stored. Resubmit it in {error.retry_after_seconds} s.",
        _numbers_of(error),
        {"Retry-After": str(error.retry_after_seconds)},
    )


def _numbers_of(error: errors.QueueLimitExceeded | errors.AdmissionRefused) -> dict[str, Any]:
    return {
        "unit": error.unit,
        "limit": _number(error.limit, error.unit),
        "used": _number(error.used, error.unit),
        "needed": _number(error.needed, error.unit),
    }


def _number(value: float, unit: str) -> float | int:
    return round(value, 3) if unit == "seconds" else int(value)


def _amount(value: float, unit: str) -> str:
    number = _number(value, unit)
    if unit == "calculations":
        return f"{number:,} calculations" if number != 1 else "1 calculation"
    return f"{number:,} {'s of computing' if unit == 'seconds' else 'bytes of results'}"


def _setting_of(unit: str) -> str:
    return f"setting RECKONER_MAX_QUEUED_{unit.upper()}"


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


_REALM = 'Bearer realm="reckoner"'

_KEY_FAULTS = {
    errors.KeyFault.MISSING: "The request has no API key.",
    errors.KeyFault.MALFORMED: "The credential of the request is not an API key.",
    errors.KeyFault.INVALID: "The key or the session of the request is not valid.",
    errors.KeyFault.EXPIRED: "The key of the request has expired.",
    errors.KeyFault.REVOKED: "The key of the request was revoked.",
}


@describe.register
def _(error: errors.Unauthenticated) -> Problem:
    is_missing = error.fault is errors.KeyFault.MISSING
    return Problem(
        401,
        "unauthenticated",
        "Not authenticated",
        f"{_KEY_FAULTS[error.fault]} "
        "Send a valid one as `Authorization: Bearer rk_...`; the operator makes keys.",
        headers={"WWW-Authenticate": _REALM if is_missing else f'{_REALM}, error="invalid_token"'},
    )


@describe.register
def _(error: errors.ScopeMissing) -> Problem:
    return Problem(
        403,
        "scope-missing",
        "Scope missing",
        f"The key of the request does not have the scope {error.scope!r}, which this needs. "
        "Use a key that has it; the operator makes keys.",
        {"scope": error.scope},
        {"WWW-Authenticate": f'{_REALM}, error="insufficient_scope", scope="{error.scope}"'},
    )


@describe.register
def _(error: errors.RateExceeded) -> Problem:
    return Problem(
        429,
        "rate-exceeded",
        "Rate exceeded",
        f"The key of the request may send {error.rate_per_second:g} requests per second. "
        f"Resubmit it in {error.retry_after_seconds} s, and send fewer.",
        {"rate_per_second": error.rate_per_second},
        {"Retry-After": str(error.retry_after_seconds)},
    )


@describe.register
def _(error: errors.KeySecondsExceeded) -> Problem:
    which = (
        "The calculation"
        if error.index is None
        else f"The calculation at /calculations/{error.index}"
    )
    return Problem(
        403,
        "key-limit-seconds",
        "Calculation too long for this key",
        f"{which} counts as {error.seconds:.3g} s, and the key of the request may submit "
        f"calculations of up to {error.limit_seconds:g} s. "
        "Submit a shorter one, or use a key with a higher limit.",
        {"seconds": error.seconds, "limit_seconds": error.limit_seconds},
    )


@describe.register
def _(error: errors.HostUnknown) -> Problem:
    named = (
        "The request has no Host header."
        if error.host is None
        else f"The service is not known by the name {error.host!r:.100}."
    )
    return Problem(
        421,
        "unknown-host",
        "Unknown host",
        f"{named} Use one of its names, or ask the operator to add this one to "
        "RECKONER_ALLOWED_HOSTS.",
    )


@describe.register
def _(error: errors.CrossSiteRefused) -> Problem:
    if not error.is_told:
        detail = (
            "With a session this needs HTTPS: otherwise the browser does not tell which page has "
            "caused the request. Use HTTPS, or send a key in the Authorization header."
        )
    else:
        advice = (
            "Enter its address in the address bar instead."
            if error.is_get
            else "Use a page of this service, or ask the operator to add that origin to "
            "RECKONER_CORS_ORIGINS."
        )
        detail = (
            f"The request comes from a page of another origin and would have an effect. {advice}"
        )
    return Problem(403, "cross-site", "Cross-site request refused", detail)


@describe.register
def _(error: errors.CalculationNotFound) -> Problem:
    return Problem(
        404,
        "calculation-not-found",
        "Calculation not found",
        f"No calculation has the id {error.calculation_id!r:.80}. "
        "Check the id, or submit the calculation.",
    )


@describe.register
def _(error: errors.CalculationFinal) -> Problem:
    return Problem(
        409,
        "already-final",
        "Calculation already final",
        f"The calculation can no longer be cancelled: its status is {error.status!r}. "
        "No action is needed.",
        {"calculation_status": error.status},
    )


@describe.register
def _(error: errors.ResultNotFinished) -> Problem:
    return Problem(
        409,
        "not-finished",
        "Calculation not finished",
        f"The calculation is {error.status}. Retry in {error.retry_after_seconds} s, "
        "or wait for it with Prefer: wait on the calculation.",
        {"calculation_status": error.status},
        {"Retry-After": str(error.retry_after_seconds)},
    )


@describe.register
def _(error: errors.ResultMissing) -> Problem:
    reason = error.reason or {}
    detail = reason.get("detail", "no reason was stored. Submit the calculation again.")
    return Problem(
        409,
        str(reason.get("type", "")).removeprefix(PROBLEM_PREFIX) or error.status,
        str(reason.get("title", f"Calculation {error.status}")),
        f"There is no result: {detail}",
        {
            "calculation_status": error.status,
            **{name: reason[name] for name in ("details",) if name in reason},
        },
    )


@describe.register
def _(error: errors.ResultPruned) -> Problem:  # noqa: ARG001
    return Problem(
        410,
        "result-pruned",
        "Result removed",
        "The result was removed to free space, and the document was kept. "
        "Submit the calculation again to have it recomputed.",
    )


@describe.register
def _(error: errors.ResultCorrupt) -> Problem:  # noqa: ARG001
    return Problem(
        500,
        "result-corrupt",
        "Stored result damaged",
        "The stored bytes do not match their SHA-256 and are not served. "
        "Report the X-Request-ID of this response to the operator.",
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
