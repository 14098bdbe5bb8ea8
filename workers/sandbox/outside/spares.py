"""Fresh interpreters that are started in advance, for functions that cannot bear a fork.

Starting an interpreter and importing the functions takes longer than many calculations. Each child
still runs one calculation and ends.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from shared.errors import ProcessDied
from workers.sandbox.exit_reasons import NOT_STARTED
from workers.sandbox.outside.process import CHILD_COMMAND, FreshChild

logger = logging.getLogger(__name__)


class SpareChildren:
    """Keeps child processes that wait for a request. Threads may share it.

    One thread does everything, one task after the other: a child ends with the thread that started
    it, which must therefore outlive the threads of the slots, and while one child starts, no second
    one is started for the same slot.
    """

    def __init__(self, command: Sequence[str] = CHILD_COMMAND, at_most: int = 1) -> None:
        """`at_most` is how many wait at the same time."""
        self._command = command
        self._at_most = at_most
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="spare-children")
        self._spares: list[FreshChild] = []

    def prepare(self) -> None:
        """Start one more soon, unless enough of them wait."""
        with suppress(RuntimeError):  # closed
            self._starter.submit(self._prepare)

    def take(self) -> FreshChild:
        """Return a spare child, or a new one if there is none. Raises ProcessDied."""
        try:
            taken = self._starter.submit(self._take)
        except RuntimeError as error:
            raise ProcessDied(NOT_STARTED, "The worker has stopped.") from error
        return taken.result()

    def close(self) -> None:
        """End the spare children, and start no more."""
        self._starter.submit(self._close_all)
        self._starter.shutdown()

    def _prepare(self) -> None:
        if len(self._spares) >= self._at_most:
            return
        try:
            self._spares.append(FreshChild(self._command))
        except ProcessDied as error:
            logger.warning("Cannot start a spare child process: %s", error.detail)

    def _take(self) -> FreshChild:
        while self._spares:
            child = self._spares.pop()
            if not child.has_ended():
                return child
            child.close()  # it was killed while it waited
        return FreshChild(self._command)

    def _close_all(self) -> None:
        while self._spares:
            self._spares.pop().close()
