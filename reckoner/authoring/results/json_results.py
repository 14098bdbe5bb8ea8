"""JSON results: from what a function returned to its canonical text, or why there is none.

pydantic compares the value with the return annotation and takes dataclasses and the like apart.
What it leaves, at any depth, becomes JSON here, and only what has one obvious form: by itself
pydantic would write a set as a list in some order, NaN as null, and the name 1 as "1".
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import math
import re
import uuid
from typing import Any

from reckoner.authoring.annotations import advice_on
from reckoner.authoring.errors import FunctionInvalid, ResultUnusable
from reckoner.authoring.faults import pointer_to
from reckoner.authoring.results.mismatches import describe, describe_inside
from reckoner.authoring.results.refused_types import check_result
from reckoner.canonical_json import canonical_json

_NESTED = "The result is nested too deeply, or contains itself. Return a flatter one."

_MISMATCH = (
    "The result does not match the function's return annotation: {}. Return what the annotation "
    "says, or change it."
)

#: What pydantic says before an exception that an author's serializer has raised.
_RAISED = re.compile(r"^Error calling function `(.*?)`: ")

_ADVICE = "Return what JSON has: text, numbers, lists, dicts with text as names, or a dataclass"

#: What to return in place of types that authors return by mistake.
_INSTEAD = {
    "set": "Return a list in a fixed order, such as sorted(…)",
    "frozenset": "Return a list in a fixed order, such as sorted(…)",
    "ndarray": "Return a list, such as array.tolist()",
    "bytes": "Return text, or bytes alone with the annotation bytes",
    "bytearray": "Return text, or bytes alone with the annotation bytes",
    "generator": "Return a list, such as list(…)",
    "coroutine": "Write the function with def, not async def",
}

_SCALARS = frozenset((str, int, bool, type(None)))
_NUMBERS = _SCALARS | {float}


class JsonResults:
    """Encodes the JSON results of one function, as its return annotation declares them."""

    def __init__(self, annotation: Any) -> None:
        from pydantic import TypeAdapter

        try:
            self._adapter = TypeAdapter(annotation)
        except Exception as error:
            raise FunctionInvalid(
                f"Results of the type {annotation!r:.100} cannot be written as JSON; return "
                f"dicts, lists, numbers and text, or a dataclass of them{advice_on(error)}."
            ) from error
        check_result(self._adapter.core_schema)

    def encode(self, value: object) -> bytes:
        """Return the canonical JSON. Raises ResultUnusable, whose text says what is wrong."""
        try:
            plain = _plain(self._taken_apart(value), "")
            text = canonical_json(plain)
            if "\\ud" in text:
                _check_surrogates(plain, "")
        except RecursionError as error:
            raise ResultUnusable(_NESTED) from error
        return text.encode("ascii")

    def _taken_apart(self, value: object) -> Any:
        """Return dicts and lists in place of dataclasses, if the value fits the annotation."""
        from pydantic import ValidationError
        from pydantic_core import PydanticSerializationError

        # What is of no use as JSON is told in words of its own, whatever the annotation says.
        _check_type(value, "")
        try:
            self._adapter.validate_python(value, strict=True, extra="forbid")
            return self._adapter.dump_python(value, mode="python", warnings="error")
        except ValidationError as error:
            if error.errors(include_url=False)[0]["type"] == "recursion_loop":
                raise ResultUnusable(_NESTED) from error
            raise ResultUnusable(_MISMATCH.format(describe(error, value))) from error
        except PydanticSerializationError as error:
            if "SerializationUnexpectedValue" in str(error):
                fault = describe_inside(self._adapter, value)
                raise ResultUnusable(_MISMATCH.format(fault)) from error
            words = _RAISED.sub(r"its serializer \1 raised ", str(error))[:200]
            raise ResultUnusable(
                f"The result cannot be written as JSON: {words}. Correct that."
            ) from error
        except ValueError as error:
            raise ResultUnusable(_NESTED) from error


def _plain(value: Any, pointer: str) -> Any:
    """Return a value that canonical JSON can hold; lists and dicts of plain values stay the same.

    `set(map(type, …))` runs in C, so a list of a million numbers costs little.
    """
    _check_type(value, pointer)
    kind = type(value)
    if kind in _SCALARS:
        return value
    if isinstance(value, dict):
        for name in value:
            if not isinstance(name, str):
                raise _unusable(
                    pointer,
                    f"has a member whose name is of the type {type(name).__name__}",
                    "Use text as names, such as str(key)",
                )
        if _is_plain(value.values()):
            return value
        return {name: _plain(member, pointer + pointer_to(name)) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        if _is_plain(value):
            return value
        return [_plain(member, f"{pointer}/{index}") for index, member in enumerate(value)]
    if isinstance(value, enum.Enum):
        return _plain(value.value, pointer)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _unusable(pointer, f"is {value}", "Return None or text in its place")
        return float(value)
    if isinstance(value, (str, int)):
        return value
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, (uuid.UUID, decimal.Decimal)):
        return str(value)
    raise _unusable(pointer, f"is of the type {kind.__name__}", _ADVICE)


def _is_plain(members: Any) -> bool:
    """Say whether all of these can stay as they are."""
    kinds = set(map(type, members))
    if kinds <= _SCALARS:
        return True
    return kinds <= _NUMBERS and all(
        math.isfinite(member) for member in members if type(member) is float
    )


def _check_type(value: object, pointer: str) -> None:
    """Raise ResultUnusable for types that authors return by mistake, with what to do instead."""
    kind = type(value)
    advice = _INSTEAD.get(kind.__name__)
    is_numpys = kind.__module__ == "numpy" and not isinstance(value, float)
    if advice is None and is_numpys and hasattr(value, "item"):
        advice = "Return a number of Python's, such as value.item()"
    if advice is not None:
        raise _unusable(pointer, f"is of the type {_type_name(value)}", advice)


def _type_name(value: object) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _check_surrogates(value: Any, pointer: str) -> None:
    """Raise ResultUnusable for text that no encoding can hold."""
    if isinstance(value, dict):
        for name, member in value.items():
            _check_surrogates(name, pointer)
            _check_surrogates(member, pointer + pointer_to(name))
    elif isinstance(value, (list, tuple)):
        for index, member in enumerate(value):
            _check_surrogates(member, f"{pointer}/{index}")
    elif isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise _unusable(
                pointer,
                f"has a lone surrogate at character {error.start}",
                "Return text of whole characters",
            ) from error


def _unusable(pointer: str, fault: str, advice: str) -> ResultUnusable:
    what = f"its member {pointer[:100]}" if pointer else "it"
    return ResultUnusable(f"The result is not JSON: {what} {fault}. {advice}.")
