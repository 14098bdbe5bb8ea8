"""In which order programs are stopped."""

from collections.abc import Callable
from threading import Barrier, Event
from typing import Any

import pytest

from compose.local.stops import Stop, stop_all


class Stopping:
    """Notes in `order` when it has stopped; `stops` is what its stop waits for."""

    def __init__(self, name: str, order: list[str], stops: Callable[[], Any] = bool) -> None:
        self.name = name
        self._order = order
        self._stops = stops
        self.running = True
        self.exit_status = None

    def start(self) -> None:
        raise NotImplementedError

    def stop(self, hurry: Callable[[], bool]) -> None:  # noqa: ARG002
        self._stops()
        self._order.append(self.name)


def never() -> bool:
    return False


def stops_of(order: list[str], **waits: Callable[[], Any]) -> list[Stop]:
    def one(name: str) -> Stopping:
        return Stopping(name, order, waits.get(name, bool))

    return [
        Stop("store", [one("store")], after=["web", "work"]),
        Stop("web", [one("web")]),
        Stop("work", [one("relay"), one("worker")]),
        Stop("broker", [one("broker")], after=["work"]),
    ]


def test_each_is_stopped_after_what_needs_it():
    order: list[str] = []
    said: list[str] = []
    stop_all(stops_of(order), never, said.append)
    assert sorted(order) == ["broker", "relay", "store", "web", "worker"]
    assert order.index("store") > max(order.index(name) for name in ("web", "relay", "worker"))
    assert order.index("broker") > max(order.index(name) for name in ("relay", "worker"))
    assert sorted(said) == ["broker", "store", "web", "work"]


def test_what_is_independent_is_stopped_at_the_same_time():
    order: list[str] = []
    first, second = Barrier(3), Barrier(2)
    waits = {name: lambda: first.wait(10) for name in ("web", "relay", "worker")}
    waits |= {name: lambda: second.wait(10) for name in ("store", "broker")}
    stop_all(stops_of(order, **waits), never, lambda _: None)
    assert len(order) == 5


def test_in_a_hurry_nothing_waits_for_what_needs_it():
    order: list[str] = []
    is_stopped = Event()
    waits = {"worker": lambda: is_stopped.wait(10), "store": is_stopped.set}
    stop_all(stops_of(order, **waits), lambda: True, lambda _: None)
    assert order.index("store") < order.index("worker")


def test_one_that_cannot_be_stopped_leaves_no_other_running():
    order: list[str] = []

    def fail() -> None:
        raise PermissionError

    with pytest.raises(PermissionError):
        stop_all(stops_of(order, web=fail), never, lambda _: None)
    assert sorted(order) == ["broker", "relay", "store", "worker"]
