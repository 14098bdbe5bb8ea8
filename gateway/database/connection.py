"""A connection to PostgreSQL that the event loop waits for, without a thread.

In psycopg2's asynchronous mode `poll` returns what the connection waits for, and the loop watches
its socket. docs/decisions.md compares this with other drivers.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Self, TypeVar

import psycopg2
import psycopg2.extensions
import psycopg2.extras

from shared.postgres.prepared import PreparedStatements, Query, Rows

Answer = TypeVar("Answer")

#: Starts to connect. It may block while it resolves a name.
Connect = Callable[[], psycopg2.extensions.connection]


class AsyncConnection:
    """One connection, for one query at a time; each query is a transaction of its own."""

    def __init__(self, connection: psycopg2.extensions.connection) -> None:
        """Take a connection that is still connecting; use `open`."""
        self._connection = connection
        self._prepared = PreparedStatements()

    @classmethod
    async def open(cls, connect: Connect) -> Self:
        """Connect. Raises psycopg2.Error."""
        self = cls(await asyncio.to_thread(connect))
        await self._until_done()
        psycopg2.extras.register_uuid(conn_or_curs=self._connection)  # type: ignore[no-untyped-call]
        return self

    @property
    def is_open(self) -> bool:
        """Say whether another query can be executed."""
        status = self._connection.get_transaction_status()
        return bool(status == psycopg2.extensions.TRANSACTION_STATUS_IDLE)

    async def fetch(self, query: Query[Answer]) -> Answer:
        """Execute a query and return its answer. Raises psycopg2.Error."""
        for statement in self._prepared.needed_before(query.prepared):
            await self._execute(statement, None)
        self._prepared.note(query.prepared)
        return query.read(await self._execute(query.prepared.executing, query.values))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    async def _execute(self, statement: str, values: tuple[Any, ...] | None) -> Rows:
        cursor = self._connection.cursor()
        cursor.execute(statement, values)
        await self._until_done()
        return cursor.fetchall() if cursor.description else []

    async def _until_done(self) -> None:
        try:
            while (state := self._connection.poll()) != psycopg2.extensions.POLL_OK:
                is_writing = state == psycopg2.extensions.POLL_WRITE
                await _until_ready(self._connection.fileno(), is_writing=is_writing)
        except psycopg2.Error:
            raise
        except BaseException:  # cancelled, for example
            self.close()  # else the next query would receive this one's answer
            raise


async def _until_ready(descriptor: int, *, is_writing: bool) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    add, remove = (
        (loop.add_writer, loop.remove_writer)
        if is_writing
        else (loop.add_reader, loop.remove_reader)
    )
    add(descriptor, _finish, ready, remove, descriptor)
    try:
        await ready
    except BaseException:  # cancelled
        remove(descriptor)
        raise


def _finish(
    ready: "asyncio.Future[None]", remove: Callable[[int], object], descriptor: int
) -> None:
    # Before the next poll, which may close the socket: its number may then be another connection's.
    remove(descriptor)
    if not ready.done():
        ready.set_result(None)
