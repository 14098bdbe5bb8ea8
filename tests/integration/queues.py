"""The queues of both lanes in a test's vhost, past the service."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pika

from gateway.relay.publisher import Publisher
from shared.calculation import Lane
from shared.config import Settings


def declare_queues(settings: Settings) -> None:
    """Declare them as a relay does."""
    for lane in Lane:
        publisher = Publisher(settings.amqp_urls, lane)
        publisher.connect()
        publisher.close()


@contextmanager
def open_channel(broker_url: str) -> Iterator[Any]:
    """Open a connection of the test's own, and a channel on it."""
    with closing(pika.BlockingConnection(pika.URLParameters(broker_url))) as connection:
        yield connection.channel()


def count_messages(channel: Any, name: str) -> int:
    """Count what waits in a queue, which exists."""
    return int(channel.queue_declare(name, passive=True).method.message_count)
