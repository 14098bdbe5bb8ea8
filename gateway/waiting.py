"""The one LISTEN connection of a gateway process, and those who wait on it.

Waiters never poll. A notification says which calculations changed; whoever waits for one of them
looks at it once. When the connection was lost, something may have been missed: all look once.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg2
import psycopg2.extensions

from shared.store.notifications import read_changed

_RECONNECT_SECONDS = (0.1, 0.5, 1.0, 2.0)

_logger = logging.getLogger(__name__)

Connect = Callable[[], psycopg2.extensions.connection]


class Waiting:
    """Wakes waiters by calculation id."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._waiters: dict[UUID, set[asyncio.Event]] = defaultdict(set)
        self._broken = asyncio.Event()

    @contextmanager
    def watch(self, calculation_id: UUID) -> Iterator[asyncio.Event]:
        """Yield an event that is set whenever the calculation may have changed.

        Watch first and look afterwards: then no change falls between the two.
        """
        event = asyncio.Event()
        self._waiters[calculation_id].add(event)
        try:
            yield event
        finally:
            events = self._waiters[calculation_id]
            events.discard(event)
            if not events:
                del self._waiters[calculation_id]

    async def run(self) -> None:
        """Listen until cancelled, connecting again whenever the connection is lost."""
        failures = 0
        while True:
            try:
                connection = await asyncio.to_thread(self._connect)
            except psycopg2.Error as error:
                _logger.warning("Cannot listen for changes: %s", str(error).strip())
                pause = _RECONNECT_SECONDS[min(failures, len(_RECONNECT_SECONDS) - 1)]
                failures += 1
                await asyncio.sleep(pause)
                continue
            failures = 0
            try:
                self._wake_all()
                await self._listen(connection)
            finally:
                connection.close()
            _logger.warning("The connection that listens for changes was lost.")

    async def _listen(self, connection: psycopg2.extensions.connection) -> None:
        loop = asyncio.get_running_loop()
        self._broken.clear()
        descriptor = connection.fileno()
        loop.add_reader(descriptor, self._read, connection)
        try:
            await self._broken.wait()
        finally:
            loop.remove_reader(descriptor)

    def _read(self, connection: psycopg2.extensions.connection) -> None:
        try:
            connection.poll()
        except psycopg2.Error:
            self._broken.set()
            return
        while connection.notifies:
            for calculation_id in read_changed(connection.notifies.pop(0).payload):
                for event in self._waiters.get(calculation_id, ()):
                    event.set()

    def _wake_all(self) -> None:
        for events in self._waiters.values():
            for event in events:
                event.set()
