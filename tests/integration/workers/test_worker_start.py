"""How a worker starts: with everything there, with something missing, and with wrong settings."""

import json
import logging
import signal
import subprocess
import sys
from typing import Any

import pytest
from dramatiq.errors import ConnectionClosed
from sqlalchemy import make_url

from migrations.schema import upgrade
from shared.calculation import Lane
from shared.config import load_settings
from shared.postgres.connections import make_engine
from shared.store.presence import WorkerState, list_workers
from tests.eventually import eventually
from tests.integration.worker_processes import WorkerProcess
from workers.broker.log_levels import warn_of_outages


def registered(engine) -> list[WorkerState]:
    with engine.begin() as connection:
        return list_workers(connection, 60)


@pytest.mark.slow
def test_a_worker_waits_for_the_schema_and_logs_that(empty_database_url, broker_url, tmp_path):
    settings = load_settings({"database_url": empty_database_url, "broker_url": broker_url})
    log = tmp_path / "log"
    with WorkerProcess(settings, Lane.QUICK, log) as process:
        eventually(lambda: "Waiting for the schema" in log.read_text())
        assert "python -m migrations upgrade" in log.read_text()
        assert {line["level"] for line in lines_of(log)} == {"WARNING"}
        assert process.poll() is None
        upgrade(make_url(empty_database_url))
        engine = make_engine(settings.sqlalchemy_url, connections=1, name="test")
        eventually(lambda: registered(engine))
        engine.dispose()


@pytest.mark.slow
def test_a_worker_that_waits_can_be_stopped(broker_url, tmp_path):
    settings = load_settings(
        {"database_url": "postgresql+psycopg2://127.0.0.1:1/none", "broker_url": broker_url}
    )
    log = tmp_path / "log"
    with WorkerProcess(settings, Lane.HEAVY, log) as process:
        eventually(lambda: "Waiting for PostgreSQL" in log.read_text())
        process.terminate()
        assert process.wait(10) == 0


@pytest.mark.slow
def test_each_failed_connection_to_rabbitmq_is_logged_as_a_warning(store_settings, tmp_path):
    log = tmp_path / "log"
    with WorkerProcess(store_settings, Lane.QUICK, log) as process:
        eventually(lambda: log.read_text().count("connection error") >= 2)
        assert {line["level"] for line in lines_of(log)} <= {"INFO", "WARNING"}
        assert process.poll() is None
        process.terminate()
        assert process.wait(10) == 0


def lines_of(log) -> list[dict[str, Any]]:
    """Return the log lines that are complete."""
    return [json.loads(line) for line in log.read_text().splitlines(keepends=True) if "\n" in line]


def test_a_fault_in_a_consumer_thread_stays_critical(caplog):
    warn_of_outages(Lane.QUICK)
    logger = logging.getLogger("dramatiq.worker.ConsumerThread(reckoner.quick)")
    logger.critical("an unexpected error: %s", ValueError("a bug"))
    logger.critical("a connection error: %s", ConnectionClosed(OSError("away")))
    assert [record.levelname for record in caplog.records] == ["CRITICAL", "WARNING"]


@pytest.mark.parametrize("lane", Lane)
@pytest.mark.slow
def test_sighup_stops_a_worker_as_sigterm_does(settings, engine, tmp_path, lane):
    log = tmp_path / "log"
    with WorkerProcess(settings, lane, log) as process:
        eventually(lambda: registered(engine))
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGHUP)  # the kernel's and the shell's
        assert process.wait(10) == 0
    assert registered(engine) == []
    assert "The worker has stopped" in [line["message"] for line in lines_of(log)]


@pytest.mark.parametrize("arguments", [[], ["slow"], ["quick", "heavy"]])
def test_a_wrong_lane_ends_with_the_usage(arguments):
    ended = subprocess.run(
        [sys.executable, "-m", "workers", *arguments], capture_output=True, text=True
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("usage:")


def test_wrong_settings_are_named(monkeypatch):
    monkeypatch.setenv("RECKONER_HEAVY_SLOTS", "none")
    ended = subprocess.run(
        [sys.executable, "-m", "workers", "heavy"], capture_output=True, text=True
    )
    assert ended.returncode == 2
    assert "RECKONER_HEAVY_SLOTS must be a whole number" in ended.stderr
