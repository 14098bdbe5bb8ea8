"""Collects what GET /metrics answers: one reading of PostgreSQL serves many scrapes."""

import asyncio
import platform
from importlib.metadata import PackageNotFoundError, version

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from gateway.admission.admission import Admission
from gateway.database.database import Database
from gateway.database.shared_query import SharedQuery
from gateway.http.limits import METRICS_SECONDS, STATE_FRESH_SECONDS, STATE_MAX_SHARE
from gateway.metrics.exposition import NOTHING_READ, write_exposition
from gateway.metrics.states import States, read_states
from reckoner.distributions import OUR_DISTRIBUTION
from shared.config import Settings
from shared.errors import StoreUnavailable
from shared.metrics import catalogue
from shared.store.metrics import Reading, read_metrics
from shared.store.tables.schema import SCHEMA_REVISION


class Collecting:
    """The numbers of all processes, the same whichever gateway process answers."""

    def __init__(self, database: Database, settings: Settings, admission: Admission) -> None:
        self._settings = settings
        self._admission = admission
        self._query = SharedQuery(database, _query, STATE_FRESH_SECONDS, max_share=STATE_MAX_SHARE)
        self._build: States = {
            catalogue.BUILD_INFO: {(_version(), platform.python_version(), SCHEMA_REVISION): 1}
        }

    async def exposition(self) -> bytes:
        """Return all metrics; while PostgreSQL does not answer, that it is down and nothing else.

        This process's own counts would be less than those of all: counters would fall.
        """
        try:
            async with asyncio.timeout(METRICS_SECONDS):
                reading, states = await self._query.get()
                await self._admission.queued_work.refresh()
        except (StoreUnavailable, TimeoutError, DBAPIError):  # a bug is logged by SharedQuery
            return write_exposition(NOTHING_READ, {**self._build, catalogue.DATABASE_UP: {(): 0}})
        return write_exposition(
            reading,
            {**self._build, **states, **self._of_settings(), catalogue.DATABASE_UP: {(): 1}},
        )

    def _of_settings(self) -> States:
        queued = self._admission.queued_work.total
        return {
            catalogue.QUEUED_SECONDS: {(): queued.seconds},
            catalogue.QUEUED_SECONDS_LIMIT: {(): self._settings.max_queued_seconds},
            catalogue.QUEUED_BYTES: {(): queued.bytes},
            catalogue.QUEUED_BYTES_LIMIT: {(): self._settings.max_queued_bytes},
            catalogue.RETENTION_LIMIT_BYTES: {(): self._settings.retention_bytes},
        }


def _query(connection: Connection) -> tuple[Reading, States]:
    return read_metrics(connection), read_states(connection)


def _version() -> str:
    try:
        return version(OUR_DISTRIBUTION)
    except PackageNotFoundError:  # it runs from a checkout
        return "unknown"
