"""Arguments that are bounded integers only, which need no general validator.

The validator would accept exactly these, but takes many times as long, and this runs for every
request.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

from annotated_types import DocInfo, Ge, Gt, Le, Lt

from reckoner.authoring.arguments.bound import BoundArguments
from reckoner.authoring.signature import REQUIRED, Parameter
from reckoner.canonical_json import canonical_json

#: Integers below it are written by CPython, which refuses longer ones.
_LARGEST_BOUND = 10**1_000


class _Bounds(NamedTuple):
    minimum: int
    maximum: int


def rules_of(annotation: Any) -> dict[str, Any] | None:
    """Return the JSON Schema of an integer with bounds; None for any other annotation."""
    if annotation is int:
        return {"type": "integer"}
    if typing.get_origin(annotation) is not Annotated:
        return None
    bare, *metadata = typing.get_args(annotation)
    if bare is not int:
        return None
    rules: dict[str, Any] = {"type": "integer"}
    for constraint in metadata:
        match constraint:
            case Ge(ge=int(bound)):
                rules["minimum"] = bound
            case Le(le=int(bound)):
                rules["maximum"] = bound
            case Gt(gt=int(bound)):
                rules["exclusiveMinimum"] = bound
            case Lt(lt=int(bound)):
                rules["exclusiveMaximum"] = bound
            case DocInfo():
                pass
            case _:  # pydantic knows what it means, if anything
                return None
    return rules


class BoundedIntegers:
    """The quick check of arguments that are integers with a minimum and a maximum."""

    def __init__(self, properties: Mapping[str, Mapping[str, Any]], defaults: Mapping[str, int]):
        self._bounds = {name: _bounds(rules) for name, rules in properties.items()}
        self._defaults = dict(defaults)
        self._names = self._bounds.keys()
        ordered = sorted(self._bounds)
        members = ",".join(f"{canonical_json(name)}:%({name})d" for name in ordered)
        self._template = "{" + members + "}"

    def bind(self, arguments: object, text: str | None = None) -> BoundArguments | None:
        """Return the arguments if they are plainly right; else None.

        `text` is their canonical text, if it is known.
        """
        if type(arguments) is not dict:
            return None
        if arguments.keys() != self._names:
            if not arguments.keys() < self._names:
                return None
            arguments = {**self._defaults, **arguments}
            if len(arguments) != len(self._names):
                return None
        for name, (minimum, maximum) in self._bounds.items():
            value = arguments[name]
            if type(value) is not int or not minimum <= value <= maximum:
                return None
        return BoundArguments(arguments, text or self._template % arguments)

    def count_faults(self, arguments: object) -> int:
        """Return how many faults there are, as the validator would count them."""
        if not isinstance(arguments, dict):
            return 1
        missing = sum(name not in arguments and name not in self._defaults for name in self._bounds)
        extras = len(arguments.keys() - self._names)
        wrong = sum(
            type(value) is not int
            or not self._bounds[name].minimum <= value <= self._bounds[name].maximum
            for name, value in arguments.items()
            if name in self._bounds
        )
        return missing + wrong + extras


def bounded_integers(
    parameters: Sequence[Parameter], schema: Mapping[str, Any]
) -> BoundedIntegers | None:
    """Return the quick check of integers if each has two bounds; else None.

    `schema` must be that of `rules_of`: pydantic's shows nothing of an author's own validators.
    """
    properties = schema["properties"]
    for rules in properties.values():
        if not rules.keys() & MINIMA or not rules.keys() & MAXIMA:
            return None
        bounds = _bounds(rules)
        if max(abs(bounds.minimum), abs(bounds.maximum)) > _LARGEST_BOUND:
            return None
    defaults = {one.name: one.default for one in parameters if one.default is not REQUIRED}
    return BoundedIntegers(properties, defaults)


MINIMA = {"minimum", "exclusiveMinimum"}
MAXIMA = {"maximum", "exclusiveMaximum"}


def _bounds(rules: Mapping[str, Any]) -> _Bounds:
    """Return the least and the largest integer that the rules allow."""
    least = [rules["minimum"]] if "minimum" in rules else []
    most = [rules["maximum"]] if "maximum" in rules else []
    if "exclusiveMinimum" in rules:
        least.append(rules["exclusiveMinimum"] + 1)
    if "exclusiveMaximum" in rules:
        most.append(rules["exclusiveMaximum"] - 1)
    return _Bounds(max(least), min(most))
