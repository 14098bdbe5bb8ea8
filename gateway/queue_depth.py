"""How many messages wait in a queue, asked on a connection that is there anyway."""

from concurrent.futures import Future
from typing import Any

import pika
import pika.channel

from gateway.broker_problems import in_words
from shared.errors import BrokerUnavailable

_NOT_FOUND = 404


def ask_depth(
    connection: pika.SelectConnection, node: pika.URLParameters, queue: str, depth: Future[int]
) -> None:
    """Ask by a passive declaration, in pika's thread; `depth` gets it, or BrokerUnavailable.

    It has a channel of its own, as RabbitMQ closes it when there is no such queue; the depth is 0.
    """

    def on_open(channel: pika.channel.Channel) -> None:
        channel.queue_declare(
            queue, passive=True, callback=lambda frame: on_declared(channel, frame)
        )

    def on_declared(channel: pika.channel.Channel, frame: Any) -> None:
        depth.set_result(frame.method.message_count)
        channel.close()

    def on_closed(_channel: Any, reason: BaseException) -> None:
        if depth.done():
            return
        if getattr(reason, "reply_code", None) == _NOT_FOUND:
            depth.set_result(0)
        else:
            depth.set_exception(BrokerUnavailable(in_words(reason, node)))

    connection.channel(on_open_callback=on_open).add_on_close_callback(on_closed)
