"""What a worker offers: the functions that it can compute, each in its version.

A calculation of any other function is handed back, for another worker to compute.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable

from shared.calculation import Lane, Work
from shared.functions.offers import offer

logger = logging.getLogger(__name__)

_REMINDER_SECONDS = 60.0


class Offers:
    """The functions of one worker. Threads may share it."""

    def __init__(self, lane: Lane, installed: Callable[[], Collection[str] | None]) -> None:
        """Take what returns the installed functions; None while they are not known."""
        self._lane = lane
        self._installed = installed
        self._withdrawn: frozenset[str] = frozenset()
        self._said_at: dict[str, float] = {}

    def names(self) -> Collection[str] | None:
        """Return the functions on offer, each as `name/version`; None while they are not known."""
        installed = self._installed()
        return None if installed is None else set(installed) - self._withdrawn

    def lacks(self, work: Work) -> bool:
        """Say whether this worker is known not to have the function of a calculation."""
        name = offer(work.function, work.function_version)
        installed = self._installed()
        return name in self._withdrawn or (installed is not None and name not in installed)

    def withdraw(self, function: str, version: int) -> None:
        """Offer it no longer: a child process does not have it, although this worker does."""
        self._withdrawn |= {offer(function, version)}

    def note_handed_back(self, works: Iterable[Work]) -> None:
        """Log their functions: a line a minute for each, however many calculations there are."""
        now = time.monotonic()
        for name in {offer(work.function, work.function_version) for work in works}:
            said_at = {n: at for n, at in self._said_at.items() if now - at < _REMINDER_SECONDS}
            if name not in said_at:
                said_at[name] = now
                logger.warning(
                    "This worker does not have %.200s: its calculations are left to others",
                    name,
                    extra={"lane": self._lane},
                )
            self._said_at = said_at
