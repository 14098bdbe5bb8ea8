"""RabbitMQ as Reckoner uses it: quorum queues, no delays, and a dead-letter queue each."""

import logging
import random
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pika
from dramatiq.broker import Broker, Consumer, MessageProxy
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.message import Message
from dramatiq.middleware import Middleware

from shared.errors import MessageInvalid
from workers.broker.consumer import Delivery

logger = logging.getLogger(__name__)

#: Makes a consumer from the nodes' parameters and the seconds after which it yields None.
MakeConsumer = Callable[[Sequence[pika.URLParameters], float], Consumer]

_current = threading.local()

_HEARTBEAT_SECONDS = 15
_BLOCKED_SECONDS = 60
_CONNECT_SECONDS = 5


class QuorumBroker(RabbitmqBroker):
    """Hands the queues of its actors to a consumer of ours.

    Dramatiq's own would declare classic queues, and two more for delayed messages. Waiting is
    PostgreSQL's business here, and publishing the relay's.
    """

    def __init__(
        self,
        urls: Sequence[str],
        make_consumer: MakeConsumer,
        before_hanging_up: Callable[[], None],
        *,
        name: str,
    ) -> None:
        super().__init__(url=list(urls), middleware=[Deliveries(before_hanging_up)])
        self._make_consumer = make_consumer
        self._nodes: list[pika.URLParameters] = self.parameters
        for parameters in self._nodes:
            parameters.heartbeat = _HEARTBEAT_SECONDS
            parameters.blocked_connection_timeout = _BLOCKED_SECONDS
            parameters.socket_timeout = _CONNECT_SECONDS
            parameters.stack_timeout = _CONNECT_SECONDS
            parameters.client_properties = {"connection_name": name}

    def declare_queue(self, queue_name: str, *, ensure: bool = False) -> None:  # noqa: ARG002
        """Note the queue of an actor; its consumer declares it, whenever it connects."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:  # noqa: ARG002
        """Connect to any of the nodes; how much is fetched ahead is our consumer's to decide.

        In another order each time: all workers would sit on the node that is named first.
        """
        nodes = random.sample(self._nodes, len(self._nodes))
        return self._make_consumer(nodes, timeout / 1000)

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Refuse: a message without a row in PostgreSQL means nothing."""
        raise NotImplementedError("only the relay publishes")


class Deliveries(Middleware):
    """All that Dramatiq is extended by. It is one class because every message passes each.

    Tells an actor its delivery, refuses the delivery of an actor that raised, which Dramatiq
    would acknowledge, and calls `before_hanging_up` when the actors have stopped and answers can
    still be given.
    """

    def __init__(self, before_hanging_up: Callable[[], None]) -> None:
        self._before_hanging_up = before_hanging_up

    @property
    def actor_options(self) -> set[str]:
        """Name the exceptions that an actor raises on purpose: they are told in one line."""
        return {"throws"}

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:  # noqa: ARG002
        """Note what this thread's actor is called for."""
        _current.delivery = message

    def after_process_message(
        self,
        broker: Broker,  # noqa: ARG002
        message: MessageProxy,
        *,
        result: Any = None,  # noqa: ARG002
        exception: BaseException | None = None,
    ) -> None:
        """Mark the message for its dead-letter queue if its actor raised."""
        if isinstance(exception, MessageInvalid):
            logger.error("refused a message: %s", exception)
        if exception is not None:
            message.fail()

    def before_consumer_thread_shutdown(self, broker: Broker, thread: object) -> None:  # noqa: ARG002
        """Do what is to be done while there is a connection."""
        self._before_hanging_up()


def current_delivery() -> Delivery:
    """Return what the calling actor was called for."""
    delivery: Delivery = _current.delivery
    return delivery
