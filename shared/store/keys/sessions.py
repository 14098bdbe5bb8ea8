"""Statements on `sessions`: a browser's cookie holds a token, and its row stands for a key."""

from datetime import datetime

from sqlalchemy import Connection, text

from shared.keys.credential import Credential
from shared.postgres.prepared import Prepared, Query, Rows

#: The key may have been revoked or rotated, or have expired, since its request began: then nothing
#: is inserted. It is locked first, so that whoever rotates it meanwhile ends this session too. A
#: session ends with its key at the latest, and with the secret that began it. Two that are inserted
#: at once may each leave one too many; the next one deletes it.
_INSERT = Prepared(
    "insert_session",
    ("bytea", "text", "bytea", "double precision", "integer"),
    """
    WITH valid AS (
        SELECT id, least(now() + make_interval(secs => $4), expires_at,
                         CASE WHEN secret_sha256 <> $3 THEN former_until END) AS expires_at
        FROM api_keys
        WHERE id = $2 AND revoked_at IS NULL AND (expires_at > now()) IS NOT FALSE
          AND (secret_sha256 = $3 OR (former_sha256 = $3 AND former_until > now()))
        FOR NO KEY UPDATE),
    surplus AS (
        DELETE FROM sessions
        WHERE token_sha256 IN (
            SELECT token_sha256 FROM sessions WHERE key_id = (SELECT id FROM valid)
            ORDER BY expires_at > now() DESC, created_at DESC, token_sha256 OFFSET $5 - 1)),
    inserted AS (
        INSERT INTO sessions (token_sha256, key_id, expires_at)
        SELECT $1, id, expires_at FROM valid
        ON CONFLICT DO NOTHING
        RETURNING expires_at)
    SELECT expires_at FROM inserted
    UNION ALL
    SELECT expires_at FROM sessions WHERE token_sha256 = $1""",
)

_DELETE = Prepared("delete_session", ("bytea",), "DELETE FROM sessions WHERE token_sha256 = $1")

#: The role of the relay may delete, and not lock: FOR UPDATE would need the right to update. A row
#: that another relay deletes at the same time is passed over once that has committed.
_DELETE_EXPIRED = text("""
    DELETE FROM sessions
    WHERE token_sha256 IN (
        SELECT token_sha256 FROM sessions WHERE expires_at <= now()
        ORDER BY token_sha256 LIMIT :limit)""")


def insert_session(
    token_sha256: bytes, key: Credential, *, seconds: float, max_sessions: int
) -> Query[datetime | None]:
    """Insert a session, and delete the key's oldest beyond `max_sessions`.

    Returns when it expires; None if the key is not valid any more, and nothing was changed.
    """
    values = (token_sha256, key.id, key.sha256, seconds, max_sessions)
    return Query(_INSERT, values, _first)


def delete_session(token_sha256: bytes) -> Query[None]:
    """Delete a session, if it is there."""
    return Query(_DELETE, (token_sha256,), lambda _: None)


def delete_expired_sessions(connection: Connection, limit: int) -> int:
    """Delete sessions whose time is over, at most `limit`; return how many."""
    return connection.execute(_DELETE_EXPIRED, {"limit": limit}).rowcount


def _first(rows: Rows) -> datetime | None:
    return next((expires_at for (expires_at,) in rows), None)
