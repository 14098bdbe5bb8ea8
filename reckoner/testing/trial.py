"""One calculation as a heavy worker would run it, without a worker and without a service."""

import dataclasses
from collections.abc import Callable

from reckoner.authoring.arguments.bound import BoundArguments
from reckoner.authoring.definition import Function
from reckoner.testing.children import start_child
from reckoner.testing.limits import Limits
from shared.functions.verification import random_prime
from shared.result import Result
from workers.heavy.arriving_bytes import ArrivingBytes
from workers.sandbox.exit_reasons import results_differ
from workers.sandbox.outside.parent import Sandbox
from workers.sandbox.protocol import RECOMPUTED, Request

#: Of the bytes that arrive, this many show whether a short result is valid JSON.
_SHORT_BYTES = 2**16


class Trial:
    """Runs a function with arguments; `stderr` is the last of what its processes wrote there."""

    def __init__(self, function: Function, bound: BoundArguments, limits: Limits) -> None:
        self._function = function
        self._bound = bound
        self._limits = limits
        self.stderr = ""

    def run(self, keep: Callable[[bytes], object]) -> Result:
        """Return the result without its bytes, which `keep` gets. Raises CalculationAborted.

        What was kept is known to be right only when this returns.
        """
        result = self._compute(keep)
        if result.check != RECOMPUTED:
            return result
        again = self._compute(_ignore)
        if (again.length, again.sha256) != (result.length, result.sha256):
            raise results_differ()
        peak_bytes = max(result.peak_bytes or 0, again.peak_bytes or 0) or None
        return dataclasses.replace(result, peak_bytes=peak_bytes)

    def _compute(self, keep: Callable[[bytes], object]) -> Result:
        request = Request(
            function=self._function.name,
            version=self._function.version,
            arguments_text=self._bound.text,
            prime=random_prime(),
            memory_limit_bytes=self._limits.memory_bytes,
            time_limit_seconds=self._limits.seconds,
            max_result_bytes=self._limits.result_bytes,
        )
        with Sandbox(request, start_child(self._function)) as child:
            arriving = None
            start = b""
            try:
                for piece in child.receive(_ignore, lambda: None):
                    arriving = arriving or ArrivingBytes(child.header, self._limits.result_bytes)
                    arriving.feed(piece)
                    start += piece[: _SHORT_BYTES + 1 - len(start)]
                    keep(piece)
            finally:
                self.stderr = child.stderr or self.stderr
            arriving = arriving or ArrivingBytes(child.header, 0)
            data = start if len(start) <= _SHORT_BYTES else None
            return arriving.finish(child.summary, data, child.peak_bytes)


def _ignore(_given: object) -> None:
    """Neither bytes nor progress are of interest."""
