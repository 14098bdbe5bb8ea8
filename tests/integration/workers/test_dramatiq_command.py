"""`dramatiq workers.app:quick` and `workers.app:heavy`: each process is a worker of its own."""

import json
import signal
import socket

import pytest

from shared.calculation import Lane, Status
from shared.config import load_settings
from shared.store.presence import list_workers
from tests.children import children_of
from tests.eventually import eventually
from tests.factories import make_calculation
from tests.integration.dramatiq_command import DramatiqCommand, is_running
from tests.integration.lanes import Feed
from workers import health

pytestmark = pytest.mark.slow


def registered(engine) -> set[int]:
    with engine.begin() as connection:
        return {worker.pid for worker in list_workers(connection, 60)}


def fibonacci(n, **overrides):
    return make_calculation(arguments={"n": n}, **overrides)


@pytest.fixture
def feed(settings, engine) -> Feed:
    return Feed(settings, engine)


def lines_of(log) -> list[dict[str, object]]:
    """Return the lines of workers; the main process writes them as Dramatiq does."""
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


@pytest.mark.parametrize("lane", Lane)
def test_each_process_is_a_worker_with_its_own_row_and_slots_from_our_settings(
    settings, engine, tmp_path, lane
):
    options = ("--processes", "2", "--threads", "8")
    with DramatiqCommand(
        settings, lane, tmp_path / "log", *options, heavy_slots=2, quick_threads=3
    ) as command:
        eventually(lambda: len(registered(engine)) == 2)
        pids = registered(engine)
        assert pids == set(command.worker_pids())
        with engine.begin() as connection:
            found = list_workers(connection, 60)
        slots = 2 if lane is Lane.HEAVY else 3
        assert {(worker.lane, worker.slots) for worker in found} == {(lane, slots)}
        for pid in pids:
            host = socket.gethostname()
            assert health.find_fault(settings, host, lane, pid) is None
        command.send(signal.SIGTERM)
        assert command.wait() == 0
        assert registered(engine) == set()
    lines = lines_of(command.log)
    assert {line["pid"] for line in lines if line["message"] == "The worker is running"} == pids
    # A warning is possible: both declare the queue at once, and RabbitMQ may refuse one of them.
    assert {line["level"] for line in lines_of(command.log)} <= {"INFO", "WARNING"}


@pytest.mark.parametrize("lane", Lane)
def test_calculations_are_computed(settings, feed, tmp_path, lane):
    if lane is Lane.QUICK:
        calculations = [fibonacci(n) for n in range(1, 300)]
    else:
        calculations = [fibonacci(2_000_000 + n, lane=lane) for n in range(3)]
    feed.submit(*calculations)
    with DramatiqCommand(settings, lane, tmp_path / "log", "--processes", "2") as command:
        feed.wait_for(Status.SUCCEEDED, *calculations)
        command.send(signal.SIGTERM)
        assert command.wait() == 0
    eventually(lambda: feed.ready(lane) == 0)
    assert {feed.row(one).attempt for one in calculations} == {1}


def test_workers_whose_main_process_is_killed_hand_their_work_back(
    settings, engine, feed, tmp_path
):
    running = fibonacci(500_000_000, lane=Lane.HEAVY)
    feed.submit(running)
    with DramatiqCommand(settings, Lane.HEAVY, tmp_path / "log", "--processes", "2") as command:
        command.wait_booted()
        eventually(lambda: feed.status(running) is Status.RUNNING)
        workers = command.worker_pids()
        children = [child for pid in workers for child in children_of(pid)]
        assert children
        command.send(signal.SIGKILL)
        command.wait()
        eventually(lambda: not any(map(is_running, [*workers, *children])), within_seconds=30)
    assert feed.status(running) is Status.QUEUED
    assert registered(engine) == set()


def test_a_worker_that_cannot_work_ends_the_command_with_its_status(store_settings, tmp_path):
    module = "tests.impatient_quick_worker"  # without RabbitMQ for a second, not for a minute
    with DramatiqCommand(
        store_settings, Lane.QUICK, tmp_path / "log", "-p", "2", module=module
    ) as command:
        assert command.wait(60) == 1


def test_the_command_stops_while_it_waits_for_postgresql(broker_url, tmp_path):
    settings = load_settings(
        {"database_url": "postgresql+psycopg2://127.0.0.1:1/none", "broker_url": broker_url}
    )
    with DramatiqCommand(settings, Lane.QUICK, tmp_path / "log", "-p", "1") as command:
        eventually(lambda: "Waiting for PostgreSQL" in command.log.read_text())
        command.send(signal.SIGTERM)
        assert command.wait(20) == 0


def test_wrong_settings_end_the_command(settings, tmp_path):
    with DramatiqCommand(
        settings, Lane.HEAVY, tmp_path / "log", "-p", "1", heavy_slots="none"
    ) as command:
        assert command.wait() == 2
    log = command.log.read_text()
    assert "RECKONER_HEAVY_SLOTS must be a whole number" in log
    assert "Traceback" not in log


def test_another_queue_is_refused(settings, tmp_path):
    with DramatiqCommand(
        settings, Lane.QUICK, tmp_path / "log", "-p", "1", "--queues", "default"
    ) as command:
        assert command.wait() == 2
    assert "leave --queues out" in command.log.read_text()
