"""What an annotation consists of, by pydantic's schema of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class Walk:
    """Walks through a type and what it consists of, and checks each; a subclass says what."""

    def __init__(self) -> None:
        self.definitions: dict[str, Mapping[str, Any]] = {}
        self._visited: set[str] = set()

    def visit(self, schema: Mapping[str, Any]) -> None:
        """Check a type and what it consists of."""
        kind = schema["type"]
        if kind == "definitions":
            self.definitions |= {one["ref"]: one for one in schema["definitions"]}
            self.visit(schema["schema"])
        elif kind == "definition-ref":
            reference = schema["schema_ref"]
            if reference not in self._visited:
                self._visited.add(reference)
                self.visit(self.definitions[reference])
        else:
            self.check(kind, schema)
            for inner in _inner(schema):
                self.visit(inner)

    def check(self, kind: str, schema: Mapping[str, Any]) -> None:
        """Raise FunctionInvalid if this type is refused, whatever it consists of."""
        raise NotImplementedError


def choices_of(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the types of a union."""
    for choice in schema["choices"]:
        yield choice[0] if isinstance(choice, tuple) else choice


def fields_of(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the members of an object's type."""
    if schema["type"] == "dataclass-args":
        return list(schema["fields"])
    if schema["type"] in ("typed-dict", "model-fields"):
        return list(schema["fields"].values())
    return []


def _inner(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the types that a type consists of."""
    if "schema" in schema:
        yield schema["schema"]
    match schema:
        case {"type": "list"}:
            yield schema.get("items_schema", {"type": "any"})
        case {"type": "tuple", "items_schema": items}:
            yield from items
        case {"type": "dict"}:
            yield schema.get("values_schema", {"type": "any"})
        case {"type": "union"}:
            yield from choices_of(schema)
        case {"type": "tagged-union", "choices": choices}:
            yield from choices.values()
    for field in fields_of(schema):
        yield field["schema"]


def advice_on(error: Exception) -> str:
    """Return what to do about a type that pydantic cannot read, to stand at a sentence's end."""
    if getattr(error, "code", None) == "typed-dict-version":
        return (
            ", and import TypedDict from typing_extensions, which is installed: Python 3.11 cannot "
            "tell everything about that of typing"
        )
    return ""
