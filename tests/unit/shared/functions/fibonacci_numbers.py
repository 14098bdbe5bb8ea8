"""Fibonacci numbers for tests, and whether they are right."""

import gmpy2

from shared.functions.fibonacci import (
    fibonacci,
)
from shared.functions.verification import DigitsResidue

PRIMES = (2**61 - 1, 1_000_000_007, 2_305_843_009_213_693_921)


def computed(n, progress=lambda _fraction: None):
    digits = fibonacci(n, progress)
    return digits if isinstance(digits, str) else "".join(digits)


def agrees_with_gmp(n):
    found = DigitsResidue(PRIMES[0])
    found.feed(computed(n).encode())
    return found.value == gmpy2.fib(n) % PRIMES[0]
