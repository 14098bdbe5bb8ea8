"""Publishes one lane's calculations, in a thread of its own with connections of its own.

So neither lane waits for the other, not even if confirms do not come or a queue has the wrong type.
"""

import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from sqlalchemy import Connection, Engine

from gateway.relay.loop import LoopThread
from gateway.relay.message_version import MessageVersion
from gateway.relay.publisher import Publisher
from gateway.relay.window import Window
from shared import crash_points
from shared.calculation import Lane
from shared.config import Settings
from shared.crash_points import crash_point
from shared.errors import BrokerUnavailable
from shared.logs.bundles import CalculationLog
from shared.messages import encode
from shared.metrics.catalogue import DEAD_LETTERS, PUBLISHED
from shared.metrics.counters import Counters
from shared.store.outbox.heavy_outbox import take_heavy
from shared.store.outbox.outbox import Due, put_back, take_due, taken

_logger = logging.getLogger(__name__)

#: Small calculations of the quick lane share a message, which costs more than they do. One thread
#: of a worker computes all of a message, so it should not take long.
_MESSAGE_CALCULATIONS = 100
_MESSAGE_SECONDS = 0.02

#: RabbitMQ takes messages of 16 MiB by default. One calculation alone is never near it, since the
#: gateway limits the arguments of each.
_MESSAGE_CHARACTERS = 2**20

#: What a calculation counts for of which nothing is known: a message holds ten of these.
_UNKNOWN_SECONDS = 0.0019

#: After a batch, pause this long for each of its rows, up to a limit: what arrives in the pause is
#: published together, as a batch costs more than a row.
_PAUSE_SECONDS_PER_ROW = 0.001
_LONGEST_PAUSE_SECONDS = 0.02

#: How often to probe whether RabbitMQ takes messages, while there is nothing to publish.
_PROBE_SECONDS = 5.0

#: How often to count the messages that workers have refused.
_DEAD_LETTERS_SECONDS = 15.0


