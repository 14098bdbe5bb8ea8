"""Waiters, a listener and a database like those of a gateway process, for one scenario."""

import asyncio

from sqlalchemy import text

from gateway.database.database import Database
from gateway.server.background import keep_running
from gateway.waiting.listener import Listener
from gateway.waiting.waiters import Waiters
from shared.failures import CANCELLED_JSON
from shared.postgres.connections import connect_to_listen
from shared.store.calculations import cancel_calculation
from shared.store.notifications import CHANGED, notify_changed
from tests.engines import autocommit, make_pool
from tests.eventually import eventually


def run(
    engine,
    settings,
    scenario,
    pool=None,
    *,
    sweep_seconds=600.0,
    is_listening=True,
    connect=None,
):
    """Run a scenario, which is given the waiters.

    Unless `sweep_seconds` is given, the sweep comes after ten minutes: whatever a waiter receives
    is due to a notification.
    """
    pool = pool or make_pool(settings)
    connect = connect or (lambda: listen(settings, CHANGED))

    async def main():
        database = Database(pool, engine, autocommit(engine), transactions=2, connections=2)
        waiters = Waiters(database, sweep_seconds=sweep_seconds)
        listener = Listener(connect, database, waiters)
        runs = [waiters.run, *([listener.run] if is_listening else [])]
        tasks = [asyncio.create_task(keep_running(one)) for one in runs]
        try:
            return await asyncio.wait_for(scenario(waiters), 60)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            pool.close()

    return asyncio.run(main())


async def wait_for_cancelled(waiters, identity):
    """Wait for a calculation to be cancelled; return its id."""
    with waiters.watch(identity) as waiter:
        waiter.discard_row()
        while True:
            row = await waiter.next_row(50)
            if row is not None and row.status == "cancelled":
                return row.id


def cancel(engine, ids):
    """Cancel calculations and notify the listeners."""
    with engine.begin() as connection:
        for identity in ids:
            cancel_calculation(connection, identity, CANCELLED_JSON)
        notify_changed(connection, ids)


def listen(settings, *channels):
    """Return a connection for a listener."""
    return connect_to_listen(settings.sqlalchemy_url, *channels, name="test listener")


async def wait_until_listening(engine):
    """Return once the listener is connected.

    What is notified before its LISTEN is found too, by the query that follows the connection.
    """
    await asyncio.to_thread(eventually, lambda: _count_listeners(engine), what="a listener")


def terminate_listeners(engine):
    """Have PostgreSQL end the connections of all listeners."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'test listener' AND datname = current_database()"
            )
        )


def _count_listeners(engine):
    with engine.begin() as connection:
        return connection.execute(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'test listener'"
                " AND datname = current_database() AND state = 'idle'"
            )
        ).scalar_one()


class CountingPool:
    """A pool that records the names of its queries."""

    def __init__(self, pool):
        self._pool = pool
        self.names = []
        self.close = pool.close

    async def fetch(self, query):
        self.names.append(query.prepared.name)
        return await self._pool.fetch(query)
