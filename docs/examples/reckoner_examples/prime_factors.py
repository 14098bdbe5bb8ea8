"""JSON from a dict, a check by a predicate, and an estimate, so that small ones are inline."""

import math
from typing import Annotated

from reckoner import Estimate, Ge, Le, function

# Measured: one division of the loop, and the memory of a Python that does nothing else.
SECONDS_PER_DIVISION = 6e-8
PYTHON_BYTES = 40_000_000


def estimate(n: int) -> Estimate:
    """Expect the worst, a prime: the loop tries every odd number up to its root."""
    return Estimate(seconds=math.isqrt(n) / 2 * SECONDS_PER_DIVISION, bytes=PYTHON_BYTES)


def multiply_to_n(result: dict[str, int], n: int) -> bool:
    """Check the result: the powers, multiplied, are n again."""
    product: int = math.prod(int(prime) ** exponent for prime, exponent in result.items())
    return product == n


@function(
    estimate=estimate, check=multiply_to_n, examples=[{"n": 5_040}, {"n": 99_999_999_999_973}]
)
def prime_factors(n: Annotated[int, Ge(1), Le(10**14)]) -> dict[str, int]:
    """The prime factors of n with their exponents.

    Args:
        n: The number to factorize.
    """
    factors: dict[str, int] = {}
    divisor = 2
    while divisor * divisor <= n:
        while n % divisor == 0:
            factors[str(divisor)] = factors.get(str(divisor), 0) + 1
            n //= divisor
        divisor += 1 if divisor == 2 else 2
    if n > 1:
        factors[str(n)] = 1
    return factors
