"""What is written under a claim: digits, and how its attempt ended. Fenced by the attempt's number.

Each write is a transaction, tried again for as long as the lease lasts. One that finds the claim to
be another's raises LeaseLost, and has changed nothing.
"""

import time
from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import Connection, Engine

from shared.calculation import Lane
from shared.errors import CalculationAborted, LeaseLost, ProcessDied, StoreUnavailable
from shared.failures import CANCELLED_JSON, failure_json
from shared.postgres.retry import persist
from shared.result import Result
from shared.store.leases import (
    finish_cancelled,
    finish_failed,
    finish_succeeded,
    release_calculation,
    retry_calculation,
)
from shared.store.lost_chunks import delete_chunks_of_attempt, note_other_attempts
from shared.store.notifications import notify_changed, notify_outbox
from shared.store.results import insert_claimed_chunks
from workers.heavy.lease import Lease

#: Chunks that are removed while the row is locked: eight megabytes.
_CHUNKS_AT_ONCE = 32


class ClaimedWrites:
    """Writes for one lease. `store_chunks` may come from several threads."""

    def __init__(self, lease: Lease, engine: Engine, worker_id: UUID) -> None:
        self._lease = lease
        self._claim = lease.claim
        self._engine = engine
        self._worker_id = worker_id

    def store_chunks(self, first_ordinal: int, chunks: Sequence[bytes]) -> None:
        """Store chunks in a row, of which this is the first."""
        self._write(
            "store digits",
            lambda connection: insert_claimed_chunks(
                connection,
                self._claim.calculation_id,
                self._claim.attempt,
                first_ordinal,
                chunks,
                worker_id=self._worker_id,
            ),
        )

    def succeed(self, result: Result) -> None:
        """Store a result, whose chunks are there already."""

        def finish(connection: Connection) -> bool:
            self._note_others(connection)
            self._tell(connection)
            return finish_succeeded(connection, self._claim, result, worker_id=self._worker_id)

        self._write("store a result", finish)

    def fail(self, aborted: CalculationAborted) -> None:
        """Store why it failed for good."""
        error_json = failure_json(aborted.reason, aborted.detail)

        def finish(connection: Connection) -> bool:
            if not finish_failed(connection, self._claim, error_json, worker_id=self._worker_id):
                return False
            self._clear_up(connection)
            return True

        self._write("store a failure", finish)

    def queue_again(self, died: ProcessDied, backoff_seconds: float) -> None:
        """Have it tried again after a pause, unless it is to be cancelled."""

        def queue_again(connection: Connection) -> bool:
            is_queued = retry_calculation(
                connection,
                self._claim,
                died.end,
                worker_id=self._worker_id,
                backoff_seconds=backoff_seconds,
            )
            if not is_queued and not self._cancel(connection):
                return False
            self._clear_up(connection)
            return True

        self._write("queue a calculation again", queue_again)

    def hand_back(self, within_seconds: float) -> str:
        """Carry out a cancel, or return the claim to the outbox; say which, or that it was lost.

        Raises StoreUnavailable if neither could be done in time, though the lease may have ended.
        """
        until = time.monotonic() + within_seconds

        def hand_back() -> str:
            with self._engine.begin() as connection:
                # At most one of them touches the row: a cancel may have been withdrawn meanwhile
                # by a new submission, or have come while this worker was stopping.
                if self._cancel(connection):
                    outcome = "cancelled"
                elif release_calculation(connection, self._claim, worker_id=self._worker_id):
                    notify_outbox(connection, [Lane.HEAVY])
                    outcome = "released"
                else:
                    return "lost"
                self._clear_up(connection)
                return outcome

        return persist(hand_back, "hand a claim back", lambda: time.monotonic() > until)

    def _cancel(self, connection: Connection) -> bool:
        return finish_cancelled(connection, self._claim, CANCELLED_JSON, worker_id=self._worker_id)

    def _clear_up(self, connection: Connection) -> None:
        """Remove the chunks of a short result at once. The rest of a long one is the relay's."""
        delete_chunks_of_attempt(
            connection, self._claim.calculation_id, self._claim.attempt, limit=_CHUNKS_AT_ONCE
        )
        self._note_others(connection)
        self._tell(connection)

    def _note_others(self, connection: Connection) -> None:
        """Note what earlier attempts have left: a relay of a version before notes nothing."""
        if self._claim.attempt > 1:
            note_other_attempts(connection, self._claim.calculation_id, self._claim.attempt)

    def _tell(self, connection: Connection) -> None:
        notify_changed(connection, [self._claim.calculation_id])

    def _write(self, what: str, write: Callable[[Connection], bool]) -> None:
        """Commit a write, trying again for as long as the lease lasts. Raises LeaseLost."""

        def attempt() -> None:
            with self._engine.begin() as connection:
                if not write(connection):
                    raise LeaseLost(str(self._claim.calculation_id))

        try:
            persist(attempt, what, lambda: self._lease.end is not None)
        except StoreUnavailable as error:
            raise LeaseLost(str(self._claim.calculation_id)) from error
