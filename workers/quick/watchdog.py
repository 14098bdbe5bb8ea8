"""Finds calculations of a quick worker that hang: threads cannot be interrupted, only watched."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from shared.calculation import Work


class Watchdog:
    """Notes what each thread computes, and since when, for another thread to check."""

    def __init__(self) -> None:
        self._running: dict[int, tuple[float, Work]] = {}

    @contextmanager
    def running(self, work: Work) -> Iterator[None]:
        """Note that this thread computes this, while the block runs."""
        thread = threading.get_ident()
        self._running[thread] = (time.monotonic(), work)
        try:
            yield
        finally:
            del self._running[thread]

    @property
    def running_count(self) -> int:
        """How many threads compute something."""
        return len(self._running)

    def overdue(self, seconds: float) -> list[Work]:
        """Return what has been running for longer."""
        since = time.monotonic() - seconds
        return [work for began, work in list(self._running.values()) if began < since]
