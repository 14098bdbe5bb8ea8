"""Fibonacci numbers, exact and in decimal, up to F(10^10).

Converting a huge binary number to decimal takes GMP most of its time. So a large number is kept in
decimal limbs from the start (docs/decisions.md, Limbs).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

import gmpy2
from annotated_types import Ge, Le, doc
from gmpy2 import mpz

from reckoner import Digits, Estimate, Progress, Residue, function, interpolate
from shared.functions.limbs import (
    Coefficients,
    Formula,
    digits_of,
    evaluated,
    split_into_limbs,
    stripped,
)

MAX_N = 10_000_000_000

# Below this, GMP's own doubling and conversion take less time than limbs.
SMALLEST_IN_LIMBS = 250_000

# Doubling in limbs starts from an index of at most this many bits, for which GMP is fast.
START_BITS = 14

# The share of the carry and the digits in the work of the last step.
LAST_PASS_SHARE = 0.2

PIECE_LIMBS = 870  # a quarter of a megabyte of digits, so that they are sent while others follow

# floor(10^40 · log10 φ) and floor(10^40 · log10 √5).
LOG10_PHI = 2089876402499787337692720892375554168224
LOG10_SQRT_5 = 3494850021680094023931305526377534866159
LOG_SCALE = 10**40

# (n, seconds, bytes) of `fibonacci`: processor time on an AMD EPYC (Zen 3, 2.4 GHz), CPython 3.11,
# gmpy2 2.3 and GMP 6.3; peak address space of the process, with one malloc arena, plus a tenth.
MEASURED = (
    (10, 0.8e-6, 30e6),
    (1_000, 1.5e-6, 30e6),
    (10_000, 14e-6, 30e6),
    (100_000, 400e-6, 30e6),
    (500_000, 4.5e-3, 32e6),
    (1_000_000, 11e-3, 33e6),
    (10_000_000, 136e-3, 66e6),
    (30_000_000, 488e-3, 102e6),
    (100_000_000, 1.66, 215e6),
    (300_000_000, 5.7, 540e6),
    (1_000_000_000, 21.0, 1.31e9),
    (3_000_000_000, 68.0, 3.8e9),
)


def digit_count(n: int) -> int:
    """Count the decimal digits of F(n): floor(n·log10 φ - log10 √5) + 1 from n = 2 on.

    The error of the scaled logarithms, n/10^40, is far below the distance of F(n), n ≤ 10^10,
    from a power of ten. Source: OEIS A060384.
    """
    if n < 2:
        return 1
    return (n * LOG10_PHI - LOG10_SQRT_5) // LOG_SCALE + 1


def estimate(n: int) -> Estimate:
    """Predict the cost of F(n), from the measured rows."""
    seconds, peak_bytes = interpolate(MEASURED, n)
    return Estimate(seconds=seconds, digits=digit_count(n), bytes=int(peak_bytes))


def residue(n: int, modulus: int) -> int:
    """Return F(n) modulo a number, by fast doubling of F(k), F(k+1) in plain integers.

    F(2k) = F(k)·(2F(k+1) - F(k)), F(2k+1) = F(k)² + F(k+1)². Source: OEIS A000045.
    """
    f, g = 0, 1 % modulus
    for position in range(n.bit_length() - 1, -1, -1):
        f, g = f * (2 * g - f) % modulus, (f * f + g * g) % modulus
        if n >> position & 1:
            f, g = g, (f + g) % modulus
    return f


@function(
    version=1,
    estimate=estimate,
    check=Residue(residue),
    examples=[{"n": 1_000}, {"n": 1_000_000}, {"n": 100_000_000}],
)
def fibonacci(
    n: Annotated[int, Ge(0), Le(MAX_N), doc("Which Fibonacci number.")], progress: Progress
) -> Digits | Iterator[Digits]:
    """The n-th Fibonacci number, exact: F(0) = 0, F(1) = 1, F(n) = F(n-1) + F(n-2).

    All digits from GMP if n is small, pieces from limbs if it is large.
    """  # noqa: D401
    if n < SMALLEST_IN_LIMBS:
        digits: str = gmpy2.fib(n).digits()
        return digits
    return _in_limbs(n, progress)


def _in_limbs(n: int, progress: Progress) -> Iterator[str]:
    """Yield the digits of F(n), most significant first, for n of more than START_BITS bits."""
    steps = n.bit_length() - START_BITS
    k = n >> steps
    pair = [split_into_limbs(value) for value in gmpy2.fib2(k)]
    with ThreadPoolExecutor(max_workers=2) as cores:
        for step in range(steps - 1, 0, -1):
            # The work doubles with every step, so this is the share of the steps before it.
            progress((2.0 ** -(step + 1) - 2.0**-steps) * (1 - LAST_PASS_SHARE))
            next_k = n >> step
            doubled = evaluated(_doubling(k, next_k), pair, cores)
            pair = [stripped(number.limbs()) for number in doubled]
            k = next_k
        progress(0.5 * (1 - LAST_PASS_SHARE))
        count = 2 * len(pair[0]) + 1
        (number,) = evaluated(_last_doubling(k, n), pair, cores)
    yield from _digits(number, count, progress)


def _doubling(k: int, next_k: int) -> Formula:
    """Return the formula from F(k), F(k-1) to F(next_k), F(next_k - 1); next_k is 2k or 2k+1.

    F(2k+1) = 4F(k)² - F(k-1)² + 2(-1)^k, F(2k-1) = F(k)² + F(k-1)², and F(2k) is their
    difference. Source: GMP manual, "Fibonacci Numbers Algorithm".
    """
    sign = 2 * (-1) ** k

    def doubled(x: mpz, y: mpz) -> tuple[mpz, mpz]:
        x, y = x * x, y * y
        smaller = x + y
        larger = 4 * x - y + sign
        between = larger - smaller
        return (larger, between) if next_k & 1 else (between, smaller)

    return doubled


def _last_doubling(k: int, n: int) -> Formula:
    """Return the formula from F(k), F(k-1) to F(n) alone, where n is 2k or 2k+1.

    It needs one product, which is faster than two squares: F(2k) = F(k)·(F(k) + 2F(k-1)),
    F(2k+1) = (2F(k) + F(k-1))·(2F(k) - F(k-1)) + 2(-1)^k.
    """
    sign = 2 * (-1) ** k

    def doubled(x: mpz, y: mpz) -> tuple[mpz]:
        return ((2 * x + y) * (2 * x - y) + sign if n & 1 else x * (x + 2 * y),)

    return doubled


def _digits(number: Coefficients, count: int, progress: Progress) -> Iterator[str]:
    """Yield the digits of a number of `count` limbs in pieces, the most significant first."""
    done = 0
    is_leading = True
    for group in number.groups_from_top(PIECE_LIMBS):
        done += len(group)
        piece = digits_of(group)
        if is_leading:
            piece = piece.lstrip("0")
            is_leading = not piece
        yield piece
        progress(1 - LAST_PASS_SHARE * (1 - done / count))
