"""Types and defaults of arguments that cannot be honoured are refused, in a sentence."""

import collections.abc
import dataclasses
import datetime as dt
import decimal
import enum
import pathlib
import typing
from typing import Annotated, Any, Literal, cast

import numpy as np
import pytest
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from reckoner import FunctionInvalid, Ge, MinLen
from tests.unit.reckoner.authoring.arguments.types import (
    Colour,
    Computed,
    ForInit,
    Line,
    NotRead,
    Point,
    Renamed,
    WithFactory,
    of_one,
)


class Fraction(enum.Enum):
    HALF = 0.5


@dataclasses.dataclass
class Unfinished:
    part: "Missing"  # type: ignore[name-defined]  # noqa: F821


OldTypedDict = typing.TypedDict("OldTypedDict", {"a": int})  # noqa: UP013


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (int | float, "an integer or a fraction, which JSON does not tell apart; take `float`"),
        (bool | int | float, "does not tell apart"),
        (int | decimal.Decimal, "does not tell apart"),
        (float | Colour, "does not tell apart"),
        (list[int | float], "does not tell apart"),
        (Any, "is of no type that JSON has; name one"),
        (object, "is of no type that JSON has"),
        (list, "is of no type that JSON has"),
        (tuple, "is of no type that JSON has"),
        (list[Any], "is of no type that JSON has"),
        (dict[str, Any], "is of no type that JSON has"),
        (int | Any, "is of no type that JSON has"),
        (collections.abc.Callable[[int], int], "is of no type that JSON has"),
        (dict, "keys that are not text; use `dict"),
        (dict[int, int], "keys that are not text"),
        (dict[Colour, int], "keys that are not text"),
        (list[dict[int, int]], "keys that are not text"),
        (set[int], "is a set, which has no order; take a list"),
        (frozenset[int], "is a set"),
        (bytes, "is bytes, which JSON does not have; take `str`"),
        (complex, "JSON does not have, complex; take"),
        (pathlib.Path, "JSON does not have"),
        (collections.abc.Sequence[int], "JSON does not have"),
        (type, "JSON does not have"),
        (np.ndarray, "arguments cannot have, numpy.ndarray"),
        (np.float64, "arguments cannot have"),
        (OldTypedDict, "import TypedDict from typing_extensions"),
        (WithFactory, "a `default_factory`; give it a default"),
        (Annotated[list[int], Field(default_factory=list)], "a `default_factory`"),
        (NotRead, "a member that is not read"),
        (ForInit, "a member that is not read"),
        (Renamed, "read by one name and written by another"),
        (Computed, "written by code of its own"),
        (Annotated[int, PlainSerializer(str)], "written by code of its own"),
        (Annotated[int, BeforeValidator(int)], "read by code of its own; use an AfterValidator"),
        (str | dt.date, "several types that are all text in JSON"),
        (Literal["a"] | str, "all text"),
        (list[int] | list[str], "all lists"),
        (Point | Line, "all objects in JSON; take one of them, or objects with a Discriminator"),
        (Literal[0.5], "neither text nor integers"),
        (Literal[b"a"], "neither text nor integers"),
        (Fraction, "neither text nor integers"),
        (Unfinished, "arguments cannot have"),
        (Annotated[float, Ge(float("nan"))], "A bound of its arguments cannot be shown"),
        (Annotated[int, MinLen(3)], "a constraint that its type cannot have"),
        (Annotated[int | str, Ge(0)], "a constraint that its type cannot have"),
        (Annotated[int, Field(default=5)], "its default inside of its type; write it after `=`"),
    ],
)
def test_a_type_that_cannot_be_honoured_is_refused(annotation, words):
    with pytest.raises(FunctionInvalid, match=r"^The argument x |^A bound ") as caught:
        of_one(annotation)
    assert words in str(caught.value)
    assert "pydantic" not in str(caught.value)


@pytest.mark.parametrize(
    ("annotation", "default"),
    [
        (int, "a"),
        (int, True),
        (int, None),
        (int, 5.0),
        pytest.param(int, 10**5_000, id="long"),
        (Annotated[int, Ge(0)], -1),
        (float, "1"),
        (float, True),
        (float, float("nan")),
        (float, float("inf")),
        (float, 2**53 + 1),
        (bool, 1),
        (str, "\0"),
        (str, "\ud800"),
        (tuple[int, ...], (1, "a")),
        (Colour, "red"),
        (dt.date, "2026-11-26"),
        (Literal["a"], "b"),
        (Point, Point(cast(Any, "x"))),
    ],
)
def test_a_default_that_its_own_type_refuses_is_refused(annotation, default):
    with pytest.raises(
        FunctionInvalid, match=r"default of the argument x, .*, is not of its type; correct"
    ):
        of_one(annotation, default)


@pytest.mark.parametrize(
    ("annotation", "default"), [(list[int], [1]), (dict[str, int], {}), (Line, Line(Point(1)))]
)
def test_a_default_that_the_function_could_change_is_refused(annotation, default):
    with pytest.raises(FunctionInvalid, match="could be changed by the function; take a tuple"):
        of_one(annotation, default)


def test_a_field_in_place_of_a_default_is_refused():
    with pytest.raises(FunctionInvalid, match="has a Field in place of its default"):
        of_one(int, Field(default=5))


def test_what_checks_a_value_after_it_is_read_is_accepted():
    assert of_one(Annotated[int, AfterValidator(abs)]).bind({"x": -3}).values == {"x": 3}


@pytest.mark.parametrize("sign", [1, -1])
def test_a_bound_that_no_integer_can_reach_is_refused(sign):
    with pytest.raises(
        FunctionInvalid, match="A bound of its arguments has more than 4,300 digits"
    ):
        of_one(Annotated[int, Ge(sign * 10**4_300)])
    of_one(Annotated[int, Ge(sign * (10**4_300 - 1))]).prepare()
