"""The functions of docs/calculation-ids.json: one for each kind of argument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from reckoner import function
from shared.functions.factorial import factorial
from shared.functions.fibonacci import fibonacci


@function
def integer(n: int) -> int:
    """An integer of any size."""
    return n


@function
def fraction(x: float) -> float:
    """A fraction."""
    return x


@function
def fractions(values: list[float]) -> float:
    """A list of fractions."""
    return sum(values)


@function
def text(text: str) -> str:
    """Text."""
    return text


@function
def members(members: dict[str, int]) -> int:
    """An object with any members."""
    return len(members)


@function(version=2)
def defaults(n: int, scale: float = 1.0, label: str = "total", is_signed: bool = False) -> str:
    """Arguments that may be left out."""
    return f"{label}: {n * scale}, {is_signed}"


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"


@dataclass(frozen=True)
class Leg:
    strike: float
    side: Side = Side.BUY
    count: int = 1


@function(version=3)
def order(
    legs: list[Leg],
    day: date,
    kind: Literal["market", "limit"] = "market",
    limit: float | None = None,
    at: datetime | None = None,
    account: UUID | None = None,
    span: tuple[float, int] = (0.5, 10),
    tags: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Nested objects, dates, enumerations and what may be null."""
    return {"legs": len(legs)}


FUNCTIONS = {
    one.name: one
    for one in (
        fibonacci,
        factorial,
        integer,
        fraction,
        fractions,
        text,
        members,
        defaults,
        order,
    )
}
