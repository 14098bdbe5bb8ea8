"""What to do about types that pydantic cannot read."""

from __future__ import annotations


def advice_on(error: Exception) -> str:
    """Return further advice, to stand at the end of a sentence; empty if there is none."""
    if getattr(error, "code", None) == "typed-dict-version":
        return (
            ", and import TypedDict from typing_extensions, which is installed: Python 3.11 cannot "
            "tell everything about that of typing"
        )
    return ""
