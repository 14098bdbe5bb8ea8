"""Those who wait in one gateway process: who tells them, and what a thousand cost.

Where nothing else is said the sweep comes after ten minutes: what comes in time was told.
"""

import asyncio
import os
import socket
import threading
import tracemalloc
from typing import Any

import psycopg2
import pytest
import uvloop
from sqlalchemy import text

from gateway.database.database import Database
from gateway.database.looking import make_look
from gateway.server.background import keep_running
from gateway.waiting.listener import Listener
from gateway.waiting.lookup import Lookup
from gateway.waiting.waiters import Waiting
from shared.errors import StoreUnavailable
from shared.failures import CANCELLED_JSON
from shared.postgres.connections import connect_to_listen
from shared.store import calculations, new_calculations
from shared.store.notifications import CHANGED, notify_changed, notify_listeners
from tests.engines import autocommit, make_pool
from tests.eventually import eventually
from tests.factories import make_calculation, make_row


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


def listen(settings, *channels):
    return connect_to_listen(settings, *channels, name="test listener")


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
    """Run a scenario with waiters, a listener and a database like those of a gateway."""
    pool = pool or make_pool(settings)
    connect = connect or (lambda: listen(settings, CHANGED))

    async def main():
        database = Database(pool, engine, autocommit(engine), transactions=2, connections=2)
        waiting = Waiting(database, sweep_seconds=sweep_seconds)
        listener = Listener(connect, database, waiting)
        runs = [waiting.run, *([listener.run] if is_listening else [])]
        tasks = [asyncio.create_task(keep_running(one)) for one in runs]
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
            if row is not None and row.status == "cancelled":
                return row.id


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

    assert set(run(engine, store_settings, scenario, pool)) == set(stored)
    assert 1 <= len(pool.names) <= 20
    assert set(pool.names) == {"find_calculations"}


def test_a_waiter_takes_a_few_kilobytes(engine, store_settings, stored):
    """Of Python's own, at the most while all of them are handed their rows."""
    count = 1_000

    async def scenario(waiting):
        await asyncio.to_thread(eventually, lambda: is_listening(engine))
        tracemalloc.start()
        try:
            waiters = [
                asyncio.create_task(wait_for_final(waiting, stored[index % len(stored)]))
                for index in range(count)
            ]
            await asyncio.to_thread(cancel, engine, stored)
            await asyncio.gather(*waiters)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert run(engine, store_settings, scenario) < count * 12_000


def is_listening(engine):
    with engine.begin() as connection:
        return connection.execute(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'test listener'"
                " AND datname = current_database() AND state = 'idle'"
            )
        ).scalar_one()


def test_nothing_is_missed_while_the_listener_is_cut_off(engine, store_settings, stored):
    """What is notified while nobody listens is found by the look that comes with the connection."""
    attempts: list[None] = []
    may_connect = threading.Event()

    def connect():
        attempts.append(None)
        if len(attempts) > 1:
            may_connect.wait(30)
        return listen(store_settings, CHANGED)

    async def scenario(waiting):
        waiters = [asyncio.create_task(wait_for_final(waiting, identity)) for identity in stored]
        await asyncio.to_thread(eventually, lambda: is_listening(engine))
        await asyncio.to_thread(cut_off, engine)
        await asyncio.to_thread(eventually, lambda: len(attempts) == 2)
        await asyncio.to_thread(cancel, engine, stored)
        may_connect.set()
        return await asyncio.gather(*waiters)

    assert run(engine, store_settings, scenario, connect=connect) == stored


def test_a_connection_on_which_nothing_comes_is_given_up(
    engine, store_settings, stored, monkeypatch
):
    """It stays open, so that only silence tells. The gateway sends itself a word to hear one."""
    monkeypatch.setattr("gateway.waiting.listener._SILENCE_SECONDS", 0.5)
    opened: list[None] = []

    def connect():
        opened.append(None)
        return listen(store_settings, *([] if len(opened) == 1 else [CHANGED]))

    async def scenario(waiting):
        waiter = asyncio.create_task(wait_for_final(waiting, stored[0]))
        await asyncio.to_thread(eventually, lambda: is_listening(engine))
        await asyncio.to_thread(cancel, engine, stored[:1])
        await asyncio.to_thread(eventually, lambda: len(opened) >= 2)
        return await asyncio.wait_for(waiter, 30)

    assert run(engine, store_settings, scenario, connect=connect) == stored[0]


def test_a_server_that_is_away_is_asked_again_and_again_and_is_no_bug(
    engine, store_settings, stored, monkeypatch, caplog
):
    monkeypatch.setattr("gateway.waiting.listener._RECONNECT_SECONDS", (0.0, 0.001, 0.002, 0.003))
    attempts: list[None] = []

    def connect():
        attempts.append(None)
        if len(attempts) <= 6:
            raise psycopg2.OperationalError("connection refused")
        return listen(store_settings, CHANGED)

    async def scenario(waiting):
        waiter = asyncio.create_task(wait_for_final(waiting, stored[0]))
        await asyncio.to_thread(eventually, lambda: is_listening(engine))
        await asyncio.to_thread(cancel, engine, stored[:1])
        return await asyncio.wait_for(waiter, 30)

    assert run(engine, store_settings, scenario, connect=connect) == stored[0]
    assert {record.levelname for record in caplog.records} == {"WARNING"}
    assert len(attempts) == 7


