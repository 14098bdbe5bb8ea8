"""Computing within the calling process, for calculations too small for a process of their own.

The gateway computes the cheapest this way, quick workers the rest of their lane.
"""

from reckoner.authoring.arguments.bound import BoundArguments
from reckoner.authoring.definition import Function
from reckoner.authoring.progress import ignore_progress
from shared.errors import ResultTooLarge
from shared.functions.author_code import Stopwatch
from shared.functions.production import produce
from shared.functions.verification import random_prime
from shared.result import Result

#: Results checked with one prime before the next is drawn, since drawing one takes longer than most
#: quick calculations.
_PRIME_USES = 1_000

#: Results are whole in the memory of this process, and in one statement of PostgreSQL's, which may
#: have a gigabyte.
_MAX_BYTES = 2**28


class Calculator:
    """Computes calculations and checks their results. Threads may share it."""

    def __init__(self, max_result_bytes: int = _MAX_BYTES) -> None:
        self._max_bytes = min(max_result_bytes, _MAX_BYTES)
        self._prime = random_prime()
        self._uses = 0

    def compute(self, function: Function, bound: BoundArguments) -> Result:
        """Apply the function and return its result with all bytes.

        Raises ResultInvalid, ResultWrong, FunctionExited, and whatever the function raises.
        """
        watch = Stopwatch()
        pieces = produce(
            function,
            bound,
            ignore_progress,
            self._next_prime(),
            watch,
            max_bytes=self._max_bytes,
        )
        try:
            data = b"".join(pieces)
        except ResultTooLarge as error:
            if error.limit_bytes < _MAX_BYTES:
                raise
            advice = "or compute it in the heavy lane"
            raise ResultTooLarge(error.limit_bytes, advice) from error
        return Result.of(
            function.kind,
            data,
            watch.seconds,
            media_type=function.media_type if function.has_own_media_type else None,
            check=function.check_name,
        )

    def _next_prime(self) -> int:
        # Two threads that count at once may miss a use or draw two primes, which does no harm.
        self._uses += 1
        if self._uses % _PRIME_USES == 0:
            self._prime = random_prime()
        return self._prime
