"""The bell that tells the relay of new work: rung often, heard once.

A NOTIFY inside each insert's transaction would serialise all commits, so it goes out on its own,
and one serves for all insertions since the one before. If it is lost, the relay looks by itself
within RECKONER_RELAY_POLL_SECONDS.
"""

import asyncio
import contextlib
from collections.abc import Iterable

from gateway.database import Database
from shared.calculation import Lane
from shared.errors import StoreUnavailable
from shared.store.notifications import notify_outbox

#: The relay is not told more often than it looks while it is busy.
_PACE_SECONDS = 0.01


class Bell:
    """One task that sends what any number of callers rang."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lanes: set[Lane] = set()
        self._rung = asyncio.Event()

    def ring(self, lanes: Iterable[Lane]) -> None:
        """Have the relay told of work in these lanes soon; never waits."""
        self._lanes.update(lanes)
        self._rung.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await self._rung.wait()
            self._rung.clear()
            lanes, self._lanes = self._lanes, set()
            with contextlib.suppress(StoreUnavailable):  # the relay's own look will do
                await self._database.run_one(
                    lambda connection, lanes=lanes: notify_outbox(connection, lanes)  # type: ignore[misc]
                )
            await asyncio.sleep(_PACE_SECONDS)
