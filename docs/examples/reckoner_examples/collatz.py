"""A slow one: it reports its progress, and can be cancelled although it does nothing for that."""

from dataclasses import dataclass
from typing import Annotated

from reckoner import Ge, Le, Progress, function

REPORT_EVERY = 10_000


@dataclass(frozen=True)
class Longest:
    """The start of the longest sequence, and its length."""

    start: int
    steps: int


@function(examples=[{"below": 100_000}, {"below": 2_000_000}])
def collatz(below: Annotated[int, Ge(2), Le(10**10)], progress: Progress) -> Longest:
    """The longest Collatz sequence that starts below a number: halve, or triple and add 1.

    Args:
        below: The sequences from 1 up to this number, which is not included, are tried.
    """
    longest = Longest(start=1, steps=0)
    for start in range(1, below):
        steps, value = 0, start
        while value != 1:
            value = value // 2 if value % 2 == 0 else 3 * value + 1
            steps += 1
        if steps > longest.steps:
            longest = Longest(start, steps)
        if start % REPORT_EVERY == 0:
            progress(start / below)
    return longest
