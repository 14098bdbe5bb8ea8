"""The relay puts dead letters back where a gateway asks for it, and loses none."""

from contextlib import contextmanager
from unittest.mock import create_autospec

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import ChannelClosedByBroker
from sqlalchemy import text

from gateway.relay.redrives import Redrives
from shared.calculation import Lane
from shared.dead_letters import read_dead_letters
from shared.errors import BrokerUnavailable
from shared.messages import dead_letter_queue_name, queue_name
from shared.store.notifications import notify_redrives
from shared.store.redrives import (
    claim_redrive,
    list_redrives,
    prune_redrives,
    request_redrive,
)
from tests.engines import autocommit
from tests.eventually import eventually
from tests.integration.outbox import make_relay, running
from tests.integration.queue_limits import queue_limit
from tests.integration.queues import count_messages, declare_queues


@pytest.fixture
def dead(settings, channel):
    """Publish dead letters of a lane, and count messages in queues."""
    declare_queues(settings)
    channel.confirm_delivery()

    def publish(lane, *bodies):
        for body in bodies:
            channel.basic_publish("", dead_letter_queue_name(lane), body)

    return publish


def request(engine, lane=None):
    with engine.begin() as connection:
        notify_redrives(connection)
        return request_redrive(connection, lane, "ada")


def newest(engine):
    with engine.begin() as connection:
        return list_redrives(connection, 1)[0]


@contextmanager
def silent(engine):
    with engine.begin() as connection:
        connection.execute(text("UPDATE redrives SET seen_at = now() - interval '2 minutes'"))
    yield


def test_a_request_is_carried_out_and_says_how_many(engine, settings, channel, dead):
    dead(Lane.QUICK, b"one", b"two")
    dead(Lane.HEAVY, b"three")
    moved = []
    request(engine, Lane.QUICK)
    Redrives(autocommit(engine), settings, lambda: moved.append(True)).run()
    done = newest(engine)
    assert (done.lane, done.moved, done.fault, done.requested_by) == ("quick", 2, None, "ada")
    assert done.finished_at is not None
    assert moved == [True]
    assert count_messages(channel, dead_letter_queue_name(Lane.HEAVY)) == 1
    bodies = [channel.basic_get(queue_name(Lane.QUICK), auto_ack=True)[2] for _ in range(2)]
    assert bodies == [b"one", b"two"]
    request(engine)
    Redrives(autocommit(engine), settings).run()
    assert newest(engine).moved == 1


def test_what_a_queue_refuses_stays_a_dead_letter_and_the_request_says_why(
    engine, settings, channel, dead, rabbitmq, broker_url
):
    dead(Lane.HEAVY, b"one")
    with queue_limit(rabbitmq, broker_url, Lane.HEAVY):

        def is_full():
            try:
                channel.basic_publish("", queue_name(Lane.HEAVY), b"in the way")
            except pika.exceptions.NackError:
                return True
            return False

        eventually(is_full)
        request(engine, Lane.HEAVY)
        Redrives(autocommit(engine), settings).run()
        done = newest(engine)
        assert done.moved == 0
        assert "refused a message" in done.fault
        eventually(lambda: count_messages(channel, dead_letter_queue_name(Lane.HEAVY)) == 1)


def test_a_relay_that_ends_meanwhile_loses_none_and_another_goes_on(
    engine, settings, channel, dead, monkeypatch
):
    dead(Lane.QUICK, b"one", b"two", b"three")
    request(engine, Lane.QUICK)
    publish = BlockingChannel.basic_publish
    published: list[object] = []

    def publish_once(channel, *arguments, **options):
        if published:
            raise OSError("no power")
        published.append(arguments)
        publish(channel, *arguments, **options)

    monkeypatch.setattr(BlockingChannel, "basic_publish", publish_once)
    with pytest.raises(OSError, match="power"):
        Redrives(autocommit(engine), settings).run()
    monkeypatch.undo()
    eventually(lambda: count_messages(channel, dead_letter_queue_name(Lane.QUICK)) == 2)
    Redrives(autocommit(engine), settings).run()
    assert newest(engine).finished_at is None  # the other may still be at work
    with silent(engine):
        Redrives(autocommit(engine), settings).run()
    assert newest(engine).finished_at is not None
    assert count_messages(channel, queue_name(Lane.QUICK)) == 3


