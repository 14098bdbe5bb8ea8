"""What `reckoner key` does with API keys.

It needs SELECT, INSERT and UPDATE on `api_keys`, and SELECT and DELETE on `sessions`. Keys are
never deleted: calculations name those that submitted them.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, text

from shared.keys.api_key import ApiKey, KeyLimits
from shared.keys.credential import Credential
from shared.keys.scope import Scope
from shared.store.keys.rows import KEY_COLUMNS, read_key

_COLUMNS = ", ".join(KEY_COLUMNS)

_NOW = text("SELECT now()")

#: Of two that are inserted with one name at once, the second waits for the first, and is refused.
_INSERT = text(f"""
    INSERT INTO api_keys (id, name, secret_sha256, scopes, expires_at, max_seconds, max_unfinished,
                          max_queued_seconds, max_queued_bytes, rate_per_second)
    VALUES (:id, :name, :secret_sha256, CAST(:scopes AS text[]),
            now() + make_interval(secs => :expires_seconds), :max_seconds, :max_unfinished,
            :max_queued_seconds, :max_queued_bytes, :rate_per_second)
    ON CONFLICT DO NOTHING
    RETURNING {_COLUMNS}""")

_LIST = text(f"""
    SELECT {_COLUMNS} FROM api_keys WHERE revoked_at IS NULL OR :with_revoked
    ORDER BY name, revoked_at DESC NULLS FIRST, id""")

#: Who rotates or revokes a key waits for whoever does so, and sees what that one did.
_LOCK = text(f"""
    SELECT {_COLUMNS} FROM api_keys WHERE id = :name_or_id OR name = :name_or_id
    ORDER BY id FOR NO KEY UPDATE""")

#: The former secret lasts no longer than it would have without the rotation.
_ROTATE = text(f"""
    UPDATE api_keys
    SET secret_sha256 = :secret_sha256,
        former_sha256 = CASE WHEN :overlap_seconds > 0 THEN secret_sha256 END,
        former_until = CASE WHEN :overlap_seconds > 0 THEN
            least(now() + make_interval(secs => :overlap_seconds), expires_at) END,
        expires_at = CASE WHEN :keeps_expiry THEN expires_at
                          ELSE now() + make_interval(secs => :expires_seconds) END
    WHERE id = :id AND revoked_at IS NULL
    RETURNING {_COLUMNS}""")

_REVOKE = text("""
    UPDATE api_keys SET revoked_at = now() WHERE id = :id AND revoked_at IS NULL""")

#: Those that would last longer; all, without a time.
_END_SESSIONS = text("""
    DELETE FROM sessions
    WHERE key_id = :id AND (expires_at > CAST(:until AS timestamptz)) IS NOT FALSE""")


def read_now(connection: Connection) -> datetime:
    """Return when this transaction began, by PostgreSQL's clock."""
    now: datetime = connection.execute(_NOW).scalar_one()
    return now


def insert_key(
    connection: Connection,
    credential: Credential,
    *,
    name: str,
    scopes: Collection[Scope],
    expires_seconds: float | None,
    limits: KeyLimits,
) -> ApiKey | None:
    """Insert a key that expires in so many seconds, or never.

    Returns None, and changes nothing, if its name is taken by a key that is not revoked, or its id
    is known.
    """
    values = {
        "id": credential.id,
        "name": name,
        "secret_sha256": credential.sha256,
        "scopes": sorted(scopes),
        "expires_seconds": expires_seconds,
        **asdict(limits),
    }
    row = connection.execute(_INSERT, values).one_or_none()
    return None if row is None else read_key(row)


def list_keys(connection: Connection, *, with_revoked: bool) -> list[ApiKey]:
    """Return the keys, by name."""
    return list(map(read_key, connection.execute(_LIST, {"with_revoked": with_revoked})))


def lock_keys(connection: Connection, name_or_id: str) -> Sequence[ApiKey]:
    """Return the keys of this name or id, revoked ones too, which nobody else changes meanwhile."""
    return list(map(read_key, connection.execute(_LOCK, {"name_or_id": name_or_id})))


def rotate_key(
    connection: Connection,
    credential: Credential,
    *,
    overlap_seconds: float,
    keeps_expiry: bool = True,
    expires_seconds: float | None = None,
) -> ApiKey:
    """Give a locked key, which is not revoked, a new secret; the former one ends after the overlap.

    Unless it keeps its expiry, it expires in `expires_seconds`, or never. Its sessions that would
    outlast the former secret, which may have begun them, end now: without an overlap all of them.
    """
    values = {
        "id": credential.id,
        "secret_sha256": credential.sha256,
        "overlap_seconds": overlap_seconds,
        "keeps_expiry": keeps_expiry,
        "expires_seconds": expires_seconds,
    }
    key = read_key(connection.execute(_ROTATE, values).one())
    connection.execute(_END_SESSIONS, {"id": key.id, "until": key.former_until})
    return key


def revoke_key(connection: Connection, key_id: str) -> bool:
    """Revoke a key and end its sessions; return False if it was revoked before."""
    is_revoked = connection.execute(_REVOKE, {"id": key_id}).rowcount > 0
    connection.execute(_END_SESSIONS, {"id": key_id, "until": None})
    return is_revoked
