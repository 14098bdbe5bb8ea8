"""Which JSON types a schema allows: they decide how the text of an argument is read."""

from collections.abc import Mapping
from typing import Any

ALL_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})

_OF_PYTHON = {
    bool: "boolean",
    dict: "object",
    float: "number",
    int: "integer",
    list: "array",
    str: "string",
    type(None): "null",
}

#: References lead to references; a schema of ours never has so many in a row.
_MAX_DEPTH = 50


def json_types(schema: Any, root: Mapping[str, Any], depth: int = 0) -> frozenset[str]:
    """Return the names of the types that a value of a schema may have; all if it does not say.

    `root` is the whole schema, in which `$ref` looks for definitions.
    """
    if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
        return ALL_TYPES
    if "const" in schema:
        return frozenset({_type_of(schema["const"])})
    if "enum" in schema:
        return frozenset(map(_type_of, schema["enum"]))
    if "type" in schema:
        named = schema["type"]
        return frozenset([named] if isinstance(named, str) else named)
    if "$ref" in schema:
        return json_types(_definition(schema["$ref"], root), root, depth + 1)
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            found = (json_types(one, root, depth + 1) for one in schema[choice])
            return frozenset().union(*found)
    for one in schema.get("allOf", ()):
        return json_types(one, root, depth + 1)
    return ALL_TYPES


def _definition(reference: str, root: Mapping[str, Any]) -> Any:
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _type_of(value: object) -> str:
    return _OF_PYTHON.get(type(value), "object")
