"""What a quick worker computes: only what the gateway would have sent to its lane.

Anyone with access to RabbitMQ can put a message into a queue. Its calculation runs in the worker's
own process, without a memory limit, so the worker checks arguments and estimate again.
"""

import json

from shared.functions.signature import Function

from reckoner.authoring.arguments import BoundArguments
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
            arguments = json.loads(arguments_text)
        except (ValueError, RecursionError) as error:
            raise CalculationUnfit(f"{function.name}: its arguments are not JSON") from error
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
        return BoundArguments(arguments, arguments_text)
