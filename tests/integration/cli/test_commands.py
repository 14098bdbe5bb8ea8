"""What commands answer: exit statuses, and words on standard error."""

import socket
import subprocess
import sys
from uuid import uuid4

import pytest
from sqlalchemy import text

from reckoner.cli import __main__ as command
from shared.calculation import Lane
from shared.config import load_settings
from shared.store.presence import upsert_worker
from tests.integration.lanes import Channel
from workers import health

HOST = "a-host"


@pytest.fixture
def reckoner(monkeypatch):
    """Runs `reckoner` with these arguments and settings; returns its exit status."""

    def run(*arguments: str, **settings: str) -> int:
        for name, value in settings.items():
            monkeypatch.setenv(f"RECKONER_{name.upper()}", value)
        monkeypatch.setattr(sys, "argv", ["reckoner", *arguments])
        try:
            return command.main()
        except SystemExit as end:
            return int(end.code or 0)

    return run


@pytest.mark.parametrize(
    "arguments", [(), ("redrvie",), ("redrive", "slow"), ("redrive", "quick", "heavy")]
)
def test_a_wrong_command_line_is_status_2(reckoner, capsys, arguments):
    assert reckoner(*arguments) == 2
    errors = capsys.readouterr().err
    assert "usage: reckoner" in errors
    assert "Lane." not in errors


def test_help_lists_the_commands(reckoner, capsys):
    assert reckoner("--help") == 0
    assert "redrive" in capsys.readouterr().out


def test_wrong_settings_are_status_2_and_named(reckoner, capsys):
    assert reckoner("redrive", broker_url="http://nowhere") == 2
    output, errors = capsys.readouterr()
    assert "RECKONER_BROKER_URL" in errors
    assert (output, "Traceback" in errors) == ("", False)


def test_no_rabbitmq_is_status_1_and_told(reckoner, capsys):
    assert reckoner("redrive", broker_url="amqp://127.0.0.1:1/%2F") == 1
    output, errors = capsys.readouterr()
    assert "RabbitMQ" in errors
    assert (output, "Traceback" in errors) == ("", False)


@pytest.mark.parametrize("lanes", [("quick",), ("heavy",), ("quick", "heavy")])
def test_redrive_tells_of_the_lane_that_was_named_or_of_both(
    reckoner, settings, broker_url, capsys, lanes
):
    for lane in Lane:
        with Channel(settings, lane):  # declares its queues
            pass
    named = lanes if len(lanes) == 1 else ()
    assert reckoner("redrive", *named, broker_url=broker_url) == 0
    shown = capsys.readouterr().out
    assert {str(lane) for lane in Lane if f"reckoner.{lane}.dead" in shown} == set(lanes)


def seen(engine, host: str, seconds_ago: float) -> None:
    """Have a worker on a host that was seen so long ago."""
    identity = uuid4()
    with engine.begin() as connection:
        upsert_worker(connection, identity, host=host, pid=1, lane=Lane.QUICK, slots=1)
        connection.execute(
            text("UPDATE workers SET seen_at = now() - :ago * interval '1 second' WHERE id = :id"),
            {"ago": seconds_ago, "id": identity},
        )


def test_a_host_whose_worker_was_seen_lately_is_healthy(store_settings, engine):
    seen(engine, HOST, seconds_ago=13)
    assert health.find_fault(store_settings, HOST) is None


def test_one_of_several_workers_on_a_host_is_enough(store_settings, engine):
    seen(engine, HOST, seconds_ago=60)
    seen(engine, "another-host", seconds_ago=0)
    seen(engine, HOST, seconds_ago=0)
    assert health.find_fault(store_settings, HOST) is None


def test_a_worker_that_fell_silent_is_a_fault(store_settings, engine):
    seen(engine, HOST, seconds_ago=16)
    assert HOST in str(health.find_fault(store_settings, HOST))


def test_a_worker_on_another_host_does_not_count(store_settings, engine):
    seen(engine, "another-host", seconds_ago=0)
    assert HOST in str(health.find_fault(store_settings, HOST))


def test_postgresql_that_does_not_answer_is_a_fault():
    nowhere = load_settings(
        {"database_url": "postgresql+psycopg2://127.0.0.1:1/none", "broker_url": "amqp://h/%2F"}
    )
    assert "PostgreSQL" in str(health.find_fault(nowhere, HOST))


def ended_health(database_url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workers.health"],
        env={"RECKONER_DATABASE_URL": database_url, "RECKONER_BROKER_URL": "amqp://h/%2F"},
        capture_output=True,
        text=True,
    )


def test_health_is_the_exit_status_for_this_host(store_settings, engine):
    url = store_settings.database_url
    missing = ended_health(url)
    assert missing.returncode == 1
    assert socket.gethostname() in missing.stderr
    seen(engine, socket.gethostname(), seconds_ago=0)
    assert ended_health(url).returncode == 0


def test_health_with_wrong_settings_is_status_1_and_names_them():
    ended = ended_health("nonsense")
    assert ended.returncode == 1
    assert "RECKONER_DATABASE_URL" in ended.stderr
    assert "Traceback" not in ended.stderr
