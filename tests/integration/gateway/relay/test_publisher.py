"""What RabbitMQ did not confirm is not published, and what it did confirm is."""

import gc
import itertools
import json
import logging
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pika
import pytest
from sqlalchemy import text

from gateway.relay import connection as broker_connection
from gateway.relay import queues
from gateway.relay.publisher import Publisher
from shared.calculation import Lane
from shared.errors import BrokerUnavailable
from shared.messages import decode_work, queue_name
from tests.eventually import eventually
from tests.faults.links import Links
from tests.integration.outbox import add_slots, make_relay, queue
from tests.integration.queue_limits import queue_limit


@pytest.fixture
def limited(rabbitmq, broker_url) -> Iterator[Any]:
    """Have the heavy lane's queue refuse what is too much; give what ends that."""
    with queue_limit(rabbitmq, broker_url, Lane.HEAVY) as lift:
        yield lift


def in_queue(channel, lane) -> list[str]:
    """Take all that waits in a lane's queue; return the ids, in order."""
    found: list[str] = []
    while True:
        method, _, body = channel.basic_get(queue_name(lane), auto_ack=True)
        if method is None:
            return found
        works = decode_work(json.loads(body)["kwargs"]["work"])
        found += [str(work.calculation_id) for work in works]


def marked(engine, *, published) -> set[str]:
    with engine.begin() as connection:
        rows = connection.execute(
            text("SELECT id::text FROM calculations WHERE (published_at IS NOT NULL) = :published"),
            {"published": published},
        )
        return set(rows.scalars())


def test_exactly_what_a_full_queue_refused_stays_unpublished(
    settings, relay_engine, channel, limited
):
    lane = make_relay(settings, relay_engine).lanes[Lane.HEAVY]
    refused = 0
    add_slots(relay_engine, Lane.HEAVY, 1_000)
    for turn in range(50):  # a channel learns late that its queue is full
        queue(relay_engine, *range(100 * turn, 100 * turn + 20), lane=Lane.HEAVY)
        try:
            lane.publish_batch()
        except BrokerUnavailable as problem:
            assert "nack" in str(problem)
            refused += 1
        if refused == 2:
            break
    assert refused == 2
    unsent, sent = marked(relay_engine, published=False), marked(relay_engine, published=True)
    assert len(unsent) > 0
    assert set(in_queue(channel, Lane.HEAVY)) == sent
    limited()
    assert eventually(lambda: published_later(lane)) == len(unsent)
    assert set(in_queue(channel, Lane.HEAVY)) == unsent
    lane.publisher.close()


def published_later(lane) -> int:
    """Publish what is due, as the relay tries it again and again."""
    try:
        return int(lane.publish_batch())
    except BrokerUnavailable:
        return 0


@pytest.mark.slow
def test_confirmed_and_refused_messages_of_a_batch_are_told_apart(
    settings, channel, limited, monkeypatch
):
    monkeypatch.setattr(broker_connection, "CONFIRM_SECONDS", 30.0)  # for 2,000 on a busy machine
    with closing(Publisher(settings.amqp_urls, Lane.HEAVY)) as publisher:
        bodies = [b"%d" % number for number in range(2_000)]
        receipt = publisher.publish(bodies)
        assert 0 < len(receipt.confirmed) < len(bodies)
        assert f"refused {len(bodies) - len(receipt.confirmed)} of 2000" in (receipt.problem or "")
        arrived = set()
        while (found := channel.basic_get(queue_name(Lane.HEAVY), auto_ack=True))[0] is not None:
            arrived.add(int(found[2]))
        assert arrived == receipt.confirmed


def test_a_publisher_reconnects_after_its_connection_broke(broker_url, rabbitmq, channel):
    links = Links()
    try:
        link = links.make(rabbitmq.port)
        address = broker_url.replace(f":{rabbitmq.port}", f":{link.port}")
        with closing(Publisher([address], Lane.QUICK)) as publisher:
            assert publisher.publish([b"one"]).confirmed == {0}
            assert link.cut() == 1
            eventually(lambda: publisher.publish([b"two", b"three"]).confirmed == {0, 1})
            assert link.cut() == 1  # there was one connection again
    finally:
        links.close()
    bodies = []
    while (found := channel.basic_get(queue_name(Lane.QUICK), auto_ack=True))[0] is not None:
        bodies.append(found[2])
    assert bodies[0] == b"one"
    assert set(bodies) == {b"one", b"two", b"three"}


