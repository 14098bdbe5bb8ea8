"""The deliveries of one lane's queue, as Dramatiq's `consumer_class`.

Dramatiq's own consumer answers a message when its actor returns, one callback each, and lets a
malformed message reach code that cannot take it. This one lets any thread answer, at any time, many
deliveries at once (docs/decisions.md, "Our own consumer instead of Dramatiq's").
"""

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial
from typing import Any, cast

import pika
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.errors import ConnectionClosed
from dramatiq.message import Message
from dramatiq.middleware import CurrentMessage
from pika.adapters.blocking_connection import BlockingConnection
from pika.exceptions import AMQPChannelError, AMQPError, ConnectionWrongStateError

from shared import messages
from shared.errors import MessageInvalid
from workers.broker.broker import LaneBroker
from workers.broker.delivery_tags import DeliveryTags

logger = logging.getLogger(__name__)

#: An idle channel is renewed after this time: RabbitMQ does not notify the consumers of a quorum
#: queue that was deleted and declared again (docs/decisions.md, "A quiet channel is renewed").
_RENEWAL_SECONDS = 10.0

#: How long closing waits for answers that are on their way.
_CLOSING_SECONDS = 1.0


class Delivery(MessageProxy):
    """A message, and the consumer that answers for it."""

    def __init__(
        self, message: Message[Any], tag: int, consumer: "LaneConsumer", redeliveries: int = 0
    ) -> None:
        super().__init__(message)
        self.tag = tag
        self.consumer = consumer
        #: How often it was delivered before and returned to the queue without an answer.
        self.redeliveries = redeliveries
        #: Whether it is not answered when its actor returns: by another thread, or not at all.
        self.is_detached = False

    def __str__(self) -> str:
        """Name it in log lines, whose length its arguments must not decide."""
        return f"{self.message_id!s:.50} of {self.queue_name}"

    def acknowledge(self) -> None:
        """Acknowledge now, ahead of the actor's return."""
        self.is_detached = True
        self.consumer.acknowledge((self.tag,))


def current_delivery() -> Delivery:
    """Return the delivery that the calling actor was called for."""
    return cast("Delivery", CurrentMessage.get_current_message())


class LaneConsumer(Consumer):
    """Takes deliveries and sends answers, with one subscription.

    Any thread may call `acknowledge`, `refuse`, `ack` and `nack`, Dramatiq's consumer thread the
    rest. Answers after the connection has closed are dropped: RabbitMQ redelivers those messages,
    and a worker finds their calculations finished.
    """

    def __init__(self, broker: LaneBroker, queue_name: str, prefetch: int, timeout: int) -> None:
        self.queue_name = queue_name
        self._broker = broker
        self._prefetch = prefetch
        self._poll_seconds = timeout / 1000
        self._arrived: deque[tuple[pika.spec.Basic.Deliver, int, bytes]] = deque()
        # In another order each time, or all workers would be on the node that is named first.
        nodes = random.sample(broker.nodes, len(broker.nodes))
        try:
            self._connection = BlockingConnection(nodes)
        except (AMQPError, OSError) as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]
        try:
            self._open_channel()
        except (AMQPError, OSError) as error:
            self.close()
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]

    def _open_channel(self) -> None:
        """Open a channel with no subscription and nothing delivered."""
        lane = self._broker.lane
        self._subscriptions: set[str] = set()
        self._tags = DeliveryTags()
        self._is_cancelled = False
        self._idle_since = time.monotonic()
        self._channel = self._connection.channel()
        self._channel.add_on_cancel_callback(self._on_cancel)
        self._channel.queue_declare(
            messages.dead_letter_queue_name(lane),
            durable=True,
            arguments=messages.dead_letter_queue_arguments(),
        )
        self._channel.queue_declare(
            self.queue_name, durable=True, arguments=messages.queue_arguments(lane)
        )
        self._channel.basic_qos(prefetch_count=self._prefetch)

    def __next__(self) -> Delivery | None:
        """Return the next delivery, or None after the poll time-out without one."""
        try:
            self._renew_idle_channel()
            self._subscribe()
            if not self._arrived:
                self._connection.process_data_events(time_limit=self._poll_seconds)
            if self._is_cancelled or not self._channel.is_open:
                raise AMQPChannelError(f"{self.queue_name} is no longer there")
            self._broker.note_consuming()
            return self._take() if self._arrived else None
        except (AMQPError, OSError) as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]

    def _renew_idle_channel(self) -> None:
        # Answers that are still due belong to the channel.
        if self._arrived or self._tags.outstanding or not self._subscriptions:
            self._idle_since = time.monotonic()
        elif time.monotonic() - self._idle_since > _RENEWAL_SECONDS:
            self._channel.close()
            self._open_channel()

    def _subscribe(self) -> None:
        """Add subscriptions up to the number wanted."""
        while len(self._subscriptions) < self._wanted_subscriptions():
            tag = self._channel.basic_consume(self.queue_name, self._on_delivery)
            self._subscriptions.add(tag)

    def _wanted_subscriptions(self) -> int:
        """Return how many subscriptions there should be, each with its own prefetch."""
        return 1

    def _take(self) -> Delivery | None:
        """Take the first of those that arrived; None if it had to be refused."""
        method, redeliveries, body = self._arrived.popleft()
        try:
            message = messages.decode_message(body, self._broker.lane)
        except MessageInvalid as error:
            logger.error("Refused a message: %s", error)
            self._refuse(method.delivery_tag)
            return None
        return Delivery(message, method.delivery_tag, self, redeliveries)

    def _hand_back(self) -> None:
        """Return the first of those that arrived to the queue."""
        method, _, _ = self._arrived.popleft()
        self._refuse(method.delivery_tag, requeue=True)

    def _on_delivery(
        self, _channel: Any, method: pika.spec.Basic.Deliver, properties: Any, body: bytes
    ) -> None:
        self._tags.deliver(method.delivery_tag)
        # Quorum queues count it. A message of someone else's may have anything there.
        redeliveries = (properties.headers or {}).get("x-delivery-count")
        self._arrived.append((method, redeliveries if isinstance(redeliveries, int) else 0, body))

    def _on_cancel(self, _method: Any) -> None:
        self._is_cancelled = True  # its queue was deleted, or the node that led it is down

    def ack(self, message: MessageProxy) -> None:
        """Acknowledge after the actor has returned, unless the delivery is detached."""
        assert isinstance(message, Delivery)
        if not message.is_detached:
            message.consumer.acknowledge((message.tag,))

    def nack(self, message: MessageProxy) -> None:
        """Dead-letter a message whose actor raised, unless the delivery is detached."""
        assert isinstance(message, Delivery)
        if not message.is_detached:
            message.consumer.refuse(message.tag)

    def acknowledge(self, tags: Collection[int]) -> None:
        """Acknowledge these deliveries soon."""
        self._soon(partial(self._acknowledge, tags))

    def refuse(self, tag: int) -> None:
        """Dead-letter this delivery soon."""
        self._soon(partial(self._refuse, tag))

    def close(self) -> None:
        """Send the answers that are on their way, and close the connection."""
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
        if not self._channel.is_open:
            return
        up_to, beyond = self._tags.settle(tags)
        if up_to is not None:
            self._channel.basic_ack(up_to, multiple=True)
        for tag in beyond:
            self._channel.basic_ack(tag)

    def _refuse(self, tag: int, *, requeue: bool = False) -> None:
        if self._channel.is_open:
            self._channel.basic_nack(tag, requeue=requeue)
            self._tags.settle((tag,))
