"""The use case of submitting: compute what is cheap, queue the rest, find what exists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from gateway.bell import Bell
from gateway.database import Database
from gateway.inline import compute_inline
from gateway.planning import Planner
from shared.calculation import Calculation, Status
from shared.errors import StoreUnavailable
from shared.store import calculations as store
from shared.store.rows import FinishedResult

Row = Mapping[str, Any]


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

    async def submit(self, calculation: Calculation, request_id: str) -> Row:
        """Return the row of this calculation, which may have been there before."""
        if self.planner.is_inline(calculation):
            return await self._submit_inline(calculation, request_id)
        row, is_queued = await self.database.run(
            lambda connection: _store_one(connection, calculation, request_id)
        )
        if is_queued:
            self.bell.ring()
        return row

    async def _submit_inline(self, calculation: Calculation, request_id: str) -> Row:
        row = await self.database.run(
            lambda connection: store.find_calculation(connection, calculation.id)
        )
        if row is not None and row["status"] == Status.SUCCEEDED:
            return row
        # In a database thread: a thousandth of a second is long for the event loop.
        result = await self.database.compute(lambda: compute_inline(calculation))
        row, is_queued = await self.database.run(
            lambda connection: _store_computed(connection, calculation, result, request_id)
        )
        if is_queued:
            self.bell.ring()
        return row

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


def _store_one(
    connection: Connection, calculation: Calculation, request_id: str
) -> tuple[Row, bool]:
    """Return the row, and whether it is now queued anew."""
    row = store.insert_one_queued(connection, calculation, request_id)
    if row is not None:
        return row, True
    return _revive(connection, calculation, request_id)


def _store_computed(
    connection: Connection, calculation: Calculation, result: FinishedResult, request_id: str
) -> tuple[Row, bool]:
    row = store.insert_succeeded(connection, calculation, result, request_id)
    if row is not None:
        return row, False
    return _revive(connection, calculation, request_id)


def _revive(
    connection: Connection, calculation: Calculation, request_id: str
) -> tuple[Row, bool]:
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
