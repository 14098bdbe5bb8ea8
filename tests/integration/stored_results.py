"""Results stored by SQL without computing them, of any length and in any state."""

import hashlib
import random
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from shared.result import CHUNK_BYTES, ROW_BYTES

_INSERT = text("""
    INSERT INTO calculations (
        id, function, version, arguments, status, lane, estimate_seconds, estimate_digits,
        estimate_bytes, started_at, finished_at, compute_seconds, attempt, result_digits,
        result_sha256, result_head, result_tail, result_value, result_attempt)
    VALUES (:id, 'fibonacci', 1, CAST('{"n": 1}' AS jsonb), 'succeeded', 'quick', 1, 1, 1, now(),
            now(), 1, :attempt, :length, :sha256, :head, :tail, :value, :result_attempt)""")

_INSERT_CHUNK = text("""
    INSERT INTO result_chunks (calculation_id, attempt, ordinal, digits)
    VALUES (:id, :attempt, :ordinal, :digits)""")

#: Chunks of this attempt are the result; there are others of another attempt.
ATTEMPT = 3


def make_digits(length: int) -> str:
    """Return digits without a pattern, so that a wrong position is detected."""
    return "".join(random.Random(length).choices("123456789", k=length))


def insert_result(connection: Connection, digits: str) -> UUID:
    """Store a result as a worker does, with leftovers of another attempt; return its id."""
    identity = uuid4()
    is_short = len(digits) <= ROW_BYTES
    connection.execute(
        _INSERT,
        {
            "id": identity,
            "attempt": ATTEMPT,
            "length": len(digits),
            "sha256": hashlib.sha256(digits.encode()).hexdigest(),
            "head": digits[:20],
            "tail": digits[-20:],
            "value": digits if is_short else None,
            "result_attempt": None if is_short else ATTEMPT,
        },
    )
    if not is_short:
        _insert_chunks(connection, identity, ATTEMPT, digits)
        _insert_chunks(connection, identity, ATTEMPT - 1, "0" * len(digits))
    return identity


def _insert_chunks(connection: Connection, identity: UUID, attempt: int, digits: str) -> None:
    for start in range(0, len(digits), CHUNK_BYTES):
        connection.execute(
            _INSERT_CHUNK,
            {
                "id": identity,
                "attempt": attempt,
                "ordinal": start // CHUNK_BYTES,
                "digits": digits[start : start + CHUNK_BYTES],
            },
        )


def damage(connection: Connection, identity: UUID, change: str, ordinal: int | None = None) -> None:
    """Set the digits of one chunk, or those in the row, to an SQL expression."""
    if ordinal is None:
        statement = f"UPDATE calculations SET result_value = {change} WHERE id = :id"
    else:
        statement = (
            f"UPDATE result_chunks SET digits = {change}"
            " WHERE calculation_id = :id AND attempt = :attempt AND ordinal = :ordinal"
        )
    values = {"id": identity, "attempt": ATTEMPT, "ordinal": ordinal}
    assert connection.execute(text(statement), values).rowcount == 1


def remove_chunk(connection: Connection, identity: UUID, ordinal: int) -> None:
    """Delete one chunk."""
    statement = text(
        "DELETE FROM result_chunks"
        " WHERE calculation_id = :id AND attempt = :attempt AND ordinal = :ordinal"
    )
    values = {"id": identity, "attempt": ATTEMPT, "ordinal": ordinal}
    assert connection.execute(statement, values).rowcount == 1
