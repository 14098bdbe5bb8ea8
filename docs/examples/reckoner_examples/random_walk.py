"""A table of a million rows, streamed: a generator of text, of which no more than a row is held."""

import random
from collections.abc import Iterator
from typing import Annotated

from reckoner import Ge, Le, MediaType, function


@function(examples=[{"rows": 1_000}, {"rows": 1_000, "seed": 7}])
def random_walk(
    rows: Annotated[int, Ge(0), Le(10**8)] = 1_000_000,
    seed: Annotated[int, Ge(0)] = 0,
) -> Annotated[Iterator[str], MediaType("text/csv; charset=utf-8")]:
    """A random walk on the line, as CSV.

    Args:
        rows: How many steps it has.
        seed: Where the random numbers begin; equal seeds give equal results.
    """
    step = random.Random(seed).gauss
    position = 0.0
    yield "step,position\r\n"
    for number in range(1, rows + 1):
        position += step(0.0, 1.0)
        yield f"{number},{position:.6f}\r\n"
