"""Functions that can be offered, and go wrong when they are called, each in another way."""

import math
import os
import sys
from collections.abc import Iterator
from typing import Annotated, Any

from reckoner import Digits, Estimate, Ge, MediaType, Progress, function

N = Annotated[int, Ge(0)]


class Unspeakable(Exception):
    """An exception that cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError("not even this")


def raises_in_check(result: int, n: int) -> bool:
    """Do not come to a judgement."""
    raise KeyError("table of values")


@function(check=raises_in_check)
def check_raises(n: N) -> int:
    """Return n, and a check that has a fault."""
    return n


@function(check=lambda result, n: result == n + 1)
def check_says_no(n: N) -> int:
    """Return n, which the check finds wrong."""
    return n


@function
def returns_a_set(n: N) -> Any:
    """Return what JSON has not."""
    return {n}


@function
def returns_nan(n: N) -> dict[str, float]:
    """Return a number that JSON has not."""
    return {"mean": math.nan}


@function
def returns_another_type(n: N) -> dict[str, int]:
    """Return a list where an object is promised."""
    return [n]  # type: ignore[return-value]


@function
def returns_nothing(n: N) -> dict[str, int]:
    """Forget to return."""
    return None  # type: ignore[return-value]


@function
def returns_words_for_digits(n: N) -> Digits:
    """Return what are no digits."""
    return "seven"


@function
def yields_numbers(n: N) -> Iterator[str]:
    """Yield what is no text."""
    yield "1\n"
    yield 2  # type: ignore[misc]


@function
def fails_half_way(n: N) -> Annotated[Iterator[bytes], MediaType("text/csv")]:
    """Yield more than a chunk, and fail."""
    yield b"1\n" * 200_000
    raise OSError("the disk went away")


@function
def prints(n: N) -> int:
    """Print to where the frames of a child go."""
    print("hello", n)  # noqa: T201
    sys.stdout.buffer.write(b"\0\1\2")
    sys.stdout.flush()
    os.write(1, b"directly")
    return n


@function
def exits(n: N) -> int:
    """End the process, it believes."""
    sys.exit("done")


@function
def exits_at_once(n: N) -> int:
    """End the process."""
    os._exit(0)


@function
def forks(n: N) -> int:
    """Return twice."""
    os.fork()
    return n


@function(memory="256MiB")
def takes_all_memory(n: N) -> int:
    """Grow until it cannot."""
    held = bytearray()
    while True:
        held += bytes(2**24)


@function
def recurses_for_ever(n: N) -> int:
    """Call itself."""
    return int(recurses_for_ever(n=n + 1)) + 1


@function(timeout=1)
def never_returns(n: N) -> int:
    """Loop."""
    while True:
        pass


@function
def changes_its_arguments(numbers: list[int]) -> list[int]:
    """Sort in place."""
    numbers.sort()
    numbers.append(0)
    return numbers


@function
def raises_with_a_long_text(n: N) -> int:
    """Say too much."""
    raise ValueError("no " * 100_000)


@function
def raises_the_unspeakable(n: N) -> int:
    """Raise what cannot be shown."""
    raise Unspeakable


@function
def tells_impossible_progress(n: N, progress: Progress) -> int:
    """Report what is no fraction."""
    for fraction in (-1.0, math.nan, 7.0, math.inf):
        progress(fraction)
    return n


def _estimate_raises(n: int) -> Estimate:
    raise ZeroDivisionError("division by zero")


@function(estimate=_estimate_raises)
def estimate_raises(n: N) -> int:
    """Return n, at a cost that cannot be told."""
    return n


@function(estimate=lambda n: "soon")  # type: ignore[arg-type,return-value]  # noqa: ARG005
def estimate_is_text(n: N) -> int:
    """Return n, soon."""
    return n


@function(estimate=lambda n: Estimate(seconds=-1.0 - n, bytes=-5))
def estimate_is_negative(n: N) -> int:
    """Return n, before it is asked."""
    return n


@function(estimate=lambda n: Estimate(seconds=math.nan * n, bytes=10**6))
def estimate_is_nan(n: N) -> int:
    """Return n, at a cost that is no number."""
    return n


@function(estimate=lambda n: None)  # type: ignore[arg-type,return-value]  # noqa: ARG005
def estimate_is_none(n: N) -> int:
    """Return n, without an estimate."""
    return n


@function(lane="quick")
def quick_raises(n: N) -> int:
    """Fail in a worker's own process."""
    raise LookupError("no row 7")


@function(lane="quick")
def quick_exits(n: N) -> int:
    """End the worker, it believes."""
    sys.exit("done")


@function(lane="quick")
def quick_returns_a_set(n: N) -> Any:
    """Return what JSON has not, in a worker's own process."""
    return {n}


@function(lane="quick", check=lambda result, n: result == n + 1)
def quick_check_says_no(n: N) -> int:
    """Return n, which the check finds wrong, in a worker's own process."""
    return n


@function(lane="quick")
def quick_raises_the_unspeakable(n: N) -> int:
    """Raise what cannot be shown, in a worker's own process."""
    raise Unspeakable
