"""Those who wait for calculations to change, and the one task that looks for all of them.

Waiters never poll. When a notification says that calculations changed, one query looks at all of
them that anybody waits for, and hands each row to its waiters: a thousand waiters cost one query.
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

#: Everything that is waited for is looked at this often, should a notification ever be lost.
_SWEEP_SECONDS = 15.0
_RETRY_SECONDS = 0.5

#: Rows may have results of 8,192 digits in them, and the event loop reads them all at once.
_MOST_PER_QUERY = 200

#: So many waiters are handed rows before others have their turn: each then writes an answer.
_MOST_HANDED = 20


async def until_set(event: asyncio.Event, seconds: float) -> None:
    """Return once the event is set, or the time is over.

    Python 3.11's `asyncio.wait_for` takes no notice of a cancel that comes as the event is set.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


class Watch:
    """One waiter's view of one calculation."""

    def __init__(self) -> None:
        self._arrived = asyncio.Event()
        self._row: Row | None = None
        self.fresh_after = 0.0

    def looked(self) -> bool:
        """Say that the waiter has just looked by itself: what was seen before is old.

        Return whether something was, in which case it may as well be newer: look again.
        """
        has_row = self._row is not None
        self._row = None
        self._arrived.clear()
        self.fresh_after = asyncio.get_running_loop().time()
        return has_row

    def hand(self, row: Row) -> None:
        """Give the waiter a newer row."""
        self._row = row
        self._arrived.set()

    async def next_row(self, seconds: float) -> Row | None:
        """Return the row once the calculation may have changed; None if it has not in time."""
        await until_set(self._arrived, seconds)
        self._arrived.clear()
        row, self._row = self._row, None
        return row


class Waiting:
    """Knows who waits for what."""

    def __init__(self, database: Database, *, sweep_seconds: float = _SWEEP_SECONDS) -> None:
        self._database = database
        self._sweep_seconds = sweep_seconds
        self._watches: dict[UUID, set[Watch]] = defaultdict(set)
        # A queue in which each has one place: under steady traffic everyone's turn comes.
        self._changed: dict[UUID, None] = {}
        self._wake = asyncio.Event()
        # By a clock of its own, whatever is notified and however often a look fails.
        self._sweep_at: float | None = None

    @contextmanager
    def watch(self, calculation_id: UUID) -> Iterator[Watch]:
        """Watch a calculation. Watch first and look afterwards: then no change falls between."""
        watch = Watch()
        self._watches[calculation_id].add(watch)
        try:
            yield watch
        finally:
            watches = self._watches[calculation_id]
            watches.discard(watch)
            if not watches:
                del self._watches[calculation_id]

    def changed(self, ids: Iterable[UUID]) -> None:
        """Have those looked at that somebody waits for."""
        if self._watches:  # else `ids` need not even be read
            self._changed.update((identity, None) for identity in ids if identity in self._watches)
        if self._changed:
            self._wake.set()

    def changed_all(self) -> None:
        """Have everything looked at that somebody waits for."""
        self.changed(list(self._watches))

    async def run(self) -> NoReturn:
        """Look whenever something changed, and at everything now and then, until cancelled."""
        loop = asyncio.get_running_loop()
        if self._sweep_at is None:  # else this begins again, after a bug
            self._sweep_at = loop.time() + self._sweep_seconds
        while True:
            if loop.time() >= self._sweep_at:
                self.changed_all()
                self._sweep_at = loop.time() + self._sweep_seconds
            if self._changed:
                await self._look()
                continue
            self._wake.clear()
            await until_set(self._wake, self._sweep_at - loop.time())

    async def _look(self) -> None:
        taken = list(itertools.islice(self._changed, _MOST_PER_QUERY))
        for identity in taken:
            del self._changed[identity]
        ids = [identity for identity in taken if identity in self._watches]
        if not ids:
            return  # nobody waits any more
        began = asyncio.get_running_loop().time()
        try:
            rows = await self._database.fetch(find_calculations(ids))
            await self._hand(rows, began)
        except StoreUnavailable:
            self.changed(ids)
            await asyncio.sleep(_RETRY_SECONDS)
        except BaseException:  # whoever waits for them must not pay for a bug
            self.changed(ids)
            raise

    async def _hand(self, rows: Sequence[Row], began: float) -> None:
        handed = 0
        for row in rows:
            for watch in tuple(self._watches.get(row.id, ())):
                if began >= watch.fresh_after:
                    watch.hand(row)
                    handed += 1
                    if handed % _MOST_HANDED == 0:
                        await asyncio.sleep(0)
                else:  # the waiter has looked since, so this row may be the older one
                    self.changed([row.id])
