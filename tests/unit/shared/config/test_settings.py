"""Settings: read once, and all faults reported at once."""

import dataclasses

import pytest

from gateway.submission import inline
from shared.config import Settings, load_settings
from shared.errors import SettingsInvalid
from workers.quick import lane as quick


def test_development_needs_no_variable():
    assert load_settings().database_url.startswith("postgresql+psycopg2://")


def test_production_has_no_default_addresses(variables):
    variables(env="production")
    with pytest.raises(SettingsInvalid) as caught:
        load_settings()
    assert [fault.split()[0] for fault in caught.value.faults] == [
        "RECKONER_DATABASE_URL",
        "RECKONER_BROKER_URL",
        "RECKONER_ALLOWED_HOSTS",
    ]


def test_all_invalid_numbers_are_reported_at_once(variables):
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
def test_invalid_and_contradictory_settings_are_refused(variables, wrong):
    variables(**wrong)
    with pytest.raises(SettingsInvalid):
        load_settings()


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1", "reckoner.example.org"])  # noqa: S104
def test_without_keys_the_service_is_for_its_own_machine_only(variables, address):
    variables(keys="off", address=address)
    with pytest.raises(SettingsInvalid, match="RECKONER_KEYS=on"):
        load_settings()
    variables(keys="on", address=address)
    assert load_settings().are_keys_on


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "::1", "[::1]", "localhost"])
def test_without_keys_an_address_of_the_machine_itself_is_accepted(variables, address):
    variables(keys="off", address=address)
    assert not load_settings().are_keys_on


@pytest.mark.parametrize("text", ["inf", "-inf", "nan", "1e300", "-1", "0", "", "many"])
@pytest.mark.parametrize(
    "name", [f.name for f in dataclasses.fields(Settings) if f.metadata["at_least"] is not None]
)
def test_numbers_out_of_bounds_are_refused(variables, name, text):
    may_be_zero = name in ("inline_seconds", "quick_seconds", "retention_seconds")
    if text == "0" and (may_be_zero or "max_queued" in name or name == "retention_bytes"):
        return
    variables(**{name: text})
    with pytest.raises(SettingsInvalid, match=f"RECKONER_{name.upper()} must be"):
        load_settings()


def test_faults_of_every_kind_are_reported_at_once(variables):
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


def test_the_longest_estimate_of_a_lane_is_shorter_than_its_watchdogs_limit():
    most = {f.name: f.metadata["at_most"] for f in dataclasses.fields(Settings) if f.metadata}
    assert most["inline_seconds"] < inline._MAX_SECONDS
    assert most["quick_seconds"] < quick._HANGING_SECONDS


@pytest.mark.parametrize("what", ["queued_seconds", "queued_bytes"])
def test_the_limit_of_all_may_be_below_that_of_each_key(what):
    """So whoever lowers it need not lower both."""
    settings = load_settings({f"max_{what}": 10, f"key_max_{what}": 11})
    assert getattr(settings, f"max_{what}") == 10


def test_numbers_are_converted(variables):
    variables(heavy_slots="3", quick_seconds="0.25")
    settings = load_settings()
    assert (settings.heavy_slots, settings.quick_seconds) == (3, 0.25)


def test_settings_are_frozen_and_documented():
    settings = load_settings()
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.heavy_slots = 5  # type: ignore[misc]
    assert all(field.metadata["doc"] for field in dataclasses.fields(Settings))
