"""Types of arguments as authors define them."""

import dataclasses
import datetime as dt
import enum
from typing import Annotated, Literal, NotRequired

from pydantic import BaseModel, ConfigDict, Field, computed_field
from typing_extensions import TypedDict

from reckoner import Ge
from reckoner.authoring.arguments.binding import Arguments
from reckoner.authoring.errors import ArgumentsFaulty
from reckoner.authoring.signature import REQUIRED, Parameter


class Colour(enum.Enum):
    RED = "red"
    ONE = 1


@dataclasses.dataclass(frozen=True)
class Point:
    x: float
    y: float = 1


@dataclasses.dataclass
class Line:
    start: Point
    end: Point | None = None
    name: str = ""


class Options(TypedDict):
    depth: Annotated[int, Ge(0)]
    colour: NotRequired[Colour]


class Model(BaseModel):
    day: dt.date
    weights: list[float] = []


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    n: int


class Tree(BaseModel):
    value: int
    children: list["Tree"] = []


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    age: float


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]


class Renamed(BaseModel):
    n: int = Field(validation_alias="m")


class Computed(BaseModel):
    n: int

    @computed_field
    def double(self) -> int:
        return 2 * self.n


@dataclasses.dataclass
class WithFactory:
    xs: list[int] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class NotRead:
    n: int = dataclasses.field(init=False, default=1)


@dataclasses.dataclass
class ForInit:
    n: dataclasses.InitVar[int]


def of_one(annotation, default=REQUIRED):
    """Return the arguments of a function f(x: annotation = default)."""
    return Arguments("f", (Parameter("x", annotation, default),))


def faults_of(arguments, given):
    """Return the faults of arguments, which must be as many as are counted."""
    try:
        arguments.bind(given)
    except ArgumentsFaulty as error:
        assert arguments.count_faults(given) == error.count
        return list(error.faults)
    assert arguments.count_faults(given) == 0
    return []
