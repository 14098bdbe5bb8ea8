"""Computing in this very process, for calculations too small to be worth a child.

The gateway does it for the cheapest, quick workers for the rest of their lane.
"""

import time
from collections.abc import Mapping
from typing import Any

from shared.functions.signature import Function
from shared.functions.verification import random_prime, verified
from shared.result import Result

#: Results checked with one prime before the next is drawn. A prime nobody knows convicts a wrong
#: result almost surely, and drawing one takes longer than most quick calculations.
_PRIME_USES = 1_000


class Calculator:
    """Computes and checks, one calculation after another. Threads may share it."""

    def __init__(self) -> None:
        self._prime = random_prime()
        self._uses = 0

    def compute(self, function: Function, arguments: Mapping[str, Any]) -> Result:
        """Apply the function and return its result with all digits.

        Raises ResultWrong if the digits do not pass their check, and whatever the function raises.
        """
        began = time.perf_counter()
        given = function.compute(arguments, _ignore_progress)
        digits = given if isinstance(given, str) else "".join(given)
        seconds = time.perf_counter() - began
        for _ in verified(function, arguments, digits, self._next_prime()):
            pass
        return Result.of(digits, seconds)

    def _next_prime(self) -> int:
        # Two threads that count at once may miss one use or draw two primes; either is as good.
        self._uses += 1
        if self._uses % _PRIME_USES == 0:
            self._prime = random_prime()
        return self._prime


def _ignore_progress(_fraction: float) -> None:
    """Take no notice: it will be over before anyone could look."""
