"""Functions with every kind of argument, for the forms of the console."""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from reckoner import Estimate, Ge, Gt, Le, Len, MaxLen, function

PACKAGE = "kinds-of-arguments"


class Colour(Enum):
    """A colour of the rainbow."""

    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"


@dataclass(frozen=True)
class Circle:
    """All points that are as far from one."""

    kind: Literal["circle"]
    radius: Annotated[float, Gt(0)]


@dataclass(frozen=True)
class Square:
    """Four equal sides."""

    kind: Literal["square"]
    side: float
    name: str = "unnamed"


class Paper(TypedDict):
    """What something is drawn on."""

    width: Annotated[int, Ge(1), Le(10_000)]
    title: NotRequired[str]


@function(examples=[{"n": 2**53 + 1}, {"n": -7, "times": 2}])
def integers(
    n: Annotated[int, Ge(-(10**50)), Le(10**50)],
    times: Annotated[int, Ge(1), Le(9)] = 3,
) -> int:
    """Multiply integers of any size.

    They are exact, however long they are.

    Args:
        n: What is multiplied.
        times: How often it is taken.
    """
    return n * times


def estimate(n: int) -> Estimate:
    """Expect a second for each 1,000, and refuse what takes too much memory."""
    return Estimate(seconds=n / 1_000, bytes=n * 1_000_000)


@function(estimate=estimate)
def estimated(n: Annotated[int, Ge(0), Le(10**12)]) -> int:
    """Take as long as it says."""
    return n


@function
def scalars(
    ratio: Annotated[float, Ge(0), Le(1)],
    code: Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["EUR", "USD"])],
    day: date,
    colour: Colour,
    text: str = "",
    is_exact: bool = False,
    side: Literal["call", "put"] = "call",
) -> str:
    """Take one value of each kind.

    Args:
        ratio: A part of the whole.
        code: Of a currency.
        day: When.
        colour: One of five.
        text: As long as you like.
        is_exact: Whether it is.
        side: One of two.
    """
    return code


@function
def structures(
    numbers: Annotated[list[float], Len(2, 5)],
    pair: tuple[int, str],
    weights: dict[str, float],
    paper: Paper,
    matrix: tuple[tuple[int, ...], ...] = ((1, 2), (3, 4)),
) -> int:
    """Take lists and objects, one within the other.

    Args:
        numbers: From two to five.
        pair: A number and its name.
        weights: By name.
        paper: What it is drawn on.
        matrix: Rows of integers.
    """
    return len(numbers)


@function
def alternatives(
    limit: int | None,
    shape: Annotated[Circle | Square, Field(discriminator="kind")],
    word: Annotated[int | str, Field(description="A number, or its name.")] = 5,
    note: Annotated[str, MaxLen(40)] | None = None,
) -> str:
    """Take values of one of several types.

    Args:
        limit: None is no limit.
        shape: What is drawn.
        note: Something to remember.
    """
    return shape.kind


@dataclass(frozen=True)
class Branch:
    """Part of a tree."""

    value: int
    next: "Branch | None"
    twigs: "tuple[Branch, ...]" = ()


@function
def recursive(branch: Branch) -> int:
    """Take a type that consists of itself."""
    return branch.value


@function
def nothing() -> int:
    """Take no arguments at all."""
    return 42
