"""A RabbitMQ that takes nothing: the relay says why, and notices when that is over."""

import argparse
import dataclasses
import itertools
import logging
import re
from pathlib import Path
from uuid import uuid4

import httpx
import pika
import pytest
from pika.adapters.blocking_connection import BlockingConnection
from pika.exceptions import ChannelClosedByBroker

from gateway.relay import connection as broker_connection
from gateway.relay.publisher import Publisher
from reckoner.cli import redrive
from shared.calculation import Lane, Status
from shared.config import load_settings
from shared.messages import queue_name
from shared.postgres.connections import make_engine
from shared.store.new_calculations import insert_queued
from tests.eventually import eventually
from tests.factories import make_calculation
from tests.faults.links import Links
from tests.integration.lanes import Feed, WorkerThread
from tests.integration.outbox import make_relay, problem, queue, relays, running, unpublished

ROOT = Path(__file__).parents[4]


@pytest.fixture
def relay_engine(settings):
    engine = make_engine(settings, connections=5, name="test relay")
    yield engine
    engine.dispose()


@pytest.fixture
def management(rabbitmq):
    """RabbitMQ's management API."""
    address = f"{rabbitmq.management_url}/api"
    with httpx.Client(
        auth=(rabbitmq.user, rabbitmq.password), timeout=30, base_url=address
    ) as client:
        yield client


@pytest.fixture
def vhost(broker_url):
    return broker_url.rpartition("/")[2]


@pytest.fixture
def channel(broker_url):
    connection = pika.BlockingConnection(pika.URLParameters(broker_url))
    yield connection.channel()
    connection.close()


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


def says(engine, lane, *words):
    """Return whether the relay's row names all of these as what hinders the lane."""
    said = problem(engine, lane)
    assert [word for word in words if word not in said] == [], said
    return True


def is_well(engine):
    return [relay.problems for relay in relays(engine)] == [{}]


def test_a_queue_that_was_full_is_published_to_as_soon_as_it_takes_messages(
    settings, relay_engine, management, vhost
):
    limit = {
        "pattern": f"^{queue_name(Lane.HEAVY)}$",
        "apply-to": "queues",
        "definition": {"max-length": 3, "overflow": "reject-publish"},
    }
    policy = f"/policies/{vhost}/limit"
    management.put(policy, json=limit).raise_for_status()
    numbers = itertools.count()

    def is_refused():
        queue(relay_engine, next(numbers), lane=Lane.HEAVY)  # a channel hears of the limit late
        return says(relay_engine, Lane.HEAVY, "refused", "nack")

    with running(make_relay(settings, relay_engine)):
        eventually(is_refused)
        assert unpublished(relay_engine, Lane.HEAVY) > 0
        queue(relay_engine, 1)
        eventually(lambda: unpublished(relay_engine, Lane.QUICK) == 0)
        management.delete(policy).raise_for_status()
        eventually(lambda: unpublished(relay_engine) == 0)
        eventually(lambda: is_well(relay_engine))


def test_a_lane_without_confirms_does_not_hold_up_the_other(
    settings, relay_engine, rabbitmq, vhost, monkeypatch
):
    monkeypatch.setattr(broker_connection, "CONFIRM_SECONDS", 20.0)
    with running(make_relay(settings, relay_engine)):
        eventually(lambda: is_well(relay_engine))
        on_leader(rabbitmq, vhost, Lane.HEAVY, "suspend")
        try:
            queue(relay_engine, 1, lane=Lane.HEAVY)
            eventually(lambda: in_transaction(relay_engine))
            queue(relay_engine, 1)
            eventually(lambda: unpublished(relay_engine, Lane.QUICK) == 0, within_seconds=10)
            assert unpublished(relay_engine, Lane.HEAVY) == 1
        finally:
            on_leader(rabbitmq, vhost, Lane.HEAVY, "resume")
        eventually(lambda: unpublished(relay_engine) == 0)


def on_leader(rabbitmq, vhost, lane, action):
    """Suspend the process that leads a lane's queue, or resume it."""
    rabbitmq.control(
        "eval",
        f'{{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"{vhost}">>, queue,'
        f' <<"{queue_name(lane)}">>)), {{Name, _}} = amqqueue:get_pid(Q), sys:{action}(Name).',
    )


def in_transaction(engine):
    """Return whether a relay holds rows and waits for confirms."""
    with engine.begin() as connection:
        return connection.exec_driver_sql(
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
            " AND datname = current_database()"
        ).scalar_one()


def test_a_connection_that_confirms_nothing_gives_way_to_another_node(
    broker_url, rabbitmq, monkeypatch
):
    monkeypatch.setattr(broker_connection, "CONFIRM_SECONDS", 0.5)
    monkeypatch.setattr(broker_connection, "CONNECT_SECONDS", 2.0)
    links = Links()
    try:
        silent = links.make(rabbitmq.port)
        nodes = [broker_url.replace(f":{rabbitmq.port}", f":{silent.port}"), broker_url]
        monkeypatch.setattr("gateway.relay.publisher.random.sample", lambda nodes, _: nodes)
        publisher = Publisher(nodes, Lane.QUICK)
        assert publisher.publish([b"one"]).problem is None
        assert silent.freeze() == 1
        receipt = publisher.publish([b"two"])
        assert receipt.confirmed == frozenset()
        assert "does not answer" in (receipt.problem or "")
        assert publisher.publish([b"two"]).confirmed == {0}
        assert silent.freeze() == 1  # no further one: that was the other node
        publisher.close()
    finally:
        links.close()


