"""Messages that were sent to RabbitMQ, and which of them it has confirmed."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pika
import pika.spec

from shared.broker_problems import describe_refusal, node_name


@dataclass(frozen=True, slots=True)
class Receipt:
    """The indexes of the messages that RabbitMQ confirmed, and why it did not confirm the rest."""

    confirmed: frozenset[int]
    problem: str | None = None


class Batch:
    """Messages for one queue, by delivery tag, until each is confirmed or refused.

    pika's thread fills it in; other threads may read `done` and `confirmed`.
    """

    def __init__(self, queue: str, bodies: Sequence[bytes]) -> None:
        self.queue = queue
        self.bodies = bodies
        self.confirmed: set[int] = set()
        self.done = threading.Event()
        self.is_unroutable = False
        self._index_of: dict[int, int] = {}

    def note_sent(self, tag: int, index: int) -> None:
        """Note that the message with this index was sent with this delivery tag."""
        self._index_of[tag] = index

    def note_confirm(self, method: Any) -> None:
        """Note a Basic.Ack or Basic.Nack; tags of other batches are ignored."""
        last = method.delivery_tag
        up_to_last = self._index_of if method.multiple else (last,)
        tags = [tag for tag in up_to_last if tag <= last and tag in self._index_of]
        for tag in tags:
            index = self._index_of.pop(tag)
            if isinstance(method, pika.spec.Basic.Ack):
                self.confirmed.add(index)
        if tags and not self._index_of:
            if self.is_unroutable:
                self.confirmed.clear()
            self.done.set()

    def note_return(self) -> None:
        """Note a Basic.Return: RabbitMQ returns a message without a queue, and then confirms it.

        Which message it was does not matter: one that is published twice is computed once.
        """
        self.is_unroutable = True

    def describe_failure(self, node: pika.URLParameters) -> str:
        """Say why RabbitMQ has not confirmed all messages, after it has answered each."""
        if self.is_unroutable:
            return f"{node_name(node)} has no queue {self.queue} any more."
        count = len(self.bodies)
        return describe_refusal(node, self.queue, count - len(self.confirmed), count)
