"""Functions with results of every kind, right and wrong. Each takes `n`."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from reckoner import CalculationFailed, Digits, Estimate, Function, MediaType, Progress, function
from tests.misbehaving.digits import HOLDING_FILE

#: What text of n bytes consists of, in characters of one to four bytes, a NUL among them.
TEXT = "aé€😀\0"


def estimate(n: int) -> Estimate:
    return Estimate(0.05, 2**26, n)


def text_of(n: int) -> str:
    """Return text of n bytes in UTF-8, if that is a multiple of 11; else of a few less."""
    return TEXT * (n // len(TEXT.encode())) + "x" * (n % len(TEXT.encode()))


def bytes_of(n: int) -> bytes:
    return random.Random(n).randbytes(n)


@function(estimate=estimate)
def text(n: int) -> str:
    """Text of n bytes."""
    return text_of(n)


@function(estimate=estimate)
def text_in_pieces(n: int) -> Iterator[str]:
    """Text of n bytes, one character at a time."""
    yield from text_of(n)


@function(estimate=estimate)
def picture(n: int) -> Annotated[bytes, MediaType("image/png")]:
    """A picture of n bytes."""
    return bytes_of(n)


@function(estimate=estimate)
def table(n: int) -> Annotated[Iterator[bytes], MediaType("text/csv")]:
    """A table of n bytes, in small pieces."""
    data = bytes_of(n)
    for start in range(0, n, 1_000):
        yield data[start : start + 1_000]


@function(estimate=estimate)
def json_text(n: int) -> str | list[str]:
    """JSON of n bytes, of at least two."""
    return "x" * (n - 2)


@function(estimate=estimate)
def large_integer(n: int) -> dict[str, int]:
    """Ten to the power of n."""
    return {"value": 10**n}


@function(estimate=estimate)
def unchecked(n: int) -> Iterator[Digits]:
    """The digit 3, n times, which nothing checks."""
    for _ in range(n):
        yield "3"


def _is_small(result: dict[str, int], n: int) -> None:
    if result["n"] > 10:
        raise CalculationFailed(f"{n} is more than ten")


@function(estimate=estimate, check=_is_small)
def judged(n: int) -> dict[str, int]:
    """An object that is right up to ten."""
    return {"n": n}


@function(check="recompute")
def same_again(n: int, progress: Progress) -> Annotated[bytes, MediaType("image/png")]:
    """The same n bytes each time."""
    progress(0.5)
    return bytes_of(n)


@function(check="recompute")
def other_again(n: int) -> Annotated[bytes, MediaType("image/png")]:
    """Other n bytes each time."""
    return random.SystemRandom().randbytes(n)


@function(check="recompute")
def ordered_by_hash(n: int) -> str:
    """Join texts in the order of a set, which is that of the interpreter's hashes."""
    return " ".join({str(number) for number in range(n)})


@function(check="recompute")
def held_again(n: int, progress: Progress) -> str:
    """Report half of its progress, wait for the file's end, and make it anew for the other run."""
    progress(0.5)
    file = Path(os.environ[HOLDING_FILE])
    while file.exists():
        time.sleep(0.01)
    file.touch()
    return "7" * n


@function(estimate=estimate)
def give_up(n: int) -> str:
    """Fail in the author's words."""
    raise CalculationFailed("singular matrix", row=n, column=[1, 2])


@function(estimate=estimate)
def give_up_at_length(n: int) -> str:
    """Fail with more details than fit."""
    raise CalculationFailed("singular matrix", rows="x" * n)


@function(estimate=estimate)
def begin_and_fail(n: int) -> Iterator[str]:
    """Yield n characters, then raise."""
    yield "x" * n
    raise ZeroDivisionError("at the end")


@function(estimate=estimate)
def exit_early(n: int) -> str:
    """Raise SystemExit."""
    sys.exit(n)


@function(estimate=estimate)
def recurse(n: int) -> str:
    """Raise RecursionError."""
    return recurse.implementation(n + 1)  # type: ignore[no-any-return]


class Unprintable(Exception):
    def __str__(self) -> str:
        raise SystemExit("from __str__")


@function(estimate=estimate)
def raise_unprintable(n: int) -> str:
    """Raise what cannot be printed."""
    raise Unprintable(n)


@function(estimate=estimate)
def raise_at_length(n: int) -> str:
    """Raise with a text of n characters."""
    raise ValueError("x" * n)


@function(estimate=estimate)
def set_in_object(n: int) -> dict[str, Any]:
    """Return what is not JSON."""
    return {"numbers": {n}}


@function(estimate=estimate)
def nothing_for_bytes(n: int) -> bytes:
    """Return None in place of bytes."""
    return None  # type: ignore[return-value]


@function(estimate=estimate)
def endless(n: int) -> Iterator[bytes]:
    """Yield n bytes again and again."""
    while True:
        yield bytes(n)


@function
def hold_memory(n: int) -> str:
    """Hold n megabytes for a moment."""
    held = bytearray(b"x") * (n * 2**20)
    return str(len(held))


@function
def hold_memory_elsewhere(n: int) -> str:
    """Have a process of its own hold n megabytes for five seconds."""
    program = f"import time; held = bytearray(b'x') * ({n} * 2**20); time.sleep(5)"
    subprocess.run([sys.executable, "-c", program], check=True)
    return "done"


FUNCTIONS: tuple[Function, ...] = (
    text,
    text_in_pieces,
    picture,
    table,
    json_text,
    large_integer,
    unchecked,
    judged,
    same_again,
    other_again,
    ordered_by_hash,
    held_again,
    give_up,
    give_up_at_length,
    begin_and_fail,
    exit_early,
    recurse,
    raise_unprintable,
    raise_at_length,
    set_in_object,
    nothing_for_bytes,
    endless,
    hold_memory,
    hold_memory_elsewhere,
)
