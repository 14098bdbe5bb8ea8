"""Expensive queries: one answer serves many requests, and is rarely refreshed."""

import asyncio
import logging
import math
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
        self._ended = -math.inf
        self._busy_seconds = 0.0

    @property
    def latest(self) -> T | None:
        """The last answer, however old. Never waits; starts the query if it is due."""
        self._start_if_due(self._max_share)
        return self._value

    async def get(self, *, max_share: float | None = None) -> T:
        """Return a fresh answer, waiting for the query if it is due.

        With a larger share than usual it is due earlier. Raises what the latest query raised, such
        as StoreUnavailable.
        """
        task = self._start_if_due(max_share or self._max_share)
        if task is not None:
            return await asyncio.shield(task)
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        assert self._value is not None
        return self._value

    def _start_if_due(self, max_share: float) -> asyncio.Task[T] | None:
        pause = max(self._fresh_seconds, self._busy_seconds / max_share)
        if self._task is None and time.monotonic() >= self._ended + pause:
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
        self._ended = time.monotonic()
        self._busy_seconds = busy_seconds

    def _on_done(self, task: asyncio.Task[T]) -> None:
        self._task = None
        if not task.cancelled():
            task.exception()  # retrieved here, since nobody may be waiting for it
