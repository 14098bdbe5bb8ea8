"""From the outbox to RabbitMQ, and back when something was lost."""

import json
import threading
from contextlib import contextmanager

import pika
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.publisher import Publisher
from gateway.relay import Relay
from gateway.rescue import Rescue
from shared.calculation import Lane
from shared.config import load_settings
from shared.connections import make_engine
from shared.errors import BrokerUnavailable
from shared.messages import decode, queue_name
from shared.store import calculations, leases, new_calculations
from shared.store.notifications import notify_outbox
from shared.work import Work
from tests.engines import autocommit
from tests.eventually import eventually
from tests.factories import make_calculation


@pytest.fixture
def channel(broker_url):
    connection = pika.BlockingConnection(pika.URLParameters(broker_url))
    yield connection.channel()
    connection.close()


@pytest.fixture
def relay_engine(settings):
    engine = make_engine(settings, connections=2, name="test relay")
    yield engine
    engine.dispose()


@contextmanager
def running(relay):
    thread = threading.Thread(target=relay.run)
    thread.start()
    try:
        yield
    finally:
        relay.stop()
        thread.join(30)
        assert not thread.is_alive()


def queue(engine, *numbers, lane=Lane.QUICK):
    made = [make_calculation(arguments={"n": n}, lane=lane) for n in numbers]
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, made, "request")
    return made


def take(channel, lane=Lane.QUICK):
    """Return the work that waits in the lane's queue, and acknowledge it."""
    works: list[Work] = []
    while True:
        method, _, body = channel.basic_get(queue_name(lane), auto_ack=True)
        if method is None:
            return works
        works += decode(json.loads(body)["kwargs"]["work"])


def unpublished(engine):
    with engine.begin() as connection:
        return connection.execute(
            text("SELECT count(*) FROM calculations WHERE published_at IS NULL")
        ).scalar_one()


def test_every_row_is_published_to_its_lane(settings, relay_engine, channel):
    quick = queue(relay_engine, *range(1_200))
    heavy = queue(relay_engine, 5_000, lane=Lane.HEAVY)
    relay = Relay(settings, relay_engine, autocommit(relay_engine))
    with running(relay):
        eventually(lambda: unpublished(relay_engine) == 0)
    assert {work.calculation_id for work in take(channel)} == {one.id for one in quick}
    (work,) = take(channel, Lane.HEAVY)
    assert (work.calculation_id, work.request_id) == (heavy[0].id, "request")


def test_a_ring_is_heard_before_the_next_look(database_url, broker_url, relay_engine):
    slow = load_settings(
        {"database_url": database_url, "broker_url": broker_url, "relay_poll_seconds": 600}
    )
    with running(Relay(slow, relay_engine, autocommit(relay_engine))):
        eventually(lambda: _is_listening(relay_engine))
        queue(relay_engine, 1)
        with relay_engine.begin() as connection:
            notify_outbox(connection, [Lane.QUICK])
        eventually(lambda: unpublished(relay_engine) == 0, within_seconds=10)