class LaneRelay:
    """Publishes what is due in one lane whenever it is woken; `engine` is in autocommit.

    `on_change` is called when the loop's `problem` has changed.
    """

    def __init__(
        self,
        lane: Lane,
        settings: Settings,
        engine: Engine,
        on_change: Callable[[], None],
        counters: Counters,
    ) -> None:
        self.lane = lane
        self._counters = counters
        self.publisher = Publisher(settings.amqp_urls, lane)
        self._message_version = MessageVersion(lane)
        self._log = CalculationLog(
            _logger, f"Published %s to the {lane} lane", names_all=lane is Lane.HEAVY
        )
        self._batch_rows = settings.relay_batch
        self._engine = engine
        self._window = Window()
        self._is_poll_needed = False
        self._woken = threading.Event()
        self._woken.set()  # the first step is at once, and finds out whether RabbitMQ works
        self._is_publishing = False
        self._paused_until = 0.0
        self._dead_letters_noted_at = -math.inf
        self.loop = LoopThread(
            f"{lane} lane",
            self._step,
            reset=engine.dispose,
            on_change=on_change,
            on_end=self.publisher.close,
        )

    @property
    def is_busy(self) -> bool:
        """Whether it will take what is due without being woken again."""
        return self._is_publishing or self._woken.is_set()

    @property
    def waits_for_claims(self) -> bool:
        """Whether what is due has to wait, and a claim will tell when that is over.

        Workers of earlier versions do not tell.
        """
        return self._window.is_full and not self._is_poll_needed

    def wake(self) -> None:
        """Have it publish what is due now."""
        self._woken.set()

    def wake_for_new(self) -> None:
        """Have it publish what has come, unless that has to wait."""
        if not self._window.is_full:
            self._woken.set()

    def note_claims(self, count: int, returned: int = 0) -> None:
        """Note what workers have claimed or handed back, and publish others if there is room."""
        if count:
            self._window.note_claims(count)
        self._window.note_returned(returned)
        if self._window.has_room_again:
            self._woken.set()

    def note_dead_letters_soon(self) -> None:
        """Have it count the messages that workers have refused: some were put back."""
        self._dead_letters_noted_at = -math.inf
        self._woken.set()

    def stop(self) -> None:
        """Let its thread end after its current step."""
        self.loop.stop()
        self._woken.set()

    def publish_batch(self) -> int:
        """Publish what is due, up to one batch; return how many rows that was.

        Raises BrokerUnavailable if RabbitMQ did not confirm all of it. What it did confirm is
        marked as published even so, and only the rest is put back.
        """
        self.publisher.connect()  # before rows are locked, as it may take seconds
        with self._engine.connect() as connection:
            version = self._message_version.current(connection)
            with taken(connection, self._take) as due:
                if not due:
                    return 0
                groups = group_by_message(due, self.lane)
                messages = [[one.work for one in group] for group in groups]
                receipt = self.publisher.publish(
                    [encode(works, self.lane, version) for works in messages]
                )
                crash_point(crash_points.RELAY_BEFORE_MARK)
                refused = set(range(len(messages))) - receipt.confirmed
                if refused:
                    put_back(
                        connection, [work.calculation_id for i in refused for work in messages[i]]
                    )
        published = [work for i in sorted(receipt.confirmed) for work in messages[i]]
        self._log.add(published)
        for function, count in Counter(work.function for work in published).items():
            self._counters.add(PUBLISHED, function, self.lane, amount=count)
        if receipt.problem is not None:
            raise BrokerUnavailable(receipt.problem)
        return len(due)

    def _take(self, connection: Connection) -> list[Due]:
        if self.lane is Lane.QUICK:
            return take_due(self._batch_rows).on(connection)
        window = self._window
        is_unannounced = window.is_full and not window.has_heard_claims
        window.begin_take()
        found = take_heavy(self._batch_rows, window.claims_per_second).on(connection)
        window.end_take(found.claims_until_room)
        if window.has_room_again:
            self._woken.set()
        self._is_poll_needed = is_unannounced and bool(found.due)
        return found.due

    def _step(self) -> None:
        is_woken = self._woken.wait(_PROBE_SECONDS)
        if self.loop.is_stopping:
            return
        if is_woken:
            self._is_publishing = True
            self._woken.clear()
            try:
                rows = self.publish_batch()
            except BaseException:
                self._woken.set()  # to try again
                raise
            finally:
                self._is_publishing = False
            if rows == self._batch_rows:
                self._woken.set()  # there may be more
            else:
                self._pause_after(rows)
        if self.publisher.unconfirmed_seconds >= _PROBE_SECONDS:
            self.publisher.probe()
        if time.monotonic() >= self._dead_letters_noted_at + _DEAD_LETTERS_SECONDS:
            self._note_dead_letters()

    def _note_dead_letters(self) -> None:
        """Note how many messages workers have refused; leave what was known where that fails."""
        self._dead_letters_noted_at = time.monotonic()
        with suppress(BrokerUnavailable):  # a probe finds that out, and says so
            self._counters.set_gauge(DEAD_LETTERS, self.publisher.dead_letters(), self.lane)

    def _pause_after(self, rows: int) -> None:
        """Let rows that arrive now be published together; the first after an idle time is not held.

        The pause is too short to be interrupted by a stop.
        """
        now = time.monotonic()
        time.sleep(max(0.0, self._paused_until - now))
        pause = min(_LONGEST_PAUSE_SECONDS, _PAUSE_SECONDS_PER_ROW * rows)
        self._paused_until = max(now, self._paused_until) + pause


def group_by_message(due: Iterable[Due], lane: Lane) -> Iterator[list[Due]]:
    """Yield calculations in their order, in the groups that share a message; heavy ones alone."""
    group: list[Due] = []
    seconds, characters = 0.0, 0
    for one in due:
        known = one.estimate_seconds
        needed = _UNKNOWN_SECONDS if known is None else known
        length = len(one.work.arguments_text)
        is_full = (
            len(group) == _MESSAGE_CALCULATIONS
            or seconds + needed > _MESSAGE_SECONDS
            or characters + length > _MESSAGE_CHARACTERS
        )
        if group and (is_full or lane is Lane.HEAVY):
            yield group
            group, seconds, characters = [], 0.0, 0
        group.append(one)
        seconds += needed
        characters += length
    if group:
        yield group
