"""The parameters of requests: in the path, in the query, in headers."""

from collections.abc import Mapping
from typing import Any

from gateway.http.filters import ID_PATTERN
from gateway.http.limits import (
    DEFAULT_PAGE_CALCULATIONS,
    MAX_PAGE_CALCULATIONS,
    MAX_REQUEST_ID_CHARACTERS,
    MAX_WAIT_SECONDS,
)
from gateway.state.grid import LEAST_SECONDS, MOST_SECONDS

#: What may stand in the value of any header (RFC 9110, 5.5): no control characters, no spaces at
#: its ends. A header whose value means nothing is ignored, so no pattern is narrower.
_VALUE = {
    "type": "string",
    "pattern": "^([!-~\u0080-\u00ff]([\t -~\u0080-\u00ff]*[!-~\u0080-\u00ff])?)?$",
}


def _parameter(
    place: str, name: str, description: str, schema: Mapping[str, Any], example: Any = None
) -> dict[str, Any]:
    parameter: dict[str, Any] = {
        "name": name,
        "in": place,
        "required": place == "path",
        "description": description,
        "schema": dict(schema),
    }
    return parameter if example is None else {**parameter, "example": example}


def _header(name: str, description: str, example: str) -> dict[str, Any]:
    return _parameter("header", name, description, _VALUE, example)


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


_MOMENT = {"type": "string", "format": "date-time"}

#: Every parameter, by the name that operations use.
PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "calculation_id": _parameter(
        "path",
        "calculation_id",
        "The id of the calculation.",
        {"type": "string", "format": "uuid"},
        "ffcfeb02-09f4-5c06-889e-7cd5cd61b456",
    ),
    "name": _parameter(
        "path", "name", "The name of the function.", _reference("FunctionName"), "fibonacci"
    ),
    "page": _parameter("path", "page", "One of its pages.", {"type": "string"}, "system"),
    "digest": _parameter(
        "path", "digest", "The digest of all files, as the page has it.", {"type": "string"}
    ),
    "file": _parameter("path", "file", "The name of a file of the page.", {"type": "string"}),
    "status": _parameter(
        "query", "status", "Only calculations of this status.", _reference("Status"), "succeeded"
    ),
    "function": _parameter(
        "query",
        "function",
        "Only calculations of this function.",
        _reference("FunctionName"),
        "fibonacci",
    ),
    "lane": _parameter(
        "query", "lane", "Only calculations of this lane.", _reference("Lane"), "quick"
    ),
    "created_after": _parameter(
        "query",
        "created_after",
        "Only calculations that were created then or later.",
        _MOMENT,
        "2026-01-01T00:00:00Z",
    ),
    "created_before": _parameter(
        "query",
        "created_before",
        "Only calculations that were created before.",
        _MOMENT,
        "2036-01-01T00:00:00Z",
    ),
    "id": _parameter(
        "query",
        "id",
        "Only the calculation of this id, or those whose ids begin so.",
        {"type": "string", "pattern": ID_PATTERN},
        "ffcfeb02",
    ),
    "limit": _parameter(
        "query",
        "limit",
        "How many calculations a page has at most.",
        {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_PAGE_CALCULATIONS,
            "default": DEFAULT_PAGE_CALCULATIONS,
        },
        10,
    ),
    "cursor": _parameter(
        "query",
        "cursor",
        "The place in the list where the page begins, from `next` of another.",
        _reference("Cursor"),
    ),
    "seconds": _parameter(
        "query",
        "seconds",
        "How much of the past is shown.",
        {
            "type": "integer",
            "minimum": LEAST_SECONDS,
            "maximum": MOST_SECONDS,
            "default": 3_600,
        },
        86_400,
    ),
    "Prefer": _header(
        "Prefer",
        f"`wait=N` holds the request for up to N seconds, at most {MAX_WAIT_SECONDS}, until the "
        "calculation is final; `respond-async` does not wait, which is the default. Anything else "
        "is ignored (RFC 7240).",
        "respond-async",
    ),
    "X-Request-ID": _header(
        "X-Request-ID",
        f"An id for the request, of up to {MAX_REQUEST_ID_CHARACTERS} characters of "
        "`A-Za-z0-9._-`; anything else is replaced.",
        "report-2026-11",
    ),
    "traceparent": _header(
        "traceparent",
        "The trace that the request belongs to (W3C Trace Context); kept with the calculation and "
        "logged. Anything else is ignored.",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ),
    "Range": _header(
        "Range",
        "One range of the plain bytes, such as `bytes=0-99`; anything else is ignored.",
        "bytes=0-1",
    ),
    "If-Range": _header(
        "If-Range", "The range counts only if this is still the ETag.", '"an-etag"'
    ),
    "If-Match": _header(
        "If-Match", "Respond with 412 unless this is the ETag, or one of several.", "*"
    ),
    "If-None-Match": _header(
        "If-None-Match", "Respond with 304 if this is the ETag, or one of several.", '"an-etag"'
    ),
    "Accept-Encoding": _header("Accept-Encoding", "`gzip` compresses what is worth it.", "gzip"),
    "Last-Event-ID": _header(
        "Last-Event-ID",
        "`final`: the client has seen the last event, and gets 204.",
        "final",
    ),
}
