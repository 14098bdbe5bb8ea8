"""Statements on `lost_attempts`: attempts that ended without a result, whose chunks are to go.

Whatever ends an attempt so notes it here in the same transaction, and one owner, the rescue,
removes the chunks afterwards, a few at a time: of a long result that takes a while, in which its
row must not be locked.
"""

from uuid import UUID

from sqlalchemy import Connection, text

#: Noted by the statements of leases.py themselves; `ended` names ids and attempts.
NOTE_ENDED = """
    INSERT INTO lost_attempts (calculation_id, attempt) SELECT id, attempt FROM ended
    ON CONFLICT DO NOTHING"""

_NOTE_OTHERS = text("""
    INSERT INTO lost_attempts (calculation_id, attempt)
    SELECT DISTINCT calculation_id, attempt FROM result_chunks
    WHERE calculation_id = :id AND attempt <> :attempt
    ON CONFLICT DO NOTHING""")

_DELETE_OF_ATTEMPT = text("""
    DELETE FROM result_chunks WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM result_chunks
        WHERE calculation_id = :id AND attempt = :attempt LIMIT :limit FOR UPDATE SKIP LOCKED))""")

#: By the index for each attempt: a plan that reads all chunks to find a few must not be thought of.
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


def note_other_attempts(connection: Connection, calculation_id: UUID, attempt: int) -> None:
    """Note all attempts but this one that have left chunks of a calculation."""
    connection.execute(_NOTE_OTHERS, {"id": calculation_id, "attempt": attempt})


def delete_chunks_of_attempt(
    connection: Connection, calculation_id: UUID, attempt: int, *, limit: int
) -> None:
    """Remove up to `limit` chunks of an attempt that has ended without a result."""
    connection.execute(
        _DELETE_OF_ATTEMPT, {"id": calculation_id, "attempt": attempt, "limit": limit}
    )


def delete_lost_chunks(connection: Connection, *, limit: int) -> int:
    """Remove up to `limit` chunks of noted attempts; return how many, 0 when there are none.

    Those that somebody else is removing are left to them.
    """
    return connection.execute(_DELETE, {"limit": limit}).rowcount


def forget_lost_attempts(connection: Connection, *, grace_seconds: float) -> None:
    """Remove notes of attempts without chunks, which ended so long ago that none can come.

    A worker that has lost its claim may have had chunks on their way.
    """
    connection.execute(_FORGET, {"grace_seconds": grace_seconds})
