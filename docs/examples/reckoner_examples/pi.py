"""Decimal digits, checked before they are stored: a predicate finds them by another formula.

GMP converts them (gmpy2): Python's own `str(int)` refuses more than 4,300 digits.
"""

from typing import Annotated

import gmpy2
from gmpy2 import mpz

from reckoner import Digits, Ge, Le, function

#: Digits that are computed and dropped, as the last ones are rounded.
GUARD_DIGITS = 10

# The series of Chudnovsky (1988): each term adds 14.18 digits.
DIGITS_PER_TERM = 14
A, B, C = 13_591_409, 545_140_134, 640_320


def has_digits_of_mpfr(result: str, n: int) -> bool:
    """Check the digits: MPFR finds them by an arithmetic-geometric mean."""
    with gmpy2.context(precision=(n + GUARD_DIGITS) * 10 // 3 + 1):
        digits: str = gmpy2.const_pi().digits()[0]
    return digits.startswith(result)


@function(check=has_digits_of_mpfr, examples=[{"n": 1_000}, {"n": 1_000_000}])
def pi(n: Annotated[int, Ge(1), Le(10**8)]) -> Digits:
    """The first n digits of pi, 31415…, without the point.

    Args:
        n: How many.
    """
    scale = mpz(10) ** (n - 1 + GUARD_DIGITS)
    _, q, t = series(0, n // DIGITS_PER_TERM + 2)
    root = gmpy2.isqrt(10_005 * scale * scale)
    digits: str = (426_880 * root * q // t).digits()
    return digits[:n]


def series(first: int, end: int) -> tuple[mpz, mpz, mpz]:
    """Return the products P and Q and the sum T of the terms from `first` up to `end`.

    Each half by itself, so that the large factors are of equal size and GMP is at its best.
    """
    if end - first == 1:
        if first == 0:
            return mpz(1), mpz(1), mpz(A)
        p = mpz(6 * first - 5) * (2 * first - 1) * (6 * first - 1)
        return -p, mpz(first) ** 3 * (C**3 // 24), -p * (A + B * first)
    middle = (first + end) // 2
    p1, q1, t1 = series(first, middle)
    p2, q2, t2 = series(middle, end)
    return p1 * p2, q1 * q2, t1 * q2 + p1 * t2
