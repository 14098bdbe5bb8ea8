"""Statements about PostgreSQL's clock, and against times that lie too far ahead of it.

A clock that was set back leaves such times behind: see gateway/relay/clock_steps.py. All of these
are harmless to repeat, and find what they look for by a partial index, or in a table of a few rows.
What came first is put right first, so that the order stays.
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
    for table in ("workers", "relays")
)

#: Of a worker that is alive nothing is ended: its next heartbeat makes its leases right, and they
#: may be longer than ours.
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
    """Return PostgreSQL's time of day, in seconds since 1970."""
    seconds: float = connection.execute(_READ).scalar_one()
    return seconds


def pull_due_times(connection: Connection, seconds: float, limit: int) -> int:
    """Make due what is not to be published for longer than that; return how much it was.

    `limit` is that of a lane.
    """
    return connection.execute(
        _PULL_DUE_TIMES, {"lanes": list(Lane), "seconds": seconds, "limit": limit}
    ).rowcount


def pull_publication_times(connection: Connection, seconds: float, limit: int) -> int:
    """Let what was published further ahead than that have been published now; return how much.

    `limit` is that of a lane.
    """
    return connection.execute(
        _PULL_PUBLICATION_TIMES, {"lanes": list(Lane), "seconds": seconds, "limit": limit}
    ).rowcount


def pull_seen_times(connection: Connection, seconds: float) -> int:
    """Let workers and relays that were seen further ahead than that have been seen now."""
    return sum(
        connection.execute(statement, {"seconds": seconds}).rowcount
        for statement in _PULL_SEEN_TIMES
    )


def end_leases(connection: Connection, seconds: float, *, silent_seconds: float, limit: int) -> int:
    """End leases of silent workers that are good for longer than that; return how many."""
    return connection.execute(
        _END_LEASES, {"seconds": seconds, "silent_seconds": silent_seconds, "limit": limit}
    ).rowcount
