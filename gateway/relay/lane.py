"""One lane's way from the outbox to RabbitMQ, in a thread of its own with connections of its own.

So no lane waits for another: not for confirms that do not come, nor for a queue of a wrong type.
"""

import threading
import time
from collections.abc import Callable

from sqlalchemy import Engine

from gateway.relay.bundles import bundles
from gateway.relay.loop import LoopThread
from gateway.relay.publisher import Publisher
from shared import crash_points
from shared.calculation import Lane
from shared.config import Settings
from shared.crash_points import crash_point
from shared.errors import BrokerUnavailable
from shared.messages import encode
from shared.store.outbox import put_back, taken_due

#: Between two turns there is so much time for each row of the first, up to a limit: while much
#: comes it goes together, since a turn costs more than a row.
_PACE_SECONDS = 0.001
_LONGEST_PACE_SECONDS = 0.02

#: Who has nothing to publish asks so often whether RabbitMQ would take it.
_PROBE_SECONDS = 5.0


class LaneRelay:
    """Publishes what is due in one lane whenever it is rung; `engine` is in autocommit.

    `changed` is called when the loop's `problem` has changed.
    """

    def __init__(
        self, lane: Lane, settings: Settings, engine: Engine, changed: Callable[[], None]
    ) -> None:
        self.lane = lane
        self.publisher = Publisher(settings.amqp_urls, lane)
        self._batch = settings.relay_batch
        self._engine = engine
        self._rung = threading.Event()
        self._rung.set()  # the first turn is at once, and finds out what RabbitMQ says
        self._is_publishing = False
        self._paced_until = 0.0
        self.loop = LoopThread(
            f"{lane} lane",
            self._turn,
            forget=engine.dispose,
            changed=changed,
            at_end=self.publisher.close,
        )

    @property
    def is_busy(self) -> bool:
        """Whether it will take what is due without being rung for it."""
        return self._is_publishing or self._rung.is_set()

    def ring(self) -> None:
        """Say that something may be due in this lane."""
        self._rung.set()

    def stop(self) -> None:
        """Have it end after what it is doing."""
        self.loop.stop()
        self._rung.set()

    def publish_batch(self) -> int:
        """Publish what is due, up to one batch; return how many rows that was.

        Raises BrokerUnavailable if RabbitMQ did not confirm all of it. What it did confirm is
        marked as published even so, and only the rest is put back.
        """
        self.publisher.open()  # before rows are locked, as it may take its time
        with (
            self._engine.connect() as connection,
            taken_due(connection, self.lane, self._batch) as due,
        ):
            if not due:
                return 0
            bundled = [[one.work for one in bundle] for bundle in bundles(due, self.lane)]
            receipt = self.publisher.publish([encode(works, self.lane) for works in bundled])
            crash_point(crash_points.RELAY_BEFORE_MARK)
            refused = set(range(len(bundled))) - receipt.confirmed
            if refused:
                put_back(connection, [work.calculation_id for i in refused for work in bundled[i]])
        if receipt.problem is not None:
            raise BrokerUnavailable(receipt.problem)
        return len(due)

    def _turn(self) -> None:
        is_rung = self._rung.wait(_PROBE_SECONDS)
        if self.loop.is_stopping:
            return
        if is_rung:
            self._is_publishing = True
            self._rung.clear()
            try:
                rows = self.publish_batch()
            except BaseException:
                self._rung.set()  # it is still to be done
                raise
            finally:
                self._is_publishing = False
            if rows == self._batch:
                self._rung.set()  # there may be more
            else:
                self._pace(rows)
        if self.publisher.quiet_seconds >= _PROBE_SECONDS:
            self.publisher.probe()

    def _pace(self, rows: int) -> None:
        """Let what comes meanwhile go together; the first after a silence goes at once."""
        now = time.monotonic()
        time.sleep(max(0.0, self._paced_until - now))  # for so short a time, also while it stops
        pace = min(_LONGEST_PACE_SECONDS, _PACE_SECONDS * rows)
        self._paced_until = max(now, self._paced_until) + pace
