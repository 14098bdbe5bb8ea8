"""A few connections for the queries that most requests wait for."""

import asyncio
from functools import partial
from typing import TypeVar

import psycopg2

from gateway.database.connection import AsyncConnection
from gateway.database.outages import outages_answered
from shared.errors import StoreUnavailable
from shared.postgres.connections import AsyncConnector
from shared.postgres.outages import brief, is_conflict, is_connection_unusable, is_transient
from shared.postgres.prepared import Query
from shared.postgres.servers import Server

Answer = TypeVar("Answer")

_LOOK_UP_SECONDS = 5.0


class AsyncPool:
    """Up to `most` connections, opened when needed, for queries of up to `seconds`."""

    def __init__(self, connector: AsyncConnector, *, most: int, seconds: float) -> None:
        self._connector = connector
        self._seconds = seconds
        self._turns = asyncio.Semaphore(most)
        # The one that was last in use is the next: what it needs is still in caches.
        self._idle: list[AsyncConnection] = []
        self._generation = 0

    async def fetch(self, query: Query[Answer]) -> Answer:
        """Return a query's answer once it is committed.

        If its connection turns out to be of no use it is executed once more, on a new one, so it
        must be harmless to repeat. Raises StoreUnavailable, or psycopg2.Error for a bug.
        """
        async with self._turns:
            with outages_answered():
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
            async with asyncio.timeout(self._seconds):
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
        """Give up all connections: a server that restarted or fell silent leaves only dead ones."""
        self._generation += 1
        self.close()

    async def _take(self) -> AsyncConnection:
        if self._idle:
            return self._idle.pop()
        return await self._connect()

    async def _connect(self) -> AsyncConnection:
        """Connect to the first server that answers; each has a time of its own."""
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
            async with asyncio.timeout(_LOOK_UP_SECONDS):
                return await asyncio.to_thread(self._connector.servers.in_order)
        except TimeoutError as error:
            raise StoreUnavailable("its name is not resolved in time") from error

    def close(self) -> None:
        """Close those that are idle."""
        while self._idle:
            self._idle.pop().close()
