"""Submitting a calculation: compute it if it is cheap, or store it if there is room for its work.

Most calculations need one statement, which they share with others that come together. What that
statement cannot do has a transaction of its own (gateway/submission/store.py).
"""

import asyncio
import logging
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from uuid import UUID

from gateway.access.caller import Caller
from gateway.access.key_seconds import beyond_limit, exceeded_by
from gateway.admission.admission import Admission
from gateway.admission.charges import Charge
from gateway.database.batching import Batcher
from gateway.database.database import Database
from gateway.server.threads import ComputeThreads
from gateway.submission.plan import Planner
from gateway.submission.relay_wakeup import RelayWakeup
from gateway.submission.store import BatchReceipt, store_batch, store_one
from gateway.waiting.lookup import Lookup
from reckoner.authoring.errors import CalculationFailed
from shared.calculation import Calculation, Lane, Status, is_final
from shared.calculator import Calculator
from shared.result import Result
from shared.store.calculations import NO_DELAYS, Row, find_present
from shared.store.new_calculations import New, insert_new

#: The most that a batch may cost in seconds: of computing, and of storing, by a guess for each row.
_MAX_BATCH_SECONDS = 0.01
_ROW_SECONDS = 0.00005

#: A batch that has not been computed after this time is left to the workers.
_MAX_INLINE_SECONDS = 2.0

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Submitted:
    """A calculation to store, and first to compute if it is cheap enough (`is_inline`)."""

    calculation: Calculation
    is_inline: bool
    request_id: str
    key_name: str | None
    delay_seconds: float = 0.0


#: The row, unless the shared statement was not enough, and what was computed.
_Stored = tuple[Row | None, Result | None]


