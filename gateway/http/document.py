"""The document of a calculation, and the id in its path.

The document is written as text, member by member: its arguments and a result in JSON are stored as
canonical text, and stand in it byte for byte. Parsing them would cost time, and Python refuses
very long integers.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import falcon.asgi

from gateway.http.limits import MAX_VALUE_BYTES, MAX_VALUE_DIGITS
from gateway.http.responses import let_nginx_cache, write_json_text
from gateway.http.results.media_types import media_type_of
from reckoner.authoring.results.kinds import ResultKind
from shared.calculation import Calculation, is_final
from shared.errors import CalculationNotFound
from shared.store.calculations import Row

#: RFC 9562's text form; uuid.UUID alone would also accept braces, `urn:` and no hyphens.
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE | re.ASCII)

_encode = json.JSONEncoder().encode


def parse_calculation_id(text: str) -> UUID:
    """Return the id; raise CalculationNotFound if it is not well-formed."""
    if not is_id(text):
        raise CalculationNotFound(text)
    return UUID(text)


def is_id(text: str) -> bool:
    """Say whether the text has the form of an id."""
    return _UUID.fullmatch(text) is not None


def write_document(resp: falcon.asgi.Response, row: Row, retry_after: Callable[[Row], int]) -> None:
    """Respond with the document; `retry_after` gives the seconds for one that is not final."""
    write_json_text(resp, encode_document(row), cache="no-cache")
    if row.has_result:
        let_nginx_cache(resp)
    if not is_final(row.status):
        resp.set_header("Retry-After", str(retry_after(row)))


def encode_document(row: Row) -> str:
    """Return the document of a calculation, in ASCII and without newlines."""
    path = f"/calculations/{row.id}"
    return (
        f'{{"id": "{row.id}", "function": {_encode(row.function)}, "version": {row.version}, '
        f'"arguments": {row.canonical_arguments}, "status": "{row.status}", "lane": "{row.lane}", '
        f'"progress": {round(row.progress, 4)}, "attempts": {row.attempt}, '
        f'"created_at": {_moment(row.created_at)}, "published_at": {_moment(row.handed_over_at)}, '
        f'"started_at": {_moment(row.started_at)}, "finished_at": {_moment(row.finished_at)}, '
        f'"compute_seconds": {_seconds(row.compute_seconds)}, '
        f'"peak_bytes": {_or_null(row.peak_bytes)}, "submitted_by": {_name(row.submitted_by)}, '
        f'"cancelled_by": {_name(row.cancelled_by)}, "estimate": {_estimate(row)}, '
        f'"result": {_result(row, path)}, '
        f'"error": {"null" if row.error is None else _encode(row.error)}, '
        f'"history": {_encode([_attempt(entry) for entry in row.history])}, '
        f'"links": {{"self": "{path}", "result": "{path}/result", "events": "{path}/events"}}}}'
    )


def _estimate(row: Row) -> str:
    if row.estimate_seconds is None:
        return "null"
    source = row.estimate_source or "function"  # earlier versions knew no other
    return (
        f'{{"seconds": {_seconds(row.estimate_seconds)}, "bytes": {_or_null(row.estimate_bytes)}, '
        f'"digits": {_or_null(row.estimate_digits)}, "source": "{source}"}}'
    )


def estimate_members(calculation: Calculation) -> dict[str, Any] | None:
    """Return the estimate of a calculation that is not stored, as its document would have it."""
    estimate = calculation.estimate
    if estimate is None:
        return None
    return {
        "seconds": round(estimate.seconds, 6),
        "bytes": estimate.bytes,
        "digits": estimate.digits,
        "source": calculation.estimate_source,
    }


def _result(row: Row, path: str) -> str:
    if row.result_sha256 is None:
        return "null"
    kind = row.kind
    digits = f'"digits": {row.length}, ' if kind is ResultKind.DIGITS else ""
    return (
        f'{{"media_type": {_encode(media_type_of(row))}, "length": {row.length}, '
        f'"sha256": "{row.result_sha256}", "check": {_encode(row.check)}, {digits}'
        f'"value": {_value(row, kind)}, "head": {_encode(row.result_head)}, '
        f'"tail": {_encode(row.result_tail)}, "href": "{path}/result"}}'
    )


def _value(row: Row, kind: ResultKind) -> str:
    """Return the whole result as JSON, or null if it is too long, in bytes, or pruned."""
    text = row.result_value
    longest = MAX_VALUE_DIGITS if kind is ResultKind.DIGITS else MAX_VALUE_BYTES
    if kind is ResultKind.BYTES or row.length is None or row.length > longest:
        return "null"
    if text is None and row.result_bytes is not None:  # text that PostgreSQL's cannot hold
        text = bytes(row.result_bytes).decode(errors="replace")
    if text is None:
        return "null"
    return text if kind is ResultKind.JSON else _encode(text)


def _attempt(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a claim of the history with its times written like all others."""
    moments = ("began_at", "ended_at")
    return {
        **entry,
        **{name: rfc3339(datetime.fromisoformat(entry[name])) for name in moments},
    }


def _seconds(seconds: float | None) -> str:
    """Return the seconds to the microsecond, as JSON."""
    return "null" if seconds is None else repr(round(seconds, 6))


def _name(name: str | None) -> str:
    return "null" if name is None else _encode(name)


def _or_null(number: int | None) -> str:
    return "null" if number is None else str(number)


def _moment(moment: datetime | None) -> str:
    return "null" if moment is None else f'"{rfc3339(moment)}"'


def rfc3339(moment: datetime | None) -> str | None:
    """Return the moment in UTC to the millisecond, as RFC 3339 writes it."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
