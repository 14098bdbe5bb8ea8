"""`reckoner doctor` on keys and on settings that fit a trial and nothing beyond."""

from datetime import UTC, datetime, timedelta

import pytest

from reckoner.cli.operating.doctor.going_live import check_keys, check_settings
from shared.keys.api_key import NO_LIMITS
from shared.keys.credential import new_credential
from shared.keys.scope import Scope
from shared.store.keys.administration import insert_key, revoke_key
from tests.integration.cli.doctor.conftest import levels, only

SAFE = {
    "database_url": "postgresql+psycopg2://reckoner_app:0123456789abcdef@127.0.0.1:1/reckoner",
    "broker_url": "amqp://reckoner:fedcba9876543210@127.0.0.1:1/%2F",
    "keys": "on",
    "max_queued_bytes": 1,
}


def key(engine, name, *scopes, expires_seconds=None):
    with engine.begin() as connection:
        return insert_key(
            connection,
            new_credential(),
            name=name,
            scopes=scopes or list(Scope),
            expires_seconds=expires_seconds,
            limits=NO_LIMITS,
        )


def test_a_production_with_everything_set_has_nothing_to_do(examine):
    found = examine(check_settings, is_production=True, **SAFE)
    assert levels(found) == {"ok", "note"}
    assert any("Backups cannot be seen" in words for words in only(found, "note"))


@pytest.mark.parametrize(
    ("change", "level", "words"),
    [
        ({"keys": "off"}, "warning", "Keys are off"),
        ({"max_queued_bytes": 0}, "warning", "no limit of bytes"),
        (
            {"database_url": "postgresql+psycopg2://reckoner:reckoner@127.0.0.1:1/reckoner"},
            "fault",
            "RECKONER_DATABASE_PASSWORD",
        ),
        ({"broker_url": "amqp://guest:guest@127.0.0.1:1/%2F"}, "fault", "RECKONER_BROKER_PASSWORD"),
        ({"broker_url": "amqp://r:short7x@127.0.0.1:1/%2F"}, "fault", "RECKONER_BROKER_PASSWORD"),
    ],
)
def test_what_does_not_fit_production_is_found(examine, change, level, words):
    (found,) = only(examine(check_settings, is_production=True, **{**SAFE, **change}), level)
    assert words in found


def test_in_development_it_is_said_what_production_needs(examine):
    found = only(examine(check_settings, **SAFE), "warning")
    assert len(found) == 1
    assert "RECKONER_ENV" in found[0]
    assert "fault" not in levels(examine(check_settings))


def test_no_secret_is_shown(examine):
    url = "postgresql+psycopg2://reckoner:hunter2@127.0.0.1:1/reckoner"
    assert "hunter2" not in str(examine(check_settings, database_url=url))


def test_without_a_valid_key_nobody_can_use_the_service(examine, engine):
    expired = key(engine, "old", expires_seconds=-1)
    assert expired.expires_at < datetime.now(UTC)
    revoked = key(engine, "revoked")
    with engine.begin() as connection:
        revoke_key(connection, revoked.id)
    ((level, words),) = examine(check_keys, keys="on")
    assert level == "fault"
    assert "none is valid" in words


def test_a_key_that_may_operate_is_missed(examine, engine):
    key(engine, "shop", Scope.READ, Scope.SUBMIT)
    (warning,) = only(examine(check_keys, keys="on"), "warning")
    assert "scope operate" in warning


def test_keys_that_expire_soon_are_named(examine, engine):
    week = timedelta(days=7).total_seconds()
    for name, seconds in (("soon", week), ("later", 10 * week), ("never", None)):
        key(engine, name, expires_seconds=seconds)
    (warning,) = only(examine(check_keys, keys="on"), "warning")
    assert "The key soon expires on" in warning
    assert "reckoner key rotate soon" in warning
