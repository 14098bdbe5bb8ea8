"""Puts dead letters back into the queues that they came from, each once its copy is confirmed.

A dead letter is a message that a worker rejected. It is never the only trace of a calculation:
PostgreSQL has its row, and the relay publishes it again.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pika
import pika.exceptions
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPConnectionError, AMQPError, NackError, UnroutableError

from shared.broker_problems import describe_error
from shared.calculation import Lane
from shared.errors import BrokerUnavailable
from shared.messages import dead_letter_queue_name, queue_arguments, queue_name

#: How long to wait for the end of an alarm in RabbitMQ.
_BLOCKED_SECONDS = 10.0

_NOT_FOUND = 404


@contextmanager
def connected_to_broker(urls: Sequence[str]) -> Iterator[BlockingConnection]:
    """Yield a connection to one of the nodes, for as long as that is needed.

    Raises BrokerUnavailable, with what to do about it, for all that pika raises within.
    """
    nodes = [pika.URLParameters(url) for url in urls]
    random.shuffle(nodes)
    for node in nodes:
        node.blocked_connection_timeout = _BLOCKED_SECONDS
    with _errors_described(nodes):
        try:
            connection = BlockingConnection(nodes)
        except (OSError, AMQPConnectorException) as error:
            # An unknown host, or a RabbitMQ that does not answer: neither is an AMQPError.
            raise AMQPConnectionError(error) from error
        try:
            yield connection
        finally:
            if connection.is_open:
                connection.close()


@contextmanager
def _errors_described(nodes: Sequence[pika.URLParameters]) -> Iterator[None]:
    try:
        yield
    except NackError:
        raise BrokerUnavailable(
            "RabbitMQ refused a message; the queue may be full. Let workers empty it, and run this "
            "again. What was not put back is still a dead letter."
        ) from None
    except UnroutableError:
        raise BrokerUnavailable(
            "The queue was deleted while this ran. Run it again. "
            "What was not put back is still a dead letter."
        ) from None
    except AMQPError as error:
        # pika tries the nodes in this order, and raises the error of the last one.
        raise BrokerUnavailable(describe_error(error, nodes[-1])) from error


def read_dead_letters(channel: BlockingChannel, lane: Lane) -> Iterator[tuple[int, Any, bytes]]:
    """Yield what is in the lane's dead-letter queue now: delivery tag, headers, body."""
    name = dead_letter_queue_name(lane)
    try:
        count = channel.queue_declare(name, passive=True).method.message_count
    except pika.exceptions.ChannelClosedByBroker as error:
        if error.reply_code != _NOT_FOUND:
            raise
        return  # no worker or relay has declared it yet, so nothing was rejected
    for _ in range(count):
        method, properties, body = channel.basic_get(name)
        if method is None or properties is None or body is None:
            return
        yield method.delivery_tag, properties.headers or {}, body


def put_back(
    connection: BlockingConnection, lane: Lane, on_moved: Callable[[], bool | None] = lambda: None
) -> int:
    """Put the lane's dead letters back into its queue; return how many.

    `on_moved` is called after each, and ends it by returning False.
    """
    channel = connection.channel()
    channel.confirm_delivery()
    count = 0
    # The queue may have been deleted, and a message without a queue cannot be put back.
    channel.queue_declare(queue_name(lane), durable=True, arguments=queue_arguments(lane))
    for tag, _, body in read_dead_letters(channel, lane):
        channel.basic_publish(
            "",
            queue_name(lane),
            body,
            pika.BasicProperties(delivery_mode=2),  # type: ignore[no-untyped-call]
            mandatory=True,
        )
        channel.basic_ack(tag)  # only once the copy is confirmed
        count += 1
        if on_moved() is False:
            break
    return count
