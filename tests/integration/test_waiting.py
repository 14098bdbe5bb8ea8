"""A thousand who wait in one gateway process, and what they cost."""

import asyncio
import resource

import pytest
from sqlalchemy import event, text

from gateway.database import Database
from gateway.listener import Listener
from gateway.waiting import Waiting
from shared.connections import connect_to_listen
from shared.failures import CANCELLED_JSON
from shared.store import calculations
from shared.store.notifications import CHANGED, notify_changed
from tests.eventually import eventually
from tests.factories import make_calculation


@pytest.fixture
def stored(engine):
    made = [make_calculation(arguments={"n": n}) for n in range(50)]
    with engine.begin() as connection:
        calculations.insert_queued(connection, made, "request")
    return [calculation.id for calculation in made]


def cancel(engine, ids):
    with engine.begin() as connection:
        for identity in ids:
            calculations.cancel_calculation(connection, identity, CANCELLED_JSON)
        notify_changed(connection, ids)


def run(engine, settings, scenario):
    """Run a scenario with waiters, a listener and a database like those of a gateway."""

    async def main():
        database = Database(
            engine,
            engine.execution_options(isolation_level="AUTOCOMMIT"),
            transactions=2,
            connections=2,
        )
        waiting = Waiting(database)
        listener = Listener(
            lambda: connect_to_listen(settings, CHANGED, name="test listener"), database, waiting
        )
        tasks = [asyncio.create_task(one.run()) for one in (waiting, listener)]
        try:
            return await asyncio.wait_for(scenario(waiting), 60)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return asyncio.run(main())


async def wait_for_final(waiting, identity):
    with waiting.watch(identity) as watch:
        watch.looked()
        while True:
            row = await watch.next_row(50)
            if row is not None and row["status"] == "cancelled":
                return row["id"]


def test_a_thousand_waiters_are_woken_by_a_few_queries(engine, store_settings, stored):
    queries = []
    event.listen(engine, "before_cursor_execute", lambda *args: queries.append(args[2]))

    async def scenario(waiting):
        waiters = [
            asyncio.create_task(wait_for_final(waiting, stored[index % len(stored)]))
            for index in range(1_000)
        ]
        await asyncio.to_thread(eventually, lambda: is_listening(engine))
        queries.clear()
        await asyncio.to_thread(cancel, engine, stored)
        return await asyncio.gather(*waiters)

    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert set(run(engine, store_settings, scenario)) == set(stored)
    looks = [query for query in queries if "SELECT" in query and "ANY" in query]
    assert 1 <= len(looks) <= 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 50_000  # kilobytes


def is_listening(engine):
    with engine.begin() as connection:
        return connection.execute(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'test listener'"
                " AND datname = current_database() AND state = 'idle'"
            )
        ).scalar_one()


def test_nothing_is_missed_while_the_listener_is_cut_off(engine, store_settings, stored):
    async def scenario(waiting):
        waiters = [asyncio.create_task(wait_for_final(waiting, identity)) for identity in stored]
        await asyncio.to_thread(eventually, lambda: is_listening(engine))
        await asyncio.to_thread(cut_off, engine)
        await asyncio.to_thread(cancel, engine, stored)
        return await asyncio.gather(*waiters)

    assert run(engine, store_settings, scenario) == stored


def cut_off(engine):
    with engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'test listener' AND datname = current_database()"
            )
        )
