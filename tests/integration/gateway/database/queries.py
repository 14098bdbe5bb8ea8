"""Queries whose answers and timing a test controls, and the connections that execute them."""

import asyncio
from contextlib import contextmanager

from sqlalchemy import text

from shared.postgres.prepared import Prepared, Query
from tests.eventually import eventually

_NUMBER = Prepared("number", ("integer", "float"), "SELECT $1 + 0 * length(pg_sleep($2)::text)")


def number(value: int, after_seconds: float = 0) -> Query[int]:
    """Return its value."""
    return Query(_NUMBER, (value, after_seconds), lambda rows: next(iter(rows))[0])


def run(pool, scenario):
    """Run a scenario, then close the pool."""

    async def main():
        try:
            return await asyncio.wait_for(scenario, 30)
        finally:
            pool.close()

    return asyncio.run(main())


def backends(engine):
    """Return the processes that serve the pool's connections."""
    with engine.begin() as connection:
        return set(
            connection.execute(
                text(
                    "SELECT pid FROM pg_stat_activity WHERE application_name = 'test pool'"
                    " AND datname = current_database()"
                )
            ).scalars()
        )


def end_all(engine):
    """Terminate the connections of the pool."""
    with engine.begin() as connection:
        for pid in backends(engine):
            connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})


_HELD = Prepared("held", (), "SELECT pg_backend_pid() + 0 * length(pg_advisory_xact_lock(1)::text)")


def held() -> Query[int]:
    """Return the process that serves the connection, once nobody has the lock."""
    return Query(_HELD, (), lambda rows: next(iter(rows))[0])


@contextmanager
def lock(engine):
    """Keep queries of `held` waiting."""
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(1)"))
        yield


async def wait_until_held(engine):
    """Return once a query waits for the lock."""

    def is_waiting():
        with engine.begin() as connection:
            return connection.execute(
                text(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'test pool'"
                    " AND datname = current_database() AND wait_event = 'advisory'"
                )
            ).scalar_one()

    await asyncio.to_thread(eventually, is_waiting)
