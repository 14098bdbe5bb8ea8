"""Finding a calculation, and waiting until it is final."""

import time
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from gateway.database.batching import Batcher
from gateway.database.database import Database
from gateway.waiting.waiters import Waiter, Waiters
from shared.calculation import is_final
from shared.errors import CalculationNotFound
from shared.store.calculations import Row, find_calculations

#: A row may contain a result of 8,192 bytes, and the event loop reads all rows at once.
_MAX_IDS = 200


class Lookup:
    """Finds calculations by id; look-ups that come together share a query."""

    def __init__(self, database: Database, waiters: Waiters) -> None:
        self._database = database
        self._waiters = waiters
        self._batcher = Batcher(self._find_all, lambda _: 1, _MAX_IDS)

    def find(self, calculation_id: UUID) -> Awaitable[Row | None]:
        """Return the row of this id, or None, when awaited. Raises StoreUnavailable."""
        return self._batcher.execute(calculation_id)  # not awaited here: one coroutine less

    async def get(self, calculation_id: UUID) -> Row:
        """Return the row of this id. Raises CalculationNotFound or StoreUnavailable."""
        row = await self._batcher.execute(calculation_id)
        if row is None:
            raise CalculationNotFound(str(calculation_id))
        return row

    async def wait_until_final(
        self, calculation_id: UUID, get_first: Callable[[], Awaitable[Row]], seconds: float
    ) -> Row:
        """Return the row once it is final, or as it is when the time is over.

        `get_first` finds or makes the row; later ones come from the waiters' shared query.
        """
        if not seconds:
            return await get_first()
        with self._waiters.watch(calculation_id) as waiter:
            return await self._wait(await get_first(), waiter, seconds)

    async def _wait(self, row: Row, waiter: Waiter, seconds: float) -> Row:
        deadline = time.monotonic() + seconds
        while waiter.discard_row() and not is_final(row.status):
            row = await self.get(row.id)
        while not is_final(row.status):
            left = deadline - time.monotonic()
            if left <= 0:
                break
            row = await waiter.next_row(left) or row
        return row

    async def _find_all(self, ids: Sequence[UUID]) -> list[Row | None]:
        distinct = list(dict.fromkeys(ids))
        found = await self._database.fetch(find_calculations(distinct))
        rows = {row.id: row for row in found}
        return [rows.get(identity) for identity in ids]
