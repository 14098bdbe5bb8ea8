"""Statements of the relay: which calculations to publish, and which to publish again.

A statement that names ids writes `(status = 'queued') IS TRUE`. No partial index can serve that, so
the planner uses the primary key. With statistics from before a burst it would otherwise choose the
partial index that the burst has filled, and read all of it.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from shared.calculation import Lane, Work
from shared.postgres.prepared import Prepared, Query, Rows, uuid_array
from shared.store.arguments import ARGUMENTS_OF_EARLIER_VERSIONS, arguments_text

#: The commit need not wait for the disk: a mark that is lost in a crash costs a second publication.
#: BEGIN, SET and the statement are sent together, in one round trip instead of three.
BEGIN = "BEGIN; SET LOCAL synchronous_commit = off; "

#: What is read of a row that is published, in RETURNING, and the names of these columns.
TAKEN_COLUMNS = f"""calculations.id, function, version, arguments_text, request_id,
                  coalesce(queued_by, submitted_by) AS key_name, traceparent, estimate_seconds,
                  {ARGUMENTS_OF_EARLIER_VERSIONS} AS arguments"""
TAKEN_NAMES = """function, version, arguments_text, request_id, key_name, traceparent,
                  estimate_seconds, arguments"""

#: The limit is part of the text: a plan for any limit would sort the whole backlog.
_TAKE = """
    WITH due AS (
        SELECT id FROM calculations
        WHERE status = 'queued' AND published_at IS NULL AND lane = 'quick' AND not_before <= now()
        ORDER BY not_before
        LIMIT {limit}
        FOR UPDATE SKIP LOCKED),
    taken AS (
        UPDATE calculations SET published_at = clock_timestamp()
        FROM due WHERE calculations.id = due.id
        RETURNING {columns}, not_before)
    SELECT id, {names} FROM taken ORDER BY not_before"""

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

#: Publication times in the future are ignored: they were written before the clock was set back.
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
    """A calculation to publish, and how long it is estimated to take, if that is known."""

    work: Work
    estimate_seconds: float | None


def take_due(limit: int) -> Query[list[Due]]:
    """Begin a transaction and mark up to `limit` due rows as published, oldest first.

    They are those of the quick lane; `heavy_outbox` has the others. They stay locked until the
    transaction ends, and other relays skip them.
    """
    take = Prepared(f"take_{limit}", (), _take(limit), opening=BEGIN)
    return Query(take, (), read_due)


@contextmanager
def taken(connection: Connection, take: Callable[[Connection], list[Due]]) -> Iterator[list[Due]]:
    """Mark rows as published and yield them; commit at the end, or roll back on an exception.

    What could not be published must be put back before the end. The connection must be in
    autocommit mode.
    """
    try:
        yield take(connection)
    except BaseException:
        if not connection.invalidated:  # a connection that broke has no transaction any more
            _roll_back(connection)
        raise
    connection.exec_driver_sql("COMMIT")


def _roll_back(connection: Connection) -> None:
    try:
        connection.exec_driver_sql("ROLLBACK")
    except DBAPIError:
        connection.invalidate()  # which the pool would not do


def _take(limit: int) -> str:
    return _TAKE.format(limit=limit, columns=TAKEN_COLUMNS, names=TAKEN_NAMES)


def read_due(rows: Rows) -> list[Due]:
    """Return what a statement has taken, from rows of an id and TAKEN_NAMES."""
    return [
        Due(
            Work(
                identity,
                function,
                version,
                arguments_text(stored, arguments),
                request_id,
                key_name,
                traceparent,
            ),
            seconds,
        )
        for (
            identity,
            function,
            version,
            stored,
            request_id,
            key_name,
            traceparent,
            seconds,
            arguments,
        ) in rows
    ]


def put_back(connection: Connection, ids: Iterable[UUID]) -> None:
    """Unmark rows that could not be published, in the transaction that marked them."""
    connection.execute(_PUT_BACK, {"ids": uuid_array(ids)})


def seconds_to_next(connection: Connection) -> dict[Lane, float]:
    """Return the seconds until the earliest unpublished row of each lane is due, if it has one."""
    rows = connection.execute(_SECONDS_TO_NEXT, {"lanes": list(Lane)})
    return {Lane(lane): seconds for lane, seconds in rows}


def oldest_waiting_seconds(connection: Connection, lane: Lane) -> float:
    """Return the age of a lane's oldest publication that is still queued; 0 if there is none."""
    seconds = connection.execute(_OLDEST_WAITING, {"lane": str(lane)}).scalar_one_or_none()
    return seconds or 0.0


def republish_lost(
    connection: Connection,
    lane: Lane,
    *,
    queue_is_empty: bool,
    older_than_seconds: float,
    limit: int,
) -> set[UUID]:
    """Put rows whose message is lost back into the outbox; return their ids.

    A message in a long queue is not lost, however old. It is if the queue is empty, or if a worker
    has consumed a message that was published `older_than_seconds` later.
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
