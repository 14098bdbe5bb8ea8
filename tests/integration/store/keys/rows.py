"""Puts keys and sessions into their tables, of whatever age."""

from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, text

from shared.keys.credential import Credential, digest, new_credential

_INSERT_KEY = text("""
    INSERT INTO api_keys (id, name, secret_sha256, scopes, created_at, expires_at, revoked_at)
    VALUES (:id, :name, :secret, CAST(:scopes AS text[]), now() - interval '1 year',
            now() + make_interval(secs => :expires_in), now() + make_interval(secs => :revoked_in))
    """)

_INSERT_SESSION = text("""
    INSERT INTO sessions (token_sha256, key_id, created_at, expires_at)
    VALUES (:token, :key_id, now() - make_interval(secs => :age),
            now() + make_interval(secs => :expires_in))""")


def put_key(
    connection: Connection,
    *,
    name: str | None = None,
    scopes: Any = ("read",),
    expires_in: float | None = None,
    revoked_in: float | None = None,
) -> Credential:
    """Insert a key; its times are in seconds from now."""
    credential = new_credential()
    values = {
        "id": credential.id,
        "name": name or f"key-{uuid4().hex}",
        "secret": credential.sha256,
        "scopes": list(scopes),
        "expires_in": expires_in,
        "revoked_in": revoked_in,
    }
    connection.execute(_INSERT_KEY, values)
    return credential


def put_session(
    connection: Connection, key_id: str, *, expires_in: float = 60, age: float = 0
) -> bytes:
    """Insert a session, and return the SHA-256 of its token."""
    token = digest(uuid4().hex)
    values = {"token": token, "key_id": key_id, "expires_in": expires_in, "age": age}
    connection.execute(_INSERT_SESSION, values)
    return token
