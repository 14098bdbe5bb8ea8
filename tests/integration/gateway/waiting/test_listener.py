"""The connection that listens for changes is replaced when it is lost; nothing is missed."""

import asyncio
import os
import socket
import threading
from typing import Any

import psycopg2
import pytest
import uvloop

from gateway.database.database import Database
from gateway.waiting.listener import Listener
from gateway.waiting.waiters import Waiters
from shared.store.notifications import CHANGED, notify_listeners
from tests.engines import autocommit, make_pool
from tests.eventually import eventually
from tests.integration.gateway.waiting.running import (
    cancel,
    listen,
    run,
    terminate_listeners,
    wait_for_cancelled,
    wait_until_listening,
)


def test_nothing_is_missed_while_the_listener_is_cut_off(engine, store_settings, stored):
    """What is notified while nobody listens is found by the query that follows a connection."""
    attempts: list[None] = []
    may_connect = threading.Event()

    def connect():
        attempts.append(None)
        if len(attempts) > 1:
            may_connect.wait(30)
        return listen(store_settings, CHANGED)

    async def scenario(waiters):
        tasks = [asyncio.create_task(wait_for_cancelled(waiters, identity)) for identity in stored]
        await wait_until_listening(engine)
        await asyncio.to_thread(terminate_listeners, engine)
        await asyncio.to_thread(eventually, lambda: len(attempts) == 2)
        await asyncio.to_thread(cancel, engine, stored)
        may_connect.set()
        return await asyncio.gather(*tasks)

    assert run(engine, store_settings, scenario, connect=connect) == stored


@pytest.mark.slow
def test_a_connection_on_which_nothing_arrives_is_replaced(
    engine, store_settings, stored, monkeypatch
):
    """It stays open; only the gateway's notifications to itself show that it is dead."""
    monkeypatch.setattr("gateway.waiting.listener._SILENCE_SECONDS", 0.5)
    opened: list[None] = []

    def connect():
        opened.append(None)
        return listen(store_settings, *([] if len(opened) == 1 else [CHANGED]))

    async def scenario(waiters):
        task = asyncio.create_task(wait_for_cancelled(waiters, stored[0]))
        await wait_until_listening(engine)
        await asyncio.to_thread(cancel, engine, stored[:1])
        await asyncio.to_thread(eventually, lambda: len(opened) >= 2)
        return await asyncio.wait_for(task, 30)

    assert run(engine, store_settings, scenario, connect=connect) == stored[0]


def test_a_connection_on_which_only_its_own_notifications_arrive_is_kept(
    engine, store_settings, monkeypatch
):
    """Each silence lasts here until the notification has arrived, however busy the machine is."""
    opened: list[None] = []
    sent: list[None] = []

    def connect():
        opened.append(None)
        return listen(store_settings, CHANGED)

    def notify(connection):
        sent.append(None)
        notify_listeners(connection)

    async def scenario():
        pool = make_pool(store_settings)
        database = Database(pool, engine, autocommit(engine), transactions=2, connections=2)
        listener = Listener(connect, database, Waiters(database))

        async def until_received(_lost, _seconds):
            await asyncio.to_thread(eventually, lambda: listener._has_received)

        monkeypatch.setattr("gateway.waiting.listener.until_set", until_received)
        listening = asyncio.create_task(listener.run())
        await asyncio.to_thread(eventually, lambda: len(sent) >= 3 or listening.done())
        assert not listening.done()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        pool.close()

    monkeypatch.setattr("gateway.waiting.listener.notify_listeners", notify)
    asyncio.run(scenario())
    assert len(opened) == 1


def test_while_the_server_is_unavailable_the_listener_reconnects_and_logs_no_bug(
    engine, store_settings, stored, monkeypatch, caplog
):
    monkeypatch.setattr("gateway.waiting.listener._RECONNECT_SECONDS", (0.0, 0.001, 0.002, 0.003))
    attempts: list[None] = []

    def connect():
        attempts.append(None)
        if len(attempts) <= 6:
            raise psycopg2.OperationalError("connection refused")
        return listen(store_settings, CHANGED)

    async def scenario(waiters):
        task = asyncio.create_task(wait_for_cancelled(waiters, stored[0]))
        await wait_until_listening(engine)
        await asyncio.to_thread(cancel, engine, stored[:1])
        return await asyncio.wait_for(task, 30)

    assert run(engine, store_settings, scenario, connect=connect) == stored[0]
    assert {record.levelname for record in caplog.records} == {"WARNING"}
    assert len(attempts) == 7


class ReusedNumber:
    """A listening connection whose descriptor is another socket's as soon as it breaks."""

    def __init__(self, connection):
        self._connection = connection
        self.fileno, self.close = connection.fileno, connection.close
        self.number = connection.fileno()
        self.received = asyncio.Event()
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
        # What a new connection does first, while the loop still watches the old one.
        asyncio.get_running_loop().add_writer(self.number, lambda: None)
        asyncio.get_running_loop().remove_writer(self.number)
        asyncio.get_running_loop().add_reader(self.number, self.received.set)


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_new_connection_may_have_the_descriptor_of_a_listener_that_broke(
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
        listening = asyncio.create_task(Listener(connect, database, Waiters(database)).run())
        await wait_until_listening(engine)
        await asyncio.to_thread(terminate_listeners, engine)
        await asyncio.to_thread(eventually, lambda: len(opened) == 2)
        opened[0].other_end.send(b"!")
        await asyncio.wait_for(opened[0].received.wait(), 30)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        pool.close()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(scenario())
    os.close(opened[0].number)
