"""One lane's connection to RabbitMQ, on pika's event loop in a thread of its own.

pika's blocking channel waits for each confirm; here a batch is sent at once and the confirms are
collected. A connection that failed is not repaired: it ends, and its publisher makes another one.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import pika
import pika.channel
import pika.exceptions
import pika.spec

from gateway.relay.confirms import Batch, Receipt
from gateway.relay.queues import count_dead_letters, count_ready_messages, declare_queues
from shared.broker_problems import describe_alarm, describe_error, describe_timeout, node_name
from shared.calculation import Lane
from shared.errors import BrokerUnavailable
from shared.messages import queue_name

CONNECT_SECONDS = 10.0

#: Rows are locked while their confirms are awaited, so not for long.
CONFIRM_SECONDS = 5.0

_HEARTBEAT_SECONDS = 15

#: RabbitMQ reports the end of an alarm. A connection without that report is replaced after this.
_BLOCKED_SECONDS = 30.0

#: How long a graceful close may take before the connection is aborted.
_CLOSE_SECONDS = 2.0

#: No queue has this name. RabbitMQ returns what is published to it, and confirms it, which shows
#: that it would take messages. It reports an alarm only to connections that publish.
_PROBE_QUEUE = "reckoner.nowhere"

_PERSISTENT = pika.BasicProperties(  # type: ignore[no-untyped-call]
    delivery_mode=2, content_type="application/json"
)

_logger = logging.getLogger(__name__)


class BrokerConnection:
    """A connection that is opening, ready or closed.

    One thread calls `wait_ready`, `publish`, `probe` and `close`; any may count messages.
    """

    def __init__(self, node: pika.URLParameters, lane: Lane) -> None:
        self._node = node
        self._lane = lane
        self._problem = ""
        self._alarm = ""
        self._is_ready = False
        self._is_closed = False
        self._is_unresponsive = False
        self._is_aborted = False
        #: Set unless it is opening: it is ready, blocked by an alarm, or closed.
        self._opened = threading.Event()
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
        self._thread = threading.Thread(target=self._run, name=f"RabbitMQ, {lane}", daemon=True)
        self._thread.start()

    @property
    def is_closed(self) -> bool:
        """Whether it has ended, and a new one is needed."""
        return self._is_closed

    @property
    def has_alarm(self) -> bool:
        """Whether RabbitMQ has reported an alarm, and not yet its end."""
        return bool(self._alarm)

    def wait_ready(self) -> None:
        """Return once messages can be published. Raises BrokerUnavailable."""
        self._opened.wait(CONNECT_SECONDS)
        if not self._is_ready or self._alarm:
            timeout = describe_timeout(self._node, CONNECT_SECONDS)
            raise BrokerUnavailable(self._alarm or self._problem or timeout)

    def publish(self, bodies: Sequence[bytes]) -> Receipt:
        """Send messages to the lane's queue and wait for their confirms.

        A message that is not confirmed may still have arrived.
        """
        return self._publish(Batch(queue_name(self._lane), bodies))

    def probe(self) -> Receipt:
        """Find out whether RabbitMQ takes messages, without leaving one in a queue."""
        return self._publish(Batch(_PROBE_QUEUE, [b""]))

    def ready_messages(self) -> int:
        """Return how many messages wait in the lane's queue; 0 if it was deleted.

        Raises BrokerUnavailable.
        """
        return self._count(self._count_ready)

    def dead_letters(self) -> int:
        """Return how many messages wait in the queue of those that were refused.

        Raises BrokerUnavailable.
        """
        return self._count(self._count_dead)

    def _count(self, begin: Callable[[Future[int]], None]) -> int:
        count: Future[int] = Future()
        self._connection.ioloop.add_callback_threadsafe(lambda: begin(count))
        try:
            return count.result(CONFIRM_SECONDS)
        except TimeoutError:
            raise BrokerUnavailable(describe_timeout(self._node, CONFIRM_SECONDS)) from None

    def close(self) -> None:
        """Close the connection and wait for its thread; abort it if RabbitMQ will not answer."""
        is_answering = self._is_ready and not self._alarm and not self._is_unresponsive
        for step in [self._close_gracefully, self._abort] if is_answering else [self._abort]:
            self._connection.ioloop.add_callback_threadsafe(step)
            self._thread.join(_CLOSE_SECONDS)
            if not self._thread.is_alive():
                return

    def _publish(self, batch: Batch) -> Receipt:
        self._batch = batch
        if self._is_closed:
            return Receipt(frozenset(), self._problem)
        self._connection.ioloop.add_callback_threadsafe(lambda: self._send(batch))
        is_answered = batch.done.wait(CONFIRM_SECONDS)
        confirmed = frozenset(batch.confirmed)
        if len(confirmed) == len(batch.bodies):
            return Receipt(confirmed)
        problem = self._alarm or self._problem
        if not is_answered:
            self._is_unresponsive = True
            problem = problem or describe_timeout(self._node, CONFIRM_SECONDS)
        return Receipt(confirmed, problem or batch.describe_failure(self._node))

    # What follows runs in pika's thread.

    def _run(self) -> None:
        try:
            self._connection.ioloop.start()
        except Exception as error:
            if not self._is_aborted:
                _logger.exception("The thread of a connection to RabbitMQ failed")
                self._problem = f"{type(error).__name__} in the relay, which is a bug; see its log"
        self._problem = self._problem or f"The connection to {node_name(self._node)} was closed."
        self._is_ready = False
        self._is_closed = True
        if self._batch is not None:
            self._batch.done.set()
        self._opened.set()
        # Its file descriptors would otherwise stay open until a garbage collection. Other threads
        # may still call add_callback_threadsafe, which pika permits.
        self._connection.ioloop.close()

    def _on_connected(self, connection: pika.SelectConnection) -> None:
        connection.channel(on_open_callback=self._on_channel)

    def _on_channel(self, channel: pika.channel.Channel) -> None:
        self._channel = channel
        channel.add_on_close_callback(self._on_channel_closed)
        channel.add_on_return_callback(self._on_return)
        declare_queues(
            channel,
            self._lane,
            lambda: channel.confirm_delivery(self._on_confirm, callback=self._probe_first),
        )

    def _probe_first(self, _frame: Any) -> None:
        """Probe before rows are taken: RabbitMQ reports an alarm only once something is sent."""
        self._batch = Batch(_PROBE_QUEUE, [b""])
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
            self._opened.set()

    def _on_return(self, _channel: Any, method: pika.spec.Basic.Return, *_: Any) -> None:
        if self._batch is not None and method.routing_key != _PROBE_QUEUE:
            self._batch.note_return()

    def _on_blocked(self, _connection: Any, frame: Any) -> None:
        self._alarm = describe_alarm(frame.method.reason, self._node)
        if self._batch is not None:
            self._batch.done.set()
        self._opened.set()

    def _on_unblocked(self, *_: Any) -> None:
        self._alarm = ""
        if not self._is_ready:
            self._opened.clear()

    def _count_ready(self, count: Future[int]) -> None:
        if not self._connection.is_open or self._alarm:
            count.set_exception(BrokerUnavailable(self._alarm or self._problem))
        else:
            count_ready_messages(
                self._connection, self._node, self._lane, count, self._on_channel_closed
            )

    def _count_dead(self, count: Future[int]) -> None:
        if not self._connection.is_open or self._alarm:
            count.set_exception(BrokerUnavailable(self._alarm or self._problem))
        else:
            count_dead_letters(self._connection, self._node, self._lane, count)

    def _on_channel_closed(self, channel: pika.channel.Channel, reason: Exception) -> None:
        if channel.connection.is_open:  # RabbitMQ closed the channel alone
            self._problem = describe_error(reason, self._node)
            self._is_ready = False
            self._opened.set()
            self._close_gracefully()

    def _on_closed(self, connection: pika.SelectConnection, reason: BaseException) -> None:
        self._problem = self._problem or describe_error(reason, self._node)
        connection.ioloop.stop()

    def _close_gracefully(self) -> None:
        if self._connection.is_open:
            self._connection.close()

    def _abort(self) -> None:
        connection = self._connection
        self._is_aborted = True
        if connection.is_closed:
            connection.ioloop.stop()
        elif connection.is_open or connection.is_closing:
            # pika has no public method that closes a connection without waiting for its peer.
            connection._terminate_stream(pika.exceptions.ConnectionClosedByClient(0, "aborted"))
        else:
            # Still opening: that closes it at once. If RabbitMQ has sent nothing so far, an
            # assertion of pika's own then fails (1.4).
            connection.close()
