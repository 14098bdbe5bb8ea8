"""Settings: read once, checked all at once, secrets from files."""

import dataclasses
import re
from pathlib import Path

import pytest

from compose.local.settings import LocalSettings
from gateway.submission import submit as submission
from shared.config import Settings, load_settings
from shared.errors import SettingsInvalid
from workers.quick import lane as quick

ROOT = Path(__file__).parents[3]
NAMES = {field.name for field in dataclasses.fields(Settings)}


@pytest.fixture
def variables(monkeypatch):
    def set_variables(**values):
        for name, value in values.items():
            monkeypatch.setenv(f"RECKONER_{name.upper()}", value)

    return set_variables


def test_development_needs_no_variable():
    assert load_settings().database_url.startswith("postgresql+psycopg2://")


def test_production_has_no_default_addresses(variables):
    variables(env="production")
    with pytest.raises(SettingsInvalid) as caught:
        load_settings()
    assert len(caught.value.faults) == 2


def test_all_faults_are_named_at_once(variables):
    variables(max_attempts="none", heavy_slots="0", lease_seconds="nan")
    with pytest.raises(SettingsInvalid) as caught:
        load_settings()
    assert [fault.split()[0] for fault in caught.value.faults] == [
        "RECKONER_MAX_ATTEMPTS",
        "RECKONER_LEASE_SECONDS",
        "RECKONER_HEAVY_SLOTS",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"database_url": "postgresql://localhost/reckoner"},
        {"database_url": "nonsense"},
        {"broker_url": "http://localhost"},
        {"lease_seconds": "2", "heartbeat_seconds": "1"},
        {"inline_seconds": "0.5"},
        {"inline_seconds": "1.5", "quick_seconds": "5"},
        {"quick_seconds": "11"},
        {"log_level": "LOUD"},
        {"broker_url": "amqp://rabbit:5672/", "broker_password": "secret"},
    ],
)
def test_settings_that_cannot_work_are_refused(variables, wrong):
    variables(**wrong)
    with pytest.raises(SettingsInvalid):
        load_settings()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("LEASE_SECOND", "LEASE_SECONDS"),
        ("lease_seconds", "LEASE_SECONDS"),
        ("HEAVYSLOTS", "HEAVY_SLOTS"),
        ("DATABASE_PASWORD_FILE", "DATABASE_PASSWORD_FILE"),
        ("BROKER__URL", "BROKER_URL"),
        ("HEAVY_REPLICA", "HEAVY_REPLICAS"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(monkeypatch, name, nearest):
    monkeypatch.setenv(f"RECKONER_{name}", "3")
    with pytest.raises(SettingsInvalid) as caught:
        load_settings()
    assert caught.value.faults == (
        f"RECKONER_{name} is not a setting. Did you mean RECKONER_{nearest}?",
    )


def test_names_that_others_read_are_no_faults(monkeypatch):
    compose = (ROOT / "compose/compose.yaml").read_text()
    for name in re.findall(r"\bRECKONER_[A-Z_]+", compose):
        if not name.endswith("_FILE") and name.removeprefix("RECKONER_").lower() not in NAMES:
            monkeypatch.setenv(name, "production" if name == "RECKONER_ENV" else "x")
    monkeypatch.setenv("RECKONER_ENV", "development")
    for field in dataclasses.fields(LocalSettings):
        monkeypatch.setenv(f"RECKONER_LOCAL_{field.name.upper()}", "x")
    load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GATEWAY_PORT", "tcp://10.0.0.7:8081"),
        ("GATEWAY_PORT_8081_TCP_ADDR", "10.0.0.7"),
        ("GATEWAY_SERVICE_HOST", "10.0.0.7"),
        ("SERVICE_PORT_HTTP", "8081"),
    ],
)
def test_what_kubernetes_adds_for_a_service_is_no_fault(monkeypatch, name, value):
    monkeypatch.setenv(f"RECKONER_{name}", value)
    load_settings()


@pytest.mark.parametrize("text", ["inf", "-inf", "nan", "1e300", "-1", "0", "", "many"])
@pytest.mark.parametrize(
    "name", [f.name for f in dataclasses.fields(Settings) if f.metadata["at_least"] is not None]
)
def test_no_number_is_absurd(variables, name, text):
    if text == "0" and name in ("inline_seconds", "quick_seconds"):
        return
    variables(**{name: text})
    with pytest.raises(SettingsInvalid, match=f"RECKONER_{name.upper()} must be"):
        load_settings()


@pytest.mark.parametrize("address", ["127.0.0.1:8081", "[::1]:8081", "0.0.0.0:1", "gateway-1.a:80"])
def test_addresses_to_listen_on(variables, address):
    variables(gateway_bind=address)
    assert load_settings().gateway_bind == address


