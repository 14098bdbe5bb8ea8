"""Statements that read PostgreSQL's clock, and correct times that lie too far in its future.

A clock that is set back leaves such times in the tables: see gateway/relay/clock_steps.py. All of
these are harmless to repeat, and find their rows by a partial index, or in a table of a few rows.
The oldest times are corrected first, so that the order of rows is kept.
"""

from sqlalchemy import Connection, text

from shared.calculation import Lane

_READ = text("SELECT extract(epoch FROM clock_timestamp())::float")

_PULL_DUE_TIMES = text("""
    UPDATE calculations SET not_before = now()
    WHERE id IN (
        SELECT ahead.id
        FROM unnest(CAST(:lanes AS text[])) AS lanes (lane),
             LATERAL (SELECT id FROM calculations
                      WHERE status = 'queued' AND published_at IS NULL AND lane = lanes.lane
                        AND not_before > now() + make_interval(secs => :seconds)
                      ORDER BY not_before LIMIT :limit
                      FOR UPDATE SKIP LOCKED) AS ahead)""")

_PULL_PUBLICATION_TIMES = text("""
    UPDATE calculations SET published_at = now()
    WHERE id IN (
        SELECT ahead.id
        FROM unnest(CAST(:lanes AS text[])) AS lanes (lane),
             LATERAL (SELECT id FROM calculations
                      WHERE status = 'queued' AND lane = lanes.lane
                        AND published_at > now() + make_interval(secs => :seconds)
                      ORDER BY published_at LIMIT :limit
                      FOR UPDATE SKIP LOCKED) AS ahead)""")

_PULL_SEEN_TIMES = tuple(
    text(f"""
    UPDATE {table} SET seen_at = now()
    WHERE seen_at > now() + make_interval(secs => :seconds)""")
    for table in ("workers", "relays", "process_metrics")
)

#: The leases of a worker that is alive are left alone: its next heartbeat corrects them, and its
#: settings may allow longer leases than ours.
_END_LEASES = text("""
    UPDATE calculations SET lease_until = now()
    WHERE id IN (
        SELECT id FROM calculations
        WHERE status = 'running'
          AND lease_until > now() + make_interval(secs => :seconds)
          AND NOT EXISTS (
              SELECT FROM workers
              WHERE workers.id = worker_id
                AND seen_at > now() - make_interval(secs => :silent_seconds))
        LIMIT :limit
        FOR UPDATE SKIP LOCKED)""")


def read_clock(connection: Connection) -> float:
    """Return PostgreSQL's clock, in seconds since 1970."""
    seconds: float = connection.execute(_READ).scalar_one()
    return seconds


def correct_due_times(connection: Connection, seconds: float, limit: int) -> int:
    """Make rows due now that are due more than `seconds` from now; return how many.

    At most `limit` rows of each lane.
    """
    return connection.execute(
        _PULL_DUE_TIMES, {"lanes": list(Lane), "seconds": seconds, "limit": limit}
    ).rowcount


def correct_publication_times(connection: Connection, seconds: float, limit: int) -> int:
    """Set publication times more than `seconds` in the future to now; return how many.

    At most `limit` rows of each lane.
    """
    return connection.execute(
        _PULL_PUBLICATION_TIMES, {"lanes": list(Lane), "seconds": seconds, "limit": limit}
    ).rowcount


def correct_seen_times(connection: Connection, seconds: float) -> int:
    """Set times when processes were seen, more than `seconds` in the future, to now.

    Return how many.
    """
    return sum(
        connection.execute(statement, {"seconds": seconds}).rowcount
        for statement in _PULL_SEEN_TIMES
    )


def end_overlong_leases(
    connection: Connection, seconds: float, *, silent_seconds: float, limit: int
) -> int:
    """End leases of silent workers that last more than `seconds` from now; return how many."""
    return connection.execute(
        _END_LEASES, {"seconds": seconds, "silent_seconds": silent_seconds, "limit": limit}
    ).rowcount
