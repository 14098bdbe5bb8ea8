"""A RabbitMQ that refuses a relay: the relay reports why, and notices when that is over."""

import logging
import re
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.relay.publisher import Publisher
from reckoner.cli.operating import redrive
from shared.calculation import Lane, Status
from shared.config import load_settings
from shared.postgres.connections import make_engine
from shared.store.new_calculations import insert_queued
from tests.eventually import eventually
from tests.factories import make_calculation
from tests.integration.lanes import Feed, WorkerThread
from tests.integration.outbox import (
    is_healthy,
    make_relay,
    queue,
    relays,
    reports,
    running,
    unpublished,
)

ROOT = Path(__file__).parents[4]


@pytest.fixture
def user(management, vhost):
    """A user of this test's own, with all permissions; its name is its password."""
    name = f"user-{uuid4().hex}"
    management.put(f"/users/{name}", json={"password": name, "tags": ""}).raise_for_status()
    grant(management, vhost, name, ".*")
    yield name
    management.delete(f"/users/{name}")


def grant(management, vhost, user, pattern):
    management.put(
        f"/permissions/{vhost}/{user}", json=dict.fromkeys(("configure", "write", "read"), pattern)
    ).raise_for_status()


def settings_of(database_url, broker_url, user):
    host = broker_url.partition("@")[2]
    return load_settings(
        {"database_url": database_url, "broker_url": f"amqp://{user}:{user}@{host}"}
    )


@pytest.mark.slow
def test_a_refused_login_is_logged_after_a_change_of_password(
    database_url, broker_url, relay_engine, rabbitmq, management, user, caplog
):
    relay = make_relay(settings_of(database_url, broker_url, user), relay_engine)
    with running(relay), caplog.at_level(logging.WARNING, "gateway.relay"):
        eventually(lambda: is_healthy(relay_engine))
        new = {"password": "another", "tags": ""}
        management.put(f"/users/{user}", json=new).raise_for_status()
        rabbitmq.control("close_all_user_connections", user, "a new password")
        queue(relay_engine, 1)
        eventually(lambda: reports(relay_engine, Lane.QUICK, "refused the login", user))
        lines = [line for line in caplog.messages if line.startswith("quick lane")]
        assert "refused the login" in lines[-1]
        assert len(lines) <= 3  # once for each reason, not for each try
        old = {"password": user, "tags": ""}
        management.put(f"/users/{user}", json=old).raise_for_status()
        eventually(lambda: unpublished(relay_engine) == 0)


@pytest.mark.slow
def test_a_missing_permission_is_named_by_a_relay_with_nothing_to_publish(
    database_url, broker_url, relay_engine, management, vhost, user, monkeypatch
):
    monkeypatch.setattr("gateway.relay.lane._PROBE_SECONDS", 0.2)
    grant(management, vhost, user, "^$")
    relay = make_relay(settings_of(database_url, broker_url, user), relay_engine)
    with running(relay):
        eventually(lambda: reports(relay_engine, Lane.QUICK, "permission", "ACCESS_REFUSED"))
        grant(management, vhost, user, ".*")
        eventually(lambda: is_healthy(relay_engine))


@pytest.mark.parametrize(
    ("alarm", "over", "word"),
    [
        (
            ["set_vm_memory_high_watermark", "absolute", "1MB"],
            ["set_vm_memory_high_watermark", "0.6"],
            "memory alarm",
        ),
        (["set_disk_free_limit", "9000GB"], ["set_disk_free_limit", "1MB"], "disk alarm"),
    ],
    ids=["memory", "disk"],
)
@pytest.mark.slow
def test_an_alarm_is_noticed_by_a_relay_with_nothing_to_publish(
    settings, relay_engine, rabbitmq, monkeypatch, alarm, over, word
):
    monkeypatch.setattr("gateway.relay.lane._PROBE_SECONDS", 0.2)
    with running(make_relay(settings, relay_engine)):
        eventually(lambda: is_healthy(relay_engine))
        rabbitmq.control(*alarm)
        try:
            eventually(lambda: all(reports(relay_engine, lane, word) for lane in Lane))
            queue(relay_engine, 1)
        finally:
            rabbitmq.control(*over)
        eventually(lambda: is_healthy(relay_engine))
        eventually(lambda: unpublished(relay_engine) == 0)


def test_a_relay_reports_in_its_row_that_rabbitmq_is_unavailable(store_settings, engine):
    relay_engine = make_engine(store_settings.sqlalchemy_url, connections=5, name="test relay")
    queue(engine, 1)
    with running(make_relay(store_settings, relay_engine)):
        eventually(lambda: reports(engine, Lane.QUICK, "cannot be reached", "Connection refused"))
    assert relays(engine) == []  # signed off
    relay_engine.dispose()


@pytest.mark.slow
def test_the_documented_permissions_are_sufficient(
    database_url, broker_url, relay_engine, engine, management, vhost, user, registry
):
    command = re.search(
        r"set_permissions -p / reckoner \\\n((?:.*\n)*?)```",
        (ROOT / "docs/how-to/use-your-own-rabbitmq.md").read_text(),
    )
    assert command is not None
    patterns = re.findall(r"'([^']+)'", command[1])
    granted = dict(zip(("configure", "write", "read"), patterns, strict=True))
    management.put(f"/permissions/{vhost}/{user}", json=granted).raise_for_status()
    settings = settings_of(database_url, broker_url, user)
    feed = Feed(settings, engine)
    with (
        running(make_relay(settings, relay_engine)),
        WorkerThread(settings, Lane.QUICK, registry),
        WorkerThread(settings, Lane.HEAVY),
    ):
        work = [make_calculation(arguments={"n": 1})]
        with engine.begin() as connection:
            insert_queued(connection, work, "request")
        feed.wait_for(Status.SUCCEEDED, *work)
        eventually(lambda: is_healthy(relay_engine))
    redrive.redrive(settings, list(Lane), is_shown=False)


def test_relays_do_not_all_connect_to_the_first_node(broker_url):
    nodes = [f"{broker_url}?node={number}" for number in range(3)]
    first = {next(Publisher(nodes, Lane.QUICK)._nodes) for _ in range(100)}
    assert first == set(nodes)
