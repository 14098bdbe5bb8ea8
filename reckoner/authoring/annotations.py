"""Types of arguments that cannot be honoured, and are refused when a function is registered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reckoner.authoring.errors import FunctionInvalid

#: Types that one kind of JSON value stands for, which they do not change in meaning.
_KINDS: dict[str, frozenset[str]] = {
    "int": frozenset({"number"}),
    "float": frozenset({"number"}),
    "str": frozenset({"text"}),
    "bool": frozenset({"true or false"}),
    "none": frozenset({"null"}),
    "date": frozenset({"text"}),
    "datetime": frozenset({"text"}),
    "time": frozenset({"text"}),
    "timedelta": frozenset({"text"}),
    "decimal": frozenset({"text", "number"}),
    "fraction": frozenset({"text", "number"}),
    "uuid": frozenset({"text"}),
    "list": frozenset({"list"}),
    "tuple": frozenset({"list"}),
    "dict": frozenset({"object"}),
    "typed-dict": frozenset({"object"}),
    "dataclass": frozenset({"object"}),
    "model": frozenset({"object"}),
    "tagged-union": frozenset({"object"}),
}


def check_argument(name: str, schema: Mapping[str, Any]) -> None:
    """Raise FunctionInvalid if this argument's type cannot be honoured; `schema` is pydantic's."""
    _Check(f"argument {name}").visit(schema)


class _Check:
    """Walks through the type of one argument."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._definitions: dict[str, Mapping[str, Any]] = {}
        self._visited: set[str] = set()

    def visit(self, schema: Mapping[str, Any]) -> None:
        """Check a type and what it consists of."""
        kind = schema["type"]
        if kind == "definitions":
            self._definitions |= {one["ref"]: one for one in schema["definitions"]}
            self.visit(schema["schema"])
            return
        if kind == "definition-ref":
            reference = schema["schema_ref"]
            if reference not in self._visited:
                self._visited.add(reference)
                self.visit(self._definitions[reference])
            return
        if schema.get("serialization"):
            self._refuse(
                "is written in a way of its own (a serializer), so that it cannot be "
                "read again; remove the serializer"
            )
        match kind:
            case "any" | "is-instance" | "callable" | "is-subclass":
                self._refuse(
                    "is of no type that JSON has; name one, such as `int`, `list[float]` or a "
                    "dataclass"
                )
            case "set" | "frozenset":
                self._refuse("is a set, which has no order; take a `list`")
            case "bytes":
                self._refuse(
                    "is bytes, which JSON does not have; take `str`, in base64 for example"
                )
            case "default":
                if schema.get("default_factory") is not None:
                    self._refuse(
                        "has a `default_factory`; give it a default, such as an empty tuple"
                    )
            case "dict":
                if schema.get("keys_schema", {"type": "any"})["type"] not in ("str", "any"):
                    self._refuse("has keys that are not text; use `dict[str, …]`")
            case "union":
                self._check_union(schema)
            case "enum" | "literal" | "nullable" | "function-after" | "model-fields":
                pass
            case "dataclass-args":
                pass
            case _ if kind not in _KINDS:
                self._refuse(f"has a type that JSON does not have ({kind}); take another")
        for inner in _inner(schema):
            self.visit(inner)

    def _check_union(self, schema: Mapping[str, Any]) -> None:
        seen: set[str] = set()
        for choice in _choices(schema):
            kinds = self._kinds(choice)
            if seen & kinds:
                if kinds & seen == {"number"}:
                    self._refuse(
                        "is an integer or a fraction, which JSON does not tell apart; "
                        "take `float`, or `int`"
                    )
                self._refuse(
                    f"is one of several types that are all {min(seen & kinds)} in JSON; take "
                    "one of them, or objects that a `Discriminator` tells apart"
                )
            seen |= kinds

    def _kinds(self, schema: Mapping[str, Any]) -> frozenset[str]:
        """Return the kinds of JSON values of a type."""
        match schema["type"]:
            case "definition-ref":
                return self._kinds(self._definitions[schema["schema_ref"]])
            case "literal":
                return frozenset(_kind_of(value) for value in schema["expected"])
            case "enum":
                return frozenset(_kind_of(member.value) for member in schema["members"])
            case "nullable":
                return self._kinds(schema["schema"]) | {"null"}
            case "union":
                return frozenset().union(*(self._kinds(one) for one in _choices(schema)))
            case "default" | "function-after" | "definitions":
                return self._kinds(schema["schema"])
            case kind:
                return _KINDS.get(kind, frozenset({kind}))

    def _refuse(self, what: str) -> None:
        raise FunctionInvalid(f"The {self._where} {what}.")


def _kind_of(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "number"
        case None:
            return "null"
        case _:
            return "text"


def _choices(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for choice in schema["choices"]:
        yield choice[0] if isinstance(choice, tuple) else choice


def _inner(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the types that a type consists of."""
    if "schema" in schema:
        yield schema["schema"]
    if isinstance(schema.get("items_schema"), dict):
        yield schema["items_schema"]
    elif "items_schema" in schema:
        yield from schema["items_schema"]
    if "values_schema" in schema:
        yield schema["values_schema"]
    match schema:
        case {"type": "union"}:
            yield from _choices(schema)
        case {"type": "tagged-union", "choices": choices}:
            yield from choices.values()
        case {"fields": dict() as fields}:
            yield from (field["schema"] for field in fields.values())
        case {"type": "dataclass-args", "fields": fields}:
            yield from (field["schema"] for field in fields)
