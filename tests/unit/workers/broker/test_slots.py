"""Slots of a heavy worker, when one calculation is to have the worker to itself."""

import threading
from typing import Any

import pytest

from tests.eventually import eventually
from workers.broker.slots import SlotConsumer, Slots

COUNT = 3


@pytest.fixture
def slots() -> Slots:
    slots = Slots(COUNT)
    for _ in range(COUNT):
        slots.take()
    return slots


class Alone:
    """A thread that uses its slot alone until it is told to end."""

    def __init__(self, slots: Slots) -> None:
        self.has_begun = threading.Event()
        self.end = threading.Event()
        self.give_up = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(slots,), daemon=True)
        self.thread.start()

    def _run(self, slots: Slots) -> None:
        with slots.alone(self.give_up.is_set):
            self.has_begun.set()
            self.end.wait(30)
        slots.give_back()


def test_it_waits_for_running_calculations_and_takes_no_new_ones(slots):
    one = Alone(slots)
    slots.give_back()
    assert not one.has_begun.wait(0.2)
    assert slots.free == 0
    slots.give_back()
    assert one.has_begun.wait(5)
    assert slots.free == 0
    one.end.set()
    eventually(lambda: slots.free == COUNT)


def test_several_are_alone_one_after_the_other(slots):
    left = [Alone(slots) for _ in range(COUNT)]
    while left:
        [running] = eventually(lambda: [one for one in left if one.has_begun.is_set()])
        left.remove(running)
        assert not [one for one in left if one.has_begun.wait(0.1)]
        running.end.set()
        running.thread.join(5)
    eventually(lambda: slots.free == COUNT)


def test_one_that_gives_up_stops_waiting_and_delays_no_other(slots):
    first, second = Alone(slots), Alone(slots)
    assert not first.has_begun.wait(0.2)
    first.give_up.set()
    assert first.has_begun.wait(5)  # to find out that it is over
    first.end.set()
    first.thread.join(5)
    assert not second.has_begun.is_set()
    slots.give_back()
    assert second.has_begun.wait(5)
    second.end.set()
    eventually(lambda: slots.free == COUNT)


def test_no_slot_is_free_while_one_is_alone_or_after_closing(slots):
    one = Alone(slots)
    slots.give_back()
    assert not slots.take()
    slots.give_back()
    assert one.has_begun.wait(5)
    assert not slots.take()
    one.end.set()
    eventually(lambda: slots.free == COUNT)
    assert slots.take()
    slots.close()
    assert not slots.take()


class ClaimedMeanwhile:
    """A delivery that an actor's thread claims just after another thread has seen it unclaimed."""

    subscription = "tag"
    taken_at = 0.0
    is_done = False

    def __init__(self) -> None:
        self._seen = iter([False])

    @property
    def is_claimed(self) -> bool:
        return next(self._seen, True)


def test_what_is_claimed_while_its_subscription_is_cancelled_is_acknowledged(slots):
    acknowledged: list[int] = []

    class Consumer(SlotConsumer):
        def __init__(self) -> None:
            self._slots = slots
            self._subscriptions = set()
            claimed: Any = ClaimedMeanwhile()
            self._held = {1: claimed}

        def _acknowledge(self, tags):
            acknowledged.extend(tags)

    consumer = Consumer()
    consumer._end_kept()
    consumer._end_kept()
    assert acknowledged == [1]
    assert not consumer._held
