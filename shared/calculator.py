"""Computing within the calling process, for calculations too small for a process of their own.

The gateway computes the cheapest this way, quick workers the rest of their lane.
"""

import time

from reckoner.authoring.arguments import BoundArguments
from shared.functions.signature import Function
from shared.functions.verification import random_prime, verified
from shared.result import Result, ResultKind

#: Results checked with one prime before the next is drawn, since drawing one takes longer than most
#: quick calculations.
_PRIME_USES = 1_000


class Calculator:
    """Computes calculations and checks their results. Threads may share it."""

    def __init__(self) -> None:
        self._prime = random_prime()
        self._uses = 0

    def compute(self, function: Function, bound: BoundArguments) -> Result:
        """Apply the function and return its result with all digits.

        Raises ResultWrong if the digits fail their check, and whatever the function raises.
        """
        began = time.perf_counter()
        given = function.compute(bound.values, _ignore_progress)
        digits = given if isinstance(given, str) else "".join(given)
        seconds = time.perf_counter() - began
        for _ in verified(function, bound.values, digits, self._next_prime()):
            pass
        return Result.of(ResultKind.DIGITS, digits.encode("ascii"), seconds, check="residue")

    def _next_prime(self) -> int:
        # Two threads that count at once may miss a use or draw two primes, which does no harm.
        self._uses += 1
        if self._uses % _PRIME_USES == 0:
            self._prime = random_prime()
        return self._prime


def _ignore_progress(_fraction: float) -> None:
    """Ignore progress: the calculation ends before anybody could read it."""
