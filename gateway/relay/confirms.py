"""Messages on their way to RabbitMQ, and which of them it has confirmed."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pika.spec


@dataclass(frozen=True, slots=True)
class Receipt:
    """The indexes of the messages that RabbitMQ confirmed, and what kept it from the others."""

    confirmed: frozenset[int]
    problem: str | None = None


class Batch:
    """Messages for one queue, by delivery tag, until each is confirmed or refused.

    It is filled in by pika's thread; `done` and `confirmed` may be looked at from another.
    """

    def __init__(self, queue: str, bodies: Sequence[bytes]) -> None:
        self.queue = queue
        self.bodies = bodies
        self.confirmed: set[int] = set()
        self.done = threading.Event()
        self.is_unroutable = False
        self._index_of: dict[int, int] = {}

    def note_sent(self, tag: int, index: int) -> None:
        """Say that a message is on its way."""
        self._index_of[tag] = index

    def note_confirm(self, method: Any) -> None:
        """Take in a Basic.Ack or Basic.Nack; tags of other batches are left out."""
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
        """Take in a Basic.Return: RabbitMQ returns what has no queue, and then confirms it.

        Which one it was does not matter: what is published twice is computed once.
        """
        self.is_unroutable = True
