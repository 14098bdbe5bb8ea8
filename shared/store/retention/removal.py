"""Statements that remove results, or whole calculations, and subtract them from the sums.

Each checks again that what it was given is still final, finished before the limit, and not locked
by others: since it was listed, it may have been submitted and computed again; and that it is still
counted, since the clock may have been set back.
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from shared.postgres.prepared import uuid_array
from shared.store.retention.state import HAS_RESULT, RESULT_BYTES

#: Rows are found by their keys. The commit need not wait for the disk: what is lost in a crash is
#: removed by the next run.
_BY_KEY = text("""
    SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
           set_config('enable_mergejoin', 'off', true),
           set_config('synchronous_commit', 'off', true)""")

_SUBTRACT = """
    UPDATE stored_results
    SET results = greatest(0, stored_results.results - gone.results),
        bytes = greatest(0, stored_results.bytes - gone.bytes)
    FROM (SELECT date_trunc('hour', finished_at, 'UTC') AS hour, count(*) AS results,
                 sum(bytes)::bigint AS bytes
          FROM picked WHERE has_result GROUP BY 1) AS gone
    WHERE stored_results.hour = gone.hour"""

_PICK = f"""
    SELECT id, finished_at, {HAS_RESULT} AS has_result, result_attempt, {RESULT_BYTES} AS bytes
    FROM calculations
    WHERE id = ANY (CAST(:ids AS uuid[])) AND (finished_at < :until) IS TRUE AND {{condition}}
      AND finished_at < (SELECT counted_until FROM retention)
    ORDER BY id FOR UPDATE SKIP LOCKED"""

#: What is too long for one step is noted, and its chunks are deleted afterwards.
_PRUNE = f"""
    WITH picked AS ({_PICK.format(condition=HAS_RESULT)}),
    pruned AS (
        UPDATE calculations
        SET result_pruned_at = now(), result_value = NULL, result_bytes = NULL,
            result_attempt = NULL
        FROM picked WHERE calculations.id = picked.id),
    chunks AS ({{chunks}}),
    subtracted AS ({_SUBTRACT})
    SELECT count(*), coalesce(sum(bytes), 0)::bigint FROM picked"""

_PRUNE_AT_ONCE = text(
    _PRUNE.format(
        chunks="""
        DELETE FROM result_chunks USING picked
        WHERE calculation_id = picked.id AND attempt = picked.result_attempt"""
    )
)

_PRUNE_LATER = text(
    _PRUNE.format(
        chunks="""
        INSERT INTO lost_attempts (calculation_id, attempt)
        SELECT id, result_attempt FROM picked WHERE result_attempt IS NOT NULL
        ON CONFLICT DO NOTHING"""
    )
)

#: Chunks would be deleted with their calculation, however many there are; so it waits until they
#: are gone. What is noted of an id must not meet a calculation that is submitted anew.
_FORGET = text(f"""
    WITH picked AS ({
    _PICK.format(
        condition="NOT EXISTS (SELECT FROM result_chunks WHERE calculation_id = calculations.id)"
    )
}),
    attempts AS (DELETE FROM lost_attempts USING picked WHERE calculation_id = picked.id),
    returned AS (DELETE FROM handed_back USING picked WHERE calculation_id = picked.id),
    forgotten AS (DELETE FROM calculations USING picked WHERE calculations.id = picked.id),
    subtracted AS ({_SUBTRACT})
    SELECT count(*), count(*) FILTER (WHERE has_result),
           coalesce(sum(bytes) FILTER (WHERE has_result), 0)::bigint
    FROM picked""")

_DELETE_CHUNKS = text("""
    DELETE FROM result_chunks WHERE ctid = ANY (ARRAY(
        SELECT chunk.ctid
        FROM lost_attempts AS lost JOIN calculations ON id = lost.calculation_id, LATERAL (
            SELECT ctid FROM result_chunks
            WHERE calculation_id = lost.calculation_id AND attempt = lost.attempt
            LIMIT :limit FOR UPDATE SKIP LOCKED) AS chunk
        WHERE lost.calculation_id = :id AND result_attempt IS DISTINCT FROM lost.attempt
        LIMIT :limit))""")

#: Sums that something else than this service has made wrong are corrected where nothing is left.
_SETTLE_RESULTS = text(f"""
    UPDATE stored_results SET results = 0, bytes = 0
    WHERE hour = :hour AND (results > 0 OR bytes > 0) AND NOT EXISTS (
        SELECT FROM calculations
        WHERE finished_at >= :hour AND finished_at < CAST(:hour AS timestamptz) + interval '1 hour'
          AND {HAS_RESULT})""")

_SETTLE_DOCUMENTS = text("""
    DELETE FROM stored_results
    WHERE hour = :hour AND NOT EXISTS (
        SELECT FROM calculations
        WHERE finished_at >= :hour AND finished_at < CAST(:hour AS timestamptz) + interval '1 hour')
    """)


class Removed(NamedTuple):
    """How much was removed."""

    results: int = 0
    bytes: int = 0
    documents: int = 0

    def plus(self, other: "Removed") -> "Removed":
        """Return the sum."""
        return Removed(*(ours + theirs for ours, theirs in zip(self, other, strict=True)))


def find_by_key(connection: Connection) -> None:
    """Have the rest of this transaction find rows by their keys, and not wait for the disk."""
    connection.execute(_BY_KEY)


def prune_results(
    connection: Connection, ids: Collection[UUID], until: datetime, *, is_long: bool = False
) -> Removed:
    """Delete the bytes of results that finished before `until`, and keep their documents.

    The chunks of one that `is_long` stay: they are noted in `lost_attempts`, and the rescue deletes
    them, or `delete_pruned_chunks`.
    """
    statement = _PRUNE_LATER if is_long else _PRUNE_AT_ONCE
    values = {"ids": uuid_array(ids), "until": until}
    results, size = connection.execute(statement, values).one()
    return Removed(results, size)


def delete_pruned_chunks(connection: Connection, calculation_id: UUID, limit: int) -> int:
    """Delete up to `limit` chunks of a long result that was pruned; return how many."""
    return connection.execute(_DELETE_CHUNKS, {"id": calculation_id, "limit": limit}).rowcount


def forget_calculations(connection: Connection, ids: Collection[UUID], until: datetime) -> Removed:
    """Delete final calculations that finished before `until`, with all that is known of them.

    Those that have chunks are left.
    """
    values = {"ids": uuid_array(ids), "until": until}
    documents, results, size = connection.execute(_FORGET, values).one()
    return Removed(results, size, documents)


def settle_hour(connection: Connection, hour: datetime, *, forget: bool) -> None:
    """Correct the sums of an hour of which nothing is left."""
    connection.execute(_SETTLE_RESULTS, {"hour": hour})
    if forget:
        connection.execute(_SETTLE_DOCUMENTS, {"hour": hour})
