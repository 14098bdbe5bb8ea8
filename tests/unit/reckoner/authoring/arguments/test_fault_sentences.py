"""Invalid arguments are described in our own words, each with a pointer to where it is."""

import datetime as dt
import decimal
import re
from typing import Annotated, Literal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, Field

from reckoner import Ge, Gt, Le, Len, Lt, MaxLen, MinLen, MultipleOf
from reckoner.authoring.arguments.binding import Arguments
from reckoner.authoring.errors import ArgumentsFaulty
from reckoner.authoring.faults import MAX_FAULTS, Fault
from reckoner.authoring.signature import Parameter
from tests.unit.reckoner.authoring.arguments.types import (
    Colour,
    Line,
    Model,
    Open,
    Options,
    Pet,
    Point,
    Tree,
    faults_of,
    of_one,
)

NO_DOUBLE = "{} must be a number that a double can hold; the nearest to"


def check_even(n: int) -> int:
    if n % 2:
        raise ValueError("must be even")
    return n


@pytest.mark.parametrize(
    ("annotation", "value", "pointer", "detail"),
    [
        (float, "3", "", 'x must be a number; it is "3".'),
        (float, True, "", "x must be a number; it is true."),
        (float, None, "", "x must be a number; it is null."),
        (
            float,
            2**53 + 1,
            "",
            f"{NO_DOUBLE.format('x')} 9007199254740993 is 9007199254740992.",
        ),
        (
            list[float],
            [1, -(2**60) - 1],
            "/1",
            f"{NO_DOUBLE.format('x.1')} -1152921504606846977 is -1152921504606847000.",
        ),
        (float, 10**309, "", "x must be less than about 1.8e308 in size."),
        (
            Point,
            {"x": float("inf")},
            "/x",
            "A number must be finite, and less than about 1.8e308 in size.",
        ),
        (
            list[float],
            [1.0, float("nan")],
            "/1",
            "A number must be finite, and less than about 1.8e308 in size.",
        ),
        (str, 5, "", "x must be text; it is 5."),
        (str, "a\0", "", "Text must not contain NUL or lone surrogates."),
        (str, "\ud800", "", "Text must not contain NUL or lone surrogates."),
        (dict[str, int], {"\0": 1}, "", "Names must not contain NUL or lone surrogates."),
        (bool, 1, "", "x must be true or false; it is 1."),
        (bool, "true", "", 'x must be true or false; it is "true".'),
        (list[int], 5, "", "x must be a list; it is 5."),
        (list[int], [1, "a"], "/1", 'x.1 must be an integer; "a" is text.'),
        (tuple[int, str], [1], "/1", "x.1 is missing."),
        (tuple[int, str], [1, "a", 2], "", 'x must have at most 2 members; it is [1, "a", 2].'),
        (dict[str, int], [], "", "x must be an object; it is []."),
        (dict[str, int], {"a/b": "c"}, "/a~1b", 'x.a/b must be an integer; "c" is text.'),
        (Point, 5, "", "x must be an object; it is 5."),
        (Point, {}, "/x", "x.x is missing."),
        (Point, {"x": 1, "z": 2}, "/z", "z is not a member of x; leave it out."),
        (Line, {"start": {"x": "a"}}, "/start/x", 'x.start.x must be a number; it is "a".'),
        (Line, {"start": {"x": 0}, "end": {}}, "/end/x", "x.end.x is missing."),
        (Options, {"depth": -1}, "/depth", "x.depth must be at least 0; it is -1."),
        (Model, {}, "/day", "x.day is missing."),
        (Open, {"n": 1, "m": 2}, "/m", "m is not a member of x; leave it out."),
        (
            Tree,
            {"value": 1, "children": [{"value": "a"}]},
            "/children/0/value",
            'x.children.0.value must be an integer; "a" is text.',
        ),
        (Colour, "blue", "", 'x must be one of "red" or 1; it is "blue".'),
        (Colour, True, "", "x must be an integer; it is true."),
        (
            Colour,
            1.0,
            "",
            "x must be an integer, written without a fraction or an exponent; it is 1.0.",
        ),
        (Literal["a", "it's"], "c", "", 'x must be one of "a" or "it\'s"; it is "c".'),
        (Literal[1], True, "", "x must be an integer; it is true."),
        (dt.date, "26.11.2026", "", 'x must be a date such as "2026-11-26"; it is "26.11.2026".'),
        (dt.date, 5, "", 'x must be a date such as "2026-11-26"; it is 5.'),
        (
            dt.datetime,
            "soon",
            "",
            'x must be a time such as "2026-11-26T10:30:00Z"; it is "soon".',
        ),
        (dt.time, "soon", "", 'x must be a time of day such as "10:30:00"; it is "soon".'),
        (dt.timedelta, 90, "", 'x must be a duration such as "PT90S"; it is 90.'),
        (decimal.Decimal, "a", "", 'x must be a decimal number such as "1.50"; it is "a".'),
        (UUID, "a", "", 'x must be a UUID; it is "a".'),
        (Annotated[float, Gt(0)], 0, "", "x must be more than 0; it is 0."),
        (Annotated[float, Lt(0.5)], 1, "", "x must be less than 0.5; it is 1."),
        (Annotated[float, Ge(-1), Le(1)], 2.5, "", "x must be at most 1; it is 2.5."),
        (Annotated[int, MultipleOf(3)], 4, "", "x must be a multiple of 3; it is 4."),
        (Annotated[str, MinLen(1)], "", "", 'x must have at least 1 character; it is "".'),
        (Annotated[str, MaxLen(2)], "abc", "", 'x must have at most 2 characters; it is "abc".'),
        (Annotated[list[int], Len(1, 2)], [], "", "x must have at least 1 member; it is []."),
        (
            Annotated[str, Field(pattern="^a+$")],
            "b",
            "",
            'x must match the pattern ^a+$; it is "b".',
        ),
        (int | None, "a", "", 'x must be an integer; "a" is text.'),
        (int | str, 1.5, "", "x must be an integer or text; it is 1.5."),
        (list[int] | int, ["a"], "/0", 'x.0 must be an integer; "a" is text.'),
        (
            Annotated[int, Ge(0)] | str,
            -1,
            "",
            "x must be at least 0; it is -1.",
        ),
        (Point | int, {"x": "a"}, "/x", 'x.x must be a number; it is "a".'),
        (Literal["auto"] | float, "manual", "", 'x must be one of "auto"; it is "manual".'),
        (
            Pet,
            {"kind": "fish"},
            "",
            'x must have the member "kind", one of "cat", "dog"; it is {"kind": "fish"}.',
        ),
        (Pet, {"age": 1}, "", 'x must have the member "kind"; it is {"age": 1}.'),
        (Pet, {"kind": "dog", "age": "a"}, "/age", 'x.age must be a number; it is "a".'),
        (Annotated[int, AfterValidator(check_even)], 3, "", "x: must be even."),
    ],
)
def test_a_fault_has_a_pointer_and_a_sentence(annotation, value, pointer, detail):
    found = faults_of(of_one(annotation), {"x": value})
    assert found == [Fault(f"/x{pointer}", detail)]


