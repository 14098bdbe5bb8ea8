"""A queue that takes nothing holds up its own lane alone, and is used again as soon as it does."""

import dataclasses
import itertools
from pathlib import Path

import pytest
from pika.adapters.blocking_connection import BlockingConnection
from pika.exceptions import ChannelClosedByBroker

from gateway.relay import connection as broker_connection
from gateway.relay.publisher import Publisher
from shared.calculation import Lane
from shared.messages import queue_name
from tests.eventually import eventually
from tests.faults.links import Links
from tests.integration.outbox import (
    add_slots,
    is_healthy,
    make_relay,
    problem,
    queue,
    reports,
    running,
    unpublished,
)
from tests.integration.queue_limits import queue_limit

ROOT = Path(__file__).parents[4]


@pytest.mark.slow
def test_a_full_queue_is_published_to_as_soon_as_it_takes_messages_again(
    settings, relay_engine, rabbitmq, broker_url
):
    numbers = itertools.count()
    add_slots(relay_engine, Lane.HEAVY, 1_000)

    def is_refused():
        queue(relay_engine, next(numbers), lane=Lane.HEAVY)  # a channel learns of the limit late
        return reports(relay_engine, Lane.HEAVY, "refused", "nack")

    with (
        queue_limit(rabbitmq, broker_url, Lane.HEAVY) as lift,
        running(make_relay(settings, relay_engine)),
    ):
        eventually(is_refused)
        assert unpublished(relay_engine, Lane.HEAVY) > 0
        queue(relay_engine, 1)
        eventually(lambda: unpublished(relay_engine, Lane.QUICK) == 0)
        lift()
        eventually(lambda: unpublished(relay_engine) == 0)
        eventually(lambda: is_healthy(relay_engine))


@pytest.mark.slow
def test_a_lane_without_confirms_does_not_hold_up_the_other(
    settings, relay_engine, rabbitmq, vhost, monkeypatch
):
    monkeypatch.setattr(broker_connection, "CONFIRM_SECONDS", 20.0)
    with running(make_relay(settings, relay_engine)):
        eventually(lambda: is_healthy(relay_engine))
        on_leader(rabbitmq, vhost, Lane.HEAVY, "suspend")
        try:
            queue(relay_engine, 1, lane=Lane.HEAVY)
            eventually(lambda: in_transaction(relay_engine))
            queue(relay_engine, 1)
            eventually(lambda: unpublished(relay_engine, Lane.QUICK) == 0, within_seconds=10)
            assert unpublished(relay_engine, Lane.HEAVY) == 1
        finally:
            on_leader(rabbitmq, vhost, Lane.HEAVY, "resume")
        eventually(lambda: unpublished(relay_engine) == 0)


def on_leader(rabbitmq, vhost, lane, action):
    """Suspend the process that leads a lane's queue, or resume it."""
    rabbitmq.control(
        "eval",
        f'{{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"{vhost}">>, queue,'
        f' <<"{queue_name(lane)}">>)), {{Name, _}} = amqqueue:get_pid(Q), sys:{action}(Name).',
    )


def in_transaction(engine):
    """Return whether a relay holds rows and waits for confirms."""
    with engine.begin() as connection:
        return connection.exec_driver_sql(
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
            " AND datname = current_database()"
        ).scalar_one()


@pytest.mark.slow
def test_a_connection_that_confirms_nothing_gives_way_to_another_node(
    broker_url, rabbitmq, monkeypatch
):
    links = Links()
    try:
        silent = links.make(rabbitmq.port)
        nodes = [broker_url.replace(f":{rabbitmq.port}", f":{silent.port}"), broker_url]
        monkeypatch.setattr("gateway.relay.publisher.random.sample", lambda nodes, _: nodes)
        publisher = Publisher(nodes, Lane.QUICK)
        assert publisher.publish([b"one"]).problem is None
        assert silent.freeze() == 1
        with monkeypatch.context() as patch:
            patch.setattr(broker_connection, "CONFIRM_SECONDS", 0.5)
            receipt = publisher.publish([b"two"])
        assert receipt.confirmed == frozenset()
        assert "did not answer" in (receipt.problem or "")
        assert publisher.publish([b"two"]).confirmed == {0}
        assert silent.freeze() == 1  # no further one: that was the other node
        publisher.close()
    finally:
        links.close()


def test_a_queue_of_another_type_stops_its_own_lane_only(settings, relay_engine, channel):
    channel.queue_declare(queue_name(Lane.HEAVY), durable=True)
    queue(relay_engine, 1)
    queue(relay_engine, 1, lane=Lane.HEAVY)
    with running(make_relay(settings, relay_engine)):
        eventually(lambda: unpublished(relay_engine, Lane.QUICK) == 0)
        eventually(lambda: reports(relay_engine, Lane.HEAVY, "another type", "PRECONDITION_FAILED"))
        eventually(lambda: problem(relay_engine, Lane.QUICK) == "")
        channel.queue_delete(queue_name(Lane.HEAVY))
        eventually(lambda: unpublished(relay_engine) == 0)


def is_replaced(connection: BlockingConnection, lane: Lane) -> bool:
    """Put a queue of another type in the place of the lane's, unless the relay is faster."""
    channel = connection.channel()
    channel.queue_delete(queue_name(lane))
    try:
        channel.queue_declare(queue_name(lane), durable=True)
    except ChannelClosedByBroker:  # it has made its own again between the two
        return False
    channel.close()
    return True


def ready_messages(connection: BlockingConnection, lane: Lane) -> int:
    """Count what waits in the lane's queue; 0 while there is none."""
    channel = connection.channel()
    try:
        return int(channel.queue_declare(queue_name(lane), passive=True).method.message_count)
    except ChannelClosedByBroker:
        return 0
    finally:
        if channel.is_open:
            channel.close()


@pytest.mark.slow
def test_a_queue_replaced_by_another_type_is_noticed_by_a_relay_that_is_connected(
    settings, relay_engine, channel
):
    hurried = dataclasses.replace(settings, rescue_seconds=0.1, lost_message_seconds=1.0)
    with running(make_relay(hurried, relay_engine)):
        queue(relay_engine, 1)
        eventually(lambda: unpublished(relay_engine) == 0)
        eventually(lambda: is_replaced(channel.connection, Lane.QUICK))
        queue(relay_engine, 2)  # which RabbitMQ takes, and confirms
        eventually(lambda: reports(relay_engine, Lane.QUICK, "another type", "PRECONDITION_FAILED"))
        channel.queue_delete(queue_name(Lane.QUICK))
        eventually(
            lambda: (
                problem(relay_engine, Lane.QUICK) == ""
                and ready_messages(channel.connection, Lane.QUICK)
            )
        )
