"""Threads for what would hold up the event loop, and what each of them is at."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

#: A thread that has been at one thing for so long is not counted on.
_STUCK_SECONDS = 2.0


class WatchedThreads:
    """A few threads of one purpose. A thread cannot be ended; one that hangs can be found."""

    def __init__(self, count: int, name: str, *, most_seconds: float) -> None:
        """Take for hanging what takes longer than `most_seconds`."""
        self._count = count
        self._executor = ThreadPoolExecutor(count, thread_name_prefix=name)
        self._name = name
        self._most_seconds = most_seconds
        self._under_way: dict[int, tuple[float, object]] = {}

    async def run(self, function: Callable[[], T], subject: object = "") -> T:
        """Return what the function returns; `subject` is what to call it should it hang."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._run, function, subject)

    def _run(self, function: Callable[[], T], subject: object) -> T:
        thread = threading.get_ident()
        self._under_way[thread] = (time.monotonic(), subject)
        try:
            return function()
        finally:
            del self._under_way[thread]

    @property
    def is_stuck(self) -> bool:
        """Say whether no thread is likely to be free soon."""
        since = time.monotonic() - _STUCK_SECONDS
        return len(self._under_way) >= self._count and all(
            began < since for began, _ in list(self._under_way.values())
        )

    def hanging(self) -> list[str]:
        """Name what has been under way for too long."""
        since = time.monotonic() - self._most_seconds
        under_way = list(self._under_way.values())
        return [f"{self._name}: {subject}" for began, subject in under_way if began < since]

    def close(self) -> None:
        """Begin nothing more. What hangs must not be waited for."""
        self._executor.shutdown(wait=False, cancel_futures=True)
