"""Publishing to RabbitMQ in batches, with a confirm for each message.

pika's blocking channel waits for every single confirm. Here a batch goes out at once and the
confirms are collected, on pika's event loop in a thread of its own.
"""

import itertools
import logging
import threading
from collections.abc import Sequence
from typing import Any

import pika
import pika.channel
import pika.exceptions
import pika.spec

from shared.calculation import Lane
from shared.errors import BrokerUnavailable
from shared.messages import (
    dead_letter_queue_arguments,
    dead_letter_queue_name,
    queue_arguments,
    queue_name,
)

_CONNECT_SECONDS = 10.0

#: Rows are locked until their confirms are there, so not for long.
_CONFIRM_SECONDS = 5.0
_HEARTBEAT_SECONDS = 15

#: How long a goodbye may take before the connection is dropped without.
_CLOSE_SECONDS = 2.0
_PERSISTENT = pika.BasicProperties(  # type: ignore[no-untyped-call]
    delivery_mode=2, content_type="application/json"
)

_logger = logging.getLogger(__name__)


class _Batch:
    """Messages on their way, by delivery tag, until each is confirmed or refused."""

    def __init__(self, messages: Sequence[tuple[Lane, bytes]]) -> None:
        self.messages = messages
        self.index_of: dict[int, int] = {}
        self.confirmed: set[int] = set()
        self.done = threading.Event()
        self.is_unroutable = False


class Publisher:
    """One connection to RabbitMQ, opened when needed and again after it broke."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._nodes = itertools.cycle([pika.URLParameters(url) for url in urls])
        self._connection: pika.SelectConnection | None = None
        self._channel: pika.channel.Channel | None = None
        self._thread: threading.Thread | None = None
        self._opened = threading.Event()
        self._is_ready = False
        self._closing = ""
        self._batch: _Batch | None = None
        self._next_tag = 1

    def publish(self, messages: Sequence[tuple[Lane, bytes]]) -> list[int]:
        """Send these messages; return the indexes of those that RabbitMQ has confirmed.

        Raises BrokerUnavailable; some may have arrived nevertheless.
        """
        self.open()
        connection = self._connection
        if connection is None:
            raise BrokerUnavailable(self._closing)
        batch = _Batch(messages)
        connection.ioloop.add_callback_threadsafe(lambda: self._send(batch))
        is_answered = batch.done.wait(_CONFIRM_SECONDS)
        confirmed = sorted(batch.confirmed)
        if batch.is_unroutable or not is_answered:
            self.close()  # the next connection declares the queues again
        if len(confirmed) < len(messages) and not confirmed:
            silence = f"no confirm within {_CONFIRM_SECONDS:g} s"
            raise BrokerUnavailable(self._closing if is_answered else silence)
        return confirmed

    def close(self) -> None:
        """Close the connection and wait for its thread."""
        connection, thread = self._connection, self._thread
        if connection is None or thread is None:
            return
        self._is_ready = False
        self._connection = self._thread = None
        connection.ioloop.add_callback_threadsafe(lambda: _shut(connection))
        thread.join(_CLOSE_SECONDS)
        if thread.is_alive():  # a broker that does not say goodbye
            connection.ioloop.add_callback_threadsafe(connection.ioloop.stop)
            thread.join(_CLOSE_SECONDS)

    def open(self) -> None:
        """Connect and declare the queues, if that is not so already. Raises BrokerUnavailable."""
        if self._is_ready:
            return
        self.close()
        self._opened.clear()
        node = next(self._nodes)
        node.heartbeat = _HEARTBEAT_SECONDS
        node.blocked_connection_timeout = _CONNECT_SECONDS
        self._connection = pika.SelectConnection(
            node,
            on_open_callback=self._on_connected,
            on_open_error_callback=self._on_closed,
            on_close_callback=self._on_closed,
        )
        self._thread = threading.Thread(
            target=self._connection.ioloop.start, name="publisher", daemon=True
        )
        self._thread.start()
        self._opened.wait(_CONNECT_SECONDS)
        if not self._is_ready:
            self.close()
            raise BrokerUnavailable(self._closing or f"no answer from {node.host}:{node.port}")

    # What follows runs in pika's thread.

    def _on_connected(self, connection: pika.SelectConnection) -> None:
        connection.channel(on_open_callback=self._on_channel)

    def _on_channel(self, channel: pika.channel.Channel) -> None:
        self._channel = channel
        self._next_tag = 1
        channel.add_on_close_callback(self._on_channel_closed)
        channel.add_on_return_callback(self._on_return)
        declarations: list[tuple[str, dict[str, Any]]] = []
        for lane in Lane:
            declarations.append((dead_letter_queue_name(lane), dead_letter_queue_arguments()))
            declarations.append((queue_name(lane), queue_arguments(lane)))
        self._declare(channel, declarations)

    def _declare(
        self, channel: pika.channel.Channel, left: Sequence[tuple[str, dict[str, Any]]]
    ) -> None:
        if not left:
            channel.confirm_delivery(self._on_confirm, callback=lambda _: self._on_ready())
            return
        (name, arguments), rest = left[0], left[1:]
        channel.queue_declare(
            name,
            durable=True,
            arguments=arguments,
            callback=lambda _: self._declare(channel, rest),
        )

    def _on_ready(self) -> None:
        self._closing = ""
        self._is_ready = True
        self._opened.set()

    def _send(self, batch: _Batch) -> None:
        self._batch = batch
        channel = self._channel
        if not self._is_ready or channel is None or not batch.messages:
            batch.done.set()
            return
        for index, (lane, body) in enumerate(batch.messages):
            batch.index_of[self._next_tag] = index
            self._next_tag += 1
            channel.basic_publish("", queue_name(lane), body, _PERSISTENT, mandatory=True)

    def _on_confirm(self, frame: Any) -> None:
        batch = self._batch
        if batch is None:
            return
        is_ack = isinstance(frame.method, pika.spec.Basic.Ack)
        last = frame.method.delivery_tag
        tags = [tag for tag in batch.index_of if tag <= last] if frame.method.multiple else [last]
        for tag in tags:
            index = batch.index_of.pop(tag, None)
            if index is not None and is_ack:
                batch.confirmed.add(index)
        if not batch.index_of:
            if batch.is_unroutable:
                batch.confirmed.clear()
            batch.done.set()

    def _on_return(self, *_: Any) -> None:
        # RabbitMQ returns a message without a queue and then confirms it all the same. Which one
        # it was does not matter: what is published twice is computed once.
        if self._batch is not None:
            self._batch.is_unroutable = True

    def _on_channel_closed(self, channel: pika.channel.Channel, reason: Exception) -> None:
        if self._connection is not None and channel.connection.is_open:
            self._closing = str(reason)
            self._is_ready = False
            channel.connection.close()

    def _on_closed(self, connection: Any, reason: Any) -> None:
        connection.ioloop.stop()
        if connection is not self._connection:
            return  # one that was given up before
        self._is_ready = False
        self._closing = self._closing or str(reason) or type(reason).__name__
        if self._batch is not None:
            self._batch.done.set()
        self._opened.set()


def _shut(connection: pika.SelectConnection) -> None:
    if connection.is_open:
        connection.close()
    elif connection.is_closed:
        connection.ioloop.stop()
