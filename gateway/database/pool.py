"""A few connections for the queries that nearly every request needs."""

import asyncio
import logging
from functools import partial
from typing import TypeVar

import psycopg2

from gateway.database.connection import AsyncConnection
from gateway.database.usage import Usage
from shared.errors import StoreUnavailable
from shared.postgres.connections import AsyncConnector
from shared.postgres.outages import (
    brief,
    is_conflict,
    is_connection_unusable,
    is_transient,
    outages_raised,
)
from shared.postgres.prepared import Query
from shared.postgres.servers import Server

Answer = TypeVar("Answer")

#: For resolving the servers' names.
_RESOLVE_SECONDS = 5.0

_logger = logging.getLogger(__name__)


class AsyncPool:
    """Up to `size` connections, opened when needed, each for one query at a time."""

    def __init__(self, connector: AsyncConnector, *, size: int, timeout_seconds: float) -> None:
        """Give up a query, and all connections with it, after `timeout_seconds`."""
        self._connector = connector
        self._timeout_seconds = timeout_seconds
        self._free = asyncio.Semaphore(size)
        self.usage = Usage(size)
        # Used as a stack: what the connection that was used last needs is still in caches.
        self._idle: list[AsyncConnection] = []
        self._generation = 0

    async def fetch(self, query: Query[Answer]) -> Answer:
        """Return a query's answer once it is committed.

        If its connection turns out to be unusable, the query is executed once more on another, so
        it must be harmless to repeat. Raises StoreUnavailable, or psycopg2.Error for a bug.
        """
        with self.usage, outages_raised(_logger):
            async with self._free:
                connection = await self._take()
                try:
                    return await self._fetch(connection, query)
                except psycopg2.Error as error:
                    if connection.is_open and not is_conflict(error):
                        raise
                return await self._fetch(await self._take(), query)

    async def _fetch(self, connection: AsyncConnection, query: Query[Answer]) -> Answer:
        generation = self._generation
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await connection.fetch(query)
        except TimeoutError as error:
            self._renew()
            raise StoreUnavailable("it does not answer") from error
        except psycopg2.Error as error:
            if is_connection_unusable(error) or not connection.is_open:
                self._renew()
            raise
        finally:
            if connection.is_open and generation == self._generation:
                self._idle.append(connection)
            else:
                connection.close()

    def _renew(self) -> None:
        """Replace all connections: a server that restarted or hangs leaves only dead ones."""
        self._generation += 1
        self.close()

    async def _take(self) -> AsyncConnection:
        if self._idle:
            return self._idle.pop()
        return await self._connect()

    async def _connect(self) -> AsyncConnection:
        """Connect to the first server that answers; each has its own time limit."""
        servers = self._connector.servers
        failures = []
        for server in await self._in_order():
            try:
                async with asyncio.timeout(server.connect_seconds):
                    connection = await AsyncConnection.open(partial(self._connector.begin, server))
            except TimeoutError:
                failures.append(f"{server} does not answer")
            except psycopg2.Error as error:
                if not is_transient(error):
                    raise
                failures.append(brief(error))
            else:
                servers.note(server)
                return connection
        raise StoreUnavailable("; ".join(failures))

    async def _in_order(self) -> list[Server]:
        try:
            async with asyncio.timeout(_RESOLVE_SECONDS):
                return await asyncio.to_thread(self._connector.servers.in_order)
        except TimeoutError as error:
            raise StoreUnavailable("its name was not resolved in time") from error

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()
