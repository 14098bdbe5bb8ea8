"""What a quick worker computes: only what the gateway would have sent to its lane.

Anyone with access to RabbitMQ can put a message into a queue. Its calculation runs in the worker's
own process, without a memory limit, so the worker checks arguments and estimate again.
"""

from reckoner.authoring.arguments.bound import BoundArguments
from reckoner.authoring.definition import Function
from reckoner.authoring.errors import ArgumentsFaulty
from shared.config import Settings
from shared.errors import CalculationUnfit


class Admission:
    """The limits of the quick lane, the same as in the gateway's plan."""

    def __init__(self, settings: Settings) -> None:
        self._quick_seconds = settings.quick_seconds
        self._memory_limit_bytes = settings.memory_limit_bytes

    def bind(self, function: Function, arguments_text: str) -> BoundArguments:
        """Return the arguments of a calculation that this lane computes.

        Raises CalculationUnfit for any other.
        """
        try:
            bound = function.bind_text(arguments_text)
        except ArgumentsFaulty as error:
            raise CalculationUnfit(f"{function.name}: {error.faults[0].detail}") from error
        estimate = function.estimate(bound)
        if function.lane == "heavy" or function.needs_process:
            raise CalculationUnfit(f"{function.name} needs a process of its own")
        if estimate is None:
            if function.lane != "quick":
                raise CalculationUnfit(f"{function.name} has no estimate")
            return bound
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
        return bound
