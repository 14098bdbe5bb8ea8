"""What a calculation is: its identity, its statuses, and the document that clients see."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from shared.functions.registry import Estimate, Function

#: Namespace of calculation ids (RFC 9562, version 5); docs/api.md tells clients of it.
NAMESPACE = uuid5(NAMESPACE_URL, "urn:reckoner:calculation")

#: Results of up to this many digits are shown whole in the document.
VALUE_DIGITS = 1_000

#: Digits shown from either end of a longer result.
PREVIEW_DIGITS = 20

# Made once: json.dumps makes another for every call with options.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


class Status(StrEnum):
    """queued → running → succeeded, failed or cancelled; the last three are final.

    A quick calculation goes from queued straight to succeeded or failed. A failed or cancelled
    one that is submitted again is queued again, and so is one whose result was pruned.
    """

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


_FINAL = frozenset((Status.SUCCEEDED, Status.FAILED, Status.CANCELLED))


def is_final(status: str) -> bool:
    """Say whether nothing more will happen by itself to what has this status."""
    return status in _FINAL


class Lane(StrEnum):
    """Which queue and which kind of worker."""

    QUICK = "quick"
    HEAVY = "heavy"


@dataclass(frozen=True, slots=True)
class Calculation:
    """One function applied to valid arguments, with its cost."""

    id: UUID
    function: Function
    arguments: Mapping[str, Any]
    estimate: Estimate
    lane: Lane


def calculation_id(function: str, version: int, arguments: Mapping[str, Any]) -> UUID:
    """Return the UUIDv5 that equal calculations share.

    The name is `function/version/` and the arguments as JSON with sorted members and no spaces.
    """
    return uuid5(NAMESPACE, f"{function}/{version}/{canonical_json(arguments)}")


def canonical_json(arguments: Mapping[str, Any]) -> str:
    """Return the one spelling of these arguments, in ASCII."""
    return _CANONICAL.encode(arguments)


def document(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of a calculation from its row in `calculations`."""
    path = f"/calculations/{row['id']}"
    return {
        "id": str(row["id"]),
        "function": row["function"],
        "version": row["version"],
        "arguments": row["arguments"],
        "status": row["status"],
        "lane": row["lane"],
        "progress": round(row["progress"], 4),
        "attempts": row["attempt"],
        "created_at": rfc3339(row["created_at"]),
        "started_at": rfc3339(row["started_at"]),
        "finished_at": rfc3339(row["finished_at"]),
        "compute_seconds": _to_microseconds(row["compute_seconds"]),
        "estimate": {
            "seconds": _to_microseconds(row["estimate_seconds"]),
            "digits": row["estimate_digits"],
            "bytes": row["estimate_bytes"],
        },
        "result": _result(row, path),
        "error": row["error"],
        "history": [_attempt(entry) for entry in row["history"]],
        "links": {"self": path, "result": f"{path}/result", "events": f"{path}/events"},
    }


def _result(row: Mapping[str, Any], path: str) -> dict[str, Any] | None:
    if row["status"] != Status.SUCCEEDED:
        return None
    return {
        "digits": row["result_digits"],
        "sha256": row["result_sha256"],
        "value": row["result_value"] if row["result_digits"] <= VALUE_DIGITS else None,
        "head": row["result_head"],
        "tail": row["result_tail"],
        "href": f"{path}/result",
    }


def _attempt(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a claim of the history with its times written like all others."""
    moments = ("began_at", "ended_at")
    return {
        **entry,
        **{name: rfc3339(datetime.fromisoformat(entry[name])) for name in moments},
    }


def _to_microseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)


def rfc3339(moment: datetime | None) -> str | None:
    """Return the moment in UTC to the millisecond, as RFC 3339 writes it."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
