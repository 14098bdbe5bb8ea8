"""The use case of submitting: compute what is cheap, queue the rest, find what exists."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from gateway.bell import Bell
from gateway.database import Database
from gateway.planning import Planner
from shared.calculation import Calculation, Status
from shared.computing import Calculator, Computed
from shared.errors import StoreUnavailable
from shared.store import calculations as store
from shared.store.calculations import Row
from shared.store.results import insert_chunks

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BatchReceipt:
    """What became of a batch: the status of each calculation, and how many were new work."""

    statuses: Mapping[UUID, Status]
    accepted: int


@dataclass(frozen=True, slots=True)
class Submission:
    """Stores submissions; once a method returns, the calculation is kept."""

    database: Database
    planner: Planner
    bell: Bell
    calculator: Calculator

    async def submit(self, calculation: Calculation, request_id: str) -> Row:
        """Return the row of this calculation, which may have been there before."""
        computed: Computed | None = None
        if self.planner.is_inline(calculation):
            known = await self.database.run(
                lambda connection: store.find_calculation(connection, calculation.id)
            )
            if known is not None and known["status"] == Status.SUCCEEDED:
                return known
            # In a database thread: a thousandth of a second is long for the event loop.
            computed = await self.database.compute(lambda: self._compute(calculation))
        row, is_queued = await self.database.run(
            lambda connection: _store(connection, calculation, computed, request_id)
        )
        if is_queued:
            self.bell.ring()
        return row

    def _compute(self, calculation: Calculation) -> Computed | None:
        """Return the result; None if the function raised, which is then the workers' to report."""
        try:
            return self.calculator.compute(calculation.function, calculation.arguments)
        except Exception:  # whatever a function raises, of ours or plugged in
            _logger.exception("A function raised", extra={"calculation_id": calculation.id})
            return None

    async def submit_batch(
        self, calculations: Sequence[Calculation], request_id: str
    ) -> BatchReceipt:
        """Queue all of them in one transaction, or none."""
        distinct = list({calculation.id: calculation for calculation in calculations}.values())
        receipt = await self.database.run(
            lambda connection: _store_batch(connection, distinct, request_id)
        )
        if receipt.accepted:
            self.bell.ring()
        return receipt


def _store(
    connection: Connection, calculation: Calculation, computed: Computed | None, request_id: str
) -> tuple[Row, bool]:
    """Return the row, and whether it is now queued anew."""
    if computed is None:
        row = store.insert_one_queued(connection, calculation, request_id)
    else:
        row = store.insert_succeeded(connection, calculation, computed.result, request_id)
        if row is not None and row["result_attempt"] is not None:
            insert_chunks(connection, calculation.id, row["result_attempt"], computed.digits)
    if row is not None:
        return row, computed is None
    return _revive(connection, calculation, request_id)


def _revive(connection: Connection, calculation: Calculation, request_id: str) -> tuple[Row, bool]:
    """Return the row of a calculation that exists; one that ended without a result is queued.

    A cancel that no worker has carried out yet is taken back: somebody wants the result again.
    """
    row = _existing(connection, calculation)
    is_queued = False
    if row["status"] in (Status.FAILED, Status.CANCELLED):
        is_queued = bool(store.requeue_ended(connection, [calculation], request_id))
    elif row["cancel_requested"]:
        store.withdraw_cancel(connection, [calculation.id])
    else:
        return row, False
    return _existing(connection, calculation), is_queued


def _existing(connection: Connection, calculation: Calculation) -> Row:
    row = store.find_calculation(connection, calculation.id)
    if row is None:  # it was there a moment ago, and rows are never deleted
        raise StoreUnavailable
    return row


def _store_batch(
    connection: Connection, calculations: Sequence[Calculation], request_id: str
) -> BatchReceipt:
    accepted = store.insert_queued(connection, calculations, request_id)
    statuses = dict.fromkeys(accepted, Status.QUEUED)
    others = [calculation for calculation in calculations if calculation.id not in accepted]
    if others:
        known = store.find_statuses(connection, [calculation.id for calculation in others])
        ended = [
            calculation
            for calculation in others
            if known[calculation.id][0] in (Status.FAILED, Status.CANCELLED)
        ]
        requeued = store.requeue_ended(connection, ended, request_id) if ended else set()
        cancelling = [identity for identity, (_, cancelling) in known.items() if cancelling]
        if cancelling:
            store.withdraw_cancel(connection, cancelling)
        statuses |= {identity: status for identity, (status, _) in known.items()}
        statuses |= dict.fromkeys(requeued, Status.QUEUED)
        accepted |= requeued
    return BatchReceipt(statuses, len(accepted))