def test_a_queue_of_another_type_stops_its_own_lane_only(settings, relay_engine, channel):
    channel.queue_declare(queue_name(Lane.HEAVY), durable=True)
    queue(relay_engine, 1)
    queue(relay_engine, 1, lane=Lane.HEAVY)
    with running(make_relay(settings, relay_engine)):
        eventually(lambda: unpublished(relay_engine, Lane.QUICK) == 0)
        eventually(lambda: says(relay_engine, Lane.HEAVY, "another type", "PRECONDITION_FAILED"))
        assert problem(relay_engine, Lane.QUICK) == ""
        channel.queue_delete(queue_name(Lane.HEAVY))
        eventually(lambda: unpublished(relay_engine) == 0)


def is_replaced(connection: BlockingConnection, lane: Lane) -> bool:
    """Put a queue of another type in the place of the lane's, unless the relay is faster."""
    channel = connection.channel()
    channel.queue_delete(queue_name(lane))
    try:
        channel.queue_declare(queue_name(lane), durable=True)
    except ChannelClosedByBroker:  # it has made its own again between the two
        return False
    channel.close()
    return True


def test_a_queue_replaced_by_another_type_is_noticed_by_a_relay_that_is_connected(
    settings, relay_engine, channel
):
    hurried = dataclasses.replace(settings, rescue_seconds=0.1, lost_message_seconds=1.0)
    with running(make_relay(hurried, relay_engine)):
        queue(relay_engine, 1)
        eventually(lambda: unpublished(relay_engine) == 0)
        eventually(lambda: is_replaced(channel.connection, Lane.QUICK))
        queue(relay_engine, 1)  # which RabbitMQ takes, and confirms
        eventually(lambda: says(relay_engine, Lane.QUICK, "another type", "PRECONDITION_FAILED"))
        channel.queue_delete(queue_name(Lane.QUICK))
        eventually(
            lambda: (
                problem(relay_engine, Lane.QUICK) == ""
                and channel.queue_declare(queue_name(Lane.QUICK), passive=True).method.message_count
            )
        )


def test_after_a_change_of_password_the_log_says_that_the_login_is_refused(
    database_url, broker_url, relay_engine, rabbitmq, management, user, caplog
):
    relay = make_relay(settings_of(database_url, broker_url, user), relay_engine)
    with running(relay), caplog.at_level(logging.WARNING, "gateway.relay"):
        eventually(lambda: is_well(relay_engine))
        new = {"password": "another", "tags": ""}
        management.put(f"/users/{user}", json=new).raise_for_status()
        rabbitmq.control("close_all_user_connections", user, "a new password")
        queue(relay_engine, 1)
        eventually(lambda: says(relay_engine, Lane.QUICK, "refused the login", user))
        said = [line for line in caplog.messages if line.startswith("quick lane")]
        assert "refused the login" in said[-1]
        assert len(said) <= 3  # once for each reason, not for each try
        old = {"password": user, "tags": ""}
        management.put(f"/users/{user}", json=old).raise_for_status()
        eventually(lambda: unpublished(relay_engine) == 0)


def test_a_missing_permission_is_named_by_a_relay_with_nothing_to_publish(
    database_url, broker_url, relay_engine, management, vhost, user, monkeypatch
):
    monkeypatch.setattr("gateway.relay.lane._PROBE_SECONDS", 0.2)
    grant(management, vhost, user, "^$")
    relay = make_relay(settings_of(database_url, broker_url, user), relay_engine)
    with running(relay):
        eventually(lambda: says(relay_engine, Lane.QUICK, "permission", "ACCESS_REFUSED"))
        grant(management, vhost, user, ".*")
        eventually(lambda: is_well(relay_engine))


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
def test_an_alarm_is_noticed_by_a_relay_with_nothing_to_publish(
    settings, relay_engine, rabbitmq, monkeypatch, alarm, over, word
):
    monkeypatch.setattr("gateway.relay.lane._PROBE_SECONDS", 0.2)
    with running(make_relay(settings, relay_engine)):
        eventually(lambda: is_well(relay_engine))
        rabbitmq.control(*alarm)
        try:
            eventually(lambda: all(says(relay_engine, lane, word) for lane in Lane))
            queue(relay_engine, 1)
        finally:
            rabbitmq.control(*over)
        eventually(lambda: is_well(relay_engine))
        eventually(lambda: unpublished(relay_engine) == 0)


def test_a_relay_says_in_its_row_that_rabbitmq_is_away(store_settings, engine):
    relay_engine = make_engine(store_settings, connections=5, name="test relay")
    queue(engine, 1)
    with running(make_relay(store_settings, relay_engine)):
        eventually(lambda: says(engine, Lane.QUICK, "cannot be reached", "Connection refused"))
    assert relays(engine) == []  # signed off
    relay_engine.dispose()


def test_the_permissions_that_the_docs_name_are_enough(
    database_url, broker_url, relay_engine, engine, management, vhost, user, registry
):
    command = re.search(
        r"set_permissions -p / reckoner \\\n((?:.*\n)*?)```",
        (ROOT / "docs" / "deploying.md").read_text(),
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
        eventually(lambda: is_well(relay_engine))
    assert redrive.run(settings, argparse.Namespace(lane=None, show=False)) == 0


def test_relays_do_not_all_begin_with_the_first_node(broker_url):
    nodes = [f"{broker_url}?node={number}" for number in range(3)]
    first = {next(Publisher(nodes, Lane.QUICK)._nodes) for _ in range(100)}
    assert first == set(nodes)
