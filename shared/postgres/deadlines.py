"""Deadlines for every wait on PostgreSQL: connections whose server falls silent are shut down.

The server ends a statement that takes too long. A server that froze, or a proxy that holds a
connection open and passes nothing on, still answers TCP's keepalives and would be waited for
without end. One thread checks the waiting connections and shuts the sockets of those overdue, which
the waiting threads see as broken connections. (docs/decisions.md explains why this is not done with
psycopg2's wait callback.)
"""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2.extensions

_CHECK_SECONDS = 1.0


class Deadlines:
    """The waits of some connections, each limited to `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: dict[int, tuple[float, _Connection]] = {}
        self._lock = threading.Lock()
        self._watch: threading.Thread | None = None

    def connection_factory(self, *arguments: Any) -> psycopg2.extensions.connection:
        """Make a watched connection: psycopg2.connect's argument of this name.

        Connecting itself is limited by `connect_timeout`.
        """
        connection = _Connection(*arguments)
        connection.descriptor = connection.fileno()
        connection.inode = os.fstat(connection.descriptor).st_ino
        connection.deadlines = self
        connection.cursor_factory = _Cursor
        return connection

    @contextmanager
    def waiting(self, connection: "_Connection") -> Iterator[None]:
        """Watch this connection while the calling thread waits for its server."""
        thread = threading.get_ident()
        if self._watch is None:
            self._begin()
        self._waiting[thread] = (time.monotonic() + self._seconds, connection)
        try:
            yield
        finally:
            with self._lock:  # not while the watching thread is shutting this socket
                del self._waiting[thread]

    def _begin(self) -> None:
        # When first needed, since threads do not survive a fork.
        with self._lock:
            if self._watch is None:
                self._watch = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._watch.start()

    def _run(self) -> None:
        while True:
            time.sleep(_CHECK_SECONDS)
            now = time.monotonic()
            with self._lock:
                for until, connection in list(self._waiting.values()):
                    if until < now:
                        connection.cut_off()


class _Cursor(psycopg2.extensions.cursor):
    def execute(self, *arguments: Any) -> None:
        connection: Any = self.connection
        with connection.deadlines.waiting(connection):
            super().execute(*arguments)

    def copy_expert(self, *arguments: Any) -> None:
        connection: Any = self.connection
        with connection.deadlines.waiting(connection):
            super().copy_expert(*arguments)

    def executemany(self, *arguments: Any) -> None:
        connection: Any = self.connection
        with connection.deadlines.waiting(connection):
            super().executemany(*arguments)


class _Connection(psycopg2.extensions.connection):
    deadlines: Deadlines
    descriptor: int
    inode: int

    def commit(self) -> None:
        with self.deadlines.waiting(self):
            super().commit()

    def rollback(self) -> None:
        with self.deadlines.waiting(self):
            super().rollback()

    def cut_off(self) -> None:
        """Shut the socket, unless libpq has closed it and its number has been reused."""
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self.descriptor)) as found:
            if os.fstat(found.fileno()).st_ino == self.inode:
                found.shutdown(socket.SHUT_RDWR)
