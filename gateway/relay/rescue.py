"""Putting right what was lost: claims of dead workers, messages that RabbitMQ no longer has.

The relay does this in a thread of its own: neither its statements nor its questions to RabbitMQ
hold up publishing.
"""

import logging
import time
from collections.abc import Callable

from sqlalchemy import Connection, Engine

from gateway.relay.clock_steps import ClockSteps
from gateway.relay.lost_chunks import remove_lost_chunks
from shared.calculation import Lane
from shared.config import Settings
from shared.errors import BrokerUnavailable
from shared.failures import CANCELLED_JSON, failure_json
from shared.store.attempts import expire_leases
from shared.store.notifications import notify_changed
from shared.store.outbox import oldest_waiting_seconds, republish_lost
from shared.store.presence import delete_silent_relays, delete_silent_workers

_BATCH = 1_000
_BACKOFF_SECONDS = 1.0
_FORGET_SECONDS = 60.0

_logger = logging.getLogger(__name__)


class Rescue:
    """Looks for lost work; each look is harmless to repeat and to run in several relays.

    `ready_messages` returns how many messages wait in a lane's queue, or raises BrokerUnavailable.
    """

    def __init__(
        self, engine: Engine, settings: Settings, ready_messages: Callable[[Lane], int]
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._ready_messages = ready_messages
        self._clock_steps = ClockSteps(engine, lease_seconds=settings.lease_seconds)
        self._empty_since: dict[Lane, float] = {}
        self._unanswered: set[Lane] = set()

    def look(self) -> int:
        """Return how many calculations went back to the outbox.

        A lane whose queue cannot be asked is left as it is.
        """
        leases_count = self._clock_steps.look()
        with self._engine.begin() as connection:
            returned = self._expire_leases(connection) if leases_count else 0
            delete_silent_workers(connection, _FORGET_SECONDS)
            delete_silent_relays(connection, _FORGET_SECONDS)
        remove_lost_chunks(self._engine)
        for lane in Lane:
            returned += self._return_lost(lane)
        return returned

    def _expire_leases(self, connection: Connection) -> int:
        limit = self._settings.max_attempts
        expired = expire_leases(
            connection,
            max_attempts=limit,
            backoff_seconds=_BACKOFF_SECONDS,
            failed_error_json=failure_json(
                "worker-lost",
                f"{limit} workers were lost while they ran it, so it may be what kills them. "
                "Ask for less, or submit it again if the workers were ended by something else.",
            ),
            cancelled_error_json=CANCELLED_JSON,
            limit=_BATCH,
        )
        for identity, status in expired.items():
            _logger.warning(
                "A lease ran out; the calculation is %s", status, extra={"calculation_id": identity}
            )
        notify_changed(connection, expired)
        return sum(status == "queued" for status in expired.values())

    def _return_lost(self, lane: Lane) -> int:
        """Publish again what waits too long, if its queue is empty or is past it."""
        age = self._settings.lost_message_seconds
        with self._engine.begin() as connection:
            waited_seconds = oldest_waiting_seconds(connection, lane)
        if waited_seconds == 0:
            self._empty_since.pop(lane, None)
            return 0
        try:
            is_empty = self._is_empty_for(age, lane)
        except BrokerUnavailable as error:
            if lane not in self._unanswered:
                _logger.warning("Lost messages of the %s lane cannot be found: %s", lane, error)
            self._unanswered.add(lane)
            self._empty_since.pop(lane, None)
            return 0
        self._unanswered.discard(lane)
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
            if len(lost) < _BATCH:
                break
        if returned:
            _logger.warning("%d messages of the %s lane were lost", returned, lane)
        return returned

    def _is_empty_for(self, seconds: float, lane: Lane) -> bool:
        """Say whether the lane's queue has held nothing for so long.

        Workers hold what was delivered to them, which the queue does not count: the last of a long
        backlog is old, and not lost.
        """
        if self._ready_messages(lane) > 0:
            self._empty_since.pop(lane, None)
            return False
        since = self._empty_since.setdefault(lane, time.monotonic())
        return time.monotonic() - since >= seconds
