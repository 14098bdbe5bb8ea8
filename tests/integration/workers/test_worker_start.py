"""How a worker starts: with everything there, with something missing, and with wrong settings."""

import json
import logging
import signal
import socket
import subprocess
import sys
import threading
from typing import Any
from uuid import uuid4

import pytest
from dramatiq.errors import ConnectionClosed
from pika.exceptions import AMQPConnectionError
from sqlalchemy import create_engine, make_url, text

from migrations.schema import upgrade
from shared.calculation import Lane
from shared.config import load_settings
from shared.postgres.connections import make_engine
from shared.store.presence import WorkerState, list_workers, upsert_worker
from tests.eventually import eventually
from tests.integration.worker_processes import WorkerProcess
from workers.broker.broker import LaneBroker
from workers.broker.consumer import LaneConsumer
from workers.broker.log_levels import warn_of_outages
from workers.presence import Presence, Watermark


def registered(engine) -> list[WorkerState]:
    with engine.begin() as connection:
        return list_workers(connection, 60)


@pytest.mark.parametrize("lane", Lane)
def test_a_worker_is_registered_while_it_lives(settings, engine, tmp_path, lane):
    with WorkerProcess(settings, lane, tmp_path / "log") as process:
        (worker,) = eventually(lambda: registered(engine))
        assert (worker.lane, worker.pid) == (lane, process.pid)
        slots = settings.heavy_slots if lane is Lane.HEAVY else settings.quick_threads
        assert (worker.slots, worker.host) == (slots, socket.gethostname())
        seen_at = worker.seen_at
        eventually(lambda: registered(engine)[0].seen_at > seen_at)
        process.terminate()
        assert process.wait(10) == 0
    assert registered(engine) == []


def test_a_worker_waits_for_the_schema_and_says_so(empty_database_url, broker_url, tmp_path):
    settings = load_settings({"database_url": empty_database_url, "broker_url": broker_url})
    log = tmp_path / "log"
    with WorkerProcess(settings, Lane.QUICK, log) as process:
        eventually(lambda: "waiting for the schema" in log.read_text())
        assert "python -m migrations upgrade" in log.read_text()
        assert {line["level"] for line in lines_of(log)} == {"WARNING"}
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
def test_a_worker_whose_terminal_closes_stops_as_if_it_was_told_to(
    settings, engine, tmp_path, lane
):
    log = tmp_path / "log"
    with WorkerProcess(settings, lane, log) as process:
        eventually(lambda: registered(engine))
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGHUP)  # the kernel's and the shell's
        assert process.wait(10) == 0
    assert registered(engine) == []
    assert "stopped" in [line["message"] for line in lines_of(log)]


def test_a_worker_that_signs_off_is_not_put_back_by_a_beat_under_way(settings, engine, monkeypatch):
    under_way, go_on = threading.Event(), threading.Event()

    def late_upsert(connection, *arguments, **values):
        if threading.current_thread().name == "presence":
            under_way.set()
            go_on.wait(10)
        upsert_worker(connection, *arguments, **values)

    monkeypatch.setattr("workers.presence._HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr("workers.presence.upsert_worker", late_upsert)
    presence = Presence(engine, uuid4(), Watermark(), lane=Lane.QUICK, slots=1)
    assert presence.start(threading.Event())
    assert under_way.wait(10)
    closing = threading.Thread(target=presence.close)
    closing.start()
    closing.join(0.5)  # time enough for signing off, if it does not wait
    go_on.set()
    closing.join(10)
    presence._thread.join(10)
    assert registered(engine) == []


def test_a_worker_whose_last_beat_hangs_leaves_its_row_to_grow_old(settings, engine, monkeypatch):
    under_way, go_on = threading.Event(), threading.Event()

    def hanging_upsert(connection, *arguments, **values):
        if threading.current_thread().name == "presence":
            under_way.set()
            go_on.wait(10)
        upsert_worker(connection, *arguments, **values)

    monkeypatch.setattr("workers.presence._HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr("workers.presence._CLOSING_SECONDS", 0.1)
    monkeypatch.setattr("workers.presence.upsert_worker", hanging_upsert)
    presence = Presence(engine, uuid4(), Watermark(), lane=Lane.QUICK, slots=1)
    assert presence.start(threading.Event())
    assert under_way.wait(10)
    presence.close()
    assert len(registered(engine)) == 1
    go_on.set()


def test_workers_connect_to_the_nodes_in_any_order(monkeypatch):
    nodes = [f"amqp://node-{number}:5672" for number in range(3)]
    firsts = set()

    def connect(parameters):
        assert {node.host for node in parameters} == {"node-0", "node-1", "node-2"}
        firsts.add(parameters[0].host)
        raise AMQPConnectionError("unavailable")

    monkeypatch.setattr("workers.broker.consumer.BlockingConnection", connect)
    broker = LaneBroker(nodes, Lane.QUICK, LaneConsumer, name="a worker in a test")
    for _ in range(200):
        with pytest.raises(ConnectionClosed):
            broker.consume("reckoner.quick")
    assert firsts == {"node-0", "node-1", "node-2"}


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
