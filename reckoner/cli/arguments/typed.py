"""The value of one argument, from its text and its schema."""

import re
from collections.abc import Mapping
from math import isinf
from typing import Any

from reckoner.cli.arguments.integers import NotWhole, parse_integer
from reckoner.cli.arguments.json_text import NotJson, parse_json
from reckoner.cli.arguments.json_types import json_types

_NUMBER = re.compile(r"[+-]?[0-9]+(?:_[0-9]+)*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS: Mapping[str, tuple[str, bool | None]] = {
    "true": ("boolean", True),
    "false": ("boolean", False),
    "null": ("null", None),
}


class NotOfType(ValueError):
    """Raised when the text of an argument is none of what its schema allows."""


def typed_value(text: str, schema: Any, root: Mapping[str, Any]) -> Any:
    """Return the value that an argument's text stands for. Raises NotOfType.

    Where text is one of several types, it is text only if it is none of the others; in quotes it
    always is.
    """
    types = json_types(schema, root)
    if types == {"string"}:
        return text
    if "string" not in types:
        text = text.strip()  # the newline at the end of a file
    if text in _WORDS and _WORDS[text][0] in types:
        return _WORDS[text][1]
    if types & {"integer", "number"} and _NUMBER.fullmatch(text):
        return _number(text) if "number" in types else _integer(text)
    if text[:1] in _OPENING and _OPENING[text[:1]] in types:
        try:
            return parse_json(text)
        except NotJson as error:
            if "string" not in types:
                raise NotOfType(f"it is not valid JSON: {error}") from None
    if "string" in types:
        return text
    raise NotOfType(_expected(types))


_OPENING = {"[": "array", "{": "object", '"': "string"}


def _integer(text: str) -> int:
    try:
        return parse_integer(text)
    except NotWhole as error:
        raise NotOfType(f"a whole number is wanted, and {error}") from None


def _number(text: str) -> int | float:
    if text.lstrip("+-").replace("_", "").isdigit():
        return _integer(text)  # the service says so if no double equals it
    value = float(text)
    if isinf(value):
        raise NotOfType("it is too large for a number")
    return value


def _expected(types: frozenset[str]) -> str:
    words = [_EXPECTED[name] for name in sorted(types) if name in _EXPECTED]
    return f"it is not {' or '.join(words)}"


_EXPECTED = {
    "array": "a list in JSON, such as [1, 2]",
    "boolean": "true or false",
    "integer": "a whole number, such as 100, 100_000 or 1e8",
    "null": "null",
    "number": "a number",
    "object": 'an object in JSON, such as {"a": 1}',
}
