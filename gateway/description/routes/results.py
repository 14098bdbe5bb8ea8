"""The bytes of a result."""

from collections.abc import Sequence
from typing import Any

from gateway.description.operations import Answer, Operation
from gateway.http.problems import MEDIA_TYPE
from gateway.routes.results import Result
from shared.functions.registry import Registry

_PATH = "/calculations/{calculation_id}/result"
_TAG = "Results"
_OF_BROWSERS = ("Content-Disposition", "Content-Security-Policy")
_ALWAYS = ("ETag", "Accept-Ranges", *_OF_BROWSERS)
_PROBLEMS = ("CalculationNotFound", "NotFinished", "NoResult", "ResultPruned", "ResultCorrupt")

#: Any bytes, whatever they are called; first, so that generators of clients take them as bytes.
_OCTETS = "application/octet-stream"
_BYTES: dict[str, Any] = {"type": "string", "format": "binary"}


def operations(registry: Registry) -> list[Operation]:
    """Return the operations, with the media types of the functions that are installed."""
    named = {_bare(function.media_type) for function in registry} - {_OCTETS}
    media_types = [_OCTETS, *sorted(named), "*/*"]
    unchanged = Answer("The client has it already.", headers=("ETag",))
    return [
        Operation(
            "GET",
            _PATH,
            Result,
            "getResult",
            _TAG,
            "Get the bytes of a result",
            {
                200: _whole("All bytes.", media_types),
                206: Answer(
                    "The range: a part, which need not be of that media type by itself.",
                    _BYTES,
                    media_types,
                    headers=(*_ALWAYS, "Content-Range", "Content-Length", "Repr-Digest"),
                ),
                304: unchanged,
            },
            "They never change. They have the media type of the function, or `*/*` for one that "
            f"is no longer installed; an error is `{MEDIA_TYPE}`. When all bytes are read at once, "
            "a download that completes is correct: the connection is aborted if the SHA-256 is "
            "wrong.",
            parameters=(
                *("calculation_id", "Range", "If-Range", "If-Match", "If-None-Match"),
                "Accept-Encoding",
            ),
            problems=(*_PROBLEMS, "PreconditionFailed", "RangeNotSatisfiable"),
        ),
        Operation(
            "HEAD",
            _PATH,
            Result,
            "headResult",
            _TAG,
            "Get the headers of a result: its length, digest and ETag",
            {200: _whole("The headers of all bytes."), 304: unchanged},
            parameters=("calculation_id", "If-Match", "If-None-Match", "Accept-Encoding"),
            problems=(*_PROBLEMS, "PreconditionFailed"),
        ),
    ]


def _whole(description: str, media_types: Sequence[str] = ()) -> Answer:
    return Answer(
        description,
        _BYTES if media_types else None,
        media_types,
        headers=_ALWAYS,
        may_have=("Repr-Digest", "Unencoded-Digest", "Content-Length"),
    )


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip()
