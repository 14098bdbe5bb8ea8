"""A lane's queues in RabbitMQ: declaring them, and counting what waits in them.

All of this runs in pika's thread.
"""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pika
import pika.channel

from shared.broker_problems import describe_error
from shared.calculation import Lane
from shared.errors import BrokerUnavailable
from shared.messages import (
    dead_letter_queue_arguments,
    dead_letter_queue_name,
    queue_arguments,
    queue_name,
)

_NOT_FOUND = 404
_PRECONDITION_FAILED = 406


def declare_queues(
    channel: pika.channel.Channel, lane: Lane, on_declared: Callable[[], None]
) -> None:
    """Declare a lane's queue and the one for its dead letters, then call `on_declared`."""

    def declare_queue(_: Any) -> None:
        if channel.is_open:  # otherwise the connection is being closed
            channel.queue_declare(
                queue_name(lane),
                durable=True,
                arguments=queue_arguments(lane),
                callback=finish,
            )

    def finish(_: Any) -> None:
        if channel.is_open:
            on_declared()

    channel.queue_declare(
        dead_letter_queue_name(lane),
        durable=True,
        arguments=dead_letter_queue_arguments(),
        callback=declare_queue,
    )


def count_ready_messages(
    connection: pika.SelectConnection,
    node: pika.URLParameters,
    lane: Lane,
    count: Future[int],
    on_wrong_queue: Callable[[pika.channel.Channel, Exception], None],
) -> None:
    """Count the messages that wait in a lane's queue; `count` gets it, or BrokerUnavailable.

    This is a passive declaration, on a channel of its own: RabbitMQ closes the channel if there is
    no such queue, and the count is 0. A queue that exists is then declared with our arguments:
    somebody may have replaced it by one that takes messages but has no consumers. In that case
    `on_wrong_queue` is called.
    """

    def on_open(channel: pika.channel.Channel) -> None:
        channel.queue_declare(
            queue_name(lane), passive=True, callback=lambda frame: on_exists(channel, frame)
        )

    def on_exists(channel: pika.channel.Channel, frame: Any) -> None:
        if not channel.is_open:
            return  # the connection is being closed; `on_closed` follows
        channel.queue_declare(
            queue_name(lane),
            durable=True,
            arguments=queue_arguments(lane),
            callback=lambda _: on_declared(channel, frame.method.message_count),
        )

    def on_declared(channel: pika.channel.Channel, message_count: int) -> None:
        count.set_result(message_count)
        if channel.is_open:
            channel.close()

    def on_closed(channel: pika.channel.Channel, reason: Exception) -> None:
        if count.done():
            return
        code = getattr(reason, "reply_code", None)
        if code == _NOT_FOUND:
            count.set_result(0)
            return
        count.set_exception(BrokerUnavailable(describe_error(reason, node)))
        if code == _PRECONDITION_FAILED:
            on_wrong_queue(channel, reason)

    connection.channel(on_open_callback=on_open).add_on_close_callback(on_closed)


def count_dead_letters(
    connection: pika.SelectConnection, node: pika.URLParameters, lane: Lane, count: Future[int]
) -> None:
    """Count the messages of a lane that were refused; `count` gets it, or BrokerUnavailable.

    On a channel of its own, which RabbitMQ closes if there is no such queue: then it is 0.
    """

    def on_open(channel: pika.channel.Channel) -> None:
        channel.queue_declare(
            dead_letter_queue_name(lane),
            passive=True,
            callback=lambda frame: on_counted(channel, frame),
        )

    def on_counted(channel: pika.channel.Channel, frame: Any) -> None:
        count.set_result(frame.method.message_count)
        if channel.is_open:
            channel.close()

    def on_closed(_: pika.channel.Channel, reason: Exception) -> None:
        if count.done():
            return
        if getattr(reason, "reply_code", None) == _NOT_FOUND:
            count.set_result(0)
        else:
            count.set_exception(BrokerUnavailable(describe_error(reason, node)))

    connection.channel(on_open_callback=on_open).add_on_close_callback(on_closed)
