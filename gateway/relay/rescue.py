"""Returns lost work to the outbox, and removes what dead processes have left.

Work is lost when a worker dies with a lease, or when RabbitMQ loses a message. The relay does this
in a thread of its own, so that publishing waits neither for its statements nor for its queries of
RabbitMQ. It is harmless to repeat, and to run in several relays at once.
"""

import logging
import time
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Engine

from gateway.relay.clock_steps import ClockSteps
from gateway.relay.handed_back import HandedBack
from gateway.relay.history import History
from gateway.relay.housekeeping import Housekeeping
from shared.calculation import Lane, Status
from shared.config import Settings
from shared.errors import BrokerUnavailable
from shared.failures import CANCELLED_JSON, failure_json
from shared.logs.members import log_ids
from shared.metrics.catalogue import (
    ATTEMPTS_ENDED,
    FINISHED,
    LEASES_EXPIRED,
    MESSAGES_RESCUED,
)
from shared.metrics.counters import Counters
from shared.store.attempts import Expired, expire_leases
from shared.store.metrics import fold_silent_metrics
from shared.store.notifications import notify_changed
from shared.store.outbox.outbox import oldest_waiting_seconds, republish_lost
from shared.store.presence import delete_silent_relays, delete_silent_workers
from shared.store.results.chunks import delete_lost_attempts, delete_lost_chunks

_BATCH = 1_000
_BACKOFF_SECONDS = 1.0

#: When the rows of workers and relays that send no heartbeat are removed.
_SILENT_SECONDS = 60.0

#: How many chunks to remove in one transaction: these are eight megabytes.
_CHUNKS_BATCH = 32

#: How long one run may remove chunks, as the rest of the rescue waits. The next run continues.
_CHUNKS_SECONDS = 0.25

#: A transaction that stores chunks of a lost attempt has ended after this: the limits of statements
#: and of idle transactions are less than a minute together.
_CHUNKS_GRACE_SECONDS = 120.0

#: When the counts of a process that sends no heartbeat become part of those of the retired.
_FOLD_SECONDS = 600.0

_logger = logging.getLogger(__name__)


class Rescue:
    """Finds lost work; `ready_messages` counts what waits in a lane's queue.

    `ready_messages` may raise BrokerUnavailable; then no message of that lane counts as lost.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        ready_messages: Callable[[Lane], int],
        counters: Counters | None = None,
    ) -> None:
        self._counters = counters = counters or Counters()
        self._engine = engine
        self._settings = settings
        self._ready_messages = ready_messages
        self._clock_steps = ClockSteps(engine, lease_seconds=settings.lease_seconds)
        self._handed_back = HandedBack(engine, settings, counters)
        self._history = History(engine)
        self._housekeeping = Housekeeping(engine)
        self._empty_since: dict[Lane, float] = {}
        self._unavailable_queues: set[Lane] = set()

    def run_once(self) -> int:
        """Return lost work to the outbox and clean up; return how many calculations that was."""
        may_expire = self._clock_steps.correct()
        with self._engine.begin() as connection:
            expired = self._expire_leases(connection) if may_expire else []
            delete_silent_workers(connection, _SILENT_SECONDS)
            delete_silent_relays(connection, _SILENT_SECONDS)
        returned = self._note_expired(expired)
        self._handed_back.review()
        remove_lost_chunks(self._engine)
        for lane in Lane:
            returned += self._return_lost(lane)
        with self._engine.begin() as connection:
            fold_silent_metrics(connection, _FOLD_SECONDS)
        self._housekeeping.run_if_due()
        self._history.run_if_due()  # last: where it fails, it is due again at each step
        return returned

    def _expire_leases(self, connection: Connection) -> list[Expired]:
        limit = self._settings.max_attempts
        expired = expire_leases(
            connection,
            max_attempts=limit,
            backoff_seconds=_BACKOFF_SECONDS,
            failed_error_json=failure_json(
                "worker-lost",
                f"Each of {limit} attempts lost its worker, so the calculation may be the cause. "
                "Reduce the arguments, or resubmit it if something else ended the workers.",
            ),
            cancelled_error_json=CANCELLED_JSON,
            limit=_BATCH,
        )
        notify_changed(connection, [one.calculation_id for one in expired])
        return expired

    def _note_expired(self, expired: Sequence[Expired]) -> int:
        """Log and count what is committed; return how many are queued again."""
        for one in expired:
            _logger.warning(
                "A lease expired; the calculation is %s",
                one.status,
                extra={"calculation_id": one.calculation_id},
            )
            self._counters.add(LEASES_EXPIRED)
            self._counters.add(ATTEMPTS_ENDED, "lost")
            if one.status != Status.QUEUED:
                self._counters.add(FINISHED, one.function, Lane.HEAVY, one.status)
        return sum(one.status == Status.QUEUED for one in expired)

    def _return_lost(self, lane: Lane) -> int:
        """Put old messages into the outbox if the queue is empty or later ones were consumed."""
        age = self._settings.lost_message_seconds
        with self._engine.begin() as connection:
            waited_seconds = oldest_waiting_seconds(connection, lane)
        if waited_seconds == 0:
            self._empty_since.pop(lane, None)
            return 0
        try:
            is_empty = self._is_empty_for(age, lane)
        except BrokerUnavailable as error:
            if lane not in self._unavailable_queues:
                _logger.warning("Cannot check for lost messages of the %s lane: %s", lane, error)
            self._unavailable_queues.add(lane)
            self._empty_since.pop(lane, None)
            return 0
        self._unavailable_queues.discard(lane)
        if waited_seconds < age:
            return 0
        returned = 0
        while True:
            with self._engine.begin() as connection:
                lost = republish_lost(
                    connection,
                    lane,
                    queue_is_empty=is_empty,
                    older_than_seconds=age,
                    limit=_BATCH,
                )
            returned += len(lost)
            log_ids(
                _logger,
                logging.WARNING,
                f"The message of %s of the {lane} lane was lost and will be published again",
                lost,
            )
            if len(lost) < _BATCH:
                break
        if returned:
            self._counters.add(MESSAGES_RESCUED, lane, amount=returned)
        return returned

    def _is_empty_for(self, seconds: float, lane: Lane) -> bool:
        """Return whether the lane's queue has been empty for this long.

        A queue does not count the messages that workers hold: the last ones of a long backlog are
        old, and not lost.
        """
        if self._ready_messages(lane) > 0:
            self._empty_since.pop(lane, None)
            return False
        since = self._empty_since.setdefault(lane, time.monotonic())
        return time.monotonic() - since >= seconds


def remove_lost_chunks(engine: Engine) -> int:
    """Remove chunks of attempts without a result, for a limited time; return how many."""
    until = time.monotonic() + _CHUNKS_SECONDS
    removed = 0
    while True:
        with engine.begin() as connection:
            count = delete_lost_chunks(connection, limit=_CHUNKS_BATCH)
            if count == 0:
                delete_lost_attempts(connection, grace_seconds=_CHUNKS_GRACE_SECONDS)
        removed += count
        if count == 0 or time.monotonic() > until:
            return removed
