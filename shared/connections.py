"""Factories for connections to PostgreSQL. Nothing here is made by importing."""

import functools
import json
from typing import Any

import psycopg2
import psycopg2.extensions
from sqlalchemy import Engine, create_engine

from shared.config import Settings
from shared.deadlines import Deadlines

#: A peer that vanished without a word is noticed within about 10 s, and no statement of a
#: healthy one takes this long: nothing in a request or a heartbeat may hang.
_KEEPALIVE = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

#: How much longer than the server's own limit to wait for an answer before the connection is
#: taken for dead. A proxy that holds it open and passes nothing on is not seen by keepalives.
_GRACE_SECONDS = 5


def make_engine(
    settings: Settings,
    *,
    connections: int,
    name: str,
    statement_seconds: int = 30,
    is_autocommit: bool = False,
) -> Engine:
    """Return an engine with at most `connections` connections; `name` shows in pg_stat_activity.

    No statement takes longer than `statement_seconds`, or 5 s more if the server does not answer:
    it then fails as if the connection had broken. With `is_autocommit` each statement is a
    transaction of its own, in one round trip.
    """
    pool: dict[str, Any] = {"pool_size": connections, "max_overflow": 0}
    if is_autocommit:
        # There is never a transaction to roll back when a connection returns to its pool.
        pool |= {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
    options = (
        f"-c statement_timeout={statement_seconds * 1000} "
        "-c idle_in_transaction_session_timeout=15000"
    )
    deadlines = Deadlines(statement_seconds + _GRACE_SECONDS)
    return create_engine(
        settings.sqlalchemy_url,
        pool_timeout=10,
        use_native_hstore=False,  # there is none, and asking for it would be a query
        json_serializer=json.dumps,
        connect_args={
            **_KEEPALIVE,
            "application_name": name,
            "options": options,
            "connection_factory": deadlines.connection_factory,
        },
        **pool,
    )


def connect_to_listen(
    settings: Settings, *channels: str, name: str
) -> psycopg2.extensions.connection:
    """Open an autocommit connection outside any pool that listens on these channels."""
    url = settings.sqlalchemy_url
    address: dict[str, Any] = {
        **url.translate_connect_args(username="user", database="dbname"),
        **url.query,
        **_KEEPALIVE,
    }
    connection: psycopg2.extensions.connection = psycopg2.connect(
        **address,
        application_name=name,
        connection_factory=_listeners_deadlines().connection_factory,
    )
    connection.autocommit = True
    with connection.cursor() as cursor:
        for channel in channels:
            cursor.execute(f"LISTEN {channel}")  # constants of ours, never a client's words
    return connection


@functools.cache
def _listeners_deadlines() -> Deadlines:
    """Return what is shared by all of a process, since it has a thread."""
    return Deadlines(_GRACE_SECONDS)
