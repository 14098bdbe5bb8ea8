"""Factories for connections to PostgreSQL."""

import functools
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2.extensions
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext

from shared.postgres.deadlines import Deadlines
from shared.postgres.outages import is_connection_unusable
from shared.postgres.servers import Server, Servers, servers_of

#: For statements that find rows by their key. While a table is small, reading all of it looks as
#: cheap to the planner, and the plan would be kept when the table has grown.
_BY_KEY = ("enable_seqscan=off", "enable_hashjoin=off", "enable_mergejoin=off")

#: How much longer than the server's own limit to wait for an answer before the connection counts
#: as dead. Keepalives do not notice a proxy that holds it open and passes nothing on.
GRACE_SECONDS = 5


def make_engine(
    url: URL,
    *,
    connections: int,
    name: str,
    statement_seconds: int = 30,
    is_autocommit: bool = False,
) -> Engine:
    """Return an engine with at most `connections` connections; `name` shows in pg_stat_activity.

    The server ends statements after `statement_seconds`. If it does not answer for 5 s more, they
    fail as if the connection had broken. With `is_autocommit` each statement is a transaction of
    its own, in one round trip, and finds its rows by their key.
    """
    pool: dict[str, Any] = {"pool_size": connections, "max_overflow": 0}
    if is_autocommit:
        # No transaction is open when a connection returns to its pool: no ROLLBACK is needed.
        pool |= {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
    connect = functools.partial(
        servers_of(url).connect,
        name=name,
        options=_options(statement_seconds, _BY_KEY if is_autocommit else ()),
        connection_factory=Deadlines(statement_seconds + GRACE_SECONDS).connection_factory,
    )
    engine = create_engine(
        url,
        creator=connect,
        pool_timeout=10,
        use_native_hstore=False,  # looking for the extension would cost a query
        json_serializer=json.dumps,
        **pool,
    )
    event.listen(engine, "handle_error", _discard_unusable)
    return engine


@contextmanager
def autocommitting(engine: Engine) -> Iterator[Connection]:
    """Yield a connection on which each statement is a transaction, in a single round trip."""
    with engine.connect() as connection:
        yield connection.execution_options(isolation_level="AUTOCOMMIT")


def _discard_unusable(context: ExceptionContext) -> None:
    """Have the pool replace its connections when one of them turns out to be unusable."""
    if is_connection_unusable(context.original_exception):
        context.is_disconnect = True


@dataclass(frozen=True, slots=True)
class AsyncConnector:
    """Opens connections in psycopg2's asynchronous mode."""

    servers: Servers
    name: str
    options: Sequence[str]

    def begin(self, server: Server) -> psycopg2.extensions.connection:
        """Begin to connect; the caller must poll the connection that is returned."""
        return self.servers.open(server, name=self.name, options=self.options, async_=True)


def make_async_connector(url: URL, *, name: str, statement_seconds: int) -> AsyncConnector:
    """Return a connector for connections whose statements find rows by their key."""
    servers = servers_of(url)
    return AsyncConnector(servers, name, _options(statement_seconds, _BY_KEY))


def connect_to_listen(url: URL, *channels: str, name: str) -> psycopg2.extensions.connection:
    """Open an autocommit connection, outside any pool, that listens on these channels."""
    factory = _listeners_deadlines().connection_factory
    servers = servers_of(url)
    connection = servers.connect(name=name, connection_factory=factory)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for channel in channels:
            cursor.execute(f"LISTEN {channel}")  # a constant, never a client's input
    return connection


def _options(statement_seconds: int, more: Sequence[str]) -> list[str]:
    return [
        f"statement_timeout={statement_seconds * 1000}",
        "idle_in_transaction_session_timeout=15000",
        # For prepared statements (shared/postgres/prepared.py): plan once, not for each value.
        "plan_cache_mode=force_generic_plan",
        *more,
    ]


@functools.cache
def _listeners_deadlines() -> Deadlines:
    """Return the deadlines of all listening connections, which share one thread."""
    return Deadlines(GRACE_SECONDS)
