"""Factorials, exact and in decimal. The example of a function (docs/how-to/add-a-function.md)."""

from __future__ import annotations

import math
from typing import Annotated

import gmpy2
from annotated_types import Ge, Le, doc

from reckoner import Digits, Estimate, Progress, Residue, function, interpolate

MAX_N = 10_000_000

# (n, seconds, bytes) of `factorial`: processor time on an AMD EPYC (Zen 3, 2.4 GHz), CPython 3.11,
# gmpy2 2.3 and GMP 6.3; peak memory of the child process, which also checks and sends the digits,
# plus a seventh.
MEASURED = (
    (10, 0.8e-6, 30e6),
    (100, 1.3e-6, 30e6),
    (1_000, 19e-6, 30e6),
    (10_000, 0.9e-3, 30e6),
    (100_000, 35e-3, 32e6),
    (1_000_000, 0.95, 57e6),
    (3_000_000, 3.9, 122e6),
    (10_000_000, 18.0, 321e6),
)

# The product takes a tenth of the time or less, its digits the rest.
PRODUCT_SHARE = 0.1

RESIDUE_RUN = 32  # factors multiplied before each reduction


def estimate(n: int) -> Estimate:
    """Predict the cost of n!, from the measured rows."""
    seconds, peak_bytes = interpolate(MEASURED, n)
    return Estimate(seconds=seconds, digits=digit_count(n), bytes=int(peak_bytes))


def digit_count(n: int) -> int:
    """Count the decimal digits of n!, by Stirling's series for log n! (OEIS A034886)."""
    if n < 2:
        return 1
    return math.floor(math.lgamma(n + 1) / math.log(10)) + 1


def residue(n: int, modulus: int) -> int:
    """Multiply 1 to n modulo a number, a run of factors at a time."""
    value = 1
    for start in range(1, n + 1, RESIDUE_RUN):
        value = value * math.prod(range(start, min(start + RESIDUE_RUN, n + 1))) % modulus
    return value % modulus


@function(
    version=1,
    estimate=estimate,
    check=Residue(residue),
    examples=[{"n": 100}, {"n": 1_000_000}],
)
def factorial(
    n: Annotated[int, Ge(0), Le(MAX_N), doc("How many factors.")], progress: Progress
) -> Digits:
    """The factorial of n, exact: the product of the integers from 1 to n.

    Nearly all of the time is its conversion to decimal.
    """  # noqa: D401
    value = gmpy2.fac(n)
    progress(PRODUCT_SHARE)
    digits: str = value.digits()
    return digits
