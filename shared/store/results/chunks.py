"""Statements on `result_chunks`, the bytes of results too long for their row, and `lost_attempts`.

Whatever ends an attempt without a result notes it in `lost_attempts` in the same transaction. One
owner, the rescue, deletes the chunks afterwards, a few at a time: for a long result that
takes a while, during which its row must not be locked.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, text

from reckoner.authoring.results.kinds import ResultKind
from shared.result import Result
from shared.store.leases import Claim
from shared.store.results.chunk_copies import copy_chunk_out, copy_chunks_in

#: Returns whether the claim is held, and deletes chunks that may have been stored before.
_MAKE_ROOM = text("""
    WITH removed AS (
        DELETE FROM result_chunks
        WHERE calculation_id = :id AND attempt = :attempt AND ordinal BETWEEN :first AND :last)
    SELECT EXISTS (
        SELECT FROM calculations
        WHERE id = :id AND attempt = :attempt AND status = 'running' AND worker_id = :worker_id)""")

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
    copy_chunks_in(connection, result.kind, calculation_id, attempt, 0, result.chunks())


def insert_claimed_chunks(
    connection: Connection,
    claim: Claim,
    kind: ResultKind,
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
            "id": claim.calculation_id,
            "attempt": claim.attempt,
            "first": first_ordinal,
            "last": first_ordinal + len(chunks) - 1,
            "worker_id": worker_id,
        },
    ).scalar_one()
    if is_held:
        copy_chunks_in(connection, kind, claim.calculation_id, claim.attempt, first_ordinal, chunks)
    return is_held


def find_chunk(
    connection: Connection, calculation_id: UUID, attempt: int, ordinal: int
) -> bytes | None:
    """Return the bytes of one chunk, or None."""
    return copy_chunk_out(connection, calculation_id, attempt, ordinal)


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
