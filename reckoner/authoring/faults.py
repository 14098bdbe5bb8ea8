"""Faults of requests: where, and in a sentence, what."""

from __future__ import annotations

import json
from typing import NamedTuple

#: Faults of one request that are described; further ones are counted.
MAX_FAULTS = 100

MAX_SHOWN = 60  # characters of an invalid value that a sentence shows
LONG_INTEGER = 10**MAX_SHOWN


class Fault(NamedTuple):
    """One thing wrong with a request: where (a JSON pointer, RFC 6901) and what."""

    pointer: str
    detail: str


def pointer_to(name: str) -> str:
    """Return the JSON pointer to a member of this name; escaped as RFC 6901 (3) requires."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def shown(value: object) -> str:
    """Return a value as JSON, shortened."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= LONG_INTEGER:
        return f"a {'negative ' if value < 0 else ''}number of more than {MAX_SHOWN} digits"
    try:
        return shortened(json.dumps(value, ensure_ascii=False))
    except (TypeError, ValueError, RecursionError):  # a long integer inside, for example
        return f"a value of {len(value)} members" if isinstance(value, dict | list) else "too long"


def shortened(text: str) -> str:
    """Return the text, cut if it is long, without NUL."""
    text = text.replace("\0", "\\0")
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
