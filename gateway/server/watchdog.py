"""The end of a gateway process that can no longer work; gunicorn then starts another.

A thread that hangs cannot be ended, and what else has gone wrong in a process is often put right by
a new one. So workers end as well.
"""

import asyncio
import logging
import os
import signal
import threading
import time
from typing import NoReturn

from gateway.database.database import Database
from shared.errors import StoreUnavailable
from shared.store.new_calculations import insert_new

#: A process that could store no calculation for so long ends.
_FRUITLESS_SECONDS = 60.0
_PROBE_SECONDS = 5.0
_LOOK_SECONDS = 1.0

#: How long a process that ends may answer what it has begun. NGINX keeps using a connection that
#: is open for up to 6 s (gateway/server/protocol.py).
_ENDING_SECONDS = 8.0

_logger = logging.getLogger(__name__)


class Watchdog:
    """Looks whether calculations can be stored, and whether a thread hangs."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._has_given_up = False

    async def watch_store(self) -> NoReturn:
        """Ask PostgreSQL now and then for what a submission asks, with nothing to store."""
        stored_at = time.monotonic()
        while True:
            await asyncio.sleep(_PROBE_SECONDS)
            try:
                await self._database.fetch(insert_new([]))
            except StoreUnavailable:
                pass  # which is logged
            except Exception:
                _logger.exception("Calculations cannot be stored")
            else:
                stored_at = time.monotonic()
            fruitless_seconds = time.monotonic() - stored_at
            if fruitless_seconds > _FRUITLESS_SECONDS:
                self._give_up(f"no calculation could be stored for {fruitless_seconds:.0f} s")

    async def watch_threads(self) -> NoReturn:
        """Look for threads that hang."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            for name in self._database.hanging():
                self._give_up(f"a thread hangs, {name}")

    def _give_up(self, reason: str) -> None:
        if self._has_given_up:
            return
        self._has_given_up = True
        _logger.critical("%s: this process ends", reason)
        # Should the orderly end not come: it waits for clients, and for threads.
        timer = threading.Timer(_ENDING_SECONDS, os._exit, (1,))
        timer.daemon = True
        timer.start()
        os.kill(os.getpid(), signal.SIGTERM)

    def end(self) -> None:
        """End this process with a status that tells, if it has given up; its work is done."""
        if self._has_given_up:
            os._exit(1)
