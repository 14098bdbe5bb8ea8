"""The check of arguments against a function's JSON Schema."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from shared.errors import MAX_FAULTS, Fault, pointer_to
from shared.functions.fault_descriptions import describe, shortened

if TYPE_CHECKING:
    from jsonschema import ValidationError

# CPython does not format integers of more than 4,300 digits, which the validator's messages would.
# A longer one is beyond every bound, so it is replaced by this.
HUGE_INTEGER = 10**4_200


class _Bounds(NamedTuple):
    minimum: int
    maximum: int


class ArgumentsCheck:
    """The check of one function's arguments. Builds its validator when it is first needed."""

    def __init__(self, function_name: str, schema: Mapping[str, Any]) -> None:
        self._function_name = function_name
        self._schema = schema
        self._bounds = _integer_bounds(schema)
        self._validator: Any = None

    def prepare(self) -> None:
        """Build the validator, which takes some milliseconds."""
        if self._validator is None:
            self._validator = _strict_validator(self._schema)

    def faults(self, arguments: object) -> list[Fault]:
        """Return the faults, each with a pointer into the arguments object and a sentence.

        At most MAX_FAULTS of them; `count` returns how many there are.
        """
        if self._is_plainly_right(arguments):
            return []
        found = (
            fault
            for error in self._errors(arguments)
            for fault in describe(error, self._function_name)
        )
        return list(itertools.islice(found, MAX_FAULTS)) or list(
            itertools.islice(_unstorable_faults(arguments, ""), MAX_FAULTS)
        )

    def count(self, arguments: object) -> int:
        """Return how many faults there are, without their sentences, which take most time."""
        if self._is_plainly_right(arguments):
            return 0
        if self._bounds is not None and type(arguments) is dict:
            return self._count_of_integers(self._bounds, arguments)
        counted = sum(_weight(error) for error in self._errors(arguments))
        return counted or sum(1 for _ in _unstorable_faults(arguments, ""))

    def _count_of_integers(self, bounds: Mapping[str, _Bounds], arguments: dict[str, Any]) -> int:
        """Count as the validator would, where all arguments are bounded integers."""
        missing = sum(name not in arguments for name in self._schema.get("required", ()))
        extras = len(arguments.keys() - bounds.keys())
        wrong = sum(
            type(value) is not int or not bounds[name].minimum <= value <= bounds[name].maximum
            for name, value in arguments.items()
            if name in bounds
        )
        return missing + wrong + (0 if self._schema["additionalProperties"] else extras)

    def _errors(self, arguments: object) -> Iterator[ValidationError]:
        self.prepare()
        errors: Iterator[ValidationError] = self._validator.iter_errors(
            _with_writable_integers(arguments)
        )
        return errors

    def _is_plainly_right(self, arguments: object) -> bool:
        """Say whether all arguments are there, no others, and each an int within its bounds.

        Where all arguments are bounded integers, the validator would accept exactly these, but
        takes 20 times as long, and this runs for every request.
        """
        if self._bounds is None or type(arguments) is not dict:
            return False
        if arguments.keys() != self._bounds.keys():
            return False
        for name, (minimum, maximum) in self._bounds.items():
            value = arguments[name]
            if type(value) is not int or not minimum <= value <= maximum:
                return False
        return True


def _weight(error: ValidationError) -> int:
    """Return how many faults the validator's error stands for: one for each unknown argument."""
    value: Any = error.instance
    if error.validator != "additionalProperties" or not isinstance(error.schema, Mapping):
        return 1
    known = error.schema.get("properties", {})
    return sum(name not in known for name in value)


def _strict_validator(schema: Mapping[str, Any]) -> Any:
    """Return a validator that does not accept 10.0 as an integer.

    JSON Schema would (core, 4.2.1). But its canonical JSON is not that of 10, so one calculation
    would have two ids.
    """
    # Imported when needed: child processes never describe faults, and start faster without it.
    from jsonschema import Draft202012Validator, validators

    strict_types = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _checker, value: type(value) is int
    )
    validator = validators.extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, type_checker=strict_types
    )
    return validator(schema)


def _integer_bounds(schema: Mapping[str, Any]) -> dict[str, _Bounds] | None:
    """Return the bounds of each argument if the schema has no other rules, else None."""
    known = {"$schema", "title", "description", "type", "properties", "required"}
    properties = schema.get("properties", {})
    if schema.keys() != known & schema.keys() | {"additionalProperties", "type"}:
        return None
    if schema["type"] != "object" or not set(schema.get("required", ())) <= properties.keys():
        return None
    described = {"title", "description", "examples", "default"}
    if any(
        rules.keys() - described != {"type", "minimum", "maximum"}
        or rules["type"] != "integer"
        or type(rules["minimum"]) is not int
        or type(rules["maximum"]) is not int
        for rules in properties.values()
    ):
        return None
    return {name: _Bounds(r["minimum"], r["maximum"]) for name, r in properties.items()}


def _unstorable_faults(value: object, pointer: str) -> Iterator[Fault]:
    """Yield what a schema may allow and the store cannot keep unchanged.

    PostgreSQL's text has no NUL and no lone surrogates, and its JSON formats fractions differently,
    so that the id would no longer follow from the arguments.
    """
    if isinstance(value, float):
        yield Fault(pointer, "Numbers must be integers; give a fraction as text.")
    elif isinstance(value, str) and not _is_storable(value):
        yield Fault(pointer, "Text must not contain NUL or lone surrogates.")
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield from _unstorable_faults(member, pointer + pointer_to(shortened(str(name))))
    elif isinstance(value, list | tuple):
        for index, member in enumerate(value):
            yield from _unstorable_faults(member, f"{pointer}/{index}")


def _is_storable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _with_writable_integers(value: object) -> object:
    if type(value) is int:
        return max(-HUGE_INTEGER, min(value, HUGE_INTEGER))
    if isinstance(value, dict):
        return {name: _with_writable_integers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_with_writable_integers(member) for member in value]
    return value
