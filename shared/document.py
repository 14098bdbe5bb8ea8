"""The document of a calculation, as clients see it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from shared.store.rows import Row

#: Results of up to this many digits are shown whole in the document.
VALUE_DIGITS = 1_000


def document(row: Row) -> dict[str, Any]:
    """Return the document of a calculation from its row in `calculations`."""
    path = f"/calculations/{row.id}"
    return {
        "id": str(row.id),
        "function": row.function,
        "version": row.version,
        "arguments": row.arguments,
        "status": row.status,
        "lane": row.lane,
        "progress": round(row.progress, 4),
        "attempts": row.attempt,
        "created_at": rfc3339(row.created_at),
        "started_at": rfc3339(row.started_at),
        "finished_at": rfc3339(row.finished_at),
        "compute_seconds": _to_microseconds(row.compute_seconds),
        "estimate": {
            "seconds": _to_microseconds(row.estimate_seconds),
            "digits": row.estimate_digits,
            "bytes": row.estimate_bytes,
        },
        "result": _result(row, path),
        "error": row.error,
        "history": [_attempt(entry) for entry in row.history],
        "links": {"self": path, "result": f"{path}/result", "events": f"{path}/events"},
    }


def _result(row: Row, path: str) -> dict[str, Any] | None:
    if row.result_digits is None:
        return None
    return {
        "digits": row.result_digits,
        "sha256": row.result_sha256,
        "value": row.result_value if row.result_digits <= VALUE_DIGITS else None,
        "head": row.result_head,
        "tail": row.result_tail,
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