def test_a_connection_on_which_only_its_own_word_comes_is_kept(engine, store_settings, monkeypatch):
    monkeypatch.setattr("gateway.waiting.listener._SILENCE_SECONDS", 1.0)
    opened: list[None] = []
    words: list[None] = []

    def connect():
        opened.append(None)
        return listen(store_settings, CHANGED)

    def notify(connection):
        words.append(None)
        notify_listeners(connection)

    monkeypatch.setattr("gateway.waiting.listener.notify_listeners", notify)

    async def scenario(_):
        await asyncio.to_thread(eventually, lambda: len(words) == 3)

    run(engine, store_settings, scenario, connect=connect)
    assert len(opened) == 1


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
        connection = listen(store_settings, CHANGED)
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


class FailingPool(CountingPool):
    """A pool whose next query fails."""

    def __init__(self, pool, error):
        super().__init__(pool)
        self._error = error

    async def fetch(self, query):
        if not self.names:
            self.names.append("none")
            raise self._error
        return await super().fetch(query)


@pytest.mark.parametrize("error", [RuntimeError("a bug"), StoreUnavailable()], ids=repr)
def test_nobody_is_forgotten_by_a_look_that_fails(engine, store_settings, stored, error):
    pool = FailingPool(make_pool(store_settings), error)

    async def scenario(waiting):
        waiters = [asyncio.create_task(wait_for_final(waiting, one)) for one in stored[:3]]
        await asyncio.to_thread(cancel, engine, stored[:3])
        waiting.changed(stored[:3])
        return await asyncio.wait_for(asyncio.gather(*waiters), 20)

    found = run(engine, store_settings, scenario, pool, is_listening=False)
    assert found == stored[:3]
    assert pool.names[0] == "none"


class PoisonedPool(CountingPool):
    """A pool that fails whenever it is asked for one row."""

    def __init__(self, pool, identity):
        super().__init__(pool)
        self._identity = str(identity)

    async def fetch(self, query):
        if self._identity in query.values[0]:
            self.names.append("poison")
            raise RuntimeError("a bug")
        return await super().fetch(query)


def test_a_row_that_cannot_be_read_puts_off_no_sweep(engine, store_settings, stored, monkeypatch):
    """Each of its looks fails, and all looking begins again."""
    monkeypatch.setattr("gateway.waiting.waiters._MOST_PER_QUERY", 1)
    ours, poison = stored[:2]
    pool = PoisonedPool(make_pool(store_settings), poison)

    async def scenario(waiting):
        with waiting.watch(poison):
            waiting.changed([poison])
            waiter = asyncio.create_task(wait_for_final(waiting, ours))
            await asyncio.to_thread(cancel, engine, [ours])
            return await asyncio.wait_for(waiter, 20)

    found = run(engine, store_settings, scenario, pool, sweep_seconds=2.0, is_listening=False)
    assert found == ours
    assert "poison" in pool.names


class HeldPool(CountingPool):
    """A pool that keeps the answer of its first query back until it is told to go on."""

    def __init__(self, pool):
        super().__init__(pool)
        self.has_read = asyncio.Event()
        self.go_on = asyncio.Event()

    async def fetch(self, query):
        rows = await super().fetch(query)
        if len(self.names) == 1:
            self.has_read.set()
            await self.go_on.wait()
        return rows


def test_a_row_is_never_handed_to_a_waiter_who_has_looked_since(engine, store_settings, stored):
    """The row was read, then the calculation changed, then the waiter saw that by itself."""
    identity = stored[0]
    pool = HeldPool(make_pool(store_settings))

    async def scenario(waiting):
        with waiting.watch(identity) as watch:
            watch.looked()
            waiting.changed([identity])
            await pool.has_read.wait()
            await asyncio.to_thread(cancel, engine, [identity])
            watch.looked()
            pool.go_on.set()
            return await watch.next_row(20)

    row = run(engine, store_settings, scenario, pool, is_listening=False)
    assert row is not None, "what was read too early must be read again"
    assert row.status == "cancelled"


def test_a_change_that_is_handed_over_before_the_first_look_has_ended_is_not_lost(
    engine, store_settings, stored
):
    identity = stored[0]

    async def scenario(waiting):
        pool = make_pool(store_settings)
        database = Database(pool, engine, autocommit(engine), transactions=2, connections=2)
        lookup = Lookup(make_look(database), waiting)

        async def get_first():
            row = await lookup.get(identity)
            with waiting.watch(identity) as other:
                await asyncio.to_thread(cancel, engine, [identity])
                waiting.changed([identity])
                assert await other.next_row(20)
            return row

        try:
            final = lookup.wait_until_final(identity, get_first, 60)
            return await asyncio.wait_for(final, 20)
        finally:
            pool.close()

    row = run(engine, store_settings, scenario, is_listening=False)
    assert row.status == "cancelled"


def test_a_change_in_the_moment_of_its_end_keeps_no_task(engine, store_settings, stored):
    """Else a process that is to stop would wait for it for ever."""

    async def main():
        pool = make_pool(store_settings)
        waiting = Waiting(Database(pool, engine, autocommit(engine), transactions=1, connections=1))
        task = asyncio.create_task(waiting.run())
        with waiting.watch(stored[0]) as watch:
            waiter = asyncio.create_task(watch.next_row(60))
            for _ in range(3):
                await asyncio.sleep(0)  # both wait now
            waiting.changed(stored[:1])
            watch.hand(make_row())
            for one in (task, waiter):
                one.cancel()
            await asyncio.wait([task, waiter], timeout=10)
        pool.close()
        return task.cancelled(), waiter.cancelled()

    assert asyncio.run(main()) == (True, True)
