"""One calculation as a heavy worker would run it, without a worker and without a service."""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reckoner import Function
from reckoner.authoring.definition import BoundArguments
from reckoner.testing.children import start_child
from reckoner.testing.limits import Limits
from shared.errors import CalculationAborted
from shared.functions.verification import random_prime
from shared.result import CHUNK_BYTES, Result, in_chunks
from workers.heavy.arriving_bytes import ArrivingBytes
from workers.heavy.computation import OTHER_RESULT
from workers.sandbox.parent import Sandbox
from workers.sandbox.protocol import RECOMPUTED, Request


class Trial:
    """Runs a function with arguments; `stderr` is the last of what its processes wrote there."""

    def __init__(self, function: Function, bound: BoundArguments, limits: Limits) -> None:
        self._function = function
        self._bound = bound
        self._limits = limits
        self.stderr = ""

    def run(
        self, keep: Callable[[bytes], object], on_progress: Callable[[float], object]
    ) -> Result:
        """Return the result, without its bytes, which `keep` gets. Raises CalculationAborted.

        What was kept is known to be right only when this returns.
        """
        result = self._compute(keep, on_progress)
        if result.check == RECOMPUTED:
            again = self._compute_again()
            if (again.length, again.sha256) != (result.length, result.sha256):
                raise CalculationAborted("result-wrong", OTHER_RESULT)
        return result
