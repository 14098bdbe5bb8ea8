"""Collects what GET /metrics answers: one reading of PostgreSQL serves many scrapes."""

import asyncio

from sqlalchemy.exc import DBAPIError

from gateway.admission.admission import Admission
from gateway.database.database import Database
from gateway.database.shared_query import SharedQuery
from gateway.http.limits import METRICS_SECONDS, STATE_FRESH_SECONDS, STATE_MAX_SHARE
from gateway.metrics.build import build
from gateway.metrics.exposition import NOTHING_READ, write_exposition
from gateway.metrics.states import States, read_states, read_storage
from gateway.server.threads import WatchedThreads
from shared.config import Settings
from shared.errors import StoreUnavailable
from shared.metrics import catalogue
from shared.store.metrics import read_metrics

#: What is stored is a large sum that changes slowly.
_STORAGE_FRESH_SECONDS = 15.0


class Collecting:
    """The numbers of all processes, the same whichever gateway process answers."""

    def __init__(
        self,
        database: Database,
        threads: WatchedThreads,
        settings: Settings,
        admission: Admission,
    ) -> None:
        self._threads = threads
        self._settings = settings
        self._admission = admission
        # Counting what waits, or what has been stored lately, may take longer than the counters.
        # Never older than the last scrape, which another gateway may have answered: counters would
        # fall. It reads a row for each process, however much is stored.
        self._reading = SharedQuery(database, read_metrics, STATE_FRESH_SECONDS, max_share=1)
        self._states = [
            SharedQuery(database, read, fresh_seconds, max_share=STATE_MAX_SHARE)
            for read, fresh_seconds in (
                (read_states, STATE_FRESH_SECONDS),
                (read_storage, _STORAGE_FRESH_SECONDS),
            )
        ]
        self._build: States = {catalogue.BUILD_INFO: {tuple(build()): 1}}

    async def exposition(self) -> bytes:
        """Return all metrics; while PostgreSQL does not answer, only that it is down."""
        try:
            async with asyncio.timeout(METRICS_SECONDS):
                reading = await self._reading.get()
        except (StoreUnavailable, TimeoutError, DBAPIError):  # a bug is logged by SharedQuery
            return self.exposition_of_outage()
        states = await asyncio.gather(
            *(_answer_of(query) for query in self._states), self._of_admission()
        )
        up: States = {catalogue.DATABASE_UP: {(): 1}}
        together = _together(up, self._build, self._of_settings(), *states)
        # In a thread: some thousand series would hold up the event loop.
        return await self._threads.run(lambda: write_exposition(reading, together))

    def exposition_of_outage(self) -> bytes:
        """Return that PostgreSQL is down, and nothing that only some may read.

        This process's own counts would be less than those of all: counters would fall.
        """
        return write_exposition(NOTHING_READ, {**self._build, catalogue.DATABASE_UP: {(): 0}})

    async def _of_admission(self) -> States:
        """Return what admission counts with, which may be old where no submissions come."""
        work = self._admission.queued_work
        try:
            async with asyncio.timeout(METRICS_SECONDS):
                await work.refresh(max_share=STATE_MAX_SHARE)
        except (StoreUnavailable, TimeoutError, DBAPIError):
            return {}
        return {
            catalogue.QUEUED_SECONDS: {(): work.total.seconds},
            catalogue.QUEUED_BYTES: {(): work.total.bytes},
        }

    def _of_settings(self) -> States:
        return {
            catalogue.QUEUED_SECONDS_LIMIT: {(): self._settings.max_queued_seconds},
            catalogue.QUEUED_BYTES_LIMIT: {(): self._settings.max_queued_bytes},
            catalogue.RETENTION_LIMIT_BYTES: {(): self._settings.retention_bytes},
        }


def _together(*parts: States) -> States:
    return {metric: series for part in parts for metric, series in part.items()}


async def _answer_of(query: SharedQuery[States]) -> States:
    """Return states; nothing where counting them fails or takes too long for this answer."""
    try:
        async with asyncio.timeout(METRICS_SECONDS):
            return await query.get()
    except (StoreUnavailable, TimeoutError, DBAPIError):
        return {}
