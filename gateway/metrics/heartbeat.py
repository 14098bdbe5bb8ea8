"""The heartbeat of a gateway process: it writes what the process has counted, and how it is now."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import NoReturn

from sqlalchemy.exc import DBAPIError

from gateway.database.database import Database
from shared.errors import StoreUnavailable
from shared.store.metrics_row import MetricsRow

_SECONDS = 5.0

#: How long a process that stops tries to write its last counts.
_LAST_SECONDS = 3.0


class Heartbeat:
    """Writes the row of this process until it is cancelled, and once more then."""

    def __init__(
        self,
        database: Database,
        row: MetricsRow,
        *notes: Callable[[], None],
        seconds: float = _SECONDS,
    ) -> None:
        """Take what is to be called before each write, to count and to note the gauges."""
        self._database = database
        self._row = row
        self._notes = notes
        self._seconds = seconds
        self._writing: asyncio.Task[None] | None = None

    async def run(self) -> NoReturn:
        """Write every few seconds."""
        try:
            while True:
                # Not ended by a cancel: the thread goes on, and the row is for one at a time.
                self._writing = asyncio.create_task(self._write(is_last=False))
                await asyncio.shield(self._writing)
                await asyncio.sleep(self._seconds)
        except asyncio.CancelledError:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_SECONDS):
                    await self._write_last()
            raise

    async def _write_last(self) -> None:
        if self._writing is not None:
            await self._writing
        await self._write(is_last=True)

    async def _write(self, *, is_last: bool) -> None:
        for note in self._notes:
            note()
        try:
            written = await self._database.run_autocommit(
                lambda connection: self._row.write(connection, is_last=is_last)
            )
        except StoreUnavailable:
            return  # which is logged, and the next write has everything
        except DBAPIError as error:
            self._row.complain(error)
        else:
            self._row.note_written(written)
