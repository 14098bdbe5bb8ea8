"""Factories for connections to PostgreSQL. Nothing here is made by importing."""

import functools
import json
from collections.abc import Sequence
from typing import Any

import psycopg2
import psycopg2.extensions
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext

from shared.config import Settings
from shared.deadlines import Deadlines
from shared.outages import is_spent

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

#: A statement that stands alone finds its rows by their key. While a table is small, reading all of
#: it looks as good, and a plan that was kept would do so when it is large.
_BY_KEY = ("enable_seqscan=off", "enable_hashjoin=off", "enable_mergejoin=off")

#: How much longer than the server's own limit to wait for an answer before the connection is
#: taken for dead. A proxy that holds it open and passes nothing on is not seen by keepalives.
GRACE_SECONDS = 5


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
    transaction of its own, in one round trip, and finds its rows by their key.
    """
    pool: dict[str, Any] = {"pool_size": connections, "max_overflow": 0}
    if is_autocommit:
        # There is never a transaction to roll back when a connection returns to its pool.
        pool |= {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
    deadlines = Deadlines(statement_seconds + GRACE_SECONDS)
    engine = create_engine(
        settings.sqlalchemy_url,
        pool_timeout=10,
        use_native_hstore=False,  # there is none, and asking for it would be a query
        json_serializer=json.dumps,
        connect_args={
            **_KEEPALIVE,
            "application_name": name,
            "options": _options(statement_seconds, _BY_KEY if is_autocommit else ()),
            "connection_factory": deadlines.connection_factory,
        },
        **pool,
    )
    event.listen(engine, "handle_error", _discard_spent)
    return engine


def _discard_spent(context: ExceptionContext) -> None:
    """Have the pool give up its connections once one of them turns out to take no writes."""
    if is_spent(context.original_exception):
        context.is_disconnect = True


def begin_to_connect(
    settings: Settings, *, name: str, statement_seconds: int
) -> psycopg2.extensions.connection:
    """Return a connection in psycopg2's asynchronous mode, which is still to be polled."""
    connection: psycopg2.extensions.connection = psycopg2.connect(
        **_address(settings),
        application_name=name,
        options=_options(statement_seconds, _BY_KEY),
        async_=True,
    )
    return connection


def connect_to_listen(
    settings: Settings, *channels: str, name: str
) -> psycopg2.extensions.connection:
    """Open an autocommit connection outside any pool that listens on these channels."""
    connection: psycopg2.extensions.connection = psycopg2.connect(
        **_address(settings),
        application_name=name,
        connection_factory=_listeners_deadlines().connection_factory,
    )
    connection.autocommit = True
    with connection.cursor() as cursor:
        for channel in channels:
            cursor.execute(f"LISTEN {channel}")  # constants of ours, never a client's words
    return connection


def _address(settings: Settings) -> dict[str, Any]:
    url = settings.sqlalchemy_url
    return {
        **url.translate_connect_args(username="user", database="dbname"),
        **url.query,
        **_KEEPALIVE,
    }


def _options(statement_seconds: int, more: Sequence[str]) -> str:
    options = (
        f"statement_timeout={statement_seconds * 1000}",
        "idle_in_transaction_session_timeout=15000",
        # For what is prepared (shared/store/queries.py): planned once, and not for each value.
        "plan_cache_mode=force_generic_plan",
        *more,
    )
    return " ".join(f"-c {option}" for option in options)


@functools.cache
def _listeners_deadlines() -> Deadlines:
    """Return what is shared by all of a process, since it has a thread."""
    return Deadlines(GRACE_SECONDS)
