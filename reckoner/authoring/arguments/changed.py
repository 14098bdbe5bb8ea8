"""Numbers that pydantic changes silently where it takes them for another type.

It rounds 2^53 + 1 to a double, and finds `true` and `1.0` equal to the 1 of a Literal or an Enum.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from reckoner.authoring.faults import Fault, pointer_to, shortened, shown
from reckoner.canonical_json import fraction_text

#: Values of these types are never changed.
_UNCHANGED = frozenset((str, type(None)))


def changed_faults(given: Any, normal: Any, path: tuple[str | int, ...] = ()) -> Iterator[Fault]:
    """Yield a fault for each number that was given and is another in the normalised arguments."""
    if isinstance(given, dict):
        if isinstance(normal, dict):
            for name, member in given.items():
                if name in normal:
                    yield from changed_faults(member, normal[name], (*path, name))
    elif isinstance(given, list):
        if isinstance(normal, list) and not set(map(type, given)) <= _UNCHANGED:
            for index, (member, other) in enumerate(zip(given, normal, strict=False)):
                yield from changed_faults(member, other, (*path, index))
    elif isinstance(given, bool | int | float) and isinstance(normal, bool | int | float):
        words = _change(given, normal)
        if words is not None:
            name = shortened(".".join(map(str, path)))
            pointer = "".join(pointer_to(shortened(str(part))) for part in path)
            yield Fault(pointer, f"{name} {words}")


def _change(given: float, normal: float) -> str | None:
    """Return in words what must be given instead, or None if the number is the same."""
    if isinstance(given, bool) or isinstance(normal, bool):
        if type(given) is type(normal):
            return None
        expected = "true or false" if isinstance(normal, bool) else "an integer"
        return f"must be {expected}; it is {shown(given)}."
    if isinstance(given, float):
        if isinstance(normal, float):
            return None
        return (
            f"must be an integer, written without a fraction or an exponent; it is {shown(given)}."
        )
    if not isinstance(normal, float) or given == normal:
        return None
    if math.isinf(normal):
        return "must be less than about 1.8e308 in size."
    nearest = fraction_text(normal)
    # RFC 8785 spells a double above 2^53 in 17 digits at most, and zeros: another integer, perhaps.
    # And an author's own validator may have changed the value.
    if str(given) == nearest or float(given) != normal:
        return None
    return f"must be a number that a double can hold; the nearest to {shown(given)} is {nearest}."
