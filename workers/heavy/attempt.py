"""One attempt at a claimed calculation: run it, store its digits, write how it ended."""

import logging
import time
from uuid import UUID

from sqlalchemy import Engine

from shared.config import Settings
from shared.crash_points import HEAVY_AFTER_CLAIM, HEAVY_BEFORE_FINISH, crash_point
from shared.digits import DigitsSummary, in_chunks
from shared.errors import CalculationAborted, LeaseLost, ProcessDied, StoreUnavailable
from shared.functions.verification import random_prime
from shared.store.models import CHUNK_DIGITS, ROW_DIGITS
from shared.store.rows import FinishedResult
from workers.heavy.chunks import ChunkWriter
from workers.heavy.claimed_writes import ClaimedWrites
from workers.heavy.lease import End, Lease
from workers.heavy.retry_policy import failure_to_store
from workers.sandbox.contract import Request
from workers.sandbox.parent import Sandbox
from workers.sandbox.spares import SpareChildren

logger = logging.getLogger(__name__)

#: How long a stopping worker tries to hand a claim back. Where that fails, its lease runs out.
_HANDING_BACK_SECONDS = 1.0

#: The pause after the first attempt of a round; it doubles with each. The rescue's is the same.
RETRY_BACKOFF_SECONDS = 1.0


class Attempt:
    """Holds one lease from claim to finish."""

    def __init__(
        self,
        lease: Lease,
        settings: Settings,
        engine: Engine,
        worker_id: UUID,
        children: SpareChildren,
    ) -> None:
        self._lease = lease
        self._claim = lease.claim
        self._settings = settings
        self._writes = ClaimedWrites(lease, engine, worker_id)
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
                self._writes.succeed(result)
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
        pieces = child.receive(self._note_progress, self._lease.check)
        with ChunkWriter(self._writes.store_chunks) as writer:
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

    def _fail_or_try_again(self, aborted: CalculationAborted) -> None:
        """Write a failure, or queue it again if its process died in a way that may pass."""
        failure = failure_to_store(
            aborted,
            self._claim.earlier_outcomes,
            attempts=self._claim.attempts,
            max_attempts=self._settings.max_attempts,
        )
        if failure is not None:
            self._writes.fail(failure)
            logger.warning("failed, %s: %s", failure.reason, failure.detail, extra=self._extra)
        elif isinstance(aborted, ProcessDied):
            self._writes.requeue(aborted, RETRY_BACKOFF_SECONDS)
            logger.warning(
                "%s, to be tried again: %s", aborted.exit_reason, aborted.detail, extra=self._extra
            )

    def _give_up(self, end: End) -> None:
        """Carry out a cancel, or hand the claim back, or leave what is no longer ours."""
        is_cancelled = end is End.CANCELLED
        seconds = self._settings.lease_seconds if is_cancelled else _HANDING_BACK_SECONDS
        try:
            outcome = self._writes.hand_back(seconds)
        except StoreUnavailable as error:
            logger.warning("left to its lease, %s: %s", end.value, error, extra=self._extra)
        else:
            logger.info("%s, %s", end.value, outcome, extra=self._extra)