class Submission:
    """Stores submissions. Once a method returns, the calculation is durable."""

    def __init__(
        self,
        database: Database,
        planner: Planner,
        calculator: Calculator,
        lookup: Lookup,
        threads: ComputeThreads,
        admission: Admission,
    ) -> None:
        self._database = database
        self._planner = planner
        self._calculator = calculator
        self._lookup = lookup
        self._inline_threads = threads.inline
        self._long_threads = threads.long
        self._admission = admission
        self._relay_wakeup = RelayWakeup(database)
        # Two, because storing alone must not wait for computing.
        self._inline, self._queued = (
            Batcher(self._store_together, _cost, _MAX_BATCH_SECONDS) for _ in range(2)
        )

    async def submit(self, calculation: Calculation, caller: Caller, request_id: str) -> Row:
        """Return the row of this calculation, which may have existed before."""
        if caller.limits.max_seconds is not None:
            await self._check_seconds([calculation], caller)
        if self._planner.is_inline(calculation):
            known = await self._lookup.find(calculation.id)
            if known is not None and known.has_result:
                return known
            submitted = _Submitted(calculation, True, request_id, caller.name)
            row, computed = await self._inline.execute(submitted)
            if computed is not None:
                return (await self._settle(row, submitted, computed))[0]
        return await self._queue(_Submitted(calculation, False, request_id, caller.name), caller)

    async def _queue(self, submitted: _Submitted, caller: Caller) -> Row:
        """Return the row of a calculation that a worker computes."""
        calculation = submitted.calculation

        async def find_new() -> Charge:
            row = await self._lookup.find(calculation.id)
            is_new = row is None or _needs_work(row)
            return self._admission.charge(caller, [calculation] if is_new else [])

        charge = self._admission.charge(caller, [calculation])
        counted = await self._admission.admit(caller, charge, find_new)
        if calculation.lane is Lane.HEAVY:
            backlog = self._admission.delays.backlog(caller.name)
            delay = backlog.delays([calculation])[calculation.id]
            submitted = replace(submitted, delay_seconds=delay)
        with counted as addition:
            row, _ = await self._queued.execute(submitted)
            if row is None:
                row, is_queued = await self._settle(None, submitted, None)
                if not is_queued:
                    addition.stored = None
        return row

    async def _settle(
        self, row: Row | None, submitted: _Submitted, computed: Result | None
    ) -> tuple[Row, bool]:
        """Do what the shared statement could not; return the row, and whether that queued it."""
        calculation = submitted.calculation
        if row is None:  # most likely it existed before
            row = await self._lookup.find(calculation.id)
        if row is not None and _is_settled(row, computed):
            return row, False
        new = New(
            calculation,
            computed,
            submitted.request_id,
            submitted.key_name,
            submitted.delay_seconds,
        )
        stored, is_queued = await self._database.run_transaction(
            lambda connection: store_one(connection, new)
        )
        if is_queued:
            self._relay_wakeup.wake({calculation.lane})
        return stored, is_queued

    async def submit_batch(
        self, calculations: Sequence[Calculation], caller: Caller, request_id: str
    ) -> BatchReceipt:
        """Queue all of them in one transaction, or none."""
        if caller.limits.max_seconds is not None:
            await self._check_seconds(calculations, caller)
        by_id = {calculation.id: calculation for calculation in calculations}
        distinct = list(by_id.values())

        async def charge(ids: Set[UUID]) -> Charge:
            # In a thread: ten thousand calculations would hold up the event loop.
            return await self._long_threads.run(
                lambda: self._admission.charge(caller, [by_id[identity] for identity in ids])
            )

        async def find_new() -> Charge:
            present = await self._database.run_transaction(
                lambda connection: find_present(connection, list(by_id))
            )
            return await charge(by_id.keys() - present)

        whole = await charge(by_id.keys())
        counted = await self._admission.admit(caller, whole, find_new)
        backlog = self._admission.delays.backlog(caller.name) if whole.is_heavy else None
        with counted as addition:
            receipt = await self._database.run_transaction(
                lambda connection: store_batch(
                    connection,
                    distinct,
                    request_id,
                    caller.name,
                    backlog.delays(distinct) if backlog else NO_DELAYS,
                )
            )
            if receipt.accepted < len(distinct):
                addition.stored = await charge(receipt.new)
        if receipt.accepted:
            self._relay_wakeup.wake(receipt.lanes)
        return receipt

    async def _check_seconds(self, calculations: Sequence[Calculation], caller: Caller) -> None:
        """Raise KeySecondsExceeded if one is longer than the key allows, and would be new work."""
        too_long = beyond_limit(calculations, caller)
        rows = await asyncio.gather(*(self._lookup.find(one.id) for one in too_long.values()))
        for (index, calculation), row in zip(too_long.items(), rows, strict=True):
            if row is None or not _is_settled(row, None):
                is_batch = len(calculations) > 1
                raise exceeded_by(calculation, caller, index if is_batch else None)

    async def _store_together(self, submitted: Sequence[_Submitted]) -> list[_Stored]:
        computed = await self._compute_inline(submitted)
        new = {
            one.calculation.id: New(
                one.calculation, found, one.request_id, one.key_name, one.delay_seconds
            )
            for one, found in zip(submitted, computed, strict=True)
            if (found.is_in_row if found is not None else not one.is_inline)
        }
        rows = await self._insert(list(new.values())) if new else {}
        return [
            (rows.get(one.calculation.id), found)
            for one, found in zip(submitted, computed, strict=True)
        ]

    async def _compute_inline(self, submitted: Sequence[_Submitted]) -> Sequence[Result | None]:
        """Return the results of those that are cheap, in order; None for all others."""
        if not any(one.is_inline for one in submitted):
            return [None] * len(submitted)
        # In a thread, because even a millisecond is long for the event loop.
        try:
            async with asyncio.timeout(_MAX_INLINE_SECONDS):
                if self._inline_threads.is_stuck:
                    raise TimeoutError
                return await self._inline_threads.run(
                    lambda: [
                        self._compute(one.calculation) if one.is_inline else None
                        for one in submitted
                    ],
                    [one.calculation.id for one in submitted if one.is_inline],
                )
        except TimeoutError:
            _logger.warning(
                "%d calculations are queued: no thread was free to compute them within %g s",
                len(submitted),
                _MAX_INLINE_SECONDS,
            )
            return [None] * len(submitted)

    async def _insert(self, new: Sequence[New]) -> dict[UUID, Row]:
        # One alone wakes the relay in its own statement, which is fastest. With many, commits
        # would queue for the lock that a notification holds until its transaction is on disk.
        is_alone = len(new) == 1
        rows = await self._database.fetch(insert_new(new, wakes_relay=is_alone))
        if not is_alone:
            queued = (row for row in rows.values() if row.status == Status.QUEUED)
            self._relay_wakeup.wake({Lane(row.lane) for row in queued})
        return rows

    def _compute(self, calculation: Calculation) -> Result | None:
        """Return the result, or None if the function raised, which a worker will report."""
        try:
            return self._calculator.compute(calculation.function, calculation.arguments)
        except CalculationFailed:
            return None
        except Exception:  # whatever an author's function raises
            _logger.exception(
                "A function raised an exception", extra={"calculation_id": calculation.id}
            )
            return None


def _is_settled(row: Row, computed: Result | None) -> bool:
    """Say whether nothing is left to do: the result exists, or a worker will compute it.

    Not if it is under way and was computed here as well: then its result is stored at once.
    """
    if row.has_result:
        return True
    is_under_way = not is_final(row.status) and not row.cancel_requested
    return is_under_way and computed is None


def _needs_work(row: Row) -> bool:
    """Say whether it ended without a result, or its result was pruned."""
    return is_final(row.status) and not row.has_result


def _cost(submitted: _Submitted) -> float:
    estimate = submitted.calculation.estimate
    return _ROW_SECONDS + (estimate.seconds if submitted.is_inline and estimate else 0.0)
