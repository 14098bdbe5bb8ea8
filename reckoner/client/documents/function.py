"""A function of the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Function:
    """What a function takes, returns and may use. `schema` is the JSON Schema of its arguments.

    `kind` is "digits", "text", "json" or "bytes". `document` has all members, as they came.
    """

    name: str
    version: int
    summary: str
    description: str
    schema: Mapping[str, Any] = field(repr=False)
    bounds: Mapping[str, Mapping[str, Any]] = field(repr=False)
    kind: str
    media_type: str
    check: str | None
    lane: str | None
    memory_limit_bytes: int | None
    time_limit_seconds: float | None
    fingerprint: str | None = field(repr=False)
    document: Mapping[str, Any] = field(repr=False, compare=False)


def function_from(document: Mapping[str, Any]) -> Function:
    """Return the function of a document. Raises KeyError or TypeError if it is none."""
    return Function(
        name=document["name"],
        version=document["version"],
        summary=document.get("summary") or "",
        description=document.get("description") or "",
        schema=document["arguments"],
        bounds=document.get("bounds") or {},
        kind=document["result"]["kind"],
        media_type=document["result"]["media_type"],
        check=document.get("check"),
        lane=document.get("lane"),
        memory_limit_bytes=document.get("memory_limit_bytes"),
        time_limit_seconds=document.get("time_limit_seconds"),
        fingerprint=document.get("fingerprint"),
        document=document,
    )
