"""Steps of PostgreSQL's clock: logs them, and corrects times that they left in the future.

All times are PostgreSQL's. One that is further ahead than possible was written before the clock was
set back; the rows alone show that, so a step is corrected even if no relay ran then. After a step
ahead, leases only seem to have expired, until their workers have had time to renew them.
"""

import logging
import time
from collections.abc import Callable

from sqlalchemy import Connection, Engine

from shared.store.clock import (
    correct_due_times,
    correct_publication_times,
    correct_seen_times,
    end_overlong_leases,
    read_clock,
)

#: Times this far ahead are left alone: concurrent transactions write times that differ a little.
SLACK_SECONDS = 5.0

#: The longest backoff before a calculation is published again; its end is written into the row.
LONGEST_BACKOFF_SECONDS = 60.0

#: A smaller difference is a clock that is being slewed.
_STEP_SECONDS = 2.0

_BATCH = 1_000

#: The most batches of one kind in a call; the next call continues.
_MAX_BATCHES = 20

_logger = logging.getLogger(__name__)


class ClockSteps:
    """Notices that PostgreSQL's clock was set, by comparing it with the monotonic clock."""

    def __init__(
        self,
        engine: Engine,
        *,
        lease_seconds: float,
        read: Callable[[Connection], float] = read_clock,
    ) -> None:
        self._engine = engine
        self._lease_seconds = lease_seconds
        self._read = read
        self._offset: float | None = None
        self._leases_valid_from = 0.0

    def correct(self) -> bool:
        """Correct times that lie too far ahead; return whether leases may be expired.

        After a step ahead, they may not for the length of a lease.
        """
        with self._engine.begin() as connection:
            self._compare(connection)
            correct_seen_times(connection, SLACK_SECONDS)
            ended = end_overlong_leases(
                connection,
                self._lease_seconds + SLACK_SECONDS,
                silent_seconds=self._lease_seconds,
                limit=_BATCH,
            )
        due = self._in_batches(
            lambda connection: correct_due_times(
                connection, LONGEST_BACKOFF_SECONDS + SLACK_SECONDS, _BATCH
            )
        )
        published = self._in_batches(
            lambda connection: correct_publication_times(connection, SLACK_SECONDS, _BATCH)
        )
        if ended or due or published:
            _logger.warning(
                "Corrected times ahead of PostgreSQL's clock: %d of rows to publish, %d of "
                "published rows, %d leases of workers that are gone",
                due,
                published,
                ended,
            )
        return time.monotonic() >= self._leases_valid_from

    def _compare(self, connection: Connection) -> None:
        sent_at = time.monotonic()
        server = self._read(connection)
        received_at = time.monotonic()
        offset = server - (sent_at + received_at) / 2
        before, self._offset = self._offset, offset
        if before is None:
            return
        step = offset - before
        if abs(step) <= _STEP_SECONDS + (received_at - sent_at) / 2:
            return
        _logger.warning(
            "PostgreSQL's clock stepped %s by %.1f s, or another server with another clock answers",
            "ahead" if step > 0 else "back",
            abs(step),
        )
        if step > 0:
            self._leases_valid_from = received_at + self._lease_seconds

    def _in_batches(self, correct: Callable[[Connection], int]) -> int:
        count = 0
        for _ in range(_MAX_BATCHES):
            with self._engine.begin() as connection:
                batch = correct(connection)
            count += batch
            if batch < _BATCH:
                break
        return count
