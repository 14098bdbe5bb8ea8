"""The problem documents (RFC 9457) that are stored with calculations that have no result."""

import json
from typing import Any

from shared.errors import FunctionUnknown, ResultWrong

#: The beginning of all problem types of Reckoner.
PROBLEM_PREFIX = "urn:reckoner:problem:"

#: How much of an exception's text is stored.
_DETAIL_CHARACTERS = 500

_TITLES = {
    "cancelled": "The calculation was cancelled",
    "function-failed": "The function raised an exception",
    "memory-limit": "The calculation needed too much memory",
    "process-died": "The calculation's process ended without a result",
    "result-wrong": "The result failed its check",
    "time-limit": "The calculation took too long",
    "worker-lost": "The workers that ran the calculation were lost",
    "function-gone": "No worker has this function in this version",
}


def explain_failure(error: Exception) -> tuple[str, str]:
    """Return the reason and the detail of the failure that an exception of a function leads to."""
    match error:
        case FunctionUnknown():
            return "function-gone", str(error)
        case ResultWrong():
            return "result-wrong", f"{error} Report this to the function's author."
    return "function-failed", f"{type(error).__name__}: {error}"[:_DETAIL_CHARACTERS]


def failure(reason: str, detail: str) -> dict[str, Any]:
    """Return the problem document for one of the reasons above."""
    return {"type": PROBLEM_PREFIX + reason, "title": _TITLES[reason], "detail": detail}


def failure_json(reason: str, detail: str) -> str:
    """Return the document as JSON that PostgreSQL can store: no NUL, no lone surrogates."""
    storable = detail.replace("\0", "�").encode("utf-8", "replace").decode("utf-8")
    return json.dumps(failure(reason, storable))


CANCELLED_JSON = failure_json(
    "cancelled", "It was cancelled on request. Resubmit it to have it computed."
)