@pytest.mark.parametrize(
    "address",
    ["nonsense", "host:", ":8081", "::1:8081", "[::g]:1", "h:0", "h:65536", "300.1.1.1:1", "a b:1"],
)
def test_what_nothing_can_listen_on_is_refused(variables, address):
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
def test_every_url_that_the_dialect_takes_is_right(variables, rest):
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
def test_a_database_url_that_cannot_work_is_refused_without_its_password(variables, rest, problem):
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
def test_a_broker_url_that_cannot_work_is_refused(variables, url, problem):
    variables(broker_url=url)
    with pytest.raises(SettingsInvalid, match=problem):
        load_settings()


def test_faults_of_every_kind_are_named_at_once(variables):
    variables(
        env="staging",
        lease_second="3",
        gateway_bind="nonsense",
        heavy_slots="two",
        database_url="postgresql+psycopg2://db:0",
        broker_url="amqp://mq:0",
        log_level="LOUD",
        inline_seconds="7",
    )
    with pytest.raises(SettingsInvalid) as caught:
        load_settings()
    assert sorted({fault.split()[0] for fault in caught.value.faults}) == [
        "RECKONER_BROKER_URL",
        "RECKONER_DATABASE_URL",
        "RECKONER_ENV",
        "RECKONER_GATEWAY_BIND",
        "RECKONER_HEAVY_SLOTS",
        "RECKONER_INLINE_SECONDS",
        "RECKONER_LEASE_SECOND",
        "RECKONER_LOG_LEVEL",
    ]


def test_what_a_lane_may_take_is_less_than_what_hangs_in_it():
    most = {f.name: f.metadata["at_most"] for f in dataclasses.fields(Settings) if f.metadata}
    assert most["inline_seconds"] < submission._MAX_INLINE_SECONDS
    assert most["quick_seconds"] < quick._HANGING_SECONDS


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe"])
def test_a_secret_file_without_a_secret_is_a_fault(variables, tmp_path, content):
    secret = tmp_path / "secret"
    secret.write_bytes(content)
    variables(database_password_file=str(secret))
    with pytest.raises(SettingsInvalid, match="RECKONER_DATABASE_PASSWORD_FILE"):
        load_settings()


def test_a_value_and_its_file_contradict_each_other(variables, tmp_path):
    (tmp_path / "slots").write_text("3")
    variables(heavy_slots="2", heavy_slots_file=str(tmp_path / "slots"))
    with pytest.raises(SettingsInvalid, match="RECKONER_HEAVY_SLOTS_FILE are both set"):
        load_settings()


def test_a_secret_comes_from_its_file(variables, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("p@ss/word\n")
    variables(
        database_url="postgresql+psycopg2://reckoner@db/reckoner",
        database_password_file=str(secret),
        broker_url="amqp://reckoner@mq:5672/%2F",
        broker_password_file=str(secret),
    )
    settings = load_settings()
    assert settings.sqlalchemy_url.password == "p@ss/word"
    assert settings.amqp_urls == ["amqp://reckoner:p%40ss%2Fword@mq:5672/%2F"]


def test_a_password_in_the_address_comes_first(variables):
    variables(
        database_url="postgresql+psycopg2://reckoner:own@db/reckoner", database_password="other"
    )
    assert load_settings().sqlalchemy_url.password == "own"


@pytest.mark.parametrize("password", ["1e5", "0x1F", "52e81903", '"q"', "@none", "true", "123"])
def test_a_password_is_taken_as_it_is(variables, password):
    variables(database_url="postgresql+psycopg2://reckoner@db/reckoner", database_password=password)
    assert load_settings().sqlalchemy_url.password == password


def test_a_user_of_rabbitmq_without_a_password_is_a_fault(variables):
    variables(broker_url="amqp://reckoner@mq:5672/%2F")
    with pytest.raises(SettingsInvalid, match="RECKONER_BROKER_PASSWORD"):
        load_settings()


def test_a_secret_file_that_is_not_there_is_a_fault(variables):
    variables(database_password_file="/nowhere/secret")
    with pytest.raises(SettingsInvalid, match="/nowhere/secret"):
        load_settings()


def test_numbers_are_numbers(variables):
    variables(heavy_slots="3", quick_seconds="0.25")
    settings = load_settings()
    assert (settings.heavy_slots, settings.quick_seconds) == (3, 0.25)


def test_settings_are_frozen_and_documented():
    settings = load_settings()
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.heavy_slots = 5  # type: ignore[misc]
    assert all(field.metadata["doc"] for field in dataclasses.fields(Settings))
