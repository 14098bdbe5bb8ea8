"""Sentences on results that are not what their annotation says, for the author of the function.

pydantic finds what is wrong. It does not look into dataclasses and models that exist, which it only
notices while it takes them apart, without a place: those are read again, from JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from reckoner.authoring.constraints import author_words, requirement
from reckoner.authoring.error_paths import path_to
from reckoner.authoring.faults import pointer_to, shortened, shown

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

#: What is expected, by the type of pydantic's error.
_EXPECTED = {
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "string_type": "text",
    "string_unicode": "text of whole characters",
    "bool_type": "True or False",
    "none_required": "None",
    "list_type": "a list",
    "tuple_type": "a tuple",
    "dict_type": "a dict",
    "mapping_type": "a dict",
    "model_type": "an object of the class {class_name}",
    "dataclass_type": "an object of the class {class_name}",
    "dataclass_exact_type": "an object of the class {class_name}",
    "model_attributes_type": "an object of one of the annotated classes",
    "is_instance_of": "an object of the class {class}",
    "date_type": "a date",
    "datetime_type": "a datetime",
    "timezone_aware": "a datetime with a time zone",
    "timezone_naive": "a datetime without a time zone",
    "time_type": "a time",
    "time_delta_type": "a timedelta",
    "decimal_type": "a Decimal",
    "uuid_type": "a UUID",
    "finite_number": "a finite number",
}

_MAX_ERRORS = 100  # of which the fault is chosen that is told

#: pydantic's name for the name of a dict's member, in the place of an error.
_NAME = "[key]"


def describe(error: ValidationError, value: object) -> str:
    """Return what about a result is not as annotated, to stand within a sentence."""
    errors: Sequence[Mapping[str, Any]] = error.errors(include_url=False)[:_MAX_ERRORS]
    first = path_to(errors[0], value)
    if len(first) < len(errors[0]["loc"]):
        # Of a union's choices, the one that fits best has its fault furthest inside.
        first = max((path_to(one, value) for one in errors), key=len)
    here = [one for one in errors if path_to(one, value) == first]
    pointer = "".join(pointer_to(shortened(str(part))) for part in first)
    subject = f"its member {shortened(pointer)}" if pointer else "it"
    if here[0]["loc"][-1:] == (_NAME,):
        subject = f"the name of {subject}"
    return f"{subject} {_fault(here)}"


def describe_inside(adapter: TypeAdapter[Any], value: object) -> str:
    """Return what about the objects in a result is not as annotated."""
    from pydantic import ValidationError

    with suppress(Exception):  # whatever else is no JSON in it, or an author's own code raises
        text = adapter.dump_json(value, warnings="none")
        try:
            adapter.validate_json(text, strict=True)
        except ValidationError as error:
            return describe(error, json.loads(text))
    return "an object in it holds what its class does not say"


def _fault(errors: Sequence[Mapping[str, Any]]) -> str:
    """Return what is wrong in one place, by the errors of all choices that there are for it."""
    first = errors[0]
    kind, value, context = first["type"], first["input"], first.get("ctx", {})
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return "is none that the annotation has"
    expected = dict.fromkeys(
        _EXPECTED[one["type"]].format_map(one.get("ctx", {}))
        for one in errors
        if one["type"] in _EXPECTED
    )
    if expected:
        return f"must be {' or '.join(expected)}; it is {_in_words(value)}"
    required = requirement(kind, context)
    if required is not None:
        return f"must {required}; it {_size(context) or f'is {_in_words(value)}'}"
    if kind in ("value_error", "assertion_error"):
        return f"was refused: {author_words(str(context.get('error', ''))).rstrip('.')}"
    return f"is not valid; it is {_in_words(value)}"


def _size(context: Mapping[str, Any]) -> str | None:
    length = context.get("actual_length")
    return None if length is None else f"has {length}"


def _in_words(value: object) -> str:
    if isinstance(value, (bool, type(None))):
        return str(value)
    if isinstance(value, (str, int, float)):
        return shown(value)
    return f"of the type {type(value).__name__}"
