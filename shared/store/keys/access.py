"""What gateways read of keys and sessions to decide about requests, and the note of a key's use."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.keys.api_key import ApiKey
from shared.postgres.prepared import Prepared, Query, Rows
from shared.store.keys.rows import KEY_COLUMNS, read_key

#: For so long a key is explained that has expired or was revoked; then it is as one never made.
_EXPLAINED = "interval '30 days'"

_SESSION_COLUMNS = ", ".join(
    {"id": "key_id", "expires_at": "expires_at"}.get(name, "NULL") for name in KEY_COLUMNS
)

#: Keys and sessions one below the other, not joined: `sessions` has no index on keys. There is
#: always a row, for PostgreSQL's clock.
_FIND_ACCESS = Prepared(
    "find_access",
    (),
    f"""
    SELECT clock.now, known.*
    FROM (SELECT now()) AS clock (now)
    LEFT JOIN (
        SELECT NULL::bytea AS token_sha256, {", ".join(KEY_COLUMNS)}
        FROM api_keys
        WHERE least(expires_at, revoked_at) > now() - {_EXPLAINED}
           OR (expires_at IS NULL AND revoked_at IS NULL)
        UNION ALL
        SELECT token_sha256, {_SESSION_COLUMNS}
        FROM sessions WHERE expires_at > now()) AS known ON true""",
)

#: In one order, so that two processes that note the same keys do not wait for each other.
_NOTE_USE = Prepared(
    "note_use_of_keys",
    ("text[]",),
    """
    WITH today (today) AS (SELECT (now() AT TIME ZONE 'UTC')::date),
    used AS (
        SELECT id FROM api_keys, today
        WHERE id = ANY ($1) AND last_used_on IS DISTINCT FROM today
        ORDER BY id FOR NO KEY UPDATE OF api_keys)
    UPDATE api_keys SET last_used_on = today FROM used, today WHERE api_keys.id = used.id""",
)


@dataclass(frozen=True, slots=True)
class Session:
    """A browser's session, which stands for a key while both are valid."""

    key_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Access:
    """All keys that may be accepted or must be explained, and all sessions that are not expired.

    `now` is PostgreSQL's clock when they were read, which is the one that counts for their times.
    Keys are given by id, sessions by the SHA-256 of their token. The key of a session may be
    expired, revoked or missing.
    """

    now: datetime
    keys: Mapping[str, ApiKey]
    sessions: Mapping[bytes, Session]


def find_access() -> Query[Access]:
    """Find the keys and sessions that a gateway must know."""
    return Query(_FIND_ACCESS, (), _access)


def note_use_of_keys(key_ids: Iterable[str]) -> Query[None]:
    """Note that these keys were used today; writes nothing where that is known."""
    return Query(_NOTE_USE, (sorted(key_ids),), lambda _: None)


def _access(rows: Rows) -> Access:
    now: datetime | None = None
    keys: dict[str, ApiKey] = {}
    sessions: dict[bytes, Session] = {}
    expires = KEY_COLUMNS.index("expires_at")
    for moment, token, *columns in rows:
        now = moment
        if token is not None:
            sessions[bytes(token)] = Session(columns[0], columns[expires])
        elif columns[0] is not None:
            key = read_key(columns)
            keys[key.id] = key
    if now is None:
        raise AssertionError("the clock's row is always there")
    return Access(now, keys, sessions)
