"""Telling the relay of new work, without anybody waiting for it."""

import asyncio
import logging
from collections.abc import Collection

import psycopg2

from gateway.database.database import Database
from shared.calculation import Lane
from shared.errors import StoreUnavailable
from shared.store.notifications import wake_relay

_logger = logging.getLogger(__name__)


class Bell:
    """Rings soon; what is to be rung for meanwhile goes together into the next ring.

    On its own: a NOTIFY in the transaction of many inserts would serialise all their commits.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lanes: set[Lane] = set()
        self._ringing: asyncio.Task[None] | None = None

    def ring(self, lanes: Collection[Lane]) -> None:
        """Have the relay hear that there is work in these lanes."""
        self._lanes.update(lanes)
        if self._lanes and self._ringing is None:
            self._ringing = asyncio.create_task(self._ring())

    async def _ring(self) -> None:
        try:
            while self._lanes:
                lanes, self._lanes = self._lanes, set()
                await self._database.fetch(wake_relay(lanes))
        except StoreUnavailable:
            pass  # the relay looks by itself before long
        except psycopg2.Error:
            _logger.exception("Cannot wake the relay; it looks by itself")
        finally:
            self._ringing = None
