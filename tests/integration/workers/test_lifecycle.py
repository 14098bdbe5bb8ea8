"""How a worker process ends when something in it fails."""

import threading

import pytest

from shared.calculation import Lane
from tests.eventually import eventually
from tests.integration.lanes import WorkerThread


@pytest.mark.slow
def test_a_worker_that_cannot_register_for_a_bug_of_ours_exits(
    settings, registry, monkeypatch, caplog
):
    def fail(*_: object, **__: object) -> None:
        raise TypeError("a bug")

    monkeypatch.setattr("workers.presence.upsert_worker", fail)
    with WorkerThread(settings, Lane.QUICK, registry) as worker:
        worker.join()
        assert worker.status == 1
    lines = [record.getMessage() for record in caplog.records]
    assert "Could not register: this worker ends" in lines


@pytest.mark.parametrize("lane", Lane)
@pytest.mark.slow
def test_a_worker_whose_own_thread_dies_exits(settings, registry, monkeypatch, lane):
    thread = {Lane.QUICK: "group_commit.GroupCommit", Lane.HEAVY: "lease.Leases"}[lane]
    monkeypatch.setattr(f"workers.{lane}.{thread}._run", lambda _self: None)
    with WorkerThread(settings, lane, registry) as worker:
        worker.join()
        assert worker.status == 1


@pytest.mark.slow
def test_a_worker_that_waits_for_postgresql_does_not_count_as_silent(
    settings, registry, monkeypatch
):
    monkeypatch.setattr("workers.lifecycle.SILENCE_SECONDS", 0.1)
    monkeypatch.setattr("workers.lifecycle._WATCH_SECONDS", 0.01)
    goes_on = threading.Event()
    tries: list[object] = []

    def start(_presence: object, stopping: threading.Event) -> bool:
        tries.append(stopping)
        goes_on.wait(10)
        return False

    monkeypatch.setattr("workers.presence.Presence.start", start)
    with WorkerThread(settings, Lane.QUICK, registry) as worker:
        eventually(lambda: tries)
        assert not goes_on.wait(0.5)
        assert worker.status is None
        goes_on.set()
