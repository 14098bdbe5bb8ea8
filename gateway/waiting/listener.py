"""The one LISTEN connection of a gateway process."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable
from typing import NoReturn

import psycopg2
import psycopg2.extensions

from gateway.database.database import Database
from gateway.waiting.waiters import Waiting, until_set
from shared.errors import StoreUnavailable
from shared.postgres.outages import brief, is_transient
from shared.store.notifications import notify_listeners, read_changed

#: A connection that has not even brought what we sent ourselves for so long is dead.
_SILENCE_SECONDS = 20.0
_RECONNECT_SECONDS = (0.1, 0.5, 1.0, 2.0)

_logger = logging.getLogger(__name__)

Connect = Callable[[], psycopg2.extensions.connection]


class Listener:
    """Tells the waiters what PostgreSQL notifies, on a connection that is opened again if lost."""

    def __init__(self, connect: Connect, database: Database, waiting: Waiting) -> None:
        self._connect = connect
        self._database = database
        self._waiting = waiting
        self._has_heard = False

    async def run(self) -> NoReturn:
        """Listen until cancelled."""
        failures = 0
        while True:
            try:
                connection = await asyncio.to_thread(self._connect)
            except psycopg2.Error as error:
                if not is_transient(error):
                    raise
                _logger.warning("Cannot listen for changes: %s", brief(error))
                await asyncio.sleep(_RECONNECT_SECONDS[min(failures, 3)])
                failures += 1
                continue
            failures = 0
            try:
                self._waiting.changed_all()  # whatever was notified meanwhile was missed
                await self._listen(connection)
            finally:
                connection.close()
            _logger.warning("The connection that listens for changes was lost.")

    async def _listen(self, connection: psycopg2.extensions.connection) -> None:
        loop = asyncio.get_running_loop()
        lost = asyncio.Event()
        # A number of our own for the same socket: libpq closes its number as soon as the connection
        # breaks, and the next connection gets it while the loop still watches it for this one.
        descriptor = os.dup(connection.fileno())
        loop.add_reader(descriptor, self._read, connection, lost)
        try:
            self._has_heard = True
            while self._has_heard and not lost.is_set():
                self._has_heard = False
                with contextlib.suppress(StoreUnavailable):
                    await self._database.run_one(notify_listeners)
                await until_set(lost, _SILENCE_SECONDS)
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)

    def _read(self, connection: psycopg2.extensions.connection, lost: asyncio.Event) -> None:
        try:
            connection.poll()
        except psycopg2.Error:
            lost.set()
            return
        self._has_heard = True
        while connection.notifies:
            self._waiting.changed(read_changed(connection.notifies.pop(0).payload))
