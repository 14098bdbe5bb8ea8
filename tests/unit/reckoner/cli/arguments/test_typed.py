"""The value of an argument, by the types that its schema allows."""

import pytest

from reckoner.cli.arguments.typed import NotOfType, typed_value

INTEGER = {"type": "integer"}
NUMBER = {"type": "number"}
TEXT = {"type": "string"}
MAYBE_INTEGER = {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None}
MAYBE_TEXT = {"anyOf": [{"type": "string"}, {"type": "null"}]}
TEXT_OR_INTEGER = {"anyOf": [{"type": "string"}, {"type": "integer"}]}
NUMBERS = {"type": "array", "items": {"type": "number"}}
ROOT = {"$defs": {"Point": {"type": "object"}, "Size": {"$ref": "#/$defs/Whole"}, "Whole": INTEGER}}

VALUES = [
    (INTEGER, "1e8", 100_000_000),
    (INTEGER, " 12\n", 12),
    (NUMBER, "0.1", 0.1),
    (NUMBER, "1e23", 1e23),
    (NUMBER, "1_000.5", 1000.5),
    (NUMBER, "9007199254740993", 2**53 + 1),
    ({"type": "boolean"}, "true", True),
    ({"type": "boolean"}, "false", False),
    ({"type": "null"}, "null", None),
    (TEXT, "true", "true"),
    (TEXT, '"quoted"', '"quoted"'),
    (TEXT, " 5\n", " 5\n"),
    (TEXT, "", ""),
    (MAYBE_INTEGER, "null", None),
    (MAYBE_INTEGER, "1e3", 1000),
    (MAYBE_TEXT, "null", None),
    (MAYBE_TEXT, '"null"', "null"),
    (MAYBE_TEXT, "{", "{"),
    (MAYBE_TEXT, '"', '"'),
    (TEXT_OR_INTEGER, "5", 5),
    (TEXT_OR_INTEGER, '"5"', "5"),
    (TEXT_OR_INTEGER, "five", "five"),
    (NUMBERS, "[1, 2.5, 1e2]", [1, 2.5, 100.0]),
    ({"$ref": "#/$defs/Point"}, '{"x": 1}', {"x": 1}),
    ({"$ref": "#/$defs/Size"}, "1e3", 1000),
    ({"allOf": [{"$ref": "#/$defs/Whole"}], "description": "…"}, "1e3", 1000),
    ({"enum": ["call", "put"]}, "put", "put"),
    ({"enum": [1, 2]}, "1e0", 1),
    ({"const": True}, "true", True),
    ({}, "1e3", 1000.0),
    ({}, "[1]", [1]),
]


@pytest.mark.parametrize(("schema", "text", "value"), VALUES)
def test_an_argument_has_the_value_and_the_type_that_is_meant(schema, text, value):
    found = typed_value(text, schema, ROOT)
    assert (found, type(found)) == (value, type(value))


FAULTS = [
    (INTEGER, "1.5e0", "a whole number is wanted, and it is a fraction"),
    (INTEGER, "1e5000", "more than 4,300 digits"),
    (INTEGER, "true", "it is not a whole number"),
    (INTEGER, "five", "such as 100, 100_000 or 1e8"),
    (NUMBER, "nan", "it is not a number"),
    (NUMBER, "inf", "it is not a number"),
    (NUMBER, "1e400", "too large"),
    ({"type": "boolean"}, "yes", "it is not true or false"),
    ({"type": "boolean"}, "1", "it is not true or false"),
    (NUMBERS, "1, 2", "a list in JSON"),
    (NUMBERS, "[1,", "it is not valid JSON"),
    (NUMBERS, "[NaN]", "NaN is not valid JSON"),
    (NUMBERS, "[1e400]", "1e400 is too large"),
    (NUMBERS, f"[{'1' * 4301}]", "more than 4,300 digits"),
    (NUMBERS, "[" * 100_000, "nested too deeply"),
    ({"$ref": "#/$defs/Point"}, '{"x": 1, "x": 2}', "named twice"),
    (MAYBE_INTEGER, "x", "it is not a whole number, such as 100, 100_000 or 1e8 or null"),
]


@pytest.mark.parametrize(("schema", "text", "words"), FAULTS)
def test_what_is_of_no_type_is_refused_in_words(schema, text, words):
    with pytest.raises(NotOfType) as caught:
        typed_value(text, schema, ROOT)
    assert words in str(caught.value)


def test_references_that_go_round_end():
    root = {"$defs": {"A": {"$ref": "#/$defs/A"}}}
    assert typed_value("[1]", {"$ref": "#/$defs/A"}, root) == [1]
