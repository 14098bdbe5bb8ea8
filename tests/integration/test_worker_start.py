"""How a worker starts: with everything there, with something missing, and with wrong settings."""

import subprocess
import sys
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from migrations.schema import upgrade
from shared.calculation import Lane
from shared.config import load_settings
from shared.connections import make_engine
from shared.store.workers import list_workers
from tests.eventually import eventually
from tests.integration.lanes import WorkerProcess


def registered(engine) -> list[dict[str, Any]]:
    with engine.begin() as connection:
        return list_workers(connection, 60)


@pytest.mark.parametrize("lane", Lane)
def test_a_worker_is_registered_while_it_lives(settings, engine, tmp_path, lane):
    with WorkerProcess(settings, lane, tmp_path / "log") as process:
        (worker,) = eventually(lambda: registered(engine))
        assert (worker["lane"], worker["pid"]) == (lane, process.pid)
        seen_at = worker["seen_at"]
        eventually(lambda: registered(engine)[0]["seen_at"] > seen_at)
        process.terminate()
        assert process.wait(10) == 0
    assert registered(engine) == []


def test_a_worker_waits_for_the_schema_and_says_so(empty_database_url, broker_url, tmp_path):
    settings = load_settings({"database_url": empty_database_url, "broker_url": broker_url})
    log = tmp_path / "log"
    with WorkerProcess(settings, Lane.QUICK, log) as process:
        eventually(lambda: "waiting for PostgreSQL" in log.read_text())
        assert process.poll() is None
        upgrade(make_url(empty_database_url))
        engine = make_engine(settings, connections=1, name="test")
        eventually(lambda: registered(engine))
        engine.dispose()


def test_a_worker_that_waits_can_be_stopped(broker_url, tmp_path):
    settings = load_settings(
        {"database_url": "postgresql+psycopg2://127.0.0.1:1/none", "broker_url": broker_url}
    )
    log = tmp_path / "log"
    with WorkerProcess(settings, Lane.HEAVY, log) as process:
        eventually(lambda: "waiting for PostgreSQL" in log.read_text())
        process.terminate()
        assert process.wait(10) == 0


def test_a_worker_says_each_time_that_rabbitmq_is_not_there(store_settings, tmp_path):
    log = tmp_path / "log"
    with WorkerProcess(store_settings, Lane.QUICK, log) as process:
        eventually(lambda: log.read_text().count("connection error") >= 2)
        assert process.poll() is None
        process.terminate()
        assert process.wait(10) == 0


@pytest.mark.parametrize("arguments", [[], ["slow"], ["quick", "heavy"]])
def test_a_wrong_lane_is_told(arguments):
    ended = subprocess.run(
        [sys.executable, "-m", "workers", *arguments], capture_output=True, text=True
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("usage:")


def test_wrong_settings_are_told(monkeypatch):
    monkeypatch.setenv("RECKONER_HEAVY_SLOTS", "none")
    ended = subprocess.run(
        [sys.executable, "-m", "workers", "heavy"], capture_output=True, text=True
    )
    assert ended.returncode == 2
    assert "RECKONER_HEAVY_SLOTS must be a whole number" in ended.stderr


def test_a_lost_row_of_a_living_worker_comes_back(settings, tmp_path):
    engine = create_engine(settings.sqlalchemy_url)
    with WorkerProcess(settings, Lane.QUICK, tmp_path / "log"):
        eventually(lambda: registered(engine))
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM workers"))
        eventually(lambda: registered(engine))
    engine.dispose()
