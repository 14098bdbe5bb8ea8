"""What a request may submit: a schema for each installed function, with its own arguments."""

import copy
import json
from collections.abc import Mapping
from typing import Any

from gateway.description.schemas.builders import Schema, list_of, record, reference
from gateway.http.limits import MAX_BATCH_CALCULATIONS, MAX_NESTING
from gateway.routes.functions import describe_function
from reckoner.authoring.definition import Function
from shared.config import Settings
from shared.functions.registry import Registry

_DEFINITIONS = "#/$defs/"
_SIMPLE: Mapping[str, Any] = {
    "integer": 1,
    "number": 1.5,
    "string": "text",
    "boolean": True,
    "array": [],
    "object": {},
    "null": None,
}

#: Of a list or a text. What must be longer has no example: authors may write any bound.
_LONGEST_EXAMPLE = 16


def submission_schemas(registry: Registry, settings: Settings) -> dict[str, Schema]:
    """Return the schemas of bodies that submit, by name: of all functions, and of each."""
    schemas: dict[str, Schema] = {}
    for function in registry:
        schemas |= _of_function(function, settings)
    names = [function.name for function in registry]
    schemas["Submission"] = _any_of(names)
    schemas["Batch"] = record(
        {
            "calculations": list_of(
                reference("Submission"), minItems=1, maxItems=MAX_BATCH_CALCULATIONS
            )
        },
        closed=True,
    )
    return schemas


def _any_of(names: list[str]) -> Schema:
    if not names:  # nothing is installed that could be submitted
        return record({"function": {"enum": []}, "arguments": {"type": "object"}}, closed=True)
    schema = {
        "description": "One of the installed functions, with its arguments. Integers are exact, of "
        "any size; at most "
        f"{MAX_NESTING} levels of lists and objects.",
        "oneOf": [reference(_submission(name)) for name in names],
        "discriminator": {
            "propertyName": "function",
            "mapping": {name: reference(_submission(name))["$ref"] for name in names},
        },
    }
    # A list of one is no choice, and generators of clients stumble over it.
    return schema if len(names) > 1 else {**reference(_submission(names[0]))}


def _of_function(function: Function, settings: Settings) -> dict[str, Schema]:
    arguments = copy.deepcopy(dict(function.arguments_schema))
    arguments.pop("$schema", None)
    definitions = arguments.pop("$defs", {})
    shown = describe_function(function, settings)
    for name, bounds in shown["bounds"].items():
        if bounds.get("accepted_maximum") is not None:
            # What needs more memory than this server has is refused, as what is out of bounds is.
            arguments["properties"][name]["maximum"] = bounds["accepted_maximum"]
    prefix = _arguments(function.name)
    found = {prefix: {**arguments, "title": _title("Arguments of", function.name)}} | {
        f"{prefix}.{name}": definition for name, definition in definitions.items()
    }
    hoisted: dict[str, Schema] = {
        name: _hoist(schema, f"#/components/schemas/{prefix}.") for name, schema in found.items()
    }
    hoisted[_submission(function.name)] = record(
        {"function": {"type": "string", "const": function.name}, "arguments": reference(prefix)},
        description=function.summary,
        closed=True,
        title=_title("Submission of", function.name),
    )
    return hoisted


def _hoist(schema: Any, prefix: str) -> Any:
    """Return the schema with references to its own definitions as references below `prefix`."""
    if isinstance(schema, list):
        return [_hoist(one, prefix) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: prefix + value.removeprefix(_DEFINITIONS)
        if name == "$ref" and isinstance(value, str) and value.startswith(_DEFINITIONS)
        else _hoist(value, prefix)
        for name, value in schema.items()
    }


def submission_examples(registry: Registry) -> dict[str, Any]:
    """Return a body for each function for which one can be made up from its bounds, by name."""
    found = {}
    for function in registry:
        arguments = _example_arguments(function)
        if arguments is not None:
            body = {"function": function.name, "arguments": arguments}
            found[function.name] = {"summary": function.summary, "value": body}
    return found


def _example_arguments(function: Function) -> Mapping[str, Any] | None:
    """Return the author's example, or arguments made of small numbers and short texts, or None."""
    if function.examples:
        return function.examples[0]
    schema = function.arguments_schema
    required = schema.get("required", [])
    try:
        arguments = {name: _example(schema["properties"][name]) for name in required}
        function.bind(json.loads(json.dumps(arguments)))
    except Exception:  # an author's schema may be of any form, and own checks may refuse anything
        return None
    return arguments


def _example(schema: Mapping[str, Any]) -> Any:
    if "default" in schema or schema.get("examples"):
        return schema["default"] if "default" in schema else schema["examples"][0]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type")
    if kind in ("integer", "number"):
        return _example_number(schema, kind)
    if kind == "array":
        return [_example(schema.get("items", {}))] * _shown(max(1, schema.get("minItems", 1)))
    if kind == "string":
        return "text".ljust(_shown(schema.get("minLength", 0)), ".")[: schema.get("maxLength")]
    return _SIMPLE.get(str(kind))


def _shown(length: int) -> int:
    """Return a length; raise ValueError for one that nobody would read."""
    if length > _LONGEST_EXAMPLE:
        raise ValueError(length)
    return length


def _example_number(schema: Mapping[str, Any], kind: str) -> Any:
    least = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    step = 1 if kind == "integer" else 0.5
    value = max(least + step if "exclusiveMinimum" in schema else least, 0)
    most = schema.get("maximum", schema.get("exclusiveMaximum"))
    wanted = value + 30 if kind == "integer" else value + step
    return wanted if most is None or wanted < most else value


def _submission(name: str) -> str:
    return f"Submission_{name}"


def _arguments(name: str) -> str:
    return f"Arguments_{name}"


def _title(words: str, name: str) -> str:
    return f"{words} {name}"
