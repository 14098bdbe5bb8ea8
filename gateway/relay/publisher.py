"""Publishes one lane's messages to RabbitMQ, and connects again after any failure.

Which calculations share a message is decided in lane.py.

A connection can be open and refuse every message: RabbitMQ's channel remembers the state of a
quorum queue, such as that it was full or which node led it. So a batch that is not confirmed
completely is the last one of its connection; the next one goes to another node if there are
several.
"""

import itertools
import random
import time
from collections.abc import Sequence

import pika

from gateway.relay.confirms import Receipt
from gateway.relay.connection import BrokerConnection
from shared.calculation import Lane
from shared.errors import BrokerUnavailable


class Publisher:
    """Publishes one lane's messages, each with a publisher confirm.

    Not thread-safe, except for what counts messages.
    """

    def __init__(self, urls: Sequence[str], lane: Lane) -> None:
        # In random order: otherwise all relays would be connected to the first node.
        self._nodes = itertools.cycle(random.sample(urls, len(urls)))
        self._lane = lane
        self._connection: BrokerConnection | None = None
        self._must_reconnect = False
        self._confirmed_at = 0.0

    @property
    def unconfirmed_seconds(self) -> float:
        """How long ago RabbitMQ confirmed something last."""
        return time.monotonic() - self._confirmed_at

    def connect(self) -> None:
        """Connect and declare the queues, unless that is done. Raises BrokerUnavailable."""
        self._ready_connection()

    def publish(self, bodies: Sequence[bytes]) -> Receipt:
        """Send these messages; return which of them RabbitMQ has confirmed.

        Raises BrokerUnavailable if there is no connection; nothing was sent then.
        """
        connection = self._ready_connection()
        return self._noted(connection.publish(bodies))

    def probe(self) -> None:
        """Raise BrokerUnavailable if RabbitMQ would take no message now."""
        receipt = self._noted(self._ready_connection().probe())
        if receipt.problem is not None:
            raise BrokerUnavailable(receipt.problem)

    def ready_messages(self) -> int:
        """Return how many messages wait in the lane's queue. Thread-safe.

        Raises BrokerUnavailable, also while there is no connection.
        """
        return self._open_connection().ready_messages()

    def dead_letters(self) -> int:
        """Return how many messages of the lane workers have refused. Thread-safe.

        Raises BrokerUnavailable, also while there is no connection.
        """
        return self._open_connection().dead_letters()

    def close(self) -> None:
        """Close the connection, and wait until it is closed."""
        connection, self._connection = self._connection, None
        self._must_reconnect = False
        if connection is not None:
            connection.close()

    def _open_connection(self) -> BrokerConnection:
        connection = self._connection
        if connection is None or connection.is_closed:
            raise BrokerUnavailable("there is no connection to RabbitMQ")
        return connection

    def _ready_connection(self) -> BrokerConnection:
        connection = self._connection
        if connection is None or connection.is_closed or self._must_reconnect:
            self.close()
            node = pika.URLParameters(next(self._nodes))
            connection = self._connection = BrokerConnection(node, self._lane)
        try:
            connection.wait_ready()
        except BrokerUnavailable:
            if not connection.has_alarm:  # RabbitMQ reports the end of an alarm on this connection
                self.close()
            raise
        return connection

    def _noted(self, receipt: Receipt) -> Receipt:
        if receipt.problem is None:
            self._confirmed_at = time.monotonic()
        else:
            self._must_reconnect = True  # not now: closing may take seconds, and rows are locked
        return receipt
