"""What JSON, or Python's reading of it, may hold and arguments cannot keep unchanged."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from reckoner.authoring.faults import Fault, pointer_to, shortened

#: CPython reads and writes integers of this many digits by default, and no longer ones.
MAX_DIGITS = 4_300
TOO_LONG = 10**MAX_DIGITS

_FRACTIONS = frozenset((float,))


def unstorable_faults(value: Any, pointer: str = "") -> Iterator[Fault]:
    """Yield a fault for each text that PostgreSQL cannot hold, and each number that is none."""
    kind = type(value)
    if kind is str:
        if not _is_storable(value):
            yield Fault(pointer, "Text must not contain NUL or lone surrogates.")
    elif kind is int:
        if not -TOO_LONG < value < TOO_LONG:
            yield Fault(pointer, f"An integer must not have more than {MAX_DIGITS:,} digits.")
    elif kind is float:
        if not math.isfinite(value):
            yield Fault(pointer, "A number must be finite, and less than about 1.8e308 in size.")
    elif kind is dict:
        for name, member in value.items():
            if not _is_storable(name):
                yield Fault(pointer, "Names must not contain NUL or lone surrogates.")
            else:
                yield from unstorable_faults(member, pointer + pointer_to(shortened(name)))
    elif kind is list and not _are_finite(value):
        for index, member in enumerate(value):
            yield from unstorable_faults(member, f"{pointer}/{index}")


def _are_finite(members: list[Any]) -> bool:
    """Say whether all are fractions that can be kept. Runs in C, for long lists of them."""
    return set(map(type, members)) <= _FRACTIONS and all(map(math.isfinite, members))


def _is_storable(text: str) -> bool:
    if text.isascii():
        return "\0" not in text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in text
