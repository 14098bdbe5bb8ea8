"""One attempt at a claimed calculation: compute it, and decide how it ends.

What its children do is in computation.py, the transactions are in claimed_writes.py, and retries
are decided in retry_policy.py.
"""

import logging
import time
from uuid import UUID

from sqlalchemy import Engine

from shared.config import Settings
from shared.crash_points import HEAVY_AFTER_CLAIM, HEAVY_BEFORE_FINISH, crash_point
from shared.errors import CalculationAborted, LeaseLost, ProcessDied, StoreUnavailable
from shared.logs.members import members_of
from shared.metrics.counters import Counters
from workers.heavy.claimed_writes import ClaimedWrites
from workers.heavy.computation import Computation
from workers.heavy.lease import End, Lease
from workers.heavy.retry_policy import failure_to_store
from workers.sandbox.outside.children import Children

logger = logging.getLogger(__name__)

#: How long a stopping worker tries to hand a claim back. If that fails, its lease has to run out.
_HANDING_BACK_SECONDS = 1.0

#: The pause after the first attempt; it doubles with each. It is the same as the rescue's.
RETRY_BACKOFF_SECONDS = 1.0


class Attempt:
    """Works on one claim, from its commit to one of its ends."""

    def __init__(
        self,
        lease: Lease,
        settings: Settings,
        engine: Engine,
        worker_id: UUID,
        children: Children,
        counters: Counters | None = None,
    ) -> None:
        counters = counters or Counters()
        self._lease = lease
        self._claim = lease.claim
        self._settings = settings
        self._writes = ClaimedWrites(lease, engine, worker_id, counters)
        #: Whether the child did not have the function.
        self.is_function_missing = False
        self._extra = {
            **members_of([self._claim]),
            "attempt": self._claim.attempt,
            "worker": worker_id,
        }
        self._computation = Computation(
            lease, settings, self._writes, children, self._extra, counters
        )

    def run(self) -> None:
        """Compute and store the result; or store a failure, queue again, or hand the claim back."""
        logger.info("Claimed %s", self._claim.function, extra=self._extra)
        crash_point(HEAVY_AFTER_CLAIM)
        began = time.monotonic()
        try:
            try:
                result = self._computation.run()
            except CalculationAborted as aborted:
                self._lease.check()  # a child that was killed because its lease ended did not fail
                if aborted.reason == "function-gone":
                    self.is_function_missing = True
                    self._writes.release_missing()
                    logger.warning("Left to another worker: %s", aborted.detail, extra=self._extra)
                else:
                    self._fail_or_requeue(aborted)
            else:
                crash_point(HEAVY_BEFORE_FINISH)
                self._writes.succeed(result)
                logger.info(
                    "Succeeded: %d bytes in %.3f s, computed in %.3f s",
                    result.length,
                    time.monotonic() - began,
                    result.compute_seconds,
                    extra=self._extra,
                )
        except LeaseLost:
            self._give_up(self._lease.end or End.LOST)

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
            logger.warning("Failed, %s: %s", failure.reason, failure.detail, extra=self._extra)
        elif isinstance(aborted, ProcessDied):
            self._writes.requeue(aborted, RETRY_BACKOFF_SECONDS)
            logger.warning(
                "Queued again, %s: %s", aborted.exit_reason, aborted.detail, extra=self._extra
            )

    def _give_up(self, end: End) -> None:
        """Carry out a cancel, or hand the claim back if it is still this worker's."""
        is_cancelled = end is End.CANCELLED
        seconds = self._settings.lease_seconds if is_cancelled else _HANDING_BACK_SECONDS
        try:
            outcome = self._writes.hand_back(seconds)
        except StoreUnavailable as error:
            logger.warning(
                "The claim cannot be handed back (%s), so its lease has to run out: %s",
                end.value,
                error,
                extra=self._extra,
            )
        else:
            logger.info("Gave up the claim (%s): %s", end.value, outcome, extra=self._extra)
