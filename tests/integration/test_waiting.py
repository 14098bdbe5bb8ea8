"""A thousand who wait in one gateway process, and what they cost."""

import asyncio
import os
import resource
import socket
from typing import Any

import psycopg2
import pytest
import uvloop
from sqlalchemy import text

from gateway.app import for_ever
from gateway.database import Database
from gateway.listener import Listener
from gateway.waiting import Waiting
from shared.connections import connect_to_listen
from shared.failures import CANCELLED_JSON
from shared.store import calculations, new_calculations
from shared.store.notifications import CHANGED, notify_changed
from tests.engines import autocommit, make_pool
from tests.eventually import eventually
from tests.factories import make_calculation


@pytest.fixture
def stored(engine):
    made = [make_calculation(arguments={"n": n}) for n in range(50)]
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, made, "request")
    return [calculation.id for calculation in made]


def cancel(engine, ids):
    with engine.begin() as connection:
        for identity in ids:
            calculations.cancel_calculation(connection, identity, CANCELLED_JSON)
        notify_changed(connection, ids)


def run(engine, settings, scenario, pool=None, *, sweep_seconds=15.0, is_listening=True):
    """Run a scenario with waiters, a listener and a database like those of a gateway."""
    pool = pool or make_pool(settings)

    async def main():
        database = Database(pool, engine, autocommit(engine), transactions=2, connections=2)
        waiting = Waiting(database, sweep_seconds=sweep_seconds)
        listener = Listener(
            lambda: connect_to_listen(settings, CHANGED, name="test listener"), database, waiting
        )
        runs = [waiting.run, *([listener.run] if is_listening else [])]
        tasks = [asyncio.create_task(for_ever(one)) for one in runs]
        try:
            return await asyncio.wait_for(scenario(waiting), 60)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            pool.close()

    return asyncio.run(main())


class CountingPool:
    """A pool that notes the names of the queries."""

    def __init__(self, pool):
        self._pool = pool
        self.names = []
        self.close = pool.close

    async def fetch(self, query):
        self.names.append(query.prepared.name)
        return await self._pool.fetch(query)


async def wait_for_final(waiting, identity):
    with waiting.watch(identity) as watch:
        watch.looked()
        while True:
            row = await watch.next_row(50)
            if row is not None and row["status"] == "cancelled":
                return row["id"]


def test_a_thousand_waiters_are_woken_by_a_few_queries(engine, store_settings, stored):
    pool = CountingPool(make_pool(store_settings))

    async def scenario(waiting):
        waiters = [
            asyncio.create_task(wait_for_final(waiting, stored[index % len(stored)]))
            for index in range(1_000)
        ]
        await asyncio.to_thread(eventually, lambda: is_listening(engine))
        pool.names.clear()
        await asyncio.to_thread(cancel, engine, stored)
        return await asyncio.gather(*waiters)

    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert set(run(engine, store_settings, scenario, pool)) == set(stored)
    assert 1 <= len(pool.names) <= 20
    assert set(pool.names) == {"find_calculations"}
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


class ReusedNumber:
    """A listening connection; as soon as it breaks its descriptor's number is another socket's."""

    def __init__(self, connection):
        self._connection = connection
        self.fileno, self.close = connection.fileno, connection.close
        self.number = connection.fileno()
        self.heard = asyncio.Event()
        self.other_end = None

    @property
    def notifies(self):
        return self._connection.notifies

    def poll(self):
        try:
            self._connection.poll()
        except psycopg2.Error:
            if self.other_end is None:
                self._reuse()
            raise

    def _reuse(self):
        self._socket, self.other_end = socket.socketpair()
        os.dup2(self._socket.fileno(), self.number)
        # What a new connection does first, and the listener has not let go of the old one yet.
        asyncio.get_running_loop().add_writer(self.number, lambda: None)
        asyncio.get_running_loop().remove_writer(self.number)
        asyncio.get_running_loop().add_reader(self.number, self.heard.set)


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_new_connection_may_have_the_number_of_a_listener_that_broke(
    engine, store_settings, new_loop
):
    opened: list[Any] = []

    def connect():
        connection = connect_to_listen(store_settings, CHANGED, name="test listener")
        opened.append(ReusedNumber(connection) if not opened else connection)
        return opened[-1]

    async def scenario():
        pool = make_pool(store_settings)
        database = Database(pool, engine, autocommit(engine), transactions=2, connections=2)
        listening = asyncio.create_task(Listener(connect, database, Waiting(database)).run())
        await asyncio.to_thread(eventually, lambda: is_listening(engine))
        await asyncio.to_thread(cut_off, engine)
        await asyncio.to_thread(eventually, lambda: len(opened) == 2)
        opened[0].other_end.send(b"!")
        await asyncio.wait_for(opened[0].heard.wait(), 5)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        pool.close()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(scenario())
    os.close(opened[0].number)


class FailingPool(CountingPool):
    """A pool whose next query fails with a bug."""

    async def fetch(self, query):
        if not self.names:
            self.names.append("none")
            raise RuntimeError("a bug")
        return await super().fetch(query)


def test_under_steady_traffic_a_lost_notification_is_made_up_for(engine, store_settings, stored):
    """Somebody else's calculation changes all the time; nobody is told of ours."""
    ours, other = stored[:2]

    async def change_all_the_time(waiting):
        with waiting.watch(other):
            while True:
                waiting.changed([other])
                await asyncio.sleep(0.005)

    async def scenario(waiting):
        traffic = asyncio.create_task(change_all_the_time(waiting))
        waiter = asyncio.create_task(wait_for_final(waiting, ours))
        await asyncio.to_thread(cancel, engine, [ours])
        try:
            return await asyncio.wait_for(waiter, 20)
        finally:
            traffic.cancel()

    found = run(engine, store_settings, scenario, sweep_seconds=1.0, is_listening=False)
    assert found == ours


def test_nobody_is_forgotten_by_a_look_that_fails_with_a_bug(engine, store_settings, stored):
    pool = FailingPool(make_pool(store_settings))

    async def scenario(waiting):
        waiters = [asyncio.create_task(wait_for_final(waiting, one)) for one in stored[:3]]
        await asyncio.to_thread(cancel, engine, stored[:3])
        waiting.changed(stored[:3])
        return await asyncio.wait_for(asyncio.gather(*waiters), 20)

    found = run(engine, store_settings, scenario, pool, sweep_seconds=600, is_listening=False)
    assert found == stored[:3]
    assert pool.names[0] == "none"
