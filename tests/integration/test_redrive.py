"""`reckoner redrive`."""

import argparse
import json

import pika
import pytest

from gateway import redrive
from gateway.publisher import Publisher
from shared.calculation import Lane
from shared.messages import dead_letter_queue_name, queue_name


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
