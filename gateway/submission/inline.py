"""Computing cheap calculations while their requests wait."""

import asyncio
import logging
from collections.abc import Sequence

from gateway.server.threads import WatchedThreads
from reckoner.authoring.errors import CalculationFailed
from shared.calculation import Calculation
from shared.calculator import Calculator
from shared.result import Result

#: What has not been computed after this time is left to the workers.
_MAX_SECONDS = 2.0

_logger = logging.getLogger(__name__)


class InlineComputing:
    """Computes in threads, because even a millisecond is long for the event loop."""

    def __init__(self, calculator: Calculator, threads: WatchedThreads) -> None:
        self._calculator = calculator
        self._threads = threads

    async def compute(self, calculations: Sequence[Calculation]) -> Sequence[Result | None]:
        """Return the results in order; None for what failed, which a worker will report.

        None for all if no thread was free in time.
        """
        try:
            async with asyncio.timeout(_MAX_SECONDS):
                if self._threads.is_stuck:
                    raise TimeoutError
                return await self._threads.run(
                    lambda: list(map(self._compute, calculations)),
                    [calculation.id for calculation in calculations],
                )
        except TimeoutError:
            _logger.warning(
                "%d calculations are queued: no thread was free to compute them within %g s",
                len(calculations),
                _MAX_SECONDS,
            )
            return [None] * len(calculations)

    def _compute(self, calculation: Calculation) -> Result | None:
        try:
            return self._calculator.compute(calculation.function, calculation.arguments)
        except CalculationFailed:
            return None
        except Exception:  # whatever an author's function raises
            _logger.exception(
                "A function raised an exception", extra={"calculation_id": calculation.id}
            )
            return None
