"""How long each thread of a quick worker has been at its present calculation."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from shared.work import Work


class Watchdog:
    """Notes what every thread began, and when. Looked at from another thread."""

    def __init__(self) -> None:
        self._under_way: dict[int, tuple[float, Work]] = {}

    @contextmanager
    def running(self, work: Work) -> Iterator[None]:
        """Note that this thread computes this now."""
        thread = threading.get_ident()
        self._under_way[thread] = (time.monotonic(), work)
        try:
            yield
        finally:
            del self._under_way[thread]

    def overdue(self, seconds: float) -> list[Work]:
        """Return what has been under way for longer."""
        since = time.monotonic() - seconds
        return [work for began, work in list(self._under_way.values()) if began < since]
