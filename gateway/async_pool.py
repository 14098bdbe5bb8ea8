"""A few connections for the queries that most requests wait for."""

import asyncio
from typing import NoReturn, TypeVar

import psycopg2

from gateway.async_connection import AsyncConnection, Connect
from gateway.outages import is_conflict, is_outage, unavailable
from shared.store.queries import Query

Answer = TypeVar("Answer")

_CONNECT_SECONDS = 5.0


class AsyncPool:
    """Up to `most` connections, opened when needed, for queries of up to `seconds`."""

    def __init__(self, connect: Connect, *, most: int, seconds: float) -> None:
        self._connect = connect
        self._seconds = seconds
        self._turns = asyncio.Semaphore(most)
        # The one that was last in use is the next: what it needs is still in caches.
        self._idle: list[AsyncConnection] = []

    async def fetch(self, query: Query[Answer]) -> Answer:
        """Return a query's answer once it is committed.

        If its connection turns out to be broken it is executed once more, on a new one, so it must
        be harmless to repeat. Raises StoreUnavailable, or psycopg2.Error if the query is at fault.
        """
        async with self._turns:
            connection = await self._take()
            try:
                return await self._fetch(connection, query)
            except psycopg2.Error as error:
                if connection.is_open and not is_conflict(error):
                    _raise(error)
                if not connection.is_open:
                    self.close()  # a server that restarted leaves only dead ones behind
            try:
                return await self._fetch(await self._take(), query)
            except psycopg2.Error as error:
                _raise(error)

    async def _fetch(self, connection: AsyncConnection, query: Query[Answer]) -> Answer:
        try:
            async with asyncio.timeout(self._seconds):
                return await connection.fetch(query)
        except TimeoutError as error:
            raise unavailable(error) from error
        finally:
            if connection.is_open:
                self._idle.append(connection)

    async def _take(self) -> AsyncConnection:
        if self._idle:
            return self._idle.pop()
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                return await AsyncConnection.open(self._connect)
        except (psycopg2.Error, TimeoutError) as error:
            raise unavailable(error) from error

    def close(self) -> None:
        """Close those that are idle."""
        while self._idle:
            self._idle.pop().close()


def _raise(error: psycopg2.Error) -> NoReturn:
    if is_outage(error):
        raise unavailable(error) from error
    raise error
