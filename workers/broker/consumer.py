"""Deliveries of one lane's queue, over a connection of their own, as Dramatiq wants them.

Dramatiq's own consumer answers a message when its actor returns, over one callback each, and lets
a malformed message reach code that cannot take it. Here an answer may be given by whoever has
done the work, at any time and from any thread, and many at once.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import pika
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.errors import ConnectionClosed
from dramatiq.message import Message
from pika.adapters.blocking_connection import BlockingConnection
from pika.exceptions import AMQPChannelError, AMQPError, ConnectionWrongStateError

from shared import messages
from shared.calculation import Lane
from shared.errors import MessageInvalid
from workers.broker.intake import read_message

logger = logging.getLogger(__name__)

#: A channel that has brought nothing for so long is renewed. When a quorum queue is deleted and
#: declared again at once, its consumers are not told (RabbitMQ 3.10): the channel goes on with
#: its count of the old queue's deliveries, and silently drops those of the new one.
_RENEWAL_SECONDS = 10.0

#: How long closing waits for answers that are on their way.
_CLOSING_SECONDS = 1.0


class Consumption:
    """When this process was last able to consume."""

    def __init__(self) -> None:
        self._seen_at = time.monotonic()

    def note(self) -> None:
        """Say that there is an open channel now."""
        self._seen_at = time.monotonic()

    @property
    def silent_seconds(self) -> float:
        """How long there has been none."""
        return time.monotonic() - self._seen_at


class Delivery(MessageProxy):
    """A message, and the consumer that must answer for it."""

    def __init__(
        self, message: Message[Any], tag: int, consumer: "LaneConsumer", returned: int = 0
    ) -> None:
        super().__init__(message)
        self.tag = tag
        self.consumer = consumer
        #: How often it was delivered before and came back without an answer.
        self.returned = returned
        #: Whether someone else than Dramatiq answers, or nobody, so that it comes again.
        self.is_kept = False

    def __str__(self) -> str:
        """Name it in log lines, whose length its arguments must not decide."""
        return f"{self.message_id!s:.50} of {self.queue_name}"

    def acknowledge(self) -> None:
        """Answer now, ahead of the actor's return."""
        self.is_kept = True
        self.consumer.acknowledge((self.tag,))


