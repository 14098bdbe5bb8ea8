"""Checks of the addresses among the settings."""

import pytest

from shared.config import load_settings
from shared.errors import SettingsInvalid


@pytest.mark.parametrize("address", ["127.0.0.1:8081", "[::1]:8081", "0.0.0.0:1", "gateway-1.a:80"])
def test_valid_addresses_to_listen_on_are_accepted(variables, address):
    variables(gateway_bind=address)
    assert load_settings().gateway_bind == address


@pytest.mark.parametrize(
    "address",
    ["nonsense", "host:", ":8081", "::1:8081", "[::g]:1", "h:0", "h:65536", "300.1.1.1:1", "a b:1"],
)
def test_invalid_addresses_to_listen_on_are_refused(variables, address):
    variables(gateway_bind=address)
    with pytest.raises(SettingsInvalid, match="RECKONER_GATEWAY_BIND"):
        load_settings()


@pytest.mark.parametrize(
    "rest",
    [
        "db/name",
        "u:p@[::1]:5432/name",
        "/name?host=a:5432&host=b:5432&target_session_attrs=read-write",
        "/name?host=a,b&port=5432,5433",
        "/name?host=a,b",
        "/name?host=/var/run/postgresql",
        "/?service=reckoner",
        "/?dbname=name",
        "db/name?application_name=x&options=-c%20jit%3Doff&sslmode=verify-full&connect_timeout=3",
    ],
)
def test_every_url_that_the_dialect_accepts_is_accepted(variables, rest):
    variables(database_url=f"postgresql+psycopg2://{rest}")
    load_settings()


@pytest.mark.parametrize(
    ("rest", "problem"),
    [
        ("db:99999/name", "port"),
        ("db:0/name", "port"),
        ("db:x/name", "not a database URL"),
        ("db", "names no database"),
        ("db/", "names no database"),
        ("/name?host=a,b&port=1,2,3", "cannot be read"),
        ("/name?host=a:5432&host=b:70000", "port"),
        ("db/name?ssl_mode=require", "ssl_mode"),
        ("db/name?sslmode=on", "sslmode"),
        ("db/name?connect_timeout=soon", "connect_timeout"),
    ],
)
def test_an_invalid_database_url_is_refused_without_showing_its_password(variables, rest, problem):
    variables(database_url=f"postgresql+psycopg2://u:hunter2@{rest}")
    with pytest.raises(SettingsInvalid, match=problem) as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("amqp://mq:99999", "port"),
        ("amqp://mq:0", "port"),
        ("amqp://", "no host"),
        ("amqp://mq/a/b", "%2F"),
        ("amqp://mq?heartbeat=often", "heartbeat"),
        ("amqp://mq?heart_beat=5", "heart_beat"),
        ("amqp://mq;", "node 2 of 2"),
        ("amqp://a;http://b", "node 2 of 2"),
    ],
)
def test_an_invalid_broker_url_is_refused(variables, url, problem):
    variables(broker_url=url)
    with pytest.raises(SettingsInvalid, match=problem):
        load_settings()
