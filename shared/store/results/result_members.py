"""Results as members of the JSON that a statement gets many rows in."""

from binascii import b2a_base64
from typing import Any

from shared.result import Result


def result_members(result: Result) -> dict[str, Any]:
    """Return what a row stores of a result; a short one whole, in `value` or, in base64, `data`.

    A member that would be null is left out where most rows have none.
    """
    members: dict[str, Any] = {
        "kind": result.kind,
        "length": result.length,
        "sha256": result.sha256,
        "head": result.head,
        "tail": result.tail,
        "check": result.check,
        "value": result.text_in_row,
        "compute_seconds": result.compute_seconds,
    }
    if result.media_type is not None:
        members["media_type"] = result.media_type
    if (data := result.bytes_in_row) is not None:
        members["data"] = in_base64(data)
    return members


def in_base64(data: bytes) -> str:
    """Return bytes in base64, which takes less room than hexadecimal."""
    return b2a_base64(data, newline=False).decode("ascii")
