"""Arguments as the service stores them: with all defaults, each value as its schema spells it.

These are the rules of docs/reference/calculations.md. Bounds are not checked here: that is the task
of the service.
"""

import contextlib
import re
from collections.abc import Mapping
from typing import Any, TypeAlias
from uuid import UUID

from reckoner.canonical_json import fraction_text

Schema: TypeAlias = Mapping[str, Any]

_NO_RULES: Schema = {}
_DATE_TIME = re.compile(
    r"(?P<day>.{10})[Tt ](?P<minute>\d\d:\d\d)(?P<second>:\d\d)?"
    r"(?:\.(?P<fraction>\d+))?(?P<zone>.*)"
)


def completed(arguments: Any, schema: Schema) -> Any:
    """Return all arguments. Raises ValueError for missing, unknown and wrong ones."""
    return _completed(arguments, schema, schema, "")


def _completed(value: Any, schema: Schema, root: Schema, at: str) -> Any:
    rules = _chosen(value, schema, root)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return _number(value, rules, at)
    if isinstance(value, str):
        return _text(value, rules.get("format"))
    if isinstance(value, list):
        fixed, others = rules.get("prefixItems", ()), rules.get("items", _NO_RULES)
        return [
            _completed(one, fixed[index] if index < len(fixed) else others, root, f"{at}/{index}")
            for index, one in enumerate(value)
        ]
    return _object(value, rules, root, at)


def _object(members: Mapping[str, Any], rules: Schema, root: Schema, at: str) -> dict[str, Any]:
    properties = rules.get("properties", _NO_RULES)
    others = rules.get("additionalProperties", _NO_RULES)
    values = dict(members)
    for name, schema in properties.items():
        if name not in values:
            defaults = [one for one in (schema, _resolved(schema, root)) if "default" in one]
            if defaults:
                values[name] = defaults[0]["default"]
            elif name in rules.get("required", ()):
                raise ValueError(f"{at}/{name} is missing. Give all arguments without a default.")
    if others is False and (unknown := sorted(values.keys() - properties.keys())):
        raise ValueError(f"{at}/{unknown[0]} is no argument. Remove it.")
    other = others if isinstance(others, Mapping) else _NO_RULES
    return {
        name: _completed(value, properties.get(name, other), root, f"{at}/{name}")
        for name, value in values.items()
    }


def _number(value: int | float, rules: Schema, at: str) -> int | float:
    kind = rules.get("type")
    if kind == "integer" and isinstance(value, float):
        raise ValueError(f"{at} must be an integer, and {value!r} is none. Give an int.")
    if kind != "number" or isinstance(value, float):
        return value
    try:
        nearest = float(value)
    except OverflowError:
        raise ValueError(f"{at} is too large for a number of double precision.") from None
    # An integer that no double equals may still be the canonical text of one.
    if int(nearest) != value and fraction_text(nearest) != str(value):
        raise ValueError(f"{at} is an integer that no number of double precision equals.")
    return nearest


def _text(value: str, form: str | None) -> str:
    if form == "uuid":
        with contextlib.suppress(ValueError):
            return str(UUID(value))
        return value
    found = _DATE_TIME.fullmatch(value) if form == "date-time" else None
    if found is None:
        return value
    second = found["second"] or ":00"
    fraction = (found["fraction"] or "").ljust(6, "0")[:6]
    zone = "Z" if re.fullmatch(r"[+-]00:00", found["zone"]) else found["zone"].upper()
    shown = "" if fraction == "000000" else f".{fraction}"
    return f"{found['day']}T{found['minute']}{second}{shown}{zone}"


def _resolved(schema: Schema, root: Schema) -> Schema:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Schema = root["$defs"][reference.rpartition("/")[2]]
    return found


def _chosen(value: Any, schema: Schema, root: Schema) -> Schema:
    """Return the rules for this value: where there are several, the first that is for its type."""
    rules = _resolved(schema, root)
    choices = rules.get("anyOf") or rules.get("oneOf")
    if not choices:
        return rules
    types = _types(value)
    candidates = (_chosen(value, choice, root) for choice in choices)
    return next((one for one in candidates if one.get("type") in types), _NO_RULES)


def _types(value: Any) -> tuple[str, ...]:
    if value is None:
        return ("null",)
    for kind, names in _TYPES:
        if isinstance(value, kind):
            return names
    return ("object",)


#: A bool is an int of Python's, and so comes first.
_TYPES: tuple[tuple[type, tuple[str, ...]], ...] = (
    (bool, ("boolean",)),
    (int, ("integer", "number")),
    (float, ("number",)),
    (str, ("string",)),
    (list, ("array",)),
)
