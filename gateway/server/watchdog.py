"""Ends a gateway process that can no longer work, so that gunicorn starts another.

A thread that hangs cannot be ended, and a new process often cures other faults as well.
"""

import asyncio
import logging
import os
import signal
import threading
import time
from typing import NoReturn

from gateway.database.database import Database
from gateway.server.threads import ComputeThreads
from shared.errors import StoreUnavailable
from shared.store.new_calculations import insert_new

#: A process in which no calculation could be stored for longer ends.
_MAX_FAILING_SECONDS = 60.0
_PROBE_SECONDS = 5.0
_CHECK_SECONDS = 1.0

#: How long a process that ends may finish its requests. NGINX uses a connection that stays open
#: for up to 6 s (gateway/server/protocol.py).
_SHUTDOWN_SECONDS = 8.0

_logger = logging.getLogger(__name__)


class Watchdog:
    """Checks that calculations can be stored, and that no thread hangs."""

    def __init__(self, database: Database, threads: ComputeThreads) -> None:
        self._database = database
        self._threads = threads
        self._has_given_up = False

    async def watch_store(self) -> NoReturn:
        """Execute the statement of a submission now and then, with nothing to store."""
        stored_at = time.monotonic()
        while True:
            await asyncio.sleep(_PROBE_SECONDS)
            try:
                await self._database.fetch(insert_new([]))
            except StoreUnavailable:
                pass  # which is logged already
            except Exception:
                _logger.exception("Calculations cannot be stored")
            else:
                stored_at = time.monotonic()
            failing_seconds = time.monotonic() - stored_at
            if failing_seconds > _MAX_FAILING_SECONDS:
                self._give_up(f"no calculation could be stored for {failing_seconds:.0f} s")

    async def watch_threads(self) -> NoReturn:
        """Check for threads that hang."""
        while True:
            await asyncio.sleep(_CHECK_SECONDS)
            for name in self._threads.hanging():
                self._give_up(f"a thread hangs, {name}")

    def _give_up(self, reason: str) -> None:
        if self._has_given_up:
            return
        self._has_given_up = True
        _logger.critical("%s: this process ends", reason)
        # In case the orderly shutdown hangs: it waits for clients, and for threads.
        timer = threading.Timer(_SHUTDOWN_SECONDS, os._exit, (1,))
        timer.daemon = True
        timer.start()
        os.kill(os.getpid(), signal.SIGTERM)

    def end(self) -> None:
        """End this process with exit status 1 if it has given up. Its requests are finished."""
        if self._has_given_up:
            os._exit(1)