def test_a_probe_leaves_nothing_and_needs_no_queue(settings, channel):
    with closing(Publisher(settings.amqp_urls, Lane.QUICK)) as publisher:
        publisher.probe()
        assert publisher.unconfirmed_seconds < 60
        assert publisher.ready_messages() == 0
        channel.queue_delete(queue_name(Lane.QUICK))
        publisher.probe()
        assert publisher.ready_messages() == 0


def test_a_message_without_a_queue_does_not_count_as_published(settings, channel):
    """RabbitMQ confirms what it cannot put anywhere, after it has returned it."""
    with closing(Publisher(settings.amqp_urls, Lane.QUICK)) as publisher:
        publisher.probe()
        channel.queue_delete(queue_name(Lane.QUICK))
        receipt = publisher.publish([b"one"])
    assert receipt.confirmed == frozenset()
    assert "has no queue reckoner.quick any more" in (receipt.problem or "")


@pytest.mark.parametrize("answer", [1, 2])
def test_a_connection_that_is_closed_between_two_answers_ends_without_an_error(
    settings, channel, monkeypatch, caplog, answer
):
    """The first answer says that the queue is there, the second that it is ours."""

    def count_and_close(connection, *arguments):
        answers = itertools.count(1)
        make_channel = connection.channel

        def make(on_open_callback):
            made = make_channel(on_open_callback=on_open_callback)
            made.add_callback(
                lambda _: next(answers) == answer and connection.close(),
                [pika.spec.Queue.DeclareOk],
                one_shot=False,
            )
            return made

        monkeypatch.setattr(connection, "channel", make)
        queues.count_ready_messages(connection, *arguments)

    monkeypatch.setattr(broker_connection, "count_ready_messages", count_and_close)
    with closing(Publisher(settings.amqp_urls, Lane.QUICK)) as publisher:
        publisher.probe()
        connection = publisher._connection
        assert connection is not None
        if answer == 1:
            with pytest.raises(BrokerUnavailable):
                publisher.ready_messages()
        else:
            assert publisher.ready_messages() == 0
        eventually(lambda: connection.is_closed)
    assert [line for line in caplog.records if line.levelno >= logging.ERROR] == []


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_refused_connections_leave_no_file_descriptors(settings, channel):
    """The lane's queue is of another type, so each connection ends where it begins."""
    channel.queue_declare(queue_name(Lane.QUICK), durable=True)
    publisher = Publisher(settings.amqp_urls, Lane.QUICK)
    gc.collect()
    gc.disable()
    try:
        before = open_descriptors()
        for _ in range(20):
            with pytest.raises(BrokerUnavailable, match="another type"):
                publisher.connect()
        assert open_descriptors() <= before + 2
    finally:
        gc.enable()


def test_a_closed_publisher_leaves_no_file_descriptors(settings):
    publisher = Publisher(settings.amqp_urls, Lane.QUICK)
    gc.collect()
    gc.disable()
    try:
        before = open_descriptors()
        for _ in range(10):
            publisher.connect()
            publisher.close()
        assert open_descriptors() <= before + 2
        with pytest.raises(BrokerUnavailable, match="no connection"):
            publisher.ready_messages()
    finally:
        gc.enable()


@pytest.mark.slow
def test_a_rabbitmq_that_does_not_answer_is_not_logged_as_a_bug(monkeypatch, caplog):
    """A frozen one: the kernel takes connections for it."""
    monkeypatch.setattr("gateway.relay.connection.CONNECT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        publisher = Publisher([f"amqp://127.0.0.1:{frozen.getsockname()[1]}/%2F"], Lane.QUICK)
        for _ in range(2):
            with pytest.raises(BrokerUnavailable, match=r"did not answer within 0\.3 s"):
                publisher.connect()
    assert "thread failed" not in caplog.text
