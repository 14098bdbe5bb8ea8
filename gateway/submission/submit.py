"""The use case of submitting: compute what is cheap, queue the rest, find what exists."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from gateway.database.batching import Coalescer
from gateway.database.database import Database
from gateway.submission.plan import Planner
from gateway.submission.relay_wakeup import Bell
from shared.calculation import Calculation, Lane, Status, is_final
from shared.calculator import Calculator
from shared.errors import StoreUnavailable
from shared.result import Result
from shared.store import calculations as store
from shared.store.calculations import Row
from shared.store.chunks import insert_chunks
from shared.store.new_calculations import New, insert_new, insert_queued
from shared.store.quick import finish_quick_succeeded

#: What a statement may hold up: computing in its thread, and storing a row at a rough guess.
_MOST_SECONDS = 0.01
_ROW_SECONDS = 0.00005

#: What takes longer to compute in its request is left to the workers, and so is what waits for it.
_INLINE_SECONDS = 2.0

Look = Coalescer[UUID, Row | None]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BatchReceipt:
    """What became of a batch: the status of each calculation, how many were new work, and where."""

    statuses: Mapping[UUID, Status]
    accepted: int
    lanes: frozenset[Lane]


@dataclass(frozen=True, slots=True)
class _Computing:
    """A new calculation, to be computed first if that is worth no message."""

    calculation: Calculation
    is_inline: bool
    request_id: str


#: The row if one statement did for it, and what was computed.
_Stored = tuple[Row | None, Result | None]


class Submission:
    """Stores submissions; once a method returns, the calculation is kept."""

    def __init__(
        self, database: Database, planner: Planner, calculator: Calculator, look: Look
    ) -> None:
        self._database = database
        self._planner = planner
        self._calculator = calculator
        self._look = look
        self._bell = Bell(database)
        # What is computed first must not hold up what is only stored.
        self._inline, self._queued = (
            Coalescer(self._store_new, _cost, _MOST_SECONDS) for _ in range(2)
        )

    async def submit(self, calculation: Calculation, request_id: str) -> Row:
        """Return the row of this calculation, which may have been there before."""
        is_inline = self._planner.is_inline(calculation)
        if is_inline:
            known = await self._look.ask(calculation.id)
            if known is not None and known.has_result:
                return known
        new = self._inline if is_inline else self._queued
        row, computed = await new.ask(_Computing(calculation, is_inline, request_id))
        if row is None:  # most likely it was there before
            row = await self._look.ask(calculation.id)
        if row is not None and _needs_nothing(row, computed):
            return row
        stored, is_queued = await self._database.run(
            lambda connection: _store(connection, calculation, computed, request_id)
        )
        if is_queued:
            self._bell.ring({calculation.lane})
        return stored

    async def _store_new(self, asked: Sequence[_Computing]) -> list[_Stored]:
        computed = await self._computed(asked)
        new = {
            one.calculation.id: New(one.calculation, found, one.request_id)
            for one, found in zip(asked, computed, strict=True)
            if found is None or found.value is not None
        }
        rows = await self._insert(list(new.values())) if new else {}
        return [
            (rows.get(one.calculation.id), found)
            for one, found in zip(asked, computed, strict=True)
        ]

    async def _computed(self, asked: Sequence[_Computing]) -> Sequence[Result | None]:
        if not any(one.is_inline for one in asked):
            return [None] * len(asked)
        # In a thread: a thousandth of a second is long for the event loop.
        try:
            async with asyncio.timeout(_INLINE_SECONDS):
                return await self._database.compute_inline(
                    lambda: [
                        self._compute(one.calculation) if one.is_inline else None for one in asked
                    ],
                    [one.calculation.id for one in asked if one.is_inline],
                )
        except TimeoutError:
            _logger.warning("%d calculations are queued: their turn did not come", len(asked))
            return [None] * len(asked)

    async def _insert(self, new: Sequence[New]) -> dict[UUID, Row]:
        # What comes alone takes the shortest way. When much comes, commits must not queue up for
        # the lock that a notification holds until its transaction has reached the disk.
        is_alone = len(new) == 1
        rows = await self._database.fetch(insert_new(new, wakes_relay=is_alone))
        if not is_alone:
            queued = (row for row in rows.values() if row.status == Status.QUEUED)
            self._bell.ring({Lane(row.lane) for row in queued})
        return rows

    def _compute(self, calculation: Calculation) -> Result | None:
        """Return the result; None if the function raised, which is then the workers' to report."""
        try:
            return self._calculator.compute(calculation.function, calculation.arguments)
        except Exception:  # whatever a function raises, of ours or plugged in
            _logger.exception("A function raised", extra={"calculation_id": calculation.id})
            return None

    async def submit_batch(
        self, calculations: Sequence[Calculation], request_id: str
    ) -> BatchReceipt:
        """Queue all of them in one transaction, or none."""
        receipt = await self._database.run(
            lambda connection: _store_batch(connection, calculations, request_id)
        )
        if receipt.accepted:
            self._bell.ring(receipt.lanes)
        return receipt


