"""Finding a calculation, and waiting until it is final."""

import time
from collections.abc import Awaitable, Callable
from uuid import UUID

from gateway.database.batching import Coalescer
from gateway.waiting.waiters import Waiting, Watch
from shared.calculation import is_final
from shared.errors import CalculationNotFound
from shared.store.calculations import Row


class Lookup:
    """Finds calculations by id, with queries that requests share."""

    def __init__(self, look: Coalescer[UUID, Row | None], waiting: Waiting) -> None:
        self._look = look
        self._waiting = waiting

    async def get(self, calculation_id: UUID) -> Row:
        """Return the row of this id; raise CalculationNotFound."""
        row = await self._look.ask(calculation_id)
        if row is None:
            raise CalculationNotFound(str(calculation_id))
        return row

    async def wait_until_final(
        self, calculation_id: UUID, get_first: Callable[[], Awaitable[Row]], seconds: float
    ) -> Row:
        """Return the row once it is final, or as it is when the seconds are over.

        `get_first` finds or makes the row; later ones come from the waiters' shared queries.
        """
        if not seconds:
            return await get_first()
        with self._waiting.watch(calculation_id) as watch:
            return await self._wait(await get_first(), watch, seconds)

    async def _wait(self, row: Row, watch: Watch, seconds: float) -> Row:
        deadline = time.monotonic() + seconds
        while watch.looked() and not is_final(row.status):
            row = await self.get(row.id)
        while not is_final(row.status):
            left = deadline - time.monotonic()
            if left <= 0:
                break
            row = await watch.next_row(left) or row
        return row
