"""The tasks and connections that live as long as a gateway process does."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from gateway.database.database import Database
from gateway.server.threads import ComputeThreads
from gateway.server.watchdog import Watchdog

_PAUSE_SECONDS = 1.0

_logger = logging.getLogger(__name__)

Run = Callable[[], Coroutine[Any, Any, None]]


class Background:
    """Middleware that starts the tasks with the process, and ends them with it."""

    def __init__(
        self, database: Database, threads: ComputeThreads, watchdog: Watchdog, *runs: Run
    ) -> None:
        self._database = database
        self._threads = threads
        self._watchdog = watchdog
        self._runs = runs
        self._tasks: list[asyncio.Task[None]] = []

    async def process_startup(self, scope: dict[str, Any], event: dict[str, Any]) -> None:  # noqa: ARG002
        """Start the tasks."""
        self._tasks = [asyncio.create_task(keep_running(run)) for run in self._runs]

    async def process_shutdown(self, scope: dict[str, Any], event: dict[str, Any]) -> None:  # noqa: ARG002
        """End the tasks, and close threads and connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._threads.close()
        await asyncio.to_thread(self._database.close)
        self._watchdog.end()


async def keep_running(run: Run) -> None:
    """Run until cancelled; restart after a bug, because requests wait for what the task does."""
    while True:
        try:
            await run()
        except Exception:
            _logger.exception("A background task failed and is restarted")
            await asyncio.sleep(_PAUSE_SECONDS)
