"""A function's arguments: their JSON Schema, their validation and their canonical text."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

from reckoner.authoring.argument_faults import describe
from reckoner.authoring.bound import BoundArguments
from reckoner.authoring.canonical_json import canonical_json
from reckoner.authoring.errors import ArgumentsFaulty
from reckoner.authoring.faults import MAX_FAULTS, Fault
from reckoner.authoring.integers import bounded_integers, rules_of
from reckoner.authoring.signature import REQUIRED, Parameter
from reckoner.authoring.unstorable import inexact_faults, unstorable_faults, with_writable_integers

if TYPE_CHECKING:
    from reckoner.authoring.validation import Validator

__all__ = ["Arguments", "BoundArguments"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Arguments:
    """The arguments of one function. Builds its general validator when it is first needed."""

    def __init__(self, function_name: str, parameters: tuple[Parameter, ...]) -> None:
        """Read the types and defaults. Raises FunctionInvalid for what cannot be honoured."""
        self._function_name = function_name
        self._parameters = parameters
        self.names = tuple(one.name for one in parameters)
        self.schema: Mapping[str, Any] = self._make_schema()
        self._integers = bounded_integers(parameters, self.schema["properties"])

    @cached_property
    def _validator(self) -> Validator:
        from reckoner.authoring.validation import Validator

        return Validator(self._parameters)

    def prepare(self) -> None:
        """Build the validator, which takes some hundredths of a second."""
        _ = self._validator

    def bind(self, arguments: object) -> BoundArguments:
        """Return the normalised arguments. Raises ArgumentsFaulty."""
        if self._integers is not None:
            bound = self._integers.bind(arguments)
            if bound is not None:
                return bound
        faults = list(itertools.islice(unstorable_faults(arguments), MAX_FAULTS))
        if faults:
            raise ArgumentsFaulty(faults, sum(1 for _ in unstorable_faults(arguments)))
        values = self._validate(json.dumps(with_writable_integers(arguments)), arguments)
        normal = self._validator.as_json(values)
        faults = list(inexact_faults(arguments, normal))
        if faults:
            raise ArgumentsFaulty(faults[:MAX_FAULTS], len(faults))
        return BoundArguments(values, canonical_json(normal))

    def bind_text(self, text: str) -> BoundArguments:
        """Return the arguments of a text that `bind` has made. Raises ArgumentsFaulty."""
        if self._integers is not None:
            bound = self._integers.bind(_parsed(text), text)
            if bound is not None:
                return bound
        return BoundArguments(self._validate(text, None), text)

    def count_faults(self, arguments: object) -> int:
        """Return how many faults there are, without their sentences, which take most time."""
        if self._integers is not None and next(unstorable_faults(arguments), None) is None:
            return self._integers.count_faults(arguments)
        try:
            self.bind(arguments)
        except ArgumentsFaulty as error:
            return error.count
        return 0

    def _validate(self, text: str, arguments: object) -> dict[str, Any]:
        from pydantic import ValidationError

        try:
            return self._validator.validate(text)
        except ValidationError as error:
            if arguments is None:
                arguments = _parsed(text)
            found = error.errors(include_url=False)
            faults = describe(found, arguments, self._function_name, self.names)
            raise ArgumentsFaulty(
                list(itertools.islice(faults, MAX_FAULTS)), error.error_count()
            ) from None

    def _make_schema(self) -> Mapping[str, Any]:
        properties: dict[str, Any] = {}
        for one in self._parameters:
            rules = rules_of(one.annotation)
            if rules is None or type(one.default) not in (int, type(REQUIRED)):
                return self._general_schema()
            properties[one.name] = rules | _description(one)
            if one.default is not REQUIRED:
                properties[one.name]["default"] = one.default
        if any(one.default is not REQUIRED for one in self._parameters):
            self.prepare()  # which checks the defaults
        return self._closed({"properties": properties, "required": self._required()})

    def _general_schema(self) -> Mapping[str, Any]:
        made = self._validator.schema()
        for one in self._parameters:
            made["properties"][one.name] |= _description(one)
        return self._closed(made)

    def _required(self) -> list[str]:
        return [one.name for one in self._parameters if one.default is REQUIRED]

    def _closed(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the schema in our order of members, with no other members in any object."""
        rest = {key: schema[key] for key in schema if key == "$defs"}
        for definition in rest.get("$defs", {}).values():
            if "properties" in definition:
                definition["additionalProperties"] = False
        return {
            "$schema": _DIALECT,
            "type": "object",
            "properties": schema.get("properties", {}),
            "required": self._required(),
            "additionalProperties": False,
            **rest,
        }


def _description(parameter: Parameter) -> dict[str, str]:
    """Return what the annotation says about the argument in words."""
    if get_origin(parameter.annotation) is not Annotated:
        return {}
    for one in get_args(parameter.annotation)[1:]:
        words = getattr(one, "documentation", None)
        if isinstance(words, str):
            return {"description": words}
    return {}


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ArgumentsFaulty([Fault("", "The arguments are not JSON.")], 1) from error
