"""Statements of the relay: what is to be published, and what was lost on the way."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, text

from shared.calculation import Lane
from shared.messages import Work

_CLAIM = text("""
    SELECT id, function, version, arguments, request_id, lane
    FROM calculations
    WHERE status = 'queued' AND published_at IS NULL AND not_before <= now()
    ORDER BY not_before
    LIMIT :limit
    FOR UPDATE SKIP LOCKED""")

_MARK = text("""
    UPDATE calculations SET published_at = clock_timestamp()
    WHERE id = ANY (CAST(:ids AS uuid[])) AND status = 'queued'""")

_SECONDS_TO_NEXT = text("""
    SELECT extract(epoch FROM min(not_before) - now())::float
    FROM calculations WHERE status = 'queued' AND published_at IS NULL""")

_OLDEST_WAITING = text("""
    SELECT extract(epoch FROM now() - min(published_at))::float FROM calculations
    WHERE status = 'queued' AND published_at IS NOT NULL AND lane = :lane""")

_RETURN_LOST = text("""
    UPDATE calculations SET published_at = NULL, not_before = now()
    WHERE id IN (
        SELECT id FROM calculations
        WHERE status = 'queued' AND lane = :lane
          AND published_at < least(
                now(),
                CASE WHEN NOT :queue_is_empty THEN
                    (SELECT coalesce(max(consumed_published_at), '-infinity')
                     FROM workers WHERE lane = :lane)
                END) - make_interval(secs => :older_than_seconds)
        ORDER BY published_at LIMIT :limit
        FOR UPDATE SKIP LOCKED)
    RETURNING id""")


def claim_unpublished(connection: Connection, limit: int) -> list[tuple[Lane, Work]]:
    """Lock up to `limit` rows that wait to be published, oldest first; skip another relay's."""
    rows = connection.execute(_CLAIM, {"limit": limit})
    return [
        (Lane(row.lane), Work(row.id, row.function, row.version, row.arguments, row.request_id))
        for row in rows
    ]


def mark_published(connection: Connection, ids: Sequence[UUID]) -> None:
    """Take rows that the broker has confirmed out of the outbox."""
    connection.execute(_MARK, {"ids": [str(identity) for identity in ids]})


def seconds_to_next(connection: Connection) -> float | None:
    """Return how long the earliest unpublished row still waits; None if there is none."""
    seconds: float | None = connection.execute(_SECONDS_TO_NEXT).scalar_one()
    return seconds


def oldest_waiting_seconds(connection: Connection, lane: Lane) -> float:
    """Return for how long the longest published row of a lane has waited; 0 if none waits."""
    seconds: float | None = connection.execute(_OLDEST_WAITING, {"lane": str(lane)}).scalar_one()
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
