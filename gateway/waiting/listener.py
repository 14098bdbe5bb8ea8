"""The LISTEN connection of a gateway process."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable
from typing import NoReturn

import psycopg2
import psycopg2.extensions

from gateway.database.database import Database
from gateway.waiting.waiters import Waiters, until_set
from shared.errors import StoreUnavailable
from shared.postgres.outages import brief, is_transient
from shared.store.notifications import notify_listeners, read_changed

#: A connection on which not even our own notifications have arrived for this long is dead.
_SILENCE_SECONDS = 20.0
_RECONNECT_SECONDS = (0.1, 0.5, 1.0, 2.0)

_logger = logging.getLogger(__name__)

Connect = Callable[[], psycopg2.extensions.connection]


class Listener:
    """Passes PostgreSQL's notifications to the waiters; reconnects when its connection is lost."""

    def __init__(
        self,
        connect: Connect,
        database: Database,
        waiters: Waiters,
        note_change: Callable[[], None] = lambda: None,
    ) -> None:
        """Call `note_change` too, whatever has changed."""
        self._connect = connect
        self._database = database
        self._waiters = waiters
        self._note_change = note_change
        self._has_received = False

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
                self._waiters.mark_all_changed()  # notifications may have been missed
                self._note_change()
                await self._listen(connection)
            finally:
                connection.close()
            _logger.warning("The connection that listens for changes was lost.")

    async def _listen(self, connection: psycopg2.extensions.connection) -> None:
        loop = asyncio.get_running_loop()
        lost = asyncio.Event()
        # A duplicate, because libpq closes its descriptor as soon as the connection breaks, and
        # the next connection may get that number while the loop still watches it for this one.
        descriptor = os.dup(connection.fileno())
        loop.add_reader(descriptor, self._receive, connection, lost)
        try:
            self._has_received = True
            while self._has_received and not lost.is_set():
                self._has_received = False
                with contextlib.suppress(StoreUnavailable):
                    await self._database.run_autocommit(notify_listeners)
                await until_set(lost, _SILENCE_SECONDS)
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)

    def _receive(self, connection: psycopg2.extensions.connection, lost: asyncio.Event) -> None:
        try:
            connection.poll()
        except psycopg2.Error:
            lost.set()
            return
        self._has_received = True
        while connection.notifies:
            payload = connection.notifies.pop(0).payload
            if payload:
                self._waiters.mark_changed(read_changed(payload))
                self._note_change()
