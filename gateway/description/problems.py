"""Every problem type, with an example of it: made by the code that responds with it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import falcon

from gateway.http.errors import describe
from gateway.http.limits import MAX_BODY_BYTES
from gateway.http.problems import (
    MALFORMED_REQUEST,
    PRECONDITION_FAILED,
    Problem,
    range_not_satisfiable,
)
from reckoner.authoring.faults import Fault
from shared import errors
from shared.failures import FAILURE_REASONS, Failure, failure
from shared.keys.scope import Scope

_ID = uuid.UUID("ffcfeb02-09f4-5c06-889e-7cd5cd61b456")

_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_AMOUNT = {"type": "number", "minimum": 0}
_FAULTS = {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}}
_STATUS = {"$ref": "#/components/schemas/Status"}
_OF_A_LIMIT = {
    "unit": {"type": "string", "enum": ["calculations", "seconds", "bytes"]},
    "limit": _AMOUNT,
    "used": _AMOUNT,
    "needed": _AMOUNT,
}


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A type of problem; `members` are the JSON Schemas of what it has beyond RFC 9457's."""

    example: Problem
    when: str
    members: Mapping[str, Any] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    #: Several reasons why there is no result are one type to a client, told apart by `type`.
    names: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The last part of its type."""
        return self.example.name

    @property
    def status(self) -> int:
        """The status of the response."""
        return self.example.status


def _from(error: Exception, when: str, **more: Any) -> ProblemType:
    return ProblemType(describe(error), when, **more)


def _nginx(status: int, name: str, title: str, detail: str, when: str) -> ProblemType:
    """Return a type that only NGINX responds with (compose/nginx/reckoner.conf.template)."""
    return ProblemType(Problem(status, name, title, detail), when)


def _faults(*faults: Fault) -> errors.ArgumentsInvalid:
    return errors.ArgumentsInvalid(faults)


def _no_result() -> ProblemType:
    stored = failure(Failure("function-failed", "The matrix is singular."))
    example = describe(errors.ResultMissing(_ID, "failed", stored))
    return ProblemType(
        example,
        "The calculation failed or was cancelled; the type is the reason.",
        {"calculation_status": _STATUS, "details": {"type": "object"}},
        optional=("details",),
        names=tuple(sorted(FAILURE_REASONS)),
    )


#: By the name of the schema in the description.
PROBLEM_TYPES: Mapping[str, ProblemType] = {
    "BadRequest": ProblemType(MALFORMED_REQUEST, "The request is not valid HTTP."),
    "NotJson": _from(
        errors.BodyInvalid("The body is not valid JSON at line 1, column 2."),
        "The body is not JSON in UTF-8, is nested too deeply, or has a member twice.",
    ),
    "Unauthenticated": _from(
        errors.Unauthenticated(errors.KeyFault.MISSING),
        "The request has no valid key and no valid session.",
    ),
    "ScopeMissing": _from(
        errors.ScopeMissing(Scope.SUBMIT),
        "The key of the request does not have the scope.",
        members={"scope": {"$ref": "#/components/schemas/Scope"}},
    ),
    "KeySecondsExceeded": _from(
        errors.KeySecondsExceeded(3600.0, 60.0),
        "A calculation counts as more seconds than its key may submit.",
        members={"seconds": _AMOUNT, "limit_seconds": _AMOUNT},
    ),
    "CrossSite": _from(
        errors.CrossSiteRefused(is_get=False),
        "A page of another origin caused the request, which would have an effect.",
    ),
    "CalculationNotFound": _from(
        errors.CalculationNotFound(str(_ID)), "No calculation has this id."
    ),
    "RouteNotFound": _from(falcon.HTTPRouteNotFound(), "There is no such route."),
    "NotFound": _nginx(
        404,
        "not-found",
        "Not found",
        "There is nothing at this path. Send GET / for a list of routes.",
        "NGINX has nothing at this path.",
    ),
    "MethodNotAllowed": _from(
        falcon.HTTPMethodNotAllowed(["GET", "HEAD"]),
        "The route does not support the method; `Allow` names those that it does.",
    ),
    "RequestTimeout": _nginx(
        408,
        "request-timeout",
        "Request timeout",
        "The request did not arrive in time. Resubmit it.",
        "The request did not arrive in time (NGINX).",
    ),
    "NotFinished": _from(
        errors.ResultNotFinished(_ID, "running", 5),
        "The calculation has no result yet.",
        members={"calculation_status": _STATUS},
    ),
    "AlreadyFinal": _from(
        errors.CalculationFinal(_ID, "succeeded"),
        "The calculation can no longer be cancelled.",
        members={"calculation_status": _STATUS},
    ),
    "NoResult": _no_result(),
    "ResultPruned": _from(
        errors.ResultPruned(_ID), "The result was removed to free space; the document was kept."
    ),
    "LengthRequired": _nginx(
        411,
        "length-required",
        "Length required",
        "The request has no Content-Length. Resubmit it with one.",
        "The request has no Content-Length (NGINX).",
    ),
    "PreconditionFailed": ProblemType(PRECONDITION_FAILED, "`If-Match` names another result."),
    "BodyTooLarge": _from(
        errors.BodyTooLarge(MAX_BODY_BYTES),
        "The body is longer than this route takes.",
        members={"limit_bytes": _COUNT},
    ),
    "UriTooLong": _nginx(
        414,
        "uri-too-long",
        "URI too long",
        "The request line exceeds 8 KiB. Shorten the URL.",
        "The request line exceeds 8 KiB (NGINX).",
    ),
    "UnsupportedMediaType": _from(
        errors.MediaTypeUnsupported("text/plain"), "The body is not declared as JSON."
    ),
    "RangeNotSatisfiable": ProblemType(range_not_satisfiable(6), "The range is beyond the result."),
    "UnknownHost": _from(
        errors.HostUnknown("example.org"),
        "The request is addressed to a name that is not in RECKONER_ALLOWED_HOSTS.",
    ),
    "InvalidArguments": _from(
        _faults(Fault("/arguments/n", "n must be at least 0; it is -1.")),
        "`errors` says what is wrong with the body or the parameters.",
        members={"errors": _FAULTS, "error_count": {"type": "integer", "minimum": 1}},
    ),
    "UnknownFunction": _from(
        errors.FunctionUnknown("fibonaci", ("factorial", "fibonacci")),
        "No function has this name.",
        members={"errors": _FAULTS},
    ),
    "FunctionNotFound": _from(
        errors.FunctionNotFound("fibonaci", ("factorial", "fibonacci")),
        "No function has this name.",
    ),
    "MemoryLimit": _from(
        errors.CalculationTooLarge(8_000_000_000, 4_000_000_000),
        "The calculation needs more memory than it may use.",
        members={"errors": _FAULTS, "needed_bytes": _COUNT, "limit_bytes": _COUNT},
    ),
    "ExceedsQueueLimit": _from(
        errors.QueueLimitExceeded("seconds", 3600.0, 0.0, 7200.0, 1, None),
        "The request alone needs more than may be queued.",
        members=_OF_A_LIMIT,
    ),
    "KeyLimit": _from(
        errors.KeyLimitReached("calculations", 100, 100, 1, 30, "ada"),
        "What is queued for the key leaves no room.",
        members=_OF_A_LIMIT,
    ),
    "RateExceeded": _from(
        errors.RateExceeded(10.0, 1),
        "The key has sent more requests than it may.",
        members={"rate_per_second": {"type": "number", "exclusiveMinimum": 0}},
    ),
    "TooManyStreams": ProblemType(
        Problem(
            429,
            "too-many-streams",
            "Too many event streams",
            "Your address has 1000 event streams open, and that is the limit. Close one, or wait "
            "for a calculation with Prefer: wait.",
            headers={"Retry-After": "5"},
        ),
        "This address has too many event streams open (NGINX).",
    ),
    "HeadersTooLarge": _nginx(
        431,
        "headers-too-large",
        "Request header fields too large",
        "A header field exceeds 8 KiB, or all of them together exceed 32 KiB. Send fewer or "
        "shorter ones.",
        "The headers are too long (NGINX).",
    ),
    "Internal": _from(Exception(), "A bug in Reckoner."),
    "ResultCorrupt": _from(
        errors.ResultCorrupt(_ID), "The stored bytes do not match their SHA-256."
    ),
    "NotImplemented": _nginx(
        501,
        "not-implemented",
        "Not implemented",
        "The transfer encoding is not supported. Send the body without one, or chunked.",
        "The transfer encoding is not supported (NGINX).",
    ),
    "QueueFull": _from(
        errors.QueueFull("seconds", 3600.0, 3590.0, 20.0, 10),
        "What is queued for all leaves no room.",
        members=_OF_A_LIMIT,
    ),
    "Unavailable": _from(
        errors.StoreUnavailable(),
        "PostgreSQL or the gateway cannot be reached, or too much of one kind is on its way; "
        "repeating the request is safe.",
    ),
    "HttpVersion": _nginx(
        505,
        "http-version",
        "HTTP version not supported",
        "This version of HTTP is not supported. Use HTTP/1.1.",
        "The version of HTTP is not supported (NGINX).",
    ),
    "HttpError": ProblemType(
        Problem(
            406,
            "http-error",
            "Request refused",
            "The request cannot be served. Correct it and resubmit.",
        ),
        "NGINX or the gateway refused the request with any other status.",
    ),
}