def _is_listening(engine):
    with engine.begin() as connection:
        return connection.execute(
            text("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
        ).scalar_one()


def test_a_queue_that_was_deleted_is_made_again(settings, relay_engine, channel):
    relay = Relay(settings, relay_engine, autocommit(relay_engine))
    with running(relay):
        queue(relay_engine, 1)
        eventually(lambda: unpublished(relay_engine) == 0)
        channel.queue_delete(queue_name(Lane.QUICK))
        later = queue(relay_engine, 2)
        eventually(lambda: unpublished(relay_engine) == 0)
    assert later[0].id in {work.calculation_id for work in take(channel)}


def test_a_lane_that_confirms_nothing_does_not_hold_up_the_other(
    settings, relay_engine, monkeypatch
):
    relay = Relay(settings, relay_engine, autocommit(relay_engine))
    quick, heavy = queue(relay_engine, 1), queue(relay_engine, 2, lane=Lane.HEAVY)
    publish = relay._publisher.publish

    def refuse_quick_ones(messages):
        if any(lane is Lane.QUICK for lane, _ in messages):
            raise BrokerUnavailable("no confirm")
        return publish(messages)

    monkeypatch.setattr(relay._publisher, "publish", refuse_quick_ones)
    with pytest.raises(BrokerUnavailable):
        relay._publish(set(Lane))
    relay._publisher.close()
    with relay_engine.begin() as connection:
        waiting = connection.execute(
            text("SELECT id FROM calculations WHERE published_at IS NULL")
        ).scalars()
        assert set(waiting) == {one.id for one in quick} != {one.id for one in heavy}


def test_without_rabbitmq_nothing_is_marked_as_published(store_settings, relay_engine):
    queue(relay_engine, 1)
    with pytest.raises(BrokerUnavailable):
        Relay(store_settings, relay_engine, autocommit(relay_engine)).publish_batch(Lane.QUICK)
    assert unpublished(relay_engine) == 1


def test_the_publisher_connects_again_after_it_was_cut_off(settings, rabbitmq, channel):
    publisher = Publisher(settings.amqp_urls)
    assert publisher.publish([(Lane.QUICK, b"one")]) == [0]
    publisher.close()
    assert publisher.publish([(Lane.QUICK, b"two"), (Lane.HEAVY, b"three")]) == [0, 1]
    publisher.close()
    bodies = [channel.basic_get(queue_name(Lane.QUICK), auto_ack=True)[2] for _ in range(2)]
    assert bodies == [b"one", b"two"]


@pytest.fixture
def impatient(database_url, broker_url):
    return load_settings(
        {"database_url": database_url, "broker_url": broker_url, "lost_message_seconds": 0.1}
    )


def end_all(engine):
    """Have PostgreSQL end the relay's connections."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'test relay'"
            )
        )


def test_a_connection_that_was_cut_off_is_an_error_that_the_relay_expects(
    settings, engine, relay_engine, channel
):
    relay = Relay(settings, relay_engine, autocommit(relay_engine))
    queue(engine, 1)
    assert relay.publish_batch(Lane.QUICK) == 1
    queue(engine, 2)
    end_all(engine)
    with pytest.raises(DBAPIError):
        relay.publish_batch(Lane.QUICK)
    assert relay.publish_batch(Lane.QUICK) == 1
    assert {work.arguments["n"] for work in take(channel)} == {1, 2}


def test_a_connection_that_is_cut_off_while_rows_are_taken_returns_them(
    settings, engine, relay_engine, monkeypatch
):
    relay = Relay(settings, relay_engine, autocommit(relay_engine))
    queue(engine, 1)

    def refuse(messages):
        end_all(engine)
        return []

    monkeypatch.setattr(relay._publisher, "publish", refuse)
    with pytest.raises(DBAPIError):
        relay.publish_batch(Lane.QUICK)
    assert unpublished(engine) == 1


def test_a_purged_message_is_published_again(impatient, relay_engine, channel):
    relay, rescue = (
        Relay(impatient, relay_engine, autocommit(relay_engine)),
        Rescue(relay_engine, impatient),
    )
    (calculation,) = queue(relay_engine, 1)
    relay.publish_batch(Lane.QUICK)
    channel.queue_purge(queue_name(Lane.QUICK))
    eventually(lambda: rescue.look() == 1)
    relay.publish_batch(Lane.QUICK)
    assert [work.calculation_id for work in take(channel)] == [calculation.id]


def test_a_message_that_waits_is_not_published_twice(impatient, relay_engine, channel):
    relay, rescue = (
        Relay(impatient, relay_engine, autocommit(relay_engine)),
        Rescue(relay_engine, impatient),
    )
    queue(relay_engine, 1)
    relay.publish_batch(Lane.QUICK)
    with relay_engine.begin() as connection:
        connection.execute(text("UPDATE calculations SET published_at = now() - interval '1 day'"))
    assert rescue.look() == 0
    assert len(take(channel)) == 1


def test_an_expired_lease_goes_back_to_the_outbox(impatient, relay_engine):
    relay, rescue = (
        Relay(impatient, relay_engine, autocommit(relay_engine)),
        Rescue(relay_engine, impatient),
    )
    (calculation,) = queue(relay_engine, 1, lane=Lane.HEAVY)
    relay.publish_batch(Lane.HEAVY)
    with relay_engine.begin() as connection:
        leases.claim_calculation(
            connection, calculation.id, worker_id=calculation.id, lease_seconds=0
        )
    assert rescue.look() == 1
    with relay_engine.begin() as connection:
        statuses = calculations.find_statuses(connection, [calculation.id])
    assert statuses == {calculation.id: "queued"}
