"""Submissions as transactions: store what is new, queue again what has no result, find the rest.

Everything here runs on a connection whose transaction the caller owns, and is harmless to repeat.
What is found may be forgotten before the next statement (retention deletes documents where that is
wanted): then it is stored as what is new.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from shared.calculation import Calculation, Lane, Status
from shared.result import Result
from shared.store import calculations as store
from shared.store.calculations import Row
from shared.store.new_calculations import New, insert_new, insert_queued
from shared.store.quick import finish_quick_succeeded
from shared.store.results.chunks import insert_chunks


@dataclass(frozen=True, slots=True)
class BatchReceipt:
    """The status of each calculation of a batch, which of them are new work, and in which lanes."""

    statuses: Mapping[UUID, Status]
    new: Set[UUID]
    lanes: frozenset[Lane]

    @property
    def accepted(self) -> int:
        """How many are new work."""
        return len(self.new)


@dataclass(frozen=True, slots=True)
class Stored:
    """The row of a calculation, and what became of it now: new work, or its result was stored."""

    row: Row
    is_accepted: bool = False
    is_computed: bool = False


def store_one(connection: Connection, new: New) -> Stored:
    """Store a calculation, with its result if it is computed."""
    calculation = new.calculation
    if new.result is not None:
        return _store_computed(connection, new, new.result)
    inserted = insert_new([new]).on(connection)
    if inserted:
        return Stored(inserted[calculation.id], is_accepted=True)
    row = _find(connection, calculation)
    if row is not None and row.has_result:
        return Stored(row)
    is_queued = calculation.id in _queue_one_again(connection, new)
    row = _find(connection, calculation)
    return store_one(connection, new) if row is None else Stored(row, is_accepted=is_queued)


def store_batch(
    connection: Connection,
    distinct: Sequence[Calculation],
    request_id: str,
    key_name: str | None,
    delays: Mapping[UUID, float],
    traceparent: str | None = None,
) -> BatchReceipt:
    """Queue all calculations that have no result; each is there once."""
    accepted = insert_queued(connection, distinct, request_id, key_name, delays, traceparent)
    others = [calculation for calculation in distinct if calculation.id not in accepted]
    statuses: dict[UUID, Status] = {}
    if others:
        accepted |= _queue_again(connection, others, request_id, key_name, delays, traceparent)
        statuses = store.find_statuses(connection, [calculation.id for calculation in others])
        if len(statuses) < len(others):
            forgotten = [calculation for calculation in others if calculation.id not in statuses]
            stored = store_batch(connection, forgotten, request_id, key_name, delays, traceparent)
            accepted |= stored.new
            statuses |= stored.statuses
    return BatchReceipt(
        dict.fromkeys(accepted, Status.QUEUED) | statuses,
        accepted,
        frozenset(calculation.lane for calculation in distinct),
    )


def _store_computed(connection: Connection, new: New, computed: Result) -> Stored:
    """Store a result of a calculation that may have been waiting for a worker until now."""
    calculation = new.calculation
    row = insert_new([new]).on(connection).get(calculation.id)
    if row is None:
        is_accepted = bool(_queue_one_again(connection, new))
        written = finish_quick_succeeded(connection, {calculation.id: computed})
        row = _find(connection, calculation)
        if row is None:
            return _store_computed(connection, new, computed)
        return Stored(row, is_accepted=is_accepted, is_computed=bool(written.ids))
    if not computed.is_in_row:
        insert_chunks(connection, calculation.id, row.attempt, computed)
    return Stored(row, is_accepted=True, is_computed=True)


def _queue_one_again(connection: Connection, new: New) -> set[UUID]:
    calculation = new.calculation
    delays = {calculation.id: new.delay_seconds}
    return _queue_again(
        connection, [calculation], new.request_id, new.key_name, delays, new.traceparent
    )


def _queue_again(
    connection: Connection,
    calculations: Sequence[Calculation],
    request_id: str,
    key_name: str | None,
    delays: Mapping[UUID, float],
    traceparent: str | None,
) -> set[UUID]:
    """Queue those that ended without a result, or whose result was pruned; return their ids.

    First withdraw a cancel that no worker has carried out yet: somebody wants the result again.
    If the worker was faster, the calculation is cancelled, and queued like the others.
    """
    store.withdraw_cancel(connection, [calculation.id for calculation in calculations])
    return store.requeue_ended(connection, calculations, request_id, key_name, delays, traceparent)


def _find(connection: Connection, calculation: Calculation) -> Row | None:
    rows = store.find_calculations([calculation.id]).on(connection)
    return rows[0] if rows else None
