"""Statements on `result_chunks`: the digits of results too long for their row."""

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

#: Whether the claim is held, and room for chunks that may have been stored before.
_MAKE_ROOM = text("""
    WITH removed AS (
        DELETE FROM result_chunks
        WHERE calculation_id = :id AND attempt = :attempt AND ordinal BETWEEN :first AND :last)
    SELECT EXISTS (
        SELECT FROM calculations
        WHERE id = :id AND attempt = :attempt AND status = 'running' AND worker_id = :worker_id)""")

#: In PostgreSQL's binary form (its documentation of COPY, "Binary Format"): chunks are long, and
#: reading one in a statement takes it longer than storing it.
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
    """Store chunks in a row ahead of their result; False, and nothing, if the claim was lost.

    Storing them again is harmless: whoever lost the connection does not know if they were
    committed.
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
    """Send rows, with SQLAlchemy's errors for psycopg2's, as statements have them."""
    try:
        with closing(connection.connection.cursor()) as cursor:
            cursor.copy_expert(_COPY, data, len(data.getbuffer()))
    except psycopg2.errors.UniqueViolation as error:
        # The same chunks, whose commit was under way when its connection broke: as good as a
        # conflict of transactions, and the next try makes room.
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
    """Remove the digits of a result and keep its document; False if there was none.

    A submission of the same calculation queues it again.
    """
    pruned: int = connection.execute(_PRUNE, {"id": calculation_id}).scalar_one()
    return pruned == 1
