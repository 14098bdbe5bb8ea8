"""`reckoner redrive`: show the messages that workers rejected, or put them back.

A dead letter is never the only trace of a calculation: PostgreSQL has its row, and the relay
publishes it again. So this is for finding out what was rejected, and for another try once the
cause is removed.
"""

import json
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
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
from shared.startup import load_settings_or_exit

_SHOWN_CHARACTERS = 300

#: How long to wait for the end of an alarm in RabbitMQ.
_BLOCKED_SECONDS = 10.0


@click.command("redrive")
@click.argument("lane", type=click.Choice([str(lane) for lane in Lane]), required=False)
@click.option("--show", is_flag=True, help="Print the messages as JSON lines and leave them.")
def command(lane: str | None, show: bool) -> None:
    """Put messages that workers rejected back into their queues, or show them.

    The messages of the dead-letter queues go back into the queues that they came from, of LANE or
    of both lanes, so that workers try them again. Workers reject what they do not understand, such
    as a message of a newer version.
    """
    try:
        redrive(load_settings_or_exit(), [Lane(lane)] if lane else list(Lane), is_shown=show)
    except BrokerUnavailable as error:
        click.echo(str(error), err=True)
        sys.exit(1)


def redrive(settings: Settings, lanes: Sequence[Lane], *, is_shown: bool) -> None:
    """Put the lanes' dead letters back, or show them.

    Raises BrokerUnavailable. What was not put back by then is still in its dead-letter queue.
    """
    nodes = [pika.URLParameters(url) for url in settings.amqp_urls]
    random.shuffle(nodes)
    for node in nodes:
        node.blocked_connection_timeout = _BLOCKED_SECONDS
    with _errors_described(nodes):
        try:
            connection = pika.BlockingConnection(nodes)
        except (OSError, AMQPConnectorException) as error:
            # An unknown host, or a RabbitMQ that does not answer: neither is an AMQPError.
            raise AMQPConnectionError(error) from error
        try:
            for lane in lanes:
                channel = connection.channel()
                channel.confirm_delivery()
                count = _show(channel, lane) if is_shown else _put_back(channel, lane)
                done = "in" if is_shown else "put back from"
                # Beside messages, standard output has nothing else.
                click.echo(
                    f"{count} message(s) {done} {dead_letter_queue_name(lane)}", err=is_shown
                )
        finally:
            if connection.is_open:
                connection.close()


@contextmanager
def _errors_described(nodes: Sequence[pika.URLParameters]) -> Iterator[None]:
    """Raise BrokerUnavailable, with what to do about it, for pika's errors."""
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


def _dead_letters(channel: BlockingChannel, lane: Lane) -> Iterator[tuple[int, Any, bytes]]:
    """Yield what is in the lane's dead-letter queue now: delivery tag, headers, body."""
    name = dead_letter_queue_name(lane)
    try:
        count = channel.queue_declare(name, passive=True).method.message_count
    except pika.exceptions.ChannelClosedByBroker:
        return  # no worker or relay has declared it yet, so nothing was rejected
    for _ in range(count):
        method, properties, body = channel.basic_get(name)
        if method is None or properties is None or body is None:
            return
        yield method.delivery_tag, properties.headers or {}, body


def _show(channel: BlockingChannel, lane: Lane) -> int:
    count = 0
    for _, headers, body in _dead_letters(channel, lane):
        count += 1
        rejections = headers.get("x-death") or [{}]
        line = {
            "lane": lane,
            "reason": rejections[0].get("reason"),
            "since": str(rejections[0].get("time")),
            "body": body[:_SHOWN_CHARACTERS].decode("utf-8", "replace"),
        }
        sys.stdout.write(json.dumps(line) + "\n")
    if channel.is_open:
        channel.close()  # none was acknowledged, so all return to their queue
    return count


def _put_back(channel: BlockingChannel, lane: Lane) -> int:
    count = 0
    # The queue may have been deleted, and a message without a queue cannot be put back.
    channel.queue_declare(queue_name(lane), durable=True, arguments=queue_arguments(lane))
    for tag, _, body in _dead_letters(channel, lane):
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
