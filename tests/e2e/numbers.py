"""Fibonacci numbers that no earlier run has asked for, and their values from elsewhere."""

import random

import gmpy2

_random = random.SystemRandom()


def fresh(least: int, most: int) -> int:
    """Return an n between the two that is most likely new to a service that kept old ones."""
    return _random.randint(least, most)


def fibonacci(n: int) -> str:
    """Return F(n) by GMP's own Lucas-Lehmer-style routine, which Reckoner uses for small n only."""
    return str(gmpy2.fib(n).digits())
