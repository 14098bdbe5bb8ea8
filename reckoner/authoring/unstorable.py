"""What JSON, or Python's reading of it, may hold and arguments cannot keep unchanged."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from reckoner.authoring.canonical_json import fraction_of, fraction_text
from reckoner.authoring.faults import Fault, pointer_to, shortened, shown

#: CPython and pydantic read and write integers up to it.
_MAX_INTEGER = 10**4_300 - 1


def unstorable_faults(value: object, pointer: str = "") -> Iterator[Fault]:
    """Yield a fault for each text that PostgreSQL cannot hold, and each number that is none."""
    if isinstance(value, int):
        if abs(value) > _MAX_INTEGER:
            yield Fault(pointer, "An integer has more than 4,300 digits; it may be given as text.")
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield Fault(pointer, "A number is NaN, or too large for a double (about 1.8e308).")
    elif isinstance(value, str):
        if not _is_storable(value):
            yield Fault(pointer, "Text must not contain NUL or lone surrogates.")
    elif isinstance(value, Mapping):
        for name, member in value.items():
            inner = pointer + pointer_to(shortened(str(name)))
            if not _is_storable(str(name)):
                yield Fault(pointer, "Names must not contain NUL or lone surrogates.")
                continue
            yield from unstorable_faults(member, inner)
    elif isinstance(value, list | tuple):
        for index, member in enumerate(value):
            yield from unstorable_faults(member, f"{pointer}/{index}")


def inexact_faults(given: object, normal: object, pointer: str = "") -> Iterator[Fault]:
    """Yield a fault for each integer that was given for a fraction and that no double equals."""
    if isinstance(given, int):
        if isinstance(normal, float) and fraction_of(given) is None:
            nearest = "" if math.isinf(normal) else f", or the nearest one, {fraction_text(normal)}"
            yield Fault(pointer, f"No double equals {shown(given)}; give a fraction{nearest}.")
    elif isinstance(given, dict) and isinstance(normal, dict):
        for name, member in given.items():
            if name in normal:
                yield from inexact_faults(member, normal[name], pointer + pointer_to(name))
    elif isinstance(given, list) and isinstance(normal, list):
        for index, (member, other) in enumerate(zip(given, normal, strict=False)):
            yield from inexact_faults(member, other, f"{pointer}/{index}")


def _is_storable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in text
