"""Chunks of results on their way to PostgreSQL and back, by COPY in its binary format.

The bytes travel as they are. In the text of a statement, psycopg2 would send and read `bytea` as
hexadecimal, twice the bytes, and parsing a chunk takes longer than storing it. The format is in
PostgreSQL's documentation of COPY, "Binary Format".
"""

import struct
from collections.abc import Sequence
from contextlib import closing
from io import BytesIO
from uuid import UUID

import psycopg2
import psycopg2.errors
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from reckoner.authoring.results.kinds import ResultKind
from shared.errors import StoreUnavailable
from shared.postgres.outages import is_connection_unusable

_COPY_IN = """
    COPY result_chunks (calculation_id, attempt, ordinal, {column}) FROM STDIN (FORMAT binary)"""

#: COPY takes no parameters; these are a UUID and two integers of ours.
_COPY_OUT = """
    COPY (SELECT digits, data FROM result_chunks
          WHERE calculation_id = '{id}' AND attempt = {attempt:d} AND ordinal = {ordinal:d})
    TO STDOUT (FORMAT binary)"""

_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
_END = struct.pack("!h", -1)

#: The number of columns, and each column after its length.
_ROW = struct.Struct("!hi16siiiii")

_LENGTH = struct.Struct("!i")

#: Where the first column of the first row begins, after the header and the number of columns.
_FIRST_COLUMN = len(_HEADER) + 2

_NULL = -1


def copy_chunks_in(
    connection: Connection,
    kind: ResultKind,
    calculation_id: UUID,
    attempt: int,
    first_ordinal: int,
    chunks: Sequence[bytes],
) -> None:
    """Store consecutive chunks of a result of this kind."""
    parts = [_HEADER]
    for ordinal, chunk in enumerate(chunks, first_ordinal):
        parts += (_ROW.pack(4, 16, calculation_id.bytes, 4, attempt, 4, ordinal, len(chunk)), chunk)
    column = "digits" if kind is ResultKind.DIGITS else "data"
    _copy(connection, _COPY_IN.format(column=column), BytesIO(b"".join([*parts, _END])))


def copy_chunk_out(
    connection: Connection, calculation_id: UUID, attempt: int, ordinal: int
) -> bytes | None:
    """Return the bytes of one chunk, of a result of any kind; None if it is not there."""
    received = BytesIO()
    statement = _COPY_OUT.format(id=calculation_id, attempt=attempt, ordinal=ordinal)
    _copy(connection, statement, received)
    data = received.getbuffer()
    at = _FIRST_COLUMN
    while at + _LENGTH.size <= len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        if length != _NULL:
            return bytes(data[at : at + length])
    return None


def _copy(connection: Connection, statement: str, file: BytesIO) -> None:
    """Copy from or to the file; raise psycopg2's errors as SQLAlchemy's, as statements do."""
    raw = connection.connection
    try:
        with closing(raw.cursor()) as cursor:
            cursor.copy_expert(statement, file, max(8_192, len(file.getbuffer())))
    except psycopg2.errors.UniqueViolation as error:
        # An earlier transaction with the same chunks, whose connection broke, has just committed.
        # The next try deletes them first.
        raise StoreUnavailable("the same chunks are being stored") from error
    except psycopg2.Error as error:
        # Without a code it is psycopg2's own: the connection broke. The pool must replace it.
        is_broken = error.pgcode is None or is_connection_unusable(error)
        if is_broken:
            connection.invalidate(error)
        raise DBAPIError.instance(
            statement, None, error, psycopg2.Error, connection_invalidated=is_broken
        ) from error
