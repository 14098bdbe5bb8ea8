"""The one thread of a quick worker that stores results, many in one transaction.

While a commit waits for the disk, the next results gather and become the next batch. So nothing
waits for a batch to fill, and the slower the disk, the larger the batches.
"""

import logging
import threading
import time
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from shared.calculation import Work
from shared.crash_points import QUICK_BEFORE_ACKNOWLEDGE, QUICK_BEFORE_COMMIT, crash_point
from shared.errors import StoreUnavailable
from shared.logs.bundles import CalculationLog
from shared.logs.members import members_of
from shared.metrics.counters import Counters
from shared.postgres.retry import retry_while_unavailable
from shared.result import Result
from shared.store.quick import Written, finish_quick_failed, finish_quick_succeeded
from workers.broker.consumer import Delivery, LaneConsumer
from workers.presence import Watermark
from workers.quick.counts import OutcomeCounts

logger = logging.getLogger(__name__)

_BATCH_OUTCOMES = 500
_BATCH_BYTES = 4_000_000

#: A statement with more bytes of results has one result alone. PostgreSQL ends a connection that
#: sends a gigabyte, which looks like an outage, and a message may have a hundred long results.
_STATEMENT_BYTES = 64_000_000

#: Bytes of results that may wait for their commit. Beyond that, the computing threads wait.
_WAITING_BYTES = 16_000_000

#: How long a stopping worker tries to reach PostgreSQL. What it cannot store is redelivered.
_LAST_TRIES_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a calculation ended: with a result, or else with a problem document in JSON."""

    work: Work
    result: Result | None
    error_json: str | None

    @property
    def result_bytes(self) -> int:
        """How many bytes its result has."""
        return self.result.length if self.result else 0


@dataclass(frozen=True, slots=True)
class FinishedMessage:
    """A message, and the outcomes of those of its calculations that this lane computes."""

    delivery: Delivery
    outcomes: Sequence[Outcome]
    #: Whether the message is dead-lettered, because this lane does not compute all of it.
    is_refused: bool = False

    @property
    def result_bytes(self) -> int:
        """How many bytes of results there are to store."""
        return sum(one.result_bytes for one in self.outcomes)


class GroupCommit:
    """Stores outcomes, and acknowledges a message once all of its outcomes are committed."""

    def __init__(self, engine: Engine, counters: Counters | None = None) -> None:
        self._engine = engine
        self._counts = OutcomeCounts(counters or Counters())
        self.watermark = Watermark()
        self._changed = threading.Condition()
        self._waiting: deque[FinishedMessage] = deque()
        self._waiting_bytes = 0
        self._give_up_at: float | None = None
        self._log = CalculationLog(logger, "Computed %s, whose results are stored")
        self._thread = threading.Thread(target=self._run, name="group-commit", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Return whether the thread runs."""
        return self._thread.is_alive()

    def submit(self, finished: FinishedMessage) -> None:
        """Have it stored and its message acknowledged soon; wait while too much is waiting."""
        finished.delivery.is_detached = True
        with self._changed:
            self._changed.wait_for(lambda: self._waiting_bytes < _WAITING_BYTES)
            self._waiting.append(finished)
            self._waiting_bytes += finished.result_bytes
            self._changed.notify_all()

    def close(self) -> None:
        """Store what is waiting, and stop."""
        with self._changed:
            self._give_up_at = time.monotonic() + _LAST_TRIES_SECONDS
            self._changed.notify_all()
        self._thread.join(timeout=2 * _LAST_TRIES_SECONDS)

    def _run(self) -> None:
        try:
            while batch := self._next_batch():
                self._write(batch)
        except StoreUnavailable:
            logger.error("Stopping with results not stored: RabbitMQ will redeliver their messages")
        except Exception:
            logger.exception("The thread that stores results failed")

    def _next_batch(self) -> list[FinishedMessage]:
        """Wait for outcomes, and return a batch of them; an empty one once it is closed."""
        batch: list[FinishedMessage] = []
        count = size = 0
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._give_up_at is not None)
            while self._waiting and count < _BATCH_OUTCOMES and size < _BATCH_BYTES:
                batch.append(self._waiting.popleft())
                count += len(batch[-1].outcomes)
                size += batch[-1].result_bytes
            self._waiting_bytes -= size
            self._changed.notify_all()
        return batch

    def _write(self, batch: Sequence[FinishedMessage]) -> None:
        """Commit a batch; acknowledge or refuse its messages."""
        crash_point(QUICK_BEFORE_COMMIT)
        refused: set[UUID] = set()
        for outcomes in _in_statements(one for finished in batch for one in finished.outcomes):
            refused |= self._store(outcomes)
        crash_point(QUICK_BEFORE_ACKNOWLEDGE)
        tags: defaultdict[LaneConsumer, list[int]] = defaultdict(list)
        for finished in batch:
            delivery = finished.delivery
            if finished.is_refused or any(
                outcome.work.calculation_id in refused for outcome in finished.outcomes
            ):
                delivery.consumer.refuse(delivery.tag)
            else:
                tags[delivery.consumer].append(delivery.tag)
        for consumer, stored in tags.items():
            consumer.acknowledge(stored)

    def _store(self, outcomes: Sequence[Outcome]) -> set[UUID]:
        """Commit outcomes; return the ids of those that cannot be stored."""
        try:
            retry_while_unavailable(lambda: self._commit(outcomes), "store results", self._is_late)
        except (DBAPIError, ValueError):  # ValueError: psycopg2 refuses it before PostgreSQL does
            # One of them cannot be stored. Find out which, and store the others.
            if len(outcomes) > 1:
                return set().union(*(self._store([outcome]) for outcome in outcomes))
            work = outcomes[0].work
            logger.exception("A result cannot be stored", extra=members_of([work]))
            return {work.calculation_id}
        return set()

    def _is_late(self) -> bool:
        return self._give_up_at is not None and time.monotonic() > self._give_up_at

    def _commit(self, outcomes: Collection[Outcome]) -> None:
        # By id: a message that was delivered twice may be in one batch twice.
        results = {o.work.calculation_id: o.result for o in outcomes if o.result}
        errors = {o.work.calculation_id: o.error_json for o in outcomes if o.error_json}
        succeeded = failed = Written(set(), None)
        with self._engine.begin() as connection:
            if results:
                succeeded = finish_quick_succeeded(connection, results)
                self.watermark.note(succeeded.published_at)
            if errors:
                failed = finish_quick_failed(connection, errors)
                self.watermark.note(failed.published_at)
        works = {o.work.calculation_id: o.work for o in outcomes}
        self._counts.note_succeeded(results, works, succeeded)
        self._counts.note_failed(errors, works, failed)
        self._log.add([works[identity] for identity in succeeded.ids])


def _in_statements(outcomes: Iterable[Outcome]) -> Iterator[list[Outcome]]:
    """Yield outcomes in their order, in groups of up to _STATEMENT_BYTES."""
    group: list[Outcome] = []
    size = 0
    for outcome in outcomes:
        if group and size + outcome.result_bytes > _STATEMENT_BYTES:
            yield group
            group, size = [], 0
        group.append(outcome)
        size += outcome.result_bytes
    if group:
        yield group