def test_a_relay_that_is_told_to_stop_leaves_the_rest_to_the_next_at_once(
    engine, settings, channel, dead, monkeypatch
):
    dead(Lane.QUICK, b"one", b"two")
    dead(Lane.HEAVY, b"three")
    request(engine)
    stopped = Redrives(autocommit(engine), settings)
    publish = BlockingChannel.basic_publish

    def publish_and_stop(channel, *arguments, **options):
        publish(channel, *arguments, **options)
        stopped.stop()

    monkeypatch.setattr(BlockingChannel, "basic_publish", publish_and_stop)
    stopped.run()
    monkeypatch.undo()
    left = newest(engine)
    assert (left.moved, left.seen_at, left.finished_at, left.fault) == (2, None, None, None)
    eventually(lambda: count_messages(channel, dead_letter_queue_name(Lane.QUICK)) == 1)
    Redrives(autocommit(engine), settings).run()
    assert (newest(engine).moved, newest(engine).fault) == (3, None)
    assert newest(engine).finished_at is not None


def test_dead_letters_that_may_not_be_read_are_no_success():
    channel = create_autospec(BlockingChannel, instance=True)
    channel.queue_declare.side_effect = ChannelClosedByBroker(403, "ACCESS_REFUSED")
    with pytest.raises(ChannelClosedByBroker):
        list(read_dead_letters(channel, Lane.QUICK))
    channel.queue_declare.side_effect = ChannelClosedByBroker(404, "NOT_FOUND")
    assert list(read_dead_letters(channel, Lane.QUICK)) == []


def test_a_rabbitmq_that_is_away_is_said(engine, settings, monkeypatch):
    monkeypatch.setattr("gateway.relay.redrives.connected_to_broker", _away)
    request(engine)
    Redrives(autocommit(engine), settings).run()
    assert newest(engine).fault == "RabbitMQ cannot be reached."


@contextmanager
def _away(_urls):
    raise BrokerUnavailable("RabbitMQ cannot be reached.")
    yield


def test_one_relay_takes_a_request_at_a_time(engine):
    request(engine, Lane.QUICK)
    with engine.connect() as one, engine.connect() as other:
        assert claim_redrive(one) is not None
        assert claim_redrive(other) is None  # locked
        one.commit()
        assert claim_redrive(other) is None  # and taken


def test_equal_requests_are_one_until_it_is_finished(engine, settings, dead):
    first = request(engine, Lane.QUICK)
    assert request(engine, Lane.QUICK) == first
    assert request(engine) != first
    Redrives(autocommit(engine), settings).run()
    assert request(engine, Lane.QUICK) != first


def test_requests_that_are_done_are_pruned_but_for_the_newest(engine, settings, dead):
    for _ in range(3):
        request(engine)
        Redrives(autocommit(engine), settings).run()
    waiting = request(engine)
    with engine.begin() as connection:
        prune_redrives(connection, 1)
        left = list_redrives(connection, 9)
    assert len(left) == 2
    assert waiting in {one.id for one in left}


@pytest.mark.slow
def test_a_relay_process_is_woken_by_a_request(engine, settings, relay_engine, channel, dead):
    dead(Lane.QUICK, b"rubbish")
    with running(make_relay(settings, relay_engine)):
        eventually(lambda: has_listener(engine))
        request(engine)
        eventually(lambda: newest(engine).finished_at is not None)
    assert newest(engine).moved == 1
    assert count_messages(channel, dead_letter_queue_name(Lane.QUICK)) == 0


def has_listener(engine):
    with engine.begin() as connection:
        return connection.execute(
            text("SELECT count(*) FROM pg_stat_activity WHERE application_name ~ 'listener'")
        ).scalar_one()
