"""What is acknowledged is on the disk, and what cannot be stored is not acknowledged."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from shared.calculation import Lane, Status
from shared.postgres.connections import connect_to_listen, make_engine
from shared.postgres.prepared import Prepared, Query
from shared.store.outbox import outbox
from tests.engines import autocommit, make_pool
from tests.eventually import eventually
from tests.factories import make_calculation
from tests.integration.lanes import Feed, WorkerThread, body_of
from tests.integration.rows import queue

_CONFIGURATION = Path(__file__).parents[3] / "compose" / "postgres" / "postgresql.conf"

#: The settings with which a commit survives a power failure; the last protects from torn pages.
DURABLE = ("synchronous_commit", "fsync", "full_page_writes")

_ASK = f"SELECT {', '.join(f'current_setting({name!r})' for name in DURABLE)}"


@pytest.mark.parametrize("is_autocommit", [False, True])
def test_a_commit_of_each_process_waits_for_the_disk(store_settings, is_autocommit):
    """The engines of workers, relay and gateway."""
    engine = make_engine(
        store_settings.sqlalchemy_url, connections=1, name="t", is_autocommit=is_autocommit
    )
    with engine.connect() as connection:
        assert set(connection.exec_driver_sql(_ASK).one()) == {"on"}
    engine.dispose()


def test_a_commit_of_the_gateways_event_loop_waits_for_the_disk(store_settings):
    pool = make_pool(store_settings)

    async def ask():
        try:
            return await pool.fetch(Query(Prepared("ask", (), _ASK), (), list))
        finally:
            pool.close()

    ((*settings,),) = asyncio.run(ask())
    assert set(settings) == {"on"}


def test_a_commit_of_a_listener_waits_for_the_disk(store_settings):
    connection = connect_to_listen(store_settings.sqlalchemy_url, "channel", name="t")
    with connection.cursor() as cursor:
        cursor.execute(_ASK)
        assert set(cursor.fetchone() or ()) == {"on"}
    connection.close()


@pytest.mark.parametrize("is_autocommit", [False, True])
def test_every_connection_has_time_limits(store_settings, is_autocommit):
    """So that rows are unlocked after the process of a transaction has gone silent."""
    engine = make_engine(
        store_settings.sqlalchemy_url,
        connections=1,
        name="t",
        statement_seconds=7,
        is_autocommit=is_autocommit,
    )
    names = ("statement_timeout", "idle_in_transaction_session_timeout", "plan_cache_mode")
    with engine.connect() as connection:
        found = [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]
    engine.dispose()
    assert found == ["7s", "15s", "force_generic_plan"]


def test_only_the_relays_commit_does_not_wait_for_the_disk(engine):
    """A mark that is lost in a crash costs a second publication."""
    at_once = autocommit(engine)

    def synchronous(connection):
        return connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()

    with engine.begin() as connection:
        queue(connection)
    with at_once.connect() as connection:
        with outbox.taken(connection, outbox.take_due(9).on):
            assert synchronous(connection) == "off"
        assert synchronous(connection) == "on"
        with pytest.raises(KeyError), outbox.taken(connection, outbox.take_due(9).on):
            raise KeyError
        assert synchronous(connection) == "on"


def test_the_configuration_for_compose_leaves_durability_on():
    lines = _CONFIGURATION.read_text().splitlines()
    names = [line.split("=")[0].strip() for line in lines if not line.startswith("#")]
    assert "shared_buffers" in names
    assert not {*DURABLE, "wal_level", "wal_sync_method"} & set(names)


@pytest.fixture
def feed(settings, engine):
    return Feed(settings, engine)


def refuse(engine, digits):
    """Have PostgreSQL refuse results of this many digits."""
    with engine.begin() as connection:
        connection.execute(
            text(f"ALTER TABLE calculations ADD CHECK (result_digits <> {digits}) NOT VALID")
        )


def test_a_result_that_cannot_be_stored_is_not_acknowledged(feed, settings, engine, registry):
    """It is dead-lettered for inspection, and the others are stored."""
    bad, *good = [make_calculation(arguments={"n": n}) for n in (1_000, *range(20))]
    refuse(engine, 209)  # as many as F(1000) has
    feed.insert(bad, *good)
    feed.publish(Lane.QUICK, *[body_of(one) for one in (*good[:10], bad, *good[10:])])
    with WorkerThread(settings, Lane.QUICK, registry):
        feed.wait_for(Status.SUCCEEDED, *good)
        eventually(lambda: feed.dead(Lane.QUICK) == 1)
    assert feed.ready(Lane.QUICK) == 0
    assert feed.status(bad) is Status.QUEUED


def test_a_message_is_dead_lettered_for_one_result_that_cannot_be_stored(
    feed, settings, engine, registry
):
    bad, good = (make_calculation(arguments={"n": n}) for n in (1_000, 10))
    refuse(engine, 209)
    feed.insert(bad, good)
    feed.publish(Lane.QUICK, body_of(good, bad))
    with WorkerThread(settings, Lane.QUICK, registry):
        eventually(lambda: feed.dead(Lane.QUICK) == 1)
    assert (feed.status(good), feed.status(bad)) == (Status.SUCCEEDED, Status.QUEUED)
