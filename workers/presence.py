"""A worker process's row in `workers`: there from start to stop, and fresh while it lives."""

import logging
import os
import socket
import threading
from uuid import UUID

from psycopg2.errors import UndefinedTable
from sqlalchemy import Engine

from shared.calculation import Lane
from shared.errors import StoreUnavailable
from shared.postgres.outages import DATABASE_ERRORS, brief, is_transient, outages_raised
from shared.store.presence import delete_worker, upsert_worker
from workers.watermark import Watermark

logger = logging.getLogger(__name__)

_BEAT_SECONDS = 3.0
_START_PAUSE_SECONDS = 2.0

#: How long signing off waits for a beat that is under way.
_CLOSING_SECONDS = 5.0


class Presence:
    """Keeps the row in a thread of its own, so that a slow PostgreSQL delays nothing else."""

    def __init__(
        self, engine: Engine, worker_id: UUID, watermark: Watermark, *, lane: Lane, slots: int
    ) -> None:
        self._engine = engine
        self._worker_id = worker_id
        self._watermark = watermark
        self._lane = lane
        self._slots = slots
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)

    def start(self, stopping: threading.Event) -> bool:
        """Register as soon as PostgreSQL and the schema are there; False if `stopping` came first.

        Anything else that PostgreSQL refuses is a bug, told as an error and tried again as well.
        """
        while not stopping.is_set():
            try:
                self._beat()
            except DATABASE_ERRORS as error:
                if is_transient(error):
                    logger.warning("waiting for PostgreSQL: %s", brief(error))
                elif _lacks_table(error):
                    logger.warning(
                        "waiting for the schema: run `python -m migrations upgrade` (%s)",
                        brief(error),
                    )
                else:
                    logger.error("PostgreSQL refuses this worker, trying again: %s", brief(error))
                stopping.wait(_START_PAUSE_SECONDS)
            else:
                self._thread.start()
                return True
        return False

    def close(self) -> None:
        """Sign off, if PostgreSQL is there; otherwise the row grows old and is removed.

        Never while a beat is under way, which would put the row back.
        """
        self._closed.set()
        if self._thread.ident is not None:
            self._thread.join(_CLOSING_SECONDS)
        if self._thread.is_alive():
            logger.warning("cannot sign off: PostgreSQL has not answered the last beat")
            return
        try:
            with outages_raised(), self._engine.begin() as connection:
                delete_worker(connection, self._worker_id)
        except StoreUnavailable as error:
            logger.warning("cannot sign off: %s", error)

    def _run(self) -> None:
        while not self._closed.wait(_BEAT_SECONDS):
            try:
                with outages_raised():
                    self._beat()
            except StoreUnavailable as error:
                logger.warning("cannot say that this worker lives: %s", error)
            except Exception:
                logger.exception("cannot say that this worker lives")

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
            )


def _lacks_table(error: Exception) -> bool:
    return isinstance(getattr(error, "orig", None), UndefinedTable)
