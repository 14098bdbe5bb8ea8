"""The JSON Schema of a function's arguments, as clients see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, get_args, get_origin

from reckoner.authoring.arguments.integers import rules_of
from reckoner.authoring.signature import REQUIRED, Parameter

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def integers_schema(
    parameters: Sequence[Parameter], descriptions: Mapping[str, str]
) -> dict[str, Any] | None:
    """Return the schema of arguments that are all integers; None if any is of another type.

    It is the one that pydantic would make, which takes some hundredths of a second to import.
    """
    properties: dict[str, Any] = {}
    for one in parameters:
        rules = rules_of(one.annotation)
        if rules is None or not (one.default is REQUIRED or type(one.default) is int):
            return None
        if one.default is not REQUIRED:
            rules["default"] = one.default
        properties[one.name] = rules
    return arguments_schema({"properties": properties}, parameters, descriptions)


def arguments_schema(
    made: Mapping[str, Any], parameters: Sequence[Parameter], descriptions: Mapping[str, str]
) -> dict[str, Any]:
    """Return a schema in our order of members, described, with no other members in any object."""
    properties = made.get("properties", {})
    for one in parameters:
        description = descriptions.get(one.name) or _documentation(one.annotation)
        if description:
            properties[one.name].setdefault("description", description)
    schema = {
        "$schema": _DIALECT,
        "type": "object",
        "properties": properties,
        "required": [one.name for one in parameters if one.default is REQUIRED],
        "additionalProperties": False,
    }
    if "$defs" in made:
        schema["$defs"] = made["$defs"]
    _close(schema)
    return schema


def _documentation(annotation: Any) -> str | None:
    """Return the words of `annotated_types.doc(…)` or `typing_extensions.Doc(…)`."""
    if get_origin(annotation) is not Annotated:
        return None
    for one in get_args(annotation)[1:]:
        words = getattr(one, "documentation", None)
        if isinstance(words, str):
            return words
    return None


def _close(schema: object) -> None:
    """Say of each object with named members that it has no others: those are refused."""
    if isinstance(schema, list):
        for member in schema:
            _close(member)
    elif isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            schema["additionalProperties"] = False
        for name, member in schema.items():
            if name not in ("default", "enum", "const", "examples"):
                _close(member)
