"""A clock of PostgreSQL's that was set: told to whoever reads logs, and what hangs on it put right.

All times are PostgreSQL's, and one that is further ahead than it can rightly be was written before
the clock was set back. That is put right by what the rows say alone, so it also works for a step
that came while no relay ran. A step ahead is another matter: leases only seem to have run out then.
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

#: So far ahead a time may lie without being put right. Of what transactions write side by side one
#: is a little ahead of the other, and should not be written again.
SLACK_SECONDS = 5.0

#: The longest pause before a calculation is published again, which is written into its row.
LONGEST_BACKOFF_SECONDS = 60.0

#: A clock that is slewed, or a slow answer, is no step.
_STEP_SECONDS = 2.0

_BATCH = 1_000

#: Of each kind, in one go; the next look goes on.
_MOST_BATCHES = 20

_logger = logging.getLogger(__name__)


class ClockSteps:
    """Compares PostgreSQL's clock with one that only goes forward, between two looks."""

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
        self._leases_count_from = 0.0

    def look(self) -> bool:
        """Put right what lies too far ahead; return whether a lease that ran out has run out.

        After a step ahead it may only seem so, until its worker has had the time to renew it.
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
                "Times ahead of PostgreSQL's clock were put right: %d were not due, %d were "
                "published, %d leases of workers that are gone",
                due,
                published,
                ended,
            )
        return time.monotonic() >= self._leases_count_from

    def _compare(self, connection: Connection) -> None:
        asked_at = time.monotonic()
        server = self._read(connection)
        answered_at = time.monotonic()
        offset = server - (asked_at + answered_at) / 2
        before, self._offset = self._offset, offset
        if before is None:
            return
        step = offset - before
        if abs(step) <= _STEP_SECONDS + (answered_at - asked_at) / 2:
            return
        _logger.warning(
            "PostgreSQL's clock stepped %s by %.1f s, or another server with another clock answers",
            "ahead" if step > 0 else "back",
            abs(step),
        )
        if step > 0:
            self._leases_count_from = answered_at + self._lease_seconds

    def _in_batches(self, put_right: Callable[[Connection], int]) -> int:
        count = 0
        for _ in range(_MOST_BATCHES):
            with self._engine.begin() as connection:
                batch = put_right(connection)
            count += batch
            if batch < _BATCH:
                break
        return count
