"""PostgreSQL for coroutines: blocking calls in a thread pool the size of the connection pool."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.errors import StoreUnavailable

T = TypeVar("T")

_Connect = Callable[[], AbstractContextManager[Connection]]

_UNAVAILABLE = (OperationalError, InterfaceError, PoolTimeout)

#: SQLSTATE of a server that takes no writes, such as a standby after a failover, and of a session
#: that the server ended while its transaction idled.
_NOT_NOW = ("25006", "25P03")

#: Requests that may wait for a connection. Beyond this, an honest 503 beats a long silence.
_MOST_WAITING = 4_000

_logger = logging.getLogger(__name__)


class Database:
    """Runs use cases, each in one transaction, without blocking the event loop."""

    def __init__(
        self, engine: Engine, autocommit: Engine, *, transactions: int, connections: int
    ) -> None:
        """Take the pool for transactions, of so many connections, and that of autocommit."""
        self._engine = engine
        self._autocommit = autocommit
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="database")
        # As many as its pool has connections: others must not wait for one of those.
        self._transactions = ThreadPoolExecutor(
            transactions, thread_name_prefix="database-transactions"
        )
        self._waiting = 0

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
        """Return what the function returns, from one of the same threads but no connection."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)

    def close(self) -> None:
        """Let running use cases end, then close all connections."""
        for threads in (self._threads, self._transactions):
            threads.shutdown(wait=True, cancel_futures=True)
        self._engine.dispose()
        self._autocommit.dispose()


def _attempt_twice(connect: _Connect, use_case: Callable[[Connection], T]) -> T:
    try:
        return _attempt(connect, use_case)
    except (OperationalError, InterfaceError) as error:
        if not error.connection_invalidated and not _is_conflict(error):
            raise _unavailable(error) from error
        # A server that restarted leaves dead connections behind: the next one is new.
    except PoolTimeout as error:
        raise _unavailable(error) from error
    except InternalError as error:
        if getattr(error.orig, "pgcode", None) not in _NOT_NOW:
            raise
        raise _unavailable(error) from error
    try:
        return _attempt(connect, use_case)
    except _UNAVAILABLE as error:
        raise _unavailable(error) from error


def _attempt(connect: _Connect, use_case: Callable[[Connection], T]) -> T:
    with connect() as connection:
        return use_case(connection)


def _is_conflict(error: DBAPIError) -> bool:
    """Say whether the transaction lost against another and can simply be run again."""
    return getattr(error.orig, "pgcode", None) in ("40P01", "40001")


def _unavailable(error: Exception) -> StoreUnavailable:
    _logger.warning("PostgreSQL is not available: %s", str(error).splitlines()[0])
    return StoreUnavailable()
