"""One attempt at a claimed calculation: run its child, store its digits, decide how it ends.

The transactions are in claimed_writes.py, retries are decided in retry_policy.py.
"""

import dataclasses
import logging
import time
from uuid import UUID

from sqlalchemy import Engine

from shared.config import Settings
from shared.crash_points import HEAVY_AFTER_CLAIM, HEAVY_BEFORE_FINISH, crash_point
from shared.errors import CalculationAborted, LeaseLost, ProcessDied, StoreUnavailable
from shared.functions.verification import random_prime
from shared.result import CHUNK_DIGITS, ROW_DIGITS, Result, ResultBuilder, in_chunks
from workers.heavy.chunks import ChunkWriter
from workers.heavy.claimed_writes import ClaimedWrites
from workers.heavy.lease import End, Lease
from workers.heavy.retry_policy import failure_to_store
from workers.sandbox.parent import Sandbox
from workers.sandbox.protocol import Request
from workers.sandbox.spares import SpareChildren

logger = logging.getLogger(__name__)

#: How long a stopping worker tries to hand a claim back. If that fails, its lease has to run out.
_HANDING_BACK_SECONDS = 1.0

#: The pause after the first attempt; it doubles with each. It is the same as the rescue's.
RETRY_BACKOFF_SECONDS = 1.0

_NO_DIGITS = "The function did not return digits. Report this to the function's author."
_OTHER_DIGITS = (
    "The digits that arrived are not the digits that the process has checked. Resubmit; if this "
    "happens again, check the worker's machine."
)


class Attempt:
    """Works on one claim, from its commit to one of its ends."""

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
        """Compute and store the result; or store a failure, queue again, or hand the claim back."""
        logger.info("claimed %s", self._claim.function, extra=self._extra)
        crash_point(HEAVY_AFTER_CLAIM)
        began = time.monotonic()
        try:
            try:
                result = self._compute()
            except CalculationAborted as aborted:
                self._lease.check()  # a child that was killed because its lease ended did not fail
                self._fail_or_requeue(aborted)
            else:
                crash_point(HEAVY_BEFORE_FINISH)
                self._writes.succeed(result)
                logger.info(
                    "succeeded: %d digits in %.3f s, computed in %.3f s",
                    result.digit_count,
                    time.monotonic() - began,
                    result.compute_seconds,
                    extra=self._extra,
                )
        except LeaseLost:
            self._give_up(self._lease.end or End.LOST)

    def _compute(self) -> Result:
        """Run the child; store the digits that do not fit into the row, and return the result."""
        request = Request(
            function=self._claim.function,
            version=self._claim.version,
            arguments_text=self._claim.arguments_text,
            prime=random_prime(),
            memory_limit_bytes=self._settings.memory_limit_bytes,
            time_limit_seconds=self._settings.time_limit_seconds,
        )
        with Sandbox(request, self._children.take()) as child:
            self._lease.on_end(child.kill)
            try:
                return self._receive_digits(child)
            finally:
                if child.stderr:
                    extra = {**self._extra, "stderr": child.stderr}
                    logger.warning("the calculation's process wrote to standard error", extra=extra)

    def _receive_digits(self, child: Sandbox) -> Result:
        """Check and store the digits as they arrive."""
        arrived = ResultBuilder()
        value = None
        pieces = child.receive(self._note_progress, self._lease.check)
        with ChunkWriter(self._writes.store_chunks) as writer:
            for chunk in in_chunks(pieces, CHUNK_DIGITS):
                if not chunk.isdigit():
                    raise CalculationAborted("result-wrong", _NO_DIGITS)
                is_first = arrived.digit_count == 0
                arrived.feed(chunk)
                if is_first and len(chunk) <= ROW_DIGITS:
                    value = chunk.decode("ascii")  # all of it: only a last chunk can be so short
                else:
                    writer.add(chunk)
            writer.finish()
        result = arrived.finish(child.result.compute_seconds)
        if not result.digit_count:
            raise CalculationAborted("result-wrong", _NO_DIGITS)
        if result != child.result:
            raise CalculationAborted("result-wrong", _OTHER_DIGITS)
        return dataclasses.replace(result, digits=value)

    def _note_progress(self, fraction: float) -> None:
        self._lease.progress = max(self._lease.progress, fraction)

    def _fail_or_requeue(self, aborted: CalculationAborted) -> None:
        """Store a failure, or queue it again if another attempt may succeed."""
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
                "queued again, %s: %s", aborted.exit_reason, aborted.detail, extra=self._extra
            )

    def _give_up(self, end: End) -> None:
        """Carry out a cancel, or hand the claim back if it is still this worker's."""
        is_cancelled = end is End.CANCELLED
        seconds = self._settings.lease_seconds if is_cancelled else _HANDING_BACK_SECONDS
        try:
            outcome = self._writes.hand_back(seconds)
        except StoreUnavailable as error:
            logger.warning(
                "%s, but the claim cannot be handed back and its lease has to run out: %s",
                end.value,
                error,
                extra=self._extra,
            )
        else:
            logger.info("gave up the claim (%s): %s", end.value, outcome, extra=self._extra)
