"""Statements of the relay: what is to be published, and what was lost on the way.

A statement that names ids writes `(status = 'queued') IS TRUE`: no partial index can serve that, so
the planner takes the primary key. Otherwise, with statistics from before a burst, it would take
the small index that the burst has filled, and read all of it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from shared.calculation import Lane, Work
from shared.postgres.prepared import Prepared, Query, Rows, uuid_array

#: A mark that a crash undoes costs a second publication: nothing need wait for the disk. All of it
#: goes to PostgreSQL at once, so that the relay waits one round trip for its rows and not three.
_BEGIN = "BEGIN; SET LOCAL synchronous_commit = off; "

#: The limit is part of the statement: to a plan for any limit, sorting a whole backlog looks good.
_TAKE = """
    WITH due AS (
        SELECT id FROM calculations
        WHERE status = 'queued' AND published_at IS NULL AND lane = $1 AND not_before <= now()
        ORDER BY not_before
        LIMIT {limit}
        FOR UPDATE SKIP LOCKED),
    taken AS (
        UPDATE calculations SET published_at = clock_timestamp()
        FROM due WHERE calculations.id = due.id
        RETURNING calculations.id, function, version, arguments, request_id, estimate_seconds,
                  not_before)
    SELECT id, function, version, arguments, request_id, estimate_seconds
    FROM taken ORDER BY not_before"""

_PUT_BACK = text("""
    UPDATE calculations SET published_at = NULL
    WHERE id = ANY (CAST(:ids AS uuid[])) AND (status = 'queued') IS TRUE""")

_SECONDS_TO_NEXT = text("""
    SELECT lanes.lane, extract(epoch FROM first.not_before - now())::float
    FROM unnest(CAST(:lanes AS text[])) AS lanes (lane),
         LATERAL (SELECT not_before FROM calculations
                  WHERE status = 'queued' AND published_at IS NULL AND lane = lanes.lane
                  ORDER BY not_before LIMIT 1) AS first""")

_OLDEST_WAITING = text("""
    SELECT extract(epoch FROM now() - published_at)::float FROM calculations
    WHERE status = 'queued' AND published_at IS NOT NULL AND lane = :lane
    ORDER BY published_at LIMIT 1""")

#: A worker that has come to what was published ahead of now says nothing: the clock was set back.
_RETURN_LOST = text("""
    UPDATE calculations SET published_at = NULL, not_before = now()
    WHERE id IN (
        SELECT id FROM calculations
        WHERE status = 'queued' AND lane = :lane
          AND published_at < least(
                now(),
                CASE WHEN NOT :queue_is_empty THEN
                    (SELECT coalesce(max(consumed_published_at), '-infinity')
                     FROM workers WHERE lane = :lane AND consumed_published_at <= now())
                END) - make_interval(secs => :older_than_seconds)
        ORDER BY published_at LIMIT :limit
        FOR UPDATE SKIP LOCKED)
    RETURNING id""")


@dataclass(frozen=True, slots=True)
class Due:
    """A calculation to publish, and the seconds that it was estimated to take."""

    work: Work
    estimate_seconds: float


def take_due(lane: Lane, limit: int) -> Query[list[Due]]:
    """Begin a transaction and mark up to `limit` rows that are due as published, oldest first.

    They are of one lane, stay locked until it ends, and another relay skips them.
    """
    take = Prepared(f"take_{limit}", ("text",), _TAKE.format(limit=limit), opening=_BEGIN)
    return Query(take, (str(lane),), _due)


@contextmanager
def taken_due(connection: Connection, lane: Lane, limit: int) -> Iterator[list[Due]]:
    """Take what is due, and commit in the end, or undo it all if something raises.

    Put back what could not be published. The connection is in autocommit outside of this.
    """
    try:
        yield take_due(lane, limit).on(connection)
    except BaseException:
        if not connection.invalidated:  # of one that broke, nothing is left to undo
            _roll_back(connection)
        raise
    connection.exec_driver_sql("COMMIT")


def _roll_back(connection: Connection) -> None:
    try:
        connection.exec_driver_sql("ROLLBACK")
    except DBAPIError:
        connection.invalidate()  # its pool would not


def _due(rows: Rows) -> list[Due]:
    return [Due(Work(*work), seconds) for *work, seconds in rows]


def put_back(connection: Connection, ids: Iterable[UUID]) -> None:
    """Return rows that were taken and could not be published, in the same transaction."""
    connection.execute(_PUT_BACK, {"ids": uuid_array(ids)})


def seconds_to_next(connection: Connection) -> dict[Lane, float]:
    """Return how long the earliest unpublished row of each lane still waits, if it has one."""
    rows = connection.execute(_SECONDS_TO_NEXT, {"lanes": list(Lane)})
    return {Lane(lane): seconds for lane, seconds in rows}


def oldest_waiting_seconds(connection: Connection, lane: Lane) -> float:
    """Return for how long the longest published row of a lane has waited; 0 if none waits."""
    seconds = connection.execute(_OLDEST_WAITING, {"lane": str(lane)}).scalar_one_or_none()
    return seconds or 0.0


def return_lost(
    connection: Connection,
    lane: Lane,
    *,
    queue_is_empty: bool,
    older_than_seconds: float,
    limit: int,
) -> set[UUID]:
    """Put rows whose message is gone back into the outbox; return their ids.

    A message that waits in a long queue is not lost, however old. It is if the queue is empty,
    or if a worker has come to messages that were published well after it.
    """
    lost = connection.execute(
        _RETURN_LOST,
        {
            "lane": str(lane),
            "queue_is_empty": queue_is_empty,
            "older_than_seconds": older_than_seconds,
            "limit": limit,
        },
    )
    return set(lost.scalars())
