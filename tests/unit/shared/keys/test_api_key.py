"""Which secrets a stored key has, and when it has expired."""

from datetime import UTC, datetime, timedelta

from shared.keys.api_key import NO_LIMITS, ApiKey
from shared.keys.credential import digest
from shared.keys.scope import Scope

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def make_key(*, former_until=None, expires_at=None):
    return ApiKey(
        id="0a1b2c3d4e5f",
        number=1,
        name="shop",
        secret_sha256=digest("new"),
        former_sha256=digest("former") if former_until else None,
        former_until=former_until,
        scopes=frozenset({Scope.READ}),
        created_at=NOW,
        expires_at=expires_at,
        revoked_at=None,
        last_used_on=None,
        limits=NO_LIMITS,
    )


def test_a_key_has_its_secret_and_no_other():
    key = make_key()
    assert key.has_secret(digest("new"), NOW)
    assert not key.has_secret(digest("former"), NOW)
    assert not key.has_secret(b"", NOW)


def test_the_former_secret_is_valid_until_its_time_and_not_at_it():
    key = make_key(former_until=NOW)
    for now, expected in [(NOW - MOMENT, True), (NOW, False)]:
        assert key.has_secret(digest("former"), now) is expected
        assert key.has_secret(digest("new"), now)


def test_a_key_expires_at_its_time_or_never():
    key = make_key(expires_at=NOW)
    assert not key.is_expired(NOW - MOMENT)
    assert key.is_expired(NOW)
    assert not make_key().is_expired(NOW)


def test_what_is_shown_of_a_key_has_no_digest():
    shown = repr(make_key(former_until=NOW))
    assert "shop" in shown
    for secret in ("new", "former"):
        assert repr(digest(secret)) not in shown
