"""Failover from one PostgreSQL server to another."""

import asyncio

import pytest
from sqlalchemy import make_url

from gateway.database.database import Database
from gateway.waiting.listener import Listener
from gateway.waiting.waiters import Waiters
from shared.config import load_settings
from shared.errors import StoreUnavailable
from shared.postgres.connections import connect_to_listen, make_engine
from shared.postgres.servers import Servers
from shared.store.new_calculations import New, insert_new, insert_queued
from shared.store.notifications import CHANGED
from tests.engines import make_pool
from tests.eventually import eventually
from tests.factories import make_calculation
from tests.integration.postgres.replication import address, count, frozen, promote, replicated


@pytest.fixture(scope="module")
def pair(state_folder):
    """For both tests: the last one ends the replication."""
    with replicated(state_folder) as servers:
        yield servers


class Heard(Waiters):
    """Waiters whose event is set when the listener begins to listen."""

    def __init__(self, database):
        super().__init__(database)
        self.event = asyncio.Event()

    def mark_all_changed(self):
        self.event.set()


async def follows(settings, primary, standby):
    """Fail over while all processes are connected."""
    numbers = iter(range(1_000_000, 2_000_000))
    pool = make_pool(settings, timeout_seconds=2)
    engine, autocommit = (
        make_engine(
            settings.sqlalchemy_url,
            connections=2,
            name="test",
            statement_seconds=1,
            is_autocommit=alone,
        )
        for alone in (False, True)
    )
    database = Database(pool, engine, autocommit, transactions=2, connections=2)
    waiting = Heard(database)

    def listen():
        return connect_to_listen(settings.sqlalchemy_url, CHANGED, name="listener")

    def one():
        return make_calculation(arguments={"n": next(numbers)})

    def insert(connection):
        return insert_queued(connection, [one()], "request")

    def writes():
        yield database.fetch(insert_new([New(one(), None, "request")]))
        yield database.run_transaction(insert)
        yield database.run_autocommit(insert)

    listening = asyncio.create_task(Listener(listen, database, waiting).run())
    await waiting.event.wait()
    waiting.event.clear()
    # Each pool has two connections, both of which are to the first server.
    await asyncio.gather(*writes(), *writes())
    await asyncio.to_thread(eventually, lambda: count(standby) == 6)
    with frozen(primary):
        for write in writes():
            with pytest.raises(StoreUnavailable):
                await write
        await asyncio.to_thread(promote, standby)
        for write in writes():
            await write
        assert await asyncio.to_thread(count, standby) == 9
        await asyncio.wait_for(waiting.event.wait(), 30)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await asyncio.to_thread(database.close)


@pytest.mark.slow
def test_of_several_servers_the_writable_one_is_found_and_then_tried_first(pair):
    primary, standby = pair
    servers = Servers(make_url(address((standby, primary))))
    assert [server.address["port"] for server in servers.in_order()] == [
        str(standby.port),
        str(primary.port),
    ]
    connection = servers.connect(name="test")
    assert connection.info.port == primary.port
    connection.close()
    assert servers.in_order()[0].address["port"] == str(primary.port)
    assert len(servers.in_order()) == 2


@pytest.mark.slow
def test_all_follow_a_promoted_standby_while_the_first_server_is_silent(pair, monkeypatch):
    monkeypatch.setattr("shared.postgres.connections.GRACE_SECONDS", 1)
    monkeypatch.setattr("gateway.waiting.listener._SILENCE_SECONDS", 2.0)
    settings = load_settings(
        {
            "database_url": address(pair, "&target_session_attrs=read-write"),
            "broker_url": "amqp://127.0.0.1:1/%2F",
        }
    )
    asyncio.run(follows(settings, *pair))
