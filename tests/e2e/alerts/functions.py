"""Functions for a Reckoner whose alerts are tested."""

from typing import Annotated

from reckoner import CalculationFailed, Ge, function


@function(lane="quick")
def fails_if_odd(n: Annotated[int, Ge(0)]) -> int:
    """Return n, unless it is odd."""
    if n % 2:
        raise CalculationFailed("odd")
    return n


@function
def is_heavy(n: Annotated[int, Ge(0)]) -> int:
    """Return n, from a process of its own."""
    return n
