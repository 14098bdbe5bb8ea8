"""The row of a worker process: written while it runs, deleted when it stops."""

import socket
import threading
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from shared.calculation import Lane
from shared.store.presence import WorkerState, list_workers, upsert_worker
from tests.eventually import eventually
from tests.integration.worker_processes import WorkerProcess
from workers.presence import Presence, Watermark


def registered(engine) -> list[WorkerState]:
    with engine.begin() as connection:
        return list_workers(connection, 60)


def by_lane(engine) -> dict[str, WorkerState]:
    return {worker.lane: worker for worker in registered(engine)}


@pytest.mark.slow
def test_a_worker_is_registered_while_it_lives(settings, engine, tmp_path):
    with (
        WorkerProcess(settings, Lane.QUICK, tmp_path / "quick") as quick,
        WorkerProcess(settings, Lane.HEAVY, tmp_path / "heavy") as heavy,
    ):
        workers = eventually(lambda: by_lane(engine) if len(by_lane(engine)) == 2 else {})
        for lane, process, slots in (
            (Lane.QUICK, quick, settings.quick_threads),
            (Lane.HEAVY, heavy, settings.heavy_slots),
        ):
            worker = workers[lane]
            assert (worker.pid, worker.slots) == (process.pid, slots)
            assert worker.host == socket.gethostname()
        eventually(lambda: all(by_lane(engine)[one].seen_at > workers[one].seen_at for one in Lane))
        for process in (quick, heavy):
            process.terminate()
        assert [process.wait(10) for process in (quick, heavy)] == [0, 0]
    assert registered(engine) == []


@pytest.mark.slow
def test_a_heartbeat_under_way_does_not_put_a_deleted_row_back(settings, engine, monkeypatch):
    under_way, go_on = threading.Event(), threading.Event()

    def late_upsert(connection, *arguments, **values):
        if threading.current_thread().name == "presence":
            under_way.set()
            go_on.wait(10)
        upsert_worker(connection, *arguments, **values)

    monkeypatch.setattr("workers.presence._HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr("workers.presence.upsert_worker", late_upsert)
    presence = Presence(engine, uuid4(), Watermark(), lane=Lane.QUICK, slots=1, offers=set)
    assert presence.start(threading.Event())
    assert under_way.wait(10)
    closing = threading.Thread(target=presence.close)
    closing.start()
    closing.join(0.5)  # time enough for signing off, if it does not wait
    go_on.set()
    closing.join(10)
    presence._thread.join(10)
    assert registered(engine) == []


def test_a_worker_whose_last_heartbeat_hangs_leaves_its_row(settings, engine, monkeypatch):
    under_way, go_on = threading.Event(), threading.Event()

    def hanging_upsert(connection, *arguments, **values):
        if threading.current_thread().name == "presence":
            under_way.set()
            go_on.wait(10)
        upsert_worker(connection, *arguments, **values)

    monkeypatch.setattr("workers.presence._HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr("workers.presence._CLOSING_SECONDS", 0.1)
    monkeypatch.setattr("workers.presence.upsert_worker", hanging_upsert)
    presence = Presence(engine, uuid4(), Watermark(), lane=Lane.QUICK, slots=1, offers=set)
    assert presence.start(threading.Event())
    assert under_way.wait(10)
    presence.close()
    assert len(registered(engine)) == 1
    go_on.set()


@pytest.mark.slow
def test_a_deleted_row_of_a_running_worker_is_written_again(settings, tmp_path):
    engine = create_engine(settings.sqlalchemy_url)
    with WorkerProcess(settings, Lane.QUICK, tmp_path / "log"):
        eventually(lambda: registered(engine))
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM workers"))
        eventually(lambda: registered(engine))
    engine.dispose()
