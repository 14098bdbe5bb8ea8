"""With a synchronous standby, what was accepted is there after a failover."""

import asyncio

import pytest
from sqlalchemy import create_engine, make_url, text

from gateway.database.database import Database
from shared.config import load_settings
from shared.errors import StoreUnavailable
from shared.postgres.connections import make_engine
from shared.store.new_calculations import New, insert_new, insert_queued
from tests.engines import make_pool
from tests.eventually import eventually
from tests.factories import make_calculation
from tests.integration.postgres.replication import count, frozen, promote, replicated

pytestmark = pytest.mark.slow


@pytest.fixture
def pair(state_folder):
    with replicated(state_folder) as (primary, standby):
        alter(primary, "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'")
        alter(primary, "SELECT pg_reload_conf()")
        eventually(lambda: asked(primary, "SELECT sync_state FROM pg_stat_replication") == "quorum")
        yield primary, standby


def alter(server, statement):
    engine = create_engine(server.admin_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def asked(server, query):
    engine = create_engine(server.admin_url)
    try:
        with engine.connect() as connection:
            return connection.execute(text(query)).scalar_one()
    finally:
        engine.dispose()


@pytest.fixture
def database(pair, monkeypatch):
    """The connections of a gateway, which soon give up."""
    monkeypatch.setattr("shared.postgres.connections.GRACE_SECONDS", 1)
    primary, _ = pair
    settings = load_settings(
        {"database_url": primary.url, "broker_url": "amqp://127.0.0.1:1/%2F"},
    )
    engines = [
        make_engine(
            make_url(primary.url),
            connections=1,
            name="test",
            statement_seconds=1,
            is_autocommit=is_autocommit,
        )
        for is_autocommit in (False, True)
    ]
    pool = make_pool(settings, size=1, timeout_seconds=2)
    database = Database(pool, *engines, transactions=1, connections=1)
    yield database
    database.close()


def submissions(database, first):
    """Submit in each way in which a gateway does."""
    one, two, three = (make_calculation(arguments={"n": first + n}) for n in range(3))
    return (
        database.fetch(insert_new([New(one, None, "request")])),
        database.run_transaction(lambda connection: insert_queued(connection, [two], "request")),
        database.run_autocommit(lambda connection: insert_queued(connection, [three], "request")),
    )


async def refused(database, first):
    answers = await asyncio.gather(*submissions(database, first), return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 3


async def accepted(database, first):
    await asyncio.gather(*submissions(database, first))


def test_nothing_is_accepted_that_no_standby_has(pair, database):
    """Not even once a statement's time is over: its commit goes on waiting."""
    primary, standby = pair
    with frozen(standby):
        asyncio.run(refused(database, 0))
        assert count(primary) == 0
    eventually(lambda: count(standby) == 3)
    asyncio.run(accepted(database, 3))
    primary.kill()
    promote(standby)
    assert count(standby) == 6
