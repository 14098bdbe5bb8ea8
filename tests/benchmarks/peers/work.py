"""The work that every contender is given: the same numbers, and the same way to their digits."""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from shared.functions.fibonacci import fibonacci

LARGEST_N = 5_000

#: A client that has many to submit does so in batches of this size, where it can.
BATCH = 1_000

_SEED = 1202


class Work(NamedTuple):
    """Compute fibonacci(n). `k` distinguishes it from others of the same n, and is its key."""

    k: int
    n: int


def works(count: int, first_k: int = 0) -> list[Work]:
    """Return this many, of sizes spread evenly over 0 to LARGEST_N, in a fixed random order."""
    sizes = [index * (LARGEST_N + 1) // count for index in range(count)]
    random.Random(_SEED).shuffle(sizes)
    return [Work(first_k + index, n) for index, n in enumerate(sizes)]


def batches(given: Sequence[Work]) -> list[Sequence[Work]]:
    """Cut them as a client would."""
    return [given[start : start + BATCH] for start in range(0, len(given), BATCH)]


def digits(n: int) -> str:
    """Compute the decimal digits with Reckoner's own routine, which is GMP's for these sizes."""
    found = fibonacci(n)
    return found if isinstance(found, str) else "".join(found)


def write(given: Sequence[Work], path: Path) -> None:
    """Write them for a process that submits them."""
    path.write_text(json.dumps(given))


def read(path: Path) -> list[Work]:
    """Read what `write` wrote."""
    return [Work(*pair) for pair in json.loads(path.read_text())]
