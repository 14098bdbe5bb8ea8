"""Faults of arguments: found, counted and described."""

from typing import Annotated

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reckoner import Digits, Ge, Le, function
from reckoner.authoring.errors import ArgumentsFaulty
from reckoner.authoring.faults import Fault
from shared.functions.fibonacci import fibonacci
from tests.unit.shared.functions.functions import make_function


def faults(function, arguments):
    """Return the faults that the function finds, which must be as many as it counts."""
    try:
        function.bind(arguments)
    except ArgumentsFaulty as error:
        assert function.count_faults(arguments) == error.count
        return list(error.faults)
    assert function.count_faults(arguments) == 0
    return []


@pytest.mark.parametrize("n", [0, 1, 5000, 10**10])
def test_integers_within_bounds_are_right(n):
    assert faults(fibonacci, {"n": n}) == []


@pytest.mark.parametrize("limit", [2**53 + 1, 2**64 + 1])
def test_bounds_beyond_a_double_are_exact(limit):
    @function
    def identity(n: Annotated[int, Ge(0), Le(limit)], label: str = "") -> Digits:
        return str(n)

    assert faults(identity, {"n": limit}) == []
    assert [fault.pointer for fault in faults(identity, {"n": limit + 1})] == ["/n"]


@pytest.mark.parametrize(
    ("arguments", "pointer", "detail"),
    [
        ({}, "/n", "n is missing."),
        ({"n": 1, "m": 2}, "/m", "m is not an argument of fibonacci, which takes n."),
        ({"n": -1}, "/n", "n must be at least 0; it is -1."),
        ({"n": 10**10 + 1}, "/n", "n must be at most 10000000000; it is 10000000001."),
        ({"n": True}, "/n", "n must be an integer; true is not a number."),
        (
            {"n": 10.0},
            "/n",
            "n must be an integer, written without a fraction or an exponent; it is 10.0.",
        ),
        ({"n": 10.5}, "/n", "n must be an integer; it is 10.5."),
        ({"n": "10"}, "/n", 'n must be an integer; "10" is text.'),
        ({"n": None}, "/n", "n must be an integer; it is null."),
        ({"n": [1]}, "/n", "n must be an integer; it is [1]."),
        ([5], "", "The arguments must be an object; got [5]."),
        (None, "", "The arguments must be an object; got null."),
    ],
)
def test_a_fault_has_a_pointer_and_a_sentence(arguments, pointer, detail):
    assert faults(fibonacci, arguments) == [Fault(pointer, detail)]


def test_every_fault_is_listed():
    pointers = {fault.pointer for fault in faults(fibonacci, {"a/b": 1, "c~": 2})}
    assert pointers == {"/n", "/a~1b", "/c~0"}


@pytest.mark.parametrize(
    "n",
    [10**100, 10**4250, 10**9000, -(10**9000), "9" * 10_000, [10**9000]],
    ids=["long", "near-limit", "huge", "negative", "text", "array"],
)
def test_a_long_value_is_not_shown(n):
    (fault, *_) = faults(fibonacci, {"n": n})
    assert len(fault.detail) < 150


def test_a_long_name_is_shortened():
    found = faults(fibonacci, {"n": 1, "x" * 10_000: 1})
    assert all(len(fault.detail) < 200 and len(fault.pointer) < 100 for fault in found)


def test_nul_in_text_is_a_fault():
    (fault,) = faults(make_function(), {"n": 1, "label": "a\0b"})
    assert fault == Fault("/label", "Text must not contain NUL or lone surrogates.")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(["n", "m"]), JSON | st.integers(-1, 10**10 + 1)) | JSON)
@example({"n": 10**10})
@example({"n": True})
@example({"n": 1.0})
def test_the_fast_check_accepts_what_the_schema_accepts(arguments):
    is_right = jsonschema.Draft202012Validator(fibonacci.arguments_schema).is_valid(arguments)
    is_strict = not is_right or type(arguments["n"]) is int
    assert (faults(fibonacci, arguments) == []) == (is_right and is_strict)
