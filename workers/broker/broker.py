"""Dramatiq's RabbitMQ broker as Reckoner uses it: quorum queues, no delays, and no sending."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import pika
from dramatiq.broker import Broker, Consumer, MessageProxy
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.message import Message
from dramatiq.middleware import CurrentMessage, Middleware

from shared.calculation import Lane
from shared.errors import MessageInvalid, SendRefused

logger = logging.getLogger(__name__)

#: Makes a consumer from the broker, the queue's name, the prefetch and the poll time-out (ms).
ConsumerClass = Callable[["LaneBroker", str, int, int], Consumer]

_HEARTBEAT_SECONDS = 15
_BLOCKED_SECONDS = 60
_CONNECT_SECONDS = 5


class LaneBroker(RabbitmqBroker):
    """The broker of one lane's workers: one queue, and our consumer in place of Dramatiq's.

    Dramatiq would declare classic queues, and another for delayed messages. Here every queue is a
    quorum queue, delays are a column in PostgreSQL, and the relay publishes.
    """

    def __init__(
        self,
        urls: Sequence[str],
        lane: Lane,
        consumer_class: ConsumerClass,
        *,
        name: str,
        middleware: Sequence[Middleware] = (),
    ) -> None:
        super().__init__(url=list(urls), middleware=[Deliveries(), *middleware])
        self.lane = lane
        self.nodes: list[pika.URLParameters] = self.parameters
        for parameters in self.nodes:
            parameters.heartbeat = _HEARTBEAT_SECONDS
            parameters.blocked_connection_timeout = _BLOCKED_SECONDS
            parameters.socket_timeout = _CONNECT_SECONDS
            parameters.stack_timeout = _CONNECT_SECONDS
            parameters.client_properties = {"connection_name": name}
        self._consumer_class = consumer_class
        self._consumed_at = time.monotonic()

    @property
    def consumer_class(self) -> ConsumerClass:
        """Return what `consume` makes a consumer with."""
        return self._consumer_class

    def declare_queue(self, queue_name: str, *, ensure: bool = False) -> None:  # noqa: ARG002
        """Note the queue of an actor; the consumer declares it each time it connects."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:  # noqa: ARG002
        """Refuse: the relay publishes, from rows in PostgreSQL. Raises SendRefused."""
        raise SendRefused(message.actor_name)

    def note_consuming(self) -> None:
        """Note that a consumer has an open channel now."""
        self._consumed_at = time.monotonic()

    @property
    def silent_seconds(self) -> float:
        """Return how long no consumer has had an open channel."""
        return time.monotonic() - self._consumed_at


class Deliveries(CurrentMessage):
    """Dramatiq's CurrentMessage, and the refusal of a delivery whose actor raised.

    Dramatiq would acknowledge it. The two are one class because each middleware costs every message
    four calls.
    """

    @property
    def actor_options(self) -> set[str]:
        """Name the option for exceptions that an actor raises on purpose: one log line each."""
        return {"throws"}

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        """Mark the message for its dead-letter queue if its actor raised."""
        super().after_process_message(  # type: ignore[no-untyped-call]
            broker, message, result=result, exception=exception
        )
        if isinstance(exception, MessageInvalid):
            logger.error("Refused a message: %s", exception)
        if exception is not None:
            message.fail()
