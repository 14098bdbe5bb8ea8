"""The relay as a process: what it says of itself, when it gives up, and how it ends."""

import logging
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.relay import process as relay_module
from gateway.relay.health import HealthFile, find_faults
from gateway.relay.process import Relay
from shared.calculation import Lane
from shared.postgres.connections import make_engine
from tests.engines import autocommit
from tests.eventually import eventually
from tests.integration.outbox import (
    is_healthy,
    make_relay,
    problem,
    queue,
    relays,
    reports,
    running,
    unpublished,
)

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[4]


class Host:
    """A host on which relays run: a folder for temporary files that they share."""

    def __init__(self, folder: Path) -> None:
        self._environment = os.environ | {"TMPDIR": str(folder)}
        self._log = folder / "log"

    @property
    def log(self) -> str:
        return self._log.read_text()

    @contextmanager
    def relay(self, database_url, broker_url):
        """A relay process, until the end of this."""
        environment = self._environment | {
            "RECKONER_DATABASE_URL": database_url,
            "RECKONER_BROKER_URL": broker_url,
        }
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "gateway.relay"], env=environment, cwd=ROOT, stderr=log
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def check(self, *arguments):
        """Check as a supervisor does; return the exit status and the reasons."""
        done = subprocess.run(
            [sys.executable, "-m", "gateway.relay", "--check", *map(str, arguments)],
            env=self._environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stderr


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


def test_a_relay_with_a_bug_is_unhealthy_and_logs_it_as_one(host, database_url, broker_url, engine):
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE calculations RENAME not_before TO no_more"))
    with host.relay(database_url, broker_url) as process:
        eventually(lambda: "UndefinedColumn" in host.log and "Traceback" in host.log)
        assert "not available" not in host.log
        status, reasons = host.check()
        assert (status, f"The relay {process.pid} has not worked yet" in reasons) == (1, True)


def test_each_of_two_relays_on_a_host_is_checked_separately(host, database_url, broker_url, engine):
    with (
        host.relay(database_url, broker_url) as good,
        host.relay(database_url, "amqp://127.0.0.1:1/%2F") as bad,
    ):
        eventually(lambda: host.check(good.pid)[0] == 0)
        eventually(lambda: "Connection refused" in host.check(bad.pid)[1])
        status, reasons = host.check()
        assert status == 1
        assert f"The relay {bad.pid} " in reasons
        assert f"The relay {good.pid} " not in reasons
        bad.kill()
        bad.wait()
        assert host.check() == (0, "")
        good.kill()
        good.wait()
        assert host.check() == (1, "No relay runs here.\n")


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_stop_signal_ends_a_relay_in_order(host, database_url, broker_url, engine, signum):
    with host.relay(database_url, broker_url) as process:
        eventually(lambda: is_healthy(engine))
        process.send_signal(signum)
        assert process.wait(30) == 0
    assert relays(engine) == []
    assert host.check()[0] == 1


def test_a_relay_that_cannot_reach_rabbitmq_gives_up_after_a_while(
    store_settings, engine, monkeypatch
):
    monkeypatch.setattr(relay_module, "_GIVE_UP_SECONDS", 0.5)
    assert make_relay(store_settings, engine).run() == 1
    assert "cannot be reached" in problem(engine, Lane.QUICK)  # its last words stay


def test_a_relay_that_cannot_reach_postgresql_gives_up_after_a_while(
    settings, relay_engine, admin, monkeypatch
):
    name = relay_engine.url.database
    relay = make_relay(settings, relay_engine)
    with admin.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
    monkeypatch.setattr(relay_module, "_GIVE_UP_SECONDS", 0.5)
    assert relay.run() == 1


def test_a_relay_of_which_one_lane_works_does_not_give_up(
    settings, relay_engine, monkeypatch, caplog
):
    monkeypatch.setattr(relay_module, "_GIVE_UP_SECONDS", 0.5)
    relay = make_relay(settings, relay_engine)

    def fail():
        raise KeyError("a bug")

    monkeypatch.setattr(relay.lanes[Lane.HEAVY].publisher, "connect", fail)
    monkeypatch.setattr("gateway.relay.loop._BUG_RETRY_SECONDS", 0.1)
    with running(relay):
        eventually(lambda: relay.lanes[Lane.HEAVY].loop.failing_seconds > 1)
        queue(relay_engine, 1)
        eventually(lambda: unpublished(relay_engine) == 0)
        eventually(lambda: reports(relay_engine, Lane.HEAVY, "bug"))


def test_a_rescue_that_fails_is_reported_in_the_health_file(
    settings, relay_engine, monkeypatch, tmp_path
):
    relay = Relay(settings, relay_engine, autocommit(relay_engine), HealthFile(tmp_path / "pulses"))

    def fail():
        raise KeyError("a bug")

    monkeypatch.setattr(relay.rescue, "run_once", fail)
    monkeypatch.setattr("gateway.relay.process._HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr("gateway.relay.health._UNHEALTHY_SECONDS", 0.0)
    with running(relay):
        eventually(lambda: "bug" in " ".join(find_faults(tmp_path / "pulses")))
        eventually(lambda: is_healthy(relay_engine))  # neither lane has a problem


def test_a_relay_that_cannot_send_heartbeats_publishes(settings, relay_engine, engine):
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE relays RENAME TO renamed"))
    relay = make_relay(settings, relay_engine)
    with running(relay):
        eventually(lambda: not any(lane.is_busy for lane in relay.lanes.values()))
        queue(relay_engine, 1)
        eventually(lambda: unpublished(relay_engine) == 0)


def test_a_missing_column_is_logged_as_a_bug(settings, relay_engine, engine, monkeypatch, caplog):
    monkeypatch.setattr(relay_module, "_GIVE_UP_SECONDS", 0.5)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE calculations RENAME estimate_seconds TO no_more"))
    queue_nothing = make_relay(settings, relay_engine)
    with caplog.at_level(logging.WARNING, "gateway.relay"):
        assert queue_nothing.run() == 1
    bugs = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert any(record.exc_info for record in bugs)
    assert "not available" not in caplog.text


def test_without_rabbitmq_the_connections_to_postgresql_stay(store_settings, engine):
    relay_engine = make_engine(store_settings.sqlalchemy_url, connections=5, name="lasting")

    def backends():
        with engine.begin() as connection:
            found = connection.execute(
                text(
                    "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                    " AND application_name LIKE ANY ('{lasting,reckoner relay listener}')"
                )
            )
            return set(found.scalars())

    queue(engine, 1)
    relay = make_relay(store_settings, relay_engine)
    with running(relay):
        eventually(lambda: problem(engine, Lane.QUICK))
        eventually(lambda: len(backends()) >= 3)
        before = backends()
        eventually(lambda: relay.lanes[Lane.QUICK].loop.failing_seconds > 3)
        assert before <= backends()
    relay_engine.dispose()


def test_the_rescue_opens_no_connection_to_rabbitmq(
    settings, relay_engine, rabbitmq, broker_url, monkeypatch
):
    vhost = broker_url.rpartition("/")[2]

    def connections():
        listed = rabbitmq.control("-q", "list_connections", "name", "vhost").splitlines()
        return {line for line in listed if vhost in line}

    relay = make_relay(settings, relay_engine)
    queue(relay_engine, 1)
    queue(relay_engine, 1, lane=Lane.HEAVY)
    with running(relay):
        eventually(lambda: unpublished(relay_engine) == 0)
        eventually(lambda: is_healthy(relay_engine))
        eventually(lambda: len(connections()) == len(Lane))
        before = connections()

        def refuse(*_, **__):
            raise AssertionError("a connection of its own")

        monkeypatch.setattr("pika.SelectConnection", refuse)
        monkeypatch.setattr("pika.BlockingConnection", refuse)
        assert relay.rescue.run_once() == 0
        assert connections() == before
