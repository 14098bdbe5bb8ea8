"""Threads for work that would block the event loop, and what each of them is doing.

Short work has threads of its own: it must not wait for long work, nor for a function that hangs.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

#: For calculations that are computed in their request.
_INLINE_THREADS = 4
_MAX_INLINE_SECONDS = 20.0

#: For everything else that takes long: reading batches, writing pages, compression.
_LONG_THREADS = 4
_MAX_LONG_SECONDS = 60.0

#: A thread that has been busy for longer may not be free soon.
_STUCK_SECONDS = 2.0


class WatchedThreads:
    """A few threads for one purpose. A thread cannot be ended, but one that hangs can be found."""

    def __init__(self, count: int, name: str, *, max_seconds: float) -> None:
        """Treat whatever runs longer than `max_seconds` as hanging."""
        self._count = count
        self._executor = ThreadPoolExecutor(count, thread_name_prefix=name)
        self._name = name
        self._max_seconds = max_seconds
        self._running: dict[int, tuple[float, object]] = {}

    async def run(self, function: Callable[[], T], subject: object = "") -> T:
        """Return what the function returns; `subject` names it in the log if it hangs."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._run, function, subject)

    def _run(self, function: Callable[[], T], subject: object) -> T:
        thread = threading.get_ident()
        self._running[thread] = (time.monotonic(), subject)
        try:
            return function()
        finally:
            del self._running[thread]

    @property
    def is_stuck(self) -> bool:
        """Say whether no thread is likely to be free soon."""
        since = time.monotonic() - _STUCK_SECONDS
        return len(self._running) >= self._count and all(
            began < since for began, _ in list(self._running.values())
        )

    def hanging(self) -> list[str]:
        """Name whatever has been running for too long."""
        since = time.monotonic() - self._max_seconds
        running = list(self._running.values())
        return [f"{self._name}: {subject}" for began, subject in running if began < since]

    def close(self) -> None:
        """Start nothing more, and do not wait: what hangs would never end."""
        self._executor.shutdown(wait=False, cancel_futures=True)


class ComputeThreads:
    """The threads of a gateway process that compute for requests.

    `inline` is for calculations that take milliseconds by their estimate, `long` for all else.
    """

    def __init__(self) -> None:
        self.inline = WatchedThreads(
            _INLINE_THREADS, "computing in a request", max_seconds=_MAX_INLINE_SECONDS
        )
        self.long = WatchedThreads(
            _LONG_THREADS, "work for a request", max_seconds=_MAX_LONG_SECONDS
        )

    def hanging(self) -> list[str]:
        """Name whatever has been running for too long."""
        return [*self.inline.hanging(), *self.long.hanging()]

    def close(self) -> None:
        """Start nothing more, and do not wait."""
        self.inline.close()
        self.long.close()
