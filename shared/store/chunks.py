"""Statements on `result_chunks`, the digits of results too long for their row, and `lost_attempts`.

Whatever ends an attempt without a result notes it in `lost_attempts` in the same transaction. One
owner, the rescue, deletes the chunks afterwards, a few at a time: for a long result that
takes a while, during which its row must not be locked.
"""

import struct
from collections.abc import Sequence
from contextlib import closing
from io import BytesIO
from uuid import UUID

import psycopg2.errors
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from shared.errors import StoreUnavailable
from shared.result import Result

_INSERT = text("""
    INSERT INTO result_chunks (calculation_id, attempt, ordinal, digits)
    VALUES (:id, :attempt, :ordinal, :digits)""")

#: Returns whether the claim is held, and deletes chunks that may have been stored before.
_MAKE_ROOM = text("""
    WITH removed AS (
        DELETE FROM result_chunks
        WHERE calculation_id = :id AND attempt = :attempt AND ordinal BETWEEN :first AND :last)
    SELECT EXISTS (
        SELECT FROM calculations
        WHERE id = :id AND attempt = :attempt AND status = 'running' AND worker_id = :worker_id)""")

#: In PostgreSQL's binary format (its documentation of COPY, "Binary Format"): parsing a chunk in
#: the text of a statement takes longer than storing it.
_COPY = """
    COPY result_chunks (calculation_id, attempt, ordinal, digits) FROM STDIN (FORMAT binary)"""
_COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
_COPY_END = struct.pack("!h", -1)
_COPY_ROW = struct.Struct("!hi16siiiii")

_FIND = text("""
    SELECT digits FROM result_chunks
    WHERE calculation_id = :id AND attempt = :attempt AND ordinal = :ordinal""")

_PRUNE = text("""
    WITH pruned AS (
        UPDATE calculations
        SET result_pruned_at = now(), result_value = NULL, result_attempt = NULL
        WHERE id = :id AND status = 'succeeded' AND result_pruned_at IS NULL
        RETURNING id),
    removed AS (
        DELETE FROM result_chunks WHERE calculation_id IN (SELECT id FROM pruned))
    SELECT count(*) FROM pruned""")

_NOTE_OTHERS = text("""
    INSERT INTO lost_attempts (calculation_id, attempt)
    SELECT DISTINCT calculation_id, attempt FROM result_chunks
    WHERE calculation_id = :id AND attempt <> :attempt
    ON CONFLICT DO NOTHING""")

_DELETE_OF_ATTEMPT = text("""
    DELETE FROM result_chunks WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM result_chunks
        WHERE calculation_id = :id AND attempt = :attempt LIMIT :limit FOR UPDATE SKIP LOCKED))""")

#: LATERAL, so that chunks are found by the index for each attempt and never by reading them all.
_DELETE = text("""
    DELETE FROM result_chunks WHERE ctid = ANY (ARRAY(
        SELECT chunk.ctid
        FROM lost_attempts AS lost JOIN calculations ON id = lost.calculation_id, LATERAL (
            SELECT ctid FROM result_chunks
            WHERE calculation_id = lost.calculation_id AND attempt = lost.attempt
            LIMIT :limit FOR UPDATE SKIP LOCKED) AS chunk
        WHERE result_attempt IS DISTINCT FROM lost.attempt
        LIMIT :limit))""")

_FORGET = text("""
    DELETE FROM lost_attempts AS lost
    WHERE ended_at < now() - make_interval(secs => :grace_seconds) AND NOT EXISTS (
        SELECT FROM result_chunks
        WHERE calculation_id = lost.calculation_id AND attempt = lost.attempt)""")


def insert_chunks(
    connection: Connection, calculation_id: UUID, attempt: int, result: Result
) -> None:
    """Store all chunks of a long result in the transaction that also commits it."""
    connection.execute(
        _INSERT,
        [
            {"id": calculation_id, "attempt": attempt, "ordinal": ordinal, "digits": chunk}
            for ordinal, chunk in enumerate(result.chunks())
        ],
    )


def insert_claimed_chunks(
    connection: Connection,
    calculation_id: UUID,
    attempt: int,
    first_ordinal: int,
    chunks: Sequence[bytes],
    *,
    worker_id: UUID,
) -> bool:
    """Store consecutive chunks before their result is known; False if the claim was lost.

    Storing the same chunks again is harmless, as after a connection that broke during the commit.
    """
    is_held: bool = connection.execute(
        _MAKE_ROOM,
        {
            "id": calculation_id,
            "attempt": attempt,
            "first": first_ordinal,
            "last": first_ordinal + len(chunks) - 1,
            "worker_id": worker_id,
        },
    ).scalar_one()
    if is_held:
        parts = [_COPY_HEADER]
        for ordinal, chunk in enumerate(chunks, first_ordinal):
            parts += (
                _COPY_ROW.pack(4, 16, calculation_id.bytes, 4, attempt, 4, ordinal, len(chunk)),
                chunk,
            )
        _copy(connection, BytesIO(b"".join([*parts, _COPY_END])))
    return is_held


def _copy(connection: Connection, data: BytesIO) -> None:
    """Send rows by COPY; raise psycopg2's errors as SQLAlchemy's, as statements do."""
    try:
        with closing(connection.connection.cursor()) as cursor:
            cursor.copy_expert(_COPY, data, len(data.getbuffer()))
    except psycopg2.errors.UniqueViolation as error:
        # An earlier transaction with the same chunks, whose connection broke, has just committed.
        # The next try deletes them first.
        raise StoreUnavailable("the same digits are being stored") from error
    except psycopg2.Error as error:
        raise DBAPIError.instance(_COPY, None, error, psycopg2.Error) from error


def find_chunk(
    connection: Connection, calculation_id: UUID, attempt: int, ordinal: int
) -> str | None:
    """Return the digits of one chunk, or None."""
    digits: str | None = connection.execute(
        _FIND, {"id": calculation_id, "attempt": attempt, "ordinal": ordinal}
    ).scalar_one_or_none()
    return digits


def prune_result(connection: Connection, calculation_id: UUID) -> bool:
    """Delete the digits of a result and keep its document; False if there was none.

    Submitting the same calculation queues it again.
    """
    pruned: int = connection.execute(_PRUNE, {"id": calculation_id}).scalar_one()
    return pruned == 1


def record_other_attempts(connection: Connection, calculation_id: UUID, attempt: int) -> None:
    """Note all other attempts that have left chunks of this calculation as lost."""
    connection.execute(_NOTE_OTHERS, {"id": calculation_id, "attempt": attempt})


def delete_chunks_of_attempt(
    connection: Connection, calculation_id: UUID, attempt: int, *, limit: int
) -> None:
    """Delete up to `limit` chunks of an attempt that has ended without a result."""
    connection.execute(
        _DELETE_OF_ATTEMPT, {"id": calculation_id, "attempt": attempt, "limit": limit}
    )


def delete_lost_chunks(connection: Connection, *, limit: int) -> int:
    """Delete up to `limit` chunks of lost attempts; return how many, 0 when none are left.

    Chunks that another transaction is deleting are skipped.
    """
    return connection.execute(_DELETE, {"limit": limit}).rowcount


def delete_lost_attempts(connection: Connection, *, grace_seconds: float) -> None:
    """Forget lost attempts without chunks that ended more than `grace_seconds` ago.

    Until then a worker that has lost its claim may still be storing chunks.
    """
    connection.execute(_FORGET, {"grace_seconds": grace_seconds})
