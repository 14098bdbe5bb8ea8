"""Factories for connections to PostgreSQL. Nothing here is made by importing."""

import json
from typing import Any

import psycopg2
import psycopg2.extensions
from sqlalchemy import Engine, create_engine

from shared.config import Settings

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
_STATEMENT_TIMEOUT = "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000"


def make_engine(settings: Settings, *, connections: int, name: str) -> Engine:
    """Return an engine with at most `connections` connections; `name` shows in pg_stat_activity."""
    return create_engine(
        settings.sqlalchemy_url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=10,
        json_serializer=json.dumps,
        connect_args={**_KEEPALIVE, "application_name": name, "options": _STATEMENT_TIMEOUT},
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
    connection: psycopg2.extensions.connection = psycopg2.connect(**address, application_name=name)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for channel in channels:
            cursor.execute(f"LISTEN {channel}")  # constants of ours, never a client's words
    return connection
