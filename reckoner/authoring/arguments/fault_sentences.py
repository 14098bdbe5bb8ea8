"""Sentences on invalid arguments, from pydantic's errors, in words that users can act on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reckoner.authoring.constraints import author_words, requirement
from reckoner.authoring.error_paths import UNKNOWN, path_to
from reckoner.authoring.faults import Fault, pointer_to, shortened, shown

_MAX_EXTRAS = 20  # unknown arguments that are named

#: What is expected, by the type of pydantic's error.
_EXPECTED = {
    "int_type": "an integer",
    "int_from_float": "an integer",
    "int_parsing": "an integer",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "none_required": "null",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "dataclass_type": "an object",
    "dataclass_exact_type": "an object",
    "model_attributes_type": "an object",
    "date_type": 'a date such as "2026-11-26"',
    "date_parsing": 'a date such as "2026-11-26"',
    "date_from_datetime_parsing": 'a date such as "2026-11-26"',
    "date_from_datetime_inexact": 'a date such as "2026-11-26", without a time',
    "datetime_type": 'a time such as "2026-11-26T10:30:00Z"',
    "datetime_parsing": 'a time such as "2026-11-26T10:30:00Z"',
    "datetime_from_date_parsing": 'a time such as "2026-11-26T10:30:00Z"',
    "timezone_aware": 'a time with its zone, such as "2026-11-26T10:30:00Z"',
    "timezone_naive": 'a time without a zone, such as "2026-11-26T10:30:00"',
    "time_type": 'a time of day such as "10:30:00"',
    "time_parsing": 'a time of day such as "10:30:00"',
    "time_delta_type": 'a duration such as "PT90S"',
    "time_delta_parsing": 'a duration such as "PT90S"',
    "decimal_type": 'a decimal number such as "1.50"',
    "decimal_parsing": 'a decimal number such as "1.50"',
    "uuid_type": "a UUID",
    "uuid_parsing": "a UUID",
    "finite_number": "a finite number",
}

_TYPE_ERRORS = frozenset(_EXPECTED)


def describe(
    errors: Sequence[Mapping[str, Any]], arguments: object, function_name: str, known: Sequence[str]
) -> Iterator[Fault]:
    """Yield a fault for each error; `known` are the names of the arguments."""
    extras = 0
    for error in errors:
        parts = path_to(error, arguments)
        pointer = "".join(pointer_to(shortened(str(part))) for part in parts)
        if error["type"] in UNKNOWN:
            extras += 1
            if extras <= _MAX_EXTRAS:
                yield Fault(pointer, _unknown(parts, function_name, known))
            continue
        yield Fault(pointer, _sentence(error, parts))


def without_other_choices(
    errors: Sequence[Mapping[str, Any]], arguments: object
) -> list[Mapping[str, Any]]:
    """Join the errors of a union's choices, which pydantic reports one by one.

    JSON tells the choices apart. So one choice at most is of the value's kind, and only its errors
    help; if none is, all kinds are expected.
    """
    paths = [tuple(path_to(error, arguments)) for error in errors]
    is_of_choice = [
        len(path) < len(error["loc"]) and error["type"] in _TYPE_ERRORS
        for path, error in zip(paths, errors, strict=True)
    ]
    if not any(is_of_choice):
        return list(errors)
    explained: set[tuple[str | int, ...]] = set()
    for path, is_kind in zip(paths, is_of_choice, strict=True):
        explained.update(path[:length] for length in range(len(path) + (not is_kind)))
    joined: dict[tuple[str | int, ...], dict[str, Any]] = {}
    found: list[Mapping[str, Any]] = []
    for error, path, is_kind in zip(errors, paths, is_of_choice, strict=True):
        if not is_kind:
            found.append(error)
        elif path in joined:
            joined[path]["type"] = "joined"
            joined[path]["expected"][_EXPECTED[error["type"]]] = None
        elif path not in explained:
            joined[path] = {**error, "expected": {_EXPECTED[error["type"]]: None}}
            found.append(joined[path])
    return found


def _unknown(parts: Sequence[str | int], function_name: str, known: Sequence[str]) -> str:
    name = shortened(str(parts[-1]))
    if len(parts) == 1:
        return (
            f"{name} is not an argument of {function_name},"
            f" which takes {', '.join(known) or 'none'}."
        )
    return f"{name} is not a member of {_name(parts[:-1])}; leave it out."


def _name(parts: Sequence[str | int]) -> str:
    return shortened(".".join(str(part) for part in parts)) or "The arguments"


def _sentence(error: Mapping[str, Any], parts: Sequence[str | int]) -> str:
    name, value, context = _name(parts), error.get("input"), error.get("ctx", {})
    kind: str = error["type"]
    if kind in ("missing", "missing_argument", "missing_keyword_only_argument"):
        return f"{_name(parts)} is missing."
    if kind == "joined":
        return f"{name} must be {' or '.join(error['expected'])}; it is {shown(value)}."
    if not parts and kind in ("dict_type", "model_type"):
        return f"The arguments must be an object; got {shown(value)}."
    if kind in ("int_type", "int_from_float", "int_parsing"):
        return _integer_sentence(name, value)
    if kind in _EXPECTED:
        return f"{name} must be {_EXPECTED[kind]}; it is {shown(value)}."
    limit = requirement(kind, context)
    if limit is not None:
        return f"{name} must {limit}; it is {shown(value)}."
    if kind in ("value_error", "assertion_error"):
        return f"{name}: {author_words(str(context.get('error', '')))}"
    return f"{name} is not valid; it is {shown(value)}."


def _integer_sentence(name: str, value: object) -> str:
    if isinstance(value, bool):
        return f"{name} must be an integer; {shown(value)} is not a number."
    if isinstance(value, str):
        return f"{name} must be an integer; {shown(value)} is text."
    if isinstance(value, float) and value.is_integer():
        return (
            f"{name} must be an integer, written without a fraction or an exponent;"
            f" it is {shown(value)}."
        )
    return f"{name} must be an integer; it is {shown(value)}."
