"""A worker process's row in `workers`, from start to stop, with its heartbeat and watermark."""

import logging
import os
import socket
import threading
from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID

from psycopg2.errors import UndefinedTable
from sqlalchemy import Engine

from shared.calculation import Lane
from shared.errors import StoreUnavailable
from shared.messages import VERSION
from shared.metrics.catalogue import BUSY_SLOTS
from shared.metrics.counters import Counters
from shared.postgres.outages import DATABASE_ERRORS, brief, is_transient, outages_raised
from shared.store.metrics import ProcessKind
from shared.store.metrics_row import MetricsRow, write_metrics
from shared.store.presence import delete_worker, upsert_worker

logger = logging.getLogger(__name__)

_HEARTBEAT_SECONDS = 3.0
_START_PAUSE_SECONDS = 2.0

#: How long deregistering waits for a heartbeat that is under way.
_CLOSING_SECONDS = 5.0


class Watermark:
    """When the message that was consumed last had been published, on PostgreSQL's clock.

    Queues are first in, first out: a message that was published well before this one, and whose
    calculation still waits, is lost. The relay's rescue draws that conclusion. What
    counts is the message consumed last, not the latest time: after that clock is set back by an
    hour, the latest time would stay ahead for an hour.
    """

    def __init__(self) -> None:
        self._last: datetime | None = None

    def note(self, published_at: datetime | None) -> None:
        """Note one that was consumed; None does not count: its row was not marked yet."""
        if published_at is not None:
            self._last = published_at

    def __call__(self) -> datetime | None:
        """Return it; None before the first."""
        return self._last


class Presence:
    """Keeps the row in a thread of its own, so that a slow PostgreSQL delays nothing else."""

    def __init__(
        self,
        engine: Engine,
        worker_id: UUID,
        watermark: Watermark,
        *,
        lane: Lane,
        slots: int,
        offers: Callable[[], Collection[str] | None],
        counters: Counters | None = None,
        busy_slots: Callable[[], int] = lambda: 0,
    ) -> None:
        """Take what returns the functions that the worker has now; None while it does not know.

        What the worker has counted is written with each heartbeat, and last when it ends.
        """
        self._counters = counters or Counters()
        self._metrics = MetricsRow(self._counters, ProcessKind(lane))
        self._busy_slots = busy_slots
        self._engine = engine
        self._worker_id = worker_id
        self._watermark = watermark
        self._lane = lane
        self._slots = slots
        self._offers = offers
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)

    def start(self, stopping: threading.Event) -> bool:
        """Register as soon as PostgreSQL and the schema are there; False if `stopping` came first.

        Anything else that PostgreSQL refuses is a bug, logged as an error and tried again as well.
        """
        while not stopping.is_set():
            try:
                self._beat()
            except DATABASE_ERRORS as error:
                if is_transient(error):
                    logger.warning("Waiting for PostgreSQL: %s", brief(error))
                elif _lacks_table(error):
                    logger.warning(
                        "Waiting for the schema: run `python -m migrations upgrade` (%s)",
                        brief(error),
                    )
                else:
                    logger.error("PostgreSQL refuses this worker, trying again: %s", brief(error))
                stopping.wait(_START_PAUSE_SECONDS)
            else:
                self._thread.start()
                return True
        return False

    @property
    def is_registered(self) -> bool:
        """Return whether `start` has succeeded."""
        return self._thread.ident is not None

    def close(self) -> None:
        """Delete the row if PostgreSQL is available; otherwise the relay removes it after a while.

        Never while a heartbeat is under way, which would put the row back.
        """
        self._closed.set()
        if self.is_registered:
            self._thread.join(_CLOSING_SECONDS)
        if self._thread.is_alive():
            logger.warning("Cannot deregister: PostgreSQL has not answered the last heartbeat")
            return
        try:
            with outages_raised(), self._engine.begin() as connection:
                delete_worker(connection, self._worker_id)
            write_metrics(self._engine, self._metrics, is_last=True)
        except StoreUnavailable as error:
            logger.warning("Cannot deregister: %s", error)
        except Exception:
            logger.exception("Cannot deregister")

    def _run(self) -> None:
        while not self._closed.wait(_HEARTBEAT_SECONDS):
            try:
                with outages_raised():
                    self._beat()
                self._counters.set_gauge(BUSY_SLOTS, self._busy_slots(), self._lane)
                write_metrics(self._engine, self._metrics)
            except StoreUnavailable as error:
                logger.warning("Cannot write this worker's heartbeat: %s", error)
            except Exception:
                logger.exception("Cannot write this worker's heartbeat")

    def _beat(self) -> None:
        with self._engine.begin() as connection:
            upsert_worker(
                connection,
                self._worker_id,
                host=socket.gethostname(),
                pid=os.getpid(),
                lane=self._lane,
                slots=self._slots,
                consumed_published_at=self._watermark(),
                offers=self._offers(),
                message_version=VERSION,
            )


def _lacks_table(error: Exception) -> bool:
    return isinstance(getattr(error, "orig", None), UndefinedTable)
