"""`reckoner redrive`."""

import argparse
import json

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import NackError

from gateway import redrive
from gateway.publisher import Publisher
from shared.calculation import Lane
from shared.errors import BrokerUnavailable
from shared.messages import dead_letter_queue_name, queue_name
from tests.eventually import eventually
from tests.integration.test_publisher import queue_limit


@pytest.fixture
def channel(settings, broker_url):
    for lane in Lane:
        publisher = Publisher(settings.amqp_urls, lane)
        publisher.open()  # declares the queues
        publisher.close()
    connection = pika.BlockingConnection(pika.URLParameters(broker_url))
    channel = connection.channel()
    channel.confirm_delivery()
    yield channel
    connection.close()


def run(settings, *, show, lane=None):
    return redrive.run(settings, argparse.Namespace(lane=lane, show=show))


def count(channel, name):
    return channel.queue_declare(name, passive=True).method.message_count


def test_refused_messages_are_shown_and_stay(settings, channel, capsys):
    channel.basic_publish("", dead_letter_queue_name(Lane.QUICK), b"rubbish \xff")
    for _ in range(2):
        assert run(settings, show=True) == 0
        shown = capsys.readouterr().out.splitlines()
        assert json.loads(shown[0])["body"] == "rubbish \ufffd"
        assert "1 message(s) in reckoner.quick.dead" in shown


def test_refused_messages_are_put_back(settings, channel):
    for body in (b"one", b"two"):
        channel.basic_publish("", dead_letter_queue_name(Lane.HEAVY), body)
    assert run(settings, show=False, lane="heavy") == 0
    assert count(channel, dead_letter_queue_name(Lane.HEAVY)) == 0
    bodies = [channel.basic_get(queue_name(Lane.HEAVY), auto_ack=True)[2] for _ in range(2)]
    assert bodies == [b"one", b"two"]


def test_what_a_queue_refuses_stays_a_dead_letter(settings, channel, rabbitmq, broker_url):
    bodies = [b"one", b"two", b"three"]
    for body in bodies:
        channel.basic_publish("", dead_letter_queue_name(Lane.HEAVY), body)
    with queue_limit(rabbitmq, broker_url, Lane.HEAVY) as lift:

        def is_full():
            try:
                channel.basic_publish("", queue_name(Lane.HEAVY), b"in the way")
            except NackError:
                return True
            return False

        eventually(is_full)
        before = count(channel, queue_name(Lane.HEAVY))
        with pytest.raises((NackError, BrokerUnavailable)):
            run(settings, show=False)
        eventually(lambda: count(channel, dead_letter_queue_name(Lane.HEAVY)) == len(bodies))
        assert count(channel, queue_name(Lane.HEAVY)) == before
        lift()
    channel.queue_purge(queue_name(Lane.HEAVY))
    eventually(lambda: is_put_back(settings))
    assert count(channel, dead_letter_queue_name(Lane.HEAVY)) == 0
    found = [channel.basic_get(queue_name(Lane.HEAVY), auto_ack=True)[2] for _ in bodies]
    assert found == bodies


def is_put_back(settings):
    try:
        return run(settings, show=False) == 0
    except (NackError, BrokerUnavailable):  # the end of a limit is heard of late
        return False


def test_no_dead_letter_goes_before_its_copy_is_confirmed(settings, channel, monkeypatch):
    for body in (b"one", b"two"):
        channel.basic_publish("", dead_letter_queue_name(Lane.QUICK), body)
    monkeypatch.setattr(BlockingChannel, "basic_publish", not_twice(BlockingChannel.basic_publish))
    with pytest.raises(OSError, match="power"):
        run(settings, show=False, lane="quick")
    monkeypatch.undo()
    eventually(lambda: count(channel, dead_letter_queue_name(Lane.QUICK)) == 1)
    assert count(channel, queue_name(Lane.QUICK)) == 1  # each is in one of the two


def not_twice(publish):
    """Return what publishes once and then fails as a process does that is ended."""
    published: list[object] = []

    def publish_once(channel, *arguments, **options):
        if published:
            raise OSError("no power")
        published.append(arguments)
        publish(channel, *arguments, **options)

    return publish_once
