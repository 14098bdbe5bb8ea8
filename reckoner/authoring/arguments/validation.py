"""The validator of a function's arguments, and their JSON Schema, both by pydantic.

Imported when it is needed: pydantic takes some hundredths of a second, and functions of bounded
integers work without it until a client makes a mistake.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import PydanticSerializationError, core_schema

from reckoner.authoring.annotations import advice_on
from reckoner.authoring.arguments.changed import changed_faults
from reckoner.authoring.arguments.refused_types import check_argument
from reckoner.authoring.arguments.unstorable import unstorable_faults
from reckoner.authoring.errors import FunctionInvalid
from reckoner.authoring.signature import REQUIRED, Parameter
from reckoner.canonical_json import canonical_json


class Validator:
    """Validates the arguments of one function, which come as JSON."""

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        """Read types and defaults. Raises FunctionInvalid for what cannot be honoured."""
        defaults = {}
        for one in parameters:
            adapter = _adapter(one)
            if one.default is not REQUIRED:
                defaults[one.name] = _normalised_default(one, adapter)
        self._adapter = _arguments_adapter(parameters, defaults)

    def validate(self, text: str) -> dict[str, Any]:
        """Return the normalised values by name. Raises pydantic's ValidationError.

        Always from JSON: strict validation of Python's objects would refuse what JSON has no type
        for, such as dates, enums and tuples.
        """
        values: dict[str, Any] = self._adapter.validate_json(text, strict=True, extra="forbid")
        return values

    def as_json(self, values: Mapping[str, Any]) -> Any:
        """Return values as dicts, lists, numbers, text, bool and None."""
        return self._adapter.dump_python(values, mode="json", by_alias=True)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the arguments object."""
        return self._adapter.json_schema(by_alias=True, schema_generator=_SchemaGenerator)


class _SchemaGenerator(GenerateJsonSchema):
    """Leaves out the titles that pydantic makes from names, which say nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        """Say no."""
        return False


def _adapter(parameter: Parameter) -> TypeAdapter[Any]:
    """Return the adapter of one argument. Raises FunctionInvalid for what JSON cannot carry."""
    name, annotation = parameter.name, parameter.annotation
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(annotation)
        schema = adapter.core_schema
        kind = schema["type"]  # raises if a type names another that is not defined
    except Exception as error:  # of pydantic's, or of an author's own class
        raise FunctionInvalid(
            f"The argument {name} is of a type that arguments cannot have, "
            f"{typing._type_repr(annotation)}; take one that JSON has, with constraints that fit it"
            f"{advice_on(error)}."
        ) from error
    if kind == "default" and "default" in schema:
        raise FunctionInvalid(
            f"The argument {name} has its default inside of its type; write it after `=`."
        )
    check_argument(name, annotation, schema)
    return adapter


def _normalised_default(parameter: Parameter, adapter: TypeAdapter[Any]) -> Any:
    """Return the default as the function gets it. Raises FunctionInvalid for one that is wrong."""
    name, default = parameter.name, parameter.default
    if isinstance(default, FieldInfo):
        raise FunctionInvalid(
            f"The argument {name} has a Field in place of its default; write the default itself, "
            f"and the Field as `{name}: Annotated[…, Field(…)]`."
        )
    try:
        hash(default)
    except TypeError as error:
        raise FunctionInvalid(
            f"The default of the argument {name} could be changed by the function; take a tuple or "
            "a frozen dataclass, with a type to match."
        ) from error
    try:
        plain = adapter.dump_python(default, mode="json", by_alias=True, warnings="error")
        if next(unstorable_faults(plain), None) is None and _is_same(default, plain):
            return adapter.validate_json(canonical_json(plain), strict=True, extra="forbid")
    except (ValidationError, PydanticSerializationError, ValueError, TypeError):
        pass
    raise FunctionInvalid(
        f"The default of the argument {name}, {_written(default)}, is not of its type; correct one "
        "of the two."
    )


def _written(default: object) -> str:
    """Return a default in short, also an integer that CPython does not write."""
    try:
        return f"{default!r:.60}"
    except ValueError:
        return "a long integer"


def _is_same(default: object, plain: object) -> bool:
    """Say whether pydantic has written a default as it is: it would write True as 1, for an int."""
    is_exact = next(changed_faults(default, plain), None) is None
    return is_exact and isinstance(default, bool) == isinstance(plain, bool)


def _arguments_adapter(
    parameters: Sequence[Parameter], defaults: Mapping[str, Any]
) -> TypeAdapter[Any]:
    """Return the adapter of the whole object, built as that of a TypedDict with defaults would be.

    Not a model, whose fields must not have some names, such as `json` or `copy`.
    """

    class Arguments:
        @classmethod
        def __get_pydantic_core_schema__(cls, _source: Any, handler: Any) -> core_schema.CoreSchema:
            fields = {}
            for one in parameters:
                schema = handler.generate_schema(one.annotation)
                if one.name in defaults:
                    schema = core_schema.with_default_schema(schema, default=defaults[one.name])
                fields[one.name] = core_schema.typed_dict_field(
                    schema, required=one.name not in defaults
                )
            return core_schema.typed_dict_schema(fields)

    return TypeAdapter(Arguments)
