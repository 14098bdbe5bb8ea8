"""What a quick worker computes: only what the gateway would have sent to its lane.

Anyone with access to RabbitMQ can put a message into a queue. Its calculation runs in the worker's
own process, without a memory limit, so the worker checks arguments and estimate again.
"""

from collections.abc import Mapping
from typing import Any

from shared.config import Settings
from shared.errors import CalculationUnfit
from shared.functions.signature import Function


class Admission:
    """The limits of the quick lane, the same as in the gateway's plan."""

    def __init__(self, settings: Settings) -> None:
        self._quick_seconds = settings.quick_seconds
        self._memory_limit_bytes = settings.memory_limit_bytes

    def check(self, function: Function, arguments: Mapping[str, Any]) -> None:
        """Raise CalculationUnfit for a calculation that this lane does not compute."""
        faults = function.validate(arguments)
        if faults:
            raise CalculationUnfit(f"{function.name}: {faults[0].detail}")
        estimate = function.estimate(arguments)
        if estimate.seconds > self._quick_seconds:
            raise CalculationUnfit(
                f"{function.name} would take {estimate.seconds:.3g} s, more than "
                f"the {self._quick_seconds:g} of RECKONER_QUICK_SECONDS"
            )
        if estimate.bytes > self._memory_limit_bytes:
            raise CalculationUnfit(
                f"{function.name} would need {estimate.bytes:,} bytes, more than "
                f"the {self._memory_limit_bytes:,} of RECKONER_MEMORY_LIMIT_BYTES"
            )
