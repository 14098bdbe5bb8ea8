"""One attempt at a claimed calculation: run it, store its digits, write how it ended."""

import logging
import time
from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import Connection, Engine

from shared.calculation import Lane
from shared.config import Settings
from shared.crash_points import HEAVY_AFTER_CLAIM, HEAVY_BEFORE_FINISH, crash_point
from shared.digits import DigitsSummary, in_chunks
from shared.errors import CalculationAborted, LeaseLost, ProcessDied, StoreUnavailable
from shared.failures import CANCELLED_JSON, failure_json
from shared.functions.verification import random_prime
from shared.store.leases import (
    finish_cancelled,
    finish_failed,
    finish_succeeded,
    release_calculation,
    retry_calculation,
)
from shared.store.lost_chunks import delete_chunks_of_attempt, note_other_attempts
from shared.store.models import CHUNK_DIGITS, ROW_DIGITS
from shared.store.notifications import notify_changed, notify_outbox
from shared.store.results import insert_claimed_chunks
from shared.store.rows import FinishedResult
from workers.children import Children
from workers.chunks import ChunkWriter
from workers.contract import Request
from workers.lease import End, Lease
from workers.patience import persist
from workers.retries import failure_of
from workers.sandbox import Sandbox

logger = logging.getLogger(__name__)

#: How long a stopping worker tries to hand a claim back. Where that fails, its lease runs out.
_HANDING_BACK_SECONDS = 1.0

#: Chunks that are removed while the row is locked: eight megabytes.
_CHUNKS_AT_ONCE = 32

#: The pause after the first attempt of a round; it doubles with each. The rescue's is the same.
RETRY_BACKOFF_SECONDS = 1.0


