"""One connection to RabbitMQ for one lane, on pika's event loop in a thread of its own.

pika's blocking channel waits for every single confirm. Here a batch goes out at once and the
confirms are collected. A session that failed is never mended: it ends, and its publisher makes
another one.
"""

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import pika
import pika.channel
import pika.exceptions
import pika.spec

from gateway.relay.confirms import Batch, Receipt
from gateway.relay.queue_depth import ask_depth
from shared.broker_problems import address, alarm, in_words, no_answer, refusal
from shared.calculation import Lane
from shared.errors import BrokerUnavailable
from shared.messages import (
    dead_letter_queue_arguments,
    dead_letter_queue_name,
    queue_arguments,
    queue_name,
)

CONNECT_SECONDS = 10.0

#: Rows are locked until their confirms are there, so not for long.
CONFIRM_SECONDS = 5.0

_HEARTBEAT_SECONDS = 15

#: RabbitMQ says when an alarm is over. A connection that was not told for so long is replaced.
_BLOCKED_SECONDS = 30.0

#: How long a goodbye may take before the connection is dropped without.
_CLOSE_SECONDS = 2.0

#: A name that no queue has. RabbitMQ returns what is published to it, and confirms it: that shows
#: that it would take messages. Of an alarm it tells those alone who publish something.
_NOWHERE = "reckoner.nowhere"

_PERSISTENT = pika.BasicProperties(  # type: ignore[no-untyped-call]
    delivery_mode=2, content_type="application/json"
)

_logger = logging.getLogger(__name__)


