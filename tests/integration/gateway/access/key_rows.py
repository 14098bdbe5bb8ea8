"""Keys in the database, with limits, and the headers that carry them."""

from typing import Any

from sqlalchemy import Engine, text

from shared.keys.credential import Credential, new_credential
from tests.integration.store.keys.rows import put_key

ALL_SCOPES = ("read", "submit", "cancel", "operate")


def make_key(engine: Engine, *, scopes: Any = ALL_SCOPES, **columns: Any) -> Credential:
    """Insert a key; `columns` are those of `put_key`, and limits."""
    limits = {name: columns.pop(name) for name in tuple(columns) if name in _LIMITS}
    with engine.begin() as connection:
        key = put_key(connection, scopes=scopes, **columns)
        for name, value in limits.items():
            connection.execute(
                text(f"UPDATE api_keys SET {name} = :value WHERE id = :id"),
                {"value": value, "id": key.id},
            )
    return key


def revoke(engine: Engine, key: Credential) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE api_keys SET revoked_at = now() WHERE id = :id"), {"id": key.id}
        )


def rotate(engine: Engine, key: Credential, *, former_seconds: float) -> Credential:
    """Give the key a new secret; the former one is valid for so long."""
    new = new_credential(key.id)
    with engine.begin() as connection:
        connection.execute(
            text("""
                UPDATE api_keys SET former_sha256 = secret_sha256, secret_sha256 = :new,
                    former_until = now() + make_interval(secs => :seconds) WHERE id = :id"""),
            {"new": new.sha256, "seconds": former_seconds, "id": key.id},
        )
    return new


def bearer(key: Credential) -> str:
    """Return the Authorization header of a key."""
    return f"Bearer {key.text}"


_LIMITS = ("max_seconds", "max_unfinished", "rate_per_second")
