"""Why a calculation has no result: the problem documents that are stored with it.

They have the form of RFC 9457, like every error that the gateway answers with.
"""

import json
from typing import Any

#: Every problem type of Reckoner begins with this.
PROBLEM_PREFIX = "urn:reckoner:problem:"

_TITLES = {
    "cancelled": "The calculation was cancelled",
    "function-failed": "The function raised an exception",
    "memory-limit": "The calculation needed too much memory",
    "process-died": "The calculation's process ended without a result",
    "result-wrong": "The result failed its check",
    "time-limit": "The calculation took too long",
    "worker-lost": "The workers that ran the calculation were lost",
    "function-gone": "The worker does not have this function",
}


def failure(reason: str, detail: str) -> dict[str, Any]:
    """Return the problem document for one of the reasons above."""
    return {"type": PROBLEM_PREFIX + reason, "title": _TITLES[reason], "detail": detail}


def failure_json(reason: str, detail: str) -> str:
    """Return the same as JSON, as the store takes it: it cannot keep NUL and lone surrogates."""
    storable = detail.replace("\0", "�").encode("utf-8", "replace").decode("utf-8")
    return json.dumps(failure(reason, storable))


CANCELLED_JSON = failure_json(
    "cancelled", "It was cancelled on request. Resubmit it to have it computed."
)
