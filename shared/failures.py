"""The problem documents (RFC 9457) that are stored with calculations that have no result."""

import json
import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

from reckoner.authoring.errors import CalculationFailed
from shared.errors import FunctionExited, FunctionUnknown, ResultInvalid, ResultWrong

logger = logging.getLogger(__name__)

#: The beginning of all problem types of Reckoner.
PROBLEM_PREFIX = "urn:reckoner:problem:"

#: How much of an exception's text is stored.
_DETAIL_CHARACTERS = 500

_NO_WORDS = "The function gave no reason."

#: How much a function may add for programs to read.
_DETAILS_BYTES = 8_192

_TITLES = {
    "cancelled": "The calculation was cancelled",
    "function-failed": "The function failed",
    "memory-limit": "The calculation needed too much memory",
    "process-died": "The calculation's process ended without a result",
    "result-invalid": "The function returned no valid result",
    "result-wrong": "The result failed its check",
    "time-limit": "The calculation took too long",
    "worker-lost": "The workers that ran the calculation were lost",
    "function-gone": "No worker has this function in this version",
}

#: The last parts of the types of all these documents.
FAILURE_REASONS = frozenset(_TITLES)


class Failure(NamedTuple):
    """Why a calculation failed.

    `details` are what its function has added for programs to read. `has_traceback` says that its
    author did not expect it, and wants to see where it was raised.
    """

    reason: str
    detail: str
    details: Mapping[str, Any] | None = None
    has_traceback: bool = False


def explain_failure(error: BaseException) -> Failure:
    """Return the failure that an exception of a function, or of computing it, leads to."""
    match error:
        case FunctionUnknown():
            return Failure("function-gone", str(error))
        case CalculationFailed():
            details = bounded_details(error.details)
            return Failure("function-failed", text_of(error) or _NO_WORDS, details)
        case FunctionExited():
            return Failure("function-failed", text_of(error), has_traceback=True)
        case ResultInvalid():
            return Failure("result-invalid", text_of(error))
        case ResultWrong():
            return Failure("result-wrong", text_of(error))
    text = text_of(error)
    name = type(error).__name__
    detail = f"{name}: {text}"[:_DETAIL_CHARACTERS] if text else name
    return Failure("function-failed", detail, has_traceback=True)


def text_of(error: BaseException) -> str:
    """Return an exception's text, cut; an author's may be of any length, or raise itself."""
    try:
        return str(error)[:_DETAIL_CHARACTERS]
    except BaseException as faulty:  # an author's __str__ may raise anything
        return f"its text cannot be shown ({type(faulty).__name__})"


def bounded_details(details: object) -> dict[str, Any] | None:
    """Return details as they can be stored and read again; None for what cannot."""
    if not isinstance(details, Mapping) or not details:
        return None
    try:
        text = json.dumps(details, allow_nan=False, separators=(",", ":"))
        if len(text) <= _DETAILS_BYTES:
            found: dict[str, Any] = _storable(json.loads(text))
            return found
        fault = f"more than {_DETAILS_BYTES:,} bytes"
    except (TypeError, ValueError, RecursionError) as error:
        fault = text_of(error)
    logger.warning("The details of a failure are left out: %s", fault)
    return None


def _storable(value: Any) -> Any:
    """Return a value of JSON that PostgreSQL can store: no NUL, no lone surrogates."""
    match value:
        case str():
            return (
                value.replace("\0", "\N{REPLACEMENT CHARACTER}")
                .encode("utf-8", "replace")
                .decode("utf-8")
            )
        case list():
            return [_storable(one) for one in value]
        case dict():
            return {_storable(name): _storable(one) for name, one in value.items()}
    return value


def failure(failed: Failure) -> dict[str, Any]:
    """Return the problem document of a failure for one of the reasons above."""
    members: dict[str, Any] = {
        "type": PROBLEM_PREFIX + failed.reason,
        "title": _TITLES[failed.reason],
        "detail": _storable(failed.detail),
    }
    if failed.details:
        members["details"] = failed.details
    return members


def failure_json(reason: str, detail: str, details: Mapping[str, Any] | None = None) -> str:
    """Return the document as JSON that PostgreSQL can store."""
    return json.dumps(failure(Failure(reason, detail, bounded_details(details))))


CANCELLED_JSON = failure_json(
    "cancelled", "It was cancelled on request. Resubmit it to have it computed."
)