def test_an_exception_of_an_authors_validator_is_told_and_logged(caplog):
    arguments = of_one(Annotated[int, AfterValidator(lambda n: 1 // n)])
    (fault,) = faults_of(arguments, {"x": 0})
    assert "own validation raised ZeroDivisionError: integer division" in fault.detail
    assert "The validation of the function f raised" in caplog.text


def test_an_integer_that_python_cannot_write_is_a_fault():
    (fault,) = faults_of(of_one(int), {"x": 10**4_300})
    assert fault.detail == "An integer must not have more than 4,300 digits."


FUNCTION = Arguments("f", (Parameter("a", list[int]), Parameter("b", str)))


def test_all_faults_of_all_arguments_are_listed():
    found = faults_of(FUNCTION, {"a": ["1", 2, None], "c": 1})
    assert [fault.pointer for fault in found] == ["/a/0", "/a/2", "/b", "/c"]
    assert found[2].detail == "b is missing."
    assert found[3].detail == "c is not an argument of f, which takes a, b."


@pytest.mark.parametrize("given", [None, 5, [1], "a"])
def test_arguments_must_be_an_object(given):
    (fault,) = faults_of(FUNCTION, given)
    assert fault.pointer == ""
    assert fault.detail.startswith("The arguments must be an object; got ")


@pytest.mark.parametrize("annotation", [list[int], list[int | str], list[int | None]])
def test_many_faults_are_counted_and_few_described(annotation):
    with pytest.raises(ArgumentsFaulty) as caught:
        of_one(annotation).bind({"x": [0.5] * 400})
    assert caught.value.count == 400
    assert len(caught.value.faults) == MAX_FAULTS


def test_many_unknown_arguments_are_counted_and_few_named():
    found = {"a": [], "b": "", **{f"c{index}": 1 for index in range(500)}}
    with pytest.raises(ArgumentsFaulty) as caught:
        FUNCTION.bind(found)
    assert caught.value.count == 500
    assert len(caught.value.faults) == 20


@pytest.mark.parametrize("annotation", [list[int], Annotated[int, Ge(0), Le(9)]])
def test_arguments_that_are_nested_too_deeply_are_a_fault(annotation):
    nested: list[object] = []
    for _ in range(5_000):
        nested = [nested]
    (fault,) = faults_of(of_one(annotation), {"x": nested})
    assert fault.detail == "The arguments are nested too deeply."


def test_text_that_is_not_json_is_a_fault():
    for text in ("", "{", '{"a": [1], "b": }', "[" * 100_000):
        with pytest.raises(ArgumentsFaulty):
            FUNCTION.bind_text(text)
        with pytest.raises(ArgumentsFaulty):
            of_one(Annotated[int, Ge(0), Le(9)]).bind_text(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=6,
)
ANY = Arguments(
    "f",
    (
        Parameter("line", Line),
        Parameter("pet", Pet | None),
        Parameter("x", list[Annotated[int, Ge(0)] | str] | float),
        Parameter("day", dt.date | int),
        Parameter("options", Options),
    ),
)


@settings(deadline=None, max_examples=100)
@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys((*ANY.names, "z"), JSON))
    | st.fixed_dictionaries({"line": st.fixed_dictionaries({"start": JSON, "end": JSON})})
    | JSON
)
def test_no_fault_speaks_of_the_library_or_of_python(arguments):
    for fault in faults_of(ANY, arguments):
        assert not re.search(r"pydantic|Input should|http|valid dict|NoneType", fault.detail)
        assert fault.detail.endswith(".")
        assert len(fault.detail) < 400
