"""PostgreSQL for coroutines: single queries on the event loop, transactions in threads."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from gateway.database.pool import AsyncPool
from gateway.database.usage import Usage
from shared.config import Settings
from shared.errors import StoreUnavailable
from shared.postgres.connections import GRACE_SECONDS, make_async_connector, make_engine
from shared.postgres.outages import is_conflict, outages_raised
from shared.postgres.prepared import Query

T = TypeVar("T")

_Connect = Callable[[], AbstractContextManager[Connection]]

#: No statement may take longer. A batch of 10,000 takes about one second.
_STATEMENT_SECONDS = 10

#: Transactions that may wait. Beyond this, a 503 at once is better than a late answer.
_MAX_WAITING = 4_000

_logger = logging.getLogger(__name__)


class Database:
    """Runs queries and transactions without blocking the event loop.

    Queries that nearly every request needs are awaited (`fetch`). Whole transactions, and what is
    rare or reads much, are blocking calls in threads, one thread for each pooled connection.
    """

    def __init__(
        self,
        pool: AsyncPool,
        engine: Engine,
        autocommit: Engine,
        *,
        transactions: int,
        connections: int,
    ) -> None:
        """Take the pool sizes of `engine` and `autocommit` as `transactions` and `connections`."""
        self._pool = pool
        self._engine = engine
        self._autocommit = autocommit
        self._transaction_threads = ThreadPoolExecutor(
            transactions, thread_name_prefix="database-transactions"
        )
        self._autocommit_threads = ThreadPoolExecutor(
            connections, thread_name_prefix="database-autocommit"
        )
        self._waiting = 0
        self._transaction_usage = Usage(transactions)
        self._autocommit_usage = Usage(connections)

    @property
    def usage(self) -> Sequence[Usage]:
        """How much each of the pools is used."""
        return self._pool.usage, self._transaction_usage, self._autocommit_usage

    async def fetch(self, query: Query[T]) -> T:
        """Return a query's answer once it is committed; see AsyncPool."""
        return await self._pool.fetch(query)

    async def run_transaction(self, use_case: Callable[[Connection], T]) -> T:
        """Return what the use case returns once its transaction has committed.

        If its connection turns out to be broken, the use case runs once more on another, so it
        must be harmless to repeat. Raises StoreUnavailable.
        """
        with self._transaction_usage:
            return await self._in_thread(self._transaction_threads, self._engine.begin, use_case)

    async def run_autocommit(self, use_case: Callable[[Connection], T]) -> T:
        """Do the same, with each statement a transaction of its own.

        A statement then takes one round trip, where `run_transaction` takes three.
        """
        with self._autocommit_usage:
            return await self._in_thread(
                self._autocommit_threads, self._autocommit.connect, use_case
            )

    async def _in_thread(
        self, threads: ThreadPoolExecutor, connect: _Connect, use_case: Callable[[Connection], T]
    ) -> T:
        if self._waiting >= _MAX_WAITING:
            raise StoreUnavailable
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(threads, _attempt_twice, connect, use_case)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Wait for what is running, then close all connections."""
        for threads in (self._autocommit_threads, self._transaction_threads):
            threads.shutdown(wait=True, cancel_futures=True)
        self._pool.close()
        self._engine.dispose()
        self._autocommit.dispose()


def make_database(settings: Settings) -> Database:
    """Return the database of a gateway process.

    `gateway_database_connections` are for autocommit; queries and transactions have half as many
    each.
    """
    connections = settings.gateway_database_connections
    transactions = max(1, connections // 2)
    engine, autocommit = (
        make_engine(
            settings.sqlalchemy_url,
            connections=count,
            name="reckoner gateway",
            statement_seconds=_STATEMENT_SECONDS,
            is_autocommit=is_autocommit,
        )
        for is_autocommit, count in ((False, transactions), (True, connections))
    )
    pool = AsyncPool(
        make_async_connector(
            settings.sqlalchemy_url, name="reckoner gateway", statement_seconds=_STATEMENT_SECONDS
        ),
        size=transactions,
        timeout_seconds=_STATEMENT_SECONDS + GRACE_SECONDS,
    )
    return Database(pool, engine, autocommit, transactions=transactions, connections=connections)


def _attempt_twice(connect: _Connect, use_case: Callable[[Connection], T]) -> T:
    with outages_raised(_logger):
        try:
            return _attempt(connect, use_case)
        except DBAPIError as error:
            # A server that restarted leaves dead connections in the pool; the next one is new.
            if not error.connection_invalidated and not is_conflict(error):
                raise
        return _attempt(connect, use_case)


def _attempt(connect: _Connect, use_case: Callable[[Connection], T]) -> T:
    with connect() as connection:
        return use_case(connection)
