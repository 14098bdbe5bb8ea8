"""`reckoner redrive`: look at the messages that workers refused, and put them back.

What is in a dead-letter queue is never the only trace of a calculation, since PostgreSQL has the
row and the relay publishes it again. So this is for finding out what was refused, and for giving
it another chance once the cause is mended.
"""

import argparse
import json
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pika
import pika.exceptions
from pika.adapters.blocking_connection import BlockingChannel
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPConnectionError, AMQPError, NackError, UnroutableError

from shared.broker_problems import describe_error
from shared.calculation import Lane
from shared.config import Settings
from shared.errors import BrokerUnavailable
from shared.messages import dead_letter_queue_name, queue_arguments, queue_name

_SHOWN_CHARACTERS = 300

#: How long to wait for an alarm of RabbitMQ's to end.
_BLOCKED_SECONDS = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command line may hold."""
    parser.add_argument("lane", choices=list(Lane), nargs="?", help="only this lane")
    parser.add_argument("--show", action="store_true", help="show them and leave them there")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Show dead letters or put them back; return the exit status.

    Raises BrokerUnavailable. What was not put back by then is in its dead-letter queue still.
    """
    lanes = [Lane(arguments.lane)] if arguments.lane else list(Lane)
    nodes = [pika.URLParameters(url) for url in settings.amqp_urls]
    random.shuffle(nodes)
    for node in nodes:
        node.blocked_connection_timeout = _BLOCKED_SECONDS
    with _in_words(nodes):
        try:
            connection = pika.BlockingConnection(nodes)
        except (OSError, AMQPConnectorException) as error:
            # A name that is not known, or a RabbitMQ that says nothing. Both are no AMQPError.
            raise AMQPConnectionError(error) from error
        try:
            for lane in lanes:
                channel = connection.channel()
                channel.confirm_delivery()
                count = _show(channel, lane) if arguments.show else _put_back(channel, lane)
                done = "in" if arguments.show else "put back from"
                sys.stdout.write(f"{count} message(s) {done} {dead_letter_queue_name(lane)}\n")
        finally:
            if connection.is_open:
                connection.close()
    return 0


@contextmanager
def _in_words(nodes: Sequence[pika.URLParameters]) -> Iterator[None]:
    try:
        yield
    except NackError:
        raise BrokerUnavailable(
            "RabbitMQ refused a message, as the queue may be full. "
            "Have workers empty it, and run this again; what is left is where it was."
        ) from None
    except UnroutableError:
        raise BrokerUnavailable(
            "The queue was deleted meanwhile. Run this again; what is left is where it was."
        ) from None
    except AMQPError as error:
        # pika tries the nodes in this order, and tells of the last one only.
        raise BrokerUnavailable(describe_error(error, nodes[-1])) from error


def _letters(channel: BlockingChannel, lane: Lane) -> Iterator[tuple[int, Any, bytes]]:
    """Yield what is in the lane's dead-letter queue now: delivery tag, headers, body."""
    name = dead_letter_queue_name(lane)
    try:
        count = channel.queue_declare(name, passive=True).method.message_count
    except pika.exceptions.ChannelClosedByBroker:
        return  # no worker or relay has made it yet, so nothing was refused
    for _ in range(count):
        method, properties, body = channel.basic_get(name)
        if method is None or properties is None or body is None:
            return
        yield method.delivery_tag, properties.headers or {}, body


def _show(channel: BlockingChannel, lane: Lane) -> int:
    count = 0
    for _, headers, body in _letters(channel, lane):
        count += 1
        deaths = headers.get("x-death") or [{}]
        line = {
            "lane": lane,
            "reason": deaths[0].get("reason"),
            "since": str(deaths[0].get("time")),
            "body": body[:_SHOWN_CHARACTERS].decode("utf-8", "replace"),
        }
        sys.stdout.write(json.dumps(line) + "\n")
    if channel.is_open:
        channel.close()  # unacknowledged, all of them return to their queue
    return count


def _put_back(channel: BlockingChannel, lane: Lane) -> int:
    count = 0
    # It may have been deleted; a message that has no queue could not be put back.
    channel.queue_declare(queue_name(lane), durable=True, arguments=queue_arguments(lane))
    for tag, _, body in _letters(channel, lane):
        channel.basic_publish(
            "",
            queue_name(lane),
            body,
            pika.BasicProperties(delivery_mode=2),  # type: ignore[no-untyped-call]
            mandatory=True,
        )
        channel.basic_ack(tag)  # only once the copy is confirmed
        count += 1
    return count
