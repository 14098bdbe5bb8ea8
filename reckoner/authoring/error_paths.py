"""Where in a value an error of pydantic's is, for arguments and for results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Errors about a member that its object should not have.
UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")


def path_to(error: Mapping[str, Any], value: Any) -> list[str | int]:
    """Return the path of members to the fault, without pydantic's names of a union's choices."""
    parts: list[str | int] = []
    location = error["loc"]
    for index, part in enumerate(location):
        if _is_member(value, part):
            value = value[part]
        elif error["type"] not in ("missing", *UNKNOWN) or index < len(location) - 1:
            continue
        parts.append(part)
    return parts


def _is_member(value: object, part: str | int) -> bool:
    if isinstance(value, dict):
        return part in value
    return isinstance(value, (list, tuple)) and isinstance(part, int) and 0 <= part < len(value)