class LaneConsumer(Consumer):
    """Takes deliveries and sends answers, with one subscription.

    `acknowledge`, `refuse`, `ack` and `nack` may come from any thread, the rest from Dramatiq's
    consumer thread. Answers after the connection is gone are dropped: the messages come again,
    and find their work done.
    """

    def __init__(
        self,
        parameters: Sequence[pika.URLParameters],
        lane: Lane,
        *,
        prefetch: int,
        poll_seconds: float,
        consumption: Consumption,
    ) -> None:
        self.queue_name = messages.queue_name(lane)
        self._lane = lane
        self._poll_seconds = poll_seconds
        self._consumption = consumption
        self._prefetch = prefetch
        self._arrived: deque[tuple[pika.spec.Basic.Deliver, int, bytes]] = deque()
        try:
            self._connection = BlockingConnection(parameters)
        except (AMQPError, OSError) as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]
        try:
            self._open_channel()
        except (AMQPError, OSError) as error:
            self.close()
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]

    def _open_channel(self) -> None:
        """Begin anew, with no subscription and nothing delivered."""
        self._subscriptions: set[str] = set()
        self._delivered_up_to = 0
        self._answered_up_to = 0
        self._answered: set[int] = set()  # beyond _answered_up_to
        self._is_cancelled = False
        self._quiet_since = time.monotonic()
        self._channel = self._connection.channel()
        self._channel.add_on_cancel_callback(self._on_cancel)
        self._channel.queue_declare(
            messages.dead_letter_queue_name(self._lane),
            durable=True,
            arguments=messages.dead_letter_queue_arguments(),
        )
        self._channel.queue_declare(
            self.queue_name, durable=True, arguments=messages.queue_arguments(self._lane)
        )
        self._channel.basic_qos(prefetch_count=self._prefetch)

    def __next__(self) -> Delivery | None:
        """Return the next delivery, or None after `poll_seconds` without one."""
        try:
            self._renew_quiet_channel()
            self._subscribe()
            if not self._arrived:
                self._connection.process_data_events(time_limit=self._poll_seconds)
            if self._is_cancelled or not self._channel.is_open:
                raise AMQPChannelError(f"{self.queue_name} was taken away")
            self._consumption.note()
            return self._take() if self._arrived else None
        except (AMQPError, OSError) as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]

    def _renew_quiet_channel(self) -> None:
        # Answers that are still due belong to the channel, and nothing need come before them.
        if self._arrived or self._outstanding or not self._subscriptions:
            self._quiet_since = time.monotonic()
        elif time.monotonic() - self._quiet_since > _RENEWAL_SECONDS:
            self._channel.close()
            self._open_channel()

    def _subscribe(self) -> None:
        """Have as many subscriptions as are wanted."""
        while len(self._subscriptions) < self._wanted_subscriptions():
            tag = self._channel.basic_consume(self.queue_name, self._on_delivery)
            self._subscriptions.add(tag)

    def _wanted_subscriptions(self) -> int:
        """Return how many subscriptions there should be, each with its own prefetch."""
        return 1

    def _take(self) -> Delivery | None:
        """Take the first of those that arrived; None if it had to be refused."""
        method, returned, body = self._arrived.popleft()
        try:
            message = read_message(body, self._lane)
        except MessageInvalid as error:
            logger.error("refused a message: %s", error)
            self._refuse(method.delivery_tag)
            return None
        return Delivery(message, method.delivery_tag, self, returned)

    def _hand_back(self) -> None:
        """Leave the first of those that arrived to another worker, or to a later moment."""
        method, _, _ = self._arrived.popleft()
        self._refuse(method.delivery_tag, requeue=True)

    def _on_delivery(
        self, _channel: Any, method: pika.spec.Basic.Deliver, properties: Any, body: bytes
    ) -> None:
        # What pika gave back because its subscription had ended never came as far as this.
        self._answered.update(range(self._delivered_up_to + 1, method.delivery_tag))
        self._delivered_up_to = method.delivery_tag
        self._close_gap()
        # Quorum queues count it. What anyone else put there may be of any type.
        returned = (properties.headers or {}).get("x-delivery-count")
        self._arrived.append((method, returned if isinstance(returned, int) else 0, body))

    @property
    def _outstanding(self) -> int:
        """How many deliveries have had no answer."""
        return self._delivered_up_to - self._answered_up_to - len(self._answered)

    def _on_cancel(self, _method: Any) -> None:
        self._is_cancelled = True  # its queue is gone, or the node that led it

    def ack(self, message: MessageProxy) -> None:
        """Acknowledge after the actor has returned, if that is not for someone else to do."""
        assert isinstance(message, Delivery)
        if not message.is_kept:
            message.consumer.acknowledge((message.tag,))

    def nack(self, message: MessageProxy) -> None:
        """Have a message dead-lettered whose actor raised."""
        assert isinstance(message, Delivery)
        if not message.is_kept:
            message.consumer.refuse(message.tag)

    def acknowledge(self, tags: Collection[int]) -> None:
        """Acknowledge these deliveries soon."""
        self._soon(partial(self._acknowledge, tags))

    def refuse(self, tag: int) -> None:
        """Have this delivery dead-lettered soon."""
        self._soon(partial(self._refuse, tag))

    def close(self) -> None:
        """Send the answers that are on their way, and hang up."""
        with suppress(AMQPError, OSError):
            handled = threading.Event()
            self._soon(handled.set)  # callbacks keep their order
            until = time.monotonic() + _CLOSING_SECONDS
            while self._connection.is_open and not handled.is_set() and time.monotonic() < until:
                self._connection.process_data_events(time_limit=0.05)
            if self._connection.is_open:
                self._connection.close()

    def _soon(self, callback: Callable[[], None]) -> None:
        with suppress(ConnectionWrongStateError):
            self._connection.add_callback_threadsafe(callback)

    def _acknowledge(self, tags: Collection[int]) -> None:
        """Acknowledge with one frame what leaves no gap, and the rest one by one."""
        if not self._channel.is_open:
            return
        self._answered.update(tags)
        self._close_gap()
        without_gap = [tag for tag in tags if tag <= self._answered_up_to]
        if without_gap:
            # RabbitMQ wants a tag that is outstanding, and the highest of these is.
            self._channel.basic_ack(max(without_gap), multiple=True)
        for tag in tags:
            if tag > self._answered_up_to:
                self._channel.basic_ack(tag)

    def _refuse(self, tag: int, *, requeue: bool = False) -> None:
        if self._channel.is_open:
            self._channel.basic_nack(tag, requeue=requeue)
            self._answered.add(tag)
            self._close_gap()

    def _close_gap(self) -> None:
        while self._answered_up_to + 1 in self._answered:
            self._answered_up_to += 1
            self._answered.remove(self._answered_up_to)
