"""Submitting a calculation: compute it if it is cheap, or store it if there is room for its work.

Most calculations need one statement, which they share with others that come together. What that
statement cannot do has a transaction of its own (gateway/submission/store.py).
"""

from collections.abc import Sequence, Set
from dataclasses import replace
from uuid import UUID

from gateway.access.caller import Caller
from gateway.access.key_seconds import beyond_limit, exceeded_by
from gateway.admission.admission import Admission
from gateway.admission.charges import Charge
from gateway.database.batching import Batcher
from gateway.database.database import Database
from gateway.server.threads import ComputeThreads
from gateway.submission.accepted import AcceptedLog
from gateway.submission.counts import SubmissionCounts
from gateway.submission.inline import InlineComputing
from gateway.submission.plan import Planner
from gateway.submission.relay_wakeup import RelayWakeup
from gateway.submission.store import BatchReceipt, store_batch, store_one
from gateway.waiting.lookup import Lookup
from shared.calculation import Calculation, Lane, Status, is_final
from shared.calculator import Calculator
from shared.metrics.counters import Counters
from shared.result import Result
from shared.store.calculations import NO_DELAYS, Row, find_present
from shared.store.new_calculations import New, insert_new

#: The most that a batch may cost in seconds: of computing, and of storing, by a guess for each row.
_MAX_BATCH_SECONDS = 0.01
_ROW_SECONDS = 0.00005


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
        counters: Counters,
    ) -> None:
        self._counts = SubmissionCounts(counters)
        self._database = database
        self._planner = planner
        self._lookup = lookup
        self._computing = InlineComputing(calculator, threads.inline)
        self._long_threads = threads.long
        self._admission = admission
        self._relay_wakeup = RelayWakeup(database)
        self._log = AcceptedLog()
        # Two, because storing alone must not wait for computing.
        self._inline = Batcher(self._compute_together, _cost_of_computing, _MAX_BATCH_SECONDS)
        self._queued = Batcher(self._store_together, lambda _: _ROW_SECONDS, _MAX_BATCH_SECONDS)

    async def submit(
        self,
        calculation: Calculation,
        caller: Caller,
        request_id: str,
        traceparent: str | None = None,
    ) -> Row:
        """Return the row of this calculation, which may have existed before."""
        if caller.limits.max_seconds is not None:
            await self._check_seconds([calculation], caller)
        submitted = New(calculation, None, request_id, caller.name, traceparent=traceparent)
        if self._planner.is_inline(calculation):
            known = await self._lookup.find(calculation.id)
            if known is not None and known.has_result:
                return known
            row, computed = await self._inline.execute(submitted)
            if computed is not None:
                return (await self._settle(row, submitted, computed))[0]
        return await self._queue(submitted, caller)

    async def _queue(self, submitted: New, caller: Caller) -> Row:
        """Return the row of a calculation that a worker computes."""
        calculation = submitted.calculation
        if not self._admission.counts(caller, calculation):
            row = await self._queued.execute(submitted)
            return (await self._settle(None, submitted, None))[0] if row is None else row

        async def find_new() -> Charge:
            row = await self._lookup.find(calculation.id)
            is_new = row is None or _needs_work(row)
            return self._admission.charge(caller, [calculation] if is_new else [])

        charge = self._admission.charge(caller, [calculation])
        if charge.is_heavy:
            await self._admission.delays.renew()
        counted = await self._admission.admit(caller, charge, find_new)
        if charge.is_heavy:
            delays = self._admission.delays.backlog(caller.name).delays([calculation])
            delay = delays[calculation.id]
            submitted = replace(submitted, delay_seconds=delay)
        with counted as addition:
            row = await self._queued.execute(submitted)
            if row is None:
                row, is_queued = await self._settle(None, submitted, None)
                if not is_queued:
                    addition.stored = None
        return row

    async def _settle(
        self, row: Row | None, submitted: New, computed: Result | None
    ) -> tuple[Row, bool]:
        """Do what the shared statement could not; return the row, and whether that queued it."""
        calculation = submitted.calculation
        if row is None:  # most likely it existed before
            row = await self._lookup.find(calculation.id)
        if row is not None and _is_settled(row, computed):
            return row, False
        new = submitted if computed is None else replace(submitted, result=computed)
        stored = await self._database.run_transaction(lambda connection: store_one(connection, new))
        if stored.is_accepted:
            self._counts.note_queued([calculation])
        if stored.is_computed:
            self._counts.note_computed(stored.row)
        is_queued = stored.is_accepted and not stored.is_computed
        if stored.is_accepted or stored.is_computed:
            self._log.add([new], {calculation.id: stored.row})
        if is_queued:
            self._relay_wakeup.wake({calculation.lane})
        return stored.row, is_queued

    async def submit_batch(
        self,
        calculations: Sequence[Calculation],
        caller: Caller,
        request_id: str,
        traceparent: str | None = None,
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
            return await charge(by_id.keys() - await self._find_present(list(by_id)))

        whole = await charge(by_id.keys())
        if whole.is_heavy:
            await self._admission.delays.renew()
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
                    traceparent,
                )
            )
            self._log.add_batch(receipt.new, request_id, caller.name, traceparent)
            if receipt.accepted:
                self._counts.note_queued(by_id[identity] for identity in receipt.new)
                self._relay_wakeup.wake(receipt.lanes)
            if receipt.accepted < len(distinct):
                addition.stored = await charge(receipt.new)
        return receipt

    async def _check_seconds(self, calculations: Sequence[Calculation], caller: Caller) -> None:
        """Raise KeySecondsExceeded if one is longer than the key allows, and would be new work."""
        too_long = beyond_limit(calculations, caller)
        if not too_long:
            return
        present = await self._find_present([one.id for one in too_long.values()])
        for index, calculation in too_long.items():
            if calculation.id not in present:
                is_batch = len(calculations) > 1
                raise exceeded_by(calculation, caller, index if is_batch else None)

    async def _find_present(self, ids: Sequence[UUID]) -> Set[UUID]:
        return await self._database.run_transaction(
            lambda connection: find_present(connection, ids)
        )

    async def _compute_together(
        self, submitted: Sequence[New]
    ) -> list[tuple[Row | None, Result | None]]:
        """Compute and store; what could not be computed is left to `_queue`."""
        computed = await self._computing.compute([one.calculation for one in submitted])
        pairs = list(zip(submitted, computed, strict=True))
        rows = await self._insert(
            [replace(one, result=found) for one, found in pairs if _is_in_row(found)]
        )
        return [(rows.get(one.calculation.id), found) for one, found in pairs]

    async def _store_together(self, submitted: Sequence[New]) -> list[Row | None]:
        rows = await self._insert(submitted)
        return [rows.get(one.calculation.id) for one in submitted]

    async def _insert(self, new: Sequence[New]) -> dict[UUID, Row]:
        """Store those that do not exist yet; return their rows by id."""
        new = list({one.calculation.id: one for one in new}.values())
        if not new:
            return {}
        # One alone wakes the relay in its own statement, which is fastest. With many, commits
        # would queue for the lock that a notification holds until its transaction is on disk.
        is_alone = len(new) == 1
        rows = await self._database.fetch(insert_new(new, wakes_relay=is_alone))
        self._counts.note_inserted(rows.values())
        self._log.add(new, rows)
        if not is_alone:
            queued = (row for row in rows.values() if row.status == Status.QUEUED)
            self._relay_wakeup.wake({Lane(row.lane) for row in queued})
        return rows


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


def _is_in_row(computed: Result | None) -> bool:
    """Say whether the shared statement can store it; it does not store chunks."""
    return computed is not None and computed.is_in_row


def _cost_of_computing(submitted: New) -> float:
    estimate = submitted.calculation.estimate
    return _ROW_SECONDS + (estimate.seconds if estimate else 0.0)
