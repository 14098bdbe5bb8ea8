"""Sentences on invalid arguments, in words that users can act on."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from shared.errors import Fault, pointer_to

if TYPE_CHECKING:
    from jsonschema import ValidationError

MAX_SHOWN = 60  # characters of an invalid value that a message shows
MAX_EXTRAS = 20  # unknown arguments that are named
LONG_INTEGER = 10**MAX_SHOWN


def describe(error: ValidationError, function_name: str) -> Iterator[Fault]:
    """Yield the faults that an error of the validator stands for."""
    pointer = "".join(pointer_to(str(part)) for part in error.absolute_path)
    name = ".".join(str(part) for part in error.absolute_path) or "The arguments"
    value: Any = error.instance
    limit: Any = error.validator_value
    match error.validator:
        case "required":
            for missing in limit:
                # The validator reports each missing name in an error of its own.
                if missing not in value and error.message.startswith(repr(missing)):
                    yield Fault(pointer + pointer_to(missing), f"{missing} is missing.")
        case "additionalProperties" if isinstance(error.schema, Mapping):
            known = error.schema.get("properties", {})
            extras = (name for name in value if name not in known)
            for extra in itertools.islice(extras, MAX_EXTRAS):
                yield Fault(
                    pointer + pointer_to(shortened(extra)),
                    f"{shortened(extra)} is not an argument of {function_name},"
                    f" which takes {', '.join(known) or 'none'}.",
                )
        case "type" if limit == "object":
            yield Fault(pointer, f"{name} must be an object; got {_shown(value)}.")
        case "type" if limit == "integer":
            yield Fault(pointer, _integer_fault(name, value))
        case "type":
            yield Fault(pointer, f"{name} must be of type {limit}; it is {_shown(value)}.")
        case "minimum":
            yield Fault(pointer, f"{name} must be at least {limit}; it is {_shown(value)}.")
        case "maximum":
            yield Fault(pointer, f"{name} must be at most {limit}; it is {_shown(value)}.")
        case keyword:
            yield Fault(
                pointer,
                f"{name} must satisfy {keyword} {_shown(limit)}; it is {_shown(value)}.",
            )


def _integer_fault(name: str, value: object) -> str:
    if isinstance(value, bool):
        return f"{name} must be an integer; {_shown(value)} is not a number."
    if isinstance(value, str):
        return f"{name} must be an integer; {_shown(value)} is text."
    if isinstance(value, float) and value.is_integer():
        return (
            f"{name} must be an integer, written without a fraction or an exponent;"
            f" it is {_shown(value)}."
        )
    return f"{name} must be an integer; it is {_shown(value)}."


def _shown(value: object) -> str:
    """Return a value as JSON, shortened."""
    if isinstance(value, int) and abs(value) >= LONG_INTEGER:
        return f"a {'negative ' if value < 0 else ''}number of more than {MAX_SHOWN} digits"
    return shortened(json.dumps(value, ensure_ascii=False))


def shortened(text: str) -> str:
    """Return the text, cut if it is long, without NUL."""
    text = text.replace("\0", "\\0")
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
