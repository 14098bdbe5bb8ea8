"""The transactions of one attempt: chunks, and how it ended. All are fenced by its number.

Each is tried again while PostgreSQL is unavailable, for as long as the lease lasts. If the claim is
no longer this attempt's, a write changes nothing and raises LeaseLost. What to write is decided in
attempt.py, and whether the lease is still held in lease.py.
"""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection, Engine

from reckoner.authoring.results.kinds import ResultKind
from shared.calculation import Lane
from shared.errors import CalculationAborted, LeaseLost, ProcessDied, StoreUnavailable
from shared.failures import CANCELLED_JSON, failure_json
from shared.metrics.counters import Counters
from shared.postgres.connections import autocommitting
from shared.postgres.retry import retry_while_unavailable
from shared.result import Result
from shared.store.attempts import (
    finish_cancelled,
    finish_failed,
    finish_succeeded,
    release_calculation,
    retry_calculation,
)
from shared.store.notifications import notify_changed, notify_outbox
from shared.store.outbox.handed_back import hand_back
from shared.store.results.chunks import (
    delete_chunks_of_attempt,
    insert_claimed_chunks,
    record_other_attempts,
)
from workers.heavy.counts import AttemptCounts
from workers.heavy.lease import Lease

_Outcome = TypeVar("_Outcome")

#: Chunks that are deleted while the row is locked: eight megabytes.
_CHUNKS_AT_ONCE = 32


class ClaimedWrites:
    """Writes under one lease. `store_chunks` may be called from several threads."""

    def __init__(
        self, lease: Lease, engine: Engine, worker_id: UUID, counters: Counters | None = None
    ) -> None:
        self._counts = AttemptCounts(counters or Counters(), lease.claim.function)
        self._lease = lease
        self._claim = lease.claim
        self._engine = engine
        self._worker_id = worker_id

    def store_chunks(self, kind: ResultKind, first_ordinal: int, chunks: Sequence[bytes]) -> None:
        """Store consecutive chunks, given the ordinal of the first."""
        self._write(
            "store chunks",
            lambda connection: insert_claimed_chunks(
                connection,
                self._claim,
                kind,
                first_ordinal,
                chunks,
                worker_id=self._worker_id,
            ),
        )

    def succeed(self, result: Result) -> None:
        """Store the result, after its chunks."""

        def finish(connection: Connection) -> bool:
            self._record_other_attempts(connection)
            return finish_succeeded(connection, self._claim, result, worker_id=self._worker_id)

        self._write("store a result", finish, is_single=self._claim.attempt == 1)
        self._counts.note_succeeded(result)

    def fail(self, aborted: CalculationAborted) -> None:
        """Store why the calculation failed."""
        error_json = failure_json(aborted.reason, aborted.detail, aborted.details)

        def finish(connection: Connection) -> bool:
            if not finish_failed(connection, self._claim, error_json, worker_id=self._worker_id):
                return False
            self._delete_chunks(connection)
            return True

        self._write("store a failure", finish)
        self._counts.note_failed(aborted.reason)

    def requeue(self, died: ProcessDied, backoff_seconds: float) -> None:
        """Queue it again after a pause that grows with each attempt; or carry out a cancel."""

        def requeue(connection: Connection) -> str | None:
            outcome = died.exit_reason
            is_queued = retry_calculation(
                connection,
                self._claim,
                outcome,
                worker_id=self._worker_id,
                backoff_seconds=backoff_seconds,
            )
            if not is_queued:
                if not self._cancel(connection):
                    return None
                outcome = "cancelled"
            self._delete_chunks(connection)
            return outcome

        self._counts.note_left(self._write("queue a calculation again", requeue))

    def release_missing(self) -> None:
        """Leave it to another worker, without counting the attempt; or carry out a cancel.

        The child does not have the function, although the worker believed it did.
        """

        def release(connection: Connection) -> str | None:
            outcome = "released"
            if release_calculation(connection, self._claim, worker_id=self._worker_id):
                hand_back(connection, [self._claim.calculation_id], Lane.HEAVY)
            elif self._cancel(connection):
                outcome = "cancelled"
            else:
                return None
            self._delete_chunks(connection)
            return outcome

        self._counts.note_left(self._write("leave a calculation to another worker", release))

    def hand_back(self, within_seconds: float) -> str:
        """Carry out a cancel, or return the claim to the outbox, even if the lease has ended.

        Returns "cancelled", "released" or, if the claim is no longer this attempt's, "lost".
        Raises StoreUnavailable if PostgreSQL is unavailable for that long.
        """
        until = time.monotonic() + within_seconds

        def hand_back() -> str:
            with self._engine.begin() as connection:
                # The row decides which of them changes it: a submission may have withdrawn the
                # cancel, or a cancel may have been requested while the worker stops.
                if self._cancel(connection):
                    outcome = "cancelled"
                elif release_calculation(connection, self._claim, worker_id=self._worker_id):
                    notify_outbox(connection, [Lane.HEAVY])
                    outcome = "released"
                else:
                    return "lost"
                self._delete_chunks(connection)
                return outcome

        outcome = retry_while_unavailable(
            hand_back, "hand a claim back", lambda: time.monotonic() > until
        )
        if outcome != "lost":  # else the relay has counted it
            self._counts.note_left(outcome)
        return outcome

    def _cancel(self, connection: Connection) -> bool:
        return finish_cancelled(connection, self._claim, CANCELLED_JSON, worker_id=self._worker_id)

    def _delete_chunks(self, connection: Connection) -> None:
        """Delete the first chunks at once, leave the rest to the relay, and notify of the end."""
        delete_chunks_of_attempt(
            connection, self._claim.calculation_id, self._claim.attempt, limit=_CHUNKS_AT_ONCE
        )
        self._record_other_attempts(connection)
        self._notify(connection)

    def _record_other_attempts(self, connection: Connection) -> None:
        """Record the chunks of earlier attempts, which relays of older versions do not record."""
        if self._claim.attempt > 1:
            record_other_attempts(connection, self._claim.calculation_id, self._claim.attempt)

    def _notify(self, connection: Connection) -> None:
        notify_changed(connection, [self._claim.calculation_id])

    def _write(
        self, what: str, write: Callable[[Connection], _Outcome | None], *, is_single: bool = False
    ) -> _Outcome:
        """Commit a write; try again while the lease lasts. Raises LeaseLost.

        A write returns something false if it changed nothing. One that `is_single` is a single
        statement, for which no transaction need begin and end.
        """

        def attempt() -> _Outcome:
            begin = autocommitting(self._engine) if is_single else self._engine.begin()
            with begin as connection:
                outcome = write(connection)
                if not outcome:
                    self._counts.note_late()
                    raise LeaseLost(str(self._claim.calculation_id))
                return outcome

        try:
            return retry_while_unavailable(attempt, what, lambda: self._lease.end is not None)
        except StoreUnavailable as error:
            raise LeaseLost(str(self._claim.calculation_id)) from error
