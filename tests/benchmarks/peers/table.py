"""The table in which the peers keep their calculations.

It is lighter than Reckoner's: a short key, no index but the primary key's, no CHECKs, no digest.
All peers but the first insert a row when a calculation is submitted and update it once.
"""

import os
from collections.abc import Sequence

import psycopg2
import psycopg2.extensions
from psycopg2.extras import execute_values

from tests.benchmarks.peers.work import BATCH, Work

CREATE = """
    CREATE TABLE calculations (
        k bigint PRIMARY KEY,
        n integer NOT NULL,
        status text NOT NULL,
        digits text,
        created_at timestamptz NOT NULL DEFAULT now(),
        finished_at timestamptz)"""

#: The one UPDATE of a task: it finishes a row once, also if its message comes twice.
FINISH = """
    UPDATE calculations SET status = 'succeeded', digits = %s, finished_at = now()
    WHERE k = %s AND status = 'queued'"""

ANY_UNFINISHED = "SELECT EXISTS (SELECT FROM calculations WHERE status <> 'succeeded')"


def connect() -> psycopg2.extensions.connection:
    """Open a connection that commits every statement, durably, to be kept."""
    connection = psycopg2.connect(os.environ["BENCHMARK_DATABASE_URL"])
    connection.autocommit = True
    return connection


def insert(connection: psycopg2.extensions.connection, works: Sequence[Work]) -> None:
    """Insert many as queued, with one statement."""
    with connection.cursor() as cursor:
        execute_values(
            cursor,
            "INSERT INTO calculations (k, n, status) VALUES %s",
            works,
            template="(%s, %s, 'queued')",
            page_size=BATCH,
        )


def finish(connection: psycopg2.extensions.connection, k: int, digits: str) -> None:
    """Store the digits of one."""
    with connection.cursor() as cursor:
        cursor.execute(FINISH, (digits, k))
