"""The heavy lane's consumer: one subscription for each free slot, none while all are busy.

A heavy worker must hold no message that another worker could run. So a subscription, which has a
prefetch of one, takes no second message before the first is acknowledged: when its calculation has
ended, or after a moment, when the subscription is cancelled first. RabbitMQ's time limit for
acknowledgements is never reached, however long the calculation.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from dramatiq.broker import MessageProxy

from workers.broker.consumer import Delivery, LaneConsumer

#: How often a calculation that waits for the others checks whether it should still wait.
_GIVE_UP_POLL_SECONDS = 0.1

#: How long the subscription of a calculation that runs is kept. To cancel one and to make the next
#: are two round trips, which most short calculations need not wait for.
_KEPT_SECONDS = 0.25


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


class _Held:
    """A delivery whose calculation has a slot, and the subscription that it came by."""

    def __init__(self, subscription: str) -> None:
        self.subscription = subscription
        self.taken_at = time.monotonic()
        self.is_claimed = False
        self.is_done = False


class SlotConsumer(LaneConsumer):
    """Has as many subscriptions as there are free slots, each with a prefetch of one.

    That of a slot that has just been taken is kept for a moment, without an acknowledgement, so
    that RabbitMQ sends the next message only when the calculation has ended.
    """

    def __init__(self, *args: Any, slots: Slots) -> None:
        self._slots = slots
        super().__init__(*args)

    def _open_channel(self) -> None:
        self._held: dict[int, _Held] = {}
        super()._open_channel()

    def _subscribe(self) -> None:
        if self._slots.is_closed:
            # What has arrived gets no answer, and returns to the queue with the connection's end.
            self._arrived.clear()
        self._end_kept()
        if not self._slots.free:
            # What a subscription has delivered and nobody has taken, pika returns to the queue.
            for subscription in self._subscriptions - self._kept():
                self._cancel(subscription)
        super()._subscribe()

    def _end_kept(self) -> None:
        """Cancel the subscriptions of calculations that take longer, and then acknowledge."""
        now = time.monotonic()
        for tag, held in list(self._held.items()):
            # Read once, and in this order: an actor's thread may claim it now, and then be done.
            is_done, is_claimed = held.is_done, held.is_claimed
            if is_done or self._slots.is_closed or now - held.taken_at > _KEPT_SECONDS:
                # Cancelled before anything is acknowledged, or RabbitMQ would send the next one.
                self._cancel(held.subscription)
                if is_claimed:
                    self._acknowledge((tag,))
                if is_claimed or is_done:
                    del self._held[tag]

    def _cancel(self, subscription: str) -> None:
        if subscription in self._subscriptions:
            self._channel.basic_cancel(subscription)
            self._subscriptions.discard(subscription)

    def _kept(self) -> set[str]:
        """Return the subscriptions that wait for the end of a calculation."""
        kept = {held.subscription for held in self._held.values() if not held.is_done}
        return kept & self._subscriptions

    def _wanted_subscriptions(self) -> int:
        return self._slots.free + len(self._kept())

    def _take(self) -> Delivery | None:
        method = self._arrived[0][0]
        if not self._slots.take():
            # It arrived just as another calculation began to be alone, or this worker to stop.
            self._cancel(method.consumer_tag)
            self._hand_back()
            return None
        self._held[method.delivery_tag] = _Held(method.consumer_tag)
        delivery = super()._take()
        if delivery is None:
            del self._held[method.delivery_tag]
            self._slots.give_back()
        return delivery

    def acknowledge(self, tags: Collection[int]) -> None:
        """Acknowledge these deliveries when their calculation has ended, or after a moment."""
        for tag in tags:
            if held := self._held.get(tag):
                held.is_claimed = True
            else:
                super().acknowledge((tag,))

    def ack(self, message: MessageProxy) -> None:
        """Free the slot, now that the actor has returned."""
        super().ack(message)
        self._free(message)

    def nack(self, message: MessageProxy) -> None:
        """Refuse the message of an actor that raised, and free the slot."""
        super().nack(message)
        self._free(message)

    def _free(self, message: MessageProxy) -> None:
        """Free the slot, and wake the consumer, which may get the next message."""
        assert isinstance(message, Delivery)
        held = self._held.get(message.tag) if message.consumer is self else None
        if held is not None:
            held.is_done = True
        self._slots.give_back()
        self._soon(partial(self._release, message.tag if held else None))

    def close(self) -> None:
        """Acknowledge what has been claimed, and close the connection."""
        self._soon(self._acknowledge_claimed)
        super().close()

    def _acknowledge_claimed(self) -> None:
        claimed = [tag for tag, held in self._held.items() if held.is_claimed]
        for tag in claimed:
            del self._held[tag]
        self._acknowledge(claimed)

    def _release(self, tag: int | None) -> None:
        """Acknowledge what has been computed, and so get the next message by its subscription."""
        held = self._held.get(tag) if tag is not None else None
        if tag is not None and held and held.is_claimed and self._slots.free:
            del self._held[tag]
            self._acknowledge((tag,))
