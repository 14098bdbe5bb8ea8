"""Functions of the load whose results are no digits: JSON of the quick lane, bytes of the heavy."""

from collections.abc import Iterator
from typing import Annotated

from reckoner import Ge, Le, MediaType, Progress, function

N = Annotated[int, Ge(0), Le(10**9)]

#: Prime to the length of a chunk, so that no two chunks have the same bytes.
PERIOD = 251

_PIECE = 50_000


@function(lane="quick")
def members(n: N) -> dict[str, int | float | list[int]]:
    """An integer beyond 64 bits, a fraction, and a list."""
    return {"power": n**20, "half": n / 2, "digits": [int(digit) for digit in str(n)]}


@function
def stripes(n: N, progress: Progress) -> Annotated[Iterator[bytes], MediaType("image/x-stripes")]:
    """Yield n bytes, piece by piece."""
    for start in range(0, n, _PIECE):
        yield bytes(index % PERIOD for index in range(start, min(n, start + _PIECE)))
        progress(min(1.0, (start + _PIECE) / n))


FUNCTIONS = (members, stripes)
