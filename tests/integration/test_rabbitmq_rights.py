"""RabbitMQ: the service's user has its own queues, and the management UI another user."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import httpx
import pika
import pika.exceptions
import pytest

from shared.calculation import Lane
from shared.messages import queue_name


@pytest.fixture
def connection(broker_url) -> Iterator[pika.BlockingConnection]:
    with closing(pika.BlockingConnection(pika.URLParameters(broker_url))) as connection:
        yield connection


def test_the_services_user_uses_its_own_queues(connection):
    channel = connection.channel()
    name = queue_name(Lane.QUICK)
    channel.queue_declare(name, durable=True)
    channel.confirm_delivery()
    channel.basic_publish("", name, b"message", mandatory=True)
    _, _, body = channel.basic_get(name, auto_ack=True)
    assert body == b"message"


@pytest.mark.parametrize(
    "do",
    [
        lambda channel: channel.queue_declare("another"),
        lambda channel: channel.queue_declare("my.reckoner.quick"),
        lambda channel: channel.exchange_declare("another"),
        lambda channel: channel.basic_publish("amq.topic", "key", b"message"),
        lambda channel: channel.queue_bind("reckoner.quick", "amq.topic", "#"),
    ],
)
def test_the_services_user_is_refused_everything_else(connection, do: Callable[[Any], object]):
    channel = connection.channel()
    channel.queue_declare(queue_name(Lane.QUICK))
    channel.confirm_delivery()
    with pytest.raises(pika.exceptions.ChannelClosedByBroker) as caught:
        do(channel)
    assert caught.value.reply_code == 403


def test_the_management_api_is_for_the_other_user(rabbitmq):
    overview = f"{rabbitmq.management_url}/api/overview"
    assert httpx.get(overview, auth=rabbitmq.manager).status_code == 200
    for login in (("reckoner", rabbitmq.password), ("guest", "guest"), ("admin", "admin")):
        assert httpx.get(overview, auth=login).status_code == 401


def test_users_are_as_defined(rabbitmq):
    with httpx.Client(base_url=f"{rabbitmq.management_url}/api", auth=rabbitmq.manager) as api:
        users = {user["name"]: list(user["tags"]) for user in api.get("/users").json()}
        grants = api.get("/permissions/%2F/reckoner").json()
    assert users == {"reckoner": [], "admin": ["administrator"]}
    assert {name: grants[name] for name in ("configure", "write", "read")} == {
        "configure": r"^reckoner\..*",
        "write": r"^(reckoner\..*|amq\.default)$",
        "read": r"^reckoner\..*",
    }
