"""Results that are not as annotated are described in our own words: what, where, what to do."""

import dataclasses
import datetime as dt
import enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, Field, field_serializer

from reckoner import Ge, MaxLen
from reckoner.authoring.errors import ResultUnusable
from reckoner.authoring.results.json_results import JsonResults


@dataclasses.dataclass
class Point:
    x: float
    y: float = 1


@dataclasses.dataclass
class Line:
    points: list[Point]


class Colour(enum.Enum):
    RED = "red"


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]


class Unwritten(BaseModel):
    n: int

    @field_serializer("n")
    def write(self, n: int) -> int:
        raise ValueError(f"no way to write {n}")


def check_odd(n: int) -> int:
    if n % 2 == 0:
        raise ValueError("must be odd")
    return n


def refusal(annotation: Any, value: object) -> str:
    with pytest.raises(ResultUnusable) as raised:
        JsonResults(annotation).encode(value)
    return str(raised.value)


@pytest.mark.parametrize(
    ("annotation", "value", "fault"),
    [
        (int, "x", 'it must be an integer; it is "x"'),
        (int, 1.5, "it must be an integer; it is 1.5"),
        (str | None, 7, "it must be text; it is 7"),
        (int | str, None, "it must be an integer or text; it is None"),
        (list[int], (1, 2), "it must be a list; it is of the type tuple"),
        (tuple[int, ...], [1], "it must be a tuple; it is of the type list"),
        (tuple[int, str], (1,), "its member /1 is missing"),
        (
            dict[str, list[int]],
            {"a/b": [1, "a"]},
            'its member /a~1b/1 must be an integer; it is "a"',
        ),
        (dict[str, int], {1: 2}, "the name of its member /1 must be text; it is 1"),
        (dt.date, "2026-11-26", 'it must be a date; it is "2026-11-26"'),
        (Colour, "red", 'it must be an object of the class Colour; it is "red"'),
        (Literal["a", "b"], "c", 'it must be one of "a" or "b"; it is "c"'),
        (Annotated[int, Ge(1)], 0, "it must be at least 1; it is 0"),
        (Annotated[list[int], MaxLen(2)], [1, 2, 3], "it must have at most 2 members; it has 3"),
        (Annotated[int, AfterValidator(check_odd)], 2, "it was refused: must be odd"),
        (list[int] | dict[str, int], [1, "a"], 'its member /1 must be an integer; it is "a"'),
        (Point, {"x": 1}, "it must be an object of the class Point; it is of the type dict"),
        (
            Annotated[Cat | Dog, Field(discriminator="kind")],
            3,
            "it must be an object of one of the annotated classes; it is 3",
        ),
    ],
)
def test_what_is_not_as_annotated_is_said_with_its_place(annotation, value, fault):
    assert refusal(annotation, value) == (
        f"The result does not match the function's return annotation: {fault}. Return what the "
        "annotation says, or change it."
    )


@pytest.mark.parametrize(
    ("annotation", "value", "fault"),
    [
        (Point, Point("a"), 'its member /x must be a number; it is "a".'),  # type: ignore[arg-type]
        (Line, Line([Point(1), Point("a")]), "its member /points/1/x must be a number"),  # type: ignore[arg-type]
        (Line, Line([3]), "its member /points/0 must be an object of the class Point; it is 3."),  # type: ignore[list-item]
        (list[int | Point], [1, Point("a")], 'its member /1/x must be a number; it is "a".'),  # type: ignore[arg-type]
        (list[Cat], [Cat.model_construct(kind="cat", lives="9")], "its member /0/lives must be an"),
        (Point, Point(object()), "an object in it holds what its class does not say."),  # type: ignore[arg-type]
    ],
)
def test_the_place_within_objects_is_found_too(annotation, value, fault):
    assert fault in refusal(annotation, value)


def test_what_a_serializer_raises_is_told_as_the_authors():
    assert refusal(Unwritten, Unwritten(n=1)) == (
        "The result cannot be written as JSON: its serializer write raised ValueError: no way to "
        "write 1. Correct that."
    )


def test_no_sentence_is_longer_than_what_is_stored():
    value = {"name" * 1_000: {"value" * 1_000: "text" * 1_000}}
    assert len(refusal(dict[str, dict[str, int]], value)) < 400
