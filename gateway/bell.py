"""The bell that tells the relay of new work: rung often, heard once.

A NOTIFY inside each insert's transaction would serialise all commits, so it goes out on its own,
and one serves for all insertions since the one before. If it is lost, the relay looks by itself
within RECKONER_RELAY_POLL_SECONDS.
"""

import asyncio
import contextlib

from gateway.database import Database
from shared.errors import StoreUnavailable
from shared.store.notifications import notify_outbox


class Bell:
    """One task that sends what any number of callers rang."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Have the relay told soon; never waits."""
        self._rung.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await self._rung.wait()
            self._rung.clear()
            with contextlib.suppress(StoreUnavailable):  # the relay's own look will do
                await self._database.run_one(notify_outbox)
