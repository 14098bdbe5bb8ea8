"""Expensive queries: one answer serves many requests, and is rarely refreshed."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy import Connection

from gateway.database.database import Database
from shared.errors import StoreUnavailable
from shared.postgres.outages import is_statement_cancelled

T = TypeVar("T")

_logger = logging.getLogger(__name__)


class SharedQuery(Generic[T]):
    """The latest answer of one query, which runs again when it is old and a request needs it.

    The longer the query takes, the longer its answer serves: with a million calculations queued
    `/system` is some seconds old, but the database is not busy with counting. A query that failed
    is not repeated sooner.
    """

    def __init__(
        self,
        database: Database,
        use_case: Callable[[Connection], T],
        fresh_seconds: float,
        *,
        max_share: float,
    ) -> None:
        """Query at most every `fresh_seconds`, and for at most this share of the time."""
        self._database = database
        self._use_case = use_case
        self._fresh_seconds = fresh_seconds
        self._max_share = max_share
        self._task: asyncio.Task[T] | None = None
        self._value: T | None = None
        self._failure: Exception | None = None
        self._fresh_until = 0.0

    @property
    def latest(self) -> T | None:
        """The last answer, however old. Never waits; starts the query if it is due."""
        self._start_if_due()
        return self._value

    async def get(self) -> T:
        """Return a fresh answer, waiting for the query if it is due.

        Raises what the latest query raised, such as StoreUnavailable.
        """
        task = self._start_if_due()
        if task is not None:
            return await asyncio.shield(task)
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        assert self._value is not None
        return self._value

    def _start_if_due(self) -> asyncio.Task[T] | None:
        if self._task is None and time.monotonic() >= self._fresh_until:
            self._task = asyncio.create_task(self._query())
            self._task.add_done_callback(self._on_done)
        return self._task

    async def _query(self) -> T:
        began = time.monotonic()
        try:
            self._value = await self._database.run_transaction(self._use_case)
        except Exception as error:
            self._failure = error
            if not isinstance(error, StoreUnavailable):  # which is logged already
                _logger.exception("A shared query failed")
            # Until the server cancelled it, the query kept the server busy. Other errors did not.
            self._rest(time.monotonic() - began if is_statement_cancelled(error) else 0.0)
            raise
        self._failure = None
        self._rest(time.monotonic() - began)
        return self._value

    def _rest(self, busy_seconds: float) -> None:
        """Let the next query wait for as long as `max_share` demands."""
        pause = max(self._fresh_seconds, busy_seconds / self._max_share)
        self._fresh_until = time.monotonic() + pause

    def _on_done(self, task: asyncio.Task[T]) -> None:
        self._task = None
        if not task.cancelled():
            task.exception()  # retrieved here, since nobody may be waiting for it
