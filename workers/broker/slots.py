"""The heavy lane's consumer: one subscription for each free slot, none while all are busy.

A heavy worker must hold no message that another worker could run. So a subscription takes one
message and is cancelled; when the slot is free again, there is a new one. A message is acknowledged
as soon as its claim is committed, so that RabbitMQ's time limit for acknowledgements is never
reached, however long the calculation.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dramatiq.broker import MessageProxy

from workers.broker.consumer import Delivery, LaneConsumer

#: How often a calculation that waits for the others checks whether it should still wait.
_GIVE_UP_POLL_SECONDS = 0.1


class Slots:
    """How many more calculations this process may take. Outlives its connections."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._free = count
        self._closed = False
        self._waiting = 0
        self._is_alone = False
        self._changed = threading.Condition()

    @property
    def free(self) -> int:
        """Return the slots to subscribe for; none once closed, or while one must run alone."""
        is_shut = self._closed or self._waiting or self._is_alone
        return 0 if is_shut else self._free

    @property
    def is_closed(self) -> bool:
        """Return whether this process takes nothing more."""
        return self._closed

    def take(self) -> bool:
        """Begin to use a slot; return False if none is free any more."""
        with self._changed:
            if not self.free:
                return False
            self._free -= 1
            return True

    def give_back(self) -> None:
        """End the use of a slot."""
        with self._changed:
            self._free += 1
            self._changed.notify_all()

    @contextmanager
    def alone(self, give_up: Callable[[], bool]) -> Iterator[None]:
        """Use the slot that was taken while no other is in use.

        Wait for the calculations that run; nothing new is taken before the block ends. Several
        callers enter it one after the other: those that only wait do not count as running. If
        `give_up` returns true, the block is entered without waiting any longer.
        """
        with self._changed:
            self._waiting += 1
            while not (has_all := not self._is_alone and self._used == self._waiting):
                if give_up():
                    break
                self._changed.wait(_GIVE_UP_POLL_SECONDS)
            self._waiting -= 1
            self._is_alone = self._is_alone or has_all
        try:
            yield
        finally:
            with self._changed:
                if has_all:
                    self._is_alone = False
                self._changed.notify_all()

    @property
    def _used(self) -> int:
        return self._count - self._free

    def close(self) -> None:
        """Take nothing more."""
        self._closed = True


class SlotConsumer(LaneConsumer):
    """Has as many subscriptions as there are free slots, each with a prefetch of one."""

    def __init__(self, *args: Any, slots: Slots) -> None:
        self._slots = slots
        super().__init__(*args)

    def _subscribe(self) -> None:
        if self._slots.is_closed:
            # What has arrived gets no answer, and returns to the queue with the connection's end.
            self._arrived.clear()
        if not self._slots.free:
            # What a subscription has delivered and nobody has taken, pika returns to the queue.
            while self._subscriptions:
                self._channel.basic_cancel(self._subscriptions.pop())
        super()._subscribe()

    def _wanted_subscriptions(self) -> int:
        return self._slots.free

    def _take(self) -> Delivery | None:
        # Cancelled before anything is acknowledged, or RabbitMQ would send the next one.
        tag = self._arrived[0][0].consumer_tag
        if tag in self._subscriptions:
            self._channel.basic_cancel(tag)
            self._subscriptions.discard(tag)
        if not self._slots.take():
            # It arrived just as another calculation began to be alone, or this worker to stop.
            self._hand_back()
            return None
        delivery = super()._take()
        if delivery is None:
            self._slots.give_back()
        return delivery

    def ack(self, message: MessageProxy) -> None:
        """Free the slot, now that the actor has returned."""
        super().ack(message)
        self._free()

    def nack(self, message: MessageProxy) -> None:
        """Refuse the message of an actor that raised, and free the slot."""
        super().nack(message)
        self._free()

    def _free(self) -> None:
        self._slots.give_back()
        self._soon(lambda: None)  # wakes the consumer, which subscribes again
