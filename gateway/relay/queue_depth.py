"""How many messages wait in a queue, asked on a connection that is there anyway."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pika
import pika.channel

from shared.broker_problems import in_words
from shared.calculation import Lane
from shared.errors import BrokerUnavailable
from shared.messages import queue_arguments, queue_name

_NOT_FOUND = 404
_PRECONDITION_FAILED = 406


def ask_depth(
    connection: pika.SelectConnection,
    node: pika.URLParameters,
    lane: Lane,
    depth: Future[int],
    on_other_queue: Callable[[pika.channel.Channel, Exception], None],
) -> None:
    """Ask by a passive declaration, in pika's thread; `depth` gets it, or BrokerUnavailable.

    It has a channel of its own, as RabbitMQ closes it when there is no such queue; the depth is 0.
    A queue that is there is then declared as ours is: somebody may have put another in its place,
    which takes messages as well, and which no worker consumes. `on_other_queue` is told of it.
    """

    def on_open(channel: pika.channel.Channel) -> None:
        channel.queue_declare(
            queue_name(lane), passive=True, callback=lambda frame: on_there(channel, frame)
        )

    def on_there(channel: pika.channel.Channel, frame: Any) -> None:
        if not channel.is_open:
            return  # the connection is being closed; `on_closed` follows
        channel.queue_declare(
            queue_name(lane),
            durable=True,
            arguments=queue_arguments(lane),
            callback=lambda _: on_ours(channel, frame.method.message_count),
        )

    def on_ours(channel: pika.channel.Channel, count: int) -> None:
        depth.set_result(count)
        if channel.is_open:
            channel.close()

    def on_closed(channel: pika.channel.Channel, reason: Exception) -> None:
        if depth.done():
            return
        code = getattr(reason, "reply_code", None)
        if code == _NOT_FOUND:
            depth.set_result(0)
            return
        depth.set_exception(BrokerUnavailable(in_words(reason, node)))
        if code == _PRECONDITION_FAILED:
            on_other_queue(channel, reason)

    connection.channel(on_open_callback=on_open).add_on_close_callback(on_closed)
