"""A lane's way into RabbitMQ, which ends in another connection after whatever failed.

A connection can be open and yet take nothing for good: RabbitMQ's side of a channel remembers of a
quorum queue that it was full, or who led it (seen with 3.10). So a batch of which anything is not
confirmed is the last one of its connection, and the next goes to another node if there are several.
"""

import itertools
import random
import time
from collections.abc import Sequence

import pika

from gateway.relay.confirms import Receipt
from gateway.relay.session import Session
from shared.calculation import Lane
from shared.errors import BrokerUnavailable


class Publisher:
    """Publishes one lane's messages, with a confirm for each.

    For one thread, but for `ready_messages`.
    """

    def __init__(self, urls: Sequence[str], lane: Lane) -> None:
        # Relays that all began with the first node would all be on that one.
        self._nodes = itertools.cycle(random.sample(urls, len(urls)))
        self._lane = lane
        self._session: Session | None = None
        self._is_spent = False
        self._confirmed_at = 0.0

    @property
    def quiet_seconds(self) -> float:
        """For how long RabbitMQ has confirmed nothing."""
        return time.monotonic() - self._confirmed_at

    def open(self) -> None:
        """Connect and declare the queues, if that is not so already. Raises BrokerUnavailable."""
        self._ready_session()

    def publish(self, bodies: Sequence[bytes]) -> Receipt:
        """Send these messages and say which of them RabbitMQ has confirmed.

        Raises BrokerUnavailable if there is no connection to be had; nothing was sent then.
        """
        session = self._ready_session()
        return self._noted(session.publish(bodies))

    def probe(self) -> None:
        """Raise BrokerUnavailable if RabbitMQ would take no message now."""
        receipt = self._noted(self._ready_session().probe())
        if receipt.problem is not None:
            raise BrokerUnavailable(receipt.problem)

    def ready_messages(self) -> int:
        """Return how many messages wait in the lane's queue, from any thread.

        Raises BrokerUnavailable, also when there is no connection just now.
        """
        session = self._session
        if session is None or session.is_ended:
            raise BrokerUnavailable("there is no connection to RabbitMQ")
        return session.ready_messages()

    def close(self) -> None:
        """Close the connection and wait for its end."""
        session, self._session = self._session, None
        self._is_spent = False
        if session is not None:
            session.close()

    def _ready_session(self) -> Session:
        session = self._session
        if session is None or session.is_ended or self._is_spent:
            self.close()
            session = self._session = Session(pika.URLParameters(next(self._nodes)), self._lane)
        try:
            session.wait_ready()
        except BrokerUnavailable:
            if not session.is_held_back:  # whether an alarm is over is told on this connection
                self.close()
            raise
        return session

    def _noted(self, receipt: Receipt) -> Receipt:
        if receipt.problem is None:
            self._confirmed_at = time.monotonic()
        else:
            self._is_spent = True  # closing may take its time, and rows are locked now
        return receipt
