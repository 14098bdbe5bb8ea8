"""`python -m workers.health`: each worker process is told apart from those beside it."""

import os
import signal
import socket
import subprocess
import sys
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.calculation import Lane
from shared.config import load_settings
from shared.store.presence import upsert_worker
from tests.eventually import eventually
from tests.integration.worker_processes import WorkerProcess
from workers import health

HOST = "a-host"


def seen(engine, host: str, seconds_ago: float, pid: int = 1, lane: Lane = Lane.QUICK) -> None:
    """Insert the row of a worker whose last heartbeat was that long ago."""
    identity = uuid4()
    with engine.begin() as connection:
        upsert_worker(connection, identity, host=host, pid=pid, lane=lane, slots=1)
        connection.execute(
            text("UPDATE workers SET seen_at = now() - :ago * interval '1 second' WHERE id = :id"),
            {"ago": seconds_ago, "id": identity},
        )


@pytest.fixture
def other_pid():
    """The id of a process that is there, beside the test's own and that of init."""
    process = subprocess.Popen(["sleep", "60"])
    yield process.pid
    process.kill()
    process.wait()


def test_a_worker_with_a_heartbeat_is_healthy(store_settings, engine):
    seen(engine, HOST, seconds_ago=13)
    assert health.find_fault(store_settings, HOST) is None


def test_a_row_that_is_left_of_a_former_process_with_the_same_id_does_not_count(
    store_settings, engine
):
    """As in a container that was restarted."""
    seen(engine, HOST, seconds_ago=60)
    seen(engine, "another-host", seconds_ago=0)
    seen(engine, HOST, seconds_ago=0)
    assert health.find_fault(store_settings, HOST) is None


def test_a_worker_without_heartbeats_is_unhealthy(store_settings, engine):
    seen(engine, HOST, seconds_ago=16)
    fault = str(health.find_fault(store_settings, HOST))
    assert f"with process id 1 on {HOST} has sent no heartbeat" in fault


def test_a_worker_on_another_host_does_not_count(store_settings, engine):
    seen(engine, "another-host", seconds_ago=0)
    assert health.find_fault(store_settings, HOST) == f"No worker is registered on {HOST}."


def test_a_healthy_worker_does_not_hide_the_one_beside_it(store_settings, engine, other_pid):
    seen(engine, HOST, seconds_ago=0)
    seen(engine, HOST, seconds_ago=16, pid=other_pid)
    fault = str(health.find_fault(store_settings, HOST))
    assert f"with process id {other_pid}" in fault


@pytest.mark.parametrize("lane", [None, Lane.QUICK])
def test_one_process_is_checked_by_its_id(store_settings, engine, other_pid, lane):
    seen(engine, HOST, seconds_ago=0)
    seen(engine, HOST, seconds_ago=16, pid=other_pid)
    assert health.find_fault(store_settings, HOST, lane, 1) is None
    assert "no heartbeat" in str(health.find_fault(store_settings, HOST, lane, other_pid))
    assert "not registered" in str(health.find_fault(store_settings, HOST, lane, os.getpid()))


def test_a_lane_is_checked_by_its_name(store_settings, engine, other_pid):
    seen(engine, HOST, seconds_ago=0)
    seen(engine, HOST, seconds_ago=16, pid=other_pid, lane=Lane.HEAVY)
    assert health.find_fault(store_settings, HOST, Lane.QUICK) is None
    assert "The heavy worker" in str(health.find_fault(store_settings, HOST, Lane.HEAVY))


def test_a_process_that_was_killed_is_not_asked_for(store_settings, engine):
    killed = subprocess.Popen(["true"])
    killed.wait()
    seen(engine, HOST, seconds_ago=0)
    seen(engine, HOST, seconds_ago=16, pid=killed.pid)
    assert health.find_fault(store_settings, HOST) is None
    assert "no heartbeat" in str(health.find_fault(store_settings, HOST, pid=killed.pid))


def test_postgresql_that_does_not_answer_is_a_fault():
    nowhere = load_settings(
        {"database_url": "postgresql+psycopg2://127.0.0.1:1/none", "broker_url": "amqp://h/%2F"}
    )
    assert "PostgreSQL" in str(health.find_fault(nowhere, HOST))


def ended_health(database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workers.health", *arguments],
        env={"RECKONER_DATABASE_URL": database_url, "RECKONER_BROKER_URL": "amqp://h/%2F"},
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
def test_health_is_the_exit_status_for_this_host(store_settings, engine):
    url = store_settings.database_url
    missing = ended_health(url)
    assert missing.returncode == 1
    assert socket.gethostname() in missing.stderr
    seen(engine, socket.gethostname(), seconds_ago=0)
    assert ended_health(url).returncode == 0
    assert ended_health(url, "quick").returncode == 0
    assert ended_health(url, "heavy", "--pid", "1").returncode == 1
    assert ended_health(url, "slow").returncode == 2


def test_health_with_wrong_settings_is_status_1_and_names_them():
    ended = ended_health("nonsense")
    assert ended.returncode == 1
    assert "RECKONER_DATABASE_URL" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
def test_of_two_workers_on_a_host_the_stopped_one_is_unhealthy(
    settings, engine, tmp_path, monkeypatch
):
    monkeypatch.setattr("workers.health.SILENT_SECONDS", 4)
    with (
        WorkerProcess(settings, Lane.QUICK, tmp_path / "one") as one,
        WorkerProcess(settings, Lane.QUICK, tmp_path / "other") as other,
    ):
        host = socket.gethostname()

        def is_healthy(pid: int | None) -> bool:
            return health.find_fault(settings, host, Lane.QUICK, pid) is None

        eventually(lambda: is_healthy(one.pid) and is_healthy(other.pid))
        one.send_signal(signal.SIGSTOP)
        eventually(lambda: not is_healthy(one.pid))
        assert is_healthy(other.pid)
        assert not is_healthy(None)
