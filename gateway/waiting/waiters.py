"""Requests that wait for calculations to change, and the one task that reads the rows for them.

Waiters never poll. When a notification names calculations that changed, one query reads those that
anybody waits for, and each row is delivered to its waiters: a thousand waiters cost one query.
"""

import asyncio
import contextlib
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn
from uuid import UUID

from gateway.database.database import Database
from shared.errors import StoreUnavailable
from shared.store.calculations import Row, find_calculations

#: Everything that is waited for is read this often, in case a notification was lost.
_SWEEP_SECONDS = 15.0
_RETRY_SECONDS = 0.5

#: A row may contain a result of 8,192 bytes, and the event loop reads all rows at once.
_MAX_PER_QUERY = 200

#: Waiters that receive rows before other tasks get their turn: each of them writes a response.
_MAX_DELIVERED = 20


async def until_set(event: asyncio.Event, seconds: float) -> None:
    """Return once the event is set, or after this time.

    Python 3.11's `asyncio.wait_for` ignores a cancel that comes as the event is set.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


class Waiter:
    """One request that waits for one calculation."""

    def __init__(self) -> None:
        self._delivered = asyncio.Event()
        self._row: Row | None = None
        self.discarded_at = 0.0

    def discard_row(self) -> bool:
        """Discard a row that was delivered; return whether there was one.

        For a waiter that has just read the row by itself. One that was delivered during the read
        may be older or newer: then read again.
        """
        has_row = self._row is not None
        self._row = None
        self._delivered.clear()
        self.discarded_at = asyncio.get_running_loop().time()
        return has_row

    def deliver(self, row: Row) -> None:
        """Give the waiter a newer row."""
        self._row = row
        self._delivered.set()

    async def next_row(self, seconds: float) -> Row | None:
        """Return the row once the calculation may have changed, or None after this time."""
        await until_set(self._delivered, seconds)
        self._delivered.clear()
        row, self._row = self._row, None
        return row


class Waiters:
    """All waiters of a gateway process, by calculation."""

    def __init__(self, database: Database, *, sweep_seconds: float = _SWEEP_SECONDS) -> None:
        self._database = database
        self._sweep_seconds = sweep_seconds
        self._waiters: dict[UUID, set[Waiter]] = defaultdict(set)
        # A queue without duplicates: under steady traffic everyone gets a turn.
        self._changed: dict[UUID, None] = {}
        self._wake = asyncio.Event()
        #: How many of those that wait are event streams.
        self.streams = 0
        # Independent of notifications, and of queries that fail.
        self._sweep_at: float | None = None

    @contextmanager
    def watch(self, calculation_id: UUID, *, is_stream: bool = False) -> Iterator[Waiter]:
        """Wait for a calculation. Enter this first and read the row then, to miss no change."""
        waiter = Waiter()
        self._waiters[calculation_id].add(waiter)
        self.streams += is_stream
        try:
            yield waiter
        finally:
            self.streams -= is_stream
            waiters = self._waiters[calculation_id]
            waiters.discard(waiter)
            if not waiters:
                del self._waiters[calculation_id]

    @property
    def count(self) -> int:
        """How many requests wait."""
        return sum(map(len, self._waiters.values()))

    def mark_changed(self, ids: Iterable[UUID]) -> None:
        """Have those of these calculations read that somebody waits for."""
        if self._waiters:  # else `ids`, an iterator, need not be consumed
            self._changed.update((identity, None) for identity in ids if identity in self._waiters)
        if self._changed:
            self._wake.set()

    def mark_all_changed(self) -> None:
        """Have all calculations read that somebody waits for."""
        self.mark_changed(list(self._waiters))

    async def run(self) -> NoReturn:
        """Read what has changed, and now and then everything, until cancelled."""
        loop = asyncio.get_running_loop()
        if self._sweep_at is None:  # else this runs again, after a bug
            self._sweep_at = loop.time() + self._sweep_seconds
        while True:
            if loop.time() >= self._sweep_at:
                self.mark_all_changed()
                self._sweep_at = loop.time() + self._sweep_seconds
            if self._changed:
                await self._read_changed()
                continue
            self._wake.clear()
            await until_set(self._wake, self._sweep_at - loop.time())

    async def _read_changed(self) -> None:
        taken = list(itertools.islice(self._changed, _MAX_PER_QUERY))
        for identity in taken:
            del self._changed[identity]
        ids = [identity for identity in taken if identity in self._waiters]
        if not ids:
            return  # nobody waits any more
        began = asyncio.get_running_loop().time()
        try:
            rows = await self._database.fetch(find_calculations(ids))
            await self._deliver(rows, began)
        except StoreUnavailable:
            self.mark_changed(ids)
            await asyncio.sleep(_RETRY_SECONDS)
        except BaseException:  # a bug, or cancelled: their waiters must not be forgotten
            self.mark_changed(ids)
            raise

    async def _deliver(self, rows: Sequence[Row], began: float) -> None:
        delivered = 0
        for row in rows:
            for waiter in tuple(self._waiters.get(row.id, ())):
                if began >= waiter.discarded_at:
                    waiter.deliver(row)
                    delivered += 1
                    if delivered % _MAX_DELIVERED == 0:
                        await asyncio.sleep(0)
                else:  # the waiter has read the row since, so this one may be older
                    self.mark_changed([row.id])
