"""Results of every kind stored by SQL, as workers store them."""

import hashlib
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

_ROW_BYTES = 8_192
_CHUNK_BYTES = 262_144

_INSERT = text("""
    INSERT INTO calculations (
        id, function, version, arguments, arguments_text, status, lane, started_at, finished_at,
        compute_seconds, attempt, result_kind, result_media_type, result_length, result_digits,
        result_sha256, result_head, result_tail, result_value, result_bytes, result_attempt)
    VALUES (:id, :function, 1, CAST(:arguments AS jsonb), :arguments, 'succeeded', 'heavy', now(),
            now(), 1, 1, :kind, :media_type, :length, :digits, :sha256, :head, :tail, :value,
            :bytes, :attempt)""")

_INSERT_CHUNK = text("""
    INSERT INTO result_chunks (calculation_id, attempt, ordinal, digits, data)
    VALUES (:id, 1, :ordinal, :digits, :data)""")


def insert_result_of(
    connection: Connection,
    kind: str,
    data: bytes,
    *,
    media_type: str | None = None,
    function: str = "made_up",
    arguments: str = '{"n":7}',
) -> UUID:
    """Store a result as a worker does; return its id."""
    identity = uuid4()
    is_short = len(data) <= _ROW_BYTES
    is_binary = kind == "bytes" or b"\0" in data
    has_ends = kind in ("digits", "text")
    characters = data.decode(errors="replace").replace("\0", "?") if has_ends else ""
    connection.execute(
        _INSERT,
        {
            "id": identity,
            "function": function,
            "arguments": arguments,
            "kind": kind,
            "media_type": media_type,
            "length": len(data),
            "digits": len(data) if kind == "digits" else None,
            "sha256": hashlib.sha256(data).hexdigest(),
            "head": characters[:20] if has_ends else None,
            "tail": characters[-20:] if has_ends else None,
            "value": data.decode() if is_short and not is_binary else None,
            "bytes": data if is_short and is_binary else None,
            "attempt": None if is_short else 1,
        },
    )
    if not is_short:
        for start in range(0, len(data), _CHUNK_BYTES):
            chunk = data[start : start + _CHUNK_BYTES]
            connection.execute(
                _INSERT_CHUNK,
                {
                    "id": identity,
                    "ordinal": start // _CHUNK_BYTES,
                    "digits": chunk.decode() if kind == "digits" else None,
                    "data": None if kind == "digits" else chunk,
                },
            )
    return identity
