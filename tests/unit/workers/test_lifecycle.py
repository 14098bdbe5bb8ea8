"""Dramatiq's worker by our settings, whatever its command line says."""

from typing import Any

import pytest
from dramatiq import Worker

from shared.calculation import Lane
from workers.heavy.lane import HeavyLane
from workers.lifecycle import Lifecycle
from workers.quick.lane import QuickLane


class FakeThread:
    """A thread of Dramatiq's that ends when it is told to stop, or never."""

    def __init__(self, *, hangs: bool) -> None:
        self._is_alive = True
        self._hangs = hangs

    def stop(self) -> None:
        self._is_alive = self._hangs

    def join(self, timeout: float) -> None:
        assert timeout <= 0.01

    def is_alive(self) -> bool:
        return self._is_alive


@pytest.fixture(autouse=True)
def _nothing_starts(monkeypatch):
    for lane in (QuickLane, HeavyLane):
        monkeypatch.setattr(lane, "start", lambda _lane: None)


def test_threads_and_prefetch_come_from_our_settings(broker, offline_settings):
    worker = Worker(broker, worker_threads=8)
    broker.emit_before("worker_boot", worker)
    expected = {
        Lane.QUICK: (offline_settings.quick_threads, offline_settings.quick_prefetch),
        Lane.HEAVY: (offline_settings.heavy_slots, 1),
    }
    assert (worker.worker_threads, worker.queue_prefetch) == expected[broker.lane]


def test_a_worker_for_another_queue_is_refused(broker):
    with pytest.raises(SystemExit) as ended:
        broker.emit_before("worker_boot", Worker(broker, queues={"default"}))
    assert ended.value.code == 2
    broker.emit_before("worker_boot", Worker(broker, queues=broker.get_declared_queues()))


def test_dramatiq_does_not_wait_for_a_thread_that_hangs(broker, monkeypatch):
    for lane in (QuickLane, HeavyLane):
        monkeypatch.setattr(lane, "stop_seconds", 0.01)
    worker = Worker(broker)
    threads: list[Any] = [FakeThread(hangs=False), FakeThread(hangs=True)]
    worker.workers = list(threads)
    broker.emit_before("worker_shutdown", worker)
    assert worker.workers == threads[:1]


def test_the_time_without_postgresql_does_not_count_as_unable_to_consume(broker):
    [lifecycle] = [one for one in broker.middleware if isinstance(one, Lifecycle)]
    broker._consumed_at -= 1_000
    assert lifecycle._problem(Worker(broker)) is None  # it has yet to register
    assert broker.silent_seconds < 900


def test_a_worker_that_could_not_work_says_so_though_it_cannot_deregister_for_a_bug(
    broker, monkeypatch
):
    def fail() -> None:
        raise TypeError("a bug")

    [lifecycle] = [one for one in broker.middleware if isinstance(one, Lifecycle)]
    lifecycle._status = 1
    lifecycle._presence._thread.start()
    monkeypatch.setattr(lifecycle._engine, "begin", fail)
    with pytest.raises(SystemExit) as ended:
        broker.emit_after("worker_shutdown", Worker(broker))
    assert ended.value.code == 1


def test_a_worker_that_nothing_watches_any_more_ends(broker, monkeypatch):
    def fail(_worker: Worker) -> None:
        raise TypeError("a bug")

    [lifecycle] = [one for one in broker.middleware if isinstance(one, Lifecycle)]
    ends: list[bool] = []
    monkeypatch.setattr("workers.lifecycle._WATCH_SECONDS", 0)
    monkeypatch.setattr(lifecycle, "_problem", fail)
    monkeypatch.setattr(lifecycle, "_end", lambda: ends.append(True))
    lifecycle._watch(Worker(broker))
    assert (ends, lifecycle._status) == ([True], 1)
