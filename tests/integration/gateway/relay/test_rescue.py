"""The rescue that runs in the relay: what it takes for lost, and how soon it is tried again."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from gateway.relay.rescue import Rescue
from shared.calculation import Lane
from shared.config import load_settings
from shared.store import presence
from shared.store.outbox import heavy_outbox, outbox
from tests.eventually import eventually
from tests.integration.lanes import Feed, body_of
from tests.integration.rows import cancel, change, claim, queue, row_of, stored


@pytest.fixture
def rescue(engine, store_settings):
    """One that needs no RabbitMQ."""
    return Rescue(engine, store_settings, never)


def never(lane):
    raise AssertionError(f"the queue of the {lane} lane is counted for no reason")


def test_lost_attempts_are_repeated_after_one_two_and_four_seconds(engine, database_url):
    overrides = {"database_url": database_url, "broker_url": "amqp://127.0.0.1:1/%2F"}
    rescue = Rescue(engine, load_settings({**overrides, "max_attempts": 4}), never)
    with engine.begin() as connection:
        calculation = queue(connection, lane=Lane.HEAVY)
    for seconds in (1, 2, 4):
        with engine.begin() as connection:
            claim(connection, calculation, lease_seconds=-1)
            before = stored(connection, calculation, "now()")
        assert rescue.run_once() == 1
        with engine.begin() as connection:
            due, after = (stored(connection, calculation, of) for of in ("not_before", "now()"))
            pause = timedelta(seconds=seconds)
            assert before + pause <= due <= after + pause
            assert bool(heavy_outbox.take_heavy(9).on(connection).due) is (due <= after)
    with engine.begin() as connection:
        claim(connection, calculation, lease_seconds=-1)
    assert rescue.run_once() == 0
    with engine.begin() as connection:
        row = row_of(connection, calculation)
    assert (row.status, row.attempt) == ("failed", 4)
    assert row.error["type"] == "urn:reckoner:problem:worker-lost"


def test_a_cancelled_calculation_ends_when_its_lease_is_lost(engine, rescue):
    with engine.begin() as connection:
        calculation = queue(connection, lane=Lane.HEAVY)
        claim(connection, calculation, lease_seconds=-1)
        cancel(connection, calculation)
    assert rescue.run_once() == 0
    with engine.begin() as connection:
        row = row_of(connection, calculation)
    assert (row.status, row.error["type"]) == ("cancelled", "urn:reckoner:problem:cancelled")


def test_rows_of_silent_workers_are_removed(engine, rescue):
    alive, silent = uuid4(), uuid4()
    with engine.begin() as connection:
        for worker_id, seconds in ((alive, 50), (silent, 70)):
            presence.upsert_worker(connection, worker_id, host="h", pid=1, lane=Lane.HEAVY, slots=1)
            connection.execute(
                text(
                    "UPDATE workers SET seen_at = now() - make_interval(secs => :s) WHERE id = :id"
                ),
                {"s": seconds, "id": worker_id},
            )
    rescue.run_once()
    with engine.begin() as connection:
        assert connection.execute(text("SELECT id FROM workers")).scalars().all() == [alive]


@pytest.fixture
def feed(settings, engine):
    return Feed(settings, engine)


def test_an_empty_queue_means_lost_messages_only_after_a_time(engine, settings, feed, clock):
    """What a worker holds is not in the queue either, and no loss."""
    rescue = Rescue(engine, replace(settings, lost_message_seconds=60), feed.ready)
    with engine.begin() as connection:
        calculation = queue(connection)
        change(connection, calculation, "published_at = now() - interval '1 day'")
    for _ in range(2):  # a message between two times of an empty queue: it begins again
        feed.publish(Lane.QUICK, body_of(calculation))
        eventually(lambda: feed.ready(Lane.QUICK) == 1)
        assert rescue.run_once() == 0
        feed.delete_queue(Lane.QUICK)
        assert rescue.run_once() == 0  # empty as of now
        clock.now += 59
        assert rescue.run_once() == 0
    clock.now += 1
    assert rescue.run_once() == 1
    with engine.begin() as connection:
        assert len(outbox.take_due(9).on(connection)) == 1