def _needs_nothing(row: Row, computed: Result | None) -> bool:
    """Say whether the result is there, or will be, and is not at hand meanwhile."""
    if row.has_result:
        return True
    is_under_way = not is_final(row.status) and not row.cancel_requested
    return is_under_way and computed is None


def _cost(asked: _Computing) -> float:
    return _ROW_SECONDS + (asked.calculation.estimate.seconds if asked.is_inline else 0.0)


def _store(
    connection: Connection, calculation: Calculation, computed: Result | None, request_id: str
) -> tuple[Row, bool]:
    """Return the row, and whether it is now queued anew."""
    if computed is not None:
        return _store_computed(connection, calculation, computed, request_id), False
    new = insert_new([New(calculation, None, request_id)]).on(connection)
    if new:
        return new[calculation.id], True
    row = _existing(connection, calculation)
    if row.has_result:
        return row, False
    is_queued = calculation.id in _revive(connection, [calculation], request_id)
    return _existing(connection, calculation), is_queued


def _store_computed(
    connection: Connection, calculation: Calculation, computed: Result, request_id: str
) -> Row:
    """Store a result and return the row; one that waited for a worker need not wait any more."""
    new = insert_new([New(calculation, computed, request_id)]).on(connection)
    row = new.get(calculation.id)
    if row is None:
        _revive(connection, [calculation], request_id)
        finish_quick_succeeded(connection, {calculation.id: computed})
        return _existing(connection, calculation)
    if computed.value is None:
        insert_chunks(connection, calculation.id, row.attempt, computed)
    return row


def _revive(
    connection: Connection, calculations: Sequence[Calculation], request_id: str
) -> set[UUID]:
    """Queue those that ended and have no result, or none any more; return their ids.

    A cancel that no worker has carried out yet is taken back first: somebody wants the result
    again. If the worker was quicker, the calculation is cancelled, and queued like the others.
    """
    store.withdraw_cancel(connection, [calculation.id for calculation in calculations])
    return store.requeue_ended(connection, calculations, request_id)


def _existing(connection: Connection, calculation: Calculation) -> Row:
    rows = store.find_calculations([calculation.id]).on(connection)
    if not rows:  # it was there a moment ago, and rows are never deleted
        raise StoreUnavailable
    return rows[0]


def _store_batch(
    connection: Connection, calculations: Sequence[Calculation], request_id: str
) -> BatchReceipt:
    distinct = list({calculation.id: calculation for calculation in calculations}.values())
    accepted = insert_queued(connection, distinct, request_id)
    others = [calculation for calculation in distinct if calculation.id not in accepted]
    statuses: dict[UUID, Status] = {}
    if others:
        accepted |= _revive(connection, others, request_id)
        statuses = store.find_statuses(connection, [calculation.id for calculation in others])
    return BatchReceipt(
        dict.fromkeys(accepted, Status.QUEUED) | statuses,
        len(accepted),
        frozenset(calculation.lane for calculation in distinct),
    )
