"""The heavy lane's consumer: one subscription for each free slot, none while all are busy.

A heavy worker must hold no message that another worker could run. So a subscription takes one
message and is cancelled; when the slot is free again there is a new one. And since a message is
acknowledged as soon as its claim has committed, RabbitMQ's time limit for acknowledgements never
comes near, however long the calculation.
"""

import threading
from typing import Any

from dramatiq.broker import MessageProxy

from workers.consumer import Delivery, LaneConsumer


class Slots:
    """How many calculations this process may yet take. Outlives its connections."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._closed = False
        self._lock = threading.Lock()

    @property
    def free(self) -> int:
        """Slots to subscribe for; none once closed."""
        return 0 if self._closed else self._free

    @property
    def is_closed(self) -> bool:
        """Say whether this process takes nothing more."""
        return self._closed

    def take(self) -> None:
        """Begin to use one."""
        with self._lock:
            self._free -= 1

    def give_back(self) -> None:
        """End the use of one."""
        with self._lock:
            self._free += 1

    def close(self) -> None:
        """Take nothing more."""
        self._closed = True


class SlotConsumer(LaneConsumer):
    """Subscribes as often as there are free slots."""

    def __init__(self, *args: Any, slots: Slots, **options: Any) -> None:
        self._slots = slots
        super().__init__(*args, prefetch=1, **options)

    def _subscribe(self) -> None:
        if self._slots.is_closed:
            # What has arrived meanwhile stays unanswered, and goes back when the connection ends.
            self._arrived.clear()
            while self._subscriptions:
                self._channel.basic_cancel(self._subscriptions.pop())
        super()._subscribe()

    def _wanted_subscriptions(self) -> int:
        return self._slots.free

    def _take(self) -> Delivery | None:
        # Cancelled before anything is acknowledged, or RabbitMQ would send the next one.
        tag = self._arrived[0][0].consumer_tag
        self._channel.basic_cancel(tag)
        self._subscriptions.discard(tag)
        delivery = super()._take()
        if delivery is not None:
            self._slots.take()
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