class Session:
    """A connection that is being opened, is open, or has ended; `publish` is for one thread."""

    def __init__(self, node: pika.URLParameters, lane: Lane) -> None:
        self._node = node
        self._lane = lane
        self._problem = ""
        self._alarm = ""
        self._is_ready = False
        self._is_ended = False
        self._is_silent = False
        self._is_dropped = False
        #: Set while there is nothing to wait for: it is ready, has an alarm, or is at its end.
        self._settled = threading.Event()
        self._channel: pika.channel.Channel | None = None
        self._batch: Batch | None = None
        self._next_tag = 1
        node.heartbeat = _HEARTBEAT_SECONDS
        node.blocked_connection_timeout = _BLOCKED_SECONDS
        self._connection = pika.SelectConnection(
            node,
            on_open_callback=self._on_connected,
            on_open_error_callback=self._on_closed,
            on_close_callback=self._on_closed,
        )
        self._connection.add_on_connection_blocked_callback(self._on_blocked)
        self._connection.add_on_connection_unblocked_callback(self._on_unblocked)
        self._thread = threading.Thread(target=self._run, name=f"session {lane}", daemon=True)
        self._thread.start()

    @property
    def is_ended(self) -> bool:
        """Whether nothing more can come of it."""
        return self._is_ended

    @property
    def is_held_back(self) -> bool:
        """Whether RabbitMQ has an alarm, and has not yet said that it is over."""
        return bool(self._alarm)

    def wait_ready(self) -> None:
        """Return once messages can be published. Raises BrokerUnavailable."""
        is_settled = self._settled.wait(CONNECT_SECONDS)
        if not self._is_ready or self._alarm:
            fallback = "It has ended." if is_settled else no_answer(self._node, CONNECT_SECONDS)
            raise BrokerUnavailable(self._alarm or self._problem or fallback)

    def publish(self, bodies: Sequence[bytes]) -> Receipt:
        """Send messages to the lane's queue and wait for their confirms.

        Those that are not confirmed may have arrived nevertheless.
        """
        return self._publish(Batch(queue_name(self._lane), bodies))

    def probe(self) -> Receipt:
        """Find out whether RabbitMQ takes messages, without leaving one there."""
        return self._publish(Batch(_NOWHERE, [b""]))

    def ready_messages(self) -> int:
        """Return how many messages wait in the lane's queue; none if it was deleted.

        From any thread. Raises BrokerUnavailable.
        """
        depth: Future[int] = Future()
        self._connection.ioloop.add_callback_threadsafe(lambda: self._ask_depth(depth))
        try:
            return depth.result(CONFIRM_SECONDS)
        except TimeoutError:
            raise BrokerUnavailable(no_answer(self._node, CONFIRM_SECONDS)) from None

    def close(self) -> None:
        """End the connection and wait for its thread; without a goodbye if none can be expected."""
        is_polite = self._is_ready and not self._alarm and not self._is_silent
        for polite in [True, False] if is_polite else [False]:
            self._connection.ioloop.add_callback_threadsafe(
                self._say_goodbye if polite else self._drop
            )
            self._thread.join(_CLOSE_SECONDS)
            if not self._thread.is_alive():
                return

    def _publish(self, batch: Batch) -> Receipt:
        self._batch = batch
        if self._is_ended:
            return Receipt(frozenset(), self._problem)
        self._connection.ioloop.add_callback_threadsafe(lambda: self._send(batch))
        is_answered = batch.done.wait(CONFIRM_SECONDS)
        confirmed = frozenset(batch.confirmed)
        if len(confirmed) == len(batch.bodies):
            return Receipt(confirmed)
        return Receipt(confirmed, self._what_hinders(batch, len(confirmed), is_answered))

    def _what_hinders(self, batch: Batch, confirmed: int, is_answered: bool) -> str:
        if self._alarm or self._problem:
            return self._alarm or self._problem
        if not is_answered:
            self._is_silent = True
            return no_answer(self._node, CONFIRM_SECONDS)
        if batch.is_unroutable:
            return f"{address(self._node)} has no queue {batch.queue} any more."
        count = len(batch.bodies)
        return refusal(self._node, batch.queue, count - confirmed, count)

    # What follows runs in pika's thread.

    def _run(self) -> None:
        try:
            self._connection.ioloop.start()
        except Exception as error:
            if not self._is_dropped:
                _logger.exception("The session's thread failed")
                self._problem = f"{type(error).__name__} in the relay, which is a bug; see its log"
        self._end()
        # Its descriptors would wait for a collection of garbage. That other threads may still call
        # add_callback_threadsafe pika allows for.
        self._connection.ioloop.close()

    def _end(self) -> None:
        self._is_ready = False
        self._is_ended = True
        if self._batch is not None:
            self._batch.done.set()
        self._settled.set()

    def _on_connected(self, connection: pika.SelectConnection) -> None:
        connection.channel(on_open_callback=self._on_channel)

    def _on_channel(self, channel: pika.channel.Channel) -> None:
        self._channel = channel
        channel.add_on_close_callback(self._on_channel_closed)
        channel.add_on_return_callback(self._on_return)
        self._declare(
            channel,
            [
                (dead_letter_queue_name(self._lane), dead_letter_queue_arguments()),
                (queue_name(self._lane), queue_arguments(self._lane)),
            ],
        )

    def _declare(
        self, channel: pika.channel.Channel, left: Sequence[tuple[str, dict[str, Any]]]
    ) -> None:
        if not channel.is_open:
            return  # the connection is being closed
        if not left:
            channel.confirm_delivery(self._on_confirm, callback=lambda _: self._probe_first())
            return
        (name, arguments), rest = left[0], left[1:]
        channel.queue_declare(
            name,
            durable=True,
            arguments=arguments,
            callback=lambda _: self._declare(channel, rest),
        )

    def _probe_first(self) -> None:
        """Before rows are taken for it: a new connection is not told of an alarm."""
        self._batch = Batch(_NOWHERE, [b""])
        self._send(self._batch)

    def _send(self, batch: Batch) -> None:
        channel = self._channel
        if channel is None or not channel.is_open or not batch.bodies:
            batch.done.set()
            return
        for index, body in enumerate(batch.bodies):
            batch.note_sent(self._next_tag, index)
            self._next_tag += 1
            channel.basic_publish("", batch.queue, body, _PERSISTENT, mandatory=True)

    def _on_confirm(self, frame: Any) -> None:
        if self._batch is None:
            return
        self._batch.note_confirm(frame.method)
        if not self._is_ready and self._batch.done.is_set():  # that was the first probe
            self._is_ready = True
            self._settled.set()

    def _on_return(self, _channel: Any, method: pika.spec.Basic.Return, *_: Any) -> None:
        if self._batch is not None and method.routing_key != _NOWHERE:  # a probe has to come back
            self._batch.note_return()

    def _on_blocked(self, _connection: Any, frame: Any) -> None:
        self._alarm = alarm(frame.method.reason, self._node)
        if self._batch is not None:
            self._batch.done.set()
        self._settled.set()

    def _on_unblocked(self, *_: Any) -> None:
        self._alarm = ""
        if not self._is_ready:
            self._settled.clear()

    def _ask_depth(self, depth: Future[int]) -> None:
        if not self._connection.is_open or self._alarm:
            depth.set_exception(BrokerUnavailable(self._alarm or self._problem))
        else:
            ask_depth(self._connection, self._node, self._lane, depth, self._on_channel_closed)

    def _on_channel_closed(self, channel: pika.channel.Channel, reason: Exception) -> None:
        if channel.connection.is_open:  # by the broker, and not with the connection
            self._problem = in_words(reason, self._node)
            self._is_ready = False
            self._settled.set()
            self._say_goodbye()

    def _on_closed(self, connection: pika.SelectConnection, reason: BaseException) -> None:
        self._problem = self._problem or in_words(reason, self._node)
        connection.ioloop.stop()

    def _say_goodbye(self) -> None:
        if self._connection.is_open:
            self._connection.close()

    def _drop(self) -> None:
        connection = self._connection
        self._is_dropped = True
        if connection.is_closed:
            connection.ioloop.stop()
        elif connection.is_open or connection.is_closing:
            # pika has no public way to end a connection whose peer says nothing.
            connection._terminate_stream(pika.exceptions.ConnectionClosedByClient(0, "dropped"))
        else:
            # Still being opened: that ends it at once. If RabbitMQ has said nothing so far, an
            # assertion of pika's own then fails (1.4).
            connection.close()
