"""Short ways to write JSON Schemas."""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
SECONDS: Schema = {"type": "number", "minimum": 0}
MOMENT: Schema = {"type": "string", "format": "date-time"}
IDENTITY: Schema = {"type": "string", "format": "uuid"}
SHA256: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def reference(name: str) -> Schema:
    """Return a reference to a schema of the description."""
    return {"$ref": f"#/components/schemas/{name}"}


def or_null(schema: Mapping[str, Any]) -> Schema:
    """Return a schema that takes null as well."""
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [dict(schema), {"type": "null"}]}


def described(schema: Mapping[str, Any], description: str) -> Schema:
    """Return a schema with a description."""
    return {**schema, "description": description}


def list_of(schema: Mapping[str, Any], **more: Any) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": dict(schema), **more}


def record(
    members: Mapping[str, Any],
    *,
    optional: tuple[str, ...] = (),
    description: str | None = None,
    closed: bool = False,
    **more: Any,
) -> Schema:
    """Return the schema of an object whose members are all there, but for the optional ones.

    It is closed where a further member is an error: in requests. Responses may get more members.
    """
    found: Schema = {"type": "object"}
    if description is not None:
        found["description"] = description
    found["properties"] = dict(members)
    required = [name for name in members if name not in optional]
    if required:
        found["required"] = required
    if closed:
        found["additionalProperties"] = False
    return {**found, **more}
