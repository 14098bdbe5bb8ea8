"""The document of a calculation, and the id in its path."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import falcon.asgi

from gateway.http.limits import MAX_VALUE_DIGITS
from gateway.http.responses import let_nginx_cache, write_json
from shared.calculation import is_final
from shared.errors import CalculationNotFound
from shared.store.calculations import Row

#: RFC 9562's text form; uuid.UUID alone would also accept braces, `urn:` and no hyphens.
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


def parse_calculation_id(text: str) -> UUID:
    """Return the id; raise CalculationNotFound if it is not well-formed."""
    if not _UUID.fullmatch(text):
        raise CalculationNotFound(text)
    return UUID(text)


def write_document(resp: falcon.asgi.Response, row: Row, retry_after: Callable[[Row], int]) -> None:
    """Respond with the document; `retry_after` gives the seconds for one that is not final."""
    write_json(resp, document(row), cache="no-cache")
    if row.has_result:
        let_nginx_cache(resp)
    if not is_final(row.status):
        resp.set_header("Retry-After", str(retry_after(row)))


def document(row: Row) -> dict[str, Any]:
    """Return the document of a calculation from its row in `calculations`."""
    path = f"/calculations/{row.id}"
    return {
        "id": str(row.id),
        "function": row.function,
        "version": row.version,
        "arguments": json.loads(row.canonical_arguments),
        "status": row.status,
        "lane": row.lane,
        "progress": round(row.progress, 4),
        "attempts": row.attempt,
        "created_at": rfc3339(row.created_at),
        "started_at": rfc3339(row.started_at),
        "finished_at": rfc3339(row.finished_at),
        "compute_seconds": _to_microseconds(row.compute_seconds),
        "estimate": None
        if row.estimate_seconds is None
        else {
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
        "value": row.result_value if row.result_digits <= MAX_VALUE_DIGITS else None,
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
