"""Types of arguments that cannot be honoured, and are refused when a function is registered.

JSON has text, numbers, true and false, null, lists and objects. A type is taken if each of its
values has one form in JSON that can be read again, and if JSON tells the choices of a union apart.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any

from reckoner.authoring.annotations import Walk, choices_of, fields_of
from reckoner.authoring.errors import FunctionInvalid

#: The kinds of JSON values of each type, by pydantic's names of types.
_KINDS: dict[str, frozenset[str]] = {
    "int": frozenset({"numbers"}),
    "float": frozenset({"numbers"}),
    "str": frozenset({"text"}),
    "bool": frozenset({"true or false"}),
    "none": frozenset({"null"}),
    "date": frozenset({"text"}),
    "datetime": frozenset({"text"}),
    "time": frozenset({"text"}),
    "timedelta": frozenset({"text"}),
    "decimal": frozenset({"text", "numbers"}),
    "uuid": frozenset({"text"}),
    "list": frozenset({"lists"}),
    "tuple": frozenset({"lists"}),
    "dict": frozenset({"objects"}),
    "typed-dict": frozenset({"objects"}),
    "dataclass": frozenset({"objects"}),
    "model": frozenset({"objects"}),
    "tagged-union": frozenset({"objects"}),
}

#: What stands between a type and what it consists of.
_TRANSPARENT = frozenset(
    {"default", "nullable", "function-after", "model-fields", "dataclass-args", "literal", "enum"}
)

_UNTYPED = frozenset({"any", "is-instance", "is-subclass", "callable"})
_OWN_CODE = frozenset({"function-before", "function-wrap", "function-plain"})


def check_argument(name: str, annotation: object, schema: Mapping[str, Any]) -> None:
    """Raise FunctionInvalid if this argument's type cannot be honoured; `schema` is pydantic's."""
    _ArgumentCheck(name, annotation).visit(schema)


class _ArgumentCheck(Walk):
    """The type of one argument, of which all is refused that is not known to be safe."""

    def __init__(self, name: str, annotation: object) -> None:
        super().__init__()
        self._name = name
        self._annotation = annotation

    def check(self, kind: str, schema: Mapping[str, Any]) -> None:
        if kind in _UNTYPED:
            self._refuse("is of no type that JSON has; name one, such as `float` or `list[float]`")
        elif kind in ("set", "frozenset"):
            self._refuse("is a set, which has no order; take a list")
        elif kind == "bytes":
            self._refuse("is bytes, which JSON does not have; take `str`, for example in base64")
        elif kind in _OWN_CODE:
            self._refuse("is read by code of its own; use an AfterValidator")
        elif kind == "function-after" and _is_misplaced(schema["function"]["function"]):
            self._refuse(
                "has a constraint that its type cannot have; write it at the type that it is for, "
                "such as `Annotated[int, Ge(0)] | None`"
            )
        elif kind == "dict" and schema.get("keys_schema", {}).get("type") != "str":
            self._refuse("has keys that are not text; use `dict[str, …]`")
        elif kind == "union":
            self._check_union(schema)
        elif kind == "default" and "default_factory" in schema:
            self._refuse("has a `default_factory`; give it a default, which clients can see")
        elif not all(isinstance(value, str | int | None) for value in _choices_of_value(schema)):
            self._refuse("is one of some values that are neither text nor integers; take those")
        elif kind not in _KINDS and kind not in _TRANSPARENT:
            words = typing._type_repr(self._annotation)
            self._refuse(f"is of a type that JSON does not have, {words}; take one that it has")
        elif "serialization" in schema or schema.get("computed_fields"):
            self._refuse("is written by code of its own; leave out serializers and computed fields")

        for field in fields_of(schema):
            self._check_field(field)

    def _check_field(self, field: Mapping[str, Any]) -> None:
        alias = field.get("validation_alias")
        if alias != field.get("serialization_alias") or not isinstance(alias, str | None):
            self._refuse("has a member that is read by one name and written by another; use one")
        if field.get("init") is False or "init_only" in field or "serialization_exclude" in field:
            self._refuse("has a member that is not read, or not kept; leave it out")

    def _check_union(self, schema: Mapping[str, Any]) -> None:
        seen: set[str] = set()
        for choice in choices_of(schema):
            kinds = self._kinds(choice)
            common = seen & kinds
            if "numbers" in common:
                self._refuse(
                    "is an integer or a fraction, which JSON does not tell apart; take `float`, or "
                    "`int`"
                )
            if common:
                self._refuse(
                    f"has several types that are all {min(common)} in JSON; take one of them, or "
                    "objects with a Discriminator"
                )
            seen |= kinds

    def _kinds(self, schema: Mapping[str, Any]) -> frozenset[str]:
        """Return the kinds of JSON values of a type."""
        match schema["type"]:
            case "definition-ref":
                return self._kinds(self.definitions[schema["schema_ref"]])
            case "literal" | "enum":
                return frozenset(map(_kind_of, _choices_of_value(schema)))
            case "nullable":
                return self._kinds(schema["schema"]) | {"null"}
            case "union":
                return frozenset().union(*map(self._kinds, choices_of(schema)))
            case "default" | "function-after":
                return self._kinds(schema["schema"])
            case kind:
                return _KINDS.get(kind, frozenset())

    def _refuse(self, what: str) -> None:
        raise FunctionInvalid(f"The argument {self._name} {what}.")


def _choices_of_value(schema: Mapping[str, Any]) -> list[object]:
    """Return the values of a Literal or an Enum."""
    match schema["type"]:
        case "literal":
            return list(schema["expected"])
        case "enum":
            return [member.value for member in schema["members"]]
        case _:
            return []


def _is_misplaced(validator: Any) -> bool:
    """Say whether pydantic checks a constraint by code, since the type itself does not have it."""
    function = getattr(validator, "func", validator)
    return getattr(function, "__module__", "") == "pydantic._internal._validators"


def _kind_of(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "numbers"
        case _:
            return "text"
