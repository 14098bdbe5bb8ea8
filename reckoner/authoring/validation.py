"""The validator of a function's arguments, and their JSON Schema, both by pydantic.

Imported when it is needed: pydantic takes some hundredths of a second, and functions of bounded
integers work without it until a client makes a mistake.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from reckoner.authoring.annotations import check_argument
from reckoner.authoring.errors import FunctionInvalid
from reckoner.authoring.signature import REQUIRED, Parameter


class Validator:
    """Validates the arguments of one function, which come as JSON."""

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self._adapters = {one.name: _adapter(one) for one in parameters}
        self.defaults = {
            one.name: normalised_default(one, self._adapters[one.name])
            for one in parameters
            if one.default is not REQUIRED
        }
        self.adapter = _arguments_adapter(parameters, self.defaults)

    def validate(self, text: str) -> dict[str, Any]:
        """Return the normalised values by name. Raises pydantic's ValidationError."""
        values: dict[str, Any] = self.adapter.validate_json(text, strict=True, extra="forbid")
        return values

    def as_json(self, values: Mapping[str, Any]) -> Any:
        """Return values as dicts, lists, numbers, text, bool and None."""
        return self.adapter.dump_python(dict(values), mode="json", by_alias=True)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the arguments object."""
        return self.adapter.json_schema(by_alias=True, schema_generator=_SchemaGenerator)


class _SchemaGenerator(GenerateJsonSchema):
    """Leaves out the titles that pydantic makes from names, which say nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        """Say no."""
        return False


def _adapter(parameter: Parameter) -> TypeAdapter[Any]:
    """Return the adapter of one argument. Raises FunctionInvalid for what JSON cannot carry."""
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(parameter.annotation)
    except Exception as error:  # of pydantic's, or of an author's own class
        first_line = str(error).partition("\n")[0]
        raise FunctionInvalid(
            f"The type of the argument {parameter.name} cannot be used: {first_line}"
        ) from error
    check_argument(parameter.name, adapter.core_schema)
    return adapter


def normalised_default(parameter: Parameter, adapter: TypeAdapter[Any]) -> Any:
    """Return the default as the function gets it. Raises FunctionInvalid for one that is wrong."""
    name, default = parameter.name, parameter.default
    try:
        hash(default)
    except TypeError as error:
        raise FunctionInvalid(
            f"The default of the argument {name} can be changed by the function; use a tuple, or "
            "a frozen dataclass."
        ) from error
    try:
        text = adapter.dump_json(default, by_alias=True, warnings="error")
        return adapter.validate_json(text, strict=True, extra="forbid")
    except (ValidationError, ValueError, TypeError) as error:
        raise FunctionInvalid(
            f"The default of the argument {name}, {default!r:.60}, is not of its type; correct one "
            "of the two."
        ) from error


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
