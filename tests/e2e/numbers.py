"""Fibonacci numbers that no earlier run has submitted, and their values from GMP."""

import random

import gmpy2

_random = random.SystemRandom()


def fresh(least: int, most: int) -> int:
    """Return a random n between the two, most likely not submitted before."""
    return _random.randint(least, most)


def fibonacci(n: int) -> str:
    """Return F(n) by GMP's own routine, which Reckoner uses for small n only."""
    return str(gmpy2.fib(n).digits())
