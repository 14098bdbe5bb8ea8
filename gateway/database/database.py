"""PostgreSQL for coroutines.

What most requests ask is awaited on the event loop; whole transactions, and what comes seldom or
brings much, are blocking calls in thread pools of the size of their connection pools. What is
computed for a request has threads of its own.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from gateway.database.outages import outages_answered
from gateway.database.pool import AsyncPool
from gateway.database.threads import WatchedThreads
from shared.errors import StoreUnavailable
from shared.postgres.outages import is_conflict
from shared.postgres.prepared import Query

T = TypeVar("T")

_Connect = Callable[[], AbstractContextManager[Connection]]

#: Threads that compute what requests ask for, or what is long; and when such a thing hangs.
_INLINE_THREADS = 4
_INLINE_MOST_SECONDS = 20.0
_LONG_THREADS = 4
_LONG_MOST_SECONDS = 60.0

#: Requests that may wait for a connection. Beyond this, an honest 503 beats a long silence.
_MOST_WAITING = 4_000


class Database:
    """Runs use cases, each in one transaction, without blocking the event loop."""

    def __init__(
        self,
        pool: AsyncPool,
        engine: Engine,
        autocommit: Engine,
        *,
        transactions: int,
        connections: int,
    ) -> None:
        """Take the pool for transactions, of so many connections, and that of autocommit."""
        self._pool = pool
        self._engine = engine
        self._autocommit = autocommit
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="database")
        # As many as its pool has connections: others must not wait for one of those.
        self._transactions = ThreadPoolExecutor(
            transactions, thread_name_prefix="database-transactions"
        )
        # What is short must not wait for what is long, nor for a function that hangs.
        self._inline = WatchedThreads(
            _INLINE_THREADS, "computing in a request", most_seconds=_INLINE_MOST_SECONDS
        )
        self._long = WatchedThreads(
            _LONG_THREADS, "work for a request", most_seconds=_LONG_MOST_SECONDS
        )
        self._waiting = 0

    async def fetch(self, query: Query[T]) -> T:
        """Return a query's answer once it is committed; see AsyncPool."""
        return await self._pool.fetch(query)

    async def run(self, use_case: Callable[[Connection], T]) -> T:
        """Return what the use case returns once its transaction has committed.

        A connection that turns out to be broken is replaced and the use case run once more, so
        it must be harmless to repeat; all of ours are. Raises StoreUnavailable.
        """
        return await self._in_thread(self._transactions, self._engine.begin, use_case)

    async def run_one(self, use_case: Callable[[Connection], T]) -> T:
        """Do the same for a use case whose statements are each a transaction of their own.

        That is one round trip for a statement, where `run` takes three.
        """
        return await self._in_thread(self._threads, self._autocommit.connect, use_case)

    async def _in_thread(
        self, threads: ThreadPoolExecutor, connect: _Connect, use_case: Callable[[Connection], T]
    ) -> T:
        if self._waiting >= _MOST_WAITING:
            raise StoreUnavailable
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(threads, _attempt_twice, connect, use_case)
        finally:
            self._waiting -= 1

    async def compute(self, function: Callable[[], T]) -> T:
        """Return what the function returns, which may take its time: a batch, a compression."""
        return await self._long.run(function)

    async def compute_inline(self, function: Callable[[], T], subject: object) -> T:
        """Return what the function returns, which takes milliseconds or so it is thought.

        `subject` is what to call it should it hang. Raises TimeoutError if all threads hang.
        """
        if self._inline.is_stuck:
            raise TimeoutError
        return await self._inline.run(function, subject)

    def hanging(self) -> list[str]:
        """Name what has been computed for so long that it will not end."""
        return [*self._inline.hanging(), *self._long.hanging()]

    def close(self) -> None:
        """Let what runs end, then close all connections."""
        for watched in (self._inline, self._long):
            watched.close()
        for threads in (self._threads, self._transactions):
            threads.shutdown(wait=True, cancel_futures=True)
        self._pool.close()
        self._engine.dispose()
        self._autocommit.dispose()


def _attempt_twice(connect: _Connect, use_case: Callable[[Connection], T]) -> T:
    with outages_answered():
        try:
            return _attempt(connect, use_case)
        except DBAPIError as error:
            # A server that restarted leaves dead connections behind: the next one is new.
            if not error.connection_invalidated and not is_conflict(error):
                raise
        return _attempt(connect, use_case)


def _attempt(connect: _Connect, use_case: Callable[[Connection], T]) -> T:
    with connect() as connection:
        return use_case(connection)
