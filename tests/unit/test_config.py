"""Settings: read once, checked all at once, secrets from files."""

import dataclasses

import pytest

from shared.config import Settings, load_settings
from shared.errors import SettingsInvalid


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
        {"inline_seconds": "5"},
        {"log_level": "LOUD"},
        {"broker_url": "amqp://rabbit:5672/", "broker_password": "secret"},
    ],
)
def test_settings_that_cannot_work_are_refused(variables, wrong):
    variables(**wrong)
    with pytest.raises(SettingsInvalid):
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