class Attempt:
    """Holds one lease from claim to finish. Every write is fenced by its attempt number."""

    def __init__(
        self,
        lease: Lease,
        settings: Settings,
        engine: Engine,
        worker_id: UUID,
        children: Children,
    ) -> None:
        self._lease = lease
        self._claim = lease.claim
        self._settings = settings
        self._engine = engine
        self._worker_id = worker_id
        self._children = children
        self._extra = {
            "calculation_id": self._claim.calculation_id,
            "request_id": self._claim.request_id,
            "attempt": self._claim.attempt,
            "worker_id": worker_id,
        }

    def run(self) -> None:
        """See the calculation through to one of its ends."""
        logger.info("claimed %s", self._claim.function, extra=self._extra)
        crash_point(HEAVY_AFTER_CLAIM)
        began = time.monotonic()
        try:
            try:
                result = self._compute()
            except CalculationAborted as aborted:
                self._lease.check()  # a child that was killed because its lease ended did not fail
                self._fail_or_try_again(aborted)
            else:
                crash_point(HEAVY_BEFORE_FINISH)
                self._succeed(result)
                logger.info(
                    "succeeded: %d digits in %.3f s, computed in %.3f s",
                    result.digits,
                    time.monotonic() - began,
                    result.compute_seconds,
                    extra=self._extra,
                )
        except LeaseLost:
            self._give_up(self._lease.end or End.LOST)

    def _compute(self) -> FinishedResult:
        """Run the child and store its digits, as far as they do not fit into the row."""
        request = Request(
            function=self._claim.function,
            version=self._claim.version,
            arguments=self._claim.arguments,
            prime=random_prime(),
            memory_limit_bytes=self._settings.memory_limit_bytes,
            time_limit_seconds=self._settings.time_limit_seconds,
        )
        with Sandbox(request, self._children.take()) as child:
            self._lease.on_end(child.kill)
            try:
                return self._take_digits(child)
            finally:
                if child.stderr:
                    extra = {**self._extra, "stderr": child.stderr}
                    logger.warning("its process wrote to standard error", extra=extra)

    def _take_digits(self, child: Sandbox) -> FinishedResult:
        summary = DigitsSummary()
        value = None
        pieces = child.pieces(self._note_progress, self._lease.check)
        with ChunkWriter(self._store) as writer:
            for chunk in in_chunks(pieces, CHUNK_DIGITS):
                if not chunk.isdigit():
                    raise CalculationAborted("result-wrong", "Its process sent no digits.")
                is_first = summary.digits == 0
                summary.feed(chunk)
                if is_first and len(chunk) <= ROW_DIGITS:
                    value = chunk.decode("ascii")  # and all: only the last chunk can be so short
                else:
                    writer.add(chunk)
            writer.finish()
        told = child.summary
        if not summary.digits or (summary.digits, summary.sha256) != (told.digits, told.sha256):
            raise CalculationAborted(
                "result-wrong", "The digits that arrived are not those that were checked."
            )
        return summary.finished(value, told.compute_seconds)

    def _note_progress(self, fraction: float) -> None:
        self._lease.progress = max(self._lease.progress, fraction)

    def _store(self, first_ordinal: int, chunks: Sequence[bytes]) -> None:
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

    def _succeed(self, result: FinishedResult) -> None:
        def finish(connection: Connection) -> bool:
            if self._claim.attempt > 1:
                note_other_attempts(connection, self._claim.calculation_id, self._claim.attempt)
            notify_changed(connection, [self._claim.calculation_id])
            return finish_succeeded(connection, self._claim, result, worker_id=self._worker_id)

        self._write("store a result", finish)

    def _fail_or_try_again(self, aborted: CalculationAborted) -> None:
        """Write a failure, or queue it again if its process died in a way that may pass."""
        failure = failure_of(
            aborted,
            self._claim.earlier_ends,
            attempts=self._claim.attempts,
            max_attempts=self._settings.max_attempts,
        )
        if failure is not None:
            self._fail(failure)
        elif isinstance(aborted, ProcessDied):
            self._try_again(aborted)

    def _try_again(self, died: ProcessDied) -> None:
        def queue_again(connection: Connection) -> bool:
            is_queued = retry_calculation(
                connection,
                self._claim,
                died.end,
                worker_id=self._worker_id,
                backoff_seconds=RETRY_BACKOFF_SECONDS,
            )
            if not is_queued and not finish_cancelled(
                connection, self._claim, CANCELLED_JSON, worker_id=self._worker_id
            ):
                return False
            self._delete_chunks(connection)
            notify_changed(connection, [self._claim.calculation_id])
            return True

        self._write("queue a calculation again", queue_again)
        logger.warning("%s, to be tried again: %s", died.end, died.detail, extra=self._extra)

    def _fail(self, aborted: CalculationAborted) -> None:
        error_json = failure_json(aborted.reason, aborted.detail)

        def finish(connection: Connection) -> bool:
            if not finish_failed(connection, self._claim, error_json, worker_id=self._worker_id):
                return False
            self._delete_chunks(connection)
            notify_changed(connection, [self._claim.calculation_id])
            return True

        self._write("store a failure", finish)
        logger.warning("failed, %s: %s", aborted.reason, aborted.detail, extra=self._extra)

    def _delete_chunks(self, connection: Connection) -> None:
        """Remove the chunks of a short result at once. The rest of a long one is the relay's."""
        delete_chunks_of_attempt(
            connection, self._claim.calculation_id, self._claim.attempt, limit=_CHUNKS_AT_ONCE
        )

    def _write(self, what: str, write: Callable[[Connection], bool]) -> None:
        """Commit a fenced write, trying again for as long as the lease lasts.

        Raises LeaseLost if it says that the claim is no longer ours.
        """

        def attempt() -> None:
            with self._engine.begin() as connection:
                if not write(connection):
                    raise LeaseLost(str(self._claim.calculation_id))

        try:
            persist(attempt, what, lambda: self._lease.end is not None)
        except StoreUnavailable as error:
            raise LeaseLost(str(self._claim.calculation_id)) from error

    def _give_up(self, end: End) -> None:
        """Carry out a cancel, or hand the claim back, or leave what is no longer ours."""
        patience = _HANDING_BACK_SECONDS
        if end is End.CANCELLED:
            patience = self._settings.lease_seconds
        until = time.monotonic() + patience

        def hand_back() -> str:
            with self._engine.begin() as connection:
                # At most one of them touches the row: a cancel may have been withdrawn meanwhile
                # by a new submission, or have come while this worker was stopping.
                if finish_cancelled(
                    connection, self._claim, CANCELLED_JSON, worker_id=self._worker_id
                ):
                    outcome = "cancelled"
                elif release_calculation(connection, self._claim, worker_id=self._worker_id):
                    notify_outbox(connection, [Lane.HEAVY])
                    outcome = "released"
                else:
                    return "lost"
                self._delete_chunks(connection)
                notify_changed(connection, [self._claim.calculation_id])
                return outcome

        try:
            outcome = persist(hand_back, "hand a claim back", lambda: time.monotonic() > until)
        except StoreUnavailable as error:
            logger.warning("left to its lease, %s: %s", end.value, error, extra=self._extra)
        else:
            logger.info("%s, %s", end.value, outcome, extra=self._extra)
