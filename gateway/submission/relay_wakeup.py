"""Waking the relay when there is new work, without delaying any response."""

import asyncio
import logging
from collections.abc import Collection

import psycopg2

from gateway.database.database import Database
from shared.calculation import Lane
from shared.errors import StoreUnavailable
from shared.store.notifications import wake_relay

_logger = logging.getLogger(__name__)


class RelayWakeup:
    """Notifies the relay in a task of its own; wake-ups that come during one share the next.

    Not in the transactions that insert: NOTIFY takes a lock that makes their commits wait for
    each other.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lanes: set[Lane] = set()
        self._task: asyncio.Task[None] | None = None

    def wake(self, lanes: Collection[Lane]) -> None:
        """Notify the relay soon that there is work in these lanes."""
        self._lanes.update(lanes)
        if self._lanes and self._task is None:
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            while self._lanes:
                lanes, self._lanes = self._lanes, set()
                await self._database.fetch(wake_relay(lanes))
        except StoreUnavailable:
            pass  # the relay polls as well
        except psycopg2.Error:
            _logger.exception("Cannot wake the relay. It finds new work when it polls")
        finally:
            self._task = None
